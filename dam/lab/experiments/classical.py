"""The classical network: how many random memories it keeps (eq. (1), and the n = 2 case of eqs. (5) and (6))."""

import numpy as np

from dam import checks, fits
from dam.arrays import get_namespace, to_numpy
from dam.datasets import random_patterns
from dam.lab.sweeps import sweep as sweep_here
from dam.memory import theory
from dam.memory.retrieval import hebbian, retrieve_classical

SUMMARY = "Classical network: overlap kept after settling, unstable bits and intact memories against the load K/N"
LOADS = (0.02, 0.04, 0.06, 0.08, 0.1, 0.11, 0.12, 0.125, 0.13, 0.135, 0.14, 0.145, 0.15, 0.155, 0.16, 0.165, 0.17,
         0.18, 0.19, 0.2, 0.22, 0.25, 0.3)  # fmt: skip
SCALES = {
    "demo": {"N": (250, 500, 1000), "alpha": LOADS, "starts": 50},
    "paper": {"N": (250, 500, 1000, 2000, 4000), "alpha": LOADS, "starts": 200},
}
SECONDS = {"demo": 10, "paper": 400}


def run(*, seed, N, alpha, starts, backend=None, sweep=sweep_here):
    """Start the network at its memories, for several sizes N and loads α = K/N.

    Small networks have fewer memories than ``starts``: their numbers are averages over several sets of memories.

    Returns
    -------
    values : dict
        ``alpha_drop_N{N}``: load at which the mean overlap falls through 0.7 (between the about 0.97 of retrieval
        and the about 0.35 of the spin glass); ``alpha_drop_infinite``: its limit for large N by `dam.fits.limit`, of
        four sizes or more; ``alpha_half_percent_N{N}``: load at which 0.5 % of the bits are unstable;
        ``intact_N{N}``: fraction of memories without an unstable bit at K = N / (2 ln N), eq. (6).
    arrays : dict
        ``N``, ``alpha``; (len(N), len(alpha)) each: ``overlap`` (mean of ξ·σ/N after settling), ``overlap_spread``
        (its standard deviation over starts), ``unstable`` (fraction of bits unstable at the memories).
    """
    largest = checks.count("N", max(N))
    K = round(max(alpha) * largest)
    checks.memory(24 * largest**2 + 9 * K * largest + 24 * starts * largest, f"N = {largest} with K = {K}")
    no_errors = {size: theory.capacity_no_errors(size, 2) / size for size in N}
    tasks = [
        {"seed": seed, "N": size, "alpha": load, "starts": starts, "backend": backend}
        for size in sorted(N, reverse=True)
        for load in (*alpha, no_errors[size])
    ]
    found = {(task["N"], task["alpha"]): outcome for task, outcome in zip(tasks, sweep(point, tasks))}
    arrays = {"N": np.array(N), "alpha": np.array(alpha)}
    for name in ("overlap", "overlap_spread", "unstable"):
        arrays[name] = np.array([[found[size, load][name] for load in alpha] for size in N])
    values = {}
    for row, size in enumerate(N):
        values[f"alpha_drop_N{size}"] = crossing(alpha, arrays["overlap"][row], 0.7)
        values[f"alpha_half_percent_N{size}"] = crossing(alpha, arrays["unstable"][row], 0.005)
        values[f"intact_N{size}"] = found[size, no_errors[size]]["intact"]
    drops = [values[f"alpha_drop_N{size}"] for size in N]
    enough = len(N) >= 4 and np.all(np.isfinite(drops))
    values["alpha_drop_infinite"] = fits.limit(N, drops)[0] if enough else float("nan")
    return values, arrays


def point(*, seed, N, alpha, starts, backend):
    """Return the averages of `run` for one size and one load, over sets of memories with enough starts together."""
    xp = get_namespace(backend)
    K = max(1, round(alpha * N))
    rng = np.random.default_rng([seed, N, round(1e6 * alpha)])
    m, unstable = [], []
    for _ in range(-(-starts // K)):
        xi = xp.asarray(random_patterns(K, N, rng))
        T, cues = hebbian(xi), xi[:starts, :]
        m.append(to_numpy(xp.sum(retrieve_classical(cues, T, rng) * cues, axis=1)) / N)
        unstable.append(to_numpy(unstable_bits(xi, T)))
    m, unstable = np.concatenate(m), np.concatenate(unstable)
    return {
        "overlap": float(m.mean()),
        "overlap_spread": float(m.std()),
        "unstable": float(unstable.mean() / N),
        "intact": float(np.mean(unstable == 0)),
    }


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
