"""Below each figure: its picture and its data."""

import csv
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "book" / "_extensions"))
import downloads  # noqa: E402

PAGES = sorted(BUILT.glob("*.html"))
FIGURES = [(page, match) for page in PAGES for match in downloads.FIGURE.finditer(page.read_text(encoding="utf8"))]


def test_figures_with_points_get_both_links_and_pictures_one():
    figure = '<figure class="a" id="fig-NAME">\n<img src="_images/NAME.svg" />\n<figcaption>x</figcaption>\n</figure>'
    cell = {
        "metadata": {"mystnb": {"figure": {"name": "fig-a"}}},
        "outputs": [{"data": {"text/csv": ["x,y\n", "1,2\n"], "image/svg+xml": "<svg/>"}}],
    }
    found = downloads.tables({"cells": [{"metadata": {}, "outputs": []}, cell]})
    assert found == {"fig-a": "x,y\n1,2\n"}
    body = downloads.linked(figure.replace("NAME", "a") + figure.replace("NAME", "b"), found)
    assert re.findall(r'href="([^"]+)"', body) == ["_images/a.svg", "_images/fig-a.csv", "_images/b.svg"]


def test_sliders_get_none():
    figure = '<figure id="fig-a"><div class="explorer"><img src="data:image/png;base64,"></div></figure>'
    assert downloads.linked(figure, {"fig-a": "x\n"}) == figure


@pytest.mark.skipif(not FIGURES, reason="the book is not built: make book")
def test_every_picture_can_be_downloaded_and_links_resolve():
    tables = 0
    for page, figure in FIGURES:
        if not downloads.SVG.search(figure[0]):
            continue
        links = re.findall(r'<a href="([^"]+)" download=', figure[0])
        assert links and links[0].endswith(".svg"), (page.name, figure["name"])
        for link in links:
            assert (BUILT / link).exists(), (page.name, link)
        for link in links[1:]:
            rows = list(csv.reader((BUILT / link).open(encoding="utf8")))
            assert len(rows) > 1 and {len(row) for row in rows} == {8}, link
            tables += 1
    assert tables > len(FIGURES) / 3
