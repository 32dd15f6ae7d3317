"""What several experiments share, on small arrays."""

import numpy as np
import pytest

import dam
from dam.lab import common


def test_flipped_flips_as_many_spins_as_it_says():
    xi = dam.random_patterns(6, 40, 0)
    assert np.all((common.flipped(xi, 7, np.random.default_rng(1)) != xi).sum(axis=1) == 7)
    flips = np.array([0, 1, 2, 10, 39, 40])
    assert ((common.flipped(xi, flips[:, None], np.random.default_rng(1)) != xi).sum(axis=1) == flips).all()


def test_outcomes_of_a_sweep_find_their_place_in_the_grid():
    found = [{"a": 10 * i + j, "b": np.full(3, j)} for i in range(2) for j in range(4)]
    arrays = common.stacked(found, 2, 4)
    assert arrays["a"].tolist() == [[0, 1, 2, 3], [10, 11, 12, 13]]
    assert arrays["b"].shape == (2, 4, 3) and np.all(arrays["b"][:, 2] == 2)
    parts = common.parted(found, ["first", "second"])
    assert [one["a"] for one in parts["second"]] == [10, 11, 12, 13]


def test_digits_are_drawn_once_each_and_in_order():
    digits = common.drawn("images", 50, 60, 3)
    assert len(set(digits)) == 50 and np.all(np.diff(digits) > 0) and digits.max() < 60
    with pytest.raises(ValueError, match="images must be a number from 1 to 60, got 61"):
        common.drawn("images", 61, 60, 3)


def test_a_missing_library_and_a_gpu_are_refused():
    assert common.library("test", "", "math")[0].pi > 3
    with pytest.raises(RuntimeError, match=r"this needs X; install it with pip install x y"):
        common.library("x y", "this needs X; install it", "no_such_module")
    with pytest.raises(ValueError, match="X runs on the CPU, got backend 'cupy'"):
        common.on_cpu("cupy", "X runs on the CPU")
