"""Basins: exact recovery against the overlap of the cue, for equal K and for equal K over eq. (6)"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dam import checks, fits
from dam.arrays import get_namespace, to_numpy
from dam.datasets import random_patterns
from dam.lab.common import check_memory, flipped, stacked
from dam.lab.experiments import Experiment, Outcome
from dam.memory import retrieve, theory
from dam.memory.interactions import KINDS

PAPER = {"n": (2, 3, 4, 5, 6), "N": 64, "K": (8, 100, 1000), "load": (0.1, 0.5, 1.0), "step": 2, "cues": 500}
DEMO = {"n": (2, 3, 4), "N": 64, "K": (8, 100), "load": (0.5,), "step": 4, "cues": 100}


RANGES = {"load": (1e-9, 1e3), "step": (1, 10**5)}


def run(
    *, seed: int, n: Sequence[int], N: int, K: Sequence[int], load: Sequence[float], step: int, cues: int,
    sweep: Callable, backend: str | None = None,
) -> Outcome:  # fmt: skip
    """Flip d = 0, step, 2 step, ... N/2 bits of memories, let them settle, and count those that come back exactly.

    ``K`` are numbers of memories that are the same for every n, ``load`` shares of eq. (6), which grows with n. There
    are ``cues`` for every d, over as many memories and, where there are fewer, over several sets.

    Values: ``half_{kind}_n{n}_K{K}``, ``half_{kind}_n{n}_load{load}``, overlap of the cue at which half of the memories
    come back, NaN if the recovery does not fall through one half. Arrays: ``overlap`` of the cues, 1 - 2d/N;
    ``recovered_K_{kind} (len(K), len(n), len(overlap))``; ``recovered_load_{kind}`` (len(load), ...); ``K_of_load``
    (len(load), len(n)); ``n``, ``K``, ``load``.
    """
    flips = list(range(0, N // 2 + 1, checks.count("step", step)))
    capacity = [theory.capacity_no_errors(N, degree) for degree in n]
    K_of_load = np.array([[max(1, round(share * most)) for most in capacity] for share in load])
    counts = np.concatenate([np.repeat(np.array(K)[:, None], len(n), axis=1), K_of_load])
    check_memory(int(counts.max()), N, cues)
    shared = {"seed": seed, "N": N, "flips": flips, "cues": cues, "backend": backend}
    tasks = [
        shared | {"n": degree, "K": int(count), "kind": kind}
        for row in counts
        for degree, count in zip(n, row)
        for kind in KINDS
    ]
    found = stacked(sweep(point, tasks), *counts.shape, len(KINDS))["recovered"]
    overlap = 1 - 2 * np.array(flips) / N
    arrays = {"overlap": overlap, "n": np.array(n), "K": np.array(K), "load": np.array(load), "K_of_load": K_of_load}
    labels, values = [f"K{count}" for count in K] + [f"load{share}" for share in load], {}
    for k, kind in enumerate(KINDS):
        arrays[f"recovered_K_{kind}"], arrays[f"recovered_load_{kind}"] = np.split(found[:, :, k], [len(K)])
        for row, column in np.ndindex(counts.shape):
            half = fits.crossing(overlap, found[row, column, k], 0.5)
            values[f"half_{kind}_n{n[column]}_{labels[row]}"] = half
    return values, arrays


def point(
    *, seed: int, n: int, N: int, K: int, kind: str, flips: list[int], cues: int, backend: str | None
) -> dict[str, Any]:
    """Return which fraction of memories comes back exactly, for each number of flipped bits."""
    xp, F = get_namespace(backend), KINDS[kind](n)
    rng = np.random.default_rng([seed, n, N, K, list(KINDS).index(kind)])
    recovered = []
    for _ in range(-(-cues // K)):
        xi = random_patterns(K, N, rng)
        targets = np.tile(xi[:cues], (len(flips), 1))
        damaged = flipped(targets, np.repeat(flips, len(xi[:cues]))[:, None], rng)
        final = retrieve(xp.asarray(damaged), xp.asarray(xi), F, rng)
        recovered.append(np.all(to_numpy(final) == targets, axis=1).reshape(len(flips), -1))
    return {"recovered": np.concatenate(recovered, axis=1).mean(axis=1)}


EXPERIMENT = Experiment(__doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 3, "paper": 500}, run, ranges=RANGES)
