"""The built pages in Chromium: nothing from other hosts, no errors, accessible, small."""

import re
from pathlib import Path

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
def test_page_asks_no_other_host_and_has_no_error(name, address, browser):
    asked, errors = [], []

    def listen(page):
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("response", lambda response: errors.append(response.url) if response.status >= 400 else None)

    with open_page(browser, f"{address}/{name}.html", prepare=listen) as page:
        page.wait_for_timeout(300)
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert errors == []


@pytest.mark.parametrize("name", PAGES)
def test_no_directive_is_shown_as_text(name):
    page = BeautifulSoup((BUILT / f"{name}.html").read_text(encoding="utf8"), "html.parser")
    article = page.select_one(".bd-article")
    for code in article.select("div.cell_input, code.literal, dl.py, script"):
        code.decompose()
    shown = article.get_text()
    assert re.findall(r"```|:{3,}|:(?:class|label|name):|\{(?:glue|ref|doc|term|numref|cite)[\w:]*\}.{20}", shown) == []


RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PART = {"include": [[".bd-main"]], "exclude": [["mjx-container"]]}  # formulas have the color of the text around them
COLORS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}  # all that a theme can change


@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible_in_both_themes(name, address, browser):
    """What stands around the text is the same on all pages."""
    from axe_playwright_python.sync_playwright import Axe

    with open_page(browser, f"{address}/{name}.html") as page:
        texts = [image.get_attribute("alt") or "" for image in page.locator("img").all()]
        assert not [text for text in texts if not text.strip() or text.endswith((".png", ".svg", ".jpeg"))]
        for theme, rules in (("light", RULES), ("dark", COLORS)):
            page.emulate_media(color_scheme=theme)
            page.wait_for_selector(f"html[data-theme={theme}]")
            found = Axe().run(page, context=None if name == "index" else PART, options={"runOnly": rules})
            problems = [(v["id"], [n["html"][:200] for n in v["nodes"]][:5]) for v in found.response["violations"]]
            assert problems == [], theme


@pytest.mark.parametrize(
    "name", [name for name in PAGES if 'class="explorer"' in (BUILT / f"{name}.html").read_text("utf8")]
)
def test_every_slider_changes_its_figure(name, address, browser):
    with open_page(browser, f"{address}/{name}.html") as page:
        for explorer in page.locator(".explorer").all():
            before = explorer.locator(".explorer-frame:visible img").get_attribute("alt")
            slider = explorer.get_by_role("slider").last
            slider.focus()
            page.keyboard.press("ArrowRight")
            shown = explorer.locator(".explorer-frame:visible img")
            assert shown.count() == 1 and shown.get_attribute("src") != before
