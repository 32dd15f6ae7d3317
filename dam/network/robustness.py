"""How far a network can be trusted: accuracy under attack, minima of the objective, and what an attack changes.

Robust accuracy is the share of images that no attack within a given distance takes out of their class; projected
gradient descent can only bound it from above. Minima of the objective (14) over all images of [-1, 1]^N are what a
network holds for the best example of a class; those that look like nothing are known as rubbish images. What is common
to all functions is said in `dam.network.attacks`.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from dam import checks
from dam.arrays import Array, array_namespace, beside, to_numpy
from dam.network.attacks import NORMS, checked_images, descent, move
from dam.network.classifier import Network
from dam.network.objective import targets
from dam.network.prototypes import resemblance

CONFIDENT = 0.9
"""The state c of the winner from which on a network counts as confident."""


def project(v: Array, center: Array, radius: float, norm: str) -> Array:
    """Return images ``v`` moved back into the ball around the images ``center``, and into the pixels' [-1, 1].

    The ball holds the images whose change has an Euclidean length ('l2') or a largest entry ('linf') of at most the
    radius. Clipping the pixels moves no image out of it, as its center lies among the pixels.
    """
    checks.choice("norm", norm, NORMS)
    xp, v, center = checks.reals(v=v, center=center)
    checks.alike(v=v, center=center)
    checks.number("radius", radius, 0, math.inf)
    change = v - center
    if norm == "linf":
        change = xp.clip(change, -radius, radius)
    else:
        size = xp.sqrt(xp.sum(change * change, axis=1, keepdims=True))
        over, one = size > radius, xp.ones_like(size)
        change = change * xp.where(over, radius / xp.where(over, size, one), one)
    return xp.clip(center + change, -1, 1)


def robust(
    v: Array,
    y: Array,
    network: Network,
    radii: Sequence[float] | np.ndarray,
    *,
    norm: str = "l2",
    steps: int = 20,
    m: int | None = None,
) -> Array:
    """Return which images projected gradient descent cannot take out of their class, within each radius.

    From the image, a move goes against the gradient of the margin, the argument of its own class minus the largest of
    the others, or of ln C for the class of the latter; and the outcome is projected back into the ball. The length of a
    move is 2.5 times the radius over their number, so that an image can cross the ball. An image that fell within a
    smaller radius has fallen within a larger one.

    Parameters
    ----------
    v, y : (M, N) and (M,) arrays
        Images and their classes. A misclassified image is not robust at any radius.
    radii : (R,) sequence of float
        At least 0, in ascending order. Radius 0 gives the accuracy without an attack.
    norm : {'l2', 'linf'}
        See `project`.
    steps : int
        Moves for each radius.
    m : int, optional
        Descend ln C of the objective (14) with this power, not the margin.

    Returns
    -------
    (R, M) array of bool
    """
    xp, v, y, network, back = checked_images(v, y, network, 1 if m is None else m)
    checks.choice("norm", norm, NORMS)
    checks.count("steps", steps)
    known = checks.numbers_of("radii", radii, dtype=None)
    if known.ndim != 1 or len(known) == 0 or known.dtype == bool or min(known) < 0 or any(np.diff(known) <= 0):
        raise ValueError(f"radii must be a list of numbers that are at least 0 and ascend, got {radii!r}")
    y, held, found = to_numpy(y), np.ones(v.shape[0], bool), []
    for radius in known.tolist():
        live = np.flatnonzero(held)
        image = center = xp.take(v, beside(v, live), axis=0)
        for _ in range(steps + 1 if radius > 0 else 1):
            if len(live) == 0:
                break
            own = targets(beside(v, y[live]), network.label_weights.shape[1], v.dtype)
            a, _, slope = descent(image, network, _against(own, network, m))
            right = np.argmax(to_numpy(a), axis=1) == y[live]
            held[live[~right]] = False
            keep = beside(v, np.flatnonzero(right))
            live, (image, center, slope) = live[right], (xp.take(x, keep, axis=0) for x in (image, center, slope))
            image = project(move(image, slope, 2.5 * radius / steps, norm), center, radius, norm)
        found.append(held.copy())
    return back(beside(v, np.stack(found)))


def _against(own: Array, network: Network, m: int | None) -> Callable[[Array], tuple[Array, Array]]:
    """Return what `robust` descends, as a function of the arguments, for targets ``own (M, N_c)`` of the classes."""

    def of_arguments(a):
        xp = array_namespace(a=a)
        wrong = targets(xp.argmax(xp.where(own > 0, -xp.inf, a), axis=1), a.shape[1], a.dtype)
        s = (own - wrong) / 2  # 1 at the own class, -1 at the strongest of the others
        return (xp.sum(s * a, axis=1), s) if m is None else network.objective(a, wrong, m)

    return of_arguments


class Minima(NamedTuple):
    """Where M descents ended: ``images (M, N)``, and one number each: ``ln_C, confidence, updates (M,)``.

    ``confidence`` is the state c of the target class; ``updates`` how many it took until the network answered with the
    target at a confidence of `CONFIDENT`, or -1.
    """

    images: Array
    ln_C: Array
    confidence: Array
    updates: Array


def minima(v: Array, target: Array, network: Network, *, updates: int = 300, length: float = 0.5, m: int = 1) -> Minima:
    """Descend from images to minima of the objective of the target classes, over all images of [-1, 1]^N.

    Pixels that are at ±1 and are pushed outward are left out of a move. The moves shorten steadily, to zero at the end,
    and none is taken back: with a large m the objective has kinks, like the largest of its terms, and a descent that
    insists on going down at every move gets stuck at the first.

    Parameters
    ----------
    v, target : (M, N) and (M,) arrays
        Where to start, and the class of the objective of each image.
    network : Classifier
        With n = 20 or 30 take one in float64: powers of the overlaps of noise vanish in float32, and the gradient.
    updates : int
        How many.
    length : float
        Euclidean length of the first move.

    Returns
    -------
    Minima
    """
    xp, v, target, network, back = checked_images(v, target, network, m, "target")
    checks.count("updates", updates)
    checks.number("length", length, 1e-9, 1e9)
    t = targets(target, network.label_weights.shape[1], v.dtype)
    reached = xp.full((v.shape[0],), -1, dtype=xp.int64, device=v.device)
    for update in range(updates + 1):
        a, ln_C, slope = descent(v, network, lambda a: network.objective(a, t, m))
        reached = xp.where((reached < 0) & _confident(xp, a, t), xp.full_like(reached, update), reached)
        if update < updates:
            outward = ((v <= -1) & (slope > 0)) | ((v >= 1) & (slope < 0))
            slope = xp.where(outward, xp.zeros_like(slope), slope)
            v = move(v, slope, length * (1 - update / updates), "l2")
    return Minima(*map(back, (v, ln_C, xp.tanh(_own(xp, a, t)), reached)))


def _own(xp: Any, a: Array, t: Array) -> Array:
    return xp.sum(xp.where(t > 0, a, xp.zeros_like(a)), axis=1)


def _confident(xp: Any, a: Array, t: Array) -> Array:
    """Return whether the target class has the largest argument and a state c of at least `CONFIDENT`."""
    own = _own(xp, a, t)
    return (own >= xp.max(a, axis=1)) & (xp.tanh(own) >= CONFIDENT)


def strokes(v: Array, shape: tuple[int, int] = (28, 28)) -> np.ndarray:
    """Return where the strokes of images are ``(M, N)``, bool: pixels with more ink than paper, v > 0, and those that
    touch one, also at a corner."""
    if np.shape(shape) != (2,):
        raise ValueError(f"shape must hold the rows and columns of a picture, got {shape!r}")
    shape = checks.count("the rows of shape", shape[0]), checks.count("the columns of shape", shape[1])
    checks.matrix("v", v, shape[0] * shape[1], f" (pixels of a picture of {shape[0]} by {shape[1]})")
    ink = np.pad(to_numpy(v).reshape(-1, *shape) > 0, ((0, 0), (1, 1), (1, 1)))
    near = np.zeros((len(ink), *shape), bool)
    for down in range(3):
        for right in range(3):
            near |= ink[:, down : down + shape[0], right : right + shape[1]]
    return near.reshape(len(ink), -1)


def inside_share(v: Array, moved: Array, shape: tuple[int, int] = (28, 28)) -> np.ndarray:
    """Return which share of the squared change from ``v`` to ``moved (M, N)`` lies inside the `strokes` of v ``(M,)``.

    It is NaN for an image that did not change.
    """
    _, v, moved = checks.reals(v=v, moved=moved)
    checks.alike(v=v, moved=moved)
    change = (to_numpy(moved) - to_numpy(v)).astype(np.float64) ** 2
    total = change.sum(axis=1)
    return np.where(total > 0, (change * strokes(v, shape)).sum(axis=1), np.nan) / np.where(total > 0, total, 1)


def likeness(pictures: Array, classes: Array, x: Array, y: Array) -> np.ndarray:
    """Return the correlation of each picture with the most similar of the digits of a class ``(M,)``.

    Parameters
    ----------
    pictures : (M, N) array
    classes : (M,) array of int
        The class in which to look, for each picture.
    x, y : (R, N) and (R,) arrays
        Known digits and their classes.

    Raises
    ------
    ValueError
        If there is no known digit of a class, or shapes do not fit.
    """
    xp = array_namespace(pictures=pictures, x=x)
    (_, pictures), (_, x) = checks.reals(pictures=pictures), checks.reals(x=x)
    checks.matrix("pictures", pictures)
    checks.matrix("x", x, pictures.shape[1], " (the pixels of a picture)")
    for name, of in {"classes": classes, "y": y}.items():
        checks.labels(name, of, np.iinfo(np.int64).max)
    classes, y = to_numpy(classes), to_numpy(y)
    if len(y) != x.shape[0]:
        raise ValueError(f"y must hold a class for each of the {x.shape[0]} rows of x, got {len(y)}")
    if len(classes) != pictures.shape[0]:
        raise ValueError(f"classes must hold one for each of the {pictures.shape[0]} pictures, got {len(classes)}")
    found = np.empty(len(classes))
    for alpha in np.unique(classes):
        rows, known = np.flatnonzero(classes == alpha), np.flatnonzero(y == alpha)
        if len(known) == 0:
            raise ValueError(f"there is no known digit of class {alpha} in y")
        alike = resemblance(*(xp.take(z, beside(z, k), axis=0) for z, k in ((pictures, rows), (x, known))))
        found[rows] = to_numpy(alike.correlation)
    return found
