"""An ordinary network to compare with: one hidden layer of ReLU units, and softmax classes."""

from dataclasses import dataclass

from dam import checks
from dam.arrays import array_namespace
from dam.network.classifier import slope


@dataclass(frozen=True)
class ReLUNetwork:
    """A trained network of K hidden units, h = max(0, ξ·v + b), and classes Σ_μ ξ_μα h_μ + b_α.

    Attributes
    ----------
    visible : (K, N) array
        Weights from the pixels to each hidden unit.
    labels : (K, N_c) array
        Weights from each hidden unit to the classes.
    hidden_bias, class_bias : (K,) and (N_c,) arrays

    Raises
    ------
    ValueError
        Shapes do not fit, or a weight is not finite.
    """

    visible: object
    labels: object
    hidden_bias: object
    class_bias: object

    def __post_init__(self):
        for name in ("visible", "labels"):
            checks.matrix(name, getattr(self, name))
        (K, _), (rows, classes) = self.visible.shape, self.labels.shape
        found = (rows, tuple(self.hidden_bias.shape), tuple(self.class_bias.shape))
        if found != (K, (K,), (classes,)):
            raise ValueError(
                f"labels must have {K} rows, one for each hidden unit, hidden_bias {K} entries, and class_bias "
                f"{classes}, one for each class; got {found[0]} rows and shapes {found[1]} and {found[2]}"
            )
        for name in ("visible", "labels", "hidden_bias", "class_bias"):
            checks.finite(name, getattr(self, name))

    def arguments(self, v):
        """Return the arguments ``(M, N_c)`` of the softmax for images ``v (M, N)``."""
        return self.forward(v)[1]

    def predict(self, v):
        """Return the classes ``(M,)`` of images ``v (M, N)``."""
        return array_namespace(v=v).argmax(self.arguments(v), axis=1)

    def forward(self, v):
        """Return the inputs ``(M, K)`` of the hidden units, and the arguments ``(M, N_c)`` of the softmax."""
        xp = array_namespace(v=v, visible=self.visible)
        checks.matrix("v", v, self.visible.shape[1], " (one for each visible weight of the network)")
        h = v @ self.visible.T + self.hidden_bias
        return h, xp.where(h > 0, h, xp.zeros_like(h)) @ self.labels + self.class_bias

    def backward(self, h, s):
        """Return the gradient ``(M, N)`` with respect to the pixels of an objective with derivatives ``s (M, N_c)``.

        Those are with respect to the arguments of the softmax; ``h (M, K)`` is from `forward`.
        """
        xp = array_namespace(h=h)
        dh = s @ self.labels.T
        return xp.where(h > 0, dh, xp.zeros_like(dh)) @ self.visible

    @staticmethod
    def cross_entropy(a, t):
        """Return -ln softmax(a) ``(M,)`` of the class whose target in ``t (M, N_c)`` is 1, and its derivatives."""
        xp = array_namespace(a=a, t=t)
        a = a - xp.max(a, axis=1, keepdims=True)
        own = xp.sum(xp.where(t > 0, a, xp.zeros_like(a)), axis=1)
        return xp.log(xp.sum(xp.exp(a), axis=1)) - own, slope(a, t, 1, "softmax")
