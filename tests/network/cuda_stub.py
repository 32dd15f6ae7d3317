"""A strict stand-in for CuPy: the functions that `_step_cuda` calls, on NumPy arrays of a type of their own.

Kernels are compiled as C++ by g++ (``cuda_on_cpu.h``) and run on the CPU. Arrays of the host and of the device do not
mix, a kernel takes contiguous arrays of the types in its signature and scalars of NumPy of these types, and a function
or an argument that is not here raises: so a wrong call is found without a GPU.
"""

import ctypes
import functools
import re
import shutil
import subprocess
import tempfile
import types
from pathlib import Path

import numpy as np

COMPILER = shutil.which("g++")
HEADER = Path(__file__).parent / "cuda_on_cpu.h"
TYPES = {"float": np.float32, "int": np.int32, "double": np.float64, "unsigned int": np.uint32, "long long": np.int64}


class Device(np.ndarray):
    """An array on the device."""

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        for x in (*inputs, *(out or ())):
            if isinstance(x, np.ndarray) and x.ndim and not isinstance(x, Device):
                raise TypeError(f"{ufunc.__name__} got an array of the host, {x.shape}, beside one of the device")
        host = [x.view(np.ndarray) if isinstance(x, Device) else x for x in inputs]
        if out is not None:
            options["out"] = tuple(x.view(np.ndarray) for x in out)
        return _device(getattr(ufunc, method)(*host, **options))

    def __setitem__(self, key, value):
        if isinstance(value, np.ndarray) and not isinstance(value, Device):
            raise TypeError("an array of the host is written into one of the device")
        super().__setitem__(key, value)


def _device(x):
    return np.asarray(x).view(Device)


def _only(device, *arrays):
    for a in arrays:
        if isinstance(a, Device) is not device:
            raise TypeError(f"an array of the {'host' if device else 'device'} where the other is needed")


def zeros(shape, dtype=float):
    """As `cupy.zeros`."""
    return np.zeros(shape, dtype).view(Device)


def empty(shape, dtype=float):
    """As `cupy.empty`, filled with what nobody would compute with unnoticed."""
    return np.full(shape, np.nan if np.dtype(dtype).kind == "f" else -1, dtype).view(Device)


def asarray(a):
    """As `cupy.asarray`, from the host or the device."""
    return a if isinstance(a, Device) else np.array(a).view(Device)


def ascontiguousarray(a, dtype=None):
    """As `cupy.ascontiguousarray`."""
    _only(True, a)
    return np.ascontiguousarray(a, dtype).view(Device)


def concatenate(tup, axis=0):
    """As `cupy.concatenate`."""
    _only(True, *tup)
    return np.concatenate([a.view(np.ndarray) for a in tup], axis).view(Device)


def isfinite(x):
    """As `cupy.isfinite`."""
    _only(True, x)
    return np.isfinite(x)


def matmul(x1, x2, /, out=None):
    """As `cupy.matmul` of matrices; ``out`` must be contiguous, and no operand of another layout copied."""
    _only(True, x1, x2, out)
    assert x1.dtype == x2.dtype == out.dtype and out.flags.c_contiguous and out.shape == (x1.shape[0], x2.shape[1])
    for a in (x1, x2):
        assert a.flags.c_contiguous or a.flags.f_contiguous, "this operand would be copied"
    np.matmul(x1.view(np.ndarray), x2.view(np.ndarray), out=out.view(np.ndarray))
    return out


class RawModule:
    """As `cupy.RawModule`."""

    def __init__(self, code=None, *, options=()):
        assert isinstance(options, tuple) and all(isinstance(option, str) for option in options)
        assert not any("ftz" in option or "arch" in option for option in options), "CuPy adds these itself"
        self.code = code

    def get_function(self, name):
        """Return the kernel of that name."""
        return Kernel(compiled(self.code), self.code, name)


class Kernel:
    """As `cupy.RawKernel`: called with a grid, a block and arguments."""

    def __init__(self, library, code, name):
        self.function, self.name = getattr(library, f"launch_{name}"), name
        parameters = re.search(rf"__global__ void {name}\(([^)]*)\)", code)[1]
        self.types = [" ".join(p.replace("__restrict__", "").split()[:-1]) for p in parameters.split(",")]

    def __call__(self, grid, block, args):
        assert isinstance(grid, tuple) and isinstance(block, tuple) and isinstance(args, tuple), self.name
        assert all(type(size) is int and size > 0 for size in grid + block), (self.name, grid, block)
        assert np.prod(block) <= 1024 and np.prod(grid[1:]) < 65536
        if len(args) != len(self.types):
            raise TypeError(f"{self.name} takes {len(self.types)} arguments, got {len(args)}")
        pointers = (ctypes.c_void_p * len(args))()
        kept = []
        for i, (argument, kind) in enumerate(zip(args, self.types)):
            expected = TYPES[kind.replace("const ", "").rstrip("*").strip()]
            if kind.endswith("*"):
                assert isinstance(argument, Device), f"{self.name}: argument {i} must be an array of the device"
                assert argument.dtype == expected and argument.flags.c_contiguous, f"{self.name}: argument {i}"
                kept.append(ctypes.c_void_p(argument.ctypes.data))
            else:
                assert type(argument) is expected, f"{self.name}: argument {i} is a {type(argument)}, not {expected}"
                kept.append(np.array(argument))
            pointers[i] = kept[-1].ctypes.data if isinstance(kept[-1], np.ndarray) else ctypes.addressof(kept[-1])
        sizes = [(ctypes.c_uint * 3)(*(*size, 1, 1)[:3]) for size in (grid, block)]
        self.function(*sizes, pointers)


@functools.cache
def compiled(code):
    """Return the library of all kernels of a CUDA source, compiled as C++."""
    names = re.findall(r"__global__ void (\w+)\(", code)
    parts = [f'#include "{HEADER}"\n', code]
    for name in names:
        launch = f"fibers::launch({name}, grid, block, args);"
        signature = "const unsigned int* grid, const unsigned int* block, void** args"
        parts.append(f'extern "C" void launch_{name}({signature}) {{ {launch} }}\n')
    with tempfile.TemporaryDirectory() as folder:
        path, library = Path(folder) / "kernels.cpp", Path(folder) / "kernels.so"
        path.write_text("".join(parts))
        flags = ["-std=c++17", "-O1", "-fPIC", "-shared", "-ffp-contract=off", "-Werror=return-type", "-w"]
        subprocess.run([COMPILER, *flags, str(path), "-o", str(library)], check=True)
        return ctypes.CDLL(str(library))


def module():
    """Return the stand-in, to be put into ``sys.modules`` as ``cupy``."""
    cupy = types.ModuleType("cupy")
    cupy.ndarray = types.SimpleNamespace  # of no array here: other code takes `Device` for an array of NumPy
    for member in (RawModule, zeros, empty, asarray, ascontiguousarray, concatenate, isfinite, matmul):
        setattr(cupy, member.__name__, member)
    return cupy
