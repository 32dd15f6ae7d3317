"""The network that recognizes digits: one update (9) of ten classification neurons, and its dual form (10).

Digits ``v (M, N)`` clamp the N visible neurons; each of the K memories has N visible weights and N_c label weights; F
is the rectified polynomial (3) of degree n; the temperature T is measured in neurons and stands inside the power,
because F(x) / T^n = F(x / T) and 784^n overflows in single precision. Functions run on any array API library.

`terms` and the functions ``forward_`` and ``backward_`` check nothing, as they are called at every update;
`Network.arguments`, `Classifier.gradients` and all others do.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from dam import checks
from dam.arrays import Array, array_namespace, gpu_errors, on_backend, to_numpy
from dam.memory.interactions import KINDS
from dam.network._powers import flushed, off, safe_power, size, warm_enough
from dam.network.objective import OBJECTIVES, log_objective, slope


def terms(v: Array, network: "Classifier") -> tuple[Iterator[Array], Array, Array, float | Array]:
    """Return the terms of the sum over memories in eq. (9), with x_α = -1 and β = 1/T^n.

    With H_μ = Σ_i ξ_i^μ v_i - Σ_γ ξ_γ^μ the two arguments of F in (9) are H + 2 ξ_α and H, so one product with the
    digits serves all classes: t_αμ = F((H_μ + 2 ξ_α^μ) / T) - F(H_μ / T).

    Returns
    -------
    iterator of (M, K) arrays
        The terms of each class, one class after the other.
    F, H : (M, K) arrays
        F(H / T) and H / T.
    T : float or (M, 1) array
        The temperatures, see `dam.network._powers.warm_enough`.
    """
    xp, xi, n, kind = array_namespace(v=v), network.label_weights, network.n, network.kind
    H = v @ network.visible.T - xp.sum(xi, axis=1)
    T = warm_enough(xp, size(xp, H, kind) + 2 * xp.max(xp.abs(xi)), n, network.T)
    H = H / T
    F = safe_power(H, n, kind)
    return (safe_power(H + 2 * xi[:, alpha] / T, n, kind) - F for alpha in range(xi.shape[1])), F, H, T


def forward_exact(v: Array, network: "Classifier") -> tuple[Array, Any]:
    """Return the arguments ``(M, N_c)`` of the tanh in eq. (9), and what `backward_exact` needs."""
    xp, (t, _, H, T) = array_namespace(v=v), terms(v, network)
    return xp.stack([xp.sum(of_class, axis=1) for of_class in t], axis=1), (H, T)


def backward_exact(state: Any, s: Array, network: "Classifier") -> tuple[Array, Array]:
    """Return ∂C/∂H ``(M, K)`` and ∂C/∂ξ_α ``(K, N_c)`` for ``s (M, N_c)``, the derivatives of C by the arguments."""
    (H, T), n, xi, kind = state, network.n, network.label_weights, network.kind
    xp, scaled, up = array_namespace(H=H), n / T * s, []
    dH = -xp.sum(s, axis=1)[:, None] * safe_power(H, n - 1, kind)
    for alpha in range(xi.shape[1]):
        f = safe_power(H + 2 * xi[:, alpha] / T, n - 1, kind)
        dH = dH + s[:, alpha, None] * f
        up.append(scaled[:, alpha] @ f)
    dH = flushed(xp, n / T * dH)
    return dH, 2 * xp.stack(up, axis=1) - xp.sum(dH, axis=0)[:, None]


def forward_dual(v: Array, network: "Classifier") -> tuple[Array, Any]:
    """Return the arguments ``(M, N_c)`` of the tanh in eq. (10), and what `backward_dual` needs.

    They are (2n/T) Σ_μ ξ_α^μ f(ξ^μ·v / T), f(x) = x^(n-1) for x > 0; the slope 2n/T is that of (9) at small ξ_α
    (Section 5).
    """
    xp, n, kind = array_namespace(v=v), network.n, network.kind
    h = v @ network.visible.T
    T = warm_enough(xp, size(xp, h, kind), n, network.T)
    h = h / T
    f = safe_power(h, n - 1, kind)
    return 2 * n / T * (f @ network.label_weights), (h, f, T)


def backward_dual(state: Any, s: Array, network: "Classifier") -> tuple[Array, Array]:
    """Return ∂C/∂(ξ·v) ``(M, K)`` and ∂C/∂ξ_α ``(K, N_c)``: see `backward_exact`."""
    (h, f, T), n = state, network.n
    xp, s = array_namespace(h=h), 2 * n / T * s
    if n == 1:
        return xp.zeros_like(h), f.T @ s
    dh = ((n - 1) / T * s @ network.label_weights.T) * safe_power(h, n - 2, network.kind)
    return flushed(xp, dh), f.T @ s


FORMS: dict[str, tuple[Callable[..., tuple[Array, Any]], Callable[..., tuple[Array, Array]]]] = {
    "exact": (forward_exact, backward_exact),
    "dual": (forward_dual, backward_dual),
}
"""Through eq. (9) or through its dual (10)."""


class Network:
    """What every network does that has ``visible`` weights ``(K, N)``, ``label_weights (K, N_c)`` and three methods.

    `forward`, `backward` and `objective` check nothing.
    """

    visible: Array
    label_weights: Array
    WEIGHTS: ClassVar[tuple[str, ...]] = ("visible", "label_weights")

    @property
    def pixels(self) -> int:
        """How many numbers a digit is."""
        return self.visible.shape[1]

    @property
    def at_once(self) -> int:
        """How many digits `arguments` takes at once."""
        return max(1, 2**19 // self.visible.shape[0])

    def forward(self, v: Array) -> tuple[Array, Any]:
        """Return the arguments ``a (M, N_c)`` that a class is read off for digits ``v (M, N)``, and a state."""
        raise NotImplementedError

    def backward(self, state: Any, s: Array) -> Array:
        """Return the gradient of C with respect to the pixels ``(M, N)`` for ``s = ∂C/∂a (M, N_c)``."""
        raise NotImplementedError

    def objective(self, a: Array, t: Array, m: int) -> tuple[Array, Array]:
        """Return the C ``(M,)`` that an attack descends for targets ``t (M, N_c)``, and s."""
        raise NotImplementedError

    def on(self, xp: Any, dtype: Any = None) -> Self:
        """Return the same network on another array library, and with weights of another precision if asked for."""
        same = dtype is None or dtype == self.visible.dtype  # not "in (None, ...)": to NumPy float64 == None
        if array_namespace(visible=self.visible) is xp and same:
            return self
        network: Any = self
        return replace(network, **{name: xp.asarray(getattr(self, name), dtype=dtype) for name in self.WEIGHTS})

    def prepared(self, v: Array) -> tuple[Array, Self]:
        """Return digits ``v (M, N)``, after a check, and the network, both in the higher of their precisions.

        Raises ``ValueError`` for a wrong shape and pixels outside [-1, 1], in which the network was trained, and
        ``TypeError`` for an array of another library than the weights'.
        """
        xp, dtype = array_namespace(v=v, visible=self.visible), self.visible.dtype
        checks.pixels("v", v, self.pixels, " (one for each pixel of the network)")
        if xp.isdtype(v.dtype, "real floating") and "float16" not in str(v.dtype):
            dtype = xp.result_type(dtype, v.dtype)
        return xp.astype(v, dtype, copy=False), self.on(xp, dtype)

    @gpu_errors("the network", "use fewer digits at once or fewer memories K")
    def arguments(self, v: Array) -> Array:
        """Return the arguments ``(M, N_c)`` for digits ``v (M, N)``, computed a few rows at a time.

        NumPy arrays are computed where ``DAM_BACKEND`` says. Raises as `prepared` does.
        """
        v, visible, back = on_backend(None, v, self.visible)
        v, network = self.on(array_namespace(v=v, visible=visible)).prepared(v)
        M, rows = v.shape[0], self.at_once
        parts = [network.forward(v[i : min(i + rows, M), :])[0] for i in range(0, M, rows)]
        return back(array_namespace(v=v).concat(parts))

    def predict(self, v: Array) -> Array:
        """Return the classes ``(M,)``: the largest of the `arguments`, which differ where a tanh is saturated."""
        a = self.arguments(v)
        return array_namespace(a=a).argmax(a, axis=1)


@dataclass
class Classifier(Network):
    """A network of memories.

    Arrays that are not float32 or float64 are converted to float32. Digits and weights are computed in the higher of
    their precisions.

    Attributes
    ----------
    visible, label_weights : (K, N) and (K, N_c) arrays
        The memories.
    n : int
        Degree of F, at least 1.
    T : float
        Temperature in neurons, above 0.
    kind : {'rectified', 'power'}
        Whether F is x^n for positive x only, eq. (3), or for all.
    form : {'exact', 'dual'}
        Whether it answers by eq. (9) or by eq. (10).

    Raises
    ------
    ValueError
        Shapes do not fit, a weight is not finite, n or T is out of range, or an unknown kind or form.
    TypeError
        Arrays of different libraries.
    """

    visible: Array
    label_weights: Array
    n: int
    T: float
    kind: str = "rectified"
    form: str = "exact"

    def __post_init__(self) -> None:
        weights = {"visible": self.visible, "label_weights": self.label_weights}
        xp = array_namespace(**weights)
        self.n, self.T = checks.degree(self.n), checks.temperature(self.T)
        checks.choice("kind", self.kind, KINDS)
        checks.choice("form", self.form, FORMS)
        for name, w in weights.items():
            checks.matrix(name, w)
            checks.finite(name, w)
        (K, _), (rows, _) = self.visible.shape, self.label_weights.shape
        if rows != K:
            raise ValueError(f"label_weights must have a row for each of the {K} memories, got {rows}")
        dtype = xp.result_type(self.visible.dtype, self.label_weights.dtype)
        if not xp.isdtype(dtype, "real floating") or "float16" in str(dtype):
            dtype = xp.float32
        self.visible, self.label_weights = (xp.astype(w, dtype, copy=False) for w in weights.values())

    def dual(self) -> "Classifier":
        """Return the same network, which answers by eq. (10)."""
        return replace(self, form="dual")

    def forward(self, v: Array) -> tuple[Array, Any]:
        """Return the arguments ``(M, N_c)`` of the tanh, and what `backward` needs."""
        return FORMS[self.form][0](v, self)

    def backward(self, state: Any, s: Array) -> Array:
        """Return the gradient ``(M, N)`` with respect to the pixels: see `Network`."""
        return FORMS[self.form][1](state, s, self)[0] @ self.visible

    def backward_to_weights(self, v: Array, state: Any, s: Array) -> tuple[Array, Array]:
        """Return the gradients ``(K, N)`` and ``(K, N_c)`` with respect to the weights: see `backward`."""
        dh, d_label_weights = FORMS[self.form][1](state, s, self)
        return dh.T @ v, d_label_weights

    def objective(self, a: Array, t: Array, m: int) -> tuple[Array, Array]:
        """Return ln C ``(M,)`` of the objective (14), and its derivatives: `dam.network.objective.log_objective`."""
        return log_objective(a, t, m)

    def gradients(self, v: Array, t: Array, m: int, objective: str = "power") -> tuple[Array, Array]:
        """Return the gradients (∂C/∂visible, ∂C/∂label_weights) of the objective of a minibatch: Appendix A.

        Parameters
        ----------
        v : (M, N) array
            Pixels.
        t : (M, N_c) array
            Targets, see `dam.network.objective.targets`.
        m : int
            Power of the objective (14), at least 1; of no consequence for "softmax".
        objective : {'power', 'softmax'}
            Eq. (14), or cross-entropy of the softmax of the arguments.

        Raises
        ------
        ValueError, TypeError
            As in `prepared`; also for targets of another shape or other than ±1, m < 1 or an unknown objective.
        """
        array_namespace(v=v, t=t)
        v, network = self.prepared(v)
        checks.count("m", m)
        checks.choice("objective", objective, OBJECTIVES)
        if tuple(t.shape) != (v.shape[0], self.label_weights.shape[1]):
            raise ValueError(f"t must have shape {(v.shape[0], self.label_weights.shape[1])}, got {tuple(t.shape)}")
        checks.spins("t", t)
        a, state = network.forward(v)
        return network.backward_to_weights(v, state, slope(a, t, m, objective))

    def scores(self, v: Array) -> Array:
        """Return the states c ``(M, N_c)`` of the classification neurons: tanh of the `arguments`."""
        a = self.arguments(v)
        return array_namespace(a=a).tanh(a)


def error_percent(network: Network, x: Array, y: Array) -> float:
    """Return the percentage of digits ``x (M, N)`` that a network does not put into their class ``y (M,)``.

    Raises as `Network.prepared` does, and for labels that are no classes of the network.
    """
    if not isinstance(network, Network):
        raise TypeError(f"network must be a dam.Classifier or another Network, got {network!r}")
    xp = array_namespace(x=x, y=y)
    checks.pixels("x", x, network.pixels, " (one for each pixel of the network)")
    checks.labels("y", y, network.label_weights.shape[1])
    if y.shape[0] != x.shape[0]:
        raise ValueError(f"y must have shape {(x.shape[0],)}, one label for each row of x, got {tuple(y.shape)}")
    wrong = network.predict(x) != y
    return 100 * float(xp.sum(xp.astype(wrong, xp.int64))) / x.shape[0]


def inactive(
    visible: Array, x: Array, above: float | np.ndarray = 0.0, kind: str = "rectified", rows: int = 1000
) -> np.ndarray:
    """Return which memories ``(K,)`` are off for all of the digits ``x (S, N)``: no overlap is larger than ``above``.

    Such a memory, with weights ``visible (K, N)``, has no gradient in the dual form; ``above`` is a number, or one for
    each memory. So many ``rows`` of x are gone through at once.
    """
    array_namespace(visible=visible, x=x)
    checks.matrix("visible", visible)
    checks.matrix("x", x, visible.shape[1], " (one for each visible weight)")
    checks.finite("visible", visible)
    checks.finite("x", x)
    checks.choice("kind", kind, KINDS)
    level = to_numpy(above)
    if level.dtype.kind not in "iuf" or level.shape not in ((), visible.shape[:1]) or not np.isfinite(level).all():
        raise ValueError(f"above must be a number, or one for each of the {visible.shape[0]} memories, got {above!r}")
    return off(visible, x, level, kind, checks.count("rows", rows))
