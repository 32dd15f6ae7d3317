"""The book as a PDF: which pages, where its links lead, and what Chromium makes of two small pages."""

import re
import shutil
import sys
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "book"
BUILT = BOOK.parent / "_build" / "html"
sys.path.insert(0, str(BOOK))
import pdf  # noqa: E402


def test_pages_come_in_the_order_of_the_table_of_contents():
    toc = {"root": "a", "parts": [{"chapters": [{"file": "b", "sections": [{"file": "c"}]}, {"file": "d"}]}]}
    assert list(pdf.order(toc)) == ["a", "b", "c", "d"]


def test_links_lead_into_the_pdf_or_to_the_web_and_never_to_a_file():
    names = ["xor", "dense"]
    assert pdf.inside("dense.html#eq", "xor", names) == "#dense--eq"
    assert pdf.inside("dense.html", "xor", names) == "#dense--"
    assert pdf.inside("#eq", "xor", names) == "#xor--eq"
    assert pdf.inside("https://arxiv.org/abs/1606.01164", "xor", names) == "https://arxiv.org/abs/1606.01164"
    assert pdf.inside("slides/xor.html", "xor", names) is None


def test_a_page_is_opened_and_made_still(tmp_path):
    (tmp_path / "xor.html").write_text("""<article class="bd-article"><h1>XOR<a class="headerlink" href="#x">#</a></h1>
        <details class="fold"><summary>Proof</summary><p id="x">It is.</p></details>
        <div class="explorer"><div class="explorer-frame" hidden>second</div>
        <div class="explorer-frame">first</div></div><a href="genindex.html">Index</a>
        <a href="#x">see</a></article>""")
    text = pdf.document(tmp_path, ["xor"])
    assert '<details class="fold" open="">' in text and 'id="xor--x"' in text and 'href="#xor--x"' in text
    assert "first" in text and "second" not in text
    assert "Index" in text and "genindex.html" not in text
    assert '<li><a href="#xor--">XOR</a></li>' in text


def test_the_first_page_leads_to_the_pdf_once(tmp_path):
    (tmp_path / "index.html").write_text("<h1>Print</h1><article><h1>Book</h1><p>text</p></article>")
    pdf.link(tmp_path)
    pdf.link(tmp_path)
    text = (tmp_path / "index.html").read_text()
    assert text == f"<h1>Print</h1><article><h1>Book</h1>\n{pdf.LINK}<p>text</p></article>"


@pytest.mark.skipif(not (BUILT / "glossary.html").exists(), reason="the book is not built: make book")
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium: apt-get install chromium")
def test_pdf_has_an_outline_tags_and_inner_links(tmp_path):
    path = tmp_path / "two.pdf"
    pdf.write(BUILT, ["glossary", "bibliography"], path)
    data = path.read_bytes()
    assert data.startswith(b"%PDF")
    assert b"/Outlines" in data and b"/StructTreeRoot" in data and b"/Marked true" in data
    assert b"Glossary" in data and re.search(rb"/Title \(Bibliography\)|/Title \(References\)", data)
    assert b"/Dest" in data and b"file:" not in data
    assert not list(BUILT.glob("*-as-one-page.html"))
