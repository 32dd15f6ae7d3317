"""Which array library and which device: NumPy everywhere, CuPy where a GPU works.

Functions of this package take arrays of either library and answer in the same one. Those that compute for long copy
NumPy arrays to the backend (`on_backend`) that the argument ``backend`` or the environment variable ``DAM_BACKEND``
names (``auto``, ``numpy`` or ``cupy``; ``auto`` when unset or empty), and answer in NumPy arrays all the same.
"""

import importlib
import os
import platform
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any, TypeAlias

import array_api_compat
import array_api_compat.numpy
import numpy as np
from threadpoolctl import ThreadpoolController

from dam import limits

Array: TypeAlias = Any
"""An array of NumPy, of CuPy or of another library with its interface, which no type checker knows; docstrings give the
shape."""
BACKENDS = ("auto", "numpy", "cupy")
NVIDIA = ("/dev/nvidia0", "/proc/driver/nvidia")
"""One of these exists where there is an NVIDIA GPU with its driver."""
NO_MEMORY = "OutOfMemoryError|cudaErrorMemoryAllocation|CUDA_ERROR_OUT_OF_MEMORY|CUBLAS_STATUS_ALLOC_FAILED"
REASONS = {
    "No module named 'cupy'|import of cupy halted": "CuPy is not installed; pip install cupy-cuda12x or cupy-cuda13x",
    r"libcuda\.so|InsufficientDriver.*driver 0$": "there is no NVIDIA driver here; install it",
    "InsufficientDriver|(?i:unsupported_?ptx)": "the NVIDIA driver knows CUDA {driver}, and CuPy is for CUDA "
    "{cuda}; update it (CUDA 12 needs driver 525 or newer, CUDA 13 580), or install the CuPy for that CUDA instead",
    "cudaErrorNoDevice": "CuPy sees no GPU; nvidia-smi lists those there are, and CUDA_VISIBLE_DEVICES may hide them",
    "NoKernelImage|NO_BINARY_FOR_GPU|gpu-architecture|ARCH_MISMATCH": "the GPU has compute capability {have}, "
    "and CUDA {cuda} here takes {least} to {most}; cupy-cuda12x takes older GPUs than cupy-cuda13x",
    NO_MEMORY: "the memory of the GPU is full; nvidia-smi shows what holds it",
    r"(\.so|\.dll)\b.*CuPy imports": "libraries of CUDA {cuda}, which CuPy is for, are not here; "
    "install them (CuPy 14: pip install 'cupy-cuda{cuda}x[ctk]'), or the CuPy for the CUDA that is here",
    "no attribute 'cuda'": "what imports as cupy is not CuPy, but what is left of one, or another folder of that name; "
    "delete it, or install cupy-cuda12x or cupy-cuda13x",
    "CuPy imports": "CuPy imports but does not work",
    "": "CuPy is installed but does not import; install one for this Python, NumPy and CUDA",
}
"""Why CuPy does not work, by what is found in what its versions 13 and 14 raise, the first that is found."""
TWICE = 'extern "C" __global__ void twice(double* x) { x[threadIdx.x] *= 2; }'


@cache
def _cupy() -> tuple[ModuleType | None, str, bool]:
    """Return ``(namespace, "", True)`` if CuPy works here, else ``(None, reason, whether there is a GPU)``.

    Working means: it imports, it sees a device, two small matrices multiply correctly there, and it compiles a kernel.
    """
    gpu = any(os.path.exists(path) for path in NVIDIA)
    cupy: Any = None
    try:
        cupy = importlib.import_module("cupy")
        if cupy.cuda.runtime.getDeviceCount() == 0:
            raise RuntimeError("cudaErrorNoDevice")
        gpu = True
        x = np.arange(6.0).reshape(2, 3)
        product = cupy.asarray(x) @ cupy.asarray(x.T)
        cupy.RawKernel(TWICE, "twice")((1,), (4,), (product,))
        if not np.array_equal(cupy.asnumpy(product), 2 * x @ x.T):
            return None, "CuPy multiplies two small matrices wrongly on this GPU", gpu
        import array_api_compat.cupy as xp
    except (Exception, SystemExit) as error:  # a missing driver or toolkit and a broken installation show up as many
        reason = _reason(error, cupy)
        if not hasattr(cupy, "ndarray"):  # array_api_compat would take it for CuPy
            sys.modules.pop("cupy", None)
        return None, reason, gpu
    return xp, "", True


def cupy_version() -> str | None:
    """Return the version of the CuPy that is in use, None where there is none."""
    return getattr(sys.modules.get("cupy"), "__version__", None)


def _reason(error: BaseException, cupy: Any) -> str:
    """Return which of the `REASONS` an error shows, with what can be learned; ``cupy`` is None if it did not import."""
    cause = (isinstance(error, ImportError) and error.__cause__) or error  # CuPy writes a page around the cause
    said = f"{type(cause).__name__}: {' '.join(str(cause).split())}"
    facts = {
        "cuda": lambda: cupy.cuda.runtime.runtimeGetVersion() // 1000,
        "driver": lambda: cupy.cuda.runtime.driverGetVersion() // 1000,
        "have": lambda: int(cupy.cuda.Device().compute_capability) / 10,
        "least": lambda: min(cupy.cuda.nvrtc.getSupportedArchs()) / 10,
        "most": lambda: max(cupy.cuda.nvrtc.getSupportedArchs()) / 10,
    }
    known: dict[str, Any] = {}
    for name, ask in facts.items():
        try:
            known[name] = ask()
        except Exception:  # the question may be what does not work
            known[name] = "?"
    shown = f"{said}; CuPy imports, driver {known['driver']}" if cupy else said
    return f"{next(reason for mark, reason in REASONS.items() if re.search(mark, shown)).format(**known)} ({said})"


@cache
def _warn_fallback(reason: str) -> None:
    warnings.warn(f"dam runs on NumPy: {reason}.", RuntimeWarning, stacklevel=4)


def get_namespace(backend: str | None = None) -> ModuleType:
    """Return the array namespace to create data in: ``array_api_compat.numpy`` or ``array_api_compat.cupy``.

    Parameters
    ----------
    backend : {'auto', 'numpy', 'cupy'} or None
        ``None`` reads the environment variable ``DAM_BACKEND``. ``auto`` is CuPy if it works, else NumPy, with one
        warning that says why if there is a GPU.

    Raises
    ------
    ValueError
        The name is none of the three.
    RuntimeError
        ``cupy`` was asked for by name and does not work here; the message says what is missing.
    """
    origin = "backend" if backend is not None else "the environment variable DAM_BACKEND"
    name = backend if backend is not None else os.environ.get("DAM_BACKEND") or "auto"
    if not isinstance(name, str) or name not in BACKENDS:
        raise ValueError(f"{origin} is {name!r}; it must be one of {', '.join(BACKENDS)}")
    if name == "numpy":
        return array_api_compat.numpy
    xp, reason, gpu = _cupy()
    if xp is not None:
        return xp
    if name == "cupy":
        raise RuntimeError(f"{origin} asks for cupy, but {reason}. Use 'numpy' or 'auto' to run on the CPU")
    if gpu:
        _warn_fallback(reason)
    return array_api_compat.numpy


@contextmanager
def using(backend: str | None) -> Iterator[None]:
    """While it lasts, ``DAM_BACKEND`` is this backend; None leaves it as it is."""
    before = os.environ.get("DAM_BACKEND")
    if backend is not None:
        os.environ["DAM_BACKEND"] = backend
    try:
        yield
    finally:
        os.environ.pop("DAM_BACKEND", None)
        if before is not None:
            os.environ["DAM_BACKEND"] = before


def on_backend(backend: str | None, *arrays: Array) -> tuple[Any, ...]:
    """Return the arrays where they are computed on, and last a function that brings a result back from there.

    NumPy arrays are copied to the backend that `get_namespace` gives, and results come back as NumPy arrays. Arrays of
    another library are computed where they are, whatever the backend, and so are mixed and masked ones, which every
    function of this package refuses.
    """
    if not all(array_api_compat.is_numpy_array(x) and not isinstance(x, np.ma.MaskedArray) for x in arrays):
        return *arrays, lambda result: result
    xp = get_namespace(backend)
    return *(xp.asarray(x) for x in arrays), to_numpy


def array_namespace(**arrays: Array) -> ModuleType:
    """Return the one array namespace that all the named arrays belong to.

    Raises
    ------
    TypeError
        Something is not an array, or two arrays come from different libraries; the message names them.
    """
    names = {}
    for name, x in arrays.items():
        if not array_api_compat.is_array_api_obj(x):
            raise TypeError(f"{name} is a {type(x).__name__}; it must be an array (NumPy, or CuPy on a GPU)")
        if isinstance(x, np.ma.MaskedArray):  # its mask would be lost, or its products others than those of an array
            raise TypeError(f"{name} is a masked array; give {name}.filled(VALUE), or the rows without hidden entries")
        names[name] = array_api_compat.array_namespace(x)
    if len(set(names.values())) > 1:
        got = ", ".join(f"{name} ({type(arrays[name]).__module__.split('.')[0]})" for name in names)
        raise TypeError(f"all arrays must come from one library, got {got}; convert them first")
    return next(iter(names.values()))


def beside(x: Array, values: Any, dtype: Any = None) -> Array:
    """Return the values as an array of the library of ``x``, on its device."""
    return array_api_compat.array_namespace(x).asarray(values, dtype=dtype, device=x.device)


def to_numpy(x: Any) -> np.ndarray:
    """Return ``x`` as a NumPy array, copied from the GPU where it lies there."""
    if not isinstance(x, np.ndarray) and array_api_compat.is_cupy_array(x):
        return x.get()
    try:
        return np.asarray(x)
    except RuntimeError:  # another library's device
        return np.from_dlpack(x).copy()


def free_bytes(x: Array = None) -> float:
    """Return how many bytes of memory are free where the array lies: on its GPU, else (and by default) here.

    Here it is what the machine has and what the limits of a container or of ``ulimit -v`` leave. Where that is unknown
    it is infinity: nothing is refused beforehand, and NumPy says when it gets no more.
    """
    if x is not None and array_api_compat.is_cupy_array(x):
        return _gpu_bytes()[0]
    return limits.free_memory()


def _gpu_bytes() -> tuple[int, int]:
    """Return how many bytes of the GPU's memory CuPy could still have, and how many its arrays hold."""
    import cupy

    pool = cupy.get_default_memory_pool()
    free, limit, used = cupy.cuda.runtime.memGetInfo()[0] + pool.free_bytes(), pool.get_limit(), pool.used_bytes()
    return max(0, min(free, limit - used)) if limit else free, used


@contextmanager
def gpu_errors(what: str, smaller: str | Callable[[int], str], kept: Callable[[], str] = lambda: "") -> Iterator[None]:
    """Say what to do where the GPU fails during ``what``, or has too little memory; all other errors stay as they are.

    Parameters
    ----------
    what : str
    smaller : str or callable
        What to do that it fits, or what says so for the bytes that CuPy holds or could still have.
    kept : callable
        Says what is kept, and how to go on.

    Raises
    ------
    MemoryError
        With the size that was asked for, what is free, and what would fit.
    RuntimeError
        With CuPy's own message.
    """
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith("cupy"):
            raise
        said = f"{type(error).__name__}: {error}"
        if re.search(NO_MEMORY, said):
            free, used = _gpu_bytes()
            text = f"{what} does not fit into the memory of the GPU, of which {free / 1e9:.3g} GB are free ({said})"
            advice = smaller(free + used) if callable(smaller) else smaller
            raise MemoryError("; ".join(part for part in (text, advice, kept()) if part)) from error
        if isinstance(error, RuntimeError):
            raise RuntimeError(
                f"the GPU failed during {what} ({said}); {kept() or 'start again in a new process'}"
            ) from error
        raise


@cache
def has_threads() -> bool:
    """Return whether a thread can be started here: not in a browser."""
    thread = threading.Thread(target=int)
    try:
        thread.start()
    except RuntimeError:  # can't start new thread
        return False
    thread.join()
    return True


def thread_pool(threads: int, initializer: Callable[[], Any] = int) -> Executor:
    """Return an executor of so many threads; where there are none, one that computes at once what is submitted.

    Each of its threads first calls ``initializer``.
    """
    return ThreadPoolExecutor(threads, initializer=initializer) if has_threads() else _AtOnce(initializer)


class _OneBlasThread:
    """See `one_blas_thread`."""

    def __init__(self) -> None:
        self.lock, self.users = threading.Lock(), 0

    def __enter__(self) -> None:
        with self.lock:
            if self.users == 0:
                self.limits = _blas().limit(limits=1, user_api="blas")
                with _blas().limit():  # leaves it so; threadpoolctl 3.8 no longer lets this thread alone restore it
                    pass
            self.users += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.users -= 1
            if self.users == 0:
                with self.limits:  # at the end of which they are restored
                    pass


@cache
def _blas() -> ThreadpoolController:
    """Return the handle on the BLAS threads; made once, since looking for the libraries takes milliseconds."""
    return ThreadpoolController()


one_blas_thread = _OneBlasThread()
"""A context in which the BLAS computes on one thread. Where several overlap, as in threads of a user's own, the first
sets that and the last one ends it: each restoring what it found would leave one thread for good."""


class _AtOnce(Executor):
    def __init__(self, initializer: Callable[[], Any]) -> None:
        initializer()

    def submit(self, function: Callable[..., Any], /, *args: Any, **options: Any) -> Future:
        future: Future = Future()
        try:
            future.set_result(function(*args, **options))
        except Exception as error:
            future.set_exception(error)
        return future


def cores() -> int:
    """Return how many CPU cores this process may use: in a container fewer than there are; one without threads."""
    return limits.cpus() if has_threads() else 1


def backend_name(xp: ModuleType) -> str:
    """Return the name of the library behind a namespace: ``'numpy'`` or ``'cupy'``."""
    return xp.__name__.split(".")[-1]


def device_name(xp: ModuleType) -> str:
    """Return the name of the processor that arrays of ``xp`` are computed on, for the provenance of a result."""
    if backend_name(xp) == "cupy":
        import cupy

        return cupy.cuda.runtime.getDeviceProperties(cupy.cuda.Device().id)["name"].decode()
    return f"{_cpu_model()}, {os.cpu_count()} cores"


def _cpu_model() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
