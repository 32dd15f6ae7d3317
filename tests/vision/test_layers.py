"""Layers against loops over every place and channel, and their derivatives against what a derivative is."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.vision.layers import Convolution, Depthwise, LargestOfFour, Layer, Pooled, Rectifier, Scaled, Sequence

SIZES = st.tuples(st.integers(1, 2), st.integers(1, 7), st.integers(1, 7), st.integers(1, 3))
"""M, height, width, C."""
KERNELS = st.tuples(st.sampled_from([1, 2, 3, 5]), st.sampled_from([1, 2]))
"""Of k × k places, and the stride."""
SEEDS = st.integers(0, 2**32 - 1)


def numbers(seed, *shape):
    return np.random.default_rng(seed).uniform(-1, 1, shape)


def convolution(seed, k, stride, C, out=2):
    rng = np.random.default_rng(seed)
    return Convolution(rng.uniform(-1, 1, (k, k, C, out)), rng.uniform(-1, 1, out), stride)


def depthwise(seed, k, stride, C):
    rng = np.random.default_rng(seed)
    return Depthwise(rng.uniform(-1, 1, (k, k, C)), rng.uniform(-1, 1, C), stride)


# --- by loops


def seen(x, k, stride):
    """What weight i, j of each place sees, by TensorFlow's rule of "SAME": (image, row, column, i, j, channel)."""
    M, height, width, C = x.shape
    sizes = [int(np.ceil(n / stride)) for n in (height, width)]
    before = [max((out - 1) * stride + k - n, 0) // 2 for out, n in zip(sizes, (height, width))]
    found = np.zeros((M, *sizes, k, k, C))
    for image, row, column, i, j in np.ndindex(M, *sizes, k, k):
        down, right = row * stride + i - before[0], column * stride + j - before[1]
        if 0 <= down < height and 0 <= right < width:
            found[image, row, column, i, j] = x[image, down, right]
    return found


@given(size=SIZES, kernel=KERNELS, seed=SEEDS)
def test_convolutions_by_loops(size, kernel, seed):
    x, (k, stride) = numbers(seed, *size), kernel
    of_place, dense, each = (
        seen(x, k, stride),
        convolution(seed, k, stride, size[3]),
        depthwise(seed, k, stride, size[3]),
    )
    expected = np.zeros((*of_place.shape[:3], 2)) + dense.b
    of_each = np.zeros((*of_place.shape[:3], size[3])) + each.b
    for i, j, C in np.ndindex(k, k, size[3]):
        of_each[..., C] += of_place[..., i, j, C] * each.w[i, j, C]
        for out in range(2):
            expected[..., out] += of_place[..., i, j, C] * dense.w[i, j, C, out]
    np.testing.assert_allclose(dense.forward(x)[0], expected, atol=1e-13)
    np.testing.assert_allclose(each.forward(x)[0], of_each, atol=1e-13)


def test_the_odd_zero_comes_after_the_image():
    x, w = np.arange(1.0, 5).reshape(1, 1, 4, 1), np.zeros((3, 3, 1))
    w[1] = [[100], [10], [1]]
    assert Depthwise(w, np.zeros(1), 2).forward(x)[0].ravel().tolist() == [123, 340]


@given(size=SIZES, seed=SEEDS)
def test_pooling_by_loops(size, seed):
    x, (M, height, width, C) = numbers(seed, *size), size
    expected = np.empty((M, height // 2, width // 2, C))
    for image, row, column, channel in np.ndindex(expected.shape):
        places = [x[image, 2 * row + i, 2 * column + j, channel] for i in (0, 1) for j in (0, 1)]
        expected[image, row, column, channel] = max(places)
    assert np.array_equal(LargestOfFour().forward(x)[0], expected)
    both = Pooled(largest=True).forward(x)[0]
    assert np.array_equal(both[:, :C], Pooled().forward(x)[0])
    for image, channel in np.ndindex(M, C):
        places = [x[image, i, j, channel] for i in range(height) for j in range(width)]
        assert both[image, channel] == pytest.approx(sum(places) / len(places), abs=1e-13)
        assert both[image, C + channel] == max(places)


def test_rectifiers_and_scales_by_hand():
    x = np.array([[-1.0, 0, 2, 6, 9]])
    assert Rectifier().forward(x)[0].tolist() == [[0, 0, 2, 6, 9]]
    assert Rectifier(6.0).forward(x)[0].tolist() == [[0, 0, 2, 6, 6]]
    for layer, slope in ((Rectifier(), [0, 0, 1, 1, 1]), (Rectifier(6.0), [0, 0, 1, 0, 0])):
        assert layer.backward(layer.forward(x)[1], np.full((1, 5), 3.0)).tolist() == [[3 * s for s in slope]]
    assert Scaled(np.array([2.0, 3]), np.array([1.0, -1])).forward(np.array([[5.0, 7]]))[0].tolist() == [[11, 20]]


# --- derivatives


def transposed(layer, x, seed):
    """Compare <g, L y> with <Lᵀ g, y> for the linear part L of an affine layer, to rounding."""
    (out, state), y = layer.forward(x), numbers([seed, 1], *x.shape)
    g, linear = numbers([seed, 2], *out.shape), layer.forward(y)[0] - layer.forward(0 * y)[0]
    back = layer.backward(state, g)
    assert back.shape == x.shape and back.dtype == x.dtype
    assert np.sum(back * y) == pytest.approx(np.sum(g * linear), abs=1e-11)


@given(size=SIZES, kernel=KERNELS, seed=SEEDS, kind=st.sampled_from([convolution, depthwise]))
def test_backward_of_a_convolution_is_its_transpose(size, kernel, seed, kind):
    transposed(kind(seed, *kernel, size[3]), numbers(seed, *size), seed)


@given(size=SIZES, seed=SEEDS)
def test_backward_of_means_and_scales_is_their_transpose(size, seed):
    for layer in (Pooled(), Scaled(numbers(seed, size[3]), numbers(seed, size[3]))):
        transposed(layer, numbers(seed, *size), seed)


def differences(function, x, h=1e-6):
    """The derivative of a number by each entry of x."""
    found = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        found[i] = (function(x + step) - function(x - step)) / (2 * h)
    return found


def network(seed, C, residual):
    """A little of everything, which leaves the channels as they are."""
    layers = (
        convolution(seed, 3, 1, C, 3),
        Rectifier(0.5),
        depthwise(seed, 3, 1, 3),
        convolution(seed + 1, 1, 1, 3, C),
    )
    return Sequence(layers, residual=residual)


MAPS = {
    "largest of four": lambda seed, C: LargestOfFour(),
    "mean and largest": lambda seed, C: Pooled(largest=True),
    "ReLU": lambda seed, C: Rectifier(),
    "ReLU6": lambda seed, C: Rectifier(0.4),
    "sequence": partial(network, residual=False),
    "residual": partial(network, residual=True),
}


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("size", [(2, 4, 4, 2), (1, 5, 3, 1)])
def test_backward_equals_finite_differences(kind, size):
    layer, x = MAPS[kind](3, size[3]), numbers(4, *size)
    out, state = layer.forward(x)
    g = numbers(5, *out.shape)
    found = layer.backward(state, g)
    np.testing.assert_allclose(found, differences(lambda x: np.sum(g * layer.forward(x)[0]), x), atol=1e-8)


def test_equal_places_share_the_derivative():
    x = np.array([[5.0, 5, 1], [5, 2, 9]]).reshape(1, 2, 3, 1)
    layer = LargestOfFour()
    back = layer.backward(layer.forward(x)[1], np.full((1, 1, 1, 1), 6.0))
    assert back.reshape(2, 3).tolist() == [[2, 2, 0], [2, 0, 0]]
    x[0, 1, 2] = 5
    layer = Pooled(largest=True)
    back = layer.backward(layer.forward(x)[1], np.array([[0, 8.0]]))
    assert back.reshape(2, 3).tolist() == [[2, 2, 0], [2, 0, 2]]


def test_a_residual_sequence_adds_what_went_in():
    x = numbers(0, 1, 3, 3, 2)
    plain, residual = network(1, 2, False), network(1, 2, True)
    assert np.array_equal(residual.forward(x)[0], x + plain.forward(x)[0])
    assert list(plain) == list(plain.layers)
    g, kept = numbers(2, *x.shape), x.copy()
    assert np.array_equal(residual.backward(residual.forward(x)[1], g), g + plain.backward(plain.forward(x)[1], g))
    assert np.array_equal(x, kept)


# --- precision


def weights_of(layer):
    if isinstance(layer, Sequence):
        return [w for each in layer for w in weights_of(each)]
    return [w for w in vars(layer).values() if isinstance(w, np.ndarray)]


def test_on_another_precision_and_back():
    layer = Sequence((network(1, 2, True), LargestOfFour(), Pooled(True), Scaled(numbers(1, 4), numbers(2, 4))))
    short = layer.on(np, np.float32)
    assert {w.dtype for w in weights_of(short)} == {np.dtype("float32")} and len(weights_of(short)) == 8
    assert all(a is b for a, b in zip(weights_of(layer), weights_of(layer.on(np)), strict=True))
    assert [type(each) for each in short] == [type(each) for each in layer] and short.layers[0].residual
    x = numbers(3, 2, 6, 6, 2)
    (exact, of_exact), (found, state) = layer.forward(x), short.forward(x.astype(np.float32))
    g = numbers(4, *exact.shape)
    back = short.backward(state, g.astype(np.float32))
    assert found.dtype == back.dtype == np.float32
    np.testing.assert_allclose(found, exact, atol=1e-5)
    np.testing.assert_allclose(back, layer.backward(of_exact, g), atol=1e-5)


def test_a_layer_must_say_what_it_does():
    for call in (lambda: Layer().forward(np.ones(1)), lambda: Layer().backward(None, np.ones(1))):
        with pytest.raises(NotImplementedError):
            call()
