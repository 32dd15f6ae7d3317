"""Layers of convolutional networks, forward and backward to the image.

Images are ``(M, height, width, channels)``. A layer's ``forward(x)`` returns what comes out and a state, and
``backward(state, g)`` the derivative by x for g, the derivative by what came out. Weights have no derivative: they are
someone else's, and stay. Nothing is checked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from dam.arrays import Array, array_namespace


class Layer:
    """What maps images to images, or to features ``(M, N)``."""

    def forward(self, x: Array) -> tuple[Array, Any]:
        """Return what comes out for images ``x (M, height, width, C)``, and what `backward` needs."""
        raise NotImplementedError

    def backward(self, state: Any, g: Array) -> Array:
        """Return the derivative by what went in, of its shape, for ``g``, of the shape of what came out."""
        raise NotImplementedError

    def on(self, xp: Any, dtype: Any = None) -> Self:
        """Return the same layer with its weights on another array library, or of another precision."""
        layer: Any = self
        held = {field.name: getattr(self, field.name) for field in fields(layer)}
        return replace(layer, **{name: xp.asarray(w, dtype=dtype) for name, w in held.items() if hasattr(w, "dtype")})


def places(x: Array, k: int, stride: int) -> tuple[Array, tuple[slice, ...], list[tuple[slice, ...]]]:
    """Return images in a frame of zeros, where they stand in it, and what each of k × k weights sees of it.

    The frame makes the outcome as large as the image over the stride, rounded up; an odd zero goes after the image, as
    in TensorFlow's padding "SAME".
    """
    xp, (M, height, width, C) = array_namespace(x=x), x.shape
    sizes = [-(-n // stride) for n in (height, width)]
    zeros = [max((out - 1) * stride + k - n, 0) for out, n in zip(sizes, (height, width))]
    inner = tuple(slice(z // 2, z // 2 + n) for z, n in zip(zeros, (height, width)))
    framed = x
    if any(zeros):
        framed = xp.zeros((M, height + zeros[0], width + zeros[1], C), dtype=x.dtype)
        framed[:, inner[0], inner[1], :] = x
    seen = lambda at: tuple(slice(a, a + stride * (out - 1) + 1, stride) for a, out in zip(at, sizes))
    return framed, inner, [seen((i, j)) for i in range(k) for j in range(k)]


@dataclass(frozen=True)
class Convolution(Layer):
    """Weights ``w (k, k, C, C')`` over k × k places and all channels, and a bias ``b (C',)``."""

    w: Array
    b: Array
    stride: int = 1

    def forward(self, x: Array) -> tuple[Array, Any]:
        xp, (k, _, C, out) = array_namespace(x=x), self.w.shape
        framed, inner, seen = places(x, k, self.stride)
        columns = framed
        if k > 1 or self.stride > 1:
            rows, across = framed[:1, *seen[0], :1].shape[1:3]
            columns = xp.empty((x.shape[0], rows, across, k * k, C), dtype=x.dtype)
            for o, (down, right) in enumerate(seen):
                columns[:, :, :, o, :] = framed[:, down, right, :]
        y = columns.reshape(-1, k * k * C) @ self.w.reshape(-1, out)
        y += self.b
        return y.reshape(*columns.shape[:3], out), (framed.shape, inner, seen)

    def backward(self, state: Any, g: Array) -> Array:
        (shape, inner, seen), (k, _, C, out) = state, self.w.shape
        columns = g.reshape(-1, out) @ self.w.reshape(-1, out).T
        if k == 1 and self.stride == 1:
            return columns.reshape(shape)
        columns = columns.reshape(*g.shape[:3], k * k, C)
        framed = array_namespace(g=g).zeros(shape, dtype=g.dtype)
        for o, (down, right) in enumerate(seen):
            framed[:, down, right, :] += columns[:, :, :, o, :]
        return framed[:, inner[0], inner[1], :]


@dataclass(frozen=True)
class Depthwise(Layer):
    """Weights ``w (k, k, C)`` over k × k places of each channel for itself, and a bias ``b (C,)``."""

    w: Array
    b: Array
    stride: int = 1

    def forward(self, x: Array) -> tuple[Array, Any]:
        xp, (k, _, C) = array_namespace(x=x), self.w.shape
        framed, inner, seen = places(x, k, self.stride)
        y = framed[:, *seen[0], :] * self.w[0, 0, :]
        y += self.b
        product = xp.empty_like(y)
        for w, (down, right) in zip(self.w.reshape(-1, C)[1:], seen[1:]):
            xp.multiply(framed[:, down, right, :], w, out=product)
            y += product
        return y, (framed.shape, inner, seen)

    def backward(self, state: Any, g: Array) -> Array:
        (shape, inner, seen), xp = state, array_namespace(g=g)
        framed, product = xp.zeros(shape, dtype=g.dtype), xp.empty_like(g)
        for w, (down, right) in zip(self.w.reshape(-1, self.w.shape[2]), seen):
            xp.multiply(g, w, out=product)
            framed[:, down, right, :] += product
        return framed[:, inner[0], inner[1], :]


@dataclass(frozen=True)
class Rectifier(Layer):
    """0 below 0 and, in ReLU6, 6 above 6."""

    highest: float | None = None

    def forward(self, x: Array) -> tuple[Array, Any]:
        y = x.clip(0, self.highest)
        return y, y

    def backward(self, state: Any, g: Array) -> Array:
        on = state > 0
        if self.highest is not None:
            on &= state < self.highest
        return g * on


@dataclass(frozen=True)
class LargestOfFour(Layer):
    """The largest of 2 × 2 places; a row or column left over goes. Equal ones share the derivative."""

    def forward(self, x: Array) -> tuple[Array, Any]:
        M, height, width, C = x.shape
        four = x[:, : height // 2 * 2, : width // 2 * 2, :].reshape(M, height // 2, 2, width // 2, 2, C)
        y = four.max(axis=(2, 4), keepdims=True)
        return y[:, :, 0, :, 0, :], (x.shape, four == y)

    def backward(self, state: Any, g: Array) -> Array:
        (M, height, width, C), largest = state
        xp = array_namespace(g=g)
        each = g[:, :, None, :, None, :] / largest.sum(axis=(2, 4), keepdims=True, dtype=g.dtype)
        back = xp.zeros((M, height, width, C), dtype=g.dtype)
        back[:, : height // 2 * 2, : width // 2 * 2, :] = (each * largest).reshape(M, height // 2 * 2, -1, C)
        return back


@dataclass(frozen=True)
class Pooled(Layer):
    """The mean of each channel over all places and, if asked for, the largest after it: ``(M, C)`` or ``(M, 2C)``."""

    largest: bool = False

    def forward(self, x: Array) -> tuple[Array, Any]:
        mean = x.mean(axis=(1, 2))
        if not self.largest:
            return mean, (x.shape, None)
        top = x.max(axis=(1, 2), keepdims=True)
        return array_namespace(x=x).concat([mean, top[:, 0, 0, :]], axis=1), (x.shape, x == top)

    def backward(self, state: Any, g: Array) -> Array:
        shape, largest = state
        C, xp = shape[3], array_namespace(g=g)
        back = xp.broadcast_to((g[:, :C] / (shape[1] * shape[2]))[:, None, None, :], shape)
        if largest is None:
            return back
        return back + g[:, None, None, C:] / largest.sum(axis=(1, 2), keepdims=True, dtype=g.dtype) * largest


@dataclass(frozen=True)
class Scaled(Layer):
    """Each channel times ``scale (C,)`` plus ``shift (C,)``."""

    scale: Array
    shift: Array

    def forward(self, x: Array) -> tuple[Array, Any]:
        return x * self.scale + self.shift, None

    def backward(self, state: Any, g: Array) -> Array:
        return g * self.scale


@dataclass(frozen=True)
class Sequence(Layer):
    """Layers one after the other; in a ``residual`` one what comes out is added to what went in."""

    layers: tuple[Layer, ...]
    residual: bool = False

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def forward(self, x: Array) -> tuple[Array, Any]:
        y, states = x, []
        for layer in self.layers:
            y, state = layer.forward(y)
            states.append(state)
        return (x + y if self.residual else y), states

    def backward(self, state: Any, g: Array) -> Array:
        back = g
        for layer, of_layer in zip(reversed(self.layers), reversed(state)):
            back = layer.backward(of_layer, back)
        return g + back if self.residual else back

    def on(self, xp: Any, dtype: Any = None) -> Self:
        return replace(self, layers=tuple(layer.on(xp, dtype) for layer in self.layers))
