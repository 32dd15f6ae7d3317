"""Fig. 4 (Appendix B): how well random starts end on a memory, for n = 2, 3, 4 and beyond."""

import numpy as np

from dam import checks
from dam.arrays import get_namespace, to_numpy
from dam.datasets import random_patterns
from dam.interactions import Polynomial, RectifiedPolynomial
from dam.memory import overlaps, retrieval_bytes, retrieve
from dam.sweeps import sweep as sweep_here

SUMMARY = "Fig. 4: overlap of the final state with the closest memory, N = 100, K = 2000, power and rectified"
SCALES = {
    "demo": {"N": 100, "K": 2000, "starts": 500, "n": (2, 3, 4, 5, 6)},
    "paper": {"N": 100, "K": 2000, "starts": 10000, "n": (2, 3, 4, 5, 6)},
}
SECONDS = {"demo": 4, "paper": 60}
KINDS = {"power": Polynomial, "rectified": RectifiedPolynomial}


def run(*, seed, N, K, starts, n, backend=None, sweep=sweep_here):
    """Let random states settle among random memories and measure where they end.

    Returns
    -------
    values : dict
        ``perfect_{kind}_n{n}``: fraction of final states that equal a memory (signed overlap N);
        ``inverted_{kind}_n{n}``: fraction that equal a memory's negative and no memory.
    arrays : dict
        ``overlap_{kind}_n{n}``: max_μ ξ^μ·σ of every final state; ``absolute_overlap_{kind}_n{n}``: max_μ |ξ^μ·σ|.
    """
    for name, size in (("N", N), ("K", K), ("starts", starts)):
        checks.count(name, size)
    checks.memory(retrieval_bytes(K, N, starts) + 20 * starts * K, f"N = {N}, K = {K} and {starts} starts")
    shared = {"seed": seed, "N": N, "K": K, "starts": starts, "backend": backend}
    tasks = [shared | {"n": degree, "kind": kind} for degree in n for kind in KINDS]
    values, arrays = {}, {}
    for task, found in zip(tasks, sweep(panel, tasks)):
        name, signed, absolute = f"{task['kind']}_n{task['n']}", found["overlap"], found["absolute_overlap"]
        arrays[f"overlap_{name}"], arrays[f"absolute_overlap_{name}"] = signed, absolute
        values[f"perfect_{name}"] = float(np.mean(signed == N))
        values[f"inverted_{name}"] = float(np.mean((signed < N) & (absolute == N)))
    return values, arrays


def panel(*, seed, N, K, starts, n, kind, backend):
    """Return the signed and the absolute overlaps of one panel; memories and starts are the same for all."""
    xp, rng = get_namespace(backend), np.random.default_rng(seed)
    xi, sigma = xp.asarray(random_patterns(K, N, rng)), xp.asarray(random_patterns(starts, N, rng))
    final = retrieve(sigma, xi, KINDS[kind](n), [seed, n, list(KINDS).index(kind)])
    h = overlaps(final, xi)
    highest, lowest = (to_numpy(extreme(h, axis=1)).astype(np.int16) for extreme in (xp.max, xp.min))
    return {"overlap": highest, "absolute_overlap": np.maximum(highest, -lowest)}
