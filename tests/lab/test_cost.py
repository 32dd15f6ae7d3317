"""The experiment on the cost of a flip: what it counts, and what it hands back. No test looks at a time."""

import math

import numpy as np
import pytest

import dam
from dam import memory
from dam.lab import experiments
from dam.lab.experiments import cost
from dam.memory import _dynamics

TINY = {"S": (2, 5), "K": (7, 12), "N": (10, 15), "n": (2, 3), "central": (5, 12, 15, 3), "max_flips": 2, "repeats": 1}


def slow_run(state, xi, F, rng):
    """Return every state of one run of eq. (4): a random one of the unstable spins flips, until none is unstable."""
    states = [state]
    while True:
        state, unstable = states[-1], []
        for i in range(len(state)):
            rest = xi @ state - xi[:, i] * state[i]
            if np.sum(F(rest + xi[:, i]) - F(rest - xi[:, i])) * state[i] < 0:
                unstable.append(i)
        if not unstable:
            return states
        i = unstable[int(rng.random() * len(unstable))]
        states.append(np.where(np.arange(len(state)) == i, -state, state))


@pytest.mark.parametrize("F", [dam.Polynomial(3), dam.RectifiedPolynomial(4)], ids=str)
def test_rows_are_the_flips_of_every_trajectory_and_one_more_a_state(F, monkeypatch):
    rng = np.random.default_rng(2)
    xi, sigma = dam.random_patterns(30, 14, rng), dam.random_patterns(6, 14, rng)
    monkeypatch.setattr(_dynamics, "batches_of", lambda sigma, width: [state[None, :] for state in sigma])
    runs = [slow_run(state, xi, F, stream) for state, stream in zip(sigma, np.random.default_rng(8).spawn(6))]
    final = memory.retrieve(sigma, xi, F, 8)
    assert np.array_equal(final, [states[-1] for states in runs])  # the same flips, one state to a batch
    flips = [len(states) - 1 for states in runs]
    assert cost.count_rows(sigma, xi, F, 8) == sum(flips) + 6 and max(flips) > 2
    assert cost.count_rows(sigma, xi, F, 8, max_flips=2) == sum(min(number, 2) for number in flips) + 6
    assert np.array_equal(sigma, [states[0] for states in runs])


def test_format_of_the_result():
    result = experiments.run("cost", "demo", backend="numpy", **TINY)
    assert set(result.values) == {*(f"exponent_{x}" for x in "SKNn"), "microseconds_per_flip", "ratio_products"}
    assert all(math.isfinite(value) for value in result.values.values())
    for x in "SKNn":
        assert result.arrays[x].tolist() == list(TINY[x])
        for what in ("seconds", "products"):
            times = result.arrays[f"{what}_per_flip_{x}"]
            assert times.shape == (2,) and np.all(times > 0)
    central = {result.arrays[f"seconds_per_flip_{x}"][TINY[x].index(value)] for x, value in zip("SKNn", (5, 12, 15, 3))}
    assert len(central) == 1 and 1e6 * central.pop() == pytest.approx(result.values["microseconds_per_flip"])


def test_times_are_divided_by_the_flips_and_medians_are_taken(monkeypatch):
    clock = iter([1.0, 9.0, 2.0])
    monkeypatch.setattr(cost, "_seconds", lambda *arguments: next(clock))
    monkeypatch.setattr(cost, "products", lambda rows, sigma, xi: rows * 0.5)
    monkeypatch.setattr(cost, "count_rows", lambda *arguments: 25)
    one = {"S": (5,), "K": (12,), "N": (15,), "n": (3,), "repeats": 3}
    result = experiments.run("cost", "demo", backend="numpy", **(TINY | one))
    assert result.arrays["seconds_per_flip_K"].tolist() == [2.0 / 20]  # the median, over 25 - 5 flips
    assert result.arrays["products_per_flip_K"].tolist() == [12.5 / 20]
    assert result.values["ratio_products"] == 2.0 / 12.5 and math.isnan(result.values["exponent_K"])


def test_exponents_are_those_of_the_times(monkeypatch):
    monkeypatch.setattr(cost, "_seconds", lambda sigma, xi, F, seed, most: len(sigma) * len(xi) * xi.shape[1] ** 2.0)
    monkeypatch.setattr(cost, "count_rows", lambda sigma, *others: 3 * len(sigma))
    values = experiments.run("cost", "demo", backend="numpy", **TINY).values
    found = [values[f"exponent_{x}"] for x in "SKNn"]
    assert found == pytest.approx([0, 1, 2, 0], abs=1e-9)


def test_products_do_as_many_rows_as_asked(monkeypatch):
    rows, matmul = [], np.matmul

    class Namespace:
        """NumPy, whose products are counted."""

        def __getattr__(self, name):
            return getattr(np, name)

        def matmul(self, A, B, out):
            rows.append(len(A))
            return matmul(A, B, out=out)

    monkeypatch.setattr(cost, "array_namespace", lambda **arrays: Namespace())
    sigma, xi = dam.random_patterns(100, 8, 0), dam.random_patterns(20, 8, 1)
    monkeypatch.setattr(cost, "batches_of", lambda sigma, width: [sigma[:50], sigma[50:]])
    monkeypatch.setattr(cost.os, "cpu_count", lambda: 4)
    assert cost.products(1000, sigma, xi) > 0
    assert set(rows) == {50} and sum(rows) == 1000 + 2 * 50  # two batches on two threads, and each once to warm up


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"central": (5, 12, 15)}, "central must hold the four numbers S, K, N and n"),
        ({"K": (0, 12)}, "K must be an integer of at least 1, got 0"),
        ({"repeats": 0}, "repeats must be an integer of at least 1"),
        ({"max_flips": 0}, "max_flips must be an integer of at least 1"),
        ({"central": (1, 1, 1, 2)}, r"no state flips at \(S, K, N, n\) = \(1, 1, 1, 2\)"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        experiments.run("cost", "demo", backend="numpy", **(TINY | change))
