"""Fig. 5 (Appendix B): the number of memories at which half of the random starts end exactly on one, against N."""

import math

import numpy as np
from tqdm.auto import tqdm

from dam import theory
from dam.arrays import get_namespace, to_numpy
from dam.datasets import random_patterns
from dam.experiments.fig4 import KINDS
from dam.memory import overlaps, retrieve

SUMMARY = "Fig. 5: K_1/2, where half of the random starts end exactly on a memory, against N for n = 3"
SCALES = {
    "demo": {"n": 3, "N": (50, 70, 100), "starts": 200, "tolerance": 0.05},
    "paper": {"n": 3, "N": (50, 75, 100, 125, 150, 175, 200), "starts": 1000, "tolerance": 0.03},
}
SECONDS = {"demo": 10, "paper": 150}


def run(*, seed, n, N, starts, tolerance, backend=None, progress=False):
    """Find K_1/2 for every N and both kinds of energy, by bisection on the number of memories.

    Parameters
    ----------
    n : int
    N : sequence of int
    starts : int
        Random initial states for every number of memories that is tried.
    tolerance : float
        The bisection ends when K_1/2 is known to this relative width; the crossing is then interpolated.

    Returns
    -------
    values : dict
        ``ratio_{kind}``: K_1/2 over eq. (6), averaged over N.
    arrays : dict
        ``N``, ``K_half_power``, ``K_half_rectified``, ``K_theory`` (eq. 6), and ``tried_{kind}``: every row
        (N, K, fraction of starts that ended on a memory).
    """
    xp = get_namespace(backend)
    arrays = {"N": np.array(N), "K_theory": np.array([theory.capacity_no_errors(size, n) for size in N])}
    values = {}
    for kind, interaction in KINDS.items():
        half, tried = [], []
        for size in tqdm(N, desc=kind, disable=not progress, leave=False):
            K_half, points = half_capacity(interaction(n), size, [seed, size, n], starts, tolerance, xp)
            half.append(K_half)
            tried += [(size, *point) for point in points]
        arrays[f"K_half_{kind}"] = np.array(half)
        arrays[f"tried_{kind}"] = np.array(tried)
        values[f"ratio_{kind}"] = float(np.mean(arrays[f"K_half_{kind}"] / arrays["K_theory"]))
    return values, arrays


def half_capacity(F, N, seed, starts, tolerance, xp):
    """Return K_1/2 of one size, and the points (K, fraction) that were tried.

    The memories are the first K rows of one set, the same for every F with this seed.
    """
    rng = np.random.default_rng(seed)
    K = round(theory.capacity_no_errors(N, F.n))
    patterns = xp.asarray(random_patterns(8 * K, N, rng))
    sigma = xp.asarray(random_patterns(starts, N, rng))

    def fraction(K):
        h = overlaps(retrieve(sigma, patterns[:K, :], F, rng), patterns[:K, :])
        return float(np.mean(to_numpy(h).max(axis=1) == N))

    return half_crossing(fraction, K, len(patterns), tolerance)


def half_crossing(fraction, K, largest, tolerance):
    """Return the K at which ``fraction(K)`` falls through 1/2, and all the points (K, fraction) that were tried.

    Doubles or halves K until the crossing is bracketed, bisects, and interpolates between the last two points.
    """
    points = {K: fraction(K)}
    low = high = K
    while points[low] < 0.5 and low > 1:
        low = max(1, low // 2)
        points[low] = fraction(low)
    while points[high] >= 0.5 and high < largest:
        high = min(largest, 2 * high)
        points[high] = fraction(high)
    low = max((k for k in points if points[k] >= 0.5), default=low)
    high = min((k for k in points if points[k] < 0.5), default=high)
    while high - low > max(1, tolerance * low):
        middle = (low + high) // 2
        points[middle] = fraction(middle)
        low, high = (middle, high) if points[middle] >= 0.5 else (low, middle)
    if not points[low] >= 0.5 > points[high]:
        return math.nan, sorted(points.items())
    K_half = low + (high - low) * (points[low] - 0.5) / (points[low] - points[high])
    return K_half, sorted(points.items())
