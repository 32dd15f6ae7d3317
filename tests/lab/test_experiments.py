"""Experiments, claims and the command line, at sizes that take a moment."""

import json
import subprocess
import sys

import numpy as np
import pytest

import dam
from dam.__main__ import main
from dam.lab import claims, experiments, results, verdicts
from dam.lab.experiments import classical, fig4, fig5
from dam.memory import theory
from dam.memory.retrieval import hebbian

SMALL = {
    "basins": {"n": (2, 3), "N": 24, "K": (4, 10), "load": (0.5,), "step": 4, "cues": 20},
    "classical": {"N": (60, 120), "alpha": (0.05, 0.15, 0.4), "starts": 10},
    "errors": {"n": (2, 3), "N": (12, 20), "load": (0.5, 1.0, 2.0), "bits": 2000},
    "fig4": {"N": 20, "K": 30, "starts": 40, "n": (2, 3, 4, 5, 6)},
    "fig5": {"N": (20, 30), "starts": 60},
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
    for kind in fig4.KINDS:
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
        K_half, points = fig5.half_crossing(fraction, start, 4000, 0.01)
        assert K_half == pytest.approx(777.3, abs=4)
        assert [K for K, _ in points] == sorted(K for K, _ in points)
    assert np.isnan(fig5.half_crossing(lambda K: 1.0, 5, 100, 0.01)[0])
    assert np.isnan(fig5.half_crossing(lambda K: 0.0, 5, 100, 0.01)[0])


def test_fig5_theory_column():
    result = experiments.run("fig5", "demo", seed=0, backend="numpy", **SMALL["fig5"])
    assert result.arrays["K_theory"].tolist() == [theory.capacity_no_errors(N, 3) for N in (20, 30)]
    for kind in fig4.KINDS:
        assert set(result.arrays[f"tried_{kind}"][:, 0]) == {20, 30}


def test_unstable_bits_against_loops():
    xi = dam.random_patterns(9, 15, 4)
    slow = [
        sum(sum(sum(p[i] * p[j] for p in xi) * row[j] for j in range(15) if j != i) * row[i] < 0 for i in range(15))
        for row in xi
    ]
    assert classical.unstable_bits(xi, hebbian(xi)).tolist() == slow
    assert sum(slow) > 0


def test_level_crossing():
    assert classical.crossing([0, 1, 2], [1.0, 0.8, 0.4], 0.6) == pytest.approx(1.5)
    assert classical.crossing([0, 1, 2], [0.0, 0.5, 1.0], 0.25) == pytest.approx(0.5)
    assert np.isnan(classical.crossing([0, 1], [1.0, 0.9], 0.5))


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


def test_every_experiment_says_what_it_is():
    for name in experiments.NAMES:
        module = experiments.module(name)
        assert set(module.SCALES) == set(module.SECONDS) == {"demo", "paper"}
        assert set(module.SCALES["demo"]) == set(module.SCALES["paper"])
        assert module.SUMMARY and module.run.__doc__


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
    assert "[fails] xor: power-odd" in claims.text(broken) and "1 fail" in claims.text(broken)
    assert ">fails</td>" in claims.table(broken)._repr_html_()


def test_a_claim_without_results_is_not_judged(tmp_path):
    stored = claims.judge_stored(tmp_path)
    assert len(stored) == sum(len(claims.of(name)) for name in claims.CLAIMS)
    assert {v.word for v in stored} == {"not judged: no stored result"}
    with pytest.raises(FileNotFoundError, match="there is no folder .*nowhere"):
        claims.judge_stored(tmp_path / "nowhere")


def test_claims_on_results_that_lack_what_they_need_are_not_judged(tmp_path):
    part = experiments.run("fig4", "demo", backend="numpy", n=(2, 3))
    found = {v.claim.name: v.holds for v in claims.judge("fig4", [part])}
    assert found["not-recalled-power-n2"] is not None and found["all-recalled-power-n5"] is None
    xor = experiments.run("xor", n=(3, 4))
    assert {v.holds for v in claims.judge("xor", [xor])} == {None}
    small = experiments.run("errors", "demo", backend="numpy", N=(25, 30), n=(2,))
    assert {v.holds for v in claims.judge("errors", [small]) if "n2" not in v.claim.name} == {None}


def test_on_the_results_of_the_package_only_the_final_errors_are_not_judged():
    undecided = {v.claim.name for v in claims.judge_stored() if v.holds is None}
    assert undecided == {f"test-error-n{n}" for n in (2, 3, 20, 30)}


def test_a_short_training_is_not_judged_on_the_final_error():
    claim = next(c for c in claims.of("mnist") if c.name == "test-error-n3")
    run = experiments.run("xor", "demo", backend="numpy")
    run.variant, run.values = "n3", {"epochs": 2999, "test_error_percent": 1.5}
    verdict = verdicts.verdict(claim, "mnist", [run])
    assert verdict.holds is None and "fewer than the paper's 3000 epochs" in verdict.word
    run.values["epochs"] = 3000
    assert verdicts.verdict(claim, "mnist", [run]).holds is True
    run.values["test_error_percent"] = 1.60
    assert verdicts.verdict(claim, "mnist", [run]).holds is False


def test_a_failing_claim_says_why():
    result = experiments.run("fig4", "demo", seed=0, backend="numpy", N=20, K=30, starts=40)
    result.arrays["overlap_rectified_n5"][0] = 12
    verdict = next(v for v in claims.judge("fig4", [result]) if v.claim.name == "all-recalled-rectified-n5")
    assert verdict.holds is False and verdict.word == "fails: " + verdict.claim.reason
    assert "mixtures of three memories" in claims.text([verdict])


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
    assert main(["claims", "--results", str(tmp_path)]) == 0
    assert "0 hold, 0 fail" in capsys.readouterr().out
    result = experiments.run("xor", "paper", backend="numpy")
    results.save(result, tmp_path)
    assert main(["claims", "--results", str(tmp_path)]) == 0
    result.values["solved_power_n3"] = False
    results.save(result, tmp_path)
    assert main(["claims", "--results", str(tmp_path)]) == 1
    assert "[fails] xor: power-odd" in capsys.readouterr().out


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


def test_a_gpu_asked_for_where_none_works(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    dam.arrays._cupy.cache_clear()
    assert main(["run", "xor", "--backend", "cupy", "--results", str(tmp_path)]) == 2
    dam.arrays._cupy.cache_clear()
    assert "backend asks for cupy, but CuPy does not import" in capsys.readouterr().err
