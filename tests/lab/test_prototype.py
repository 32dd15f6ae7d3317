"""Examples of prototypes: every share against loops over eqs. (2) and (4), on small sets."""

import numpy as np
import pytest

from dam import random_patterns
from dam.lab import experiments, results
from dam.lab.common import flipped
from dam.lab.experiments import prototype

CALL = {"N": 30, "prototypes": 3, "examples": 4, "damage": 0.2, "fresh": 3, "sets": 3}


def energy(state, xi, n):
    """Eq. (2) with eq. (3)."""
    return -sum(max(int(row @ state), 0) ** n for row in xi)


def fixed(state, xi, n):
    """No single flip lowers the energy."""
    flips = state * (1 - 2 * np.eye(len(state), dtype=int))
    return all(energy(other, xi, n) >= energy(state, xi, n) for other in flips)


@pytest.mark.parametrize("n", [2, 5, 20])
def test_shares_against_loops(n):
    found = prototype.point(seed=3, n=n, backend="numpy", **CALL)
    for number in range(3):
        rng = np.random.default_rng([3, number])
        hidden = random_patterns(3, 30, rng).astype(int)
        shown = flipped(np.repeat(hidden, 4, axis=0), 6, rng)
        assert np.all(np.sum(shown != np.repeat(hidden, 4, axis=0), axis=1) == 6)
        assert found["kept"][number] == pytest.approx(np.mean([fixed(one, shown, n) for one in shown]))
        assert found["stable"][number] == pytest.approx(np.mean([fixed(one, shown, n) for one in hidden]))
        pairs = [energy(hidden[k // 4], shown, n) < energy(one, shown, n) for k, one in enumerate(shown)]
        assert found["familiar"][number] == pytest.approx(np.mean(pairs))


def test_where_fresh_examples_end():
    """One prototype with many examples is found at n = 2; of two far apart examples the nearer one at n = 30."""
    many = prototype.point(seed=0, n=2, backend="numpy", **(CALL | {"prototypes": 1, "examples": 40, "fresh": 20}))
    assert np.all(many["general"] == 1) and np.all(many["example"] == 0) and np.all(many["kept"] == 0)
    few = prototype.point(seed=0, n=30, backend="numpy", **(CALL | {"N": 200, "examples": 2, "damage": 0.3}))
    assert np.all(few["general"] == 0) and np.all(few["example"] == 1) and np.all(few["kept"] == 1)
    for n in (2, 10):
        same = prototype.point(seed=0, n=n, backend="numpy", **(CALL | {"prototypes": 1, "damage": 0.0}))
        assert all(np.all(same[name] == 1) for name in ("kept", "stable", "general", "example"))
        assert np.all(same["familiar"] == 0)  # no energy is lower than its own


def test_same_seed_same_result_and_means_over_sets():
    one, again, other = (experiments.run("prototype", seed=s, backend="numpy", n=(2, 6), **CALL) for s in (1, 1, 2))
    assert one.values == again.values != other.values
    assert one.arrays["kept"].shape == (2, 3) and one.values["kept_n6"] == one.arrays["kept"][1].mean()


def test_the_trade_is_the_lesser_of_two_changes():
    result = experiments.run("prototype", backend="numpy", n=(2, 30), **CALL)
    result.values |= {"kept_n2": 0.1, "kept_n30": 0.9, "general_n2": 0.7, "general_n30": 0.1}
    assert prototype.trade(result) == pytest.approx(60)
    result.values |= {"kept_n30": 0.5}
    assert prototype.trade(result) == pytest.approx(40)


def test_the_stored_result_is_what_the_code_computes():
    stored = results.load("prototype")
    parameters = {key: x for key, x in stored.parameters.items() if key not in ("n", "sets")}
    found = prototype.point(seed=0, n=6, sets=1, backend="numpy", **parameters)
    row = stored.parameters["n"].index(6)
    assert all(found[name][0] == stored.arrays[name][row, 0] for name in found)
