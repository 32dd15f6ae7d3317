"""What a network descends: the objective (14), its logarithm, and the cross-entropy of the softmax.

For M examples and N_c classes: arguments ``a (M, N_c)`` of the tanh or the softmax, targets ``t (M, N_c)`` of +1 and
-1, labels ``y (M,)``.
"""

import math

from dam import checks
from dam.arrays import array_namespace
from dam.memory.interactions import power
from dam.network._powers import flushed, threshold

CLASSES = 10
OBJECTIVES = ("power", "softmax")


def targets(y, classes=CLASSES, dtype=None):
    """Return the targets ``(M, classes)`` of eq. (14) for labels ``y (M,)``: +1 in the right class, else -1.

    ``dtype`` is float32 unless given. Raises ``ValueError`` for labels outside 0..classes-1 and ``TypeError`` for
    labels that are no integers.
    """
    checks.labels("y", y, classes)
    xp = array_namespace(y=y)
    right = y[:, None] == xp.arange(classes, device=y.device)[None, :]
    return 2 * xp.astype(right, dtype or xp.float32) - 1


def loss(c, t, m):
    """Return the objective C = Σ (c - t)^(2m) over examples and classes: eq. (14)."""
    checks.count("m", m)
    return array_namespace(c=c, t=t).sum(power(c - t, 2 * m))


def softmax(a):
    """Return exp(a) over its sum over classes."""
    xp = array_namespace(a=a)
    e = xp.exp(a - xp.max(a, axis=1, keepdims=True))
    return e / xp.sum(e, axis=1, keepdims=True)


def slope(a, t, m, objective="power"):
    """Return dC/da ``(M, N_c)``.

    For the objective (14), "power", it is 2m (c-t)^(2m-1) (1-c²), with 1-c² computed as 1/cosh² a so that it
    does not round to zero where c rounds to ±1; for "softmax" (cross-entropy) it is softmax(a) - (1+t)/2.
    """
    checks.count("m", m)
    if objective == "softmax":
        return softmax(a) - (1 + t) / 2
    xp = array_namespace(a=a, t=t)
    d = xp.tanh(a) - t
    d = d * xp.astype(xp.abs(d) > threshold(xp, a.dtype, 2 * m - 1), a.dtype)
    e = xp.exp(-2 * xp.abs(a))
    return flushed(xp, 2 * m * power(d, 2 * m - 1) * (4 * e / ((1 + e) * (1 + e))))


def log_objective(a, t, m):
    """Return ln C ``(M,)`` of the objective (14) of each example, and its derivatives ``(M, N_c)`` with respect to a.

    Where all c are saturated C hardly changes, but its logarithm does. It stays finite where c rounds to ±1, because
    ln |tanh a - t| = ln 2 - ln(1 + e^(2ta)) for t = ±1.
    """
    checks.count("m", m)
    xp, x = array_namespace(a=a, t=t), 2 * t * a
    softplus = xp.where(x > 0, x, xp.zeros_like(x)) + xp.log1p(xp.exp(-xp.abs(x)))
    terms = 2 * m * (math.log(2) - softplus)
    top = xp.max(terms, axis=1)
    ln_C = top + xp.log(xp.sum(xp.exp(terms - top[:, None]), axis=1))
    share = xp.exp(terms - ln_C[:, None])
    return ln_C, -4 * m * t * share / (1 + xp.exp(xp.clip(-x, -80, 80)))


def cross_entropy(a, t):
    """Return -ln softmax(a) ``(M,)`` of the right class of each example, and its derivatives ``(M, N_c)``."""
    xp = array_namespace(a=a, t=t)
    shifted = a - xp.max(a, axis=1, keepdims=True)
    right = xp.sum(xp.where(t > 0, shifted, xp.zeros_like(a)), axis=1)
    return xp.log(xp.sum(xp.exp(shifted), axis=1)) - right, slope(a, t, 1, "softmax")
