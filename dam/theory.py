"""What the paper derives on paper: capacities and error probabilities of random memories, eqs. (5) and (6)."""

import math
from statistics import NormalDist

from dam import checks

CLASSICAL_TRANSITION = 0.138
"""Load K/N at which retrieval breaks down in the classical network (Amit, Gutfreund and Sompolinsky 1985)."""


def double_factorial(k):
    """Return k!! = k (k-2) (k-4) ... for odd k >= -1, with (-1)!! = 1."""
    return math.prod(range(k, 0, -2))


def error_probability(N, K, n):
    """Return the probability that one bit of a stored random memory is unstable, for power energies F(x) = x^n.

    P = erfc( sqrt( N^(n-1) / (2 (2n-3)!! K) ) ) / 2: the signal 2 n N^(n-1) against Gaussian noise of variance
    4 n^2 (2n-3)!! K N^(n-1), to leading order in N (the step that leads to eq. (5)).

    Raises ``ValueError`` unless N >= 1, K >= 1 and n >= 2.
    """
    N, K, n = checks.count("N", N), checks.count("K", K), checks.degree(n, minimum=2)
    return math.erfc(math.sqrt(N ** (n - 1) / (2 * double_factorial(2 * n - 3) * K))) / 2


def alpha(n, p_error=0.005):
    """Return α_n of eq. (5): the load K / N^(n-1) at which a bit is unstable with probability ``p_error``.

    0.151, 0.0502 and 0.0100 for n = 2, 3 and 4 at the paper's 0.5 %.

    Raises ``ValueError`` unless n >= 2 and 0 < p_error < 0.5.
    """
    n = checks.degree(n, minimum=2)
    if not 0 < p_error < 0.5:
        raise ValueError(f"p_error must lie between 0 and 0.5 (both excluded), got {p_error!r}")
    return 1 / (NormalDist().inv_cdf(p_error) ** 2 * double_factorial(2 * n - 3))


def capacity(N, n, p_error=0.005):
    """Return K^max = α_n N^(n-1), eq. (5): the largest number of memories at that single-bit error."""
    return alpha(n, p_error) * checks.count("N", N) ** (n - 1)


def capacity_no_errors(N, n):
    """Return N^(n-1) / (2 (2n-3)!! ln N), eq. (6): the largest number of memories recalled without error.

    Raises ``ValueError`` unless N >= 2 and n >= 2.
    """
    N, n = checks.count("N", N, minimum=2), checks.degree(n, minimum=2)
    return N ** (n - 1) / (2 * double_factorial(2 * n - 3) * math.log(N))
