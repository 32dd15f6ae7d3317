"""The step for CuPy without a GPU: its kernels compiled as C++, its calls into CuPy checked by a strict stand-in."""

import sys
from dataclasses import replace

import cuda_stub
import numpy as np
import pytest
from elsewhere import elsewhere
from hypothesis import example, given
from hypothesis import strategies as st
from profiles import at_least_in_long

from dam import Classifier, datasets
from dam.memory.interactions import power
from dam.network import _powers, _step_cuda, _step_fast, _step_plain, training
from dam.network import objective as objectives
from dam.network.recipes import Recipe

pytestmark = pytest.mark.skipif(cuda_stub.COMPILER is None, reason="g++ is not installed: kernels cannot be compiled")
SMALL = {"K": 70, "batch_per_class": 7}  # no multiple of a block's memories or of a warp's digits


@pytest.fixture(scope="module")
def digits():
    """2,000 training digits and 500 test digits of MNIST."""
    x, y, x_test, y_test = datasets.mnist()
    return x[:2000], y[:2000], x_test[:500], y_test[:500]


@pytest.fixture(autouse=True)
def cupy(monkeypatch):
    stub = cuda_stub.module()
    monkeypatch.setitem(sys.modules, "cupy", stub)
    return stub


def start(recipe, x, dtype, seed=0, classes=10):
    """Data, targets, weights and momentum for a step, as arrays of their own."""
    t = objectives.targets(np.repeat(np.arange(classes), recipe.batch_per_class), classes, dtype=dtype)
    xi = training.initial_weights(recipe, x.shape[1] + classes, seed, dtype)
    return x.astype(dtype), t, xi, np.zeros_like(xi)


def host(arrays):
    """Copies of the stand-in's arrays as arrays of NumPy."""
    return [np.array(a.view(np.ndarray)) for a in arrays]


def fused(recipe, *arrays):
    return _step_cuda.FusedStep(*(cuda_stub.asarray(a) for a in arrays), recipe)


# --- kernels


def test_powers_by_repeated_squaring():
    degrees = [0, 1, 2, 3, 7, 19, 29, 30, 59]
    least = [_powers.threshold(np, np.dtype(np.float32), k) for k in degrees]
    code = "".join(
        _step_cuda.power_source(f"plain{k}", k) + _step_cuda.power_source(f"rectified{k}", k, low)
        for k, low in zip(degrees, least)
    )
    lines = "".join(f"out[{2 * i}] = plain{k}(x); out[{2 * i + 1}] = rectified{k}(x);" for i, k in enumerate(degrees))
    code += f'extern "C" __global__ void all(float x, float* __restrict__ out) {{ {lines} }}'
    kernel = cuda_stub.RawModule(code).get_function("all")
    out = cuda_stub.zeros(2 * len(degrees), np.float32)
    for x in np.float32([-2, -0.7, 0, 1e-31, 0.01, 0.3, 1, 1.7, 3]):
        kernel((1,), (1,), (x, out))
        for i, (k, low) in enumerate(zip(degrees, least)):
            exact = power(np.float32([x]), k)[0]
            assert out[2 * i] == exact
            assert out[2 * i + 1] == (exact if x > low else 0)


def gradients(recipe, x, t, xi, V, rows, T, dtype):
    """Return arguments and gradients by the pure functions, in that precision."""
    x, t, xi = (a.astype(dtype) for a in (x, t, xi))
    network = Classifier(xi[:, : x.shape[1]], xi[:, x.shape[1] :], recipe.n, T, form=recipe.form)
    a, state = network.forward(x[rows])
    s = objectives.slope(a, t, recipe.m, recipe.objective)
    return a, *network.backward_to_weights(x[rows], state, s)


@pytest.mark.parametrize("form", ("exact", "dual"))
@pytest.mark.parametrize("objective", objectives.OBJECTIVES)
@pytest.mark.parametrize(("n", "m", "K", "N", "classes"), [(2, 2, 37, 7, 3), (3, 3, 5, 16, 2), (4, 1, 65, 8, 10),
                                                           (20, 30, 33, 12, 4), (30, 30, 32, 9, 3)])  # fmt: skip
@at_least_in_long(5)
@given(seed=st.integers(0, 2**32 - 1), warmth=st.floats(0.15, 3))
@example(seed=995, warmth=1 / 3)  # the pure functions happen to be exact there
def test_gradients_are_as_close_to_float64_as_those_of_the_pure_functions(
    n, m, K, N, classes, objective, form, seed, warmth
):
    recipe = Recipe.paper(n, m=m, K=K, batch_per_class=11, objective=objective, form=form)
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (50, N)).astype(np.float32)
    _, t, xi, V = start(recipe, x, np.float32, seed, classes)
    xi[:, N:] = rng.uniform(-1, 1, (K, classes))
    rows, T = rng.integers(50, size=len(t)), float(warmth * np.sqrt(N))
    step = fused(recipe, x, t, xi, V)
    wrong = step(rows, T, 0.01)
    ours = host([step.arguments(cuda_stub.asarray(x[rows]), T), step.G, step.G_labels])
    single, double = (gradients(recipe, x, t, xi, V, rows, T, dtype) for dtype in (np.float32, np.float64))
    clear = np.sort(double[0], axis=1)
    ties = np.sum(clear[:, -1] - clear[:, -2] <= 1e-4 * np.abs(clear).max())
    assert abs(wrong - np.sum(np.argmax(double[0], axis=1) != np.argmax(t, axis=1))) <= ties
    rounding = 2 * np.finfo(np.float32).eps * np.abs(double[0]).max()  # of an argument a, and so of 1 - tanh(a)²
    for found, pure, exact in list(zip(ours, single, double))[1:]:
        error, size = np.abs(found - exact).max(), np.abs(exact).max()
        assert error <= 10 * np.abs(pure - exact).max() + (2e-6 * n + rounding) * size + 1e-20


@pytest.mark.parametrize("N", (784, 9, 300))
def test_the_update_equals_eq_13(N):
    """With a dead memory, one that is nearly so, and weights that run against their bounds."""
    recipe = Recipe.paper(3, K=6, batch_per_class=1)
    rng = np.random.default_rng(0)
    xi, V, G = (rng.normal(0, size, (6, N + 10)).astype(np.float32) for size in (0.5, 3, 3))
    xi = xi.clip(-1, 1)
    V[0] = G[0] = 0
    V[1], G[1] = 1e-35, 0
    xi[2] = 0.999
    step = fused(recipe, np.zeros((1, N), np.float32), np.eye(10, dtype=np.float32) * 2 - 1, xi, V)
    gradient = [cuda_stub.ascontiguousarray(cuda_stub.asarray(part)) for part in (G[:, :N], G[:, N:])]
    weights = step.visible, step.label_weights, step.V, step.V_labels
    step.update((6,), (_step_cuda.UPDATE_THREADS,), (*weights, *gradient, np.float32(0.8), np.float32(0.1)))
    expected, momentum = _step_plain.momentum_update(xi, V, G, 0.8, 0.1)
    found = host(step.state())
    np.testing.assert_allclose(found[0], expected, atol=2e-7)
    np.testing.assert_allclose(found[1], momentum, atol=2e-6)
    np.testing.assert_array_equal(found[0][:2], xi[:2])
    assert np.all(found[1][:2] == 0)


# --- the step


@pytest.mark.parametrize("form", ("dual", "exact"))
@pytest.mark.parametrize("objective", objectives.OBJECTIVES)
@pytest.mark.parametrize("n", (2, 3, 4, 20, 30))
def test_the_step_equals_the_pure_step_and_float64(digits, n, objective, form):
    x, y, *_ = digits
    recipe = replace(Recipe.paper(n), **SMALL, objective=objective, form=form)
    batches = training.minibatches(y, recipe.batch_per_class, seed=0, epoch=0)[:3]
    step = fused(recipe, *start(recipe, x, np.float32))
    pure, double = (_step_plain.ArrayStep(*start(recipe, x, dtype), recipe) for dtype in (np.float32, np.float64))
    before = host(step.state())[0]
    T = recipe.temperature(150)
    wrong = [s.epoch(batches, T, 0.01) for s in (step, pure, double)]
    assert max(wrong) - min(wrong) <= 2
    xi, V = host(step.state())
    assert np.abs(xi - before).max() > 0.02 and step.is_finite()
    for other in (pure, double):
        np.testing.assert_allclose(xi, other.xi, atol=2e-5)
        size = np.abs(other.V).max(axis=1, keepdims=True)
        np.testing.assert_allclose(V / size, other.V / size, atol=1e-3)
    v = x[:157]
    (a,), expected = host([step.arguments(cuda_stub.asarray(v), 200.0)]), pure.arguments(v, 200.0)
    np.testing.assert_allclose(a, expected, rtol=1e-4, atol=2e-5 * np.abs(expected).max())
    misses = [s.wrong(f(v), f(y[:157]), 200.0) for s, f in ((step, cuda_stub.asarray), (pure, np.asarray))]
    assert abs(misses[0] - misses[1]) <= 1


def test_overlaps_far_below_zero_change_nothing():
    """(94/90)^100 is in the range of float32, whatever an overlap of -706 is, which a rectified F ignores."""
    v, visible, labels = (
        np.ones((1, 784), np.float32),
        np.full((8, 784), -0.9, np.float32),
        np.zeros((8, 4), np.float32),
    )
    visible[:4] = np.float32(94 / 784)
    labels[:4] = np.diag([0.1, 0.4, 0.7, 1.0])
    H = visible.astype(float).sum(axis=1) - labels.sum(axis=1)
    powers = [np.maximum((H + 2 * own) / 90, 0) ** 100 - np.maximum(H / 90, 0) ** 100 for own in labels.T]
    xi = np.concatenate([visible, labels], axis=1)
    recipe = Recipe.paper(100, T_initial=90, T_final=90, K=8, batch_per_class=1)
    step = fused(recipe, v, np.eye(4, dtype=np.float32) * 2 - 1, xi, np.zeros_like(xi))
    found = host([step.arguments(cuda_stub.asarray(v), 90.0)])[0]
    np.testing.assert_allclose(found, [np.sum(powers, axis=1)], rtol=2e-3)
    assert found.argmax() == 3 and found.max() > 100


def test_dead_memories_stay_where_they_are(digits):
    x, y, *_ = digits
    recipe = replace(Recipe.paper(3), **SMALL)
    data, t, xi, V = start(recipe, x, np.float32)
    xi[:3, :784], xi[:3, 784:] = 1, 0.5  # overlaps near -600
    V[1] = 1e-38
    step = fused(recipe, data, t, xi, V)
    step.epoch(training.minibatches(y, recipe.batch_per_class, seed=0, epoch=0)[:3], 100.0, 0.01)
    found = host(step.state())
    np.testing.assert_array_equal(found[0][:3], xi[:3])
    assert np.all(found[1][:3] == 0)


@pytest.mark.parametrize("form", ("dual", "exact"))
def test_the_first_minibatch_with_a_nan_is_named(digits, form):
    x, y, *_ = digits
    recipe = replace(Recipe.paper(3), **SMALL, form=form)
    batches = training.minibatches(y, recipe.batch_per_class, seed=0, epoch=0)[:5]
    arrays = start(recipe, x, np.float32)
    arrays[0][batches[2][5], 100] = np.nan
    message = r"^minibatch 3 of 5 \(the arguments of the tanh are not finite\)"
    with pytest.raises(FloatingPointError, match=message):
        fused(recipe, *arrays).epoch(batches, 100.0, 0.01)
    arrays = start(recipe, x, np.float32)
    arrays[3][7, 786] = np.nan  # a momentum
    with pytest.raises(FloatingPointError, match=r"^minibatch 1 of 1 \(the (weights|arguments)"):
        fused(recipe, *arrays).epoch(batches[:1], 100.0, 0.01)


OnDevice = elsewhere(_step_cuda.FusedStep, cuda_stub.asarray)


@pytest.mark.parametrize("form", ("dual", "exact"))
@pytest.mark.parametrize("gpu_first", (True, False))
def test_a_training_goes_on_from_the_gpu_to_the_cpu_and_back(digits, tmp_path, monkeypatch, form, gpu_first):
    x, y, path = digits[0][:210], digits[1][:210], tmp_path / "c.npz"
    recipe = Recipe.paper(3, **SMALL, form=form)
    options = {"progress": False, "backend": "numpy"}
    whole, expected = training.train(x, y, recipe, epochs=2, **options)
    makers = [OnDevice, _step_fast.make_step]
    for make, epochs in zip(makers if gpu_first else makers[::-1], (1, 2)):
        with monkeypatch.context() as patch:
            patch.setattr(_step_fast, "make_step", make)
            mixed, found = training.train(x, y, recipe, epochs=epochs, checkpoint=path, resume=path.exists(), **options)
    for name in ("visible", "label_weights"):
        a, b = getattr(mixed, name), getattr(whole, name)
        assert a.dtype == b.dtype == np.float32 and np.abs(a - b).max() < 2e-5 and np.any(a != b)
    np.testing.assert_allclose(found["train_error"], expected["train_error"], atol=0.5)


@pytest.mark.parametrize("form", ("dual", "exact"))
def test_a_training_is_reproduced_and_resumed_bit_for_bit(digits, tmp_path, monkeypatch, form):
    x, y, x_test, y_test = digits
    x, y = x[:280], y[:280]
    recipe = Recipe.paper(3, **SMALL, ramp_epochs=2, epochs=3, form=form)
    options = {"x_test": x_test[:90], "y_test": y_test[:90], "progress": False, "backend": "numpy"}
    pure, history = training.train(x, y, recipe, **options)

    monkeypatch.setattr(_step_fast, "make_step", OnDevice)
    first, found = training.train(x, y, recipe, **options)
    path = tmp_path / "c.npz"
    training.train(x, y, recipe, epochs=2, checkpoint=path, **options)
    resumed, _ = training.train(x, y, recipe, checkpoint=path, resume=True, **options)
    for other in (training.train(x, y, recipe, **options)[0], resumed):
        np.testing.assert_array_equal(other.visible, first.visible)
        np.testing.assert_array_equal(other.label_weights, first.label_weights)
    for name in ("test_error", "train_error"):
        np.testing.assert_allclose(found[name], history[name], atol=2.5)
    assert np.abs(first.visible - pure.visible).mean() < 1e-3


def test_which_step_is_made(digits, monkeypatch):
    recipe = replace(Recipe.paper(3), **SMALL)
    monkeypatch.setattr(_step_fast, "is_cupy_namespace", lambda _: True)
    arrays = [cuda_stub.asarray(a) for a in start(recipe, digits[0], np.float32)]
    assert isinstance(_step_fast.make_step(*arrays, recipe), _step_cuda.FusedStep)
    monkeypatch.setattr(_step_fast, "is_numpy_namespace", lambda _: False)
    other = replace(recipe, kind="power", form="dual")
    assert isinstance(_step_fast.make_step(*arrays, other), _step_plain.ArrayStep)
    double = [cuda_stub.asarray(a) for a in start(recipe, digits[0], np.float64)]
    assert isinstance(_step_fast.make_step(*double, recipe), _step_plain.ArrayStep)


def test_the_stand_in_is_strict(cupy):
    a, host = cupy.zeros((2, 2), dtype=np.float32), np.zeros((2, 2), np.float32)
    with pytest.raises(TypeError, match="of the host"):
        a + host
    with pytest.raises(TypeError, match="of the host"):
        cupy.matmul(a, host, out=a)
    kernel = cupy.RawModule(code='extern "C" __global__ void f(float* __restrict__ a, int i) { a[i] = 1; }')
    f = kernel.get_function("f")
    f((1,), (1,), (a, np.int32(3)))
    assert a[1, 1] == 1
    for bad in ((a, 3), (host, np.int32(3)), (a, np.int64(3))):
        with pytest.raises(AssertionError):
            f((1,), (1,), bad)
