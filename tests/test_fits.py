"""Fits against data made to order, and intervals against their definition by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam import fits


@given(st.floats(-4, 4), st.floats(0.1, 10))
def test_exponent_of_an_exact_power_law(b, a):
    x = np.array([2.0, 3.0, 5.0, 11.0])
    assert fits.exponent(x, a * x**b) == pytest.approx(b, abs=1e-9)


def test_exponent_is_the_least_squares_slope_set_by_set():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(1, 9, 6), rng.uniform(1, 9, (3, 6))
    slopes = [np.polyfit(np.log(x), np.log(row), 1)[0] for row in y]
    np.testing.assert_allclose(fits.exponent(x, y), slopes)


def test_interval_covers_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(1)
    for level in (0.5, 0.95):
        found = [fits.interval(rng.normal(3, 2, 5), level) for _ in range(4000)]
        share = np.mean([abs(mean - 3) <= half for mean, half in found])
        assert abs(share - level) < 5 * np.sqrt(level * (1 - level) / 4000)
    assert fits.interval([2.0])[0] == 2 and np.isnan(fits.interval([2.0])[1])
    assert fits.interval([1.0, 3.0]) == pytest.approx((2.0, 12.706), abs=1e-3)  # 12.706 = t_0.975 with one degree


@given(st.floats(0.1, 0.2), st.floats(0.5, 3), st.floats(0.3, 1.5))
def test_limit_of_an_exact_law(y_infinite, a, b):
    N = np.array([250, 500, 1000, 2000, 4000])
    assert fits.limit(N, y_infinite + a * N**-b) == pytest.approx((y_infinite, a, b), rel=2e-2)


def test_level_crossing():
    assert fits.crossing([0, 1, 2], [1.0, 0.8, 0.4], 0.6) == pytest.approx(1.5)
    assert fits.crossing([0, 1, 2], [0.0, 0.5, 1.0], 0.25) == pytest.approx(0.5)
    assert np.isnan(fits.crossing([0, 1], [1.0, 0.9], 0.5))
    overlap = np.array([1, 0.5, 0.0])
    assert fits.crossing(overlap, np.array([1, 0.75, 0.25]), 0.5) == pytest.approx(0.25)
    assert np.isnan(fits.crossing(overlap, np.array([1, 0.9, 0.6]), 0.5))
    assert np.isnan(fits.crossing(overlap, np.array([0.2, 0.1, 0]), 0.5))


@given(st.lists(st.integers(0, 8), min_size=2, max_size=9), st.integers(0, 8))
def test_level_crossing_is_where_the_curve_has_the_level(y, level):
    x = np.arange(len(y)) ** 1.5
    found = fits.crossing(x, y, level)
    above = [value >= level for value in y]
    assert np.isnan(found) == (len(set(above)) == 1)
    if not np.isnan(found):
        assert np.interp(found, x, y) == pytest.approx(level)
        assert len(set(above[: np.searchsorted(x, found - 1e-9)])) <= 1  # no earlier one


def test_bad_input():
    with pytest.raises(ValueError, match=r"x must hold at least two different values, got 5 only"):
        fits.exponent([5, 5], [1, 2])
    with pytest.raises(ValueError, match=r"sequences of the same length, got shapes \(2,\) and \(3,\)"):
        fits.crossing([1, 2], [1, 2, 3], 0.5)
    with pytest.raises(ValueError, match="at least two points each"):
        fits.exponent([1], [1])
    with pytest.raises(ValueError, match="must be positive"):
        fits.exponent([1, 2], [0, 1])
    with pytest.raises(ValueError, match="at least three points each"):
        fits.limit([1, 2], [1, 2])
    with pytest.raises(ValueError, match="N must hold at least three different sizes, all of them positive"):
        fits.limit([1, 2, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="N must hold at least three different sizes, all of them positive"):
        fits.limit([0, 1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="y must hold finite numbers"):
        fits.crossing([0, 1], [1, float("nan")], 0.5)
    with pytest.raises(ValueError, match="finite numbers"):
        fits.interval([1, float("nan")])
    with pytest.raises(ValueError, match="level must be a number from 0 to 1"):
        fits.interval([1, 2], 95)
