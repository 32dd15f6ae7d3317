"""Fig. 4 (Appendix B): how well random starts end on a memory, for n = 2, 3, 4 and beyond."""

import numpy as np
from tqdm.auto import tqdm

from dam.arrays import get_namespace, to_numpy
from dam.datasets import random_patterns
from dam.interactions import Polynomial, RectifiedPolynomial
from dam.memory import overlaps, retrieve

SUMMARY = "Fig. 4: overlap of the final state with the closest memory, N = 100, K = 2000, power and rectified"
SCALES = {
    "demo": {"N": 100, "K": 2000, "starts": 500, "n": (2, 3, 4, 5, 6)},
    "paper": {"N": 100, "K": 2000, "starts": 10000, "n": (2, 3, 4, 5, 6)},
}
SECONDS = {"demo": 4, "paper": 120}
KINDS = {"power": Polynomial, "rectified": RectifiedPolynomial}


def run(*, seed, N, K, starts, n, backend=None, progress=False):
    """Let random states settle among random memories and measure where they end.

    Returns
    -------
    values : dict
        ``perfect_{kind}_n{n}``: fraction of final states that equal a memory (signed overlap N);
        ``inverted_{kind}_n{n}``: fraction that equal a memory's negative and no memory.
    arrays : dict
        ``overlap_{kind}_n{n}``: max_μ ξ^μ·σ of every final state; ``absolute_overlap_{kind}_n{n}``: max_μ |ξ^μ·σ|.
    """
    xp = get_namespace(backend)
    rng = np.random.default_rng(seed)
    xi = xp.asarray(random_patterns(K, N, rng))
    sigma = xp.asarray(random_patterns(starts, N, rng))
    values, arrays = {}, {}
    panels = [(degree, kind) for degree in n for kind in KINDS]
    for degree, kind in tqdm(panels, desc="panels", disable=not progress, leave=False):
        h = to_numpy(overlaps(retrieve(sigma, xi, KINDS[kind](degree), rng), xi)).astype(np.int16)
        signed, absolute = h.max(axis=1), np.abs(h).max(axis=1)
        name = f"{kind}_n{degree}"
        arrays[f"overlap_{name}"], arrays[f"absolute_overlap_{name}"] = signed, absolute
        values[f"perfect_{name}"] = float(np.mean(signed == N))
        values[f"inverted_{name}"] = float(np.mean((signed < N) & (absolute == N)))
    return values, arrays
