"""Slow and obvious: energies and fields as loops straight from eqs. (2) and (4), random problems, and bad input."""

import numpy as np
from hypothesis import strategies as st

import dam

FUNCTIONS = [kind(n) for kind in (dam.Polynomial, dam.RectifiedPolynomial) for n in range(1, 7)]
ANY_F = [*FUNCTIONS, dam.Exponential(), dam.LogCosh(), dam.Softplus(), dam.RectifiedQuadratic()]
PAIR = np.array([[1.0, -1.0, 1.0]])
BAD = [
    (np.ones(3), PAIR, r"sigma must have two dimensions, got shape \(3,\)"),
    (PAIR, np.ones((2, 3, 1)), r"xi must have two dimensions, got shape \(2, 3, 1\)"),
    (np.ones((1, 4)), PAIR, r"sigma must have 3 columns .* got shape \(1, 4\)"),
    (np.array([[1.0, 0.0, 1.0]]), PAIR, r"sigma must hold only -1 and \+1, got 0"),
    (PAIR, np.array([[1.0, 2.0, 1.0]]), r"xi must hold only -1 and \+1, got 2"),
    (np.array([[1.0, np.nan, 1.0]]), PAIR, "sigma must be finite"),
    (PAIR, np.array([[1.0, np.inf, 1.0]]), "xi must be finite"),
    (np.ones((0, 3)), PAIR, r"sigma must have at least one row and one column, got shape \(0, 3\)"),
    (PAIR, np.ones((0, 3)), r"xi must have at least one row and one column, got shape \(0, 3\)"),
    (np.ones((1, 0)), np.ones((1, 0)), "at least one row and one column"),
]
"""Pairs of sigma and xi that are refused, and the message."""


def slow_F(F, x):
    """F of one overlap in exact integer or plain float arithmetic."""
    if isinstance(F, dam.Polynomial):
        return int(x) ** F.n
    if isinstance(F, dam.RectifiedPolynomial):
        return int(x) ** F.n if x >= 0 else 0
    return float(F(np.array([float(x)]))[0])


def slow_energy(state, xi, F):
    """Eq. (2) as a loop."""
    return -sum(slow_F(F, sum(int(a) * int(b) for a, b in zip(row, state, strict=True))) for row in xi)


def slow_field(state, xi, F, i):
    """The bracket of eq. (4) as loops over μ and j."""
    total = 0
    for row in xi:
        rest = sum(int(row[j]) * int(state[j]) for j in range(len(state)) if j != i)
        total += slow_F(F, int(row[i]) + rest) - slow_F(F, -int(row[i]) + rest)
    return total


def stable(state, xi, F):
    """Whether no spin of the state would change under eq. (4)."""
    return all(slow_field(state, xi, F, i) * state[i] >= 0 for i in range(len(state)))


@st.composite
def problems(draw, largest=9):
    """Random memories (K, N), states (S, N) and a seed."""
    N, K, S = (draw(st.integers(1, largest)) for _ in range(3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return dam.random_patterns(K, N, rng), dam.random_patterns(S, N, rng), draw(st.integers(0, 2**32))
