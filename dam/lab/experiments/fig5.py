"""Fig. 5 (Appendix B): the number of memories at which half of the random starts end exactly on one, against N."""

import math
from functools import partial

import numpy as np

from dam import checks, fits
from dam.arrays import get_namespace, to_numpy
from dam.datasets import random_patterns
from dam.lab.experiments.fig4 import KINDS
from dam.lab.sweeps import sweep as sweep_here
from dam.memory import theory
from dam.memory.retrieval import overlaps, retrieval_bytes, retrieve, unstable_spins

SUMMARY = "Fig. 5: K_1/2, where half of the random starts end exactly on a memory, against N"
SIZES = {2: (50, 100, 200, 400, 800), 3: (50, 75, 100, 125, 150, 175, 200), 4: (30, 40, 50, 60, 80, 100)}
SCALES = {
    "demo": {"n": 3, "N": (50, 70, 100), "starts": 200, "tolerance": 0.05},
    "paper": {"n": 3, "N": None, "starts": 1000, "tolerance": 0.03},
}
SECONDS = {"demo": 5, "paper": 110}
MOST = 8  # times eq. (6): the search for K_1/2 goes no further


def sizes(parameters):
    """Return the sizes N: those given, or those of the paper's figure and, for n = 2 and 4, of its extension."""
    if parameters["N"] is not None:
        return tuple(parameters["N"])
    if parameters["n"] not in SIZES:
        raise ValueError(f"n = {parameters['n']} has no sizes of its own (n = 2, 3 and 4 have); give N")
    return SIZES[parameters["n"]]


def recorded(parameters):
    """Return the parameters with the sizes written out."""
    return parameters | {"N": sizes(parameters)}


def variant(parameters):
    """Return '' for n = 3, else ``n{n}``; ``N{largest}`` after it if the sizes are not the usual ones."""
    n, N = parameters["n"], sizes(parameters)
    parts = [f"n{n}" if n != 3 else "", f"N{max(N)}" if N not in (SIZES.get(n), SCALES["demo"]["N"]) else ""]
    return "-".join(part for part in parts if part)


def run(*, seed, n, N, starts, tolerance, backend=None, sweep=sweep_here):
    """Find K_1/2 for every N and both kinds of energy, by bisection on the number of memories.

    Power energies of even n do not tell a memory from its negative: for them both count.

    Parameters
    ----------
    n : int
    N : sequence of int or None
        None: those of the paper's figure.
    starts : int
        Random initial states for every number of memories that is tried; also how many memories are tested for
        stability.
    tolerance : float
        The bisection ends when K_1/2 is known to this relative width; the crossing is then interpolated.

    Returns
    -------
    values : dict
        ``ratio_{kind}``: K_1/2 over eq. (6), averaged over N; ``exponent_{kind}``: that of N in K_1/2 · ln N, n - 1
        in eq. (6); ``stable_ratio_{kind}``, ``stable_exponent_{kind}``: the same for K_stable.
    arrays : dict
        ``N``; ``K_theory`` (eq. 6); ``K_half_{kind}``; ``K_stable_{kind}``: where half of the memories are fixed
        points; ``tried_{kind}``: every row (N, K, fraction of starts that ended on a memory).
    """
    N = sizes({"n": checks.degree(n, minimum=2), "N": N})
    largest = round(MOST * theory.capacity_no_errors(checks.count("N", max(N)), n))
    needed = retrieval_bytes(largest, max(N), starts) + 8 * largest * (max(N) + 2 * starts)
    checks.memory(needed, f"N = {max(N)}, K = {largest} and {starts} starts")
    shared = {"seed": seed, "n": n, "starts": starts, "tolerance": tolerance, "backend": backend}
    tasks = [shared | {"N": size, "kind": kind} for size in sorted(N, reverse=True) for kind in KINDS]
    found = {(task["N"], task["kind"]): outcome for task, outcome in zip(tasks, sweep(point, tasks))}
    K_theory = np.array([theory.capacity_no_errors(size, n) for size in N])
    arrays, values = {"N": np.array(N), "K_theory": K_theory}, {}
    for kind in KINDS:
        for name, prefix in (("K_half", ""), ("K_stable", "stable_")):
            K = np.array([found[size, kind][name] for size in N])
            arrays[f"{name}_{kind}"] = K
            values[f"{prefix}ratio_{kind}"] = float(np.mean(K / K_theory))
            slope = fits.exponent(N, K * np.log(N)) if len(N) > 1 and np.all(K > 0) else math.nan
            values[f"{prefix}exponent_{kind}"] = float(slope)
        arrays[f"tried_{kind}"] = np.array([(size, *row) for size in N for row in found[size, kind]["tried"]])
    return values, arrays


def point(*, seed, n, N, kind, starts, tolerance, backend):
    """Return K_1/2, K_stable and the points (K, fraction) tried for K_1/2, of one size and one kind of energy.

    The memories are the first K rows of one set, the same for both kinds.
    """
    xp, F = get_namespace(backend), KINDS[kind](n)
    rng = np.random.default_rng([seed, N, n])
    K = max(1, round(theory.capacity_no_errors(N, n)))
    patterns = xp.asarray(random_patterns(MOST * K, N, rng))
    sigma = xp.asarray(random_patterns(starts, N, rng))
    either_sign = kind == "power" and n % 2 == 0

    def on_a_memory(K):
        h = to_numpy(overlaps(retrieve(sigma, patterns[:K, :], F, rng), patterns[:K, :]))
        return float(np.mean((np.abs(h) if either_sign else h).max(axis=1) == N))

    K_half, tried = half_crossing(on_a_memory, K, len(patterns), tolerance)
    stable = partial(stable_fraction, N=N, F=F, seed=[seed, N, n], memories=starts, xp=xp)
    K_stable, _ = half_crossing(stable, K, len(patterns), tolerance)
    return {"K_half": K_half, "K_stable": K_stable, "tried": np.array(tried)}


def stable_fraction(K, N, F, seed, memories, xp, rule="energy"):
    """Return which fraction of memories are fixed points among K, over sets that hold so many memories together."""
    stable = []
    for number in range(-(-memories // K)):
        xi = xp.asarray(random_patterns(K, N, np.random.default_rng([*seed, 1 + number])))
        stable.append(~to_numpy(xp.any(unstable_spins(xi[:memories, :], xi, F, rule=rule), axis=1)))
    return float(np.mean(np.concatenate(stable)))


def half_crossing(fraction, K, largest, tolerance):
    """Return the K at which ``fraction(K)`` falls through 1/2, and all the points (K, fraction) that were tried.

    Multiplies or divides K by 3/2 until the crossing is bracketed, bisects, and interpolates between the last two.
    """
    points = {K: fraction(K)}
    low = high = K
    while points[low] < 0.5 and low > 1:
        low = 2 * low // 3
        points[low] = fraction(low)
    while points[high] >= 0.5 and high < largest:
        high = min(largest, -(-3 * high // 2))
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
