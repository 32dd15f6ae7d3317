"""Competition between memories: how the power n shares out the decision on a digit, and the digits that are heard.

In the dual form (10) memory μ decides on a digit with the weight (h_μ)_+^(n-1), h_μ = ξ^μ·v, and learns from it with
the weight (h_μ)_+^(n-2); T cancels in shares of either. Functions run on any array API library.
"""

from typing import NamedTuple

from dam import checks
from dam.arrays import array_namespace
from dam.network._powers import safe_power
from dam.network.prototypes import parts


def effective_number(weights, axis):
    """Return (Σ w)² / Σ w² of non-negative weights along an axis: k if k of them are equal and the others 0.

    It is 0 where all weights are 0.
    """
    xp = array_namespace(weights=weights)
    w = _of_largest(xp, weights, axis)
    squares = xp.sum(w**2, axis=axis)
    return xp.sum(w, axis=axis) ** 2 / xp.where(squares > 0, squares, xp.ones_like(squares))


class Rivals(NamedTuple):
    """For M digits and P powers: the second overlap over the first ``(M,)``, and two counts of memories ``(P, M)``."""

    ratio: object
    comparable: object
    effective: object


def rivals(v, visible, powers, share=0.9):
    """Return the `Rivals` for each digit, its overlaps read with each of several powers n.

    ``comparable`` counts the memories with a weight (h)_+^(n-1) above ``share`` of the largest, that is with
    h > share^(1/(n-1)) times the largest overlap; ``effective`` is the `effective_number` of these weights. Where no
    overlap is positive all three are 0.

    Parameters
    ----------
    v, visible : (M, N) and (K, N) arrays
        Digits and memories, at least two.
    powers : sequence of int
        At least 2 each; they need not be the power of the network.
    share : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        Wrong shapes, or a number out of range.
    """
    xp = _memories_and_digits(visible, v)
    checks.count("the number of memories", visible.shape[0], minimum=2)
    checks.number("share", share, 0, 1)
    exponents = [checks.degree(n, minimum=2) - 1 for n in powers]
    found = []
    for part in parts(v, visible.shape[0]):
        h = v[part, :] @ visible.T
        h = _of_largest(xp, h * xp.astype(h > 0, h.dtype), 1)
        above = [xp.sum(xp.astype(h > share ** (1 / k), xp.int64), axis=1) for k in exponents]
        weight = [effective_number(safe_power(h, k), axis=1) for k in exponents]
        found.append((xp.sort(h, axis=1)[:, -2], xp.stack(above), xp.stack(weight)))
    return Rivals(*(xp.concat(list(column), axis=-1) for column in zip(*found)))


def audience(visible, v, powers):
    """Return how many digits of ``v (M, N)`` each memory ``(K, N)`` effectively learns from: ``(P, K)`` for P powers n.

    In the gradient of the dual form a digit has the weight (ξ·v)_+^(n-2), beside the error it still makes; the result
    is the `effective_number` of these weights. Raises ``ValueError`` for wrong shapes and for n below 2.
    """
    xp = _memories_and_digits(visible, v)
    exponents = [checks.degree(n, minimum=2) - 2 for n in powers]
    heard = []
    for part in parts(visible, v.shape[0]):
        h = visible[part, :] @ v.T
        h = _of_largest(xp, h * xp.astype(h > 0, h.dtype), 1)
        heard.append(xp.stack([effective_number(safe_power(h, k), axis=1) for k in exponents]))
    return xp.concat(heard, axis=1)


def _memories_and_digits(visible, v):
    xp = array_namespace(visible=visible, v=v)
    checks.matrix("visible", visible)
    checks.matrix("v", v, visible.shape[1], " (one for each visible weight)")
    return xp


def _of_largest(xp, x, axis):
    """Return x over its largest value along an axis, where that is positive."""
    largest = xp.max(x, axis=axis, keepdims=True)
    return x / xp.where(largest > 0, largest, xp.ones_like(largest))
