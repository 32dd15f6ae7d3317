"""What a network descends: the objective (14), its logarithm, and the cross-entropy of the softmax.

For M examples and N_c classes: arguments ``a (M, N_c)`` of the tanh or the softmax, targets ``t (M, N_c)`` of +1 and
-1, labels ``y (M,)``. All is computed in float32 if both arrays are of float32 or float16, else in float64.
``ValueError`` is raised for shapes that do not fit and numbers out of range, ``TypeError`` for other than real numbers.
"""

import math
from typing import Any

from dam import checks
from dam.arrays import Array, array_namespace
from dam.memory.interactions import power
from dam.network._powers import flushed, threshold

CLASSES = 10
OBJECTIVES = ("power", "softmax")


def targets(y: Array, classes: int = CLASSES, dtype: Any = None) -> Array:
    """Return the targets ``(M, classes)`` of eq. (14) for labels ``y (M,)``: +1 in the right class, else -1.

    ``dtype`` is float32 unless given. Raises ``ValueError`` for labels outside 0..classes-1 and ``TypeError`` for
    labels that are no integers.
    """
    checks.labels("y", y, checks.count("classes", classes))
    xp = array_namespace(y=y)
    right = xp.astype(y[:, None] == xp.arange(classes, device=y.device)[None, :], dtype or xp.float32)
    if not xp.isdtype(right.dtype, "real floating"):
        raise TypeError(f"dtype must be of floating point, got {right.dtype}")
    return 2 * right - 1


def loss(c: Array, t: Array, m: int) -> Array:
    """Return the objective C = Σ (c - t)^(2m) over examples and classes: eq. (14)."""
    xp, c, t = _pair(c, t, "c")
    return xp.sum(power(c - t, 2 * _exponent(xp, m, c.dtype)))


def softmax(a: Array) -> Array:
    """Return exp(a) over its sum over classes."""
    checks.matrix("a", a)
    xp, a = checks.reals(a=a)
    e = xp.exp(a - xp.max(a, axis=1, keepdims=True))
    return e / xp.sum(e, axis=1, keepdims=True)


def slope(a: Array, t: Array, m: int, objective: str = "power") -> Array:
    """Return dC/da ``(M, N_c)``.

    For the objective (14), "power", it is 2m (c-t)^(2m-1) (1-c²), with 1-c² computed as 1/cosh² a so that it
    does not round to zero where c rounds to ±1; for "softmax" (cross-entropy) it is softmax(a) - (1+t)/2.
    """
    checks.choice("objective", objective, OBJECTIVES)
    xp, a, t = _pair(a, t)
    if objective == "softmax":
        checks.count("m", m)
        checks.spins("t", t)
        return softmax(a) - (1 + t) / 2
    m = _exponent(xp, m, a.dtype)
    d = xp.tanh(a) - t
    d = d * xp.astype(xp.abs(d) > threshold(xp, a.dtype, 2 * m - 1), a.dtype)
    e = xp.exp(-2 * xp.abs(a))
    return flushed(xp, 2 * m * power(d, 2 * m - 1) * (4 * e / ((1 + e) * (1 + e))))


def log_objective(a: Array, t: Array, m: int) -> tuple[Array, Array]:
    """Return ln C ``(M,)`` of the objective (14) of each example, and its derivatives ``(M, N_c)`` with respect to a.

    Where all c are saturated C hardly changes, but its logarithm does. It stays finite where c rounds to ±1, because
    ln |tanh a - t| = ln 2 - ln(1 + e^(2ta)) for t = ±1.
    """
    m = checks.count("m", m)
    xp, a, t = _pair(a, t)
    checks.spins("t", t)
    x = 2 * t * a
    softplus = xp.where(x > 0, x, xp.zeros_like(x)) + xp.log1p(xp.exp(-xp.abs(x)))
    terms = 2 * m * (math.log(2) - softplus)
    top = xp.max(terms, axis=1)
    ln_C = top + xp.log(xp.sum(xp.exp(terms - top[:, None]), axis=1))
    share = xp.exp(terms - ln_C[:, None])
    most = 80 if "float32" in str(a.dtype) else 300  # exp does not overflow
    return ln_C, -4 * m * t * share / (1 + xp.exp(xp.clip(-x, -most, most)))


def cross_entropy(a: Array, t: Array) -> tuple[Array, Array]:
    """Return -ln softmax(a) ``(M,)`` of the right class of each example, and its derivatives ``(M, N_c)``."""
    xp, a, t = _pair(a, t)
    checks.spins("t", t)
    if xp.any(xp.sum(xp.astype(t > 0, xp.int64), axis=1) != 1):
        raise ValueError("t must hold one +1 in each row, at the right class: see dam.network.objective.targets")
    shifted = a - xp.max(a, axis=1, keepdims=True)
    right = xp.sum(xp.where(t > 0, shifted, xp.zeros_like(a)), axis=1)
    return xp.log(xp.sum(xp.exp(shifted), axis=1)) - right, slope(a, t, 1, "softmax")


def _pair(a: Array, t: Array, name: str = "a") -> tuple[Any, ...]:
    """Return the array library, and arguments and targets in one precision; raise unless they have one shape."""
    array_namespace(**{name: a, "t": t})
    checks.matrix(name, a)
    if t.shape != a.shape:
        raise ValueError(f"t must have the shape {tuple(a.shape)} of {name}, got {tuple(t.shape)}")
    return checks.reals(**{name: a, "t": t})


def _exponent(xp: Any, m: int, dtype: Any) -> int:
    """Return m, or raise ``ValueError`` if 2m 2^(2m-1), which a slope stays below, is beyond the type's range."""
    m, largest = checks.count("m", m), math.log2(float(xp.finfo(dtype).max))
    if m > largest or math.log2(m) + 2 * m >= largest:
        raise ValueError(f"m must be so small that m 4^m does not overflow {dtype}, got {m}")
    return m
