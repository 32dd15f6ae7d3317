"""Networks of eq. (10) whose activation is no power: tanh, logistic, softplus; trained as the memories are.

The argument of the tanh of class α is β Σ_μ ξ_α^μ f(ξ^μ·v / T), where f grows as x^(n-1), so that the interaction grows
as x^n (Section 5). For a power f a change of T is one of β; for the others T says where f bends.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dam.network._step_fast import DualStep
from dam.network.recipes import Recipe


def _tanh(x):
    e = np.exp(-2 * np.abs(x))
    return np.tanh(x), 4 * e / ((1 + e) * (1 + e))


def _logistic(x):
    f, slope = _tanh(x / 2)
    return (1 + f) / 2, slope / 4


def _softplus(x):
    e = np.exp(-np.abs(x))
    return np.maximum(x, 0) + np.log1p(e), np.where(x > 0, 1, e) / (1 + e)


def _relu(x):
    return np.maximum(x, 0), (x > 0).astype(x.dtype)


def _squared(function):
    def square(x):
        f, slope = function(x)
        return f * f, 2 * f * slope

    return square


@dataclass(frozen=True)
class Activation:
    """An activation: ``values(x)`` returns f(x) and its slope; n is the power of its interaction at large x."""

    n: int
    values: Callable


ACTIVATIONS = {
    "tanh": Activation(1, _tanh),
    "logistic": Activation(1, _logistic),
    "softplus": Activation(2, _softplus),
    "relu": Activation(2, _relu),
    "softplus2": Activation(3, _squared(_softplus)),
    "relu2": Activation(3, _squared(_relu)),
}
"""Two of each n; the last two are squares, and "relu" and "relu2" the rectified powers of the memories n = 2 and 3."""


class HiddenStep(DualStep):
    """An update, eq. (13), of a network with one of `ACTIVATIONS`, for NumPy.

    Parameters as in `dam.network._step_plain.ArrayStep`, and the name of the activation; ``beta``, 1 at first, is β and
    may be changed between updates. The recipe is one of n = 2: with it `DualStep` goes back through whatever slope it
    finds.
    """

    def __init__(self, x: Any, t: Any, xi: Any, V: Any, recipe: Recipe, activation: str) -> None:
        super().__init__(x, t, xi, V, recipe)
        self.activation, self.beta = ACTIVATIONS[activation], 1.0

    def _scaled(self, a, T):
        return self.dtype(self.beta) * a

    def _forward_block(self, b, rows, T, xi, block):
        """Compute f and its slope at the overlaps h / T of a block, and its part of the sum over memories."""
        slope, f = self.powers[:, block, :rows]
        f[:], slope[:] = self.activation.values(xi[block, : self.N] @ self.u[:rows].T)
        np.matmul(xi[block, self.N :].T, f, out=self.partial[b, :, :rows])
