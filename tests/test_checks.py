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


def test_a_generator_that_cannot_be_split_is_refused():
    """A RandomState, or a generator of one, has no seed to spawn the streams of batches from."""
    legacy = np.random.RandomState(0)
    for wrong in (legacy, np.random.Generator(legacy._bit_generator), True, "3", 2.5, -1):
        for function in (
            lambda rng: dam.random_patterns(2, 3, rng),
            lambda rng: dam.retrieve(np.ones((1, 3)), np.ones((1, 3)), dam.Polynomial(2), rng),
        ):
            with pytest.raises(TypeError, match="rng must be"):
                function(wrong)
    for right in (None, 3, np.uint8(3), [1, 2], np.random.default_rng(3), np.random.SeedSequence(3)):
        assert isinstance(checks.generator(right), np.random.Generator)


def test_reals_are_copied_only_where_their_type_needs_it():
    one, two = np.ones((2, 3), np.float32), np.ones((2, 3), np.float32)
    _, a, b = checks.reals(one=one, two=two)
    assert a is one and b is two
    _, a, b = checks.reals(one=one, two=np.ones((2, 3)))
    assert a.dtype == b.dtype == np.float64
    for dtype, expected in {"f2": "f4", ">f4": "f4", "i1": "f8", "u8": "f8", np.longdouble: "f8"}.items():
        assert checks.reals(x=np.ones(2, dtype))[1].dtype == np.dtype(expected)


def test_masks():
    for right in ([True, False], [1, 0], [1.0, 0.0]):
        assert checks.mask("kept", np.array(right)).tolist() == [True, False]
    with pytest.raises(ValueError, match="kept must hold True and False, or 1 and 0"):
        checks.mask("kept", np.array([0, 2]))
