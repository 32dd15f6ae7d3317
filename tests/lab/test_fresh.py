"""Claims over fresh seeds: counts against the stored measures, what is left out of a run, and the mark of luck."""

from types import SimpleNamespace

import numpy as np
import pytest

from dam.figures import verdicts
from dam.lab import claims, experiments, results
from dam.lab.experiments import fig4, fresh
from dam.lab.verdicts import Claim, Verdict, covers, every, measured

SHIPPED = results.load_all("fresh")
SMALL = {"N": 20, "K": 12, "starts": 40}


def drawn(*, experiment, variant, seed, **_):
    """A point that computes nothing: random measures about the bounds of the rules, one of them undecided."""
    rng = np.random.default_rng(seed)
    names = [claim.name for claim in fresh.judged(experiment) if claim.variant == variant]
    return {name: float("nan") if seed == 101 else float(rng.choice([0, 2, 60, 100])) for name in names}


def here(point, tasks):
    return [point(**task) for task in tasks]


def test_counts_are_those_of_the_measures_of_each_seed():
    counts = {"fig4": 4, "fig5": 2}
    values, arrays = fresh.run(
        seed=0, of=tuple(counts), seeds=tuple(counts.values()), at="demo", sweep=lambda _, tasks: here(drawn, tasks)
    )
    for name, count in counts.items():
        assert arrays[f"seeds_{name}"].tolist() == list(range(100, 100 + count))
        for claim in fresh.judged(name):
            numbers = arrays[f"{name}/{claim.name}"].tolist()
            each = [drawn(experiment=name, variant=claim.variant, seed=100 + k)[claim.name] for k in range(count)]
            assert str(numbers) == str(each)  # as text, in which NaN equals NaN
            if claim.name.startswith("half-exponent"):  # its rule needs an interval over seeds
                assert f"held_{name}/{claim.name}" not in values
            else:
                met = [x for k, x in enumerate(numbers) if k != 1 and claim.holds([x])]
                assert values[f"held_{name}/{claim.name}"] == len(met)
    assert 0 < values["held_fig4/peak-power-n4"] < 4


def test_all_experiments_run_with_one_seed_before_one_runs_with_the_next():
    tasks = []

    def noted(**task):
        tasks.append(task)
        return drawn(**task)

    fresh.run(seed=1, of=("fig5", "rules"), seeds=(1, 2), at="demo", sweep=lambda _, listed: here(noted, listed))
    told = [(task["experiment"], task["variant"], task["seed"]) for task in tasks]
    assert told == [("fig5", "", 200), ("fig5", "n2", 200), ("fig5", "n4", 200), ("rules", "", 200), ("rules", "", 201)]


def test_a_point_measures_what_the_experiment_gives_with_that_seed(monkeypatch):
    run, asked = experiments.run, []

    def small(name, scale, seed, backend, **changes):
        asked.append((name, scale, seed, changes))
        return run(name, scale, seed, backend, **SMALL)

    monkeypatch.setattr(experiments, "run", small)
    found = fresh.point(experiment="fig4", variant="", at="demo", seed=103, backend="numpy")
    result = run("fig4", "demo", 103, "numpy", **SMALL)
    assert asked == [("fig4", "demo", 103, {})]
    assert found == {claim.name: claim.measure(result) for claim in fig4.CLAIMS}
    with pytest.raises(ValueError, match="n = 9 has no sizes"):
        monkeypatch.setattr(experiments, "run", run)
        fresh.point(experiment="fig5", variant="n9", at="paper", seed=103, backend="numpy")


def test_what_is_asked_must_be_there():
    with pytest.raises(ValueError, match="of must be one of classical, .*, got 'mnist'"):
        experiments.run("fresh", "demo", of=("mnist",), seeds=(2,))
    with pytest.raises(ValueError, match="of must name some of classical, .* a number for each; got"):
        experiments.run("fresh", "demo", of=("fig4", "fig5"), seeds=(2,))
    with pytest.raises(ValueError, match=r"seeds must be .*, got 101"):
        experiments.run("fresh", "demo", seeds=(101,))


@pytest.mark.parametrize(
    ("numbers", "holds", "text", "lucky"),
    [
        ([0, 1, 0, 1], True, "2 of 4", True),
        ([1, 1, 1, np.nan], True, "3 of 4", True),
        ([1, 1, 1], True, "3 of 3", False),
        ([0, 0, 0], True, "0 of 3", True),
        ([0, 0, 0], False, "0 of 3", False),
        ([1, 0, 0], False, "1 of 3", True),
        ([1, 0], None, "1 of 2", False),
        ([], True, "", False),
    ],
)
def test_a_claim_that_depends_on_luck_is_marked(numbers, holds, text, lucky):
    claim = Claim("even", "here", "half of the seeds are odd", "it is 1", None, every(0.5, 1.5))
    verdict = Verdict(claim, "fig4", 3, 0.5, 0.5, holds)
    stored = SimpleNamespace(experiment="fresh", variant="", arrays={"fig4/even": np.array(numbers, float)})
    mark = "depends on luck" * lucky
    assert fresh.found(verdict, stored) == (text, mark)
    assert fresh.found(verdict, None) == ("", "")
    told = claims.text([verdict], stored)
    assert (f"    fresh: {text}{', depends on luck' * lucky}\n" in told) if text else ("fresh" not in told)
    row = verdicts.item(*verdicts.rows([verdict]), [stored])
    linked = f'<a href="provenance.html#results-fresh">{text}{f", {mark}" * lucky}</a></dd>'
    assert (linked in row) == bool(text) and (f"<span>{mark}</span>" in row) == lucky


def test_a_rule_over_several_seeds_is_judged_on_all_fresh_ones():
    claim = Claim("near", "here", "it is 2", "the interval contains 2", None, covers(2), least=2)
    stored = SimpleNamespace(arrays={"fig4/near": np.array([1.9, 2.1, 2.05])})
    found = [fresh.found(Verdict(claim, "fig4", 3, 2.0, 0.1, holds), stored) for holds in (True, False)]
    assert found == [("holds on 3 together", mark) for mark in ("", "depends on luck")]
    alone = SimpleNamespace(arrays={"fig4/near": np.array([2.0])})
    assert fresh.found(Verdict(claim, "fig4", 3, 2.0, 0.1, True), alone) == ("", "")


def test_rules_of_one_seed_can_be_judged_on_one():
    for name in fresh.COUNTS:
        for claim in fresh.judged(name):
            if claim.least == 1:
                tried = [claim.holds([x]) for x in (*np.linspace(0, 3, 601), *range(101))]
                assert any(tried) and not all(tried), f"{name}/{claim.name}"


@pytest.mark.parametrize("stored", SHIPPED, ids=lambda stored: stored.name)
def test_what_is_stored(stored):
    assert stored.parameters["at"] == "paper" and stored.commit[-1:] not in ("", "+")
    for name, count in zip(stored.parameters["of"], stored.parameters["seeds"]):
        seeds = stored.arrays[f"seeds_{name}"].tolist()
        assert len(set(seeds)) == count
        assert not set(seeds) & {run.seed for run in results.stored() if run.experiment == name}
        for claim in fresh.judged(name):
            numbers = stored.arrays[f"{name}/{claim.name}"].tolist()
            assert len(numbers) == count
            if claim.least == 1:
                assert stored.values[f"held_{name}/{claim.name}"] == sum(bool(claim.holds([x])) for x in numbers)


def test_fresh_seeds_are_shipped():
    assert [stored.name for stored in SHIPPED] == ["fresh-seed0"]


@pytest.mark.long
@pytest.mark.parametrize("name", fresh.NEEDED)
def test_what_is_left_out_changes_no_measure(name):
    found = fresh.point(experiment=name, variant="", at="paper", seed=0, backend="numpy")
    whole = results.load(name)
    assert found == pytest.approx({claim.name: measured(claim, whole) for claim in fresh.judged(name)}, rel=1e-12)
