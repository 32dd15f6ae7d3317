"""The classical network of eq. (1): connections, energy and retrieval. Arrays as in `dam.memory.energy`."""

from typing import Any

import array_api_compat

from dam import checks
from dam.arrays import Array, array_namespace, gpu_errors, on_backend
from dam.memory._dynamics import ClassicalFields, settle_batches
from dam.memory._dynamics_cuda import settle_classical


def hebbian(xi: Array) -> Array:
    """Return the matrix T_ij = Σ_μ ξ_i^μ ξ_j^μ of eq. (1), ``(N, N)`` float64, with its diagonal T_ii = K."""
    xp = array_namespace(xi=xi)
    checks.spins("xi", xi)
    xi = xp.astype(xi, xp.float64)
    return xi.T @ xi


def projection(xi: Array) -> Array:
    """Return the matrix of the orthogonal projection onto the space that the memories span, ``(N, N)`` float64.

    T = ξ^T (ξ ξ^T)^{-1} ξ, by which memories that overlap do not disturb each other: T ξ^μ = ξ^μ, and 0 <= T_ii <= 1.
    Memories that depend on others add nothing.
    """
    xp = array_namespace(xi=xi)
    checks.spins("xi", xi)
    _, sizes, axes = xp.linalg.svd(xp.astype(xi, xp.float64), full_matrices=False)
    spanned = sizes > max(xi.shape) * float(xp.finfo(xp.float64).eps) * sizes[0]
    T = (axes.T * xp.astype(spanned, xp.float64)) @ axes
    return (T + T.T) / 2


def classical_energy(sigma: Array, T: Array) -> Array:
    """Return the energies E = -1/2 Σ_ij σ_i T_ij σ_j of the states ``(S, N)``, eq. (1), ``(S,)`` float64.

    Half of eq. (2) with F(x) = x^2: ``classical_energy(sigma, hebbian(xi)) == energy(sigma, xi, Polynomial(2)) / 2``.
    """
    xp, T = _states_and_matrix(sigma, T)
    sigma = xp.astype(sigma, xp.float64)
    return -xp.sum((sigma @ T) * sigma, axis=1) / 2


@gpu_errors("retrieval", "use fewer states or fewer neurons N")
def retrieve_classical(sigma: Array, T: Array, rng: Any = None, *, backend: str | None = None) -> Array:
    """Return the fixed points of σ_i ← Sign(Σ_{j≠i} T_ij σ_j) under asynchronous updates.

    With ``T = hebbian(xi)`` the same dynamics, flip by flip, as ``retrieve(sigma, xi, Polynomial(2), rng)``, but the
    cost of a flip does not grow with the number of memories.

    Parameters
    ----------
    sigma : array (S, N)
        States of -1 and +1.
    T : array (N, N)
        Symmetric matrix; its diagonal plays no role.
    rng : numpy.random.Generator, seed or None
    backend : {'auto', 'numpy', 'cupy'}, optional
        As in `dam.memory.retrieval.retrieve`.

    Raises ``ValueError`` for wrong shapes, states that are not ±1, and a T that is not symmetric or not finite.
    """
    sigma, T, back = on_backend(backend, sigma, T)
    xp, T = _states_and_matrix(sigma, T)
    N = T.shape[0]
    T = xp.where(xp.eye(N, dtype=xp.bool, device=T.device), xp.zeros_like(T), T)
    largest, whole = float(xp.max(xp.abs(T))), xp.all(T == xp.round(T))
    rounding = 0.0 if whole and N * largest < 2**53 else 100 * N**2 * float(xp.finfo(xp.float64).eps) * largest
    dtype = xp.float32 if whole and N * largest < 2**24 else xp.float64  # exact either way, and half to move
    states, T, rng = xp.astype(sigma, dtype), xp.astype(T, dtype), checks.generator(rng)
    if array_api_compat.is_cupy_array(states):
        final, _ = settle_classical(states, T, rounding, rng)
    else:
        final, _ = settle_batches(states, lambda batch: ClassicalFields(batch, T, rounding), N, rng)
    return back(xp.astype(final, sigma.dtype))


def _states_and_matrix(sigma, T):
    """Return the array library and T as float64, in which |T| and sums of it do not overflow as in whole numbers."""
    xp = array_namespace(sigma=sigma, T=T)
    checks.matrix("T", T)
    checks.matrix("T", T, columns=T.shape[0], columns_of=" (as many as rows)")
    checks.finite("T", T)
    T = xp.astype(T, xp.float64, copy=False)
    if not xp.all(T == T.T):
        raise ValueError("T must be symmetric, got T[i, j] != T[j, i] for some i, j")
    checks.spins("sigma", sigma, T.shape[0], " (one for each row of T)")
    return xp, T
