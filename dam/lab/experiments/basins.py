"""Basins of attraction: from how far away a memory is recovered, for n = 2 to 6."""

import numpy as np

from dam import checks
from dam.arrays import get_namespace, to_numpy
from dam.datasets import random_patterns
from dam.lab.experiments.fig4 import KINDS
from dam.lab.sweeps import sweep as sweep_here
from dam.memory import theory
from dam.memory.retrieval import retrieval_bytes, retrieve

SUMMARY = "Basins: exact recovery against the overlap of the cue, for equal K and for equal K over eq. (6)"
SCALES = {
    "demo": {"n": (2, 3, 4), "N": 64, "K": (8, 100), "load": (0.5,), "step": 4, "cues": 100},
    "paper": {"n": (2, 3, 4, 5, 6), "N": 64, "K": (8, 100, 1000), "load": (0.1, 0.5, 1.0), "step": 2, "cues": 500},
}
SECONDS = {"demo": 3, "paper": 500}


def run(*, seed, n, N, K, load, step, cues, backend=None, sweep=sweep_here):
    """Flip d random bits of memories, let them settle, and count the memories that come back exactly.

    Parameters
    ----------
    n : sequence of int
    N : int
    K : sequence of int
        Numbers of memories that are the same for every n.
    load : sequence of float
        Numbers of memories as a share of eq. (6), which grows with n.
    step : int
        Flipped bits are d = 0, step, 2 step, ... N/2: cues of overlap 1 - 2d/N.
    cues : int
        Cues for every d, over as many memories and, where there are fewer, over several sets.

    Returns
    -------
    values : dict
        ``half_{kind}_n{n}_K{K}``, ``half_{kind}_n{n}_load{load}``: overlap of the cue at which half of the memories
        come back, NaN if the recovery does not pass one half.
    arrays : dict
        ``overlap`` of the cues; ``recovered_K_{kind}`` (len(K), len(n), len(overlap)); ``recovered_load_{kind}``
        (len(load), len(n), len(overlap)); ``K_of_load`` (len(load), len(n)); ``n``, ``K``, ``load``.
    """
    flips = list(range(0, N // 2 + 1, checks.count("step", step)))
    overlap = 1 - 2 * np.array(flips) / N
    K_of_load = np.array(
        [[max(1, round(share * theory.capacity_no_errors(N, degree))) for degree in n] for share in load]
    )
    largest = int(max(*K, K_of_load.max()))
    checks.memory(retrieval_bytes(largest, N, cues) + 9 * largest * N, f"N = {N} with K = {largest}")
    counts = {"K": np.repeat(np.array(K)[:, None], len(n), axis=1), "load": K_of_load}
    tasks, where = [], []
    for name, table in counts.items():
        for row, column in np.ndindex(table.shape):
            for kind in KINDS:
                task = {"seed": seed, "n": n[column], "N": N, "K": int(table[row, column]), "kind": kind}
                tasks.append(task | {"flips": flips, "cues": cues, "backend": backend})
                where.append((name, row, column, kind))
    arrays = {"overlap": overlap, "n": np.array(n), "K": np.array(K), "load": np.array(load), "K_of_load": K_of_load}
    for name, table in counts.items():
        arrays |= {f"recovered_{name}_{kind}": np.empty((*table.shape, len(flips))) for kind in KINDS}
    values = {}
    for (name, row, column, kind), found in zip(where, sweep(point, tasks)):
        arrays[f"recovered_{name}_{kind}"][row, column] = found["recovered"]
        value = (K if name == "K" else load)[row]
        values[f"half_{kind}_n{n[column]}_{name}{value}"] = half_overlap(overlap, found["recovered"])
    return values, arrays


def point(*, seed, n, N, K, kind, flips, cues, backend):
    """Return which fraction of memories comes back exactly, for each number of flipped bits."""
    xp, F = get_namespace(backend), KINDS[kind](n)
    rng = np.random.default_rng([seed, n, N, K, list(KINDS).index(kind)])
    recovered = []
    for _ in range(-(-cues // K)):
        xi = random_patterns(K, N, rng)
        targets = np.tile(xi[:cues], (len(flips), 1))
        damage = np.repeat(flips, len(xi[:cues]))[:, None]
        order = np.argsort(rng.random(targets.shape), axis=1)
        final = retrieve(xp.asarray(np.where(order < damage, -targets, targets)), xp.asarray(xi), F, rng)
        recovered.append(np.all(to_numpy(final) == targets, axis=1).reshape(len(flips), -1))
    return {"recovered": np.concatenate(recovered, axis=1).mean(axis=1)}


def half_overlap(overlap, recovered):
    """Return the overlap at which the recovery, coming from overlap 1, first falls through one half."""
    below = np.flatnonzero(recovered < 0.5)
    if len(below) == 0 or below[0] == 0:
        return float("nan")
    i = below[0]
    share = (recovered[i - 1] - 0.5) / (recovered[i - 1] - recovered[i])
    return float(overlap[i - 1] + share * (overlap[i] - overlap[i - 1]))
