"""The page of claims in Chromium: choices by mouse and keyboard, links of chapters, no script, a phone, print."""

import sys
from pathlib import Path

import pytest
from browser import open_page

from dam.figures.verdicts import GROUPS, counts
from dam.lab import claims

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "book" / "_extensions"))

import pages  # noqa: E402

JUDGED = claims.judge_stored()
PHONE = 8000
"""Pixels that the page may be high on a phone while its folds are closed."""


@pytest.fixture
def page(address, browser):
    with open_page(browser, f"{address}/claims.html") as opened:
        yield opened


def statements(page):
    """How many statements are seen, by their rows."""
    seen = "rows => rows.filter(row => row.checkVisibility()).reduce((sum, row) => sum + Number(row.dataset.count), 0)"
    return page.locator(".claim").evaluate_all(seen)


def test_all_statements_are_there_at_first(page):
    assert statements(page) == len(JUDGED)
    assert page.get_by_role("status").inner_text() == f"{len(JUDGED)} of {len(JUDGED)} statements"


@pytest.mark.parametrize("name", GROUPS)
def test_choosing_a_verdict_leaves_its_statements_as_many_as_the_strip_counts(name, page):
    page.get_by_label("verdict").select_option(name)
    count = counts(JUDGED)[name]
    assert statements(page) == count
    assert page.get_by_role("status").inner_text() == f"{count} of {len(JUDGED)} statements"
    sections = page.locator("section", has=page.locator(".claims-group")).locator("visible=true")
    rows = [section.locator(".claim:visible").count() for section in sections.all() if count]
    assert all(rows)


def test_choices_add_up_and_are_taken_back(page):
    v = JUDGED[0]
    page.get_by_label("verdict").select_option(v.word)
    page.get_by_label("source").select_option(v.claim.source)
    both = sum((w.word, w.claim.source) == (v.word, v.claim.source) for w in JUDGED)
    assert statements(page) == both
    page.get_by_role("button", name="Show all").click()
    told = "count => document.querySelector('.claims-filters output').value.startsWith(`${count} of`)"
    page.wait_for_function(told, arg=len(JUDGED))
    assert statements(page) == len(JUDGED)


def test_keyboard_chooses_and_opens(page):
    page.get_by_label("verdict").focus()
    page.keyboard.press("ArrowDown")
    first = next(iter(GROUPS))
    assert page.get_by_label("verdict").input_value() == first
    assert statements(page) == counts(JUDGED)[first]
    for name in ("source", "chapter"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == name
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    told = "count => document.querySelector('.claims-filters output').value.startsWith(`${count} of`)"
    page.wait_for_function(told, arg=len(JUDGED))
    assert statements(page) == len(JUDGED)
    summary = page.locator(".claim summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator(".claim dl").first.is_visible()


def test_link_of_a_chapter_shows_its_statements(address, browser):
    with open_page(browser, f"{address}/claims.html#claims-dense") as page:
        count = sum(v.experiment in ("fig4", "fig5") for v in JUDGED)
        page.wait_for_function("document.querySelector('.claims-filters').getBoundingClientRect().top < 200")
        assert statements(page) == count and page.get_by_label("chapter").input_value() == "dense"
        page.goto(f"{address}/claims.html#classical-transition")  # a row that was not chosen
        page.wait_for_function("document.querySelector('[name=chapter]').value === ''")
        assert statements(page) == len(JUDGED)


def test_links_to_other_pages_lead_somewhere(page):
    links = page.locator(".claim a").evaluate_all("links => [...new Set(links.map(link => link.getAttribute('href')))]")
    texts = {name: (BUILT / name).read_text("utf8") for name in {link.partition("#")[0] for link in links}}
    for link in links:
        name, _, label = link.partition("#")
        assert not label or f'id="{label}"' in texts[name], link
    numbers = page.locator(".to-figure").all_inner_texts()
    assert numbers and all(text.split()[0] in ("Fig.", "Table") for text in numbers)


def test_without_scripts_all_is_listed_and_nothing_can_be_chosen(address, browser):
    with open_page(browser, f"{address}/claims.html", javascript=False) as page:
        assert statements(page) == len(JUDGED) and not page.locator(".claims-filters").is_visible()


def test_works_from_a_file(browser):
    with open_page(browser, (BUILT / "claims.html").as_uri() + "#claims-xor") as page:
        assert statements(page) == sum(v.experiment == "xor" for v in JUDGED)


@pytest.mark.parametrize("name", ["claims", "provenance"])
def test_fits_a_phone(name, address, browser):
    with open_page(browser, f"{address}/{name}.html", width=360, height=800) as page:
        assert page.evaluate("document.documentElement.scrollHeight") < PHONE
        page.locator("details").evaluate_all("folds => folds.forEach(fold => { fold.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_on_a_phone_what_is_reproduced_opens_by_a_tap_a_choice_or_a_link(address, browser):
    held = next(v for v in JUDGED if v.experiment == "classical" and v.word == "holds")
    with open_page(browser, f"{address}/claims.html", width=360, height=800) as page:
        assert statements(page) == len(JUDGED) - counts(JUDGED)["holds"]
        page.locator(".claims-fold > summary").click()
        assert statements(page) == len(JUDGED)
        page.reload()
        page.get_by_label("chapter").select_option("xor")
        assert statements(page) == sum(v.experiment == "xor" for v in JUDGED)
    with open_page(browser, f"{address}/claims.html#classical-{held.claim.name}", width=360, height=800) as page:
        page.wait_for_function("document.querySelector('.claims-fold').open")
        assert page.locator(f"#classical-{held.claim.name}").is_visible()


def test_print_opens_all_folds(page):
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".claims-fold:not([open]), .claim details:not([open]), details.fold:not([open])").count() == 0


def test_links_to_figures_get_their_numbers(monkeypatch):
    numbers = {"dense": {"figure": {"fig-dense-four": (2, 4)}, "table": {"tab-dense-x": (2, 1)}}}
    warned = []
    monkeypatch.setattr(pages.logger, "warning", lambda *arguments, location: warned.append(arguments))

    def shown(label):
        text = f'<a class="to-figure" href="dense.html#{label}">figure</a>'
        return pages.TO_FIGURE.sub(lambda link: pages.numbered(link, numbers, "claims"), text)

    assert shown("fig-dense-four").endswith(">Fig. 2.4</a>") and shown("tab-dense-x").endswith(">Table 2.1</a>")
    assert not warned and shown("fig-dense-none").endswith(">figure</a>") and "fig-dense-none" in warned[0]
