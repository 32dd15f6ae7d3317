"""How the built pages look in Chromium: what scrolls, headings, and paper."""

from pathlib import Path

import pytest
from browser import open_page

BUILT = Path(__file__).parents[2] / "_build" / "html"
PAGES = sorted(path.stem for path in BUILT.glob("*.html") if path.stem not in {"genindex", "search", "py-modindex"})

pytestmark = pytest.mark.skipif(not PAGES, reason="the book is not built: make book")

SHOWN = """(selector) => [...document.querySelectorAll(selector)].filter((box) => box.getClientRects().length)
    .map((box) => box.outerHTML.slice(0, 100))"""


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
