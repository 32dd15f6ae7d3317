"""A memory behind convolutions: its gradients against finite differences, and the attacks, which take it as it is."""

from dataclasses import replace

import numpy as np
import pytest

from dam.network import attacks, robustness
from dam.network.classifier import Classifier, error_percent
from dam.network.quantized import quantized
from dam.network.relu import ReLUNetwork
from dam.vision.coupled import AT_ONCE, Coupled, Squashed, centered, features, uncentered
from dam.vision.layers import Convolution, LargestOfFour, Pooled, Rectifier, Sequence

SIDE, FEATURES, K, CLASSES = 4, 5, 6, 3


def layers(dtype=np.float64, cut=False):
    """A convolution, a rectifier, pooling, and features brought to [-1, 1]."""
    rng = np.random.default_rng(0)
    convolution = Convolution(rng.normal(size=(3, 3, 3, FEATURES)), rng.normal(size=FEATURES))
    through = Sequence((convolution, Rectifier(), LargestOfFour(), Pooled()))
    h = features(through, rng.uniform(-1, 1, (50, SIDE, SIDE, 3)))
    return Sequence((through, uncentered(h) if cut else centered(h))).on(np, dtype)


def head(kind="memory", dtype=np.float64):
    """Two memories, or units, for each of three classes."""
    visible = np.random.default_rng(1).uniform(-1, 1, (K, FEATURES)).astype(dtype)
    label_weights = (2 * np.eye(CLASSES)[np.arange(K) % CLASSES] - 1).astype(dtype)
    if kind == "units":
        return ReLUNetwork(visible, label_weights, np.full(K, 0.1, dtype), np.linspace(0, 0.1, CLASSES).astype(dtype))
    return Classifier(visible, label_weights, 3, 5.0, form="dual" if kind == "dual" else "exact")


HEADS = ("memory", "dual", "units")


def network(kind="memory", dtype=np.float64, cut=False):
    return Coupled(layers(dtype, cut), head(kind, dtype), SIDE)


def images(M=2 * AT_ONCE + 1, dtype=np.float64):
    return np.random.default_rng(2).uniform(-0.9, 0.9, (M, 3 * SIDE**2)).astype(dtype)


# --- what it answers


@pytest.mark.parametrize("kind", HEADS)
def test_it_is_the_head_of_the_features(kind):
    net, v = network(kind), images()
    x = features(net.layers, v.reshape(-1, SIDE, SIDE, 3))
    np.testing.assert_allclose(net.arguments(v), net.head.arguments(x), atol=1e-12)
    assert np.array_equal(net.predict(v), net.head.predict(x))
    assert net.pixels == 3 * SIDE**2 and net.at_once == AT_ONCE
    assert net.visible is net.head.visible and net.label_weights is net.head.label_weights


@pytest.mark.parametrize("kind", HEADS)
def test_many_images_are_as_each_alone(kind):
    net, v, t = network(kind), images(), np.eye(CLASSES)[np.arange(2 * AT_ONCE + 1) % CLASSES]
    a, state = net.forward(v)
    back = net.backward(state, t)
    for i in range(len(v)):
        one, of_one = net.forward(v[i : i + 1])
        np.testing.assert_allclose(a[i], one[0], atol=1e-12)
        np.testing.assert_allclose(back[i], net.backward(of_one, t[i : i + 1])[0], atol=1e-12)


def test_precision_is_that_of_the_weights_and_double_from_the_features_on():
    net, taken = network(dtype=np.float32), []

    class Watched(Sequence):
        def forward(self, x):
            taken.append(x.dtype)
            return super().forward(x)

    net = replace(net, layers=Watched(net.layers.layers))
    assert net.arguments(images(2, np.float32)).dtype == np.float64
    assert all(x.dtype == np.float64 for x in attacks.gradient(images(2), np.array([0, 1]), net))
    attacks.path(images(2, np.float32), np.array([0, 1]), np.array([1, 0]), net, 2)
    assert set(taken) == {np.dtype(np.float32)}
    assert net.on(np, np.float64).layers.layers[-1].width.dtype == np.float64
    np.testing.assert_allclose(net.arguments(images()), network().arguments(images()), rtol=1e-4)


def test_a_gradient_smaller_than_single_precision_keeps_its_direction():
    exact, net, v = network(), network(dtype=np.float32), images(3)
    sharp = [replace(one, head=replace(one.head, T=0.7)) for one in (exact, net)]
    y = (sharp[0].predict(v) + 1) % CLASSES
    (_, expected), (_, found) = (attacks.gradient(v, y, one, 30) for one in sharp)
    size = np.abs(expected).max(axis=1, keepdims=True)
    assert np.all(size < 1e-45)  # where float32 ends
    np.testing.assert_allclose(found / size, expected / size, atol=1e-4)


# --- attacks


@pytest.mark.parametrize("m", [1, 3])
@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("kind", HEADS)
def test_gradients_equal_finite_differences(kind, cut, m):
    net, v, h = network(kind, cut=cut), images(2), 1e-6
    y = (net.predict(v) + 1) % CLASSES
    value, found = attacks.gradient(v, y, net, m)
    expected = np.empty(v.shape)
    for i in range(v.shape[1]):
        step = np.zeros(v.shape)
        step[:, i] = h
        ahead, behind = (attacks.gradient(at, y, net, m)[0] for at in (v + step, v - step))
        expected[:, i] = (ahead - behind) / (2 * h)
    assert value.shape == (2,) and np.abs(found).max() > 1e-3
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7 * np.abs(expected).max())


@pytest.mark.parametrize("kind", HEADS)
def test_an_attack_crosses_the_boundary(kind):
    net, v = network(kind), images()
    y = net.predict(v)
    found = attacks.attack(v, y, net, length=0.1, max_updates=100)
    assert found.crossed.all() and not np.any(net.predict(found.images) == y)
    assert np.abs(found.images).max() <= 1 and found.images.shape == v.shape
    assert np.array_equal(net.predict(found.overshoot(v, 0.98)), y)  # just across it


@pytest.mark.parametrize("kind", HEADS)
def test_every_function_that_takes_a_network_takes_it(kind):
    net, v = network(kind), images()
    y = net.predict(v)
    own, ln_C, steps = attacks.path(v, y, (y + 1) % CLASSES, net, 40)
    assert steps.shape == (41, *v.shape) and (ln_C[-1] < ln_C[0]).all() and own.shape == ln_C.shape
    held = robustness.robust(v, y, net, (0, 0.1, 2), steps=5)
    assert held[0].all() and held[1].any() and not held[2].any()
    assert robustness.robust(v, y, net, (0,), m=1).all()
    best = robustness.minima(v, (y + 1) % CLASSES, net, updates=30)
    np.testing.assert_allclose(best.ln_C, attacks.gradient(best.images, (y + 1) % CLASSES, net)[0], rtol=1e-10)
    assert np.all(best.ln_C < ln_C[0])
    assert error_percent(net, v, y) == 0 and error_percent(net, v, (y + 1) % CLASSES) == 100


def test_the_weights_of_the_head_are_quantized_and_not_of_the_whole():
    net = network()
    with pytest.raises(TypeError, match=r"network must be .*, such as the head of another, got Coupled"):
        quantized(net)
    assert replace(net, head=quantized(net.head)).arguments(images()).shape == (len(images()), CLASSES)


def test_some_hidden_units_of_a_relu_network_are_kept_quantized():
    """All classes stay, whatever is kept of the units; also where there are as many of both."""
    rng = np.random.default_rng(1)
    for units in (6, CLASSES):
        net = ReLUNetwork(*(rng.uniform(-1, 1, shape) for shape in ((units, 8), (units, CLASSES), units, CLASSES)))
        kept = np.arange(units) < 2
        few = quantized(net, kept)
        assert few.visible.shape == (2, 8) and few.class_bias.shape == (CLASSES,)
        whole = quantized(net)
        np.testing.assert_array_equal(few.hidden_bias, whole.hidden_bias[:2])
        np.testing.assert_array_equal(few.class_bias, whole.class_bias)


# --- features


def test_features_that_are_centered():
    h = np.random.default_rng(3).gamma(2, size=(40, 7))
    x = centered(h).forward(h)[0]
    np.testing.assert_allclose(np.arctanh(x).mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(np.arctanh(x).std(axis=0), 1, rtol=1e-5)
    half = np.arctanh(centered(h, 0.5).forward(h)[0])
    np.testing.assert_allclose(half.mean(axis=0), h.mean(axis=0) / h.std(axis=0) / 2, rtol=1e-5)
    assert np.all(centered(h, 0).forward(h)[0] > 0)


def test_features_that_are_not_centered():
    h = np.random.default_rng(3).gamma(2, size=(300, 7))
    squashed = uncentered(h)
    x, q = squashed.forward(h)[0], np.sort(h, axis=0)
    assert np.all((x == 1).sum(axis=0) == 3)  # a hundredth is cut off
    np.testing.assert_allclose(x[h < q[-3]], (2 * h / np.quantile(h, 0.99, axis=0) - 1)[h < q[-3]], atol=1e-6)
    x, state = squashed.forward(np.array([[-1.0, *q[-1, 1:]]]))
    assert x.tolist() == [[-1] + [1] * 6] and not squashed.backward(state, np.ones((1, 7))).any()


@pytest.mark.parametrize("constant", [0.0, 0.1, 123456.7])
def test_a_feature_that_is_always_the_same_becomes_zero(constant):
    h = np.random.default_rng(4).uniform(0.1, 1, (9, 2))
    h[:, 0] = constant
    for squashed in (centered(h), centered(h, 0.5), *([uncentered(h)] if constant == 0 else [])):
        x, state = squashed.forward(h + 1)
        assert np.all(x[:, 0] == 0) and np.all(x[:, 1] != 0)
        assert np.all(squashed.backward(state, np.ones(x.shape))[:, 0] == 0)


def test_features_are_those_of_each_image():
    through, x = layers(), images().reshape(-1, SIDE, SIDE, 3)
    found = features(through, x)
    assert isinstance(found, np.ndarray) and found.shape == (len(x), FEATURES)
    for i in range(len(x)):
        np.testing.assert_allclose(found[i], through.forward(x[i : i + 1])[0][0], atol=1e-12)


# --- bad input


def test_bad_features_are_refused_by_name():
    for wrong in ([1.0, 2], np.zeros((0, 3)), np.ones((2, 2, 2)), [[1.0, np.nan]], [["a"]], [[1.0], [1, 2]]):
        for function in (centered, uncentered):
            with pytest.raises((ValueError, TypeError), match=r"\bh\b"):
                function(wrong)
    for share in (-0.1, 1.1, np.nan, None, "all", True):
        with pytest.raises(ValueError, match="share must be a number from 0 to 1"):
            centered(np.ones((2, 2)), share)


def test_bad_images_are_refused_by_name():
    through, x = layers(), images(2).reshape(-1, SIDE, SIDE, 3)
    for wrong in (x[0], x[:0], x[..., :1], 3 * x, np.full_like(x, np.nan), (127 * x + 128).astype(np.uint8), 1j * x):
        with pytest.raises((ValueError, TypeError), match=r"\bx must\b"):
            features(through, wrong)
    for wrong in (x.tolist(), None):
        with pytest.raises(TypeError, match=r"\bx\b"):
            features(through, wrong)
    with pytest.raises(TypeError, match="layers must be a Layer"):
        features(lambda x: x, x)
    net, v = network(), images(2)
    for wrong in (v[:, 1:], v[0], v[:0], 3 * v, np.full_like(v, np.nan)):
        for call in (net.arguments, net.predict, lambda v: attacks.gradient(v, np.array([0, 1]), net)):
            with pytest.raises(ValueError, match=r"\bv must\b"):
                call(wrong)


def test_parts_that_do_not_fit_are_refused_by_name():
    through, of_features = layers(), head()
    wider = Classifier(np.ones((K, FEATURES + 1)), np.ones((K, CLASSES)), 2, 1.0)
    for wrong in ((through, wider), (Sequence(through.layers[:-1]), of_features), (Sequence(()), of_features)):
        with pytest.raises(ValueError, match="layers must end in a Squashed of the [56] features of the head"):
            Coupled(*wrong, SIDE)
    for wrong in ((through, through), (of_features, of_features), (None, of_features), (through, Classifier)):
        with pytest.raises(TypeError, match="layers must be a Layer and head a Network"):
            Coupled(*wrong, SIDE)
    for side in (0, -4, 4.0, None, True):
        with pytest.raises(ValueError, match="side must be an integer"):
            Coupled(through, of_features, side)
    assert isinstance(Coupled(through.layers[-1], of_features, SIDE).layers, Squashed)
