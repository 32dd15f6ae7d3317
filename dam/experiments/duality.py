"""The duality (Section 5): how close update (9) and its feed-forward dual (11) are, on real digits."""

import numpy as np

from dam import results
from dam.arrays import get_namespace, to_numpy
from dam.classifier import Classifier
from dam.datasets import mnist

SUMMARY = "Duality: exact update (9) against its dual (11) on test digits, with the trained networks"
SCALES = {
    "demo": {"n": (2, 3, 20, 30), "digits": 2000, "network_seed": 0},
    "paper": {"n": (2, 3, 20, 30), "digits": 10000, "network_seed": 0},
}
SECONDS = {"demo": 10, "paper": 40}


def run(*, seed, n, digits, network_seed, backend=None, progress=False):
    """Compare the ten outputs c of both forms on random test digits, for the stored network of each n.

    Returns
    -------
    values : dict
        For each n: ``difference_n{n}``, mean of |c exact - c dual|; ``agreement_percent_n{n}``, digits given the same
        class; ``error_exact_percent_n{n}``, ``error_dual_percent_n{n}``; ``ratio_n{n}``, median over digits and
        memories with ξ·v > 0 of |ξ·v| / |Σ_α ξ_α x_α|, which the expansion needs to be large.
    arrays : dict
        ``difference_n{n} (digits, 10)`` float32: c exact - c dual.
    """
    xp = get_namespace(backend)
    data = mnist()
    chosen = np.random.default_rng(seed).permutation(len(data.x_test))[:digits]
    v, y = xp.asarray(data.x_test[chosen]), data.y_test[chosen]
    values, arrays = {}, {}
    for degree in n:
        network = trained(degree, network_seed, xp)
        exact, dual = to_numpy(network.scores(v)), to_numpy(network.scores_dual(v))
        class_exact, class_dual = to_numpy(network.predict(v)), to_numpy(network.predict_dual(v))
        arrays[f"difference_n{degree}"] = (exact - dual).astype(np.float32)
        values[f"difference_n{degree}"] = float(np.mean(np.abs(exact - dual)))
        values[f"agreement_percent_n{degree}"] = float(100 * np.mean(class_exact == class_dual))
        values[f"error_exact_percent_n{degree}"] = float(100 * np.mean(class_exact != y))
        values[f"error_dual_percent_n{degree}"] = float(100 * np.mean(class_dual != y))
        values[f"ratio_n{degree}"] = overlap_ratio(network, v)
    return values, arrays


def overlap_ratio(network, v):
    """Return the median of |ξ·v| / |Σ_α ξ_α| over digits and the memories that a digit switches on (ξ·v > 0)."""
    h = to_numpy(v @ network.visible.T)
    labels = np.abs(to_numpy(network.labels).sum(axis=1))
    on = h > 0
    return float(np.median((h / np.maximum(labels, 1e-6))[on]))
