"""Experiments, claims and the command line, at sizes that take a moment."""

import io
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import dam
from dam import datasets, files
from dam.__main__ import main, parser
from dam.lab import claims, common, experiments, results, trainings, verdicts
from dam.lab.experiments import classical, duality, errors, fig4, mnist, photographs, xor
from dam.memory import hebbian, theory
from dam.memory.interactions import KINDS

SMALL = {
    "basins": {"n": (2, 3), "N": 24, "K": (4, 10), "load": (0.5,), "step": 4, "cues": 20},
    "classical": {"N": (60, 120), "alpha": (0.05, 0.15, 0.4), "starts": 10},
    "errors": {"n": (2, 3), "N": (12, 20), "load": (0.5, 1.0, 2.0), "bits": 2000},
    "fig4": {"N": 20, "K": 30, "starts": 40, "n": (2, 3, 4, 5, 6)},
    "fig5": {"N": (20, 30), "starts": 60},
    "projection": {"N": (20, 30), "alpha": (0.2, 0.9), "damage": (0.1, 0.3), "cues": 20},
    "rules": {"n": (2, 3), "N": 20, "memories": 40},
    "xor": {},
}


@pytest.mark.parametrize("name", SMALL)
def test_same_seed_same_result_other_seed_other_result(name):
    one, again, other = (experiments.run(name, "demo", seed=seed, backend="numpy", **SMALL[name]) for seed in (1, 1, 2))
    assert str(one.values) == str(again.values)  # as text, in which NaN equals NaN
    assert all(np.array_equal(one.arrays[key], again.arrays[key], equal_nan=True) for key in one.arrays)
    assert name == "xor" or str(one.values) != str(other.values)


def test_fig4_counts_what_it_says():
    result = experiments.run("fig4", "demo", seed=0, backend="numpy", **SMALL["fig4"])
    for kind in KINDS:
        for n in (2, 3, 4, 5, 6):
            signed = result.arrays[f"overlap_{kind}_n{n}"]
            absolute = result.arrays[f"absolute_overlap_{kind}_n{n}"]
            assert len(signed) == 40 and np.all(signed <= absolute) and np.all(absolute <= 20)
            assert np.all(absolute % 2 == 0)  # overlaps have the parity of N
            assert result.values[f"perfect_{kind}_n{n}"] == np.mean(signed == 20)
            assert result.values[f"inverted_{kind}_n{n}"] == np.mean((absolute == 20) & (signed < 20))


def test_crossing_of_one_half():
    calls = []

    def fraction(K):
        calls.append(K)
        return 1 / (1 + np.exp((K - 777.3) / 40))

    for start in (3, 700, 3000):
        K_half, points = common.half_crossing(fraction, start, 4000, 0.01)
        assert K_half == pytest.approx(777.3, abs=4)
        assert [K for K, _ in points] == sorted(K for K, _ in points)
    assert np.isnan(common.half_crossing(lambda K: 1.0, 5, 100, 0.01)[0])
    assert np.isnan(common.half_crossing(lambda K: 0.0, 5, 100, 0.01)[0])


def test_fig5_theory_column():
    result = experiments.run("fig5", "demo", seed=0, backend="numpy", **SMALL["fig5"])
    assert result.arrays["K_theory"].tolist() == [theory.capacity_no_errors(N, 3) for N in (20, 30)]
    for kind in KINDS:
        assert set(result.arrays[f"tried_{kind}"][:, 0]) == {20, 30}


def test_unstable_bits_against_loops():
    xi = dam.random_patterns(9, 15, 4)
    slow = [
        sum(sum(sum(p[i] * p[j] for p in xi) * row[j] for j in range(15) if j != i) * row[i] < 0 for i in range(15))
        for row in xi
    ]
    assert classical.unstable_bits(xi, hebbian(xi)).tolist() == slow
    assert sum(slow) > 0


def test_xor_truth_table_written_out():
    result = experiments.run("xor", "demo", backend="numpy")
    for row, n in enumerate(range(1, 9)):
        for column, (x, y, z) in enumerate(result.arrays["states"].astype(int).tolist()):
            terms = (-x - y - z, -x + y + z, x - y + z, x + y - z)
            assert result.arrays["energy_power"][row, column] == -sum(term**n for term in terms)
            rectified = -sum(term**n for term in terms if term > 0)
            assert result.arrays["energy_rectified"][row, column] == rectified
    assert [n for n in range(1, 9) if result.values[f"solved_power_n{n}"]] == [3, 5, 7]
    assert [n for n in range(1, 9) if result.values[f"solved_rectified_n{n}"]] == [2, 3, 4, 5, 6, 7, 8]


def test_unknown_experiment_scale_and_parameter():
    with pytest.raises(ValueError, match="unknown experiment 'fig9'; there are baselines, basins, classical, "):
        experiments.run("fig9")
    with pytest.raises(ValueError, match="scale must be one of demo, paper, got 'huge'"):
        experiments.run("xor", "huge")
    with pytest.raises(ValueError, match="xor has no parameter K; it has n"):
        experiments.run("xor", K=3)
    with pytest.raises(ValueError, match="n must be a list of values, got 3"):
        experiments.run("xor", n=3)
    with pytest.raises(ValueError, match="N must be a list of values, got 400"):
        experiments.run("fig5", "paper", N=400)
    with pytest.raises(ValueError, match="seed must be an integer of at least 0, got -1"):
        experiments.run("xor", seed=-1)


BAD = (math.nan, math.inf, -math.inf, 0, -1, -0.5, True, "x", (), 10**30, 1e300)
TAKEN = {  # by some parameters
    0: {"weight_decay", "network_seed", "rate", "damage", "tolerance", "radii", "radii_l2", "radii_linf", "overshoot",
        "after", "ramp_epochs", "momentum", "init_mean", "average"},
    -1: {"init_mean"}, -0.5: {"init_mean"}, True: {"relu", "weights", "resume", "arguments"}, "x": {"checkpoint"},
    10**30: {"ramp_epochs", "batch_per_class", "K"},
}  # fmt: skip


@pytest.mark.parametrize("name", experiments.NAMES)
def test_every_parameter_is_checked_before_anything_runs(name):
    experiment = experiments.get(name)
    for key in experiment.scales["paper"]:
        lists = any(isinstance(scale[key], tuple) for scale in experiment.scales.values())
        for bad in BAD:
            for given in {bad, bad if bad == () or not lists else (bad,)}:
                try:
                    experiments.plan(name, "demo", **{key: given})
                except ValueError as error:
                    assert re.search(rf"\b{key} must", str(error)), (key, given)
                else:
                    assert key in TAKEN.get(bad, ()) and given == ((bad,) if lists else bad), (key, given)


@pytest.mark.long
@pytest.mark.parametrize("name", experiments.NAMES)
def test_the_least_value_of_every_parameter_is_computed_or_refused_in_a_line(name, tmp_path, capsys):
    experiment = experiments.get(name)
    for key, usual in experiment.scales["demo"].items():
        limits = experiment.ranges.get(key, experiments.RANGES.get(key))
        if isinstance(limits, tuple):
            values = [str(limits[0])] * (2 if isinstance(usual, tuple) else 1)
            for given in (values, values[:1]):  # the same twice, and once
                command = ["run", name, "--scale", "demo", f"--{key.replace('_', '-')}", *given]
                status = main([*command, "--quiet", "--backend", "numpy", "--results", str(tmp_path)])
                said = capsys.readouterr().err
                assert status == 0 or (status == 2 and said.startswith("python -m dam: ")), (given, said)


def test_no_run_begins_with_what_cannot_be_stored(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(experiments, "sweep", None)
    options = ["--scale", "demo", "--quiet", "--results", str(tmp_path)]
    for value in ("nan", "inf", "-1", "2"):
        assert main(["run", "fig5", "--tolerance", value, *options]) == 2
        assert re.fullmatch("python -m dam: tolerance must be a number from 0 to 1, got .*\n", capsys.readouterr().err)
    assert main(["run", "xor", "--seed", str(2**32), *options]) == 2
    assert "seed must be a number from 0 to 4294967295, got 4294967296" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_has_no_points_and_nothing_to_go_on_from():
    with pytest.raises(ValueError, match="xor is no sweep of points: it has nothing to spread over a scheduler"):
        experiments.run("xor", scheduler="tcp://127.0.0.1:1")
    with pytest.raises(ValueError, match="resume needs a checkpoint to go on from, got checkpoint=None"):
        experiments.run("mnist", "demo", resume=True)


def test_a_search_of_which_every_training_breaks_down(monkeypatch):
    broken = {"error": np.full(3, np.nan), "train_error": np.full(3, np.nan)} | dict.fromkeys(trainings.SCALARS, np.nan)
    monkeypatch.setattr(experiments, "sweep", lambda point, tasks, **options: [broken for _ in tasks])
    with pytest.raises(FloatingPointError, match="every training of the search broke down; try smaller epsilon0"):
        experiments.run("search", "demo")


def test_every_experiment_says_what_it_is():
    for name in experiments.NAMES:
        experiment = experiments.get(name)
        assert set(experiment.scales) == set(experiment.seconds) == {"demo", "paper"}
        assert set(experiment.scales["demo"]) == set(experiment.scales["paper"])
        assert experiment.summary and experiment.run.__doc__


# claims


def test_claim_names_are_unique_and_experiments_exist():
    names = [(experiment, claim.name) for experiment in claims.CLAIMS for claim in claims.of(experiment)]
    assert len(names) == len(set(names))
    assert set(claims.CLAIMS) <= set(experiments.NAMES)


def test_a_wrong_result_fails_its_claim():
    result = experiments.run("xor", "demo", backend="numpy")
    assert all(v.holds for v in claims.judge("xor", [result]))
    result.values["solved_power_n2"] = True
    broken = [v for v in claims.judge("xor", [result]) if not v.holds]
    assert [v.claim.name for v in broken] == ["power-odd"]
    assert "[contradicted] xor: power-odd" in claims.text(broken) and "1 contradicted" in claims.text(broken)


def test_a_claim_without_results_is_not_judged(tmp_path):
    stored = claims.judge_stored(directory=tmp_path)
    assert len(stored) == sum(len(claims.of(name)) for name in claims.CLAIMS)
    assert {(v.word, v.why) for v in stored} == {("not judged", "no stored result")}
    with pytest.raises(FileNotFoundError, match="there is no folder .*nowhere"):
        claims.judge_stored(directory=tmp_path / "nowhere")


def test_claims_on_results_that_lack_what_they_need_are_not_judged(tmp_path):
    part = experiments.run("fig4", "demo", backend="numpy", n=(2, 3))
    found = {claim.name: verdicts.verdict(claim, "fig4", [part]).holds for claim in claims.of("fig4")}
    assert found["not-recalled-power-n2"] is not None and found["all-recalled-power-n5"] is None
    xor = experiments.run("xor", n=(3, 4))
    assert {verdicts.verdict(claim, "xor", [xor]).holds for claim in claims.of("xor")} == {None}
    small = experiments.run("errors", "demo", backend="numpy", N=(25, 30), n=(2,), bits=2000)
    assert {
        verdicts.verdict(claim, "errors", [small]).holds for claim in claims.of("errors") if "n2" not in claim.name
    } == {None}


def test_a_run_of_another_size_is_not_judged_as_the_paper_s(tmp_path):
    whole = results.load_all("fig4")
    small = experiments.run("fig4", "paper", seed=7, backend="numpy", N=20, K=30, starts=40)
    for v in claims.judge("fig4", [small]):
        assert (v.word, v.seeds, v.ours) == ("not judged", 0, "–")
        assert v.why == "no result with the parameters that are judged"
        assert v.left == "seed 7: N = 20, not 100, K = 30, not 2000, starts = 40, not 10000"
    assert v.left in claims.text([v])
    for v, other in zip(claims.judge("fig4", [*whole, small]), claims.judge("fig4", whole)):
        assert (v.ours, v.word, v.names) == (other.ours, other.word, other.names)
        assert v.left.startswith("seed 7: N = 20") and other.left == ""
    short = [run for run in results.load_all("mnist", "n3") if run.values["epochs"] == 240]
    found = {v.claim.name: v for v in claims.judge("mnist", short)}
    assert found["test-error-n3"].left == "seed 2: epochs = 240, not 3000"
    assert found["below-2-percent-n3"].left == "" and found["below-2-percent-n3"].seeds == 1
    study = replace(results.load("studies", "m"), parameters={"study": "m", "epochs": 40, "K": 100})
    older = replace(whole[0], parameters={key: x for key, x in whole[0].parameters.items() if key != "starts"})
    assert {v.left for v in claims.judge("fig4", [older])} == {""}
    judged = {v.claim.name: v.left for v in claims.judge("studies", [study])}
    assert judged["large-m-n20"] == "seed 0: K = 100, not 2000" and judged["softmax-n3"] == ""


def test_a_result_without_the_number_is_a_miss():
    """A curve that never falls below 2 %, a load that is never found: what the statement says did not happen."""
    claim = next(c for c in claims.of("mnist") if c.name == "below-2-percent-n3")
    runs = results.load_all("mnist", "n3")
    assert verdicts.verdict(claim, "mnist", runs).holds is True
    runs[0].values["first_epoch_below_2_percent"] = None
    found = verdicts.verdict(claim, "mnist", runs)
    assert (found.word, found.seeds) == ("contradicted", 3) and found.ours.endswith("(none in 1 of 3)")
    runs[0].values["epochs"] = 261  # too few to tell
    assert verdicts.verdict(claim, "mnist", runs).word == "not judged"
    runs[0].values["epochs"] = 262
    assert verdicts.verdict(claim, "mnist", runs[:1]).ours == "– (none in 1 of 1)"
    for name, changes in (
        ("classical/transition", {"alpha_drop_infinite": None}),
        ("classical/no-errors", {"intact_N500": None}),
        ("fig5/half-exponent-power", {"exponent_power": None}),
        ("fig5/rectified-above-theory", {"ratio_rectified": None}),
        ("rules/energy-falls", {"rises_power_energy_n3": None}),
        ("rules/twice-n3", {"gain_energy_n3": None}),
        ("duality/equivalent", {"agreement_percent_n20": None}),
        ("transfer/white-box", {"error_percent_n30_n30": None}),
        ("exponential/all-stable", {"all_rate": None}),
        ("fig2/more-classes-n3", {"three_to_five_percent_n30": None}),
        ("errors/half-percent-n2", {"error_power_n2": None}),
    ):
        experiment, claim_name = name.split("/")
        runs = results.load_all(experiment)
        runs[-1].values |= changes
        found = next(v for v in claims.judge(experiment, runs) if v.claim.name == claim_name)
        assert found.holds is False and f"none in 1 of {len(runs)}" in found.ours, name


def test_a_result_that_lacks_the_number_leaves_the_claim_open():
    runs = results.load_all("fig5")
    del runs[-1].values["ratio_power"]
    found = next(v for v in claims.judge("fig5", runs) if v.claim.name == "power-follows-theory")
    assert (found.word, found.why) == ("not judged", found.claim.undecided)
    assert claims.surprises([found]) != []


def test_one_set_of_memories_has_no_interval():
    found = next(v for v in claims.judge("fig5", results.load_all("fig5")[:1]) if v.claim.name == "half-exponent-power")
    assert (found.word, found.why) == ("not judged", "one result is too few for the rule")


def test_every_shipped_claim_is_judged_on_results_of_its_size_alone():
    """Those left out are the short trainings, which show when the error falls and not where it ends."""
    left = {v.claim.name: v.left for v in claims.judge_stored() if v.left}
    finals = {claim.name for claim in claims.of("mnist") if claim.name.startswith(("test-error", "final"))}
    assert set(left) == finals
    assert all(text.startswith("seed 2: epochs = ") for text in left.values())


def test_claims_of_an_unknown_experiment():
    with pytest.raises(ValueError, match="unknown experiment 'fig9'; there are baselines"):
        claims.judge_stored("fig9")


def test_every_shipped_result_gives_its_verdict_on_record():
    stored = claims.judge_stored()
    assert claims.surprises(stored) == []
    assert all(v.seeds for v in stored)


@pytest.mark.parametrize("claim", [c for name in claims.CLAIMS for c in claims.of(name)], ids=lambda claim: claim.name)
def test_every_claim_says_whose_it_is_and_when_its_rule_was_fixed(claim):
    assert claim.source in verdicts.SOURCES and claim.expected in verdicts.WORDS
    assert date.fromisoformat(claim.fixed) <= date.today()
    assert claim.reason or claim.expected != "contradicted"
    assert claim.incomparable or claim.expected != "not comparable"


def test_a_short_training_is_not_judged_on_the_final_error():
    claim = next(c for c in claims.of("mnist") if c.name == "test-error-n3")
    run = experiments.run("xor", "demo", backend="numpy")
    run.variant, run.values = "n3", {"epochs": 2999, "test_error_percent": 1.5}
    verdict = verdicts.verdict(claim, "mnist", [run])
    assert verdict.word == "not judged" and "fewer than the paper's 3000 epochs" in verdict.why
    run.values["epochs"] = 3000
    assert verdicts.verdict(claim, "mnist", [run]).holds is True
    run.values["test_error_percent"] = 1.60
    assert verdicts.verdict(claim, "mnist", [run]).holds is False


def test_a_contradicted_claim_says_why():
    result = experiments.run("fig4", "demo", seed=0, backend="numpy", N=20, K=30, starts=40)
    result.arrays["overlap_rectified_n5"][0] = 12
    claim = next(claim for claim in claims.of("fig4") if claim.name == "all-recalled-rectified-n5")
    verdict = verdicts.verdict(claim, "fig4", [result])
    assert verdict.word == "contradicted" and verdict.why == verdict.claim.reason
    assert verdict.claim.reason in claims.text([verdict])


OTHER = {  # a change of the shipped results, by values or by arrays, and the verdict that it must give
    "classical/capacity-formula": ({"alpha_half_percent_N4000": 0.14}, "contradicted"),
    "classical/capacity-number": ({"alpha_half_percent_N4000": 0.14}, "holds"),
    "fig4/all-recalled-power-n5": ({"overlap_power_n5": lambda x: np.append(x[4:], 4 * [98])}, "contradicted"),
    "fig4/all-recalled-power-n6": ({"absolute_overlap_power_n6": lambda x: np.append(x[4:], 4 * [98])}, "contradicted"),
    "fig5/half-exponent-power": ({"exponent_power": 2.0}, "holds"),
    "errors/gaussian": ({"error_power": lambda x: 1.2 * x}, "contradicted"),
    "errors/tail": ({"error_power": lambda x: 1.2 * x}, "contradicted"),
    "mnist/below-2-percent-n3": ({"first_epoch_below_2_percent": 150}, "contradicted"),
    "mnist/final-all-below-n3": ({"test_error_percent": 1.59}, "holds"),
    "mnist/final-agrees-n2": ({"test_error_percent": 1.47}, "contradicted"),
    "mnist/final-competitive-n20": ({"test_error_percent": 1.73}, "contradicted"),
    "mnist/ten-minutes-n30": ({"test_error_percent": 1.96}, "contradicted"),
    "mnist/ten-minutes-n20": ({"test_error_percent": 1.76}, "holds"),
    "mnist/below-2-percent-smoothed-n3": ({"test_error": lambda x: x - 0.2}, "contradicted"),
    "fig2/more-classes-n2": ({"three_to_five_percent_n20": 64.0}, "contradicted"),
    "fig2/one-class-n30": ({"one_class_awake_percent_n30": 39.9}, "contradicted"),
    "fig2/one-vote-n20": ({"votes_mode_n20": 1}, "holds"),
    "fig2/one-vote-n30": ({"votes_mode_n30": 2}, "contradicted"),
    "fig2/label-ends-n3": ({"extreme_percent_n3": 49.9}, "contradicted"),
    "fig2/cutoff": ({"lone_percent_above_0.8_n30": 74.0}, "holds"),
    "fig2/white-margins-n20": ({"margin_percent_n20": 50.1}, "holds"),
    "prototype/pseudo-memory": ({"familiar_n2": 0.94}, "contradicted"),
    "prototype/trade-off": ({"general_n30": 0.49}, "contradicted"),
    "transfer/one-way": ({"error_percent_n2_n20": 30.0}, "contradicted"),
    "table/entry-n2-n3": ({"error_percent_n2_n3": 52.0}, "holds"),
    "table/entry-n2-n30": ({"error_percent_n2_n30": 20.0}, "not comparable"),
}


@pytest.mark.parametrize("name", OTHER)
def test_another_result_gets_another_verdict(name):
    experiment, claim_name = name.split("/")
    claim = next(claim for claim in claims.of(experiment) if claim.name == claim_name)
    runs, (changes, word) = results.load_all(experiment, claim.variant), OTHER[name]
    for run in runs:
        for key, change in changes.items():
            if callable(change):
                run.arrays[key] = change(run.arrays[key])
            else:
                run.values[key] = change
    found = verdicts.verdict(claim, experiment, runs, experiments.get(experiment).changed)
    assert found.word == word != claim.expected


def test_no_rule_holds_for_any_number():
    judged = [claim for name in claims.CLAIMS for claim in claims.of(name) if claim.holds]
    assert [c.name for c in judged if c.holds([-500, -500]) and c.holds([500, 500])] == []


def test_a_set_without_losses_is_judged_by_its_chance():
    assert fig4.may_show_none([0, 0, 8, 0, 0]) and fig4.may_show_none([2.9]) and not fig4.may_show_none([3.1, 3.1])
    assert fig4.none_lost([3, 1, 0, 0, 1]) == "none in 2 of 5 sets, chance 0.37"


def test_formulas_are_judged_where_they_are_meant():
    A = {"N": np.array([100, 200]), "n": np.array([2]), "load": np.array([0.4, 0.5])}
    A |= {"K": np.array([[[10, 20], [30, 40]]]), "measured": np.array([[[1.0, 1.0], [1.0, 1.25]]])}
    run = replace(experiments.run("xor", "demo", backend="numpy"), arrays=A)
    measure = lambda counts: errors.largest_relative(lambda N, K, n: K / 40, "measured", counts)(run)
    assert measure(lambda N, K, load: N >= 200 and load >= 0.5) == pytest.approx(20)
    assert measure(lambda N, K, load: N >= 200) == pytest.approx(25)
    assert measure(lambda N, K, load: N > 200) is None


def test_a_claim_that_compares_takes_the_results_of_one_seed_together():
    named = {claim.name: claim for claim in claims.of("mnist")}
    runs = [run for n in (2, 3, 20, 30) for run in results.load_all("mnist", f"n{n}")]
    errors = {(run.variant, run.seed): run.values["test_error_percent"] for run in runs}
    judge = lambda name, runs: verdicts.verdict(named[name], "mnist", runs, experiments.get("mnist").changed)
    found = judge("final-better-n3", runs)
    apart = [errors["n2", seed] - errors["n3", seed] for seed in (0, 1)]
    assert found.mean == pytest.approx(np.mean(apart)) and found.spread == pytest.approx(np.std(apart, ddof=1))
    assert found.names == ("mnist-n3-seed0", "mnist-n2-seed0", "mnist-n3-seed1", "mnist-n2-seed1")
    assert found.left == "seed 2: epochs = 280, not 3000" and (found.word, found.why) == ("not judged", found.undecided)
    assert judge("final-better-n3", runs[:-1:3]).why == "one result is too few for the rule"
    lone = judge("final-better-n3", [run for run in runs if (run.variant, run.seed) != ("n2", 1)])
    assert lone.seeds == 1 and lone.left == "seed 1: not of all of n2; seed 2: epochs = 280, not 3000"
    for run in runs:
        run.values["test_error_percent"] = {"n2": 1.51, "n3": 1.44, "n20": 1.61, "n30": 1.8}[run.variant]
    assert {name: judge(name, runs).word for name in ("final-better-n3", "final-order")} == {
        "final-better-n3": "holds", "final-order": "holds",
    }  # fmt: skip
    assert judge("final-order", runs).mean == pytest.approx(0.07)


@pytest.mark.parametrize(
    ("numbers", "holds"), [([1.0, 1.1], True), ([-1.0, -1.1], False), ([1.0, 3.0], None), ([1.0], None)]
)
def test_a_mean_above_chance(numbers, holds):
    assert verdicts.above_chance(numbers) is holds


def test_how_much_earlier_is_counted_from_the_same_seed():
    def run(n, first, epochs=300):
        curve = np.where(np.arange(1, epochs + 1) < first, 3.0, 1.0)
        values = {"epochs": epochs, "first_epoch_below_2_percent": first if first <= epochs else None}
        return replace(base, variant=f"n{n}", values=values, arrays={"test_error": curve})

    base = experiments.run("xor", "demo", backend="numpy")
    for first in (mnist.raw, mnist.smoothed):
        measure = mnist.earlier(first)
        assert measure(run(3, 150), run(20, 110)) == 40
        assert np.isnan(measure(run(3, 150), run(20, 400, 200)))  # a miss, however late it would be
        assert measure(run(3, 150), run(20, 400, 140)) is None and measure(run(3, 400), run(20, 110)) is None


def test_the_smoothed_crossing_is_that_of_the_mean_over_11_epochs():
    curve = np.concatenate([np.full(40, 3.0), np.full(40, 1.0)])
    curve[10] = 1.5  # a dip by chance
    run = replace(experiments.run("xor", "demo", backend="numpy"), parameters={"n": 3}, values={"epochs": 261})
    run.arrays["test_error"] = curve
    means = [np.mean(curve[at - 5 : at + 6]) for at in range(5, 75)]
    assert mnist.smoothed_crossing(run) == 6 + next(i for i, mean in enumerate(means) if mean < 2) == 41
    run.arrays["test_error"] = curve[:40]
    assert mnist.smoothed_crossing(run) is None
    assert np.isnan(mnist.smoothed_crossing(replace(run, values={"epochs": 262})))


def test_what_cannot_be_compared_contradicts_nothing_and_what_is_not_judged_is_shown():
    result = experiments.run("xor", "demo", backend="numpy")
    claim = claims.of("xor")[0]
    judged = lambda **changes: verdicts.verdict(replace(claim, **changes), "xor", [result])
    never = {"holds": lambda numbers: False}
    assert judged(**never, reason="why").word == "contradicted"
    other = judged(**never, incomparable="they had another protocol")
    assert (other.word, other.why) == ("not comparable", "they had another protocol")
    shown = judged(holds=None, undecided="too few")
    assert (shown.word, shown.why, shown.ours) == ("not judged", "too few", "8 of 8")


def test_covers_is_the_confidence_interval():
    assert verdicts.covers(2)([1.0, 3.0, 2.1]) and not verdicts.covers(2)([2.1, 2.11, 2.12])


def test_rules():
    assert verdicts.within(1, 2)([0.5, 2.5]) and not verdicts.every(1, 2)([0.5, 2.5])
    assert verdicts.every(1, 2)([1, 2]) and not verdicts.within(1, 2)([2, 2.1])


# command line


def command(*arguments):
    return subprocess.run([sys.executable, "-m", "dam", *arguments], check=False, capture_output=True, text=True)


def test_run_prints_the_path_last_and_stores_the_format(tmp_path):
    done = command(
        "run",
        "fig4",
        "--scale",
        "demo",
        "--starts",
        "20",
        "--n",
        "2",
        "3",
        "--results",
        str(tmp_path),
        "--quiet",
        "--backend",
        "numpy",
    )
    assert done.returncode == 0, done.stderr
    path = done.stdout.strip().splitlines()[-1]
    assert path == str(tmp_path / "fig4-demo-seed0.json")
    content = json.loads((tmp_path / "fig4-demo-seed0.json").read_text())
    assert content["parameters"] == {"N": 100, "K": 2000, "starts": 20, "n": [2, 3]}
    assert content["experiment"] == "fig4" and content["backend"] == "numpy" and content["wall_seconds"] > 0
    with np.load(tmp_path / "fig4-demo-seed0.npz", allow_pickle=False) as arrays:
        assert arrays["overlap_power_n2"].shape == (20,)
    assert results.load("fig4", "demo", 0, tmp_path).values == content["values"]


def test_claims_exit_status(tmp_path, capsys):
    assert main(["claims", "--results", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "0 holds, 0 contradicted" in said
    assert said.endswith(f"Nothing is judged: {tmp_path} holds no result at paper scale, with its parameters.\n")
    results.save(experiments.run("fig4", "paper", backend="numpy", N=20, K=9, starts=20), tmp_path)
    results.save(experiments.run("xor", "demo", backend="numpy"), tmp_path)
    assert main(["claims", "--results", str(tmp_path)]) == 1
    assert "left out: seed 0: N = 20, not 100, K = 9, not 2000, starts = 20, not 10000" in capsys.readouterr().out
    result = experiments.run("xor", "paper", backend="numpy")
    results.save(result, tmp_path)
    assert main(["claims", "--results", str(tmp_path)]) == 0
    result.values["solved_power_n3"] = False
    results.save(result, tmp_path)
    capsys.readouterr()
    assert main(["claims", "--results", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "[contradicted] xor: power-odd" in said
    assert "xor: power-odd was expected to be “holds”, and is “contradicted” (7 of 8)" in said


def test_a_finding_against_the_paper_is_no_error(capsys):
    assert main(["claims", "--results", str(results.SHIPPED)]) == 0
    said = capsys.readouterr().out
    assert "[contradicted" in said and "All as recorded." in said


def test_list_names_every_experiment_and_claim(capsys):
    assert main(["list"]) == 0
    text = capsys.readouterr().out
    for name in experiments.NAMES:
        assert f"\n{name}: " in "\n" + text
        assert all(claim.says in text for claim in claims.of(name))


def test_bad_commands(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["run", "fig9"])
    assert stop.value.code == 2 and "invalid choice: 'fig9'" in capsys.readouterr().err
    assert main(["run", "fig4", "--scale", "demo", "--K", "0", "--results", str(tmp_path)]) == 2
    assert "K must be an integer of at least 1, got 0" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["run", "xor", "--results", str(tmp_path / "file")]) == 2
    assert "cannot write results to" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_what_an_experiment_calls_computes_on_its_backend(monkeypatch):
    seen, fields = [], xor.local_fields
    monkeypatch.setenv("DAM_BACKEND", "auto")
    monkeypatch.setattr(xor, "local_fields", lambda *a: seen.append(os.environ["DAM_BACKEND"]) or fields(*a))
    experiments.run("xor", "demo", backend="numpy")
    assert set(seen) == {"numpy"} and os.environ["DAM_BACKEND"] == "auto"


@pytest.mark.parametrize("path", sorted(results.SHIPPED.glob("*.json")), ids=lambda path: path.stem)
def test_the_parameters_of_a_shipped_result_are_accepted_and_give_its_name(path, monkeypatch):
    content = json.loads(path.read_text())
    experiment, parameters, variant = experiments.plan(content["experiment"], "paper", **content["parameters"])
    assert results.file_name(content["experiment"], variant, content["seed"]) == path.stem
    assert json.loads(json.dumps(experiment.stored(parameters))) == content["parameters"]
    if experiment.takes("sweep") and content["experiment"] != "transfer":  # that one first classifies all test digits
        if content["experiment"] == "foolbox":
            pytest.importorskip("foolbox")
        monkeypatch.setattr(photographs, "chosen_files", lambda per_class, seed: ([], np.empty(0, int), 0))
        with pytest.raises(Reached):
            experiment.run(seed=content["seed"], backend="numpy", sweep=reach, **parameters)


class Reached(Exception):
    pass


def reach(*_):
    """Stand in for a sweep: its tasks are made, so the parameters have passed the checks."""
    raise Reached


def test_a_shipped_result_is_made_again(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = (results.SHIPPED / "xor-seed0.json").read_bytes()
    assert main(["again", "xor-seed0", "--quiet", "--backend", "numpy"]) == 0
    assert capsys.readouterr().out.endswith("results/xor-seed0.json\nequal to xor-seed0, times aside\n")
    assert results.load("xor", directory="results").parameters == results.load("xor").parameters
    assert (results.SHIPPED / "xor-seed0.json").read_bytes() == before


def test_any_stored_result_is_made_again(tmp_path, capsys):
    quiet = ["--quiet", "--backend", "numpy"]
    options = ["--N", "20", "--K", "30", "--starts", "40", "--n", "2", "3", "--seed", "5"]
    assert main(["run", "fig4", *options, *quiet, "--results", str(tmp_path / "one")]) == 0
    path = tmp_path / "one" / "fig4-seed5.json"
    assert main(["again", str(path), *quiet, "--results", str(tmp_path / "other")]) == 0
    assert "equal to fig4-seed5, times aside" in capsys.readouterr().out
    stored = results.read(path)
    stored.values["perfect_power_n2"], stored.arrays["overlap_power_n3"][0] = -1.0, 1
    stored.values["seconds"] = 1.0
    results.save(stored, tmp_path / "one")
    assert main(["again", str(path), *quiet, "--results", str(tmp_path / "other")]) == 1
    assert "differs from fig4-seed5 in perfect_power_n2, overlap_power_n3\n" in capsys.readouterr().out
    assert main(["again", str(path), *quiet, "--results", str(tmp_path / "one")]) == 2
    assert "would be replaced by what is to be compared with it; give another --results" in capsys.readouterr().err
    assert main(["again", "fig9-seed0"]) == 2
    assert "no stored result" in capsys.readouterr().err


def test_a_run_starts_from_ones_own_networks_and_a_shipped_result_from_the_shipped_ones(tmp_path, monkeypatch):
    folders = []

    def look(*, seed, backend, folder, **parameters):
        folders.append(folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(duality, "EXPERIMENT", replace(duality.EXPERIMENT, run=look))
    options = ["--quiet", "--backend", "numpy", "--results", str(tmp_path / "own")]
    assert main(["run", "duality", *options]) == 130
    shutil.copy(results.SHIPPED / "mnist-n2-seed0.json", tmp_path / "own")
    assert main(["run", "duality", *options]) == main(["again", "duality-seed0", *options]) == 130
    for ending in ("json", "npz"):
        shutil.copy(results.SHIPPED / f"duality-seed0.{ending}", tmp_path)
    assert main(["again", str(tmp_path / "duality-seed0.json"), *options]) == 130
    assert folders == [None, tmp_path / "own", None, tmp_path]  # nothing there, nor where all are shipped: no folder


def test_a_run_in_a_checkout_writes_to_the_folder_where_one_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shipped = {path: path.stat().st_mtime_ns for path in results.SHIPPED.iterdir()}
    assert main(["run", "fig4", "--starts", "20", "--n", "2", "--N", "20", "--K", "9", "--quiet"]) == 0
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == ["fig4-seed0.json", "fig4-seed0.npz"]
    assert {path: path.stat().st_mtime_ns for path in results.SHIPPED.iterdir()} == shipped


def test_a_run_that_is_not_shipped_replaces_nothing_that_is(capsys):
    before = (results.SHIPPED / "xor-seed0.json").read_bytes()
    assert main(["run", "xor", "--n", "2", "--backend", "numpy", "--quiet", "--results", str(results.SHIPPED)]) == 2
    assert "holds what the package ships, and takes nothing but with --ship" in capsys.readouterr().err
    assert (results.SHIPPED / "xor-seed0.json").read_bytes() == before


def test_ship_takes_runs_at_paper_scale_with_the_parameters_that_are_shipped(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(results, "SHIPPED", tmp_path / "shipped")
    monkeypatch.setattr(results, "commit", lambda: "0123")
    common = ["--ship", "--quiet", "--backend", "numpy", "--results", str(tmp_path / "own")]
    small = ["--N", "20", "--K", "9", "--starts", "20", "--n", "2"]
    shutil.copytree(Path(dam.__file__).parent / "data" / "results", results.SHIPPED)
    assert main(["run", "xor", *common]) == 0
    assert capsys.readouterr().out.endswith(f"{tmp_path / 'shipped' / 'xor-seed0.json'}\n")
    assert results.load("xor").commit == results.load("xor", directory=tmp_path / "own").commit == "0123"
    for arguments, message in (
        (["xor", "--scale", "demo"], "--ship takes a run at paper scale"),
        (
            ["fig4", *small],
            "other parameters (N = 20, not 100, K = 9, not 2000, starts = 20, not 10000, n = [2], not [2",
        ),
        (["fig4", *small, "--seed", "77"], "starts = 20, not 10000"),
        (["fig5", "--n", "5", "--N", "20"], "n = 5, not 3, N = [20], not [50, 75, 100, 125, 150, 175, 200]"),
        (["mnist", "--n", "2", "--seed", "2"], "epochs = 3000, not 280"),
    ):
        assert main(["run", *arguments, *common]) == 2
        assert message in capsys.readouterr().err
    assert main(["run", "fig4", *small, "--seed", "77", *common, "--replace"]) == 0
    assert main(["run", "fig4", *small, "--seed", "77", *common]) == 0  # the same once more
    monkeypatch.setattr(results, "commit", lambda: "0123+")
    assert main(["run", "xor", *common]) == 2
    assert "by the committed code of a checkout" in capsys.readouterr().err
    content = json.loads((results.SHIPPED / "mnist-n3-seed2.json").read_text())
    monkeypatch.setattr(results, "commit", lambda: "0123")
    experiments.check_shipping("mnist", "paper", 3, **content["parameters"])  # as another seed
    with pytest.raises(ValueError, match="weights = False, not True"):
        experiments.check_shipping("mnist", "paper", 0, **content["parameters"])


def test_the_name_of_a_run_with_the_demo_sizes_at_paper_scale_says_so():
    sizes = {"N": (50, 70, 100)}
    assert experiments.plan("fig5", "paper", **sizes)[2] == "N100"
    assert experiments.plan("fig5", "demo", **sizes)[2] == experiments.plan("fig5", "demo")[2] == "demo"


def test_a_full_disk_at_the_end_loses_no_training(tmp_path, monkeypatch, capsys):
    """The checkpoint goes once the result is stored, and the same command with --resume stores it."""
    data = datasets.mnist()
    monkeypatch.setattr(datasets, "mnist", lambda: datasets.MNIST(*(array[:300] for array in data)))
    command = ["run", "mnist", "--scale", "demo", "--epochs", "2", "--K", "20", "--batch-per-class", "10", "--quiet"]
    command += ["--backend", "numpy", "--results", str(tmp_path)]

    lost = []

    def disk_full(result, folder):
        lost.append(result)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(results, "save", disk_full)
        assert main(command) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert main([*command, "--resume"]) == 0
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".npz"]
    found = results.load("mnist", "demo-n3-compressed", 0, tmp_path)
    assert found.values == lost[0].values, "the same seconds too: no epoch was trained again"


def test_numbers_in_a_list_may_be_integers_and_fractions():
    options = parser().parse_args(["run", "robustness", "--radii-linf", "0", "0.1", "--radii-l2", "1"])
    assert options.radii_linf == [0, 0.1] and [type(x) for x in options.radii_linf] == [int, float]
    assert options.radii_l2 == [1] and type(options.radii_l2[0]) is int
    options = parser().parse_args(["run", "foolbox", "--radii-l2", "0.5", "--n", "2"])
    assert options.radii_l2 == [0.5] and options.n == [2]
    assert type(parser().parse_args(["run", "basins", "--load", "1"]).load[0]) is float
    for name in experiments.NAMES:
        for scale in experiments.get(name).scales.values():
            given = {key: x for key, x in scale.items() if x is not None and not isinstance(x, bool)}
            texts = [
                text
                for key, x in given.items()
                for text in (f"--{key.replace('_', '-')}", *map(str, x if isinstance(x, tuple) else (x,)))
            ]
            found = parser().parse_args(["run", name, *texts])
            for key, x in given.items():
                assert repr(getattr(found, key)) == repr(list(x) if isinstance(x, tuple) else x)


def test_numbers_of_numpy_are_parameters(tmp_path):
    sizes = {"N": np.array([20, 24]), "starts": np.int64(30)}
    result = experiments.run("fig5", "demo", backend="numpy", folder=tmp_path, **sizes)
    assert result.parameters["N"] == [20, 24] and type(result.parameters["starts"]) is int
    assert experiments.store(result, tmp_path).name == "fig5-demo-N24-seed0.json"


@pytest.mark.parametrize("error", [FloatingPointError, OverflowError, ZeroDivisionError])
def test_errors_of_arithmetic_are_one_line(tmp_path, monkeypatch, capsys, error):
    def broken(*_, **__):
        raise error("too large")

    monkeypatch.setattr(experiments, "run", broken)
    assert main(["run", "xor", "--results", str(tmp_path)]) == 2
    assert re.fullmatch("python -m dam: .*too large.*\n", capsys.readouterr().err)


def test_parameters_beyond_floating_point(tmp_path, capsys):
    options = ["--scale", "demo", "--backend", "numpy", "--quiet", "--results", str(tmp_path)]
    assert main(["run", "fig5", "--n", "150", "--N", "200", *options]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["list"], ["--help"]])
def test_nobody_reads_the_output_to_its_end(arguments):
    nobody, pipe = os.pipe()
    os.close(nobody)
    done = subprocess.run([sys.executable, "-m", "dam", *arguments], check=False, stdout=pipe, stderr=subprocess.PIPE)
    os.close(pipe)
    assert done.stderr == b"" and (done.returncode == 141 or arguments == ["--help"])  # argparse says 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full disk here")
def test_the_output_goes_to_a_full_disk():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-m", "dam", "list"], check=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2 and re.fullmatch(rb"python -m dam: .*No space left on device.*\n", done.stderr)


C = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


@pytest.mark.parametrize(
    ("name", "environment"),
    [("list", {"PYTHONIOENCODING": "cp1252"}), ("claims", C)],
)
def test_a_terminal_without_greek(name, environment):
    command = [sys.executable, "-m", "dam", name]
    done = subprocess.run(command, check=False, capture_output=True, env=os.environ | environment)
    assert done.returncode == 0 and done.stderr == b"" and rb"\u" in done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_every_command_prints_on_any_terminal(encoding, tmp_path, monkeypatch):
    """Called as a function too, where the output stays as strict as it was."""
    output = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    monkeypatch.setattr(sys, "stdout", output)
    options = ["--quiet", "--backend", "numpy", "--results", str(tmp_path / "Größe ξ")]
    for command in (["list"], ["claims"], ["run", "xor", *options], ["again", "xor-seed0", *options]):
        assert main(command) == 0
    assert rb"\u" in output.buffer.getvalue()
    with pytest.raises(SystemExit):
        main(["run", "fig5", "--help"])
    assert output.errors == "strict"


def test_where_the_output_is_that_of_a_notebook(monkeypatch):
    monkeypatch.setattr(sys, "stdout", shown := io.StringIO())
    assert main(["claims"]) == 0 and "ξ" in shown.getvalue() + "ξ"
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["list"]) == 0


def test_two_runs_of_one_name_at_the_same_time(tmp_path, capsys):
    command = ["run", "xor", "--quiet", "--backend", "numpy", "--results", str(tmp_path)]
    with experiments.alone(tmp_path, "xor-seed0"):
        assert main(command) == 2
        said = f"another run computes xor-seed0 for {tmp_path} now; let it end, or choose another folder with --results"
        assert said in capsys.readouterr().err
        assert main([*command, "--seed", "1"]) == 0
    assert main(command) == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"xor-seed{seed}.{ending}" for seed in (0, 1) for ending in ("json", "npz")]


def test_a_result_that_cannot_be_stored_is_kept_elsewhere(tmp_path, monkeypatch, capsys):
    write, full = files.write_together, tmp_path / "full"

    def disk_full(contents):
        if any(path.parent == full for path in contents):
            raise OSError(28, "No space left on device")
        write(contents)

    monkeypatch.setattr(files, "write_together", disk_full)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main(["run", "xor", "--quiet", "--backend", "numpy", "--results", str(full)]) == 2
    said = capsys.readouterr().err
    assert "No space left on device; this result is kept in " in said
    assert results.read(said.split(" ")[-1].strip()).name == "xor-seed0"


def test_a_gpu_asked_for_where_none_works(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    dam.arrays._cupy.cache_clear()
    assert main(["run", "xor", "--backend", "cupy", "--results", str(tmp_path)]) == 2
    dam.arrays._cupy.cache_clear()
    assert "backend asks for cupy, but CuPy is not installed" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["fig2", "duality", "table", "transfer", "rubbish"])
def test_networks_of_another_training_are_as_much_the_papers(name):
    experiment, parameters, _ = experiments.plan(name, "paper", network_seed=1)
    assert experiment.changed(experiment.stored(parameters)) == {}
    found = [verdict for verdict in claims.judge_stored() if verdict.experiment == name]
    assert found and all(verdict.seeds == 2 and not verdict.left for verdict in found)
