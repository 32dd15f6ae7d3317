"""Choosing between NumPy and CuPy, with a stand-in for CuPy where there is no GPU."""

import os
import sys
import types
import warnings

import array_api_strict as strict
import numpy as np
import pytest

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


def broken_cupy(monkeypatch, devices=1, product=None, error=None):
    """A module named cupy that imports; ``error`` is raised on the first touch of the device."""
    cupy = types.ModuleType("cupy")

    def count():
        if error:
            raise error
        return devices

    cupy.cuda = types.SimpleNamespace(runtime=types.SimpleNamespace(getDeviceCount=count))
    cupy.asarray = np.asarray
    cupy.asnumpy = lambda x: product if product is not None else x
    monkeypatch.setitem(sys.modules, "cupy", cupy)


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
    with pytest.warns(RuntimeWarning, match="runs on NumPy: CuPy does not import") as caught:
        xp = [arrays.get_namespace(), arrays.get_namespace("auto"), arrays.get_namespace()]
    assert len(caught) == 1
    assert {arrays.backend_name(x) for x in xp} == {"numpy"}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"devices": 0}, "sees no GPU"),
        ({"product": np.zeros((2, 2))}, "multiplies two small matrices wrongly"),
        ({"error": RuntimeError("driver too old")}, r"does not work \(RuntimeError: driver too old\)"),
    ],
)
def test_cupy_that_does_not_work(monkeypatch, broken, reason):
    broken_cupy(monkeypatch, **broken)
    gpu(monkeypatch)
    with pytest.warns(RuntimeWarning, match=reason):
        assert arrays.backend_name(arrays.get_namespace("auto")) == "numpy"
    with pytest.raises(RuntimeError, match=f"backend asks for cupy, but .*{reason}"):
        arrays.get_namespace("cupy")


@pytest.mark.parametrize("broken", [{}, {"devices": 0}, {"error": RuntimeError("no CUDA-capable device")}], ids=str)
def test_auto_is_silent_where_there_is_no_gpu(monkeypatch, broken):
    broken_cupy(monkeypatch, **broken) if broken else no_cupy(monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert arrays.backend_name(arrays.get_namespace("auto")) == "numpy"
    with pytest.raises(RuntimeError, match="backend asks for cupy, but CuPy"):
        arrays.get_namespace("cupy")


def test_a_device_that_multiplies_wrongly_is_a_gpu_whatever_its_files(monkeypatch):
    broken_cupy(monkeypatch, product=np.zeros((2, 2)))
    with pytest.warns(RuntimeWarning, match="multiplies two small matrices wrongly"):
        arrays.get_namespace("auto")


def test_whatever_the_import_of_cupy_raises(monkeypatch):
    class Broken:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "cupy":
                raise OSError("libcuda.so.1: cannot open")

    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken, *sys.meta_path])
    assert arrays.backend_name(arrays.get_namespace("auto")) == "numpy"
    with pytest.raises(RuntimeError, match=r"CuPy does not import \(OSError: libcuda.so.1: cannot open\)"):
        arrays.get_namespace("cupy")


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
    with pytest.raises(RuntimeError, match="environment variable DAM_BACKEND asks for cupy, but CuPy does not import"):
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
    import dam

    xp = arrays.get_namespace("cupy")
    xi, sigma = dam.random_patterns(500, 60, 0), dam.random_patterns(50, 60, 1)
    on_gpu = dam.retrieve(xp.asarray(sigma), xp.asarray(xi), dam.Polynomial(3), 2)
    here = dam.retrieve(sigma, xi, dam.Polynomial(3), 2, backend="numpy")
    assert np.array_equal(arrays.to_numpy(on_gpu), here)
    there = dam.retrieve(sigma, xi, dam.Polynomial(3), 2, backend="cupy")
    assert type(there) is np.ndarray and np.array_equal(there, here)
