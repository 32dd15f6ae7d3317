"""Runs CUDA kernels on the CPU: compiles their source as C++ and lets the threads of a block take turns.

Every thread of a block is a coroutine that runs up to its next ``__syncthreads()``; then comes the next one, forwards
or backwards. A kernel that lacks a barrier gives different results in the two orders, and one whose threads do not all
reach the same barrier is reported. Supported is what the kernels of this package use: one-dimensional blocks and
grids, static ``__shared__`` arrays, plain arithmetic and the functions of ``math.h``.
"""

import ctypes
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest

PRELUDE = r"""
#define _XOPEN_SOURCE 700
#include <ucontext.h>
#include <cmath>
#include <functional>
#include <vector>
struct Index { unsigned x, y, z; };
static Index threadIdx, blockIdx, blockDim, gridDim;
#define __global__
#define __device__
#define __forceinline__ inline
#define __shared__ static
#define __syncthreads barrier

namespace {
struct Thread { ucontext_t context; std::vector<char> stack; bool ended; };
std::vector<Thread> threads;
ucontext_t scheduler;
std::function<void()> body;
int current;

void barrier() { swapcontext(&threads[current].context, &scheduler); }
void run_thread() { body(); threads[current].ended = true; }

// Returns 0, or 1 if some threads of a block have ended while others wait at a barrier.
int run(int grid, int block, int backwards, std::function<void()> kernel)
{
    body = kernel;
    gridDim = {(unsigned)grid, 1, 1};
    blockDim = {(unsigned)block, 1, 1};
    if (threads.size() < (size_t)block) threads.resize(block);
    for (int b = 0; b < grid; b++) {
        blockIdx = {(unsigned)b, 0, 0};
        for (int t = 0; t < block; t++) {
            Thread& thread = threads[t];
            thread.stack.resize(65536);
            thread.ended = false;
            getcontext(&thread.context);
            thread.context.uc_stack.ss_sp = thread.stack.data();
            thread.context.uc_stack.ss_size = thread.stack.size();
            thread.context.uc_link = &scheduler;
            makecontext(&thread.context, run_thread, 0);
        }
        for (int ended = 0; ended < block;) {
            for (int t = 0; t < block; t++) {
                current = backwards ? block - 1 - t : t;
                threadIdx = {(unsigned)current, 0, 0};
                swapcontext(&scheduler, &threads[current].context);
            }
            ended = 0;
            for (int t = 0; t < block; t++) ended += threads[t].ended;
            if (ended > 0 && ended < block) return 1;
        }
    }
    return 0;
}
}  // namespace
"""
DTYPES = {
    "bool": np.bool_,
    "char": np.int8,
    "signed char": np.int8,
    "unsigned char": np.uint8,
    "short": np.int16,
    "int": np.int32,
    "unsigned": np.uint32,
    "unsigned int": np.uint32,
    "long long": np.int64,
    "unsigned long long": np.uint64,
    "float": np.float32,
    "double": np.float64,
}


def parameters(declaration, typedefs):
    """Return ``(name, NumPy dtype, whether it is a pointer)`` for each parameter of a kernel."""
    found = []
    for text in declaration.split(","):
        pointer, words = "*" in text, re.findall(r"\w+", text.replace("__restrict__", ""))
        name = " ".join(word for word in words[:-1] if word != "const")
        found.append((words[-1], np.dtype(DTYPES[typedefs.get(name, name)]), pointer))
    return found


class Kernel:
    """A kernel that runs on the CPU, called as ``cupy.RawKernel`` is: with grid, block and arguments.

    Arguments must fit the declaration exactly: C-contiguous arrays of the dtype for pointers, NumPy scalars of the
    dtype else. ``backwards`` runs the threads from the last to the first.
    """

    def __init__(self, name, parameters, function):
        self.name, self.parameters, self.function = name, parameters, function
        self.backwards = False

    def __call__(self, grid, block, args):
        """Run all blocks, one after the other."""
        for size in (grid, block):
            assert isinstance(size, tuple) and len(size) == 1 and isinstance(size[0], int) and size[0] >= 1, size
        assert len(args) == len(self.parameters), f"{self.name} takes {len(self.parameters)} arguments: {len(args)}"
        values = [self._value(x, *parameter) for x, parameter in zip(args, self.parameters)]
        assert self.function(grid[0], block[0], int(self.backwards), *values) == 0, f"{self.name}: not all at a barrier"

    def _value(self, x, name, dtype, pointer):
        where = f"{self.name}: {name}"
        assert isinstance(x, np.ndarray if pointer else np.generic), f"{where} is a {type(x).__name__}"
        assert x.dtype == dtype, f"{where} must be {dtype}, got {x.dtype}"
        if not pointer:
            return np.ctypeslib.as_ctypes_type(dtype)(x.item())
        assert x.flags.c_contiguous, f"{where} is not contiguous"
        return ctypes.c_void_p(x.ctypes.data)


@cache
def _folder():
    return tempfile.TemporaryDirectory(prefix="dam-cuda-")


@cache
def compile_kernels(code):
    """Return the kernels of a CUDA source, by name; skip the test where there is no g++."""
    if shutil.which("g++") is None:
        pytest.skip("no g++ to compile the CUDA kernels for the CPU")
    typedefs = {new: " ".join(old.split()) for old, new in re.findall(r"typedef ([\w ]+) (\w+);", code)}
    found = re.findall(r'extern "C" __global__ void (\w+)\(([^)]*)\)', code)
    declarations = {name: parameters(declaration, typedefs) for name, declaration in found}
    wrappers = []
    for name, declaration in found:
        call = f"{name}({', '.join(parameter for parameter, *_ in declarations[name])})"
        wrappers.append(
            f'extern "C" int run_{name}(int grid, int block, int backwards, {declaration})\n'
            f"{{ return run(grid, block, backwards, [=] {{ {call}; }}); }}\n"
        )
    source = Path(_folder().name, f"kernels{len(list(Path(_folder().name).iterdir()))}.cpp")
    source.write_text(PRELUDE + code + "\n".join(wrappers), encoding="utf8")
    library = source.with_suffix(".so")
    command = ["g++", "-std=c++17", "-O2", "-Wall", "-ffp-contract=off", "-shared", "-fPIC", source, "-o", library]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = ctypes.CDLL(str(library))
    return {name: Kernel(name, declared, getattr(loaded, f"run_{name}")) for name, declared in declarations.items()}
