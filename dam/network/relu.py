"""An ordinary network to compare with: one hidden layer of ReLU units, and softmax classes."""

from dataclasses import dataclass
from typing import Any, ClassVar

from dam import checks
from dam.arrays import Array, array_namespace
from dam.network.classifier import Network
from dam.network.objective import cross_entropy


@dataclass(frozen=True)
class ReLUNetwork(Network):
    """A trained network of K hidden units, h = max(0, ξ·v + b), and classes Σ_μ ξ_μα h_μ + b_α.

    Attributes
    ----------
    visible : (K, N) array
        Weights from the pixels to each hidden unit.
    label_weights : (K, N_c) array
        Weights from each hidden unit to the classes.
    hidden_bias, class_bias : (K,) and (N_c,) arrays

    Raises
    ------
    ValueError
        Shapes do not fit, or a weight is not finite.
    """

    visible: Array
    label_weights: Array
    hidden_bias: Array
    class_bias: Array

    WEIGHTS: ClassVar[tuple[str, ...]] = ("visible", "label_weights", "hidden_bias", "class_bias")

    def __post_init__(self) -> None:
        _, *weights = checks.reals(**{name: getattr(self, name) for name in self.WEIGHTS})
        for name, w in zip(self.WEIGHTS, weights):
            object.__setattr__(self, name, w)  # the dataclass is frozen
        for name in ("visible", "label_weights"):
            checks.matrix(name, getattr(self, name))
        (K, _), (rows, classes) = self.visible.shape, self.label_weights.shape
        found = (rows, tuple(self.hidden_bias.shape), tuple(self.class_bias.shape))
        if found != (K, (K,), (classes,)):
            raise ValueError(
                f"label_weights must have {K} rows, one for each hidden unit, hidden_bias {K} entries, and class_bias "
                f"{classes}, one for each class; got {found[0]} rows and shapes {found[1]} and {found[2]}"
            )
        for name in self.WEIGHTS:
            checks.finite(name, getattr(self, name))

    def forward(self, v: Array) -> tuple[Array, Any]:
        """Return the arguments ``(M, N_c)`` of the softmax, and what `backward` needs."""
        xp, h = array_namespace(v=v), v @ self.visible.T + self.hidden_bias
        return xp.where(h > 0, h, xp.zeros_like(h)) @ self.label_weights + self.class_bias, h

    def backward(self, h: Array, s: Array) -> Array:
        """Return the gradient ``(M, N)`` with respect to the pixels: see `dam.network.classifier.Network`."""
        xp, dh = array_namespace(h=h), s @ self.label_weights.T
        return xp.where(h > 0, dh, xp.zeros_like(dh)) @ self.visible

    def objective(self, a: Array, t: Array, m: int) -> tuple[Array, Array]:
        """Return the cross-entropy ``(M,)``, whatever m is, and its derivatives: `cross_entropy`."""
        return cross_entropy(a, t)
