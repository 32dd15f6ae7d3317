"""Checks for the exercises of the chapter on photographs."""

import math
from functools import cache
from typing import Any

import numpy as np

from dam.lab.experiments import photographs as heads_of
from dam.network import attacks, prototypes
from dam.network.training import train


@cache
def _data():
    """Features, classes and the size of the test set."""
    return heads_of.data_of(heads_of.stored_features("lite0"))


@cache
def _speakers(scaling):
    """The median effective number of memories that speak for a test photograph at n = 8."""
    phi, y, tested = _data()
    if scaling == "centered":
        memory, squash = heads_of.head("lite0", 8, 0)
    else:
        squash = heads_of.squashed(_data(), scaling)
        u = squash.forward(phi)[0][tested:]
        memory = train(u, y[tested:], heads_of.recipe(u, scaling, 8, 320, 0.1, 100, 30), progress=False)[0]
    return float(np.median(prototypes.rivals(squash.forward(phi)[0][:tested], memory.visible, [8]).effective))


def uncentered(answer: Any) -> str | None:
    """Check the effective number of memories that speak at n = 8 with features that are not centered."""
    if not math.isfinite(answer):
        return "The answer is a number."
    right = _speakers("uncentered")
    if abs(answer - right) < 8:
        return None
    if abs(100 * answer - right) < 8:
        return "Give the number of memories, not their share."
    if abs(answer - _speakers("centered")) < 1:
        return "This is the number with centered features."
    return "Take the median of rivals(u, memories, [8]).effective over the test photographs, u uncentered."


@cache
def _lengths():
    """The lengths of ∂C/∂x of the test photographs at n = 8, and those of ∂(ln C)/∂x."""
    memory, squash = heads_of.head("lite0", 8, 0)
    memory, x = memory.on(np, np.dtype("float64")), squash.forward(_data()[0][: _data()[2]])[0].astype(float)
    second = np.argsort(memory.arguments(x), axis=1)[:, -2]
    ln_C, slope = attacks.gradient(x, second, memory, heads_of.M)
    long = np.linalg.norm(slope, axis=1)
    return np.exp(ln_C) * long, long


def raw(answer: Any) -> str | None:
    """Check by how many orders of magnitude the quantiles 5 % and 95 % of |∂C/∂x| differ."""
    if not math.isfinite(answer):
        return "The answer is a number."
    low, high = np.quantile(_lengths()[0], (0.05, 0.95))
    right = math.log10(high / low)
    if abs(answer - right) < 2:
        return None
    if abs(answer + right) < 2:
        return "The sign: the quantile 95 % over the quantile 5 %."
    if abs(answer - right * math.log(10)) < 4:
        return "This is the natural logarithm; the question is powers of ten."
    if abs(answer - np.ptp(np.log10(_lengths()[0]))) < 2:
        return "This is the largest over the smallest; the question is the quantiles 5 % and 95 %."
    return "Is all in double precision? In single precision many gradients are zero, and the others are cut off."


ANSWERS = {"photographs-uncentered": uncentered, "photographs-raw": raw}
