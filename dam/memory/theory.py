"""What the paper derives on paper: capacities and error probabilities of random memories, eqs. (5) and (6)."""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from scipy.special import factorial2

from dam import checks

CLASSICAL_TRANSITION = 0.138
"""Load K/N at which retrieval breaks down in the classical network (Amit, Gutfreund and Sompolinsky 1985)."""
MOST_NEURONS = 100_000
"""For exact moments, which take seconds there."""
MOST_DEGREE = 1000
"""For the double factorial of 2n - 3, which has thousands of digits there."""


def _noise(n):
    """Return the degree n as an int, and (2n-3)!!."""
    n = checks.degree(n, 2, MOST_DEGREE)
    return n, factorial2(2 * n - 3, exact=True)


def _quotient(a, b, names="N and n"):
    """Return a / b of whole numbers of any size; raise ``ValueError`` if it is beyond float64."""
    try:
        return a / b
    except OverflowError:
        raise ValueError(f"{names} lead to a number beyond float64, about 1e308; take smaller ones") from None


def error_probability(N: int, K: int, n: int) -> float:
    """Return the probability that one bit of a stored random memory is unstable, for power energies F(x) = x^n.

    P = erfc( sqrt( N^(n-1) / (2 (2n-3)!! K) ) ) / 2: the signal 2 n N^(n-1) against normal noise of variance
    4 n^2 (2n-3)!! K N^(n-1), to leading order in N (the step that leads to eq. (5); the paper has K - 1 for K).

    Raises ``ValueError`` unless N >= 1, K >= 1 and 2 <= n <= 1000.
    """
    N, K, (n, noise) = checks.count("N", N), checks.count("K", K), _noise(n)
    try:
        return math.erfc(math.sqrt(N ** (n - 1) / (2 * noise * K))) / 2
    except OverflowError:  # of the quotient: there is no noise to speak of
        return 0.0


def error_tail(N: int, K: int, n: int) -> float:
    """Return the paper's asymptotic form of `error_probability`, the leading term of its tail for small loads.

    P ≈ sqrt( (2n-3)!! K / (2π N^(n-1)) ) exp( -N^(n-1) / (2 (2n-3)!! K) ). It is above the integral at every load, and
    passes 1/2 where the noise wins.

    Raises ``ValueError`` unless N >= 1, K >= 1 and 2 <= n <= 1000, and if it is beyond float64.
    """
    N, K, (n, noise) = checks.count("N", N), checks.count("K", K), _noise(n)
    noise_over_signal = _quotient(noise * K, N ** (n - 1), "K, N and n")
    if noise_over_signal < 1e-4:
        return 0.0  # exp(-5000) is, in float64
    return math.sqrt(noise_over_signal / (2 * math.pi)) * math.exp(-1 / (2 * noise_over_signal))


def noise_moments(N: int, F: Callable) -> tuple[float, float, float]:
    """Return the signal, and variance and excess kurtosis of the noise of one memory, in the gap of one bit, eq. (4).

    Exact at any N, for any interaction. The signal is F(N) - F(N-2). Another memory adds F(R+1) - F(R-1) with a
    random sign, where R is the sum of N - 1 random signs: its mean is zero, and with K - 1 of them the excess kurtosis
    falls as 1 / (K - 1).

    Parameters
    ----------
    N : int
        At most 100,000.
    F : interaction

    Raises ``ValueError`` if F, or a square of it, overflows. The kurtosis is NaN where there is no noise, as for N = 1
    and an even F.
    """
    N = checks.count("N", N, maximum=MOST_NEURONS)
    checks.interaction(F)
    R = np.arange(1 - N, N, 2.0)
    with np.errstate(over="ignore", invalid="ignore"):  # looked for below
        both = checks.evaluated(F, np.array([float(N), N - 2.0]))
        gap = checks.evaluated(F, R + 1) - checks.evaluated(F, R - 1)
        checks.no_overflow(F, N, both, gap**2)
    weight = _binomial(N - 1)
    scaled = gap / 2.0 ** np.frexp(np.max(np.abs(gap)))[1]  # by a power of two: no rounding, and no overflow of gap^4
    square = float(weight @ scaled**2)
    kurtosis = float(weight @ scaled**4) / square**2 - 3 if square else math.nan
    return float(both[0] - both[1]), float(weight @ gap**2), kurtosis


def _binomial(N):
    """Return C(N, k) / 2^N for k = 0 ... N."""
    chosen, all_of_them, weights = 1, 2**N, []
    for k in range(N + 1):
        weights.append(chosen / all_of_them)
        chosen = chosen * (N - k) // (k + 1)
    return np.array(weights)


def error_probability_exact_moments(N: int, K: int, F: Callable) -> float:
    """Return the probability of one unstable bit if the noise were Gaussian, with its exact mean and variance.

    Unlike `error_probability` it is for any interaction and drops no powers of 1/N. It differs from the truth
    only as far as the sum over K - 1 memories differs from a Gaussian.
    """
    K, (signal, variance, _) = checks.count("K", K), noise_moments(N, F)
    if K == 1 or variance == 0:
        return 0.0
    try:
        return math.erfc(signal / math.sqrt(2 * (K - 1) * variance)) / 2
    except OverflowError:  # K is beyond float64: nothing but noise
        return 0.5


def half_stable(N: int, F: Callable) -> float:
    """Return the number of memories K at which half of them are fixed points, by the Gaussian with exact moments.

    The bits are taken as independent: (1 - P)^N = 1/2 for the P of `error_probability_exact_moments`. For large N it
    approaches eq. (6) from above, since eq. (6) keeps of ln P the leading term only.

    Parameters
    ----------
    N : int
        At least 2: a single bit is unstable with probability 1/2 at no K.
    F : interaction
    """
    N = checks.count("N", N, 2, MOST_NEURONS)
    signal, variance, _ = noise_moments(N, F)
    if variance == 0:
        raise ValueError(f"F must differ from overlap to overlap, or no memory disturbs another, got {F}")
    z = NormalDist().inv_cdf(-math.expm1(math.log(0.5) / N))
    return 1 + signal**2 / (variance * z**2)


def alpha(n: int, p_error: float = 0.005) -> float:
    """Return α_n of eq. (5): the load K / N^(n-1) at which a bit is unstable with probability ``p_error``.

    0.151, 0.0502 and 0.0100 for n = 2, 3 and 4 at the paper's 0.5 %.

    Raises ``ValueError`` unless 2 <= n <= 1000 and 0 < p_error < 0.5.
    """
    z, (n, noise) = NormalDist().inv_cdf(checks.between("p_error", p_error, 0, 0.5)), _noise(n)
    try:
        return 1 / (z**2 * noise)
    except OverflowError:
        return _quotient(1, noise) / z**2


def capacity(N: int, n: int, p_error: float = 0.005) -> float:
    """Return K^max = α_n N^(n-1), eq. (5): the largest number of memories at that single-bit error.

    Raises ``ValueError`` as `alpha` does, unless N >= 1, and if it is beyond float64.
    """
    load, N, (n, noise) = alpha(n, p_error), checks.count("N", N), _noise(n)
    if load > 1e-300 and N ** (n - 1) < 1e300:
        return load * N ** (n - 1)
    return _quotient(N ** (n - 1), noise) / NormalDist().inv_cdf(p_error) ** 2


def capacity_no_errors(N: int, n: int) -> float:
    """Return N^(n-1) / (2 (2n-3)!! ln N), eq. (6): the largest number of memories recalled without error.

    Raises ``ValueError`` unless N >= 2 and 2 <= n <= 1000, and if it is beyond float64.
    """
    N, (n, noise) = checks.count("N", N, minimum=2), _noise(n)
    try:
        return N ** (n - 1) / (2 * noise * math.log(N))
    except OverflowError:
        return _quotient(N ** (n - 1), 2 * noise) / math.log(N)
