"""What a trained network has learned: votes, deciding memories, likeness to digits, and what can be left out.

Everything is read off the memories ``visible (K, N)`` and ``labels (K, N_c)`` and the terms of the sum in eq. (9),

    t_αμ = F((H_μ + 2 ξ_α^μ) / T) - F(H_μ / T),   H_μ = Σ_i ξ_i^μ v_i - Σ_γ ξ_γ^μ,

whose sum over μ is the argument of the tanh for class α. Sums over many digits go over a few at a time, so that memory
stays small. Functions run on any array API library.
"""

from typing import NamedTuple

from dam import checks
from dam.arrays import array_namespace
from dam.network._powers import safe_power, warm_enough

TERMS = 2**21
"""How many numbers are computed at a time."""

SUMS = ("answer", "absolute", "speaker", "activity")
"""Ways to say how much a memory contributes to a digit: see `contributions`."""


def votes(labels, threshold=0.5):
    """Return for how many classes each memory votes ``(K,)``: its label weights above the threshold.

    Raises ``ValueError`` unless ``labels`` is a finite (K, N_c) array.
    """
    checks.matrix("labels", labels)
    checks.finite("labels", labels)
    xp = array_namespace(labels=labels)
    return xp.sum(xp.astype(labels > threshold, xp.int64), axis=1)


def terms(v, visible, labels, n, T):
    """Return the terms t_αμ of the sum in eq. (9) for each digit, with x_α = -1: the sum over μ is the argument.

    Parameters
    ----------
    v : (M, N) array
        Pixels.
    visible, labels : (K, N) and (K, N_c) arrays
        The memories.
    n : int
        Degree of F.
    T : float
        Temperature in neurons. Where powers would overflow, a row is computed at a higher one.

    Returns
    -------
    (M, N_c, K) array

    Raises
    ------
    ValueError
        Wrong shapes, n or T out of range.
    """
    return _terms(v, visible, labels, n, T)[0]


def contributions(v, visible, labels, n, T, kind="answer"):
    """Return how much each memory contributes to the decision on each digit ``(M, K)``.

    ``kind`` is one of `SUMS`: "answer", the term t_αμ for the class α with the largest argument; "absolute", the
    absolute value of that term; "speaker", the largest |t_αμ| over all classes; "activity", F(H_μ / T), which knows of
    no class. Parameters and errors as in `terms`; also ``ValueError`` for another kind.
    """
    checks.choice("kind", kind, SUMS)
    return _contributions(array_namespace(v=v), *_terms(v, visible, labels, n, T), kind)


def comparable(contribution, share=0.9):
    """Return for each row ``(M,)`` how many entries of ``contribution (M, K)`` exceed the given share of the largest.

    The largest itself counts; a row without a positive entry has none.
    """
    checks.matrix("contribution", contribution)
    checks.number("share", share, 0, 1)
    xp = array_namespace(contribution=contribution)
    largest = xp.max(contribution, axis=1, keepdims=True)
    return xp.sum(xp.astype((contribution > share * largest) & (largest > 0), xp.int64), axis=1)


def comparable_memories(v, visible, labels, n, T, share=0.9):
    """Return `comparable` of the `contributions` of every kind, a dict of ``(M,)`` arrays, a few digits at a time."""
    xp = array_namespace(v=v)
    found = {kind: [] for kind in SUMS}
    for part in parts(v, labels.shape[0] * labels.shape[1]):
        both = _terms(v[part, :], visible, labels, n, T)
        for kind in SUMS:
            found[kind].append(comparable(_contributions(xp, *both, kind), share))
    return {kind: xp.concat(counts) for kind, counts in found.items()}


def shares(v, visible, labels, n, T):
    """Return the share of each memory in all that is said ``(K,)``: Σ_α |t_αμ| over its sum over μ, mean over digits.

    Digits for which all terms vanish are left out. Parameters and errors as in `terms`.
    """
    xp = array_namespace(v=v)
    total, counted = 0, 0
    for part in parts(v, labels.shape[0] * labels.shape[1]):
        said = xp.sum(xp.abs(terms(v[part, :], visible, labels, n, T)), axis=1)
        everything = xp.sum(said, axis=1, keepdims=True)
        counted += int(xp.sum(xp.astype(everything > 0, xp.int64)))
        total = total + xp.sum(said / xp.where(everything > 0, everything, xp.ones_like(everything)), axis=0)
    return total / max(counted, 1)


def errors_kept(v, y, visible, labels, n, T, kept):
    """Return the test error under eq. (9), in %, of each of P networks that keep only some of the memories.

    The argument of the tanh is a sum over memories, so the terms of a digit, computed once, serve all P: they are
    multiplied by the 0-1 matrix of what is kept.

    Parameters
    ----------
    v, y : (M, N) and (M,) arrays
        Digits and their classes.
    visible, labels, n, T
        As in `terms`.
    kept : (P, K) array of bool

    Returns
    -------
    (P,) array

    Raises
    ------
    ValueError
        As in `terms`; also if ``y`` or ``kept`` do not fit.
    """
    xp = array_namespace(v=v, y=y, kept=kept)
    if tuple(y.shape) != (v.shape[0],):
        raise ValueError(f"y must have shape {(v.shape[0],)}, one class for each digit, got {tuple(y.shape)}")
    if kept.ndim != 2 or kept.shape[1] != visible.shape[0]:
        raise ValueError(f"kept must have shape (P, {visible.shape[0]}), got {tuple(kept.shape)}")
    wrong = xp.zeros(kept.shape[0], dtype=xp.int64)
    for part in parts(v, labels.shape[0] * labels.shape[1]):
        t = terms(v[part, :], visible, labels, n, T)
        a = xp.reshape(xp.reshape(t, (-1, t.shape[2])) @ xp.astype(kept, t.dtype).T, (*t.shape[:2], -1))
        wrong = wrong + xp.sum(xp.astype(xp.argmax(a, axis=1) != y[part][:, None], xp.int64), axis=0)
    return 100 * xp.astype(wrong, xp.float64) / v.shape[0]


def kept_after(order, removed):
    """Return which memories are left ``(P, K)``, bool, after the first ``removed (P,)`` ones of an order ``(K,)``.

    Raises ``ValueError`` if ``order`` is no permutation of 0 ... K-1 or a number removed is not in 0 ... K.
    """
    xp = array_namespace(order=order, removed=removed)
    K = order.shape[0]
    if not xp.all(xp.sort(order) == xp.arange(K, dtype=order.dtype)):
        raise ValueError(f"order must hold each number from 0 to {K - 1} once")
    if xp.any((removed < 0) | (removed > K)):
        raise ValueError(
            f"removed must hold numbers from 0 to {K}, got {int(xp.min(removed))} to {int(xp.max(removed))}"
        )
    return xp.argsort(order)[None, :] >= removed[:, None]


class Resemblance(NamedTuple):
    """For each picture ``(P,)`` the largest scalar product, cosine and correlation with a reference, and with which."""

    overlap: object
    cosine: object
    by_cosine: object
    correlation: object
    by_correlation: object


def resemblance(pictures, references):
    """Return the `Resemblance` of pictures ``(P, N)`` to the one of the references ``(R, N)`` that each is most like.

    Cosine is that of the angle between the two as vectors; correlation is the same after the mean over its pixels is
    subtracted from each; a picture without length, or constant, has likeness 0. For memories and training digits the
    largest scalar product tells who sleeps: a memory for which it is not positive has no gradient.
    """
    xp = array_namespace(pictures=pictures, references=references)
    checks.matrix("pictures", pictures)
    checks.matrix("references", references, pictures.shape[1], " (the pixels of a picture)")
    mean = xp.mean(references, axis=1)
    size, spread = _length(xp, references), _length(xp, references - mean[:, None])
    found = []
    for part in parts(pictures, references.shape[0]):
        w = pictures[part, :]
        h = w @ references.T
        cosine = h / size[None, :]
        own = _length(xp, w), _length(xp, w - xp.mean(w, axis=1, keepdims=True))
        one = [xp.max(h, axis=1), xp.max(cosine, axis=1) / own[0], xp.argmax(cosine, axis=1)]
        h = (h - xp.sum(w, axis=1)[:, None] * mean[None, :]) / spread[None, :]
        found.append((*one, xp.max(h, axis=1) / own[1], xp.argmax(h, axis=1)))
    return Resemblance(*(xp.concat(list(column)) for column in zip(*found)))


def parts(x, width):
    """Yield slices of the rows of x, each of about `TERMS` numbers if a row needs that width of them."""
    rows = max(1, TERMS // width)
    for start in range(0, x.shape[0], rows):
        yield slice(start, min(start + rows, x.shape[0]))


def _terms(v, visible, labels, n, T):
    """Return the terms ``(M, N_c, K)`` and F(H / T) ``(M, K)``."""
    xp = array_namespace(v=v, visible=visible, labels=labels)
    checks.degree(n)
    checks.temperature(T)
    checks.matrix("visible", visible)
    checks.matrix("labels", labels)
    checks.matrix("v", v, visible.shape[1], " (one for each visible weight)")
    if labels.shape[0] != visible.shape[0]:
        raise ValueError(f"labels must have a row for each of the {visible.shape[0]} memories, got {labels.shape[0]}")
    H = v @ visible.T - xp.sum(labels, axis=1)
    T = warm_enough(xp, xp.abs(H) + 2 * xp.max(xp.abs(labels)), n, T)
    F = safe_power(H / T, n)
    own = 2 * labels.T[None, :, :] / (T[:, :, None] if getattr(T, "ndim", 0) else T)
    return safe_power((H / T)[:, None, :] + own, n) - F[:, None, :], F


def _contributions(xp, t, F, kind):
    if kind == "activity":
        return F
    if kind == "speaker":
        return xp.max(xp.abs(t), axis=1)
    answer = xp.argmax(xp.sum(t, axis=2), axis=1)
    own = answer[:, None] == xp.arange(t.shape[1])[None, :]
    term = xp.sum(xp.where(own[:, :, None], t, xp.zeros_like(t)), axis=1)
    return xp.abs(term) if kind == "absolute" else term


def _length(xp, x):
    """Return the length of each row, 1 where it is 0."""
    length = xp.sqrt(xp.sum(x**2, axis=1))
    return xp.where(length > 0, length, xp.ones_like(length))
