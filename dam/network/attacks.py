"""Images made to be misclassified: gradients of the objective with respect to the pixels, and descent along them.

The slides move an image by v ← v - ∂C/∂v, where C = Σ_γ (c_γ - t_γ)^(2m) is the objective (14) of a class that the
image does not belong to. Far from that class all c are saturated and C hardly changes; its logarithm does, and has the
same direction of descent. So everything here works with ln C, and with steps of a given length.
"""

import math
from dataclasses import dataclass

import numpy as np

from dam import checks
from dam.arrays import array_namespace, to_numpy
from dam.network._powers import flushed, safe_power, size, warm_enough
from dam.network.classifier import forward_exact, targets
from dam.network.relu import ReLUNetwork

NORMS = ("l2", "linf")
FORMS = ("exact", "dual")


def log_objective(a, y, m):
    """Return ln C ``(M,)`` of the objective (14) of classes ``y (M,)``, for arguments ``a (M, N_c)`` of the tanh.

    It stays finite where c rounds to ±1, because ln(1 - tanh a) = ln 2 - ln(1 + e^(2a)).
    """
    checks.count("m", m)
    xp = array_namespace(a=a, y=y)
    return _log_sum_exp(xp, _log_terms(xp, a, targets(y, a.shape[1], a.dtype), m))


def gradient(v, y, network, m=1, form="exact"):
    """Return ln C and its gradient with respect to the pixels; C ∂(ln C)/∂v is ∂C/∂v.

    Parameters
    ----------
    v : (M, N) array
        Images, pixels in [-1, 1].
    y : (M,) array of int
        The class of the objective of each image.
    network : Classifier
    m : int
        Power of the objective (14).
    form : {'exact', 'dual'}
        Through eq. (9) or through its dual (10).

    Returns
    -------
    (M,) and (M, N) arrays

    Raises
    ------
    ValueError
        Images of another size than the network's, pixels outside [-1, 1], classes out of range, m < 1.
    """
    xp, v = checked_images(v, y, network, m, form)
    t = targets(y, network.labels.shape[1], v.dtype)
    return unchecked_gradient(xp, v, network, form, objective(network, t, m))[1:]


def objective(network, t, m):
    """Return the objective of a network for targets ``t (M, N_c)``, as a function of its arguments ``a (M, N_c)``.

    It returns ln C ``(M,)``, for a `ReLUNetwork` its cross-entropy instead, and the derivatives ``(M, N_c)``.
    """
    if isinstance(network, ReLUNetwork):
        return lambda a: network.cross_entropy(a, t)
    return lambda a: _slope(array_namespace(a=a), a, t, m)


def unchecked_gradient(xp, v, network, form, objective):
    """Return the arguments ``(M, N_c)``, an objective of them ``(M,)`` and its gradient ``(M, N)``; no checks.

    ``objective`` gives that and its derivatives from the arguments, as those returned by `objective` do.
    """
    if isinstance(network, ReLUNetwork):
        h, a = network.forward(v)
        value, s = objective(a)
        return a, value, network.backward(h, s)
    n, labels, kind = network.n, network.labels, network.kind
    if form == "exact":
        a, H, T = forward_exact(xp, v, network.visible, labels, n, network.T, kind)
        value, s = objective(a)
        dh = -xp.sum(s, axis=1)[:, None] * safe_power(H, n - 1, kind)
        for alpha in range(labels.shape[1]):
            dh = dh + s[:, alpha, None] * safe_power(H + 2 * labels[:, alpha] / T, n - 1, kind)
        dh = n / T * dh
    else:
        h = v @ network.visible.T
        T = warm_enough(xp, size(xp, h, kind), n, network.T)
        h = h / T
        a = 2 * n / T * (safe_power(h, n - 1, kind) @ labels)
        value, s = objective(a)
        dh = 2 * n / T * (n - 1) / T * (s @ labels.T) * safe_power(h, n - 2, kind) if n > 1 else xp.zeros_like(h)
    return a, value, flushed(xp, dh) @ network.visible


def _slope(xp, a, t, m):
    """Return ln C ``(M,)`` and its derivatives ``(M, N_c)`` with respect to the arguments of the tanh."""
    terms = _log_terms(xp, a, t, m)
    ln_C = _log_sum_exp(xp, terms)
    share = xp.exp(terms - ln_C[:, None])
    return ln_C, -4 * m * t * share / (1 + xp.exp(xp.clip(-2 * t * a, -80, 80)))


def _log_terms(xp, a, t, m):
    """Return 2m ln |tanh a - t| for targets of ±1: ln |tanh a - t| = ln 2 - ln(1 + e^(2ta))."""
    x = 2 * t * a
    soft = xp.where(x > 0, x, xp.zeros_like(x)) + xp.log1p(xp.exp(-xp.abs(x)))
    return 2 * m * (math.log(2) - soft)


def _log_sum_exp(xp, terms):
    top = xp.max(terms, axis=1)
    return top + xp.log(xp.sum(xp.exp(terms - top[:, None]), axis=1))


def step(v, gradient, length, norm):
    """Return images after one step against the gradient, pixels kept in [-1, 1].

    ``length`` is that of the step: the Euclidean one, sqrt(Σ_i Δv_i²), for the norm 'l2', and the change of each pixel
    for 'linf', which takes the sign of the gradient.
    """
    checks.choice("norm", norm, NORMS)
    xp = array_namespace(v=v, gradient=gradient)
    if norm == "linf":
        change = xp.sign(gradient)
    else:
        # divided by the largest entry first: squares of small numbers vanish
        largest = xp.max(xp.abs(gradient), axis=1, keepdims=True)
        change = gradient / xp.where(largest > 0, largest, xp.ones_like(largest))
        norms = xp.sqrt(xp.sum(change * change, axis=1, keepdims=True))
        change = change / xp.where(norms > 0, norms, xp.ones_like(norms))
    return xp.clip(v - length * change, -1, 1)


@dataclass
class Attack:
    """What became of M images.

    ``images (M, N)``, each just across the boundary, or where it was when the updates ran out; ``crossed (M,)`` of
    bool; ``updates (M,)``, how many it took, or all of them; ``target (M,)``, the classes that were descended to.
    """

    images: object
    crossed: object
    updates: object
    target: object

    def overshoot(self, v, factor):
        """Return images beyond the boundary: so many times as far from the images ``v`` that the attack began with."""
        xp = array_namespace(v=v)
        return xp.clip(v + factor * (self.images - v), -1, 1)


def attack(v, y, network, target=None, *, norm="l2", length=None, max_updates=200, m=1, form="exact"):
    """Descend from images of known classes until the network changes its answer.

    Parameters
    ----------
    v : (M, N) array
        Images that the network classifies correctly, pixels in [-1, 1].
    y : (M,) array of int
        Their classes.
    network : Classifier or dam.network.relu.ReLUNetwork
        The latter has no objective (14): its cross-entropy is descended, whatever m and form are.
    target : (M,) array of int, optional
        Classes to descend to; an image has crossed when the network answers with its own. By default the class with the
        second largest argument at the start, and an image has crossed when the network leaves the class y.
    norm : {'l2', 'linf'}
        How the length of a step is measured, see `step`.
    length : float, optional
        Of a step; by default 0.25 for 'l2' (an image of N pixels of ±1 has the length √N) and 0.02 for 'linf'.
    max_updates : int
        The budget.
    m : int
        Power of the objective (14).
    form : {'exact', 'dual'}

    Returns
    -------
    Attack
        The crossing is located within the last step to a thousandth of it. An image that does not cross stays in the
        result, with ``crossed`` false.

    Raises
    ------
    ValueError
        As in `gradient`; also for an image that is misclassified from the start, a target that is its own class, an
        unknown norm or form, a length that is not positive, or a budget below 1.
    """
    xp, v = checked_images(v, y, network, m, form)
    length = _length(norm, length)
    checks.count("max_updates", max_updates)
    y, a = to_numpy(y), to_numpy(_arguments(v, network, form))
    if np.any(wrong := np.argmax(a, axis=1) != y):
        raise ValueError(
            f"v must hold images that the network classifies correctly, got {int(wrong.sum())} of {len(y)} that it "
            "does not; leave those out, as in v[network.predict(v) == y]"
        )
    untargeted = target is None
    target = np.argsort(a, axis=1)[:, -2] if untargeted else _checked_targets(target, y, a.shape[1])
    there = (lambda answer, rows: answer != y[rows]) if untargeted else (lambda answer, rows: answer == target[rows])

    before, after = to_numpy(v).copy(), to_numpy(v).copy()
    updates, crossed = np.full(len(y), max_updates), np.zeros(len(y), bool)
    live = np.arange(len(y))
    for update in range(max_updates + 1):
        image = xp.asarray(after[live])
        t = targets(xp.asarray(target[live]), a.shape[1], v.dtype)
        a_live, _, slope = unchecked_gradient(xp, image, network, form, objective(network, t, m))
        done = there(np.argmax(to_numpy(a_live), axis=1), live)
        crossed[live[done]], updates[live[done]] = True, update
        live, slope, image = live[~done], slope[xp.asarray(~done)], image[xp.asarray(~done)]
        if len(live) == 0 or update == max_updates:
            break
        before[live], after[live] = to_numpy(image), to_numpy(step(image, slope, length, norm))
    rows = np.flatnonzero(crossed)
    for _ in range(10 * (len(rows) > 0)):  # halve the last step
        middle = (before[rows] + after[rows]) / 2
        beyond = there(np.argmax(to_numpy(_arguments(xp.asarray(middle), network, form)), axis=1), rows)
        before[rows[~beyond]], after[rows[beyond]] = middle[~beyond], middle[beyond]
    return Attack(xp.asarray(after), xp.asarray(crossed), xp.asarray(updates), xp.asarray(target))


def path(v, y, target, network, updates, *, norm="l2", length=None, m=1, form="exact"):
    """Descend to the target classes for a fixed number of updates, past the boundary, and watch both objectives.

    Returns
    -------
    (updates + 1, M) array
        ln C of the classes y.
    (updates + 1, M) array
        ln C of the targets. The boundary between the two classes is where the curves cross.
    (updates + 1, M, N) array
        The images.
    """
    if isinstance(network, ReLUNetwork):
        raise TypeError("path follows the objective (14), which a ReLUNetwork does not have; attack works with one")
    xp, v = checked_images(v, y, network, m, form)
    length = _length(norm, length)
    checks.count("updates", updates, minimum=0)
    classes = network.labels.shape[1]
    target = xp.asarray(_checked_targets(target, to_numpy(y), classes))
    t, first, second, images = targets(target, classes, v.dtype), [], [], []
    for update in range(updates + 1):
        a, ln_C, slope = unchecked_gradient(xp, v, network, form, objective(network, t, m))
        first, second, images = [*first, log_objective(a, y, m)], [*second, ln_C], [*images, v]
        v = step(v, slope, length, norm)
    return xp.stack(first), xp.stack(second), xp.stack(images)


def _arguments(v, network, form):
    return network.arguments(v) if form == "exact" or isinstance(network, ReLUNetwork) else network.arguments_dual(v)


def _length(norm, length):
    checks.choice("norm", norm, NORMS)
    length = {"l2": 0.25, "linf": 0.02}[norm] if length is None else length
    return checks.number("length", length, 1e-9, 1e9)


def checked_images(v, y, network, m, form):
    """Return the array namespace and the images in the precision of the network's weights."""
    xp = array_namespace(v=v, y=y, visible=network.visible)
    checks.count("m", m)
    checks.choice("form", form, FORMS)
    checks.matrix("v", v, network.visible.shape[1], " (one for each visible weight of the network)")
    checks.within("v", v, -1, 1)
    checks.labels("y", y, network.labels.shape[1])
    if y.shape[0] != v.shape[0]:
        raise ValueError(f"y must hold a class for each of the {v.shape[0]} images, got {y.shape[0]}")
    return xp, xp.astype(v, network.visible.dtype, copy=False)


def _checked_targets(target, y, classes):
    checks.labels("target", target, classes)
    target = to_numpy(target)
    if target.shape != y.shape:
        raise ValueError(f"target must hold a class for each of the {len(y)} images, got {len(target)}")
    if np.any(target == y):
        raise ValueError("target must be another class than the image's own, y")
    return target
