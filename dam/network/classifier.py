"""The network that recognizes digits: one update (9) of ten classification neurons, and its dual form (10).

Digits ``v (M, N)`` clamp the N visible neurons; each of the K memories has N visible weights and N_c label
weights, ``visible (K, N)`` and ``labels (K, N_c)``; F is the rectified polynomial (3) of degree n; the
temperature T is measured in neurons and stands inside the power, because F(x) / T^n = F(x / T) and 784^n
overflows. A class is read off the argument of the tanh: where the tanh saturates, its values tie. Functions
run on any array API library, in the precision of their arrays; float16 is computed in float32.
"""

from dataclasses import dataclass

from dam import checks
from dam.arrays import array_namespace
from dam.memory.interactions import power
from dam.network._powers import KINDS, flushed, safe_power, size, threshold, warm_enough

CLASSES = 10
OBJECTIVES = ("power", "softmax")


def arguments_exact(v, visible, labels, n, T, kind="rectified"):
    """Return the arguments of the tanh in eq. (9), with x_α = -1 and β = 1/T^n.

    With H_μ = Σ_i ξ_i^μ v_i - Σ_γ ξ_γ^μ the two arguments of F in (9) are H + 2 ξ_α and H, so one product
    with the digits serves all classes.

    Parameters
    ----------
    v : (M, N) array
        Pixels.
    visible, labels : (K, N) and (K, N_c) arrays
        The memories.
    n : int
        Degree of F, at least 1.
    T : float
        Temperature in neurons, above 0.
    kind : {'rectified', 'power'}
        Whether F is x^n for positive x only, eq. (3), or for all.

    Returns
    -------
    (M, N_c) array

    Raises
    ------
    ValueError
        Wrong shapes, NaN or infinity among the pixels, n or T out of range, an unknown kind.
    TypeError
        Arrays of different libraries.
    """
    xp, v, visible, labels = _checked(v, visible, labels, n, T, kind)
    return forward_exact(xp, v, visible, labels, n, T, kind)[0]


def arguments_dual(v, visible, labels, n, T, kind="rectified"):
    """Return the arguments of the tanh in eq. (10): (2n/T) Σ_μ ξ_α^μ f(ξ^μ·v / T), f(x) = x^(n-1) for x > 0.

    The slope 2n/T is that of (9) at small ξ_α (Section 5). Parameters, result and errors as in
    `arguments_exact`.
    """
    xp, v, visible, labels = _checked(v, visible, labels, n, T, kind)
    h = v @ visible.T
    T = warm_enough(xp, size(xp, h, kind), n, T)
    return 2 * n / T * (safe_power(h / T, n - 1, kind) @ labels)


def scores_exact(v, visible, labels, n, T, kind="rectified"):
    """Return c = tanh of `arguments_exact`: eq. (9)."""
    a = arguments_exact(v, visible, labels, n, T, kind)
    return array_namespace(a=a).tanh(a)


def scores_dual(v, visible, labels, n, T, kind="rectified"):
    """Return c = tanh of `arguments_dual`: eq. (10)."""
    a = arguments_dual(v, visible, labels, n, T, kind)
    return array_namespace(a=a).tanh(a)


def targets(y, classes=CLASSES, dtype=None, xp=None):
    """Return the targets ``(M, classes)`` of eq. (14) for labels ``y (M,)``: +1 in the right class, else -1.

    ``dtype`` is float32 and ``xp`` the library of ``y`` unless given. Raises ``ValueError`` for labels
    outside 0..classes-1 and ``TypeError`` for labels that are no integers.
    """
    checks.labels("y", y, classes)
    xp = xp or array_namespace(y=y)
    right = xp.asarray(y)[:, None] == xp.arange(classes)[None, :]
    return 2 * xp.astype(right, dtype or xp.float32) - 1


def loss(c, t, m):
    """Return the objective Σ (c - t)^(2m) over examples and classes: eq. (14)."""
    checks.count("m", m)
    return array_namespace(c=c, t=t).sum(power(c - t, 2 * m))


def cross_entropy(a, y):
    """Return -Σ ln softmax(a)_y over examples, for arguments ``a (M, N_c)`` and integer labels ``y (M,)``."""
    xp = array_namespace(a=a, y=y)
    checks.labels("y", y, a.shape[1])
    a = a - xp.max(a, axis=1, keepdims=True)
    right = xp.sum(a * (1 + targets(y, a.shape[1], a.dtype)) / 2, axis=1)
    return xp.sum(xp.log(xp.sum(xp.exp(a), axis=1)) - right)


def slope(a, t, m, objective="power"):
    """Return dC/da ``(M, N_c)`` for arguments ``a`` and targets ``t`` of +1 and -1.

    For the objective (14), "power", it is 2m (c-t)^(2m-1) (1-c²), with 1-c² computed as 1/cosh² a so that it
    does not round to zero where c rounds to ±1; for "softmax" (cross-entropy) it is softmax(a) - (1+t)/2.
    """
    xp = array_namespace(a=a, t=t)
    if objective == "softmax":
        e = xp.exp(a - xp.max(a, axis=1, keepdims=True))
        return e / xp.sum(e, axis=1, keepdims=True) - (1 + t) / 2
    d = xp.tanh(a) - t
    d = d * xp.astype(xp.abs(d) > threshold(xp, a.dtype, 2 * m - 1), a.dtype)
    e = xp.exp(-2 * xp.abs(a))
    return flushed(xp, 2 * m * power(d, 2 * m - 1) * (4 * e / ((1 + e) * (1 + e))))


def gradients_dual(v, t, visible, labels, n, T, m, objective="power", kind="rectified"):
    """Return the gradients (∂C/∂visible, ∂C/∂labels) of the objective of a minibatch in the dual form (10).

    Parameters
    ----------
    v, visible, labels, n, T
        As in `arguments_exact`.
    t : (M, N_c) array
        Targets, see `targets`.
    m : int
        Power of the objective (14), at least 1; of no consequence for "softmax".
    objective : {'power', 'softmax'}
        Eq. (14), or cross-entropy of the softmax of the arguments.
    kind : {'rectified', 'power'}
        As in `arguments_exact`.

    Returns
    -------
    (K, N) and (K, N_c) arrays

    Raises
    ------
    ValueError, TypeError
        As in `arguments_exact`; also for targets of another shape, m < 1 or an unknown objective.
    """
    xp, v, visible, labels = _checked(v, visible, labels, n, T, kind)
    _check_objective(t, v, labels, m, objective)
    return backward_dual(xp, v, t, visible, labels, n, T, m, objective, kind)[1:]


def gradients_exact(v, t, visible, labels, n, T, m, objective="power", kind="rectified"):
    """Return the gradients (∂C/∂visible, ∂C/∂labels) in the associative form (9). See `gradients_dual`."""
    xp, v, visible, labels = _checked(v, visible, labels, n, T, kind)
    _check_objective(t, v, labels, m, objective)
    return backward_exact(xp, v, t, visible, labels, n, T, m, objective, kind)[1:]


def backward_dual(xp, v, t, visible, labels, n, T, m, objective, kind):
    """Return the arguments and both gradients of the dual form; no checks."""
    h = v @ visible.T
    T = warm_enough(xp, size(xp, h, kind), n, T)
    h = h / T
    f = safe_power(h, n - 1, kind)
    a = 2 * n / T * (f @ labels)
    s = 2 * n / T * slope(a, t, m, objective)
    if n == 1:
        return a, xp.zeros_like(visible), f.T @ s
    dh = ((n - 1) / T * s @ labels.T) * safe_power(h, n - 2, kind)
    return a, flushed(xp, dh).T @ v, f.T @ s


def backward_exact(xp, v, t, visible, labels, n, T, m, objective, kind):
    """Return the arguments and both gradients of eq. (9); no checks.

    The ten element-wise terms are summed before the one product with the digits.
    """
    a, H, T = forward_exact(xp, v, visible, labels, n, T, kind)
    s = n / T * slope(a, t, m, objective)
    total = -xp.sum(s, axis=1)[:, None] * safe_power(H, n - 1, kind)
    own = []
    for alpha in range(labels.shape[1]):
        term = s[:, alpha, None] * safe_power(H + 2 * labels[:, alpha] / T, n - 1, kind)
        total = total + term
        own.append(xp.sum(term, axis=0))
    total = flushed(xp, total)
    return a, total.T @ v, 2 * xp.stack(own, axis=1) - xp.sum(total, axis=0)[:, None]


def forward_exact(xp, v, visible, labels, n, T, kind):
    """Return the arguments of (9), H / T ``(M, K)``, and T."""
    H = v @ visible.T - xp.sum(labels, axis=1)
    T = warm_enough(xp, xp.abs(H) + 2 * xp.max(xp.abs(labels)), n, T)
    H = H / T
    F = safe_power(H, n, kind)
    shifted = (safe_power(H + 2 * labels[:, alpha] / T, n, kind) for alpha in range(labels.shape[1]))
    fields = [xp.sum(up - F, axis=1) for up in shifted]
    return xp.stack(fields, axis=1), H, T


def _checked(v, visible, labels, n, T, kind):
    xp = array_namespace(v=v, visible=visible, labels=labels)
    checks.degree(n)
    checks.temperature(T)
    checks.choice("kind", kind, KINDS)
    checks.matrix("visible", visible)
    checks.matrix("labels", labels)
    checks.matrix("v", v, visible.shape[1], " (one for each visible weight)")
    if labels.shape[0] != visible.shape[0]:
        raise ValueError(f"labels must have a row for each of the {visible.shape[0]} memories, got {labels.shape[0]}")
    checks.finite("v", v)
    dtype = xp.result_type(visible.dtype, labels.dtype)
    if not xp.isdtype(dtype, "real floating") or "float16" in str(dtype):
        dtype = xp.float32
    if xp.isdtype(v.dtype, "real floating") and "float16" not in str(v.dtype):
        dtype = xp.result_type(dtype, v.dtype)
    return xp, *(xp.astype(x, dtype, copy=False) for x in (v, visible, labels))


def _check_objective(t, v, labels, m, objective):
    checks.count("m", m)
    checks.choice("objective", objective, OBJECTIVES)
    if tuple(t.shape) != (v.shape[0], labels.shape[1]):
        raise ValueError(f"t must have shape {(v.shape[0], labels.shape[1])}, got {tuple(t.shape)}")


@dataclass
class Classifier:
    """A trained network: memories ``visible (K, N)`` and ``labels (K, N_c)``, degree n, temperature T, kind of F.

    Raises ``ValueError`` if the shapes do not fit, a weight is not finite, n or T is out of range, or kind is unknown.
    """

    visible: object
    labels: object
    n: int
    T: float
    kind: str = "rectified"

    def __post_init__(self):
        checks.matrix("visible", self.visible)
        xp = array_namespace(visible=self.visible)
        for name in ("visible", "labels"):
            checks.finite(name, getattr(self, name))
        no_digits = xp.zeros((1, self.visible.shape[1]), dtype=xp.float32)
        settings = self.n, self.T, self.kind
        _, _, self.visible, self.labels = _checked(no_digits, self.visible, self.labels, *settings)

    def scores(self, v):
        """Return c ``(M, N_c)`` of eq. (9) for digits ``v (M, N)``."""
        return self._by_chunks(scores_exact, v)

    def scores_dual(self, v):
        """Return c ``(M, N_c)`` of the dual, eq. (10)."""
        return self._by_chunks(scores_dual, v)

    def arguments(self, v):
        """Return the arguments ``(M, N_c)`` of the tanh in eq. (9)."""
        return self._by_chunks(arguments_exact, v)

    def arguments_dual(self, v):
        """Return the arguments ``(M, N_c)`` of the tanh in eq. (10)."""
        return self._by_chunks(arguments_dual, v)

    def predict(self, v):
        """Return the classes ``(M,)``: the largest argument of eq. (9)."""
        a = self.arguments(v)
        return array_namespace(a=a).argmax(a, axis=1)

    def predict_dual(self, v):
        """Return the classes ``(M,)``: the largest argument of eq. (10)."""
        a = self.arguments_dual(v)
        return array_namespace(a=a).argmax(a, axis=1)

    def _by_chunks(self, function, v):
        """Apply a function to a few rows of v at a time, so that its (rows, K) arrays stay small."""
        xp = array_namespace(v=v, visible=self.visible)
        checks.matrix("v", v, self.visible.shape[1], " (one for each visible weight)")
        M, rows = v.shape[0], max(1, 2**19 // self.visible.shape[0])
        chunks = (v[i : min(i + rows, M), :] for i in range(0, M, rows))
        parts = [function(chunk, self.visible, self.labels, self.n, self.T, self.kind) for chunk in chunks]
        return xp.concat(parts)


def error_percent(classifier, x, y):
    """Return the percentage of digits ``x (M, N)`` that eq. (9) does not put into their class ``y (M,)``."""
    xp = array_namespace(x=x, y=y)
    if tuple(y.shape) != (x.shape[0],):
        raise ValueError(f"y must have shape {(x.shape[0],)}, one label for each row of x, got {tuple(y.shape)}")
    wrong = classifier.predict(x) != y
    return 100 * float(xp.sum(xp.astype(wrong, xp.int64))) / x.shape[0]
