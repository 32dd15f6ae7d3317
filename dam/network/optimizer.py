"""How a gradient moves the weights, eq. (13): where another optimizer goes in.

The weights ``xi (K, N + N_c)`` hold visible and label weights of a memory side by side, as in Appendix A's joint index;
momentum ``V`` and gradient have their shape.
"""

import numpy as np

from dam.arrays import array_namespace

FLOOR = 1e-30  # least max |V| to divide by: a dead memory's momentum vanishes


def momentum_update(xi, V, gradient, p, epsilon):
    """Return the weights and the momentum after eq. (13).

    V ← pV - ∂C; ξ ← ξ + ε V / max_J |V_J| for each memory, over the joint index J; weights clipped to [-1, 1].
    """
    xp = array_namespace(xi=xi, V=V, gradient=gradient)
    V = p * V - gradient
    size = xp.max(xp.abs(V), axis=1, keepdims=True)
    V = V * xp.astype(~(size < FLOOR), V.dtype)
    size = xp.where(size < FLOOR, FLOOR * xp.ones_like(size), size)
    return xp.clip(xi + epsilon * V / size, -1, 1), V


def momentum_update_in_place(xi, V, gradient, p, epsilon):
    """Do what `momentum_update` does to NumPy arrays, in place; the gradient is overwritten."""
    dtype = xi.dtype.type
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
