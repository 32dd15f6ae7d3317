"""The page of claims: every claim once, counts that are those of the verdicts, links to what is there."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dam import figures
from dam.figures import verdicts
from dam.lab import claims, experiments, results
from dam.lab.verdicts import Claim, Verdict

BOOK = Path(__file__).parents[2] / "book"
JUDGED = claims.judge_stored()
GROUPS = {name: verdicts.group(JUDGED, name, results.stored()) for name in verdicts.GROUPS}


def judged(name, says, holds=True, seeds=3, **fields):
    claim = Claim(name, "Section 2", says, "it is <so>", None, None, digits=1, **fields)
    return Verdict(claim, "fig4", seeds, 0.5, 0.1, holds)


def source(name):
    notebook = json.loads((BOOK / f"{name}.ipynb").read_text(encoding="utf8"))
    return notebook, "\n".join("".join(cell["source"]) for cell in notebook["cells"])


def test_every_claim_stands_on_the_page_once_in_its_group():
    shown = {name: re.findall(r'data-claim="([^"]+)"', block._repr_html_()) for name, block in GROUPS.items()}
    assert sum(map(len, shown.values())) == len(JUDGED)
    for v in JUDGED:
        group = "ours" if v.claim.source == "ours" else v.word
        assert shown[group].count(f"{v.experiment}/{v.claim.name}") == 1


def test_counts_of_the_strip_are_those_of_the_verdicts():
    strip = verdicts.strip(JUDGED)
    shown = [int(number) for number in re.findall(r"<strong>(\d+)</strong>", strip._repr_html_())]
    bar = [int(number) for number in re.findall(r"flex-grow: (\d+)", strip._repr_html_())]
    words = Counter("ours" if v.claim.source == "ours" else v.word for v in JUDGED)
    assert shown == [words[name] for name in verdicts.GROUPS] and sum(shown) == len(JUDGED)
    assert bar == [count for count in shown if count]
    assert repr(strip).startswith(f"{words['holds']} reproduced, {words['contradicted']} contradicted")


def test_rows_have_ids_of_their_own_and_count_their_statements():
    page = "".join(block._repr_html_() for block in GROUPS.values())
    ids, counts = re.findall(r' id="([^"]+)"', page), re.findall(r'data-count="(\d+)"', page)
    assert len(set(ids)) == len(ids) == len(counts) and sum(map(int, counts)) == len(JUDGED)
    chapters = "".join(verdicts.index(JUDGED, name)._repr_html_() for name in verdicts.CHAPTERS)
    assert sorted(re.findall(r'href="#([^"]+)"', chapters)) == sorted(ids)


def test_every_link_leads_to_something_of_the_book():
    page = "".join(block._repr_html_() for block in GROUPS.values())
    links = set(re.findall(r'href="(\w+)\.html(?:#([\w-]+))?"', page))
    assert {name for name, _ in links} == {*verdicts.CHAPTERS, "provenance"}
    stored = figures.page.provenances(results.stored())._repr_html_()
    for name, label in links - {(chapter, "") for chapter in verdicts.CHAPTERS}:
        notebook, text = source(name)
        named = {cell["metadata"].get("mystnb", {}).get("figure", {}).get("name") for cell in notebook["cells"]}
        assert label in named or f":name: {label}\n" in text or f'id="{label}"' in stored, (name, label)


def test_chapters_judge_the_experiments_whose_rows_lead_to_them():
    found = {chapter: set() for chapter in verdicts.CHAPTERS}
    for row in verdicts.rows(JUDGED):
        found[row.chapter].add(row.first.experiment)
    for chapter, names in found.items():
        (call,) = re.findall(r"paper_check\(put, ([^)]*)\)", source(chapter)[1])
        assert {name for name in re.findall(r'"(\w+)"', call) if experiments.get(name).claims} == names


def test_notebook_has_every_chapter_under_its_label():
    _, text = source("claims")
    found = re.findall(r"\(claims-(\w+)\)=\n```{rubric} (.*)\n```\n\nDiscussed in {doc}`(\w+)`", text)
    assert found == [(name, title, name) for name, title in verdicts.CHAPTERS.items()]
    assert re.findall(r"```{glue:} claims-(\w+)\n", text) == list(verdicts.CHAPTERS)


def test_variants_with_one_verdict_are_one_row():
    says = "n = {}, power: at most N^{} memories"
    found = [judged(f"most-power-n{n}", says.format(n, n - 1), holds=n < 4) for n in (2, 3, 4)]
    both, other = verdicts.rows(found)
    assert both.says == "n = 2, 3 (power): at most N^1, N^2 memories" and other.says == found[2].claim.says
    assert [verdicts.count(row) for row in (both, other)] == ["2 of 3 variants", "ours: 0.5 ± 0.1, 1 of 3 variants"]
    assert [row.group for row in (both, other)] == ["holds", "contradicted"]
    text = verdicts.item(both, [])
    assert "at most N<sup>1</sup>, N<sup>2</sup> memories" in text and text.count("it is &lt;so&gt;") == 1
    assert "n = 2, power: 0.5 ± 0.1, over 3 seeds</dd>" in text
    assert text.count('<a href="provenance.html#results-fig4">3 seeds</a>') == 1


def test_variants_that_are_not_all_of_a_kind_are_named_one_by_one():
    says = "n = {}, {}: more memories"
    found = [judged(f"more-{kind}-n{n}", says.format(n, kind)) for n, kind in ((30, "raw"), (20, "smoothed"))]
    (row,) = verdicts.rows(found)
    assert row.says == "n = 30, raw; n = 20, smoothed: more memories"


def test_what_is_not_tested_names_no_result():
    (row,) = (row for row in verdicts.rows(claims.judge_stored()) if row.first.claim.name == "imagenet")
    text = verdicts.fold(row, results.stored())
    assert "not tested" in text and "Results" not in text and "Again" not in text


def test_row_says_when_its_rule_was_fixed_and_why_it_does_not_hold():
    told = {"fixed": "2026-01-02", "reason": "too few", "incomparable": "another rule"}
    text = verdicts.item(*verdicts.rows([judged("peak", "K_1/2 is large", False, blind=True, **told)]), [])
    assert "2026-01-02, before there was a result" in text and "<dd>another rule</dd>" in text
    assert 'data-verdict="not comparable"' in text and "K<sub>1/2</sub>" in text and "ours: 0.5 ± 0.1" in text
    later = judged("peak", "it is", fixed="2026-01-02")
    assert "2026-01-02, when a result may have been seen" in verdicts.item(*verdicts.rows([later]), [])


def test_a_command_names_the_seeds_that_are_judged():
    runs = results.load_all("mnist", "n3")
    verdict = next(v for v in claims.judge("mnist", runs) if v.claim.name == "test-error-n3")
    long = [run.seed for run in runs if run.values["epochs"] >= 3000]
    assert len(long) == verdict.seeds < len(runs)
    said = verdicts.command(verdict, runs)
    assert f"mnist-n3-seed{long[0]}<" in said and f"seeds {', '.join(map(str, long[1:]))})" in said


def test_commands_are_those_of_stored_results():
    commands = re.findall(r"python -m dam again ([\w-]+)<", "".join(b._repr_html_() for b in GROUPS.values()))
    assert commands and set(commands) <= {run.name for run in results.stored()}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["a b c", "a b c"], "a b c"),
        (["a b c", "a d c", "a b c"], "a b, d c"),
        (["a b", "a b c"], "a b; b c"),
        (["b", "c"], "b, c"),
        (["a a", "a"], "a a; a"),
        (["a 1 b", "a 2 b", "a 3 b", "a 4 b", "a 5 b"], "a … b"),
    ],
)
def test_texts_in_common(texts, expected):
    assert verdicts.common(texts) == expected


def test_a_claim_that_nothing_shows_is_named():
    with pytest.raises(LookupError, match="no figure shows nothing/peak: name one in"):
        verdicts.shown(Verdict(judged("peak", "it is").claim, "nothing", 1, 0, 0, True))


class Nesting(HTMLParser):
    """Checks that tags close in the order in which they open."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("block", [*GROUPS.values(), verdicts.strip(JUDGED), verdicts.filters(JUDGED)])
def test_tags_close(block):
    parser = Nesting()
    parser.feed(block._repr_html_())
    assert parser.open == []
