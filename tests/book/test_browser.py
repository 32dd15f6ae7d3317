"""The built pages in Chromium: nothing from other hosts, no errors, accessible, small, and fit for three widths."""

import gzip
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser import open_page
from bs4 import BeautifulSoup

BUILT = Path(__file__).parents[2] / "_build" / "html"
PAGES = sorted(path.stem for path in BUILT.glob("*.html") if path.stem not in {"genindex", "search", "py-modindex"})
LIMIT = 2_000_000

pytestmark = pytest.mark.skipif(not PAGES, reason="the book is not built: make book")


@pytest.mark.parametrize("name", PAGES)
def test_page_is_under_two_megabytes(name):
    assert (BUILT / f"{name}.html").stat().st_size < LIMIT


@pytest.mark.parametrize("name", PAGES)
def test_page_names_no_folder_of_this_machine(name):
    assert str(BUILT.parents[1]) not in (BUILT / f"{name}.html").read_text(encoding="utf8")


@pytest.mark.parametrize("name", PAGES)
def test_no_directive_is_shown_as_text(name):
    page = BeautifulSoup((BUILT / f"{name}.html").read_text(encoding="utf8"), "html.parser")
    article = page.select_one(".bd-article")
    for code in article.select("div.cell_input, code.literal, dl.py, script"):
        code.decompose()
    shown = article.get_text()
    assert re.findall(r"```|:{3,}|:(?:class|label|name):|\{(?:glue|ref|doc|term|numref|cite)[\w:]*\}.{20}", shown) == []


def test_no_style_sheet_imports_another():
    """The theme's does; Chromium, looking ahead, then at times asks for the other one in the wrong folder."""
    sheets = list((BUILT / "_static").rglob("*.css"))
    assert len(sheets) > 3
    assert [sheet.name for sheet in sheets if "@import" in sheet.read_text(encoding="utf8")] == []


@pytest.fixture(scope="module", params=PAGES)
def opened(request, address, browser):
    """A page, opened once for the tests below: its name, itself, what it asked for, and its errors."""
    asked, errors = [], []

    def listen(page):
        page.on("request", lambda asks: asked.append(asks.url))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("response", lambda response: errors.append(response.url) if response.status >= 400 else None)

    with open_page(browser, f"{address}/{request.param}.html", prepare=listen) as page:
        page.wait_for_timeout(300)
        yield request.param, page, asked, errors


def test_page_asks_no_other_host_and_has_no_error(opened, address):
    _, _, asked, errors = opened
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert errors == []


def test_page_with_all_that_it_loads_is_sent_in_under_two_megabytes(opened, address):
    """As servers send it, compressed."""
    paths = {urlsplit(url).path.lstrip("/") for url in opened[2] if url.startswith(address)}
    files = [BUILT / path for path in paths if (BUILT / path).is_file()]
    assert len(files) > 10 and sum(len(gzip.compress(file.read_bytes())) for file in files) < LIMIT


def test_every_slider_changes_its_figure(opened):
    _, page, *_ = opened
    for explorer in page.locator(".explorer").all():
        before = explorer.locator(".explorer-frame:visible img").get_attribute("alt")
        slider = explorer.get_by_role("slider").last
        slider.focus()
        page.keyboard.press("ArrowRight")
        shown = explorer.locator(".explorer-frame:visible img")
        assert shown.count() == 1 and shown.get_attribute("src") != before


RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# What axe may skip costs most of its time: what is hidden, and formulas, which have the color of the text around them.
WITHOUT_SKIPPED = """() => {
    const seen = (box) => box.checkVisibility({opacityProperty: true, visibilityProperty: true});
    const kept = (box) => box.closest("svg") || (seen(box) && !box.matches("mjx-container"));
    window.skipped = [...document.querySelectorAll(".bd-main *")]
        .filter((box) => !kept(box) && (kept(box.parentElement) || box.matches("mjx-container")))
        .map((box) => [box, document.createComment("")]);
    skipped.forEach(([box, place]) => box.replaceWith(place));
}"""
WITH_SKIPPED = "skipped.forEach(([box, place]) => place.replaceWith(box))"
# buttons fade to a theme; what moves with the scroll is an animation for ever
STILL = "() => !document.getAnimations().some((one) => one instanceof CSSTransition && one.playState == 'running')"
COLORS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}  # all that a theme can change


def test_page_is_accessible_in_both_themes(opened):
    """What stands around the text is the same on all pages."""
    from axe_playwright_python.sync_playwright import Axe

    name, page, *_ = opened
    texts = [image.get_attribute("alt") or "" for image in page.locator("img").all()]
    assert not [text for text in texts if not text.strip() or text.endswith((".png", ".svg", ".jpeg"))]
    for theme, rules in (("light", RULES), ("dark", COLORS)):
        page.emulate_media(color_scheme=theme)
        page.wait_for_selector(f"html[data-theme={theme}]")
        page.wait_for_function(STILL)
        page.evaluate(WITHOUT_SKIPPED)
        found = Axe().run(
            page,
            context=None if name == "index" else ".bd-main",
            options={"runOnly": rules, "resultTypes": ["violations"]},
        )
        problems = [(v["id"], [n["html"][:200] for n in v["nodes"]][:5]) for v in found.response["violations"]]
        assert problems == [], theme
        page.evaluate(WITH_SKIPPED)


OPEN_ALL = """() => {
    document.querySelectorAll("details").forEach((fold) => { fold.open = true; });
    document.querySelectorAll(".toggle-hidden").forEach((box) => box.classList.remove("toggle-hidden"));
}"""
# a formula is seen where its box and its window of scrolling meet
UNDER_NUMBERS = """() => [...document.querySelectorAll(".bd-article .eqno")].filter((number) => {
    const n = number.getBoundingClientRect();
    return [...number.closest("div.math").querySelectorAll("mjx-container")].some((formula) => {
        const f = formula.getBoundingClientRect();
        return f.left < n.right - 1 && n.left < f.right - 1 && f.top < n.bottom - 1 && n.top < f.bottom - 1;
    });
}).map((number) => number.closest("div.math").id)"""
NARROW = """() => [...document.querySelectorAll(".bd-article div.math")].filter((box) => box.querySelector(".eqno"))
    .filter((box) => box.querySelector("mjx-container").clientWidth < 0.9 * box.clientWidth).map((box) => box.id)"""
WIDE = """() => {
    const scrolls = (box) => ["auto", "scroll"].includes(getComputedStyle(box).overflowX);
    const inScroller = (box) => box && box !== document.body && (scrolls(box) || inScroller(box.parentElement));
    return [...document.querySelectorAll(".bd-article *")].filter((box) => {
        const place = box.getBoundingClientRect();
        return place.width && place.right > innerWidth + 1 && !inScroller(box);
    }).map((box) => box.outerHTML.slice(0, 100));
}"""
CUT = """() => [...document.querySelectorAll(".bd-article :is(pre, div.math, div.math mjx-container)")]
    .filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.textContent.trim().slice(0, 60))"""


def test_formulas_stand_clear_and_only_scrolling_boxes_are_wide(opened):
    _, page, *_ = opened
    page.evaluate(OPEN_ALL)
    for width in (1280, 768, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(UNDER_NUMBERS) == [], width
        assert page.evaluate(WIDE) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width == 1280:
            assert page.evaluate(CUT) == []
    assert page.evaluate(NARROW) == []  # on a phone the number stands below and takes no room
    assert page.evaluate("Math.max(0, ...[...document.querySelectorAll('caption')].map(c => c.offsetWidth))") <= 360
