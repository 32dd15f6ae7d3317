"""The front page: a card with an answer and a small picture for each chapter, and links that lead somewhere."""

import io
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from browser import open_page
from bs4 import BeautifulSoup
from PIL import Image

from dam.figures import cards
from dam.lab import claims

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "book" / "_extensions"))

import chapters  # noqa: E402

CHAPTERS = chapters.chapters()
built = pytest.mark.skipif(not (BUILT / "index.html").exists(), reason="the book is not built: make book")


def test_every_chapter_has_a_question_an_answer_in_a_sentence_or_two_and_a_picture():
    assert list(CHAPTERS) == list(cards.PICTURES)
    for name, about in CHAPTERS.items():
        assert about["question"].endswith("?") and about["answer"].endswith("."), name
        assert len(about["answer"].split()) <= 30, name
        assert not re.search(r"\d", about["answer"]), f"{name}: a number that nothing computes"
        assert cards.PICTURES[name].__doc__.strip().endswith("."), name


@pytest.mark.parametrize("name", CHAPTERS)
def test_picture_is_small_and_shows_something(name):
    data = cards.png(name)
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    assert len(data) < 25_000 and pixels.shape == (192, 384)
    assert 0.02 < np.mean(pixels < 200) < 0.8


def test_most_claims_hold_as_the_card_says():
    held = [verdict.holds is True for verdict in claims.judge_stored()]
    assert np.mean(held) > 0.5


@built
def test_front_page_has_the_cards_and_its_links_resolve():
    soup = BeautifulSoup((BUILT / "index.html").read_text(encoding="utf8"), "html.parser")
    found = soup.select(".chapter-card")
    links = [card.select_one("a.sd-stretched-link")["href"] for card in found]
    assert links == [f"{name}.html" for name in CHAPTERS]
    for card, about in zip(found, CHAPTERS.values()):
        assert card.img["alt"] and (BUILT / card.img["src"]).is_file()
        assert about["answer"] in card.get_text()
    for link in soup.select("article a[href]"):
        place, _, key = link["href"].partition("#")
        if re.match(r"\w+:", place):
            continue
        page = BeautifulSoup((BUILT / (place or "index.html")).read_text(encoding="utf8"), "html.parser")
        assert not key or page.find(id=key), link["href"]


@built
def test_three_ways_lead_on(address, browser):
    for name, where in (("Read", "/classical.html"), ("Run", "/run.html"), ("Teach", "/teaching.html")):
        with open_page(browser, f"{address}/index.html") as page:
            page.locator(".sd-card", has_text=name).first.click()
            page.wait_for_url(f"**{where}")
