"""What the paper derives on paper: capacities and error probabilities of random memories, eqs. (5) and (6)."""

import math
from statistics import NormalDist

import numpy as np
from scipy.special import factorial2

from dam import checks

CLASSICAL_TRANSITION = 0.138
"""Load K/N at which retrieval breaks down in the classical network (Amit, Gutfreund and Sompolinsky 1985)."""


def error_probability(N, K, n):
    """Return the probability that one bit of a stored random memory is unstable, for power energies F(x) = x^n.

    P = erfc( sqrt( N^(n-1) / (2 (2n-3)!! K) ) ) / 2: the signal 2 n N^(n-1) against normal noise of variance
    4 n^2 (2n-3)!! K N^(n-1), to leading order in N (the step that leads to eq. (5); the paper has K - 1 for K).

    Raises ``ValueError`` unless N >= 1, K >= 1 and n >= 2.
    """
    N, K, n = checks.count("N", N), checks.count("K", K), checks.degree(n, minimum=2)
    return math.erfc(math.sqrt(N ** (n - 1) / (2 * factorial2(2 * n - 3, exact=True) * K))) / 2


def error_tail(N, K, n):
    """Return the paper's asymptotic form of `error_probability`, the leading term of its tail for small loads.

    P ≈ sqrt( (2n-3)!! K / (2π N^(n-1)) ) exp( -N^(n-1) / (2 (2n-3)!! K) ). It is above the integral at every load, and
    passes 1/2 where the noise wins.

    Raises ``ValueError`` unless N >= 1, K >= 1 and n >= 2.
    """
    N, K, n = checks.count("N", N), checks.count("K", K), checks.degree(n, minimum=2)
    noise_over_signal = factorial2(2 * n - 3, exact=True) * K / N ** (n - 1)
    return math.sqrt(noise_over_signal / (2 * math.pi)) * math.exp(-1 / (2 * noise_over_signal))


def noise_moments(N, F):
    """Return the signal, and variance and excess kurtosis of the noise of one memory, in the gap of one bit, eq. (4).

    Exact at any N, for any interaction. The signal is F(N) - F(N-2). Another memory adds F(R+1) - F(R-1) with a
    random sign, where R is the sum of N - 1 random signs: its mean is zero, and with K - 1 of them the excess kurtosis
    falls as 1 / (K - 1).

    Parameters
    ----------
    N : int
    F : interaction
    """
    N = checks.count("N", N)
    R = np.arange(1 - N, N, 2.0)
    signal = float(F(np.array([float(N)]))[0] - F(np.array([N - 2.0]))[0])
    gap = F(R + 1) - F(R - 1)
    weight = np.array([math.comb(N - 1, k) / 2 ** (N - 1) for k in range(N)])
    variance = float(weight @ gap**2)
    return signal, variance, float(weight @ gap**4) / variance**2 - 3


def error_probability_exact_moments(N, K, F):
    """Return the probability of one unstable bit if the noise were Gaussian, with its exact mean and variance.

    Unlike `error_probability` it is for any interaction and drops no powers of 1/N. It differs from the truth
    only as far as the sum over K - 1 memories differs from a Gaussian.
    """
    signal, variance, _ = noise_moments(N, F)
    return math.erfc(signal / math.sqrt(2 * (K - 1) * variance)) / 2 if checks.count("K", K) > 1 else 0.0


def half_stable(N, F):
    """Return the number of memories K at which half of them are fixed points, by the Gaussian with exact moments.

    The bits are taken as independent: (1 - P)^N = 1/2 for the P of `error_probability_exact_moments`. For large N it
    approaches eq. (6) from above, since eq. (6) keeps of ln P the leading term only.

    Parameters
    ----------
    N : int
    F : interaction
    """
    signal, variance, _ = noise_moments(N, F)
    z = NormalDist().inv_cdf(-math.expm1(math.log(0.5) / N))
    return 1 + signal**2 / (variance * z**2)


def alpha(n, p_error=0.005):
    """Return α_n of eq. (5): the load K / N^(n-1) at which a bit is unstable with probability ``p_error``.

    0.151, 0.0502 and 0.0100 for n = 2, 3 and 4 at the paper's 0.5 %.

    Raises ``ValueError`` unless n >= 2 and 0 < p_error < 0.5.
    """
    n = checks.degree(n, minimum=2)
    if not 0 < p_error < 0.5:
        raise ValueError(f"p_error must lie between 0 and 0.5 (both excluded), got {p_error!r}")
    return 1 / (NormalDist().inv_cdf(p_error) ** 2 * factorial2(2 * n - 3, exact=True))


def capacity(N, n, p_error=0.005):
    """Return K^max = α_n N^(n-1), eq. (5): the largest number of memories at that single-bit error."""
    return alpha(n, p_error) * checks.count("N", N) ** (n - 1)


def capacity_no_errors(N, n):
    """Return N^(n-1) / (2 (2n-3)!! ln N), eq. (6): the largest number of memories recalled without error.

    Raises ``ValueError`` unless N >= 2 and n >= 2.
    """
    N, n = checks.count("N", N, minimum=2), checks.degree(n, minimum=2)
    return N ** (n - 1) / (2 * factorial2(2 * n - 3, exact=True) * math.log(N))
