"""What a trained network has learned: votes, deciding memories, rivals, likeness to digits, and what can be left out.

Everything is read off the memories and the terms t_αμ of the sum over memories in eq. (9), whose sum over μ is the
argument of the tanh for class α: see `dam.network.classifier.terms`. Memories compete: in the dual form (10) memory μ
decides on a digit with the weight (h_μ)_+^(n-1), h_μ = ξ^μ·v, and learns from it with the weight (h_μ)_+^(n-2); T
cancels in shares of either. Sums over many digits go over a few at a time, so that memory stays small. Functions run
on any array API library; a network is a `dam.network.classifier.Classifier`, of either form.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from dam import checks
from dam.arrays import Array, array_namespace
from dam.network import classifier
from dam.network._powers import safe_power
from dam.network.classifier import Classifier

TERMS = 2**21
"""How many numbers are computed at a time."""

MEASURES = ("answer", "absolute", "speaker", "activity")
"""Ways to say how much a memory contributes to a digit: see `contributions`."""


def votes(label_weights: Array, threshold: float = 0.5) -> Array:
    """Return for how many classes each memory votes ``(K,)``: its label weights above the threshold.

    Raises ``ValueError`` unless ``label_weights`` is a finite (K, N_c) array.
    """
    checks.matrix("label_weights", label_weights)
    checks.finite("label_weights", label_weights)
    checks.number("threshold", threshold, -math.inf, math.inf)
    xp = array_namespace(label_weights=label_weights)
    return xp.sum(xp.astype(label_weights > threshold, xp.int64), axis=1)


def terms(v: Array, network: Classifier) -> Array:
    """Return the terms t_αμ ``(M, N_c, K)`` for digits ``v (M, N)``: their sum over μ is the argument of the tanh.

    Where powers would overflow, a row is computed at a higher temperature. Raises ``ValueError`` for a wrong shape and
    for pixels that are not finite.
    """
    return _terms(v, network)[0]


def contributions(v: Array, network: Classifier, measure: str = "answer") -> Array:
    """Return how much each memory contributes to the decision on each digit ``(M, K)``.

    ``measure`` is one of `MEASURES`: "answer", the term t_αμ for the class α with the largest argument; "absolute", the
    absolute value of that term; "speaker", the largest |t_αμ| over all classes; "activity", F(H_μ / T), which knows of
    no class. Raises ``ValueError`` for another measure, and as `terms` does.
    """
    checks.choice("measure", measure, MEASURES)
    return _contributions(array_namespace(v=v), *_terms(v, network), measure)


def comparable(contribution: Array, share: float = 0.9) -> Array:
    """Return for each row ``(M,)`` how many entries of ``contribution (M, K)`` exceed the given share of the largest.

    The largest itself counts; a row without a positive entry has none.
    """
    checks.matrix("contribution", contribution)
    checks.number("share", share, 0, 1)
    xp = array_namespace(contribution=contribution)
    largest = xp.max(contribution, axis=1, keepdims=True)
    return xp.sum(xp.astype((contribution > share * largest) & (largest > 0), xp.int64), axis=1)


def comparable_memories(v: Array, network: Classifier, share: float = 0.9) -> dict[str, Array]:
    """Return `comparable` of the `contributions` by every measure: a dict of ``(M,)`` arrays."""
    xp, (v, network) = array_namespace(v=v), network.prepared(v)
    found: dict[str, list[Array]] = {measure: [] for measure in MEASURES}
    for part in parts(v, _numbers(network)):
        both = _terms(v[part, :], network)
        for measure, counts in found.items():
            counts.append(comparable(_contributions(xp, *both, measure), share))
    return {measure: xp.concat(counts) for measure, counts in found.items()}


def shares(v: Array, network: Classifier) -> Array:
    """Return the share of each memory in all that is said ``(K,)``: Σ_α |t_αμ| over its sum over μ, mean over digits.

    Digits for which all terms vanish are left out. Raises ``ValueError`` as `terms` does.
    """
    xp, (v, network) = array_namespace(v=v), network.prepared(v)
    total: Any = 0
    counted = 0
    for part in parts(v, _numbers(network)):
        said = xp.sum(xp.abs(terms(v[part, :], network)), axis=1)
        everything = xp.sum(said, axis=1, keepdims=True)
        counted += int(xp.sum(xp.astype(everything > 0, xp.int64)))
        total = total + xp.sum(said / xp.where(everything > 0, everything, xp.ones_like(everything)), axis=0)
    return total / max(counted, 1)


def errors_kept(v: Array, y: Array, network: Classifier, kept: Array) -> Array:
    """Return the test error under eq. (9), in %, of each of P networks that keep only some of the memories ``(P,)``.

    The argument of the tanh is a sum over memories, so the terms of a digit, computed once, serve all P: they are
    multiplied by the 0-1 matrix of what is kept.

    Parameters
    ----------
    v, y : (M, N) and (M,) arrays
        Digits and their classes.
    network : Classifier
    kept : (P, K) array of bool

    Raises
    ------
    ValueError
        As in `terms`; also if ``y`` or ``kept`` do not fit.
    """
    xp, (v, network) = array_namespace(v=v, y=y, kept=kept), network.prepared(v)
    checks.labels("y", y, network.label_weights.shape[1])
    kept = checks.mask("kept", kept)
    if tuple(y.shape) != (v.shape[0],):
        raise ValueError(f"y must have shape {(v.shape[0],)}, one class for each digit, got {tuple(y.shape)}")
    if kept.ndim != 2 or kept.shape[1] != network.visible.shape[0]:
        raise ValueError(f"kept must have shape (P, {network.visible.shape[0]}), got {tuple(kept.shape)}")
    wrong = xp.zeros(kept.shape[0], dtype=xp.int64, device=kept.device)
    for part in parts(v, _numbers(network)):
        t = terms(v[part, :], network)
        a = xp.reshape(xp.reshape(t, (-1, t.shape[2])) @ xp.astype(kept, t.dtype).T, (*t.shape[:2], -1))
        wrong = wrong + xp.sum(xp.astype(xp.argmax(a, axis=1) != y[part][:, None], xp.int64), axis=0)
    return 100 * xp.astype(wrong, xp.float64) / v.shape[0]


def kept_after(order: Array, removed: Array) -> Array:
    """Return which memories are left ``(P, K)``, bool, after the first ``removed (P,)`` ones of an order ``(K,)``.

    Raises ``ValueError`` if ``order`` is no permutation of 0 ... K-1 or a number removed is not in 0 ... K.
    """
    xp = array_namespace(order=order, removed=removed)
    K = order.size
    checks.whole("order", order, K - 1)
    checks.whole("removed", removed, K)
    if not xp.all(xp.sort(order) == xp.arange(K, dtype=order.dtype, device=order.device)):
        raise ValueError(f"order must hold each number from 0 to {K - 1} once")
    return xp.argsort(order)[None, :] >= removed[:, None]


class Resemblance(NamedTuple):
    """For each picture ``(P,)`` the largest scalar product, cosine and correlation with a reference, and with which."""

    overlap: Array
    cosine: Array
    by_cosine: Array
    correlation: Array
    by_correlation: Array


def resemblance(pictures: Array, references: Array) -> Resemblance:
    """Return the `Resemblance` of pictures ``(P, N)`` to the one of the references ``(R, N)`` that each is most like.

    Cosine is that of the angle between the two as vectors; correlation is the same after the mean over its pixels is
    subtracted from each; a picture without length, or constant, has likeness 0. For memories and training digits the
    largest scalar product tells who is inactive: a memory for which it is not positive has no gradient.
    """
    xp = array_namespace(pictures=pictures, references=references)
    (_, pictures), (_, references) = checks.reals(pictures=pictures), checks.reals(references=references)
    checks.matrix("pictures", pictures)
    checks.matrix("references", references, pictures.shape[1], " (the pixels of a picture)")
    checks.finite("pictures", pictures)
    checks.finite("references", references)
    size, contrasts = _length(xp, references), _contrast(xp, references)
    found = []
    for part in parts(pictures, references.shape[0]):
        w = pictures[part, :]
        h = w @ references.T
        cosine, correlation = h / size[None, :], _contrast(xp, w) @ contrasts.T
        one = [xp.max(h, axis=1), xp.max(cosine, axis=1) / _length(xp, w), xp.argmax(cosine, axis=1)]
        found.append((*one, xp.max(correlation, axis=1), xp.argmax(correlation, axis=1)))
    return Resemblance(*(xp.concat(list(column)) for column in zip(*found)))


def participation_ratio(weights: Array, axis: int) -> Array:
    """Return (Σ w)² / Σ w² of non-negative weights along an axis: k if k of them are equal and the others 0.

    It is 0 where all weights are 0.
    """
    xp, weights = checks.reals(weights=weights)
    if checks.count("axis", axis, -weights.ndim) >= weights.ndim:
        raise ValueError(f"weights must have an axis {axis}, got shape {tuple(weights.shape)}")
    if xp.any(weights < 0):
        raise ValueError("weights must not be negative")
    w = _of_largest(xp, weights, axis)
    squares = xp.sum(w**2, axis=axis)
    return xp.sum(w, axis=axis) ** 2 / xp.where(squares > 0, squares, xp.ones_like(squares))


class Rivals(NamedTuple):
    """For M digits and P powers: the second overlap over the first ``(M,)``, and two counts of memories ``(P, M)``."""

    ratio: Array
    comparable: Array
    effective: Array


def rivals(v: Array, visible: Array, powers: Sequence[int], share: float = 0.9) -> Rivals:
    """Return the `Rivals` for each digit, its overlaps read with each of several powers n.

    ``comparable`` counts the memories with a weight (h)_+^(n-1) above ``share`` of the largest, that is with
    h > share^(1/(n-1)) times the largest overlap; ``effective`` is the `participation_ratio` of these weights. Where no
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
    xp, visible, v = _memories_and_digits(visible, v)
    checks.count("the number of memories", visible.shape[0], minimum=2)
    checks.number("share", share, 0, 1)
    exponents = [n - 1 for n in _degrees(powers)]
    found = []
    for part in parts(v, visible.shape[0]):
        h = v[part, :] @ visible.T
        h = _of_largest(xp, h * xp.astype(h > 0, h.dtype), 1)
        above = [xp.sum(xp.astype(h > share ** (1 / k), xp.int64), axis=1) for k in exponents]
        weight = [participation_ratio(safe_power(h, k), axis=1) for k in exponents]
        found.append((xp.sort(h, axis=1)[:, -2], xp.stack(above), xp.stack(weight)))
    return Rivals(*(xp.concat(list(column), axis=-1) for column in zip(*found)))


def audience(visible: Array, v: Array, powers: Sequence[int]) -> Array:
    """Return how many digits of ``v (M, N)`` each memory ``(K, N)`` effectively learns from: ``(P, K)`` for P powers n.

    In the gradient of the dual form a digit has the weight (ξ·v)_+^(n-2), beside the error it still makes; the result
    is the `participation_ratio` of these weights. Raises ``ValueError`` for wrong shapes and for n below 2.
    """
    xp, visible, v = _memories_and_digits(visible, v)
    exponents = [n - 2 for n in _degrees(powers)]
    heard = []
    for part in parts(visible, v.shape[0]):
        h = visible[part, :] @ v.T
        h = _of_largest(xp, h * xp.astype(h > 0, h.dtype), 1)
        heard.append(xp.stack([participation_ratio(safe_power(h, k), axis=1) for k in exponents]))
    return xp.concat(heard, axis=1)


def parts(x: Array, width: int) -> Iterator[slice]:
    """Yield slices of the rows of x, each of about `TERMS` numbers if a row needs that width of them."""
    rows = max(1, TERMS // checks.count("width", width))
    for start in range(0, x.shape[0], rows):
        yield slice(start, min(start + rows, x.shape[0]))


def _degrees(powers: Sequence[int]) -> list[int]:
    if np.ndim(powers) != 1 or len(powers) == 0:
        raise ValueError(f"powers must be a list of integers of at least 2, got {powers!r}")
    return [checks.count("each of powers", n, minimum=2) for n in powers]


def _numbers(network: Classifier) -> int:
    """Return how many terms (9) has for one digit."""
    return network.visible.shape[0] * network.label_weights.shape[1]


def _terms(v: Array, network: Classifier) -> tuple[Array, Array]:
    """Return the terms ``(M, N_c, K)`` and F(H / T) ``(M, K)``."""
    xp, (t, F, *_) = array_namespace(v=v), classifier.terms(*network.prepared(v))
    return xp.permute_dims(xp.stack(list(t), axis=2), (0, 2, 1)), F  # classes side by side, where sums go over them


def _contributions(xp: Any, t: Array, F: Array, measure: str) -> Array:
    if measure == "activity":
        return F
    if measure == "speaker":
        return xp.max(xp.abs(t), axis=1)
    answer = xp.argmax(xp.sum(t, axis=2), axis=1)
    own = answer[:, None] == xp.arange(t.shape[1], device=t.device)[None, :]
    term = xp.sum(xp.where(own[:, :, None], t, xp.zeros_like(t)), axis=1)
    return xp.abs(term) if measure == "absolute" else term


def _length(xp: Any, x: Array) -> Array:
    """Return the length of each row, 1 where it is 0."""
    length = xp.sqrt(xp.sum(x**2, axis=1))
    return xp.where(length > 0, length, xp.ones_like(length))


def _contrast(xp: Any, x: Array) -> Array:
    """Return each row less its mean, at length 1; zeros for a row that is constant but for rounding."""
    away = x - xp.mean(x, axis=1, keepdims=True)
    rounding = 4 * float(xp.finfo(x.dtype).eps) * xp.max(xp.abs(x), axis=1, keepdims=True)
    away = xp.where(xp.max(xp.abs(away), axis=1, keepdims=True) > rounding, away, xp.zeros_like(away))
    return away / _length(xp, away)[:, None]


def _memories_and_digits(visible: Array, v: Array) -> Any:
    xp, visible, v = checks.reals(visible=visible, v=v)
    checks.matrix("visible", visible)
    checks.matrix("v", v, visible.shape[1], " (one for each visible weight)")
    checks.finite("visible", visible)
    checks.finite("v", v)
    return xp, visible, v


def _of_largest(xp: Any, x: Array, axis: int) -> Array:
    """Return x over its largest value along an axis, where that is positive."""
    largest = xp.max(x, axis=axis, keepdims=True)
    return x / xp.where(largest > 0, largest, xp.ones_like(largest))
