"""The energy of dense associative memory and the update of one neuron, as eqs. (2) and (4) are written.

Memories ``xi (K, N)`` and states ``sigma (S, N)`` hold -1 and +1, in arrays of NumPy or CuPy. All arithmetic is in
float64. Overlaps are integers, so with polynomial energies every field is exact as long as its terms add up to less
than 2^53. Bad input gets ``ValueError`` (shapes, values that are not ±1, an F that overflows) or ``TypeError`` (no
arrays, arrays of two libraries, no interaction).
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dam import checks
from dam.arrays import Array, array_namespace, beside
from dam.memory._dynamics import DenseFields, tables


def overlaps(sigma: Array, xi: Array) -> Array:
    """Return the overlaps h_μ = Σ_i ξ_i^μ σ_i of every state with every memory, ``(S, K)`` float64."""
    xp = checks.states_and_memories(sigma, xi)
    return xp.astype(sigma, xp.float64) @ xp.astype(xi, xp.float64).T


def energy(sigma: Array, xi: Array, F: Callable) -> Array:
    """Return the energies E = -Σ_μ F(ξ^μ·σ) of the states, eq. (2), ``(S,)`` float64.

    Parameters
    ----------
    sigma : array (S, N)
        States of -1 and +1.
    xi : array (K, N)
        Memories of -1 and +1.
    F : interaction
        For example ``dam.Polynomial(3)``.
    """
    checks.interaction(F)
    h = overlaps(sigma, xi)
    with np.errstate(over="ignore", invalid="ignore"):  # looked for below
        E = -array_namespace(h=h).sum(checks.evaluated(F, h), axis=1)
    checks.no_overflow(F, xi.shape[1], E)
    return E


def local_fields(sigma: Array, xi: Array, F: Callable, rule: str = "energy") -> Array:
    """Return the field on every neuron, whose sign is the neuron's next value, eq. (4), ``(S, N)`` float64.

    It evaluates F for every state, memory and neuron, as the formula says. `dam.memory.retrieval.gaps` has the same
    numbers, times σ_i, much faster; `dam.memory._dynamics` explains how.

    Parameters
    ----------
    sigma, xi, F
        As in `energy`.
    rule : {'energy', 'field'}
        ``energy``: the bracket of eq. (4), the energy of the state with the neuron down minus that with the neuron up.
        ``field``: the older rule Σ_μ ξ_i^μ f(ξ^μ·σ) with f = F', in which the neuron also acts on itself.
    """
    checks.rule(rule)
    checks.interaction(F, rule)
    h = overlaps(sigma, xi)
    xp, N = array_namespace(h=h), xi.shape[1]
    sigma, xi = xp.astype(sigma, xp.float64), xp.astype(xi, xp.float64)

    def bracket(i):
        """Σ_μ F(ξ_i^μ + R^μ) - F(-ξ_i^μ + R^μ), where R^μ = Σ_{j≠i} ξ_j^μ σ_j."""
        xi_i = xi[:, i]
        R = h - xi_i * sigma[:, i][:, None]
        return xp.sum(checks.evaluated(F, xi_i + R) - checks.evaluated(F, -xi_i + R), axis=1)

    with np.errstate(over="ignore", invalid="ignore"):
        if rule == "field":
            fields = checks.evaluated(F, h, derivative=True) @ xi
        else:
            fields = xp.stack([bracket(i) for i in range(N)], axis=1)
    checks.no_overflow(F, N, fields)
    return fields


def trajectory(sigma: Array, xi: Array, F: Callable, rng: Any = None, *, rule: str = "energy") -> Array:
    """Return every state that one run of eq. (4) passes through, from the initial state to the fixed point.

    For looking at a single run; `dam.memory.retrieval.retrieve` gives the last state only, of many runs at once. Under
    the rule ``field``, which can cycle, it stops after 100 N flips.

    Parameters
    ----------
    sigma : array (1, N)
    xi, F, rule
        As in `local_fields`.
    rng : numpy.random.Generator, seed or None
        Chooses the neurons.

    Returns
    -------
    array (flips + 1, N)
    """
    xp = checks.states_and_memories(sigma, xi)
    if sigma.shape[0] != 1:
        raise ValueError(f"sigma must be one state of shape (1, N), got shape {tuple(sigma.shape)}")
    rng = checks.generator(rng)
    states, spins = [sigma], xp.arange(sigma.shape[1], device=sigma.device)[None, :]
    fields = DenseFields(xp.astype(sigma, xp.float64), *tables(xi, F, rule))
    most = 100 * sigma.shape[1] if rule == "field" else math.inf
    while len(states) <= most:
        unstable = xp.nonzero(fields.gaps(xp.astype(sigma, xp.float64))[0, :] < 0)[0]
        if unstable.shape[0] == 0:
            break
        i = int(unstable[int(rng.integers(unstable.shape[0]))])
        sigma = xp.where(spins == i, -sigma, sigma)
        fields.flip(beside(sigma, [i]), sigma[:, i])
        states.append(sigma)
    return xp.concat(states)
