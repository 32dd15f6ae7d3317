"""The classical network: how many random memories it keeps (Section 1 and the n = 2 case of Section 2)."""

import numpy as np
from tqdm.auto import tqdm

from dam import theory
from dam.arrays import get_namespace, to_numpy
from dam.datasets import random_patterns
from dam.memory import hebbian, retrieve_classical

SUMMARY = "Classical network: overlap kept after settling, unstable bits and intact memories against the load K/N"
LOADS = tuple(round(0.01 * k, 2) for k in (2, 4, 6, 8, *range(10, 21), 22, 24, 26, 28, 30))
SCALES = {
    "demo": {"N": (250, 500, 1000), "alpha": LOADS, "starts": 50},
    "paper": {"N": (250, 500, 1000, 2000, 4000), "alpha": LOADS, "starts": 200},
}
SECONDS = {"demo": 10, "paper": 400}


def run(*, seed, N, alpha, starts, backend=None, progress=False):
    """Start the network at its memories, for several sizes N and loads α = K/N.

    Returns
    -------
    values : dict
        ``alpha_drop_N{N}``: load at which the mean overlap falls through 0.7 (between the about 0.97 of retrieval
        and the about 0.35 of the spin glass); ``alpha_half_percent_N{N}``: load at which 0.5 % of the bits are
        unstable; ``intact_N{N}``: fraction of memories without an unstable bit at K = N / (2 ln N), eq. (6).
    arrays : dict
        ``N``, ``alpha``; (len(N), len(alpha)) each: ``overlap`` (mean of ξ·σ/N after settling), ``overlap_spread``
        (its standard deviation over starts), ``unstable`` (fraction of bits unstable at the memories).
    """
    xp = get_namespace(backend)
    shape = (len(N), len(alpha))
    overlap, spread, unstable = np.empty(shape), np.empty(shape), np.empty(shape)
    values = {}
    bar = tqdm(total=len(N) * len(alpha), desc="loads", disable=not progress, leave=False)
    for row, size in enumerate(N):
        rng = np.random.default_rng([seed, size])
        for column, load in enumerate(alpha):
            xi = xp.asarray(random_patterns(max(1, round(load * size)), size, rng))
            T, cues = hebbian(xi), xi[:starts, :]
            m = to_numpy(xp.sum(retrieve_classical(cues, T, rng) * cues, axis=1)) / size
            overlap[row, column], spread[row, column] = m.mean(), m.std()
            unstable[row, column] = to_numpy(unstable_bits(xi, T)).mean() / size
            bar.update()
        values[f"alpha_drop_N{size}"] = crossing(alpha, overlap[row], 0.7)
        values[f"alpha_half_percent_N{size}"] = crossing(alpha, unstable[row], 0.005)
        xi = xp.asarray(random_patterns(round(theory.capacity_no_errors(size, 2)), size, rng))
        values[f"intact_N{size}"] = float(np.mean(to_numpy(unstable_bits(xi, hebbian(xi))) == 0))
    bar.close()
    arrays = {"N": np.array(N), "alpha": np.array(alpha)}
    return values, arrays | {"overlap": overlap, "overlap_spread": spread, "unstable": unstable}


def unstable_bits(xi, T):
    """Return how many bits of each memory ``xi (K, N)`` the update Sign(Σ_{j≠i} T_ij ξ_j) would change, ``(K,)``."""
    return ((xi @ T - xi * T.diagonal()) * xi < 0).sum(1)


def crossing(x, y, level):
    """Return the x at which the piecewise linear curve through (x, y) first reaches the level, NaN if it never does."""
    above = np.asarray(y) > level
    changes = np.flatnonzero(above[1:] != above[:-1])
    if len(changes) == 0:
        return float("nan")
    i = changes[0]
    return float(x[i] + (x[i + 1] - x[i]) * (level - y[i]) / (y[i + 1] - y[i]))
