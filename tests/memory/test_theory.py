"""Closed forms against the paper's printed numbers and against direct evaluation and simulation."""

import itertools
import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

import dam
from dam import Polynomial, RectifiedPolynomial
from dam.memory import local_fields, theory


@pytest.mark.parametrize(("n", "expected"), [(2, 0.1507), (3, 0.0502), (4, 0.0100)])
def test_alpha(n, expected):
    assert theory.alpha(n) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(("n", "printed", "digits"), [(2, 11, 0), (3, 360, -1), (4, 7240, -1)])
def test_no_error_capacity_as_printed_in_appendix_b(n, printed, digits):
    assert round(theory.capacity_no_errors(100, n), digits) == printed


def test_noise_grows_with_the_double_factorial():
    noise = [100 ** (n - 1) / (2 * math.log(100) * theory.capacity_no_errors(100, n)) for n in (2, 3, 4, 5)]
    assert noise == pytest.approx([1, 3, 15, 105])


@pytest.mark.parametrize("n", [2, 3, 4, 5])
@pytest.mark.parametrize("p", [0.001, 0.005, 0.1])
def test_alpha_inverts_the_error_probability(n, p):
    N = 1000
    K = round(theory.capacity(N, n, p))
    assert theory.error_probability(N, K, n) == pytest.approx(p, rel=2e-2 if n == 2 else 1e-3)


def test_error_probability_is_the_gaussian_tail():
    signal, noise = 2 * 3 * 100**2, math.sqrt(4 * 9 * 3 * 400 * 100**2)
    steps = np.linspace(-40, -signal / noise, 400_001)
    density = np.exp(-(steps**2) / 2) / math.sqrt(2 * math.pi)
    tail = float(np.sum((density[1:] + density[:-1]) / 2) * (steps[1] - steps[0]))
    assert theory.error_probability(100, 400, 3) == pytest.approx(tail, rel=1e-6)


def test_error_probability_against_simulation_at_n_2():
    """Where the Gaussian holds well (n = 2, N = 200) the measured rate of unstable bits agrees within its error."""
    N, K, rng = 200, 34, np.random.default_rng(0)
    wrong = bits = 0
    for _ in range(150):
        xi = dam.random_patterns(K, N, rng)
        wrong += np.count_nonzero(local_fields(xi, xi, dam.Polynomial(2)) * xi < 0)
        bits += xi.size
    expected = theory.error_probability(N, K, 2)
    assert wrong / bits == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.alpha(1), "n must be an integer from 2 to 1000, got 1"),
        (lambda: theory.alpha(2.5), "n must be an integer from 2 to 1000, got 2.5"),
        (lambda: theory.alpha(2, 0), "p_error must lie between 0 and 0.5"),
        (lambda: theory.alpha(2, 0.5), "p_error must lie between 0 and 0.5"),
        (lambda: theory.alpha(2, math.nan), "p_error must lie between 0 and 0.5"),
        (lambda: theory.capacity(0, 2), "N must be an integer of at least 1, got 0"),
        (lambda: theory.capacity_no_errors(1, 2), "N must be an integer of at least 2, got 1"),
        (lambda: theory.error_probability(100, 0, 2), "K must be an integer of at least 1, got 0"),
        (lambda: theory.capacity(10**12, 40), "N and n lead to a number beyond float64"),
        (lambda: theory.capacity_no_errors(10**12, 40), "N and n lead to a number beyond float64"),
        (lambda: theory.error_tail(1, 10**400, 2), "K, N and n lead to a number beyond float64"),
        (lambda: theory.noise_moments(1000, dam.Exponential()), "F = .* overflows float64 at the overlap N = 1000"),
        (lambda: theory.noise_moments(10**6, Polynomial(2)), "N must be an integer from 1 to 100000, got 1000000"),
        (lambda: theory.half_stable(1, Polynomial(2)), "N must be an integer from 2 to 100000, got 1"),
        (lambda: theory.half_stable(9, lambda x: 0 * x), "F must differ from overlap to overlap"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("F", [Polynomial(2), Polynomial(3), RectifiedPolynomial(2), RectifiedPolynomial(4)], ids=str)
@pytest.mark.parametrize("N", [4, 7])
def test_moments_of_the_gap_by_enumeration(N, F):
    """All 2^N other memories, straight from eq. (4), against the state that is all ones."""
    f = lambda x: float(F(np.array([float(x)]))[0])
    gaps = []
    for signs in itertools.product((-1, 1), repeat=N):
        rest = sum(signs[1:])
        gaps.append(f(rest + signs[0]) - f(rest - signs[0]))
    gaps = np.array(gaps)
    signal, variance, kurtosis = theory.noise_moments(N, F)
    assert signal == f(N) - f(N - 2)
    assert gaps.mean() == 0
    assert variance == pytest.approx(np.mean(gaps**2))
    assert kurtosis == pytest.approx(np.mean(gaps**4) / np.mean(gaps**2) ** 2 - 3)


def test_exact_moments_approach_the_leading_order():
    for n in (2, 3, 4):
        N = 4000
        K = round(theory.capacity(N, n))
        exact, leading = theory.error_probability_exact_moments(N, K, Polynomial(n)), theory.error_probability(N, K, n)
        assert exact == pytest.approx(leading, rel=0.02)
        half = theory.error_probability_exact_moments(N, 2 * K - 1, RectifiedPolynomial(n))
        assert half == pytest.approx(exact, rel=1e-3)  # half the noise: twice the memories
    assert theory.error_probability_exact_moments(10, 1, Polynomial(2)) == 0


def test_tail_is_the_leading_term():
    for K in (1000, 3000, 10_000):
        integral, tail = theory.error_probability(100, K, 4), theory.error_tail(100, K, 4)
        x = 100**3 / (15 * K)  # 1 - 1/x < integral / tail < 1 for the normal tail
        assert 1 - 1 / x < integral / tail < 1


def test_half_stable_solves_its_equation():
    for F in (Polynomial(3), RectifiedPolynomial(4)):
        K = theory.half_stable(100, F)
        p = [theory.error_probability_exact_moments(100, round(K) + d, F) for d in (-2, 2)]
        assert (1 - p[0]) ** 100 > 0.5 > (1 - p[1]) ** 100


@given(N=st.integers(2, 10**6), K=st.integers(1, 10**30), n=st.integers(2, 300))
def test_numbers_of_any_size_follow_the_formulas(N, K, n):
    """Against logarithms, also where powers of N and double factorials are beyond float64, and their ratio is not."""
    signal, noise = (n - 1) * math.log(N), special.gammaln(2 * n - 1) - (n - 1) * math.log(2) - special.gammaln(n)
    half = signal - noise - math.log(2)  # of what eq. (5) compares with K
    x = math.exp(min(half - math.log(K), 700))
    assert theory.error_probability(N, K, n) == pytest.approx(math.erfc(math.sqrt(x)) / 2, rel=1e-8, abs=1e-300)
    if math.log(K) - half < 600:
        tail = math.exp(-x - (half - math.log(K)) / 2) / math.sqrt(4 * math.pi)
        assert theory.error_tail(N, K, n) == pytest.approx(tail, rel=1e-8, abs=1e-300)
    if abs(half) < 600:
        assert theory.capacity_no_errors(N, n) == pytest.approx(math.exp(half) / math.log(N), rel=1e-8)
        assert theory.capacity(N, n, 0.1) == pytest.approx(
            2 * math.exp(half) / NormalDist().inv_cdf(0.1) ** 2, rel=1e-8
        )


def test_no_noise_and_nothing_but_noise():
    assert theory.error_tail(10**6, 10, 100) == theory.error_probability(10**6, 10, 100) == 0
    assert theory.error_probability_exact_moments(1, 5, Polynomial(2)) == 0  # a single neuron has no field
    assert math.isnan(theory.noise_moments(1, Polynomial(2))[2])
    assert theory.error_probability_exact_moments(9, 10**400, Polynomial(3)) == 0.5
    assert theory.error_probability(9, 10**400, 3) == 0.5


def test_moments_do_not_overflow_before_their_ratio():
    """exp(x) at N = 200: its fourth power is beyond float64, the kurtosis is not."""
    N, gap = 200, [2 * math.sinh(1) * math.exp(R - 199) for R in range(-199, 200, 2)]
    weight = [math.comb(N - 1, k) / 2 ** (N - 1) for k in range(N)]
    second, fourth = (math.fsum(w * g**p for w, g in zip(weight, gap)) for p in (2, 4))
    assert theory.noise_moments(N, dam.Exponential())[2] == pytest.approx(fourth / second**2 - 3)
