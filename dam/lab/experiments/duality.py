"""The duality (Section 5): how close update (9) and its feed-forward dual (10) are, on real digits."""

import numpy as np
from tqdm import tqdm

from dam import checks, datasets
from dam.arrays import get_namespace, to_numpy
from dam.lab.stored import trained
from dam.network._powers import safe_power
from dam.network.classifier import arguments_exact

SUMMARY = "Duality: exact update (9) against its dual (10) on test digits, with the trained networks"
SCALES = {
    "demo": {"n": (2, 3, 20, 30), "digits": 2000, "network_seed": 0},
    "paper": {"n": (2, 3, 20, 30), "digits": 10000, "network_seed": 0},
}
SECONDS = {"demo": 8, "paper": 40}

TEST_DIGITS = 10_000

CENTERS = ("pixels", "bias", "midpoint")
"""Where (9) can be expanded: see `arguments_around`."""


def run(*, seed, n, digits, network_seed, backend=None, progress=False, results=None):
    """Compare both forms on random test digits, for the trained network of each n.

    Parameters
    ----------
    seed : int
        Draws the digits.
    n : sequence of int
    digits : int
        How many of the 10,000 test digits.
    network_seed : int
        Seed of the trainings that made the networks, stored results of the experiment ``mnist``.
    results : path, optional
        Folder to look for these networks in before those shipped with the package.

    Returns
    -------
    values : dict
        For each n: ``agreement_percent_n{n}``, digits given the same class; ``difference_n{n}``, mean of
        |c exact - c dual|; ``argument_difference_percent_n{n}``, Σ|a exact - a dual| / Σ|a exact| over the arguments a
        of the tanh; ``error_exact_percent_n{n}``, ``error_dual_percent_n{n}``; ``ratio_n{n}``, median over digits of
        `overlap_ratio`; ``network_n{n}``, where the network comes from.
    arrays : dict
        ``digit`` and ``label (digits,)``: places in the test set, classes. For each n the arguments of the tanh,
        ``exact_n{n}`` and ``dual_n{n} (digits, 10)``, and ``ratio_n{n} (digits,)``, all float32.

    Raises
    ------
    FileNotFoundError
        There is no stored network of a degree.
    ValueError
        ``digits`` is out of range.
    """
    checks.number("digits", checks.count("digits", digits), 1, TEST_DIGITS)
    data = datasets.mnist()
    chosen = np.random.default_rng(seed).permutation(TEST_DIGITS)[:digits]
    y = data.y_test[chosen]
    xp = get_namespace(backend)
    v = xp.asarray(data.x_test[chosen])
    values, arrays = {}, {"digit": chosen.astype(np.int16), "label": y.astype(np.int8)}
    for degree in tqdm(n, desc="networks", disable=not progress):
        network, values[f"network_n{degree}"] = trained(degree, network_seed, results, xp)
        exact, dual = (
            to_numpy(network.arguments(v)),
            to_numpy(network.arguments_dual(v)),
        )
        visible, labels = to_numpy(network.visible), to_numpy(network.labels)
        parts = np.array_split(data.x_test[chosen], -(-digits // 1000))
        ratio = np.concatenate([overlap_ratio(part, visible, labels, degree) for part in parts])
        found = compare(exact, dual, y) | {"ratio": float(np.median(ratio))}
        values |= {f"{name}_n{degree}": value for name, value in found.items()}
        for name, array in (("exact", exact), ("dual", dual), ("ratio", ratio)):
            arrays[f"{name}_n{degree}"] = array.astype(np.float32)
    return values, arrays


def compare(exact, dual, y):
    """Return how far two sets of arguments ``(M, N_c)`` of the tanh differ, given the right classes ``y (M,)``."""
    class_exact, class_dual = exact.argmax(axis=1), dual.argmax(axis=1)
    return {
        "agreement_percent": float(100 * np.mean(class_exact == class_dual)),
        "difference": float(np.mean(np.abs(np.tanh(exact) - np.tanh(dual)))),
        "argument_difference_percent": 100 * relative_error(exact, dual),
        "error_exact_percent": float(100 * np.mean(class_exact != y)),
        "error_dual_percent": float(100 * np.mean(class_dual != y)),
    }


def relative_error(exact, approximate):
    """Return Σ|exact - approximate| / Σ|exact|."""
    return float(np.abs(exact - approximate).sum() / np.abs(exact).sum())


def overlap_ratio(v, visible, labels, n):
    """Return for each digit the ratio |ξ·v| / |Σ_α ξ_α x_α|, x_α = -1, which the expansion needs to be large.

    It is a mean over the memories that the digit activates, h = ξ·v > 0, each with its activity as weight:
    Σ_μ h^(n-1) / Σ_μ h^(n-2) |Σ_α ξ_α|, the inverse of the weighted mean of |Σ_α ξ_α| / h.

    Parameters
    ----------
    v : (M, N) array
    visible, labels : (K, N) and (K, N_c) arrays
    n : int
        At least 2.

    Returns
    -------
    (M,) array
        0 for a digit that activates no memory, infinite where the label weights of all its memories cancel.
    """
    checks.degree(n, minimum=2)
    h = v @ visible.T
    largest = h.max(axis=1)
    h = h / np.where(largest > 0, largest, 1)[:, None]
    activity = safe_power(h, n - 1).sum(axis=1)
    shifted = safe_power(h, n - 2) @ np.abs(labels.sum(axis=1))
    ratio = np.full_like(activity, np.inf)
    np.divide(activity * largest, shifted, out=ratio, where=shifted > 0)
    return np.where(activity > 0, ratio, 0)


def arguments_around(center, v, visible, labels, n, T):
    """Return the first-order arguments of (9) expanded around a center: (2n/T) Σ_μ ξ_α f(center / T), f(x) = x^(n-1).

    Parameters
    ----------
    center : {'pixels', 'bias', 'midpoint'}
        ξ·v, which gives eq. (10); ξ·v - Σ_γ ξ_γ, a hidden unit with a bias; or the middle between the two arguments
        of F in (9), ξ·v - Σ_{γ≠α} ξ_γ.
    v : (M, N) array
    visible, labels : (K, N) and (K, N_c) arrays
    n : int
    T : float

    Returns
    -------
    (M, N_c) array
    """
    checks.choice("center", center, CENTERS)
    h = v @ visible.T
    if center != "pixels":
        h = h - labels.sum(axis=1)
    if center != "midpoint":
        return 2 * n / T * safe_power(h / T, n - 1) @ labels
    columns = (safe_power((h + own) / T, n - 1) @ own for own in labels.T)
    return 2 * n / T * np.stack(list(columns), axis=1)


def expansion_errors(v, network, scales):
    """Return the relative error of each expansion when all label weights are multiplied by s, in float64.

    Parameters
    ----------
    v : (M, N) array
    network : dam.Classifier
        On NumPy arrays.
    scales : sequence of float
        Factors s, above 0.

    Returns
    -------
    dict of (S,) array
        For each of `CENTERS`, Σ|a exact - a| / Σ|a exact| over digits and classes.
    """
    v, visible, labels = (np.asarray(x, dtype=np.float64) for x in (v, network.visible, network.labels))
    errors = {center: [] for center in CENTERS}
    for s in scales:
        checks.number("a scale", s, 1e-6, 1e6)
        rest = visible, s * labels, network.n, network.T
        exact = arguments_exact(v, *rest)
        for center in CENTERS:
            errors[center].append(relative_error(exact, arguments_around(center, v, *rest)))
    return {center: np.array(found) for center, found in errors.items()}
