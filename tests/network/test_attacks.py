"""Attacks on images: gradients against finite differences, and what an attack promises."""

import sys
import types

import array_api_strict
import cupy_stub
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam import arrays, checks
from dam.memory.interactions import KINDS
from dam.network import attacks, classifier, robustness
from dam.network.classifier import FORMS
from dam.network.objective import log_objective, loss, targets


def network(n=3, seed=0, N=12, K=9, classes=4, kind="rectified", T=6.0, form="exact"):
    rng = np.random.default_rng(seed)
    return classifier.Classifier(rng.uniform(-1, 1, (K, N)), rng.uniform(-1, 1, (K, classes)), n, T, kind, form)


def images(net, M=6, seed=1):
    """Random images, and the classes that the network gives them: all are classified correctly."""
    v = np.random.default_rng(seed).uniform(-0.9, 0.9, (M, net.visible.shape[1]))
    return v, np.argmax(net.arguments(v), axis=1)


def ln_C(a, y, m):
    return log_objective(a, targets(y, a.shape[1], a.dtype), m)[0]


# --- the gradient


@given(a=st.lists(st.floats(-8, 8), min_size=3, max_size=3), y=st.integers(0, 2), m=st.integers(1, 4))
def test_the_logarithm_is_that_of_the_objective(a, y, m):
    a, y = np.array([a]), np.array([y])
    C = loss(np.tanh(a), targets(y, 3, np.float64), m)
    if C > 1e-8:  # 1 - tanh loses its digits below
        assert ln_C(a, y, m)[0] == pytest.approx(np.log(C), abs=1e-6)


def test_the_logarithm_is_finite_where_the_tanh_saturates():
    a = np.array([[300.0, -300, -300], [-1e4, 1e4, -1e4]], dtype=np.float32)
    found = ln_C(a, np.array([0, 0]), 3)
    # right and certain: 3 equal terms (2 e^-600)^6; wrong and certain: two terms 2^6
    np.testing.assert_allclose(found, [np.log(3) + 6 * (np.log(2) - 600), np.log(2) + 6 * np.log(2)], rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 1), (3, 3), (4, 1), (20, 30), (30, 2)])
def test_gradients_equal_finite_differences(form, n, m, kind):
    net = network(n, kind=kind, form=form)
    v, y = images(net)
    net.T = float(np.abs(v @ net.visible.T).max()) * (1.8 if (form, kind) == ("exact", "power") else 1)
    y = (y + 1) % 4
    value, found = attacks.gradient(v, y, net, m)
    scores = net.scores(v)
    t = targets(y, 4, np.float64)
    np.testing.assert_allclose(value, np.log(((scores - t) ** (2 * m)).sum(axis=1)), rtol=1e-9)
    slow = np.zeros_like(v)
    for i in range(v.shape[1]):
        sides = []
        for change in (1e-5, -1e-5):
            moved = v.copy()
            moved[:, i] += change
            sides.append(ln_C(net.arguments(moved), y, m))
        slow[:, i] = (sides[0] - sides[1]) / 2e-5
    assert n == 1 or np.abs(slow).max() > 1e-9
    np.testing.assert_allclose(found, slow, rtol=1e-4, atol=1e-6 * np.abs(slow).max() + 1e-10)


@pytest.mark.parametrize("form", FORMS)
def test_the_gradient_under_array_api_strict(form):
    net = network(form=form)
    v, y = images(net)
    weights = (array_api_strict.asarray(w) for w in (net.visible, net.label_weights))
    strict = classifier.Classifier(*weights, 3, 6.0, form=form)
    found = attacks.gradient(array_api_strict.asarray(v), array_api_strict.asarray(y), strict, 2)
    for ours, theirs in zip(found, attacks.gradient(v, y, net, 2), strict=True):
        np.testing.assert_allclose(np.asarray(ours), theirs, rtol=1e-12)


@pytest.fixture
def elsewhere(monkeypatch):
    """DAM_BACKEND names a backend whose arrays are array_api_strict's; what is computed there is counted."""
    forward, seen = classifier.Classifier.forward, []

    def watched(self, v):
        seen.append(v.__array_namespace__() is self.visible.__array_namespace__() is array_api_strict)
        return forward(self, v)

    monkeypatch.setattr(arrays, "get_namespace", lambda backend=None: array_api_strict)
    monkeypatch.setattr(classifier.Classifier, "forward", watched)
    return seen


@pytest.mark.parametrize("name", ("predict", "gradient", "attack", "path", "robust", "minima"))
def test_the_backend_is_that_of_the_environment(name, request):
    net = network(3, N=20, K=30)
    v, y = images(net)
    call = {
        "predict": lambda: [net.predict(v)],
        "gradient": lambda: attacks.gradient(v, y, net),
        "attack": lambda: list(vars(attacks.attack(v, y, net, length=0.05, max_updates=9)).values()),
        "path": lambda: attacks.path(v, y, (y + 1) % 4, net, 3),
        "robust": lambda: [robustness.robust(v, y, net, (0, 0.5), steps=4)],
        "minima": lambda: robustness.minima(v, y, net, updates=4),
    }[name]
    here = call()
    seen = request.getfixturevalue("elsewhere")
    for ours, theirs in zip(here, call(), strict=True):
        assert type(theirs) is np.ndarray and ours.dtype == theirs.dtype
        np.testing.assert_allclose(theirs, ours, rtol=1e-9)
    assert seen and all(seen)


def test_images_that_do_not_fit_on_the_gpu(monkeypatch):
    net = network(3, N=20, K=30)
    v, y = images(net, M=40)
    monkeypatch.setattr(attacks, "is_cupy_array", lambda _: True)
    monkeypatch.setattr(checks, "free_bytes", lambda _: 8 * 15 * (9 * 30 + 6 * 20) + 9)
    with pytest.raises(MemoryError, match="an attack on 40 images needs about .* are free; take 15 of the 40 at once"):
        attacks.gradient(v, y, net)
    attacks.gradient(v[:15], y[:15], net)


def test_digits_that_do_not_fit_on_the_gpu(monkeypatch):
    net = network(3, N=20, K=30)
    monkeypatch.setitem(sys.modules, "cupy", cupy_stub.memory(types.ModuleType("cupy"), 10**6))

    def full(x):
        raise cupy_stub.no_memory()

    monkeypatch.setattr(arrays, "get_namespace", lambda backend=None: types.SimpleNamespace(asarray=full))
    with pytest.raises(MemoryError, match="the network does not fit .* 8,000,000 bytes .*; use fewer digits at once"):
        net.predict(np.zeros((2, 20)))


# --- steps and attacks


@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1e-30, 1e-3, 1.0, 1e25]))
def test_a_move_has_its_length_and_stays_among_the_pixels(seed, scale):
    rng = np.random.default_rng(seed)
    v, slope = np.zeros((3, 7), np.float32), (scale * rng.normal(size=(3, 7))).astype(np.float32)
    slope[2] = 0
    moved = attacks.move(v, slope, 0.3, "l2")
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), [0.3, 0.3, 0], rtol=1e-5)
    assert np.all((moved * slope)[:2].sum(axis=1) < 0)
    np.testing.assert_array_equal(attacks.move(v, slope, 0.3, "linf"), np.float32(-0.3) * np.sign(slope))
    assert np.abs(attacks.move(v + 0.9, slope, 5.0, "l2")).max() <= 1


@pytest.mark.parametrize("norm", attacks.NORMS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("aimed", (False, True))
def test_an_attack_ends_just_across_the_boundary(norm, form, aimed):
    net = network(3, N=20, K=30, form=form)
    predict = net.predict
    v, y = images(net, M=40)
    target = (y + 1) % 4 if aimed else None
    length = {"l2": 0.1, "linf": 0.02}[norm]
    found = attacks.attack(v, y, net, target, norm=norm, length=length)
    assert found.crossed.mean() > 0.9 and np.abs(found.images).max() <= 1
    answers = predict(found.images)
    arrived = answers == target if aimed else answers != y
    np.testing.assert_array_equal(arrived, found.crossed)
    # one step before it had not crossed, and the crossing is known to a thousandth of a step
    rows = np.flatnonzero(found.crossed)
    assert np.all(found.updates[rows] >= 1) and np.all(found.updates[~found.crossed] == 200)
    back = found.images[rows] + 2e-3 * (v[rows] - found.images[rows])
    assert (predict(back) == y[rows]).mean() > (0.3 if aimed else 0.6)
    if norm == "l2":
        moved = np.linalg.norm(found.images - v, axis=1)
        assert np.all(moved[rows] <= length * found.updates[rows] + 1e-9)
    np.testing.assert_allclose(found.overshoot(v, 1.0), found.images, atol=1e-12)
    np.testing.assert_allclose(found.overshoot(v, 2.0), np.clip(2 * found.images - v, -1, 1), atol=1e-12)


def test_an_attack_by_hand():
    """One image, step by step: the gradient and the step of this module, and nothing else."""
    net = network(3, N=20, K=30)
    v, y = images(net, M=1)
    target = np.argsort(net.arguments(v)[0])[-2:-1]
    image, updates = v.copy(), 0
    while net.predict(image)[0] == y[0]:
        before = image
        image, updates = attacks.move(image, attacks.gradient(image, target, net)[1], 0.05, "l2"), updates + 1
    found = attacks.attack(v, y, net, length=0.05)
    assert (found.updates[0], found.target[0], found.crossed[0]) == (updates, target[0], True)
    share = (found.images[0] - before[0]) / (image[0] - before[0])  # how far along the last step
    np.testing.assert_allclose(share, share[0], atol=1e-6)
    assert 0 < share[0] <= 1


def test_images_that_do_not_cross_are_reported_and_kept():
    net = network(3, N=20, K=30)
    v, y = images(net, M=10)
    found = attacks.attack(v, y, net, length=1e-6, max_updates=3)
    assert not found.crossed.any() and np.all(found.updates == 3) and found.images.shape == v.shape
    np.testing.assert_array_equal(net.predict(found.images), y)
    part = attacks.attack(v, y, net, length=0.05, max_updates=5)
    assert 0 < part.crossed.sum() < 10
    assert np.all(part.updates[~part.crossed] == 5)


def test_a_path_goes_on_past_the_boundary():
    net = network(3, N=20, K=30)
    v, y = images(net, M=5)
    found = attacks.attack(v, y, net, length=0.05)
    updates = int(found.updates.max()) + 5
    first, second, pictures = attacks.path(v, y, found.target, net, updates, length=0.05)
    assert first.shape == second.shape == (updates + 1, 5) and pictures.shape == (updates + 1, 5, 20)
    np.testing.assert_array_equal(pictures[0], v)
    for k in range(updates + 1):
        np.testing.assert_allclose(first[k], ln_C(net.arguments(pictures[k]), y, 1))
    crossing = found.updates
    for j in range(5):
        assert np.argmax(net.arguments(pictures[crossing[j], [j]])) != y[j]
        assert np.argmax(net.arguments(pictures[crossing[j] - 1, [j]])) == y[j]


def test_a_tie_is_moved_to_another_class():
    """All memories are off and all arguments 0; the answer is class 0, and the target must not be."""
    silent = classifier.Classifier(-np.ones((2, 4)), np.ones((2, 3)), 3, 1.0)
    found = attacks.attack(np.ones((1, 4)), np.array([0]), silent, max_updates=2)
    assert found.target[0] != 0 and not found.crossed[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"v": np.full((6, 12), 1.5)}, r"v must lie in \[-1, 1\], got values from 1.5"),
        ({"v": np.zeros((6, 11))}, "v must have 12 columns .*each pixel of the network"),
        ({"v": np.full((6, 12), np.nan)}, "v must be finite"),
        ({"y": np.full(6, 4)}, "y must hold classes from 0 to 3, got 4 to 4"),
        ({"y": np.zeros(5, int)}, "y must hold a class for each of the 6 images, got 5"),
        ({"y": "wrong"}, "v must hold images that the network classifies correctly, got 6 of 6 .*leave those out"),
        ({"target": "own"}, "target must be another class than the image's own"),
        ({"target": np.zeros(3, int)}, "target must hold a class for each of the 6 images, got 3"),
        ({"target": np.full(6, 7)}, "target must hold classes from 0 to 3"),
        ({"norm": "l1"}, "norm must be one of l2, linf, got 'l1'"),
        ({"length": 0}, "length must be a number from"),
        ({"max_updates": 0}, "max_updates must be an integer of at least 1"),
        ({"m": 0}, "m must be an integer of at least 1"),
        ({"network": network(classes=1), "y": np.zeros(6, int)}, "network must have two classes or more"),
    ],
)
def test_bad_input(change, message):
    net = network()
    v, y = images(net)
    words = {"wrong": (y + 1) % 4, "own": y}
    change = {key: words.get(value, value) if isinstance(value, str) else value for key, value in change.items()}
    with pytest.raises(ValueError, match=message):
        attacks.attack(**({"v": v, "y": y, "network": net} | change))


def test_a_move_of_an_unknown_norm_is_refused():
    with pytest.raises(ValueError, match="norm must be one of l2, linf, got 'L2'"):
        attacks.move(np.zeros((1, 3)), np.ones((1, 3)), 0.1, "L2")


def test_in_float64_a_far_class_has_a_derivative():
    """By hand: for t = -1 and a large, d ln C / da is 4 m p / (1 + e^(2a)), p the share of the term in C."""
    a, t = np.array([[140.0, -140.0]]), np.array([[-1.0, 1.0]])
    expected = 4 * 3 * 0.5 * np.exp(-280)
    np.testing.assert_allclose(log_objective(a, t, 3)[1], [[expected, -expected]], rtol=1e-12)
    far = log_objective(1e4 * a, t, 3)[1]
    assert np.all(np.isfinite(far)) and far[0, 0] > 0 > far[0, 1]
    assert np.all(np.isfinite(log_objective(1e4 * a.astype(np.float32), t.astype(np.float32), 3)[1]))
