"""Every complaint about bad input, in one place: it names the argument, what it got and what it needs.

Numbers may be those of Python or of NumPy; those of Python come back.
"""

import numbers

import numpy as np

from dam.arrays import array_namespace, free_bytes


def degree(n, minimum=1):
    """Return the degree ``n`` of a polynomial as an ``int``, or raise ``ValueError``."""
    if isinstance(n, bool) or not isinstance(n, numbers.Integral) or n < minimum:
        raise ValueError(f"n must be an integer of at least {minimum}, got {n!r}")
    return int(n)


def count(name, value, minimum=1):
    """Return a number of things as an ``int``, or raise ``ValueError``."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < minimum:
        raise ValueError(f"{name} must be an integer of at least {minimum}, got {value!r}")
    return int(value)


def number(name, value, low, high):
    """Return a number within [low, high] as a ``float``, or raise ``ValueError``."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not low <= value <= high:
        raise ValueError(f"{name} must be a number from {low:g} to {high:g}, got {value!r}")
    return float(value)


def generator(rng):
    """Return ``rng`` as a NumPy generator: a generator, a seed, or None for a fresh one."""
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise TypeError(f"rng must be a numpy.random.Generator, a seed or None, got {rng!r}") from None


def interaction(F):
    """Raise ``TypeError`` unless ``F`` is an interaction, not a number or the class of one."""
    if isinstance(F, type) or not callable(F):
        raise TypeError(f"F must be an interaction, for example dam.Polynomial(3), got {F!r}")


def rule(rule):
    """Raise ``ValueError`` unless the rule of update is one of the two there are."""
    if rule not in ("energy", "field"):
        raise ValueError(f"rule must be 'energy' or 'field', got {rule!r}")


def no_overflow(F, N, *values):
    """Raise ``ValueError`` unless all values of F, or computed with it, at overlaps from -N to N are finite."""
    for x in values:
        xp = array_namespace(values=x)
        if not xp.all(xp.isfinite(x)):
            raise ValueError(
                f"F = {F} overflows float64 at the overlap N = {N}; use a smaller N or n, "
                "or for the exponential dam.memory.attention.retrieve_spins"
            )


def matrix(name, x, columns=None, columns_of=""):
    """Raise ``ValueError`` unless ``x`` is a non-empty, two-dimensional array of numbers with that many columns."""
    xp = array_namespace(**{name: x})
    if x.ndim != 2:
        hint = f"; a single row is {name}[None, :]" if x.ndim == 1 else ""
        raise ValueError(f"{name} must have two dimensions, got shape {tuple(x.shape)}{hint}")
    if 0 in x.shape:
        raise ValueError(f"{name} must have at least one row and one column, got shape {tuple(x.shape)}")
    if columns is not None and x.shape[1] != columns:
        raise ValueError(f"{name} must have {columns} columns{columns_of}, got shape {tuple(x.shape)}")
    if not xp.isdtype(x.dtype, ("real floating", "integral")):
        raise TypeError(f"{name} must hold real numbers, got dtype {x.dtype}")


def finite(name, x):
    """Raise ``ValueError`` if the array holds a NaN or an infinity."""
    xp = array_namespace(**{name: x})
    if xp.isdtype(x.dtype, "real floating") and not xp.all(xp.isfinite(x)):
        raise ValueError(f"{name} must be finite, got NaN or infinity")


def within(name, x, low, high):
    """Raise ``ValueError`` unless all values of the array are finite and within [low, high]."""
    finite(name, x)
    xp = array_namespace(**{name: x})
    smallest, largest = xp.min(x), xp.max(x)
    if smallest < low or largest > high:
        raise ValueError(f"{name} must lie in [{low}, {high}], got values from {smallest:.4g} to {largest:.4g}")


def spins(name, x, columns=None, columns_of=""):
    """Raise ``ValueError`` unless ``x`` is a two-dimensional array of -1 and +1."""
    matrix(name, x, columns, columns_of)
    finite(name, x)
    xp = array_namespace(**{name: x})
    wrong = (x != 1) & (x != -1)
    if xp.any(wrong):
        raise ValueError(f"{name} must hold only -1 and +1, got {float(x[wrong][0]):.4g} among its values")


def states_and_memories(sigma, xi):
    """Check states ``(S, N)`` against memories ``(K, N)``, both of -1 and +1; return their array namespace."""
    xp = array_namespace(sigma=sigma, xi=xi)
    spins("xi", xi)
    spins("sigma", sigma, xi.shape[1], " (one for each of the N neurons of xi)")
    return xp


def memory(needed, what, array=None, rows=None):
    """Raise ``MemoryError`` unless so many bytes are free, where the array lies: on a GPU or, by default, here.

    If they are needed for so many ``rows``, the message says how many fit.
    """
    free = free_bytes(array)
    if needed > free:
        fits = rows and int(rows * free / needed)
        less = f"take {fits} of the {rows} at once" if fits else "use fewer memories K, fewer neurons N or fewer states"
        raise MemoryError(
            f"{what} needs about {needed / 1e9:.3g} GB of memory, but {free / 1e9:.3g} GB are free; {less}"
        )


def temperature(T):
    """Return a temperature, finite and above 0, as a ``float``, or raise ``ValueError``."""
    if isinstance(T, bool) or not isinstance(T, numbers.Real) or not 0 < T < float("inf"):
        raise ValueError(f"T must be a temperature in neurons, finite and above 0, got {T!r}")
    return float(T)


def labels(name, y, classes):
    """Raise unless ``y`` holds whole numbers from 0 to classes - 1 in one dimension."""
    xp = array_namespace(**{name: y})
    if not xp.isdtype(y.dtype, "integral"):
        raise TypeError(f"{name} must hold whole numbers, got dtype {y.dtype}")
    if y.ndim != 1 or y.shape[0] == 0:
        raise ValueError(f"{name} must have one dimension and at least one entry, got shape {tuple(y.shape)}")
    if xp.min(y) < 0 or xp.max(y) >= classes:
        got = f"{int(xp.min(y))} to {int(xp.max(y))}"
        raise ValueError(f"{name} must hold classes from 0 to {classes - 1}, got {got}")


def choice(name, value, choices):
    """Raise ``ValueError`` unless the value is one of the choices."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
