"""Completion of digits: the cues, and every protocol against slow sums on small sets."""

import numpy as np
import pytest

import dam
from dam.lab import experiments
from dam.lab.experiments import completion


@pytest.fixture(scope="module")
def stored():
    return completion.digits(30, 0)


def test_digits_are_binarized_training_digits_without_copies(stored):
    ink = dam.datasets.mnist().x_train > 0
    assert stored.shape == (30, 784) and set(np.unique(stored)) == {-1.0, 1.0}
    assert all(np.any(np.all((row > 0) == ink, axis=1)) for row in stored[:3])
    assert len(np.unique(completion.digits(3000, 1), axis=0)) == 3000
    np.testing.assert_array_equal(completion.digits(12, 0), stored[:12])


def test_copies_are_left_out(monkeypatch):
    few = np.random.default_rng(0).random((6, 784)) < 0.5
    monkeypatch.setattr(completion, "_ink", lambda: few[[0, 1, 0, 2, 2, 1]])
    assert len(np.unique(completion.digits(3, 0), axis=0)) == 3
    with pytest.raises(ValueError, match="K must be at most 3, the number of different training digits, got 4"):
        completion.digits(4, 0)


def test_half_keeps_the_upper_rows(stored):
    cues = completion.half(stored, 0.0).reshape(-1, 28, 28)
    np.testing.assert_array_equal(cues[:, :14], stored.reshape(-1, 28, 28)[:, :14])
    assert np.all(cues[:, 14:] == 0) and np.all(stored != 0)


def by_sums(kind, parameter, xi, seen):
    """The lower half by one update of every unknown neuron, Sign Σ_μ ξ_i^μ f(ξ^μ·v), one neuron at a time."""
    known, answer = xi[seen, : completion.KNOWN], xi[seen].copy()
    scores = [sum(float(a * b) for a, b in zip(row[: completion.KNOWN], known)) for row in xi]
    top = max(scores)
    f = [(s / top) ** (parameter - 1) * (s > 0) if kind == "power" else np.exp(parameter * (s - top)) for s in scores]
    for i in range(completion.KNOWN, 784):
        answer[i] = np.sign(sum(row[i] * weight for row, weight in zip(xi, f)))
    return answer


@pytest.mark.parametrize(("kind", "parameter"), [("power", 10), ("power", 100), ("exp", 0.01), ("exp", 1.0)])
def test_a_point_counts_what_the_sums_complete(stored, kind, parameter):
    found = completion.point(seed=0, K=30, kind=kind, parameter=parameter, cues=3, given=6, backend="numpy")
    slow = np.array([by_sums(kind, parameter, stored, s) for s in range(6)])
    wrong = slow != stored[:6]
    assert found["complete_given"] == np.mean(~wrong.any(axis=1))
    assert found["wrong_given"] == pytest.approx(wrong[:, completion.KNOWN :].mean())
    assert ("settled" in str(sorted(found))) == (kind == "exp")
    if parameter in (100, 1.0):
        assert found["complete_given"] == 1
    else:
        assert found["wrong_given"] > 0


def test_covered_ends_where_slow_dynamics_ends(stored):
    """At β = 1 all that is left of the sum is the nearest memory: the end is the digit nearest to the covered cue."""
    found = completion.point(seed=0, K=30, kind="exp", parameter=1.0, cues=30, given=2, backend="numpy")
    distance = np.array([[np.sum(a != b) for b in stored] for a in completion.half(stored, -1.0)])
    right = np.array([np.flatnonzero(row == row.min())[0] == s for s, row in enumerate(distance)])
    assert found["nearest_covered"] == right.mean() == pytest.approx(found["complete_covered"], abs=0.1)
    assert found["stored_covered"] == 1 and 0 < found["nearest_covered"] <= 1


def test_the_experiment_places_every_point():
    result = experiments.run(
        "completion", "demo", seed=2, backend="numpy", K=(20, 40), n=(2, 60), beta=(1.0,), cues=5, given=20
    )
    found = result.arrays
    assert found["complete_given_power"].shape == (2, 2) and found["complete_settled_exp"].shape == (2, 1)
    one = completion.point(seed=2, K=40, kind="power", parameter=60, cues=5, given=20, backend="numpy")
    for name in ("complete_covered", "wrong_given", "stored_covered"):
        assert found[f"{name}_power"][1, 1] == one[name]
    assert result.values["nearest_given_K40"] == one["nearest_given"] == 1
    assert np.all(found["complete_settled_exp"] == 1) and np.all(found["first"] == 1) and np.all(found["updates"] < 10)
    assert np.all(found["complete_given_power"][:, 0] < found["complete_given_power"][:, 1])
    assert not any(np.isnan(array).any() for array in found.values())


def test_bad_input():
    with pytest.raises(ValueError, match="K must be an integer of at least 2, got 1"):
        experiments.run("completion", "demo", K=(1,))
    with pytest.raises(MemoryError, match="K = 1000000000 digits needs about"):
        experiments.run("completion", "demo", K=(10**9,))
    with pytest.raises(ValueError, match="beta must be a number from"):
        experiments.run("completion", "demo", K=(5,), n=(2,), beta=(-1.0,), cues=2, given=2, backend="numpy")


@pytest.mark.parametrize(("kind", "parameter"), [("power", 20), ("exp", 0.05)])
def test_the_stored_result_is_what_the_code_computes(kind, parameter):
    stored = dam.lab.results.load("completion")
    sizes, columns = stored.parameters["K"], stored.parameters["n" if kind == "power" else "beta"]
    counts = {"cues": 2, "given": stored.parameters["given"]}
    found = completion.point(seed=0, K=sizes[0], kind=kind, parameter=parameter, backend="numpy", **counts)
    for name in ("complete_given", "wrong_given", "stored_given"):
        expected = stored.arrays[f"{name}_{kind}"][0, columns.index(parameter)]
        assert found[name] == pytest.approx(expected, abs=1e-4) and expected > 0
