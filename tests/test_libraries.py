"""One code for all array libraries: every public function under array-api-strict, on two devices, against NumPy.

How far results may differ follows from how they are computed. Each operation rounds its result by at most one eps of
it, which changes the outcome as much as a change of its operands by eps would. With C = Σ_j |x_j ∂f/∂x_j| over the
numbers x_j that go in, the condition, a chain of k operations is wrong by at most k eps (|f| + C), to first order. No
chain here has more than `OPERATIONS`: forward and back through a network they are fifty, sums of at most nine terms and
element-wise steps, and what repeats is repeated three times. What has no derivative, spins, counts and classes, is
equal, or wrong by k eps |f|.
"""

import dataclasses
import importlib
import inspect
import itertools
import numbers
import pkgutil
from functools import cache

import array_api_strict as strict
import numpy as np
import pytest
from array_api_compat import is_array_api_obj
from examples import EXAMPLES, IN_NUMPY, NO_ARRAYS

from dam.arrays import to_numpy

OPERATIONS = 150
DEVICES = {"default": None, "other": strict.Device("device1")}


def flat(x):
    """All arrays and numbers of a result, in order."""
    if is_array_api_obj(x) or isinstance(x, numbers.Number | np.generic):
        return [x]
    if dataclasses.is_dataclass(x):
        x = vars(x)
    parts = x.values() if isinstance(x, dict) else x if isinstance(x, list | tuple) else ()
    return [leaf for part in parts for leaf in flat(part)]


def cast(arrays, dtype):
    """The arrays, real numbers in this precision."""
    return {name: x.astype(dtype) if x.dtype == np.float64 else x for name, x in arrays.items()}


def discrete(x):
    """Whether these are spins, counts or classes."""
    return np.asarray(x).dtype != np.float64 or np.all(np.abs(x) == 1)


@cache
def exact_and_condition(name):
    """The results of an example in float64, and C for each of them by differences."""
    call, arrays = (EXAMPLES | IN_NUMPY)[name]
    results, h = flat(call(**arrays)), 2.0**-20
    C = [np.zeros(np.shape(f)) for f in results]
    for name, x in arrays.items():
        if not discrete(x) and not all(map(discrete, results)):
            for i in np.ndindex(x.shape):
                moved = x.copy()
                moved[i] *= 1 + h
                for c, f, new in zip(C, results, flat(call(**{**arrays, name: moved}))):
                    if not discrete(f):
                        c += np.abs(new - f) / h
    return results, C


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", [*EXAMPLES, *IN_NUMPY])
def test_a_function_under_array_api_strict(name, dtype):
    call, arrays = (EXAMPLES | IN_NUMPY)[name]
    (exact, C), numpys = exact_and_condition(name), flat(call(**cast(arrays, dtype)))
    eps = np.finfo(dtype if any(c.any() for c in C) else "float64").eps
    assert exact
    for device in DEVICES.values():
        given = {key: strict.asarray(x, device=device) for key, x in cast(arrays, dtype).items()}
        found = flat(call(**given))
        for f, plain, ours, c in itertools.zip_longest(exact, numpys, found, C):
            if isinstance(ours, strict._array_object.Array):
                assert name in EXAMPLES and ours.device == next(iter(given.values())).device
                assert str(ours.dtype).split(".")[-1] == str(plain.dtype)
            else:
                assert isinstance(plain, numbers.Number) or name in IN_NUMPY
            assert np.shape(to_numpy(ours)) == np.shape(f)
            assert np.all(np.abs(to_numpy(ours) - 1.0 * f) <= OPERATIONS * eps * (np.abs(f) + c))
            assert np.all(np.abs(plain - 1.0 * f) <= OPERATIONS * eps * (np.abs(f) + c))


def public(module):
    """Names of the public functions, and methods, that a module defines."""
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(thing):
            yield name
        elif inspect.isclass(thing):
            methods = {k: f for k, f in vars(thing).items() if inspect.isfunction(f) and not issubclass(thing, tuple)}
            yield from (f"{name}.{k}" for k in methods if not k.startswith("_") or k == "__call__")


def test_every_public_function_is_in_the_table():
    rooms = [importlib.import_module(f"dam.{room}") for room in ("memory", "network")]
    names = [f"{room.__name__}.{m.name}" for room in rooms for m in pkgutil.iter_modules(room.__path__)]
    modules = [name for name in ("dam.datasets", "dam.fits", *names) if "._" not in name]
    there = set()
    for module in (importlib.import_module(name) for name in modules):
        short = module.__name__.removeprefix("dam.")
        without = NO_ARRAYS.get(short, ())
        there |= {f"{short}.{name}" for name in public(module) if without != "*" and name not in without}
    assert there == {*EXAMPLES, *IN_NUMPY}
