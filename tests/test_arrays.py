"""Choosing between NumPy and CuPy, with a stand-in for CuPy where there is no GPU."""

import importlib
import os
import sys
import types
import warnings

import array_api_strict as strict
import cupy_stub
import numpy as np
import pytest
from cupy_stub import compile_error, no_memory, runtime_error

import dam
from dam import arrays


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Forget what was found out about CuPy, before and after each test."""
    monkeypatch.delenv("DAM_BACKEND", raising=False)
    arrays._cupy.cache_clear()
    arrays._warn_fallback.cache_clear()
    monkeypatch.setattr(arrays, "NVIDIA", ())
    yield
    arrays._cupy.cache_clear()
    arrays._warn_fallback.cache_clear()


def no_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)


DRIVER_13, LIBRARY = 13020, "libnvrtc.so.13: cannot open shared object file: No such file or directory"
PAGE = ImportError("\n=====\nFailed to import CuPy.\n\nIf you installed CuPy via wheels ...\n=====\n")
PAGE.__cause__ = ImportError("libcuda.so.1: cannot open shared object file: No such file or directory")


def broken_cupy(monkeypatch, devices=1, product=None, count=None, kernel=None, driver=DRIVER_13, capability="90"):
    """A module named cupy that imports; ``count`` is raised on the first touch of the device, ``kernel`` by a kernel.

    The calls are those of CuPy 14, and so are the numbers that it answers.
    """
    cupy = types.ModuleType("cupy")

    def number_of_devices():
        if count:
            raise count
        return devices

    class RawKernel:
        def __init__(self, code, name, options=(), backend="nvrtc"):
            assert f"void {name}(double* x)" in code

        def __call__(self, grid, block, args):
            (x,) = args
            assert grid == (1,) and block == (x.size,) and x.dtype == np.float64
            if kernel:
                raise kernel
            x *= 2

    runtime = {"getDeviceCount": number_of_devices, "driverGetVersion": lambda: driver}
    cupy.cuda = types.SimpleNamespace(
        runtime=types.SimpleNamespace(**runtime, runtimeGetVersion=lambda: 13020),
        nvrtc=types.SimpleNamespace(getSupportedArchs=lambda: (75, 80, 90, 121)),
        Device=lambda: types.SimpleNamespace(compute_capability=capability),
    )
    cupy.RawKernel = RawKernel
    cupy.asarray = np.asarray
    cupy.asnumpy = lambda x: product if product is not None else x
    monkeypatch.setitem(sys.modules, "cupy", cupy)


def failing_import(monkeypatch, error):
    """Let ``import cupy`` raise."""

    class Broken:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "cupy":
                raise error

    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken, *sys.meta_path])


def test_numpy_by_name(monkeypatch):
    no_cupy(monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        xp = arrays.get_namespace("numpy")
    assert arrays.backend_name(xp) == "numpy"
    assert "cores" in arrays.device_name(xp)


def gpu(monkeypatch):
    monkeypatch.setattr(arrays, "NVIDIA", ("/no/such/device", __file__))


def test_auto_falls_back_with_one_warning(monkeypatch):
    no_cupy(monkeypatch)
    gpu(monkeypatch)
    with pytest.warns(RuntimeWarning, match="runs on NumPy: CuPy is not installed; pip install") as caught:
        xp = [arrays.get_namespace(), arrays.get_namespace("auto"), arrays.get_namespace()]
    assert len(caught) == 1
    assert {arrays.backend_name(x) for x in xp} == {"numpy"}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"devices": 0}, "CuPy sees no GPU; nvidia-smi"),
        ({"count": runtime_error(100)}, r"CuPy sees no GPU; .* \(CUDARuntimeError: cudaErrorNoDevice: no CUDA-capable"),
        ({"count": runtime_error(35), "driver": 0}, "there is no NVIDIA driver here; install it"),
        (
            {"count": runtime_error(35), "driver": 12080},
            "driver knows CUDA 12, and CuPy is for CUDA 13; update it .* 13 580.*, or install the CuPy for that CUDA",
        ),
        (
            {
                "kernel": compile_error("nvrtc: error: invalid value for --gpu-architecture (-arch)\n"),
                "capability": "61",
            },
            r"the GPU has compute capability 6.1, and CUDA 13 here takes 7.5 to 12.1; .* \(-arch\)\)",
        ),
        ({"kernel": runtime_error(209), "capability": "70"}, "compute capability 7.0, and CUDA 13 here takes 7.5"),
        ({"kernel": RuntimeError(f"CuPy failed to load {LIBRARY}")}, "libraries of CUDA 13, .* not here; install them"),
        (
            {"kernel": ImportError(LIBRARY.replace("nvrtc", "cublas"))},
            r"cupy-cuda13x\[ctk\]'.* \(ImportError: libcublas",
        ),
        ({"count": runtime_error(2)}, "the memory of the GPU is full; nvidia-smi shows what holds it"),
        ({"kernel": no_memory()}, "the memory of the GPU is full; .* allocating 8,000,000 bytes"),
        ({"product": np.zeros((2, 2))}, "multiplies two small matrices wrongly"),
        ({"count": runtime_error(46)}, r"CuPy imports but does not work \(CUDARuntimeError: cudaErrorDevicesUnavail"),
        ({"kernel": KeyError("unforeseen")}, r"CuPy imports but does not work \(KeyError: 'unforeseen'\)"),
    ],
)
def test_cupy_that_does_not_work(monkeypatch, broken, reason):
    broken_cupy(monkeypatch, **broken)
    gpu(monkeypatch)
    with pytest.warns(RuntimeWarning, match=reason):
        assert arrays.backend_name(arrays.get_namespace("auto")) == "numpy"
    with pytest.raises(RuntimeError, match=f"backend asks for cupy, but .*{reason}"):
        arrays.get_namespace("cupy")


def test_cupy_that_works_is_taken(monkeypatch):
    broken_cupy(monkeypatch)
    namespace = types.ModuleType("array_api_compat.cupy")
    monkeypatch.setitem(sys.modules, "array_api_compat.cupy", namespace)
    assert arrays.get_namespace("auto") is arrays.get_namespace("cupy") is namespace


@pytest.mark.parametrize(
    "broken", [{}, {"devices": 0}, {"count": runtime_error(100)}, {"count": runtime_error(35), "driver": 0}], ids=str
)
def test_auto_is_silent_where_there_is_no_gpu(monkeypatch, broken):
    broken_cupy(monkeypatch, **broken) if broken else no_cupy(monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert arrays.backend_name(arrays.get_namespace("auto")) == "numpy"
    with pytest.raises(RuntimeError, match="backend asks for cupy, but (CuPy|there is no NVIDIA driver)"):
        arrays.get_namespace("cupy")


def test_a_device_that_multiplies_wrongly_is_a_gpu_whatever_its_files(monkeypatch):
    broken_cupy(monkeypatch, product=np.zeros((2, 2)))
    with pytest.warns(RuntimeWarning, match="multiplies two small matrices wrongly"):
        arrays.get_namespace("auto")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PAGE, r"there is no NVIDIA driver here; install it \(ImportError: libcuda.so.1: cannot"),
        (ImportError("libcudart.so.12: cannot open"), r"installed but does not import; .* \(ImportError: libcudart"),
        (ValueError("numpy.dtype size changed"), r"for this Python, NumPy and CUDA \(ValueError: numpy.dtype size"),
        (AttributeError("_ARRAY_API not found"), "CuPy is installed but does not import"),
        (SystemError("whatever"), "CuPy is installed but does not import"),
        (OSError("libcuda.so.1: cannot open"), "there is no NVIDIA driver here"),
        (RuntimeError("cannot load"), "CuPy is installed but does not import"),
        (SystemExit(3), r"CuPy is installed but does not import; .* \(SystemExit: 3\)"),
    ],
)
def test_whatever_the_import_of_cupy_raises(monkeypatch, error, reason):
    failing_import(monkeypatch, error)
    assert arrays.backend_name(arrays.get_namespace("auto")) == "numpy"
    with pytest.raises(RuntimeError, match=reason):
        arrays.get_namespace("cupy")


def test_a_folder_named_cupy_is_not_taken_for_cupy(monkeypatch, tmp_path):
    """What an uninstalled CuPy leaves behind imports, as a package of nothing."""
    (tmp_path / "cupy").mkdir()
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    if importlib.import_module("cupy").__file__:
        pytest.skip("there is a CuPy here")
    assert np.array_equal(dam.retrieve(np.ones((1, 3)), np.ones((1, 3)), dam.Polynomial(2), backend="auto"), [[1] * 3])
    with pytest.raises(RuntimeError, match=r"what imports as cupy is not CuPy, .* delete it"):
        arrays.get_namespace("cupy")


def test_a_question_about_the_gpu_that_fails_is_left_open(monkeypatch):
    broken_cupy(monkeypatch, kernel=compile_error("nvrtc: error: invalid value for --gpu-architecture (-arch)"))
    del sys.modules["cupy"].cuda.nvrtc
    with pytest.raises(RuntimeError, match=r"has compute capability 9.0, and CUDA 13 here takes \? to \?;"):
        arrays.get_namespace("cupy")


# --- what fails on the way


@pytest.mark.parametrize("error", [no_memory(), runtime_error(2)], ids=str)
def test_no_memory_on_the_gpu(monkeypatch, error):
    monkeypatch.setitem(sys.modules, "cupy", cupy_stub.memory(types.ModuleType("cupy"), 3 * 10**9, used=10**9))
    rooms = []
    with pytest.raises(MemoryError) as caught, arrays.gpu_errors("the work", lambda room: rooms.append(room) or "less"):
        raise error
    said = f"{type(error).__name__}: {error}"
    assert (
        str(caught.value) == f"the work does not fit into the memory of the GPU, of which 3 GB are free ({said}); less"
    )
    assert rooms == [4 * 10**9]


def test_a_gpu_that_fails():
    with pytest.raises(RuntimeError) as caught, arrays.gpu_errors("the work", "less", lambda: "this is kept"):
        raise runtime_error(700)
    said = "CUDARuntimeError: cudaErrorIllegalAddress: an illegal memory access was encountered"
    assert str(caught.value) == f"the GPU failed during the work ({said}); this is kept"
    with pytest.raises(RuntimeError, match="start again in a new process$"), arrays.gpu_errors("the work", "less"):
        raise runtime_error(700)


@pytest.mark.parametrize(
    "error",
    [ValueError("a"), MemoryError("b"), RuntimeError("c"), FloatingPointError("d"), compile_error("e")],
    ids=str,
)
def test_other_errors_stay_as_they_are(error):
    with pytest.raises(type(error)) as caught, arrays.gpu_errors("the work", "less"):
        raise error
    assert caught.value is error and not hasattr(error, "__notes__")


def test_a_limit_of_the_pool_is_free_memory_too(monkeypatch):
    monkeypatch.setattr(arrays.array_api_compat, "is_cupy_array", lambda _: True)
    for limit, free in ((0, 900), (500, 300), (2000, 900), (100, 0)):
        stub = cupy_stub.memory(types.ModuleType("cupy"), 900, used=200, limit=limit)
        monkeypatch.setitem(sys.modules, "cupy", stub)
        assert arrays.free_bytes(np.ones(1)) == free


def test_an_empty_environment_variable_is_none(monkeypatch):
    no_cupy(monkeypatch)
    monkeypatch.setenv("DAM_BACKEND", "")
    assert arrays.backend_name(arrays.get_namespace()) == "numpy"


def test_using_sets_the_variable_and_puts_it_back(monkeypatch):
    with pytest.raises(KeyError), arrays.using("numpy"):
        assert os.environ["DAM_BACKEND"] == "numpy"
        with arrays.using(None):
            assert os.environ["DAM_BACKEND"] == "numpy"
        raise KeyError
    assert "DAM_BACKEND" not in os.environ
    monkeypatch.setenv("DAM_BACKEND", "auto")
    with arrays.using("numpy"):
        pass
    assert os.environ["DAM_BACKEND"] == "auto"


def test_environment_variable(monkeypatch):
    no_cupy(monkeypatch)
    monkeypatch.setenv("DAM_BACKEND", "cupy")
    with pytest.raises(RuntimeError, match="environment variable DAM_BACKEND asks for cupy, but CuPy is not installed"):
        arrays.get_namespace()
    monkeypatch.setenv("DAM_BACKEND", "torch")
    with pytest.raises(ValueError, match="DAM_BACKEND is 'torch'; it must be one of auto, numpy, cupy"):
        arrays.get_namespace()
    assert arrays.backend_name(arrays.get_namespace("numpy")) == "numpy"


def test_unknown_backend():
    with pytest.raises(ValueError, match="backend is 'jax'; it must be one of auto, numpy, cupy"):
        arrays.get_namespace("jax")


def test_mixed_libraries_are_named():
    with pytest.raises(TypeError, match=r"got a \(numpy\), b \(array_api_strict\)"):
        arrays.array_namespace(a=np.ones(2), b=strict.ones(2))
    with pytest.raises(TypeError, match="a is a list; it must be an array"):
        arrays.array_namespace(a=[1, 2])


def test_to_numpy_gives_numpy():
    assert isinstance(arrays.to_numpy(np.ones(2)), np.ndarray)
    assert isinstance(arrays.to_numpy(strict.ones(2)), np.ndarray)


def test_cupy_computes_as_numpy_does():
    """The real thing, where there is a GPU."""
    pytest.importorskip("cupy", reason="CuPy is not installed: this test needs a GPU")
    xp = arrays.get_namespace("cupy")
    xi, sigma = dam.random_patterns(500, 60, 0), dam.random_patterns(50, 60, 1)
    on_gpu = dam.retrieve(xp.asarray(sigma), xp.asarray(xi), dam.Polynomial(3), 2)
    here = dam.retrieve(sigma, xi, dam.Polynomial(3), 2, backend="numpy")
    assert np.array_equal(arrays.to_numpy(on_gpu), here)
    there = dam.retrieve(sigma, xi, dam.Polynomial(3), 2, backend="cupy")
    assert type(there) is np.ndarray and np.array_equal(there, here)
