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


MESSAGES = {  # as CuPy 14.2 writes them
    2: "cudaErrorMemoryAllocation: out of memory",
    35: "cudaErrorInsufficientDriver: CUDA driver version is insufficient for CUDA runtime version",
    46: "cudaErrorDevicesUnavailable: CUDA-capable device(s) is/are busy or unavailable",
    100: "cudaErrorNoDevice: no CUDA-capable device is detected",
    209: "cudaErrorNoKernelImageForDevice: no kernel image is available for execution on the device",
    700: "cudaErrorIllegalAddress: an illegal memory access was encountered",
}


def error(module, name, base, message):
    """Return an exception like one of CuPy's: only its module, its name, its base and its text matter."""
    return type(name, (base,), {"__module__": module})(message)


def runtime_error(status):
    """As `CUDARuntimeError`, raised by whatever talks to the driver."""
    return error("cupy_backends.cuda.api.runtime", "CUDARuntimeError", RuntimeError, MESSAGES[status])


def no_memory(size=8_000_000, total=2_000_000_000):
    """As `cupy.cuda.memory.OutOfMemoryError`."""
    text = f"Out of memory allocating {size:,} bytes (allocated so far: {total:,} bytes)."
    return error("cupy.cuda.memory", "OutOfMemoryError", MemoryError, text)


def compile_error(text):
    """As `cupy.cuda.compiler.CompileException`, which is no RuntimeError."""
    return error("cupy.cuda.compiler", "CompileException", Exception, text)


def memory(stub, free, used=0, limit=0):
    """Let the stand-in have so many bytes free and used, and at most so many in its pool; 0 is no limit."""
    pool = {"free_bytes": lambda: 0, "used_bytes": lambda: used, "get_limit": lambda: limit}
    stub.cuda = types.SimpleNamespace(runtime=types.SimpleNamespace(memGetInfo=lambda: (free, 2 * free)))
    stub.get_default_memory_pool = lambda: types.SimpleNamespace(**pool)
    stub.ndarray = ndarray  # an older array-api-compat looks for it
    return stub


def module(free=2**33):
    """Return the module to put in place of ``cupy``, with so many bytes free."""
    stub = types.ModuleType("cupy")
    for thing in (RawModule, matmul, take, flatnonzero, ascontiguousarray):
        setattr(stub, thing.__name__, thing)
    for dtype in (np.int8, np.int16, np.int32, np.int64, np.float32, np.float64):
        setattr(stub, dtype.__name__, dtype)
    stub.asarray = lambda a: np.array(a).view(ndarray)
    stub.empty = lambda shape, dtype: np.empty(shape, dtype).view(ndarray)
    stub.zeros = lambda shape, dtype: np.zeros(shape, dtype).view(ndarray)
    stub.full = lambda shape, fill_value, dtype: np.full(shape, fill_value, dtype).view(ndarray)
    stub.arange = lambda start, stop, dtype: np.arange(start, stop, dtype=dtype).view(ndarray)
    return memory(stub, free)
