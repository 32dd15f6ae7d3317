"""Dense and classical associative memory: energy, local fields and asynchronous retrieval, eqs. (1) to (4).

Shapes: memories ``xi (K, N)`` and states ``sigma (S, N)``, both of -1 and +1, of NumPy or of CuPy.
All arithmetic is in float64. Overlaps are integers, so with polynomial energies every field is exact as long as its
terms add up to less than 2^53, and no tie is decided by rounding. Retrieval on CuPy is in ``dam.descent_cuda``.
"""

import math
import os
import warnings

import array_api_compat
import numpy as np

from dam import checks, descent_cuda, pairs
from dam.arrays import array_namespace
from dam.descent import BATCH_BYTES, SMALLEST, ClassicalFields, DenseFields, batches_of, settle_batches


def overlaps(sigma, xi):
    """Return the overlaps h_μ = Σ_i ξ_i^μ σ_i of every state with every memory, ``(S, K)`` float64."""
    xp = checks.states_and_memories(sigma, xi)
    return xp.astype(sigma, xp.float64) @ xp.astype(xi, xp.float64).T


def energy(sigma, xi, F):
    """Return the energies E = -Σ_μ F(ξ^μ·σ) of the states, eq. (2).

    Parameters
    ----------
    sigma : array (S, N)
        States of -1 and +1.
    xi : array (K, N)
        Memories of -1 and +1.
    F : interaction
        For example ``dam.Polynomial(3)``.

    Returns
    -------
    array (S,), float64

    Raises
    ------
    ValueError, TypeError
        Wrong shapes, values that are not ±1, or arrays of two libraries.
    """
    checks.interaction(F)
    h = overlaps(sigma, xi)
    return -array_namespace(h=h).sum(F(h), axis=-1)


def _responses(F, h, rule):
    """Return A(h) and B(h), from which the field on spin i is Σ_μ ξ_i A(h_μ) - σ_i Σ_μ B(h_μ).

    With G(x) = F(x+1) - F(x-1), eq. (4) reads Σ_μ ξ_i G(h_μ - ξ_i σ_i). Since ξ_i σ_i = ±1,
    G(h - ξσ) = A(h) - ξσ B(h), where A is half the sum and B half the difference of G(h+1) and G(h-1).
    """
    checks.interaction(F)
    if rule == "energy":
        above, here, below = F(h + 2), F(h), F(h - 2)
        return (above - below) / 2, (above - 2 * here + below) / 2
    if rule == "field":
        return F.activation(h), 0 * h
    raise ValueError(f"rule must be 'energy' or 'field', got {rule!r}")


def local_fields(sigma, xi, F, rule="energy"):
    """Return the field on every spin, whose sign is the spin's next value.

    Parameters
    ----------
    sigma, xi, F
        As in `energy`.
    rule : {'energy', 'field'}
        ``energy``: the bracket of eq. (4), the energy of the state with the spin down minus that with the spin up.
        ``field``: the older rule Σ_μ ξ_i^μ f(ξ^μ·σ) with f = F', in which the spin also acts on itself.

    Returns
    -------
    array (S, N), float64
    """
    h = overlaps(sigma, xi)
    xp = array_namespace(h=h)
    A, B = _responses(F, h, rule)
    return A @ xp.astype(xi, xp.float64) - xp.astype(sigma, xp.float64) * xp.sum(B, axis=1, keepdims=True)


def retrieve(sigma, xi, F, rng=None, *, rule="energy", max_flips=None, threads=None):
    """Return the fixed points that asynchronous zero-temperature dynamics reaches, eq. (4).

    Updating a random spin at each step, and skipping the updates that change nothing, is the same as flipping one
    uniformly random unstable spin until none is left. That is what happens here, for all states side by side: one
    matrix product gives all fields, and after a flip the overlaps change by one row. A zero field leaves its spin.

    Parameters
    ----------
    sigma : array (S, N)
        Initial states of -1 and +1; left untouched.
    xi : array (K, N)
        Memories of -1 and +1.
    F : interaction
    rng : numpy.random.Generator, seed or None
        Chooses the spins. The result depends on it, and not on the number of threads or, on a GPU, on the memory.
    rule : {'energy', 'field'}
        See `local_fields`. Under ``energy`` every flip lowers the energy, so the dynamics always ends.
    max_flips : int, optional
        Give up on a state after so many flips, with a warning. Default: none for ``energy``, 100 N for ``field``,
        which can cycle.
    threads : int, optional
        CPU threads; default: all cores. Not used on a GPU.

    Returns
    -------
    array (S, N)
        In the dtype and the array library of ``sigma``.

    Raises
    ------
    ValueError, TypeError
        As `energy`; also if F overflows float64 at N.
    MemoryError
        The memories do not fit (on a GPU: not with a single state); the message says how much they need.

    Notes
    -----
    If sums of F can exceed 2^53 (large n, or F = exp), a field smaller than its own rounding error counts as zero.
    """
    xp, (K, N) = checks.states_and_memories(sigma, xi), xi.shape
    if max_flips is None:
        max_flips = 100 * N if rule == "field" else None
    if array_api_compat.is_cupy_array(xi):
        checks.memory(10 * K * N, "retrieval", xi)  # memories as float64 and as int8
        responses = _tables(xi, F, rule)
        final, unsettled = descent_cuda.settle_dense(sigma, *responses, checks.generator(rng), max_flips)
    else:
        make_fields, states = batch_fields(sigma, xi, F, rule), xp.astype(sigma, xp.float64)
        final, unsettled = settle_batches(states, make_fields, K, checks.generator(rng), max_flips, threads)
    if unsettled:
        warnings.warn(
            f"{unsettled} of {sigma.shape[0]} states were still changing after {max_flips} flips each",
            RuntimeWarning,
            stacklevel=2,
        )
    return xp.astype(final, sigma.dtype)


def unstable_spins(sigma, xi, F, *, rule="energy"):
    """Return which spins the update of eq. (4) would flip, ``(S, N)`` of bool: none of a fixed point.

    Parameters, errors and the treatment of rounding as in `retrieve`; the states are taken in batches.
    """
    xp = checks.states_and_memories(sigma, xi)
    make_fields = batch_fields(sigma, xi, F, rule)
    batches = batches_of(xp.astype(sigma, xp.float64), xi.shape[0])
    return xp.concat([make_fields(batch).gains(batch) < 0 for batch in batches])


def retrieval_bytes(K, N, S):
    """Return about how many bytes of memory `retrieve` takes for K memories, N neurons and S states."""
    buffers = 24 * max(BATCH_BYTES[True] // 8, SMALLEST * K)  # of one batch; there is one for every thread
    return 12 * K * N + 24 * S * N + os.cpu_count() * buffers + 2**27  # memories, their steps; states; tables


def batch_fields(sigma, xi, F, rule):
    """Return what makes the fields of a batch of states, once memory and arithmetic are known to do."""
    checks.memory(retrieval_bytes(*xi.shape, sigma.shape[0]), "retrieval", xi)
    responses = _tables(xi, F, rule)
    if not array_api_compat.is_numpy_array(xi):
        return lambda states: DenseFields(states, *responses)
    tables = pairs.tables(*responses)
    return lambda states: pairs.PairedFields(states, tables)


def _tables(xi, F, rule):
    """Return what `DenseFields` takes: the memories as float64, tables of A(h) and B(h) over h = -N..N, rounding."""
    xp, (K, N) = array_namespace(xi=xi), xi.shape
    with np.errstate(over="ignore", invalid="ignore"):  # looked for below
        A, B = _responses(F, xp.arange(-N, N + 1, dtype=xp.float64), rule)
    if not xp.all(xp.isfinite(A) & xp.isfinite(B)):
        raise ValueError(
            f"F = {F} overflows float64 at the overlap N = {N}; use a smaller N or n, "
            "or for the exponential dam.attention.retrieve_spins"
        )
    exact = xp.all(2 * A == xp.round(2 * A)) and K * float(xp.max(xp.abs(A) + xp.abs(B))) < 2**53
    return xp.astype(xi, xp.float64), A, B, 0.0 if exact else K * float(xp.finfo(xp.float64).eps)


def trajectory(sigma, xi, F, rng=None, *, rule="energy"):
    """Return every state that one run of eq. (4) passes through, from the initial state to the fixed point.

    For looking at a single run; `retrieve` gives the last state only, of many runs at once. Under the rule ``field``,
    which can cycle, it stops after 100 N flips.

    Parameters
    ----------
    sigma : array (1, N)
    xi, F, rng, rule
        As in `retrieve`.

    Returns
    -------
    array (flips + 1, N)
    """
    xp = checks.states_and_memories(sigma, xi)
    if sigma.shape[0] != 1:
        raise ValueError(f"sigma must be one state of shape (1, N), got shape {tuple(sigma.shape)}")
    rng = checks.generator(rng)
    states, spins = [sigma], xp.arange(sigma.shape[1])[None, :]
    fields = DenseFields(xp.astype(sigma, xp.float64), *_tables(xi, F, rule))
    most = 100 * sigma.shape[1] if rule == "field" else math.inf
    while len(states) <= most:
        unstable = xp.nonzero(fields.gains(xp.astype(sigma, xp.float64))[0, :] < 0)[0]
        if unstable.shape[0] == 0:
            break
        i = int(unstable[int(rng.integers(unstable.shape[0]))])
        sigma = xp.where(spins == i, -sigma, sigma)
        fields.flip(xp.asarray([i]), sigma[:, i])
        states.append(sigma)
    return xp.concat(states)


def hebbian(xi):
    """Return the matrix T_ij = Σ_μ ξ_i^μ ξ_j^μ of eq. (1), ``(N, N)`` float64, with its diagonal T_ii = K."""
    xp = array_namespace(xi=xi)
    checks.spins("xi", xi)
    xi = xp.astype(xi, xp.float64)
    return xi.T @ xi


def classical_energy(sigma, T):
    """Return the energies E = -1/2 Σ_ij σ_i T_ij σ_j of the states ``(S, N)``, eq. (1).

    Half of eq. (2) with F(x) = x^2: ``classical_energy(sigma, hebbian(xi)) == energy(sigma, xi, Polynomial(2)) / 2``.
    """
    xp = _states_and_matrix(sigma, T)
    sigma = xp.astype(sigma, xp.float64)
    return -xp.sum((sigma @ T) * sigma, axis=1) / 2


def retrieve_classical(sigma, T, rng=None):
    """Return the fixed points of σ_i ← Sign(Σ_{j≠i} T_ij σ_j) under asynchronous updates.

    With ``T = hebbian(xi)`` the same dynamics, flip by flip, as ``retrieve(sigma, xi, Polynomial(2), rng)``, but the
    cost of a flip does not grow with the number of memories. On CuPy too, see there.

    Parameters
    ----------
    sigma : array (S, N)
        States of -1 and +1.
    T : array (N, N)
        Symmetric matrix; its diagonal plays no role.
    rng : numpy.random.Generator, seed or None

    Raises
    ------
    ValueError
        Wrong shapes, states that are not ±1, T not symmetric or not finite.
    """
    xp = _states_and_matrix(sigma, T)
    N = T.shape[0]
    T = xp.where(xp.eye(N, dtype=xp.bool), xp.zeros_like(T), T)
    largest, whole = float(xp.max(xp.abs(T))), xp.all(T == xp.round(T))
    rounding = 0.0 if whole and N * largest < 2**53 else 100 * N**2 * float(xp.finfo(xp.float64).eps) * largest
    dtype = xp.float32 if whole and N * largest < 2**24 else xp.float64  # exact either way, and half to move
    states, T, rng = xp.astype(sigma, dtype), xp.astype(T, dtype), checks.generator(rng)
    if array_api_compat.is_cupy_array(states):
        final, _ = descent_cuda.settle_classical(states, T, rounding, rng)
    else:
        final, _ = settle_batches(states, lambda batch: ClassicalFields(batch, T, rounding), N, rng)
    return xp.astype(final, sigma.dtype)


def _states_and_matrix(sigma, T):
    xp = array_namespace(sigma=sigma, T=T)
    checks.matrix("T", T, columns=T.shape[0], columns_of=" (as many as rows)")
    checks.finite("T", T)
    if not xp.all(T == T.T):
        raise ValueError("T must be symmetric, got T[i, j] != T[j, i] for some i, j")
    checks.spins("sigma", sigma, T.shape[0], " (one for each row of T)")
    return xp
