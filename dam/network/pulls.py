"""What training digits do to a memory: the gradient of the objective (14), digit by digit.

A step down C adds to memory μ the digits v_A, each with a weight of its own: -∂C/∂ξ^μ = Σ_A w_Aμ v_A. A digit with
w > 0 pulls, the memory becomes more like it; a digit with w < 0 pushes.
"""

import numpy as np

from dam import checks
from dam.arrays import Array, to_numpy
from dam.network.classifier import FORMS, Classifier
from dam.network.objective import slope, targets

ROWS = 1000  # digits at once


def digit_weights(network: Classifier, v: Array, y: Array, m: int, memories: Array) -> np.ndarray:
    """Return the weight of each digit in the gradient of some memories.

    Parameters
    ----------
    network : dam.network.classifier.Classifier
    v, y : (M, N) and (M,) arrays
        Digits and their classes.
    m : int
        Power of the objective (14).
    memories : (P,) array of int

    Returns
    -------
    (M, P) NumPy array
        w, such that ``w.T @ v`` is minus the gradient with respect to these memories' visible weights.
    """
    checks.count("m", m)
    v, network = network.prepared(v)
    checks.labels("y", y, network.label_weights.shape[1])
    if y.shape[0] != v.shape[0]:
        raise ValueError(f"y must hold a class for each of the {v.shape[0]} digits, got {y.shape[0]}")
    checks.whole("memories", memories, network.visible.shape[0] - 1)
    backward, parts = FORMS[network.form][1], []
    for i in range(0, v.shape[0], ROWS):
        part = slice(i, min(i + ROWS, v.shape[0]))
        a, state = network.forward(v[part, :])
        t = targets(y[part], network.label_weights.shape[1], a.dtype)
        parts.append(-to_numpy(backward(state, slope(a, t, m), network)[0])[:, to_numpy(memories)])
    return np.concatenate(parts)


def by_class(w: np.ndarray, v: np.ndarray, y: np.ndarray, xi: np.ndarray, classes: int = 10) -> np.ndarray:
    """Return what each class does to memories along their own directions, ``(P, classes)``.

    For weights ``w (M, P)`` from `digit_weights`, digits ``v (M, N)`` of classes ``y (M,)``, and the memories ``xi
    (P, N)``: Σ_A w_Aμ v_A·ξ^μ over the digits of a class, divided by the length of ξ^μ; 0 for a memory of zeros. Above
    0, the class makes the memory stronger.
    """
    (_, w), (_, v), (_, xi) = checks.reals(w=w), checks.reals(v=v), checks.reals(xi=xi)
    for name, x in {"v": v, "xi": xi, "w": w}.items():
        checks.matrix(name, x)
    checks.matrix("xi", xi, v.shape[1], " (as v has)")
    checks.labels("y", y, checks.count("classes", classes))
    if w.shape != (v.shape[0], xi.shape[0]) or y.shape[0] != v.shape[0]:
        raise ValueError(
            f"w must have a row, and y an entry, for each of the {v.shape[0]} digits of v, and w a column for each of "
            f"the {xi.shape[0]} memories xi; got shapes {tuple(w.shape)} and {tuple(y.shape)}"
        )
    w, v, y, xi = map(to_numpy, (w, v, y, xi))
    length = np.linalg.norm(xi, axis=1)
    parts = w * (v @ xi.T) / np.where(length > 0, length, 1)
    return np.stack([parts[y == c].sum(axis=0) for c in range(classes)], axis=1)
