"""Every complaint about bad input, in one place: it names the argument, what it got and what it needs.

Numbers may be those of Python or of NumPy; those of Python come back.
"""

import math
import numbers
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from dam.arrays import Array, array_namespace, free_bytes, to_numpy

ROUNDING = 1e-6
"""By how much pixels may lie outside [-1, 1]: a few roundings of float32."""


def degree(n: int, minimum: int = 1, maximum: int | None = None) -> int:
    """Return the degree ``n`` of a polynomial as an ``int``, or raise ``ValueError``."""
    return count("n", n, minimum, maximum)


def count(name: str, value: int, minimum: int = 1, maximum: int | None = None) -> int:
    """Return a number of things as an ``int``, or raise ``ValueError``."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < minimum or (maximum is not None and value > maximum):
        allowed = f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
        raise ValueError(f"{name} must be an integer {allowed}, got {value!r}")
    return int(value)


def number(name: str, value: float, low: float, high: float) -> float:
    """Return a number within [low, high] as a ``float``, or raise ``ValueError``."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not low <= value <= high:
        raise ValueError(f"{name} must be a number from {low:.12g} to {high:.12g}, got {value!r}")
    return _float(value)


def between(name: str, value: float, low: float, high: float) -> float:
    """Return a number within (low, high), neither of the two, as a ``float``, or raise ``ValueError``."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not low < value < high:
        raise ValueError(f"{name} must lie between {low} and {high} (both excluded), got {value!r}")
    return float(value)


def _float(value):
    """Return a number as a ``float``, infinity where it is beyond float64."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def generator(rng: Any) -> np.random.Generator:
    """Return ``rng`` as a NumPy generator: a generator, a seed, or None for a fresh one."""
    try:
        made = np.random.default_rng(rng)
    except (TypeError, ValueError):
        made = None
    if made is None or isinstance(rng, bool):
        raise TypeError(f"rng must be a numpy.random.Generator, a seed or None, got {rng!r}")
    if not hasattr(made.bit_generator.seed_seq, "spawn"):
        raise TypeError(f"rng must be able to spawn streams, as numpy.random.default_rng(SEED) is, got {rng!r}")
    return made


def interaction(F: Callable, rule: str = "energy") -> None:
    """Raise ``TypeError`` unless ``F`` is an interaction, not a number or a class, and has what the rule takes."""
    if isinstance(F, type) or not callable(F):
        raise TypeError(f"F must be an interaction, for example dam.Polynomial(3), got {F!r}")
    if rule == "field" and not callable(getattr(F, "activation", None)):
        raise TypeError(f"F must have a method activation, its derivative, for rule = 'field'; {F!r} has none")


def rule(rule: str) -> None:
    """Raise ``ValueError`` unless the rule of update is one of the two there are."""
    if not isinstance(rule, str) or rule not in ("energy", "field"):
        raise ValueError(f"rule must be 'energy' or 'field', got {rule!r}")


def evaluated(F: Any, x: Array, derivative: bool = False) -> Array:
    """Return F(x) of overlaps, or its derivative; raise ``TypeError`` unless that is a real number for each of them."""
    xp, found = array_namespace(x=x), F.activation(x) if derivative else F(x)
    if getattr(found, "shape", None) != x.shape or not xp.isdtype(found.dtype, ("real floating", "integral")):
        got = f"{found.dtype} of shape {tuple(found.shape)}" if hasattr(found, "shape") else type(found).__name__
        raise TypeError(f"F must give a real number for each overlap of an array {tuple(x.shape)}; {F!r} gave {got}")
    return xp.astype(found, x.dtype, copy=False)


def no_overflow(F: Callable, N: int, *values: Array) -> None:
    """Raise ``ValueError`` unless all values of F, or computed with it, at overlaps from -N to N are finite."""
    for x in values:
        xp = array_namespace(values=x)
        if not xp.all(xp.isfinite(x)):
            raise ValueError(
                f"F = {F} overflows float64 at the overlap N = {N}; use a smaller N or n, "
                "or for the exponential dam.memory.attention.retrieve_spins"
            )


def reals(**arrays: Array) -> tuple[Any, ...]:
    """Return the library of the named arrays, and these in one precision to compute in.

    It is float32 if all are float32 or float16, in which sums soon overflow, else float64; whole numbers, whose
    products would overflow their own type, count as float64. What has the precision is not copied. Raises
    ``TypeError`` for other than real numbers.
    """
    xp = array_namespace(**arrays)
    for name, x in arrays.items():
        _of_reals(xp, name, x)
    short = all(xp.isdtype(x.dtype, "real floating") and xp.finfo(x.dtype).bits <= 32 for x in arrays.values())
    dtype = xp.float32 if short else xp.float64
    return xp, *(xp.astype(x, dtype, copy=False) for x in arrays.values())


def _of_reals(xp, name, x):
    if not xp.isdtype(x.dtype, ("real floating", "integral")):
        raise TypeError(f"{name} must hold real numbers, got dtype {x.dtype}")


def numbers_of(name: str, values: Any, dtype: Any = float) -> np.ndarray:
    """Return the numbers of a list or an array as a NumPy array, or raise unless they are real and finite.

    They are float64 unless another type is asked for; None leaves them theirs.
    """
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array; give {name}.filled(VALUE), or leave out what is hidden")
    try:
        found = to_numpy(values) if hasattr(values, "shape") else np.asarray(values)
    except ValueError:  # rows of different lengths
        raise ValueError(f"{name} must hold numbers in rows of the same length, got {values!r}") from None
    if found.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {found.dtype}")
    if not np.all(np.isfinite(found)):
        raise ValueError(f"{name} must hold finite numbers, got NaN or infinity")
    return np.asarray(found, dtype, order="C")


def matrix(name: str, x: Array, columns: int | None = None, columns_of: str = "") -> None:
    """Raise ``ValueError`` unless ``x`` is a non-empty, two-dimensional array of numbers with that many columns."""
    xp = array_namespace(**{name: x})
    if x.ndim != 2:
        hint = f"; a single row is {name}[None, :]" if x.ndim == 1 else ""
        raise ValueError(f"{name} must have two dimensions, got shape {tuple(x.shape)}{hint}")
    if 0 in x.shape:
        raise ValueError(f"{name} must have at least one row and one column, got shape {tuple(x.shape)}")
    if columns is not None and x.shape[1] != columns:
        raise ValueError(f"{name} must have {columns} columns{columns_of}, got shape {tuple(x.shape)}")
    _of_reals(xp, name, x)


def finite(name: str, x: Array) -> None:
    """Raise ``ValueError`` if the array holds a NaN or an infinity."""
    xp = array_namespace(**{name: x})
    if xp.isdtype(x.dtype, "real floating") and not xp.all(xp.isfinite(x)):
        raise ValueError(f"{name} must be finite, got NaN or infinity")


def pixels(name: str, x: Array, columns: int | None = None, columns_of: str = "") -> None:
    """Raise ``ValueError`` unless ``x`` is a two-dimensional array of pixels in [-1, 1], but for rounding."""
    matrix(name, x, columns, columns_of)
    xp = array_namespace(**{name: x})
    smallest, largest = float(xp.min(x)), float(xp.max(x))
    if not (smallest >= -1 - ROUNDING and largest <= 1 + ROUNDING):  # nor if one of them is NaN
        finite(name, x)
        raise ValueError(
            f"{name} must lie in [-1, 1], got values from {smallest:.4g} to {largest:.4g}; "
            f"pixels from 0 to 255 are brought there by {name} / 127.5 - 1"
        )


def spins(name: str, x: Array, columns: int | None = None, columns_of: str = "") -> None:
    """Raise ``ValueError`` unless ``x`` is a two-dimensional array of -1 and +1."""
    matrix(name, x, columns, columns_of)
    signs(name, x)


def signs(name: str, x: Array) -> None:
    """Raise ``ValueError`` unless ``x`` holds -1 and +1 only, ``TypeError`` if its type has no -1."""
    xp = array_namespace(**{name: x})
    if xp.isdtype(x.dtype, ("bool", "unsigned integer")):
        raise TypeError(f"{name} must hold -1 and +1, and its dtype {x.dtype} has no -1; convert it, as to float64")
    _of_reals(xp, name, x)
    finite(name, x)
    wrong = (x != 1) & (x != -1)
    if xp.any(wrong):
        raise ValueError(f"{name} must hold only -1 and +1, got {float(x[wrong][0]):.4g} among its values")


def states_and_memories(sigma: Array, xi: Array) -> Any:
    """Check states ``(S, N)`` against memories ``(K, N)``, both of -1 and +1; return their array namespace."""
    xp = array_namespace(sigma=sigma, xi=xi)
    spins("xi", xi)
    spins("sigma", sigma, xi.shape[1], " (one for each of the N neurons of xi)")
    return xp


FEWER = "use fewer memories K, fewer neurons N or fewer states"


def memory(needed: float, what: str, array: Array = None, rows: int | None = None, less: str = FEWER) -> None:
    """Raise ``MemoryError`` unless so many bytes are free, where the array lies: on a GPU or, by default, here.

    If they are needed for so many ``rows``, the message says how many fit, or else what needs ``less``.
    """
    free = free_bytes(array)
    if needed > free:
        fits = rows and int(rows * free / needed)
        less = f"take {fits} of the {rows} at once" if fits else less
        raise MemoryError(
            f"{what} needs about {_float(needed) / 1e9:.3g} GB of memory, but {free / 1e9:.3g} GB are free; {less}"
        )


def temperature(T: float) -> float:
    """Return a temperature, finite and above 0, as a ``float``, or raise ``ValueError``."""
    if isinstance(T, bool) or not isinstance(T, numbers.Real) or not 0 < _float(T) < math.inf:
        raise ValueError(f"T must be a temperature in neurons, finite and above 0, got {T!r}")
    return float(T)


def labels(name: str, y: Array, classes: int) -> None:
    """Raise unless ``y`` holds whole numbers from 0 to classes - 1 in one dimension."""
    whole(name, y, classes - 1, "classes")


def whole(name: str, y: Array, highest: int, what: str = "numbers") -> None:
    """Raise unless ``y`` holds whole numbers from 0 to the highest in one dimension."""
    xp = array_namespace(**{name: y})
    if not xp.isdtype(y.dtype, "integral"):
        raise TypeError(f"{name} must hold whole numbers, got dtype {y.dtype}")
    if y.ndim != 1 or y.shape[0] == 0:
        raise ValueError(f"{name} must have one dimension and at least one entry, got shape {tuple(y.shape)}")
    if xp.min(y) < 0 or xp.max(y) > highest:
        got = f"{int(xp.min(y))} to {int(xp.max(y))}"
        raise ValueError(f"{name} must hold {what} from 0 to {highest}, got {got}")


def mask(name: str, x: Array) -> Array:
    """Return True and False, or 1 and 0, as an array of bool; raise for anything else."""
    xp = array_namespace(**{name: x})
    if xp.isdtype(x.dtype, "bool"):
        return x
    _of_reals(xp, name, x)
    if not xp.all((x == 0) | (x == 1)):
        raise ValueError(f"{name} must hold True and False, or 1 and 0, got other numbers")
    return x == 1


def alike(**arrays: Array) -> None:
    """Raise ``ValueError`` unless the named arrays have two dimensions, and the same shape."""
    shapes = {name: tuple(x.shape) for name, x in arrays.items()}
    if len(set(shapes.values())) > 1 or any(len(shape) != 2 for shape in shapes.values()):
        got = ", ".join(f"{shape} of {name}" for name, shape in shapes.items())
        raise ValueError(f"{' and '.join(arrays)} must have two dimensions and the same shape, got {got}")


def choice(name: str, value: str, choices: Collection[str]) -> None:
    """Raise ``ValueError`` unless the value is one of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
