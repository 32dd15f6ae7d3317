"""How a gradient moves the weights, eq. (13): where another optimizer goes in.

The weights ``xi (K, N + N_c)`` hold visible and label weights of a memory side by side, as in Appendix A's joint index;
momentum ``V`` and gradient have their shape.
"""

import numpy as np

from dam import checks
from dam.arrays import Array

FLOOR = 1e-30  # least max |V| to divide by: a dead memory's momentum vanishes


def momentum_update(xi: Array, V: Array, gradient: Array, p: float, epsilon: float) -> tuple[Array, Array]:
    """Return the weights and the momentum after eq. (13).

    V ← pV - ∂C; ξ ← ξ + ε V / max_J |V_J| for each memory, over the joint index J; weights clipped to [-1, 1].

    Raises ``ValueError`` for arrays of different shapes, p outside [0, 1] or a negative ε, and ``TypeError`` for arrays
    that hold no real numbers.
    """
    xp, xi, V, gradient = checks.reals(xi=xi, V=V, gradient=gradient)
    checks.matrix("xi", xi)
    _check(xi, V, gradient, p, epsilon)
    V = p * V - gradient
    size = xp.max(xp.abs(V), axis=1, keepdims=True)
    V = V * xp.astype(~(size < FLOOR), V.dtype)
    size = xp.where(size < FLOOR, FLOOR * xp.ones_like(size), size)
    return xp.clip(xi + epsilon * V / size, -1, 1), V


def momentum_update_in_place(xi: np.ndarray, V: np.ndarray, gradient: np.ndarray, p: float, epsilon: float) -> None:
    """Do what `momentum_update` does to NumPy arrays of one floating type, in place; the gradient is overwritten."""
    _check(xi, V, gradient, p, epsilon)
    dtype = xi.dtype.type
    if {xi.dtype, V.dtype, gradient.dtype} not in ({np.dtype(np.float32)}, {np.dtype(np.float64)}):
        got = f"{xi.dtype}, {V.dtype} and {gradient.dtype}"
        raise TypeError(f"xi, V and gradient must all be of float32 or all of float64, got {got}")
    V *= dtype(p)
    V -= gradient
    np.abs(V, out=gradient)
    size = np.max(gradient, axis=1, keepdims=True)
    dead = size < FLOOR
    if dead.any():
        V[dead[:, 0]] = 0
        size[dead] = FLOOR
    np.multiply(V, dtype(epsilon) / size, out=gradient)
    xi += gradient
    np.clip(xi, -1, 1, out=xi)


def _check(xi: Array, V: Array, gradient: Array, p: float, epsilon: float) -> None:
    """Raise ``ValueError`` unless the arrays are of one shape, and the numbers in their ranges."""
    if not xi.shape == V.shape == gradient.shape:
        got = f"{tuple(xi.shape)}, {tuple(V.shape)} and {tuple(gradient.shape)}"
        raise ValueError(f"xi, V and gradient must have one shape, got {got}")
    checks.number("p", p, 0, 1)
    checks.number("epsilon", epsilon, 0, 1e9)
