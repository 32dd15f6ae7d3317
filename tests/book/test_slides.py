"""The slides: what becomes of a small page, and, where the book is built, that they are there, whole and legible."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
from browser import open_page

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "_build" / "html"
DECKS = sorted(path.stem for path in (BUILT / "slides").glob("*.html"))

spec = importlib.util.spec_from_file_location("slides", ROOT / "book" / "slides.py")
slides = importlib.util.module_from_spec(spec)
spec.loader.exec_module(slides)

PAGE = r"""<html><head>
<script>window.MathJax = {}</script><script defer="defer" src="_static/mathjax/tex-chtml.js"></script>
<script src="_static/book.js"></script>
</head><body><h1>Dots</h1><article class="bd-article">
<section id="dots"><h1><span class="section-number">3. </span>Dots &amp; lines
<a class="headerlink" href="#dots">#</a></h1>
<p>Text.</p>
<div class="cell"><div class="cell_output"><figure id="fig-dots"><img alt="Two dots." src="_images/dots.svg">
<figcaption><p><span class="caption-number">Fig. 3.1 </span><span class="caption-text">Dots by
<a href="other.html#eq">a rule</a>. Gray, at <span class="math">\(n &lt; 2\)</span>. Live, one set.</span>
<a class="headerlink" href="#fig-dots">#</a></p></figcaption></figure></div></div>
<div class="cell"><div class="cell_input">x</div></div>
<div class="cell"><div class="cell_output"><div class="dam-table"><table id="t">
<tr><td>7</td></tr></table></div></div></div>
<div class="cell"><div class="cell_output"><figure id="fig-move"><div class="explorer">
<div class="explorer-controls" hidden><input type="range"></div>
<div class="explorer-frame" hidden><img alt="first" src="data:image/png;base64,A"></div>
<div class="explorer-frame"><img loading="lazy" alt="second" src="data:image/png;base64,B"></div>
</div></figure></div></div>
<section id="summary"><h2><span class="section-number">3.4. </span>Summary<a class="headerlink" href="#s">#</a></h2>
<ul><li><p>One <a href="#dots">dot</a>.</p></li><li><p>Two.</p></li></ul></section>
</section></article></body></html>"""


def cell(slide=None, name=None, tags=()):
    metadata = {"tags": list(tags)} | ({"slide": slide} if slide else {})
    if name:
        metadata["mystnb"] = {"figure": {"name": name, "caption": "..."}}
    return {"cell_type": "code", "metadata": metadata, "source": [], "outputs": []}


def notebook(*cells):
    return {"metadata": {"chapter": {"question": "What does $n > 2$ buy?"}}, "cells": list(cells)}


NOTEBOOK = notebook(
    cell("Dots for $n = 3$ & more", "fig-dots"),
    cell(tags=["remove-cell"]),
    cell(),
    cell("A table."),
    cell("It moves", "fig-move"),
)


def parts(deck):
    return re.findall(r'<section class="slide[^>]*>.*?</section>', deck, re.DOTALL)


def test_title_has_the_question():
    title = parts(slides.deck(PAGE, NOTEBOOK, "dots"))[0]
    assert '<h1><span class="section-number">3. </span>Dots &amp; lines</h1>' in title
    assert r'What does <span class="math">\(n &gt; 2\)</span> buy?' in title


def test_figure_stands_under_its_headline_with_the_first_sentences_of_its_caption():
    figure = parts(slides.deck(PAGE, NOTEBOOK, "dots"))[1]
    assert 'id="fig-dots"' in figure and r'<h2>Dots for <span class="math">\(n = 3\)</span> &amp; more</h2>' in figure
    assert 'src="../_images/dots.svg"' in figure and 'alt="Two dots."' in figure
    assert '<a href="../dots.html#fig-dots">Fig. 3.1</a>' in figure and 'href="../other.html#eq"' in figure
    assert r"\(n &lt; 2\)" in figure and "Live" not in figure


def test_table_is_found_by_its_place_on_the_page():
    table = parts(slides.deck(PAGE, NOTEBOOK, "dots"))[2]
    assert "<h2>A table</h2>" in table and "<td>7</td>" in table and 'id="t"' not in table


def test_interactive_figure_shows_the_frame_that_it_opens_on():
    moving = parts(slides.deck(PAGE, NOTEBOOK, "dots"))[3]
    assert 'alt="second"' in moving and 'alt="first"' not in moving and "range" not in moving


def test_summary_is_the_last_slide():
    deck = parts(slides.deck(PAGE, NOTEBOOK, "dots"))
    assert len(deck) == 5
    assert re.findall("<li>(.*)</li>", deck[-1]) == ['One <a href="../dots.html#dots">dot</a>.', "Two."]


def test_sentences_of_a_summary_in_a_paragraph_are_points():
    page = re.sub("<ul>.*</ul>", "<p>One <em>dot. Really</em>. Fig. 3 has two (by eq. 4). Three?</p>", PAGE)
    assert re.findall("<li>(.*)</li>", parts(slides.deck(page, NOTEBOOK, "dots"))[-1]) == [
        "One <em>dot. Really</em>.",
        "Fig. 3 has two (by eq. 4).",
        "Three?",
    ]


def test_slides_load_mathjax_and_nothing_else_of_the_page():
    deck = slides.deck(PAGE, NOTEBOOK, "dots")
    assert 'src="../_static/mathjax/tex-chtml.js"' in deck and "window.MathJax" in deck and "book.js" not in deck


def test_headline_without_a_figure_is_an_error():
    with pytest.raises(ValueError, match=r'dots: the cell of the slide "Nothing" shows no picture'):
        slides.deck(PAGE, notebook(cell(), cell("Nothing"), cell(), cell()), "dots")


def test_chapter_without_headlines_and_summary_has_no_slides():
    assert slides.deck(PAGE.replace("Summary", "Else"), notebook(), "dots") is None


def test_page_leads_to_its_slides_once_and_others_do_not(tmp_path):
    (tmp_path / "_sources").mkdir()
    for name, chapter in (("dots", NOTEBOOK), ("other", {"metadata": {}, "cells": []}), ("lost", NOTEBOOK)):
        (tmp_path / "_sources" / f"{name}.ipynb").write_text(json.dumps(chapter), "utf8")
    for name in ("dots", "other"):
        (tmp_path / f"{name}.html").write_text(PAGE, "utf8")
    assert slides.write(tmp_path) == slides.write(tmp_path) == ["dots"]
    text = (tmp_path / "dots.html").read_text("utf8")
    assert text.count('href="slides/dots.html"') == 1 and text.index("Dots &amp; lines") < text.index("slides/dots")
    assert (tmp_path / "other.html").read_text("utf8") == PAGE
    assert {path.name for path in (tmp_path / "slides").iterdir()} == {"dots.html", "slides.css", "slides.js"}


@pytest.mark.parametrize("path", sorted((ROOT / "book").glob("*.ipynb")), ids=lambda path: path.stem)
def test_headlines_are_short(path):
    cells = json.loads(path.read_text("utf8"))["cells"]
    headlines = [one["metadata"]["slide"] for one in cells if "slide" in one["metadata"]]
    assert len(headlines) <= 9
    assert [text for text in headlines if len(re.sub(r"\$[^$]*\$", "x", text).split()) > 12] == []


@pytest.mark.skipif(not BUILT.exists(), reason="the book is not built: make book")
def test_every_chapter_has_slides_whose_pictures_are_there():
    for source in sorted((BUILT / "_sources").glob("*.ipynb")):
        book = json.loads(source.read_text("utf8"))
        headlines = [one["metadata"]["slide"] for one in book["cells"] if "slide" in one["metadata"]]
        if "chapter" not in book["metadata"] or source.stem == "claims":
            continue
        deck = (BUILT / "slides" / f"{source.stem}.html").read_text("utf8")
        assert len(parts(deck)) == 2 + len(headlines) and 'id="summary"' in deck
        for target in re.findall(r'(?:src|href)="(\.\./[^"#]+)', deck):
            assert (BUILT / "slides" / target).resolve().exists(), target
        assert f'href="slides/{source.stem}.html"' in (BUILT / f"{source.stem}.html").read_text("utf8")


@pytest.mark.skipif(not DECKS, reason="the book is not built: make book")
class TestInChromium:
    @pytest.mark.parametrize("name", DECKS)
    def test_keys_and_links_lead_through_the_slides(self, name, address, browser):
        asked, errors = [], []

        def listen(page):
            page.on("request", lambda request: asked.append(request.url))
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("response", lambda response: errors.append(response.url) if response.status >= 400 else None)

        with open_page(browser, f"{address}/slides/{name}.html", prepare=listen) as page:
            keys = [one.get_attribute("id") for one in page.locator(".slide").all()]
            assert page.locator(".slide.shown").get_attribute("id") == "title"
            for key in keys[1:]:
                page.keyboard.press("PageDown")
                assert page.locator(".slide.shown").get_attribute("id") == key and page.url.endswith(f"#{key}")
            page.get_by_role("button", name="previous slide").click()
            assert page.locator("output").inner_text() == f"{len(keys) - 1} / {len(keys)}"
            page.evaluate("location.hash = 'summary'")
            page.wait_for_selector("#summary.shown")
        assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == errors == []

    @pytest.mark.parametrize("name", DECKS)
    def test_slides_fit_a_phone_a_projector_and_a_page_each(self, name, address, browser):
        wide = "[...document.querySelectorAll('.slide')].filter(s => s.scrollWidth > s.clientWidth).map(s => s.id)"
        with open_page(browser, f"{address}/slides/{name}.html") as page:
            for width, height in ((360, 640), (1280, 720)):
                page.set_viewport_size({"width": width, "height": height})
                assert page.evaluate(wide) == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width
            printed = page.pdf(prefer_css_page_size=True)
            assert len(re.findall(rb"/Type\s*/Page\b", printed)) == page.locator(".slide").count()

    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("name", DECKS)
    def test_slides_are_accessible(self, name, theme, address, browser):
        from axe_playwright_python.sync_playwright import Axe

        with open_page(browser, f"{address}/slides/{name}.html", theme=theme) as page:
            page.evaluate("document.documentElement.classList.remove('deck')")  # all of them at once
            found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
            problems = [(v["id"], [n["html"][:200] for n in v["nodes"]][:5]) for v in found.response["violations"]]
        assert problems == []

    def test_without_javascript_one_scrolls(self, address, browser):
        with open_page(browser, f"{address}/slides/{DECKS[0]}.html", javascript=False) as page:
            assert all(one.is_visible() for one in page.locator(".slide").all())
            assert not page.locator("nav").is_visible()
