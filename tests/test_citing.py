"""How to cite the book: one source, and files, pages and an article that agree with it."""

import re
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from pybtex.database import parse_file, parse_string

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "book" / "_extensions"))
import citing  # noqa: E402
import sharing  # noqa: E402


@pytest.mark.parametrize("name", citing.FILES)
def test_catalog_files_are_made_from_the_citation(name):
    text = (ROOT / name).read_text(encoding="utf8")
    assert text == citing.as_json(citing.FILES[name](citing.source())), "renew it: make citation"


def test_version_and_date_are_those_of_the_package_and_of_the_change_log():
    cff = citing.source()
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]["version"]
    latest = re.search(r"^## (\S+), (\S+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf8"), re.MULTILINE)
    assert (cff["version"], citing.released(cff).isoformat()) == latest.groups()
    assert cff["version"] == package


def test_bibtex_is_read_back():
    cff = citing.source()
    entry = parse_string(citing.bibtex(cff, "https://example.org/book/"), "bibtex").entries[citing.KEY]
    assert entry.fields["year"] == str(citing.released(cff).year)
    assert entry.fields["title"].strip("{}") == cff["title"]
    assert entry.fields["url"] == "https://example.org/book/"
    assert "url" not in citing.bibtex(cff)
    named = citing.bibtex(cff | {"authors": [{"family-names": "Hebb", "given-names": "Donald O."}]})
    assert parse_string(named, "bibtex").entries[citing.KEY].persons["author"][0].last_names == ["Hebb"]


def test_apa_names_author_year_title_version_and_address():
    cff = citing.source() | {"authors": [{"name": "A Group"}], "title": "A title", "version": "1.2"}
    year = citing.released(cff).year
    assert citing.apa(cff) == f"A Group. ({year}). A title (Version 1.2) [Computer software]."
    assert citing.apa(cff, "https://example.org/").endswith(" https://example.org/")


@pytest.mark.parametrize(
    ("repository", "pages"),
    [
        ("Owner/book", "https://owner.github.io/book/"),
        ("owner/owner.github.io", "https://owner.github.io/"),
        (None, ""),
    ],
)
def test_address_of_the_pages(repository, pages):
    assert sharing.pages_of(repository) == pages


def test_a_given_address_comes_first(monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/book")
    assert sharing.address(ROOT) == "https://owner.github.io/book/"
    monkeypatch.setenv("BOOK_ADDRESS", "https://example.org/dam")
    assert sharing.address(ROOT) == "https://example.org/dam/"


def test_site_map_names_every_page():
    tree = ElementTree.fromstring(sharing.site_map("https://example.org/a&b/", {"index", "xor"}))
    places = [place.text for place in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert places == ["https://example.org/a&b/index.html", "https://example.org/a&b/xor.html"]


def test_the_memory_of_the_card_recalls_the_seven(monkeypatch, tmp_path):
    shown = []
    monkeypatch.setattr("matplotlib.axes.Axes.imshow", lambda self, picture, **options: shown.append(picture.ravel()))
    sharing.draw_card(tmp_path / "card.png")
    seven, cue = sharing.damaged_seven()
    assert (shown[0] == cue).all() and (shown[1] == seven).all()
    assert (tmp_path / "card.png").read_bytes()[16:24] == (1200).to_bytes(4, "big") + (630).to_bytes(4, "big")


def test_the_article_cites_what_its_bibliography_has():
    text = (ROOT / "paper" / "paper.md").read_text(encoding="utf8")
    ours, book = (parse_file(ROOT / name).entries for name in ("paper/paper.bib", "book/refs.bib"))
    assert set(re.findall(r"@([a-z]+\d{4}\w+)", text)) == set(ours)
    assert all(ours[key] == book[key] for key in ours)


def test_a_chapter_that_is_shared_says_its_answer():
    app, context = SimpleNamespace(chapters_of_the_book={"xor": {"answer": "It can."}}), {"meta": None}
    sharing.describe(app, "xor", "page.html", context, None)
    assert context["meta"] == {"og:description": "It can."}
    sharing.describe(app, "cite", "page.html", untouched := {"meta": None}, None)
    assert untouched == {"meta": None}
