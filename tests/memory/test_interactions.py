"""Energy functions against plain Python powers and finite differences."""

import math

import array_api_strict as strict
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dam
from dam.memory.interactions import power

PAIRS = {
    dam.LogCosh(): (lambda x: math.log(math.cosh(x)), math.tanh),
    dam.Softplus(): (lambda x: math.log(1 + math.exp(x)), lambda x: 1 / (1 + math.exp(-x))),
    dam.RectifiedQuadratic(): (lambda x: max(x, 0) ** 2 / 2, lambda x: max(x, 0)),
    dam.Exponential(): (math.exp, math.exp),
    dam.Polynomial(5): (lambda x: x**5, lambda x: 5 * x**4),
    dam.RectifiedPolynomial(4): (lambda x: max(x, 0) ** 4, lambda x: 4 * max(x, 0) ** 3),
    dam.RectifiedPolynomial(1): (lambda x: max(x, 0), lambda x: float(x > 0)),
    dam.Polynomial(1): (lambda x: x, lambda x: 1.0),
}


@given(st.integers(-40, 40), st.integers(0, 9))
def test_power_is_exact_on_integers(x, n):
    assert power(np.array([float(x)]), n)[0] == x**n


@pytest.mark.parametrize("n", [-1, 2.0, True])
def test_powers_that_repeated_squaring_cannot_do_are_refused(n):
    with pytest.raises(ValueError, match="n must be an integer of at least 0"):
        power(np.ones(1), n)


@given(st.integers(1, 60))
def test_power_needs_few_products(n):
    class Counted:
        products = 0

        def __init__(self, exponent):
            self.exponent = exponent

        def __mul__(self, other):
            Counted.products += 1
            return Counted(self.exponent + other.exponent)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dam.checks, "reals", lambda x: (None, x))
        assert power(Counted(1), n).exponent == n
    assert Counted.products <= 2 * math.log2(n)


@pytest.mark.parametrize("F", PAIRS, ids=str)
def test_values_and_activations(F):
    energy, activation = PAIRS[F]
    x = np.linspace(-6, 6, 49)
    np.testing.assert_allclose(F(x), [energy(v) for v in x], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(F.activation(x), [activation(v) for v in x], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("F", PAIRS, ids=str)
def test_activation_is_the_derivative(F):
    x = np.linspace(-3.03, 3.1, 30)
    step = 1e-6
    np.testing.assert_allclose(F.activation(x), (F(x + step) - F(x - step)) / (2 * step), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("F", PAIRS, ids=str)
def test_strict_array_api_dtype_and_integers(F):
    x = np.linspace(-2, 2, 9)
    for function in (F, F.activation):
        np.testing.assert_allclose(np.asarray(function(strict.asarray(x))), function(x), rtol=1e-14)
        assert function(x.astype(np.float32)).dtype == np.float32
        assert function(np.arange(-3, 4)).dtype == np.float64


@pytest.mark.parametrize("F", [dam.LogCosh(), dam.Softplus()], ids=str)
def test_large_arguments_neither_overflow_nor_lose_digits(F):
    assert F(np.array([1000.0]))[0] == pytest.approx(1000 - math.log(2) * isinstance(F, dam.LogCosh), rel=1e-15)
    assert np.all(np.isfinite(F(np.array([-1e4, 1e4]))))


def test_the_logistic_function_keeps_its_digits_far_below_zero():
    x = np.array([-40.0, -300.0, 0.0, 40.0])
    expected = [1 / (1 + math.exp(-value)) for value in x]
    np.testing.assert_allclose(dam.Softplus().activation(x), expected, rtol=1e-15)


@pytest.mark.parametrize("n", [0, -1, 2.0, True, "3", None, math.nan])
@pytest.mark.parametrize("kind", [dam.Polynomial, dam.RectifiedPolynomial])
def test_bad_degrees_are_refused(kind, n):
    with pytest.raises(ValueError, match="n must be an integer of at least 1, got"):
        kind(n)


def test_not_an_array_is_refused():
    with pytest.raises(TypeError, match="x is a list; it must be an array"):
        dam.Polynomial(2)([1.0])


@pytest.mark.parametrize("kind", [dam.Polynomial, dam.RectifiedPolynomial])
def test_degrees_of_numpy_become_those_of_python(kind):
    F = kind(np.int8(100))
    assert type(F.n) is int and F == kind(100)
    assert F(np.array([2.0]))[0] == 2.0**100  # 2 n - 3 and the like would overflow an int8
