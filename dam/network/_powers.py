"""Powers of overlaps that stay within the range of floating-point numbers, however large the degree.

Above, 784^n overflows float32 from n = 14 on. Below, powers of small overlaps become subnormal, and subnormal
operands slow a matrix product down many times: what would be subnormal counts as zero.
"""

import math

import numpy as np

from dam import checks
from dam.arrays import array_namespace, beside, to_numpy
from dam.memory.interactions import power


def smallest(xp, dtype):
    """Return a number safely above the subnormals, 1e-30 in float32: what is below it counts as zero."""
    return 1e8 * float(xp.finfo(dtype).smallest_normal)


def threshold(xp, dtype, k):
    """Return the overlap whose k-th power is `smallest`."""
    return smallest(xp, dtype) ** (1 / max(k, 1))


def coldest(xp, dtype, n, h):
    """Return the lowest T at which the n-th powers of overlaps h / T do not overflow, nor sums of them."""
    return h / (1e-8 * float(xp.finfo(dtype).max)) ** (1 / n)


def warm_enough(xp, h, n, T):
    """Return T, or temperatures ``(M, 1)`` if n-th powers of some rows of overlaps h would overflow at T.

    The tanh is saturated in such a row: at a higher temperature it still is, and classes keep their order.
    """
    least = coldest(xp, h.dtype, n, xp.max(h, axis=1, keepdims=True))
    return xp.where(least > T, least, T * xp.ones_like(least)) if xp.any(least > T) else T


def size(xp, x, kind):
    """Return what decides whether a power of x counts: x itself if it is rectified, else |x|."""
    return x if kind == "rectified" else xp.abs(x)


def flushed(xp, x):
    """Return x with zeros in place of what is subnormal or nearly so."""
    return x * xp.astype(xp.abs(x) > smallest(xp, x.dtype), x.dtype)


def safe_power(x, k, kind="rectified"):
    """Return x^k, eq. (3): for x > 0, else 0, if it is rectified; 0 also where the power would be subnormal."""
    xp = array_namespace(x=x)
    on = xp.astype(size(xp, x, kind) > threshold(xp, x.dtype, k), x.dtype)
    return on if k == 0 else power(x * on, k)


def off(visible, x, above, kind, rows=1000):
    """Do what `dam.network.classifier.inactive` does, without its checks; there may be no memories."""
    xp, visible = checks.reals(visible=visible)
    found, above = np.ones(visible.shape[0], bool), np.broadcast_to(above, visible.shape[0])
    for start in range(0, x.shape[0], rows):
        left = np.flatnonzero(found)
        if len(left) == 0:
            break
        _, part = checks.reals(x=x[start : min(start + rows, x.shape[0]), :])
        h = part @ xp.take(visible, beside(visible, left), axis=0).T
        found[left] = to_numpy(xp.all(size(xp, h, kind) <= beside(h, above[left], h.dtype), axis=0))
    return found


def on_into(h, least, kind, on):
    """Put into the mask ``on`` which overlaps are larger than ``least``, by size if F is not rectified."""
    np.greater(h, least, out=on)
    if kind != "rectified":
        on |= h < -least


def powers_into(h, on, n, p, f):
    """Put h^(n-2) into p and h^(n-1) into f. For n = 2 h is f itself, for n = 3 p itself.

    h must be zero where the mask ``on`` is false.
    """
    if n == 2:
        np.copyto(p, on)
    elif n == 3:
        np.multiply(h, h, out=f)
    else:
        power_into(h, n - 2, p, f)
        np.multiply(p, h, out=f)


def power_into(x, k, out, square):
    """Put x^k, k >= 1, into ``out`` by repeated squaring; ``square`` is scratch."""
    if k == 1:
        np.copyto(out, x)
        return
    result, base = None, x
    while True:
        if k & 1 and result is None:
            result = base
            if base is square:  # overwritten by the next squaring
                np.copyto(out, square)
                result = out
        elif k & 1:
            result = np.multiply(result, base, out=out)
        k >>= 1
        if k == 0:
            return
        base = np.multiply(base, base, out=out if result is None and k == 1 else square)


def largest_ratio(y, top, least):
    """Return the largest y / top, at most 1, of the memories or digits with top + y above ``least``: 0 if none is."""
    on = top + y > least
    return float(np.max(np.where(on, y / np.where(on, np.maximum(top, y), 1), 0), initial=0))


def order(n, ratio, eps):
    """Return up to which power of y the binomial sum of (h + y)^n must go, for |y| / h up to ``ratio``.

    What is left out, Σ_k>order C(n, k) ratio^k, is at most ``eps`` of h^n; all n powers make the sum exact.
    """
    rest, k = 0.0, n
    while k > 0 and rest + math.comb(n, k) * ratio**k <= eps:
        rest += math.comb(n, k) * ratio**k
        k -= 1
    return k
