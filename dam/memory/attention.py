"""Dense memories with continuous states: the log-sum-exp energy, whose update is softmax attention.

Ramsauer et al. (2021) take the logarithm of the energy of F = exp and add a term that keeps the state bounded:

    E(x) = -(1/β) ln Σ_μ exp(β ξ^μ·x) + |x|²/2 + (1/β) ln K + max_μ |ξ^μ|²/2 .

Its update x ← Σ_μ softmax_μ(β ξ^μ·x) ξ^μ is one step of attention with the query x, and the memories as keys and as
values. States ``x (S, N)`` and memories ``xi (K, N)`` are real, and computed in float32 if both are, else in float64;
β is the inverse temperature, above 0.

States of ±1 with F(x) = exp(βx) belong here too: update (4) is then the sign of an attention, see `retrieve_spins`.
"""

import math
from typing import Any

from dam import checks
from dam.arrays import Array, array_namespace, gpu_errors, on_backend
from dam.memory._dynamics import settle_batches

ROWS = 2**22  # entries of the largest (states, memories) array that is made at once


def energy(x: Array, xi: Array, beta: float) -> Array:
    """Return E ``(S,)`` of states, eq. above; it is never negative but for rounding.

    Raises ``ValueError`` for wrong shapes, NaN or infinity, or β that is not within 1e-12 and 1e12.
    """
    xp, x, xi, beta = _checked(x, xi, beta)
    longest, h = xp.max(xp.sum(xi * xi, axis=1)), x @ xi.T
    top = xp.max(h, axis=1)
    below = xp.mean(xp.expm1(beta * (h - top[:, None])), axis=1)  # ln Σ exp(βh) / K = β top + ln(1 + below)
    return (xp.sum(x * x, axis=1) + longest) / 2 - top - xp.log1p(below) / beta


def weights(x: Array, xi: Array, beta: float) -> Array:
    """Return softmax_μ(β ξ^μ·x) ``(S, K)``: how much of each memory is in the next state. Errors as in `energy`."""
    xp, x, xi, beta = _checked(x, xi, beta)
    return _softmax(xp, beta * (x @ xi.T))


def update(x: Array, xi: Array, beta: float) -> Array:
    """Return the next states ``(S, N)``: the mean of the memories by their `weights`. Errors as in `energy`."""
    xp, x, xi, beta = _checked(x, xi, beta)
    S, rows = x.shape[0], max(1, ROWS // xi.shape[0])
    parts = (x[i : min(i + rows, S), :] for i in range(0, S, rows))
    return xp.concat([_softmax(xp, beta * (part @ xi.T)) @ xi for part in parts])


def attention(queries: Array, keys: Array, values: Array, beta: float) -> Array:
    """Return softmax(β Q Kᵀ) V ``(S, M)`` for queries ``(S, N)``, keys ``(K, N)`` and values ``(K, M)``.

    `update` is the case keys = values = memories. A transformer takes β = 1/√N. Errors as in `energy`.
    """
    xp, queries, keys, values = checks.reals(queries=queries, keys=keys, values=values)
    beta = _checked_beta(beta)
    for name, x in {"keys": keys, "values": values}.items():
        checks.matrix(name, x)
        checks.finite(name, x)
    checks.matrix("queries", queries, keys.shape[1], " (as many as keys)")
    checks.finite("queries", queries)
    if values.shape[0] != keys.shape[0]:
        raise ValueError(f"values must have a row for each of the {keys.shape[0]} keys, got {values.shape[0]}")
    return _softmax(xp, beta * (queries @ keys.T)) @ values


def retrieve(x: Array, xi: Array, beta: float, tolerance: float = 1e-6, max_updates: int = 1000) -> tuple[Array, int]:
    """Update states until none of their entries changes by more than the tolerance.

    Returns the states ``(S, N)`` and how many updates that took. Errors as in `energy`, and ``RuntimeError`` if some
    state still moves after ``max_updates``: near a transition of β convergence is slow.
    """
    xp, x, xi, beta = _checked(x, xi, beta)
    tolerance = checks.number("tolerance", tolerance, 0, math.inf)
    for done in range(1, checks.count("max_updates", max_updates) + 1):
        before, x = x, update(x, xi, beta)
        change = float(xp.max(xp.abs(x - before)))
        if change <= tolerance:
            return x, done
    raise RuntimeError(
        f"after {max_updates} updates a state still changes by {change:.2g}; raise max_updates or the tolerance, or "
        "move beta away from the transition"
    )


def perplexity(x: Array, xi: Array, beta: float) -> Array:
    """Return exp(-Σ_μ w_μ ln w_μ) ``(S,)`` of the `weights` w: how many memories a state is made of, from 1 to K.

    Errors as in `energy`.
    """
    w = weights(x, xi, beta)
    xp = array_namespace(w=w)
    return xp.exp(-xp.sum(w * xp.log(xp.where(w > 0, w, xp.ones_like(w))), axis=1))


@gpu_errors("retrieval", "use fewer states, fewer memories K or fewer neurons N")
def retrieve_spins(
    sigma: Array,
    xi: Array,
    beta: float = 1.0,
    rng: Any = None,
    *,
    threads: int | None = None,
    backend: str | None = None,
) -> Array:
    """Return the fixed points of eq. (4) for states of ±1 and F(x) = exp(βx), at any N.

    F(ξ + R) - F(-ξ + R) = 2 sinh(β) ξ exp(βR), so the update is σ_i ← Sign Σ_μ ξ_i^μ exp(β Σ_{j≠i} ξ_j^μ σ_j): the sign
    of attention that leaves neuron i out of the query. With all neurons in it, the same condition reads

        neuron i keeps its value  <=>  σ_i Σ_μ softmax_μ(β h_μ) ξ_i^μ >= tanh β .

    The softmax does not overflow, where ``dam.retrieve`` with ``dam.Exponential()`` ends at N = 709.

    Parameters, result and errors as those of `dam.memory.retrieval.retrieve`; β lies within 1e-12 and 300. Above, the
    weight of a memory that is one neuron farther away, exp(-2β), leaves the range of float64.

    With w₊ the weight of the memories that agree with the neuron, and w₋ that of the others, the condition is
    w₊ exp(-2β) >= w₋. A difference below its rounding error counts as zero, and the neuron stays.
    """
    sigma, xi, back = on_backend(backend, sigma, xi)
    xp = checks.states_and_memories(sigma, xi)
    beta = checks.number("beta", beta, 1e-12, 300)
    states, memories = xp.astype(sigma, xp.float64), xp.astype(xi, xp.float64)
    make_fields = lambda batch: _SpinFields(batch, memories, beta)
    final, _ = settle_batches(states, make_fields, xi.shape[0], checks.generator(rng), threads=threads)
    return back(xp.astype(final, sigma.dtype))


class _SpinFields:
    """What `settle` asks for: the overlaps h (S, K), and by how much each neuron is above the threshold."""

    def __init__(self, sigma, xi, beta):
        self.xp = xp = array_namespace(xi=xi)
        self.columns, self.beta, self.h = xi.T, beta, sigma @ xi.T
        self.on, self.off = (xp.astype(memories, xi.dtype) for memories in (xi > 0, xi < 0))
        self.rounding = 4 * float(xp.finfo(xp.float64).eps) * math.sqrt(xi.shape[0])

    def gaps(self, sigma):
        xp, w = self.xp, _softmax(self.xp, self.beta * self.h)
        on, off = w @ self.on, w @ self.off
        agree = xp.where(sigma > 0, on, off) * math.exp(-2 * self.beta)
        against = xp.where(sigma > 0, off, on)
        gaps = agree - against
        return xp.where(xp.abs(gaps) <= self.rounding * (agree + against), xp.zeros_like(gaps), gaps)

    def flip(self, spin, value):
        self.h += 2 * value[:, None] * self.xp.take(self.columns, spin, axis=0)

    def keep(self, states):
        self.h = self.xp.take(self.h, states, axis=0)


def separation(xi: Array) -> Array:
    """Return Δ_μ = ξ^μ·ξ^μ - max_{ν≠μ} ξ^μ·ξ^ν ``(K,)``: how far a memory stands out from the others.

    A memory is retrieved in one update, to within exponentially small errors, if βΔ is large (Ramsauer et al. 2021).
    Raises ``ValueError`` for fewer than two memories.
    """
    xp, xi = checks.reals(xi=xi)
    checks.matrix("xi", xi)
    checks.finite("xi", xi)
    if xi.shape[0] < 2:
        raise ValueError("xi must hold at least two memories: separation compares them")
    overlaps = xi @ xi.T
    own = xp.sum(xi * xi, axis=1)
    same = xp.eye(xi.shape[0], dtype=xi.dtype, device=xi.device) > 0
    return own - xp.max(xp.where(same, -xp.ones_like(overlaps) * xp.inf, overlaps), axis=1)


def _softmax(xp, scores):
    e = xp.exp(scores - xp.max(scores, axis=1, keepdims=True))
    return e / xp.sum(e, axis=1, keepdims=True)


def _checked(x, xi, beta):
    """Return the array library, states and memories in one precision, and β as a float."""
    xp, x, xi = checks.reals(x=x, xi=xi)
    checks.matrix("xi", xi)
    checks.finite("xi", xi)
    checks.matrix("x", x, xi.shape[1], " (one for each of the N neurons of xi)")
    checks.finite("x", x)
    return xp, x, xi, _checked_beta(beta)


def _checked_beta(beta):
    return checks.number("beta", beta, 1e-12, 1e12)
