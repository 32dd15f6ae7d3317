"""A stand-in for CuPy on the CPU that knows only the calls which retrieval makes, and takes them strictly.

Signatures and restrictions as in the documentation of CuPy 14: kernels take contiguous arrays and scalars of the very
types they declare, ``matmul`` writes only into contiguous arrays of the right shape and dtype, ``take`` has no mode.
Device arrays are a class of their own, so an array left on the host is noticed.
"""

import types

import numpy as np
from cuda_harness import compile_kernels


class ndarray(np.ndarray):
    """An array on the stand-in for a GPU. ``reads`` counts how often the host waited for one."""

    reads = 0

    def get(self):
        """Return a copy on the host."""
        ndarray.reads += 1
        return np.array(self)

    def __bool__(self):
        ndarray.reads += 1
        return bool(np.asarray(self))


def on_device(*arrays):
    """Complain about an array that is not on the device."""
    for x in arrays:
        assert isinstance(x, ndarray), f"a {type(x).__name__} where CuPy needs its own array"


class RawKernel:
    """A kernel; arrays must be on the device."""

    def __init__(self, kernel):
        self.kernel = kernel

    def __call__(self, grid, block, args):
        """Run it."""
        assert isinstance(args, tuple)
        on_device(*(x for x in args if not isinstance(x, np.generic)))
        self.kernel(grid, block, args)


class RawModule:
    """A source, compiled when a kernel is asked for."""

    def __init__(self, *, code):
        self.code = code

    def get_function(self, name):
        """Return a kernel by its name."""
        return RawKernel(compile_kernels(self.code)[name])


def matmul(a, b, out=None):
    """Matrix product of two arrays of one dtype."""
    on_device(a, b)
    assert a.ndim == b.ndim == 2 and a.dtype == b.dtype
    if out is not None:
        on_device(out)
        assert out.flags.c_contiguous and out.dtype == a.dtype and out.shape == (a.shape[0], b.shape[1])
    return np.matmul(a, b, out=out)


def take(a, indices, axis=None):
    """Rows of an array."""
    on_device(a, indices)
    assert indices.dtype == np.int64 and axis == 0
    return np.take(a, indices, axis=axis)


def flatnonzero(a):
    """Indices of the true entries: the host waits for their number."""
    on_device(a)
    ndarray.reads += 1
    return np.flatnonzero(a).view(ndarray)


def ascontiguousarray(a, dtype=None):
    """The array itself or a contiguous copy."""
    return np.ascontiguousarray(a, dtype).view(ndarray)


def module(free=2**33):
    """Return the module to put in place of ``cupy``, with so many bytes free."""
    stub = types.ModuleType("cupy")
    for thing in (ndarray, RawModule, matmul, take, flatnonzero, ascontiguousarray):
        setattr(stub, thing.__name__, thing)
    for dtype in (np.int8, np.int16, np.int32, np.int64, np.float32, np.float64):
        setattr(stub, dtype.__name__, dtype)
    stub.asarray = lambda a: np.array(a).view(ndarray)
    stub.empty = lambda shape, dtype: np.empty(shape, dtype).view(ndarray)
    stub.zeros = lambda shape, dtype: np.zeros(shape, dtype).view(ndarray)
    stub.full = lambda shape, fill_value, dtype: np.full(shape, fill_value, dtype).view(ndarray)
    stub.arange = lambda start, stop, dtype: np.arange(start, stop, dtype=dtype).view(ndarray)
    stub.cuda = types.SimpleNamespace(runtime=types.SimpleNamespace(memGetInfo=lambda: (free, 2 * free)))
    stub.get_default_memory_pool = lambda: types.SimpleNamespace(free_bytes=lambda: 0)
    return stub
