"""Energy-based against field-based updates, and rectified against power energies."""

import warnings
from functools import partial

import numpy as np

from dam import checks
from dam.arrays import get_namespace, to_numpy
from dam.datasets import random_patterns
from dam.lab.experiments.fig4 import KINDS
from dam.lab.experiments.fig5 import half_crossing, stable_fraction
from dam.lab.sweeps import sweep as sweep_here
from dam.memory import theory
from dam.memory.retrieval import energy, retrieval_bytes, retrieve, trajectory, unstable_spins

SUMMARY = "Update (4) against the older field rule, rectified against power: capacity for stability and for recall"
RULES = ("energy", "field")
SCALES = {
    "demo": {"n": (2, 3), "N": 60, "damage": 0.1, "memories": 200, "tolerance": 0.05},
    "paper": {"n": (2, 3, 4), "N": 100, "damage": 0.1, "memories": 1000, "tolerance": 0.03},
}
SECONDS = {"demo": 3, "paper": 200}
MOST = 40  # times eq. (6): the search goes no further
PATHS = 20


def run(*, seed, n, N, damage, memories, tolerance, backend=None, sweep=sweep_here):
    """Find the number of memories at which half are fixed points, and at which half come back from damaged cues.

    Parameters
    ----------
    n : sequence of int
    N : int
    damage : float
        Share of the bits of a cue that are flipped.
    memories : int
        Memories tested for every K, over several sets where K is smaller.
    tolerance : float
        As in `dam.lab.experiments.fig5.run`.

    Returns
    -------
    values : dict
        For each kind, rule and n: ``K_stable_{kind}_{rule}_n{n}`` and ``K_recall_{kind}_{rule}_n{n}`` (NaN above
        `MOST` times eq. (6)); ``unsettled_{kind}_{rule}_n{n}``: share of the cues at the last K below the crossing
        that 100 N flips did not bring to rest; ``rises_{kind}_{rule}_n{n}``: share of the flips from `PATHS` random
        starts, at K of eq. (6), that raise the energy; ``gain_{rule}_n{n}``: K_stable rectified over power.
    arrays : dict
        ``n``; ``K_theory`` (eq. 6).
    """
    largest = round(MOST * theory.capacity_no_errors(checks.count("N", N), max(n)))
    checks.memory(retrieval_bytes(largest, N, memories) + 9 * largest * N, f"N = {N} with K = {largest}")
    shared = {"seed": seed, "N": N, "damage": damage, "memories": memories, "tolerance": tolerance, "backend": backend}
    tasks = [shared | {"n": degree, "kind": kind, "rule": rule} for degree in n for kind in KINDS for rule in RULES]
    values = {}
    for task, found in zip(tasks, sweep(point, tasks)):
        name = f"{task['kind']}_{task['rule']}_n{task['n']}"
        values |= {f"{key}_{name}": value for key, value in found.items()}
    for degree in n:
        for rule in RULES:
            power, rectified = (values[f"K_stable_{kind}_{rule}_n{degree}"] for kind in KINDS)
            values[f"gain_{rule}_n{degree}"] = rectified / power
    return values, {"n": np.array(n), "K_theory": np.array([theory.capacity_no_errors(N, degree) for degree in n])}


def point(*, seed, n, N, kind, rule, damage, memories, tolerance, backend):
    """Return K_stable, K_recall, and the shares of unsettled cues and of rising flips, of one energy and one rule."""
    xp, F = get_namespace(backend), KINDS[kind](n)
    K = max(1, round(theory.capacity_no_errors(N, n)))
    unsettled = {}

    def recalled(K):
        found, restless = [], []
        for number in range(-(-memories // K)):
            rng = np.random.default_rng([seed, N, n, 1 + number])
            xi = random_patterns(K, N, rng)
            order = np.argsort(rng.random(xi[:memories].shape), axis=1)
            cues = np.where(order < round(damage * N), -xi[:memories], xi[:memories])
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "(?s).*still changing", RuntimeWarning)  # counted here
                final = retrieve(xp.asarray(cues), xp.asarray(xi), F, rng, rule=rule)
            found.append(np.all(to_numpy(final) == xi[:memories], axis=1))
            restless.append(to_numpy(xp.any(unstable_spins(final, xp.asarray(xi), F, rule=rule), axis=1)))
        unsettled[K] = float(np.mean(np.concatenate(restless)))
        return float(np.mean(np.concatenate(found)))

    stable = partial(stable_fraction, N=N, F=F, seed=[seed, N, n], memories=memories, xp=xp, rule=rule)
    K_stable, _ = half_crossing(stable, K, MOST * K, tolerance)
    K_recall, tried = half_crossing(recalled, K, MOST * K, tolerance)
    last = max((count for count, share in tried if share >= 0.5), default=min(unsettled))
    rng = np.random.default_rng([seed, N, n])
    xi = xp.asarray(random_patterns(K, N, rng))
    paths = [trajectory(xp.asarray(random_patterns(1, N, rng)), xi, F, rng, rule=rule) for _ in range(PATHS)]
    steps = np.concatenate([np.diff(to_numpy(energy(path, xi, F))) for path in paths])
    return {
        "K_stable": K_stable,
        "K_recall": K_recall,
        "unsettled": unsettled[last],
        "rises": float((steps > 0).mean()),
    }
