"""Single-bit errors of stored random memories against the Gaussian estimates that lead to eqs. (5) and (6)."""

import numpy as np

from dam import checks
from dam.arrays import get_namespace, to_numpy
from dam.datasets import random_patterns
from dam.lab.experiments.fig4 import KINDS
from dam.lab.sweeps import sweep as sweep_here
from dam.memory import theory
from dam.memory.retrieval import retrieval_bytes, unstable_spins

SUMMARY = "Single-bit error of stored memories against the load, measured and by three Gaussian estimates"
LOADS = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)
SCALES = {
    "demo": {"n": (2, 3, 4), "N": (30, 100), "load": (0.5, 1.0, 2.0), "bits": 100_000},
    "paper": {"n": (2, 3, 4), "N": (25, 50, 100, 200), "load": LOADS, "bits": 2_000_000},
}
SECONDS = {"demo": 5, "paper": 600}
STATES = 2000  # memories of one set that are tested, at most


def run(*, seed, n, N, load, bits, backend=None, sweep=sweep_here):
    """Count the bits of memories that eq. (4) would flip, for each degree, size, load and kind of energy.

    Parameters
    ----------
    n, N : sequence of int
    load : sequence of float
        K over α_n N^(n-1), eq. (5): at 1 the estimate of the paper is 0.5 %.
    bits : int
        Bits tested for each number, over sets of memories; at least five sets.

    Returns
    -------
    values : dict
        ``error_{kind}_n{n}``: the measured probability at load 1 and the largest N.
    arrays : dict
        ``n``, ``N``, ``load``; ``K`` (n, N, load); for each kind ``error_{kind}`` (n, N, load), its standard error
        over sets ``uncertainty_{kind}``, ``gaussian_{kind}`` with the exact moments, and ``kurtosis_{kind}`` (n, N,
        load), the excess kurtosis of the noise; ``integral`` and ``tail`` (n, N, load): `theory.error_probability`
        and `theory.error_tail`.
    """
    shape = (len(n), len(N), len(load))
    K = np.empty(shape, dtype=np.int64)
    integral, tail = np.empty(shape), np.empty(shape)
    tasks, where = [], []
    for index in np.ndindex(shape):
        degree, size = n[index[0]], N[index[1]]
        count = K[index] = max(2, round(load[index[2]] * theory.capacity(size, degree)))
        integral[index] = theory.error_probability(size, int(count), degree)
        tail[index] = theory.error_tail(size, int(count), degree)
        for kind in KINDS:
            task = {"seed": seed, "n": degree, "N": size, "K": int(count), "kind": kind}
            tasks.append(task | {"bits": bits, "backend": backend})
            where.append((kind, index))
    largest = max(tasks, key=lambda task: task["K"] * task["N"])
    checks.memory(
        retrieval_bytes(largest["K"], largest["N"], STATES) + 9 * largest["K"] * largest["N"],
        f"N = {largest['N']} with K = {largest['K']}",
    )
    arrays = {"n": np.array(n), "N": np.array(N), "load": np.array(load), "K": K, "integral": integral, "tail": tail}
    for kind in KINDS:
        arrays |= {f"{name}_{kind}": np.empty(shape) for name in ("error", "uncertainty", "gaussian", "kurtosis")}
    for (kind, index), task, found in zip(where, tasks, sweep(point, tasks)):
        F = KINDS[kind](task["n"])
        arrays[f"error_{kind}"][index] = found["error"]
        arrays[f"uncertainty_{kind}"][index] = found["uncertainty"]
        arrays[f"gaussian_{kind}"][index] = theory.error_probability_exact_moments(task["N"], task["K"], F)
        arrays[f"kurtosis_{kind}"][index] = theory.noise_moments(task["N"], F)[2] / (task["K"] - 1)
    at_one = int(np.argmin(np.abs(np.array(load) - 1)))
    values = {
        f"error_{kind}_n{degree}": float(arrays[f"error_{kind}"][row, int(np.argmax(N)), at_one])
        for kind in KINDS
        for row, degree in enumerate(n)
    }
    return values, arrays


def point(*, seed, n, N, K, kind, bits, backend):
    """Return the fraction of unstable bits over sets of K memories, and its standard error over the sets."""
    xp, F = get_namespace(backend), KINDS[kind](n)
    tested = min(K, STATES)
    fractions = []
    for number in range(max(5, -(-bits // (tested * N)))):
        xi = xp.asarray(random_patterns(K, N, np.random.default_rng([seed, n, N, K, number])))
        fractions.append(float(np.mean(to_numpy(unstable_spins(xi[:tested, :], xi, F)))))
    return {"error": float(np.mean(fractions)), "uncertainty": float(np.std(fractions, ddof=1) / len(fractions) ** 0.5)}
