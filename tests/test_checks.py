"""Numbers of NumPy are as good as those of Python, and come back as those of Python."""

import math

import numpy as np
import pytest

import dam
from dam import checks


@pytest.mark.parametrize("kind", [int, np.int8, np.int64, np.uint16])
def test_whole_numbers(kind):
    for found in (checks.count("K", kind(3)), checks.degree(kind(3))):
        assert type(found) is int and found == 3
    for function in (dam.Polynomial, dam.RectifiedPolynomial):
        assert type(function(kind(3)).n) is int and function(kind(3)) == function(3)


@pytest.mark.parametrize("kind", [int, float, np.float32, np.float64, np.int32])
def test_real_numbers(kind):
    for found in (checks.number("share", kind(2), 0, 3), checks.temperature(kind(2))):
        assert type(found) is float and found == 2


@pytest.mark.parametrize("wrong", [True, np.True_, "3", None, math.nan, np.float32("nan"), 3j, np.array([3, 4])])
def test_what_is_no_number(wrong):
    for check in (
        lambda x: checks.count("K", x),
        checks.degree,
        lambda x: checks.number("K", x, 0, 9),
        checks.temperature,
    ):
        with pytest.raises(ValueError, match=r"(K|n|T) must be a"):
            check(wrong)


def test_choices_and_rules():
    with pytest.raises(ValueError, match="kind must be one of power, rectified, got 'other'"):
        checks.choice("kind", "other", dam.interactions.KINDS)
    with pytest.raises(ValueError, match="rule must be 'energy' or 'field', got 'other'"):
        checks.rule("other")
