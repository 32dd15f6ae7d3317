"""Fits with their uncertainty: exponents, limits of infinite size, level crossings, intervals over independent sets."""

import math

import numpy as np
from scipy import optimize, special

from dam import checks
from dam.arrays import Array


def exponent(x: Array, y: Array) -> Array:
    """Return the exponent b of the power law y = a x^b through positive points, by least squares on logarithms.

    Parameters
    ----------
    x : array (P,)
    y : array (P,) or (sets, P)

    Returns
    -------
    float or array (sets,)

    Raises ``ValueError`` if there are fewer than two points, a number that is not positive, or only one x.
    """
    x, y = checks.numbers_of("x", x), checks.numbers_of("y", y)
    if x.ndim != 1 or len(x) < 2 or y.shape[-1:] != x.shape:
        raise ValueError(f"x and y must hold at least two points each, as many as the other, got {x.shape}, {y.shape}")
    if not (np.all(x > 0) and np.all(y > 0)):
        raise ValueError("x and y must be positive: a power law has no other points")
    if np.all(x == x[0]):
        raise ValueError(f"x must hold at least two different values, got {x[0]:.4g} only")
    log_x = np.log(x) - np.log(x).mean()
    return np.log(y) @ log_x / (log_x @ log_x)


def crossing(x: Array, y: Array, level: float) -> float:
    """Return the x at which the piecewise linear curve through (x, y) first passes the level, NaN if it never does.

    A point on the level counts as above it.

    Parameters
    ----------
    x, y : sequence (P,)
    level : float
    """
    x, y = checks.numbers_of("x", x), checks.numbers_of("y", y)
    level = checks.number("level", level, -math.inf, math.inf)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"x and y must be sequences of the same length, got shapes {x.shape} and {y.shape}")
    above = y >= level
    changes = np.flatnonzero(above[1:] != above[:-1])
    if len(changes) == 0:
        return float("nan")
    i = changes[0]
    return float(x[i] + (x[i + 1] - x[i]) * (level - y[i]) / (y[i + 1] - y[i]))


def interval(values: Array, level: float = 0.95) -> tuple[float, float]:
    """Return the mean of independent values and the half-width of its confidence interval (Student's t).

    Parameters
    ----------
    values : sequence of float
        One for each independent set. The half-width of a single value is NaN.
    level : float
    """
    values = checks.numbers_of("values", values)
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(f"values must be a sequence of numbers, at least one, got shape {values.shape}")
    level = checks.number("level", level, 0, 1)
    if len(values) == 1:
        return float(values[0]), float("nan")
    half = special.stdtrit(len(values) - 1, (1 + level) / 2) * values.std(ddof=1) / len(values) ** 0.5
    return float(values.mean()), float(half)


def limit(N: Array, y: Array) -> tuple[float, float, float]:
    """Return the limit y_∞ of y = y_∞ + a N^(-b) for large N, by least squares, with a and b.

    Raises ``ValueError`` unless there are at least three sizes, all positive.
    """
    N, y = checks.numbers_of("N", N), checks.numbers_of("y", y)
    if N.ndim != 1 or N.shape != y.shape or len(N) < 3:
        raise ValueError(f"N and y must hold at least three points each, got shapes {N.shape} and {y.shape}")
    if np.any(N <= 0) or len(np.unique(N)) < 3:
        raise ValueError("N must hold at least three different sizes, all of them positive")

    def residuals(b):  # for a given b the best y_∞ and a follow linearly
        design = np.stack([np.ones_like(N), N**-b], axis=1)
        coefficients = np.linalg.lstsq(design, y)[0]
        return coefficients, float(np.sum((design @ coefficients - y) ** 2))

    best = optimize.minimize_scalar(lambda b: residuals(b)[1], bounds=(0.1, 3), method="bounded")
    (y_infinite, a), _ = residuals(best.x)
    return float(y_infinite), float(a), float(best.x)
