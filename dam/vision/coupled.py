"""A dense memory that sees photographs through the features of a convolutional network."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from dam import checks
from dam.arrays import Array, array_namespace, to_numpy
from dam.network.classifier import Network
from dam.vision.layers import Layer, Sequence

AT_ONCE = 4
"""Images that go through the layers together, so that their arrays fit into the caches of a core."""
FLOOR = 1e-6
"""A width below this counts as infinite, so that a feature that is always the same becomes 0."""


@dataclass(frozen=True)
class Squashed(Layer):
    """Features brought to [-1, 1]: x = tanh((h - center) / width) or, cut off, (h - center) / width.

    Attributes
    ----------
    center, width : (N,) arrays
    cut : bool
        Whether x is cut off at ±1 rather than a tanh.
    """

    center: Array
    width: Array
    cut: bool = False

    def forward(self, x: Array) -> tuple[Array, Any]:
        """Return x, and x."""
        xp, z = array_namespace(x=x), (x - self.center) / self.width
        y = xp.clip(z, -1, 1) if self.cut else xp.tanh(z)
        return y, y

    def backward(self, state: Any, g: Array) -> Array:
        """Return the derivative by h."""
        return g * ((abs(state) < 1) if self.cut else 1 - state * state) / self.width


def centered(h: Array, share: float = 1.0) -> Squashed:
    """Return tanh((h - share · mean) / standard deviation) for features like ``h (S, N)``.

    With a ``share`` of 1 the features of all images together have the mean 0 before the tanh; with 0 all are positive.
    """
    h, share = _features_of("h", h), checks.number("share", share, 0, 1)
    return _squashed(share * h.mean(axis=0), h.std(axis=0))


def uncentered(h: Array) -> Squashed:
    """Return 2h / q - 1, cut off at ±1, where q is the quantile 0.99 of each of the features ``h (S, N)``."""
    half = np.quantile(_features_of("h", h), 0.99, axis=0) / 2
    return replace(_squashed(half, half), cut=True)


def _features_of(name, h):
    checks.matrix(name, h := checks.numbers_of(name, h))
    return h


def _squashed(center, width):
    return Squashed(center.astype(np.float32), np.where(width < FLOOR, np.inf, width).astype(np.float32))


@dataclass(frozen=True)
class Coupled(Network):
    """Layers from the pixels to features in [-1, 1], and a network of these; the attacks take it like any other.

    A row of ``v (M, 3 side²)`` is an image in [-1, 1], row by row, with red, green and blue of each place together.
    Layers are computed in the precision of the head's weights, the head itself in float64: the derivatives of a class
    that is far away are smaller than single precision knows, and an attack would stand still.

    Attributes
    ----------
    layers : Layer
        They take ``(M, side, side, 3)`` and end in a `Squashed`.
    head : Network
        Of the features, such as a `dam.Classifier` trained on them.
    side : int
        Of an image, in pixels.

    Raises
    ------
    ValueError, TypeError
        The layers do not end in a `Squashed` of as many features as the head takes, or are none, or the head is none.
    """

    layers: Layer
    head: Network
    side: int

    def __post_init__(self) -> None:
        if not isinstance(self.layers, Layer) or not isinstance(self.head, Network):
            raise TypeError(
                f"layers must be a Layer and head a Network, such as dam.Classifier, got {type(self.layers).__name__} "
                f"and {type(self.head).__name__}"
            )
        last = self.layers
        while isinstance(last, Sequence) and last.layers:
            last = last.layers[-1]
        if not isinstance(last, Squashed) or tuple(last.center.shape) != (self.head.pixels,):
            got = f"one of {tuple(last.center.shape)}" if isinstance(last, Squashed) else type(last).__name__
            raise ValueError(f"layers must end in a Squashed of the {self.head.pixels} features of the head, got {got}")
        checks.count("side", self.side)

    @property
    def visible(self) -> Array:  # type: ignore[override]
        """The visible weights of the head."""
        return self.head.visible

    @property
    def label_weights(self) -> Array:  # type: ignore[override]
        """The label weights of the head."""
        return self.head.label_weights

    @property
    def pixels(self) -> int:
        """How many numbers an image is."""
        return 3 * self.side**2

    @property
    def at_once(self) -> int:
        """How many images `arguments` takes at once."""
        return AT_ONCE

    def on(self, xp: Any, dtype: Any = None) -> Self:
        """Return the same on another array library, and of another precision if asked for."""
        return replace(self, layers=self.layers.on(xp, dtype), head=self.head.on(xp, dtype))

    def forward(self, v: Array) -> tuple[Array, Any]:
        """Return the arguments ``(M, N_c)`` for images ``v (M, 3 side²)``, and a state."""
        xp, parts = array_namespace(v=v), []
        v, head = xp.astype(v, self.visible.dtype, copy=False), self.head.on(xp, xp.float64)
        for first in range(0, v.shape[0], AT_ONCE):
            x, of_layers = self.layers.forward(v[first : first + AT_ONCE].reshape(-1, self.side, self.side, 3))
            a, of_head = head.forward(xp.astype(x, xp.float64))
            parts.append((a, head, of_head, of_layers))
        return xp.concat([a for a, *_ in parts]), [state for _, *state in parts]

    def backward(self, state: Any, s: Array) -> Array:
        """Return the gradient of C with respect to the pixels ``(M, 3 side²)``, in float64."""
        xp, parts, dtype = array_namespace(s=s), [], self.visible.dtype
        for number, (head, of_head, of_layers) in enumerate(state):
            g, size = _unit(xp, xp.astype(s[number * AT_ONCE : (number + 1) * AT_ONCE], xp.float64))
            g, more = _unit(xp, head.backward(of_head, g))
            g = self.layers.backward(of_layers, xp.astype(g, dtype)).reshape(-1, self.pixels)
            parts.append(size * more * g)
        return xp.concat(parts)

    def objective(self, a: Array, t: Array, m: int) -> tuple[Array, Array]:
        """Return the head's own objective ``(M,)``, and s."""
        return self.head.objective(a, t, m)


def _unit(xp, x):
    """Return rows divided by their largest entries, and these."""
    size = xp.max(xp.abs(x), axis=1, keepdims=True)
    size = xp.where(size > 0, size, xp.ones_like(size))
    return x / size, size


def features(layers: Layer, x: Array) -> np.ndarray:
    """Return the features ``(M, N)`` of images ``x (M, side, side, 3)`` in [-1, 1].

    Raises ``ValueError`` for other shapes and numbers, and ``TypeError`` for what is no array or no `Layer`.
    """
    xp = array_namespace(x=x)
    if not isinstance(layers, Layer):
        raise TypeError(f"layers must be a Layer, such as lite0().layers, got {type(layers).__name__}")
    if x.ndim != 4 or x.shape[3] != 3 or 0 in x.shape:
        raise ValueError(f"x must hold images, of shape (M, side, side, 3), got shape {tuple(x.shape)}")
    checks.pixels("x", xp.reshape(x, (x.shape[0], -1)))
    rows = range(0, x.shape[0], AT_ONCE)
    return np.concatenate([to_numpy(layers.forward(x[first : first + AT_ONCE])[0]) for first in rows])
