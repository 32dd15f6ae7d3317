"""How the built pages look in Chromium at three widths, and on paper."""

from pathlib import Path

import pytest
from browser import open_page

BUILT = Path(__file__).parents[2] / "_build" / "html"
PAGES = sorted(path.stem for path in BUILT.glob("*.html") if path.stem not in {"genindex", "search", "py-modindex"})

pytestmark = pytest.mark.skipif(not PAGES, reason="the book is not built: make book")

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
SHOWN = """(selector) => [...document.querySelectorAll(selector)].filter((box) => box.getClientRects().length)
    .map((box) => box.outerHTML.slice(0, 100))"""


@pytest.mark.parametrize("name", PAGES)
def test_formulas_stand_clear_and_only_scrolling_boxes_are_wide(name, address, browser):
    with open_page(browser, f"{address}/{name}.html") as page:
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


def test_what_scrolls_fades_where_there_is_more(address, browser):
    edges = """(box) => ["left", "right"].map((side) =>
        parseFloat(getComputedStyle(box).getPropertyValue(`--more-${side}`)))"""
    with open_page(browser, f"{address}/classical.html", width=360) as page:
        page.set_content(
            """<link rel="stylesheet" href="ADDRESS/_static/book.css"><div class="bd-article">
            <pre style="overflow-x: auto; width: 9em">WIDE</pre><pre style="overflow-x: auto; width: 9em">x</pre></div>
            """.replace("ADDRESS", address).replace("WIDE", "wide " * 20)
        )
        wide, short = page.locator("pre").all()
        page.wait_for_timeout(200)
        assert wide.evaluate(edges) == [0, 32] and short.evaluate(edges) == [0, 0]
        wide.evaluate("(box) => { box.scrollLeft = box.scrollWidth; }")
        page.wait_for_timeout(200)
        assert wide.evaluate(edges) == [32, 0]


def test_headings_grow_no_heavier_with_their_level(address, browser):
    with open_page(browser, f"{address}/classical.html") as page:
        weights = [
            page.locator(f".bd-article {level}").first.evaluate("(h) => parseInt(getComputedStyle(h).fontWeight)")
            for level in ("h1", "h2", "h3")
        ]
    assert weights[0] > weights[1] > weights[2]


def test_paper_has_the_text_alone_and_all_of_it(address, browser):
    with open_page(browser, f"{address}/xor.html") as page:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        assert page.evaluate(SHOWN, ".bd-sidebar-primary, .bd-header-article, button, input, .headerlink") == []
        assert page.evaluate(SHOWN, "h1") and page.evaluate(SHOWN, ".explorer-frame img")
        assert page.evaluate("[...document.querySelectorAll('details.fold')].every((fold) => fold.open)")
