"""What pages share: tables, numbers with their spread, provenance with its command."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam import figures
from dam.lab.results import Result


def result(seed=0, variant="", commit="0123456789abcdef"):
    device, versions = "a processor", {"numpy": "2.4.6"}
    started, parameters = "2026-01-02T03:04:05+00:00", {"N": 100}
    return Result("fig4", variant, parameters, seed, "numpy", device, versions, commit, started, 12.4, {})


def test_table_reads_as_text_and_as_html():
    table = figures.page.Table(("n", "<error>"), [(2, "1 %"), (3, "2 %")], "Errors", "A note.")
    assert repr(table) == "A note.\n\nn: 2\n<error>: 1 %\n\nn: 3\n<error>: 2 %"
    page = table._repr_html_()
    assert page.count("<tr>") == 3 and '<td data-head="&lt;error&gt;">2 %</td>' in page and "<p>A note.</p>" in page


def test_a_column_without_a_head_is_refused():
    with pytest.raises(ValueError, match=r"every column needs a head: .* on a phone; got \('', 'n'\)"):
        figures.page.Table(("", "n"), [("error", 1)], "Errors")


def test_provenance_ends_with_the_command_that_runs_it_again():
    line = figures.page.provenance(result(variant="n3"), result(1))
    first, second = line.split("; ")
    assert first.endswith(", python -m dam again fig4-n3-seed0") and first.startswith(
        "fig4-n3-seed0, commit 0123456789"
    )
    assert second.endswith(", python -m dam again fig4-seed1")
    assert figures.page.again(result(2, "demo-n3")) == "python -m dam run fig4 --scale demo --seed 2"


def test_sources_name_all_seeds_and_commits_of_an_experiment():
    line = figures.page.sources([result(0), result(3, commit="fedcba9876543210")])
    assert line == (
        "fig4, seeds 0, 3, commit 0123456789, fedcba9876, numpy 2.4.6, 2026-01-02, 25 s together on a processor, "
        "python -m dam again fig4-seed0"
    )


@given(st.floats(-1e6, 1e6), st.integers(0, 3))
def test_bounds_are_rounded_outward(number, digits):
    low, high = figures.page.at_least(number, digits), figures.page.at_most(number, digits)
    step, slack = 10.0**-digits, 1e-6 * 10.0**-digits + 1e-9
    assert number - step - slack < float(low) <= number + slack
    assert number - slack <= float(high) < number + step + slack
    assert len(high.partition(".")[2]) == len(low.partition(".")[2]) == digits


def test_bounds_by_hand():
    assert (figures.page.at_most(4.4), figures.page.at_least(4.4)) == ("5", "4")
    assert (figures.page.at_most(2.5499, 1), figures.page.at_least(99.96, 1)) == ("2.6", "99.9")
    assert figures.page.at_most(0.1 + 0.2, 1) == figures.page.at_least(0.1 + 0.2, 1) == "0.3"  # not 0.30000000000000004


def test_numbers_over_seeds():
    assert figures.page.with_spread(np.array([1.0, 2.0, 3.0])) == "2.00 ± 1.00"
    assert figures.page.with_interval([1.0, 2.0, 3.0], 1) == "2.0 [-0.5, 4.5]"
    assert figures.page.with_spread([2.0], 1) == figures.page.with_interval([2.0], 1) == "2.0"
    assert figures.page.with_spread([1.0, math.nan]) == "none"


def test_provenance_has_every_result_in_the_fold_of_its_experiment():
    page = figures.page.provenances([result(0), result(1), result(0, "n3")])
    text = page._repr_html_()
    assert text.count('<details class="results" id="results-fig4"><summary>fig4: 3 results <span>') == 1
    assert text.count("<p>N = 100</p>") == 1 and "<p>n3: N = 100</p>" in text
    for name in ("fig4-seed0", "fig4-seed1", "fig4-n3-seed0"):
        assert text.count(f"python -m dam again {name}<") == 1 and name in repr(page)
    assert "2026-01-02, 12 s on a processor" in text and "commit 0123456789; numpy 2.4.6" in text


def test_glued_numbers_are_plain(monkeypatch):
    myst_nb = pytest.importorskip("myst_nb")
    kept = {}
    monkeypatch.setattr(myst_nb, "glue", lambda name, value, display: kept.update({name: value}))
    put = figures.page.gluer("xy")
    put("a", np.float64(0.5))
    put("b", "text")
    assert kept == {"xy-a": 0.5, "xy-b": "text"} and type(kept["xy-a"]) is float
