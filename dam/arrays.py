"""Which array library and which device: NumPy everywhere, CuPy where a GPU works.

Functions of this package take arrays of either library and answer in the same one. Those that compute for long copy
NumPy arrays to the backend (`on_backend`) that the argument ``backend`` or the environment variable ``DAM_BACKEND``
names (``auto``, ``numpy`` or ``cupy``; ``auto`` when unset or empty), and answer in NumPy arrays all the same.
"""

import os
import platform
import warnings
from contextlib import contextmanager
from functools import cache

import array_api_compat
import array_api_compat.numpy
import numpy as np
import psutil

BACKENDS = ("auto", "numpy", "cupy")
NVIDIA = ("/dev/nvidia0", "/proc/driver/nvidia")
"""One of these exists where there is an NVIDIA GPU with its driver."""


@cache
def _cupy():
    """Return ``(namespace, None, True)`` if CuPy works here, else ``(None, reason, whether there is a GPU)``.

    Working means: it imports, it sees a device, and two small matrices multiply correctly there.
    """
    gpu = any(os.path.exists(path) for path in NVIDIA)
    try:
        import cupy
    except Exception as error:  # a broken installation raises more than ImportError
        remedy = "install it with pip install 'dam[cuda12]' or 'dam[cuda13]'"
        return None, f"CuPy does not import ({type(error).__name__}: {error}); {remedy}", gpu
    try:
        if cupy.cuda.runtime.getDeviceCount() == 0:
            return None, "CuPy sees no GPU", gpu
        gpu = True
        x = np.arange(6.0).reshape(2, 3)
        product = cupy.asnumpy(cupy.asarray(x) @ cupy.asarray(x.T))
        if not np.array_equal(product, x @ x.T):
            return None, "CuPy multiplies two small matrices wrongly on this GPU", gpu
        import array_api_compat.cupy as xp
    except Exception as error:  # a missing driver or toolkit shows up as many kinds of error
        return None, f"CuPy imports but does not work ({type(error).__name__}: {error})", gpu
    return xp, None, True


@cache
def _warn_fallback(reason):
    warnings.warn(f"dam runs on NumPy: {reason}.", RuntimeWarning, stacklevel=4)


def get_namespace(backend=None):
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
    if name not in BACKENDS:
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
def using(backend):
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


def on_backend(backend, *arrays):
    """Return the arrays where they are computed on, and last a function that brings a result back from there.

    NumPy arrays are copied to the backend that `get_namespace` gives, and results come back as NumPy arrays. Arrays of
    another library are computed where they are, whatever the backend, and so are mixed ones, which every function of
    this package refuses.
    """
    if not all(array_api_compat.is_numpy_array(x) for x in arrays):
        return *arrays, lambda result: result
    xp = get_namespace(backend)
    return *(xp.asarray(x) for x in arrays), to_numpy


def array_namespace(**arrays):
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
        names[name] = array_api_compat.array_namespace(x)
    if len(set(names.values())) > 1:
        got = ", ".join(f"{name} ({type(arrays[name]).__module__.split('.')[0]})" for name in names)
        raise TypeError(f"all arrays must come from one library, got {got}; convert them first")
    return next(iter(names.values()))


def to_numpy(x):
    """Return ``x`` as a NumPy array, copied from the GPU where it lies there."""
    if array_api_compat.is_cupy_array(x):
        return x.get()
    return np.asarray(x)


def free_bytes(x=None):
    """Return how many bytes of memory are free where the array lies: on its GPU, else (and by default) here."""
    if x is not None and array_api_compat.is_cupy_array(x):
        import cupy

        return cupy.cuda.runtime.memGetInfo()[0] + cupy.get_default_memory_pool().free_bytes()
    return psutil.virtual_memory().available


def cores():
    """Return how many CPU cores this process may use: on a shared machine fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def backend_name(xp):
    """Return the name of the library behind a namespace: ``'numpy'`` or ``'cupy'``."""
    return xp.__name__.split(".")[-1]


def device_name(xp):
    """Return the name of the processor that arrays of ``xp`` are computed on, for the provenance of a result."""
    if backend_name(xp) == "cupy":
        import cupy

        return cupy.cuda.runtime.getDeviceProperties(cupy.cuda.Device().id)["name"].decode()
    return f"{_cpu_model()}, {os.cpu_count()} cores"


def _cpu_model():
    try:
        with open("/proc/cpuinfo", encoding="utf8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
