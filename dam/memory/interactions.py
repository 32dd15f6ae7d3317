"""The interactions F of eq. (2), each with its derivative f = F', the dual activation function (Section 5).

An interaction is called on overlaps and gives F; its ``activation`` gives f. Both accept arrays of any library that
follows the array API standard, and compute in float32 if the array is in float32 or float16, else in float64.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from dam import checks
from dam.arrays import Array


def power(x: Array, n: int) -> Array:
    """Return ``x ** n`` for an integer ``n`` >= 0 by repeated squaring: a few products instead of one ``pow`` call.

    In the precision of x, whole numbers as float64; exact on whole numbers as long as the results fit in the mantissa.
    """
    n, (xp, x) = checks.count("n", n, minimum=0), checks.reals(x=x)
    if n == 0:
        return xp.ones_like(x)
    result = None
    while True:
        if n & 1:
            result = x if result is None else result * x
        n >>= 1
        if n == 0:
            return result
        x = x * x


def _rectified(x):
    xp, x = checks.reals(x=x)
    return xp.where(x > 0, x, xp.zeros_like(x))


@dataclass(frozen=True)
class Polynomial:
    """F(x) = x^n, the "power" interaction. Raises ``ValueError`` unless n is an integer >= 1."""

    n: int

    def __post_init__(self):
        object.__setattr__(self, "n", checks.degree(self.n))  # the dataclass is frozen

    def __call__(self, x: Array) -> Array:
        return power(x, self.n)

    def activation(self, x: Array) -> Array:
        """f(x) = n x^(n-1): eq. (11), f = F'."""
        return self.n * power(x, self.n - 1)


@dataclass(frozen=True)
class RectifiedPolynomial:
    """F(x) = x^n for x >= 0, else 0: eq. (3). Raises ``ValueError`` unless n is an integer >= 1."""

    n: int

    def __post_init__(self):
        object.__setattr__(self, "n", checks.degree(self.n))  # the dataclass is frozen

    def __call__(self, x: Array) -> Array:
        return power(_rectified(x), self.n)

    def activation(self, x: Array) -> Array:
        """f(x) = n x^(n-1) for x > 0, else 0: eq. (11), f = F' of eq. (3)."""
        xp, x = checks.reals(x=x)
        return xp.where(x > 0, self.n * power(_rectified(x), self.n - 1), xp.zeros_like(x))


@dataclass(frozen=True)
class Exponential:
    """F(x) = exp(x), the limit of ever higher powers (Demircigil et al. 2017)."""

    def __call__(self, x: Array) -> Array:
        xp, x = checks.reals(x=x)
        return xp.exp(x)

    def activation(self, x: Array) -> Array:
        """f(x) = exp(x)."""
        return self(x)


@dataclass(frozen=True)
class LogCosh:
    """F(x) = ln cosh x, dual to f = tanh (Section 5). Close to |x| for large x: n = 1."""

    def __call__(self, x: Array) -> Array:
        xp, x = checks.reals(x=x)
        return xp.abs(x) + xp.log1p(xp.exp(-2 * xp.abs(x))) - math.log(2)

    def activation(self, x: Array) -> Array:
        """f(x) = tanh x."""
        xp, x = checks.reals(x=x)
        return xp.tanh(x)


@dataclass(frozen=True)
class Softplus:
    """F(x) = ln(1 + exp x), dual to the logistic function (Section 5). Close to x for large x: n = 1."""

    def __call__(self, x: Array) -> Array:
        xp, x = checks.reals(x=x)
        return _rectified(x) + xp.log1p(xp.exp(-xp.abs(x)))

    def activation(self, x: Array) -> Array:
        """f(x) = 1 / (1 + exp(-x))."""
        xp, x = checks.reals(x=x)
        small = xp.exp(-xp.abs(x))
        return xp.where(x > 0, xp.ones_like(small), small) / (1 + small)


@dataclass(frozen=True)
class RectifiedQuadratic:
    """F(x) = x^2 / 2 for x >= 0, else 0, dual to the rectified linear unit (Section 5): n = 2."""

    def __call__(self, x: Array) -> Array:
        rectified = self.activation(x)
        return rectified * rectified / 2

    def activation(self, x: Array) -> Array:
        """f(x) = x for x > 0, else 0."""
        return _rectified(x)


KINDS: dict[str, Callable] = {"power": Polynomial, "rectified": RectifiedPolynomial}
"""The two families of eq. (3) by name. Results are seeded by their order."""
