"""Images made to be misclassified: gradients of the objective with respect to the pixels, and descent along them.

The slides move an image by v ← v - ∂C/∂v, where C = Σ_γ (c_γ - t_γ)^(2m) is the objective (14) of a class that the
image does not belong to. Far from that class all c are saturated and C hardly changes; its logarithm does, and has the
same direction of descent. So everything here works with ln C, and with moves of a given length.

Common to all functions, also of `dam.network.robustness`:

- ``v (M, N)``: images, pixels in [-1, 1]; ``y (M,)`` of int: a class for each.
- ``network``: a `dam.network.classifier.Network`; ``network.dual()`` attacks through eq. (10). A ReLU network has no
  objective (14): its cross-entropy takes the place of ln C, whatever m is.
- ``norm``: 'l2' or 'linf', how the length of a change is measured, see `move`; ``m``: the power of the objective (14).

They raise ``ValueError`` for images of another size than the network's, pixels outside [-1, 1], classes out of range,
and any other number out of range; ``MemoryError`` for more images than fit on a GPU.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import is_cupy_array

from dam import checks
from dam.arrays import Array, array_namespace, beside, on_backend, to_numpy
from dam.network._step_plain import HELD
from dam.network.classifier import Network
from dam.network.objective import targets

NORMS = ("l2", "linf")


def gradient(v: Array, y: Array, network: Network, m: int = 1) -> tuple[Array, Array]:
    """Return ln C ``(M,)`` of the classes y, and its gradient ``(M, N)`` with respect to the pixels.

    C ∂(ln C)/∂v is ∂C/∂v.
    """
    _, v, y, network, back = checked_images(v, y, network, m)
    t = targets(y, network.label_weights.shape[1], v.dtype)
    _, ln_C, slope = descent(v, network, lambda a: network.objective(a, t, m))
    return back(ln_C), back(slope)


def descent(
    v: Array, network: Network, objective: Callable[[Array], tuple[Array, Array]]
) -> tuple[Array, Array, Array]:
    """Return the arguments ``(M, N_c)``, an objective of them ``(M,)`` and its gradient ``(M, N)``; no checks.

    ``objective`` gives that and its derivatives ``(M, N_c)`` from the arguments.
    """
    a, state = network.forward(v)
    value, s = objective(a)
    return a, value, network.backward(state, s)


def move(v: Array, gradient: Array, length: float, norm: str) -> Array:
    """Return images after one move against the gradient, pixels kept in [-1, 1].

    ``length`` is that of the move: the Euclidean one, sqrt(Σ_i Δv_i²), for the norm 'l2', and the change of each pixel
    for 'linf', which takes the sign of the gradient.
    """
    checks.choice("norm", norm, NORMS)
    xp, v, gradient = checks.reals(v=v, gradient=gradient)
    checks.alike(v=v, gradient=gradient)
    if norm == "linf":
        change = xp.sign(gradient)
    else:
        # divided by the largest entry first: squares of small numbers vanish
        largest = xp.max(xp.abs(gradient), axis=1, keepdims=True)
        change = gradient / xp.where(largest > 0, largest, xp.ones_like(largest))
        norms = xp.sqrt(xp.sum(change * change, axis=1, keepdims=True))
        change = change / xp.where(norms > 0, norms, xp.ones_like(norms))
    return xp.clip(v - checks.number("length", length, 0, 1e9) * change, -1, 1)


@dataclass
class Attack:
    """What became of M images.

    ``images (M, N)``, each just across the boundary, or where it was when the updates ran out; ``crossed (M,)`` of
    bool; ``updates (M,)``, how many it took, or all of them; ``target (M,)``, the classes that were descended to.
    """

    images: Array
    crossed: Array
    updates: Array
    target: Array

    def overshoot(self, v: Array, factor: float) -> Array:
        """Return images beyond the boundary: so many times as far from the images ``v`` that the attack began with."""
        xp, v = checks.reals(v=v)
        checks.alike(v=v, images=self.images)
        return xp.clip(v + checks.number("factor", factor, 0, 1e9) * (self.images - v), -1, 1)


def attack(
    v: Array,
    y: Array,
    network: Network,
    target: Array | None = None,
    *,
    norm: str = "l2",
    length: float | None = None,
    max_updates: int = 200,
    m: int = 1,
) -> Attack:
    """Descend from images that the network classifies correctly, as y, until it changes its answer: an `Attack`.

    The crossing is located within the last move to a thousandth of it. An image that does not cross stays in the
    result, with ``crossed`` false.

    Parameters
    ----------
    target : (M,) array of int, optional
        Classes to descend to; an image has crossed when the network answers with its own. By default the class with the
        second largest argument at the start, and an image has crossed when the network leaves the class y.
    length : float, optional
        Of a move; by default 0.25 for 'l2' (an image of N pixels of ±1 has the length √N) and 0.02 for 'linf'.
    max_updates : int
        The budget.

    Raises
    ------
    ValueError
        Also for an image that is misclassified from the start, and a target that is its own class.
    """
    _, v, y, network, back = checked_images(v, y, network, m)
    length = _length(norm, length)
    max_updates = checks.count("max_updates", max_updates)
    y, a = to_numpy(y), to_numpy(network.arguments(v))
    if np.any(wrong := np.argmax(a, axis=1) != y):
        raise ValueError(
            f"v must hold images that the network classifies correctly, got {int(wrong.sum())} of {len(y)} that it "
            "does not; leave those out, as in v[network.predict(v) == y]"
        )
    if a.shape[1] < 2:
        raise ValueError("network must have two classes or more, or there is none to move an image to")
    untargeted = target is None
    others = np.where(np.arange(a.shape[1]) == y[:, None], -np.inf, a)
    target = np.argmax(others, axis=1) if untargeted else _checked_targets(target, y, a.shape[1])
    there = (lambda answer, rows: answer != y[rows]) if untargeted else (lambda answer, rows: answer == target[rows])

    before, after = to_numpy(v).copy(), to_numpy(v).copy()
    updates, crossed = np.full(len(y), max_updates), np.zeros(len(y), bool)
    live = np.arange(len(y))
    for update in range(max_updates + 1):
        image = beside(v, after[live])
        t = targets(beside(v, target[live]), a.shape[1], v.dtype)
        of_arguments: Callable = lambda a, t=t: network.objective(a, t, m)
        a_live, _, slope = descent(image, network, of_arguments)
        done = there(np.argmax(to_numpy(a_live), axis=1), live)
        crossed[live[done]], updates[live[done]] = True, update
        left = beside(v, ~done)
        live, slope, image = live[~done], slope[left], image[left]
        if len(live) == 0 or update == max_updates:
            break
        before[live], after[live] = to_numpy(image), to_numpy(move(image, slope, length, norm))
    rows = np.flatnonzero(crossed)
    for _ in range(10 * (len(rows) > 0)):  # halve the last move
        middle = (before[rows] + after[rows]) / 2
        beyond = there(np.argmax(to_numpy(network.arguments(beside(v, middle))), axis=1), rows)
        before[rows[~beyond]], after[rows[beyond]] = middle[~beyond], middle[beyond]
    return Attack(*(back(beside(v, x)) for x in (after, crossed, updates, target)))


def path(
    v: Array,
    y: Array,
    target: Array,
    network: Network,
    updates: int,
    *,
    norm: str = "l2",
    length: float | None = None,
    m: int = 1,
) -> tuple[Array, Array, Array]:
    """Descend to the target classes for a fixed number of updates, past the boundary, and watch both objectives.

    Returns
    -------
    (updates + 1, M) array
        ln C of the classes y, see `gradient`.
    (updates + 1, M) array
        ln C of the targets. The boundary between the two classes is where the curves cross.
    (updates + 1, M, N) array
        The images.
    """
    xp, v, y, network, back = checked_images(v, y, network, m)
    length = _length(norm, length)
    checks.count("updates", updates, minimum=0)
    classes, found = network.label_weights.shape[1], []
    target = _checked_targets(target, to_numpy(y), classes)
    own, t = (targets(z, classes, v.dtype) for z in (y, beside(v, target)))
    for _ in range(updates + 1):
        a, ln_C, slope = descent(v, network, lambda a: network.objective(a, t, m))
        found.append((network.objective(a, own, m)[0], ln_C, v))
        v = move(v, slope, length, norm)
    return tuple(back(xp.stack(column)) for column in zip(*found))


def _length(norm: str, length: float | None) -> float:
    checks.choice("norm", norm, NORMS)
    length = {"l2": 0.25, "linf": 0.02}[norm] if length is None else length
    return checks.number("length", length, 1e-9, 1e9)


def checked_images(
    v: Array, y: Array, network: Network, m: int, of_classes: str = "y"
) -> tuple[Any, Array, Array, Network, Callable[[Array], Array]]:
    """Return the array library, images in the precision of the weights, their classes, and the network.

    Complaints about the classes go under the name ``of_classes``.
    NumPy arrays are moved to where ``DAM_BACKEND`` says; last comes a function that brings results back from there.
    """
    v, y, visible, back = on_backend(None, v, y, network.visible)
    xp = array_namespace(**{"v": v, of_classes: y, "visible": visible})
    checks.count("m", m)
    checks.pixels("v", v, network.pixels, " (one for each pixel of the network)")
    checks.labels(of_classes, y, network.label_weights.shape[1])
    if y.shape[0] != v.shape[0]:
        raise ValueError(f"{of_classes} must hold a class for each of the {v.shape[0]} images, got {y.shape[0]}")
    if is_cupy_array(v):
        (M, N), K = v.shape, visible.shape[0]
        checks.memory(visible.dtype.itemsize * M * (HELD * K + 6 * N), f"an attack on {M} images", v, M)
    return xp, xp.astype(v, visible.dtype, copy=False), y, network.on(xp), back


def _checked_targets(target: Array, y: np.ndarray, classes: int) -> np.ndarray:
    checks.labels("target", target, classes)
    target = to_numpy(target)
    if target.shape != y.shape:
        raise ValueError(f"target must hold a class for each of the {len(y)} images, got {len(target)}")
    if np.any(target == y):
        raise ValueError("target must be another class than the image's own, y")
    return target
