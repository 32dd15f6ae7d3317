"""Projection rule: memories that stay, and how much damage is repaired, up to K = N, with self-coupling and without"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dam import checks, fits
from dam.arrays import Array, get_namespace, to_numpy
from dam.datasets import random_patterns
from dam.lab.common import flipped, parted, stacked
from dam.lab.experiments import Experiment, Outcome
from dam.lab.results import Result
from dam.lab.verdicts import Claim, every
from dam.memory import projection

COUPLINGS = ("removed", "kept")
PAPER = {
    "N": (250, 500, 1000),
    "alpha": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0),
    "damage": (0.005, 0.01, 0.02, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5),
    "cues": 50,
}
DEMO = PAPER | {"N": (60, 120), "cues": 20}
RANGES = {"alpha": (1e-6, 1.0), "damage": (0.0, 0.5)}
TENTH = 0.1
ROUNDING = 1e-9
"""A field below it is zero: at K = N all of them are, but for rounding."""


def run(
    *, seed: int, N: Sequence[int], alpha: Sequence[float], damage: Sequence[float], cues: int, sweep: Callable,
    backend: str | None = None,
) -> Outcome:  # fmt: skip
    """Store K = α N random memories by `dam.memory.projection`, and recall them from cues with flipped bits.

    So many ``cues`` have no bit flipped, one bit, or a share ``damage`` of all; a cue is recalled if it ends at its
    memory, right in every bit. The self-coupling T_ii is ``removed`` or ``kept``.

    Values: ``alpha_tenth_{coupling}_N{N}``, load at which half of the cues with a `TENTH` of their bits flipped are
    recalled. Arrays: ``N``; ``alpha``; ``flips (len(N), 2 + len(damage))``, the numbers of flipped bits; for each of
    the two ``stable_{coupling} (len(N), len(alpha))``, share of the K memories that are fixed points;
    ``recalled_{coupling} (len(N), len(alpha), 2 + len(damage))``, share of the cues; ``reach_{coupling}``, as large as
    the first, share of flipped bits at which half of the cues are recalled, within those tried.
    """
    largest, levels = checks.count("N", max(N)), 2 + len(damage)
    checks.memory(8 * largest * (4 * largest + 3 * levels * cues), f"N = {largest} with {levels * cues} cues")
    flips = np.array([[0, 1, *(max(1, round(share * size)) for share in damage)] for size in N])
    shared = {"seed": seed, "cues": cues, "backend": backend}
    tasks = [
        shared | {"N": size, "alpha": load, "flips": row.tolist(), "coupling": coupling}
        for coupling in COUPLINGS
        for size, row in zip(N, flips)
        for load in alpha
    ]
    arrays = {"N": np.array(N), "alpha": np.array(alpha), "flips": flips}
    for coupling, found in parted(list(sweep(point, tasks)), COUPLINGS).items():
        grids = stacked(found, len(N), len(alpha))
        arrays |= {f"{name}_{coupling}": grid for name, grid in grids.items()}
    values = {
        f"alpha_tenth_{coupling}_N{size}": fits.crossing(alpha, reach, TENTH)
        for coupling in COUPLINGS
        for size, reach in zip(N, arrays[f"reach_{coupling}"])
    }
    return values, arrays


def point(
    *, seed: int, N: int, alpha: float, flips: Sequence[int], cues: int, coupling: str, backend: str | None
) -> dict[str, Any]:
    """Return ``stable``, ``recalled`` and ``reach`` of `run` for one size, load and coupling."""
    xp = get_namespace(backend)
    K = max(1, round(alpha * N))
    rng = np.random.default_rng([seed, N, K])
    xi = random_patterns(K, N, rng)
    wanted = xi[rng.integers(K, size=len(flips) * cues)]
    states = xp.asarray(flipped(wanted, np.repeat(flips, cues)[:, None], rng))
    T = projection(xp.asarray(xi))
    if coupling == "removed":
        T = T * (1 - xp.eye(N))
    stays = to_numpy(xp.all((xp.asarray(xi) @ T) * xp.asarray(xi) > -ROUNDING, axis=1))
    right = np.all(to_numpy(settle(states, T, rng)) == wanted, axis=1)
    recalled = right.reshape(len(flips), cues).mean(axis=1)
    half = fits.crossing(flips, recalled, 0.5)
    if np.isnan(half):  # more than half of them are recalled at every number of flips, or less
        half = flips[-1] if recalled[0] >= 0.5 else 0
    return {"stable": stays.mean(), "recalled": recalled, "reach": half / N}


def settle(states: Array, T: Array, rng: np.random.Generator) -> Array:
    """Return where σ_i ← Sign(Σ_j T_ij σ_j) takes the states ``(S, N)``: one neuron at a time, in random order.

    Unlike in `dam.memory.retrieve_classical`, the diagonal of T counts.
    """
    states, fields, moved = states + 0, states @ T, True
    while moved:
        moved = False
        for i in rng.permutation(len(T)):
            unstable = fields[:, i] * states[:, i] < -ROUNDING
            if unstable.any():
                states[unstable, i] *= -1
                fields[unstable] += 2 * states[unstable, i][:, None] * T[i]
                moved = True
    return states


def stable(result: Result) -> float:
    """Measure the least share of memories that are fixed points without self-coupling, of all sizes and loads, in %."""
    return 100 * float(result.arrays["stable_removed"].min())


def last_reach(result: Result) -> float:
    """Measure how many flipped bits are repaired at K = N, largest N; NaN unless it is fewer from load to load."""
    reach = result.arrays["reach_removed"][-1]
    return float(reach[-1] * result.arrays["N"][-1]) if np.all(np.diff(reach) < 0) else float("nan")


CLAIMS = (
    Claim("decorrelated", "Section 2, with its reference 10",
          "without second-order correlations between the memories, up to K = N of them are stored",
          "by the projection rule without self-coupling all memories are fixed points, every N, every load up to K = N",
          stable, every(100, 100), digits=1, unit=" %", source="paper", fixed="2026-11-28"),
    Claim("basins-vanish", "Kanter and Sompolinsky (1987)",
          "without self-coupling the basins shrink steadily with the load, to nothing at K = N",
          "largest N: half of the cues are recalled from fewer flipped bits at each load than at the one before, and "
          "from less than one at K = N", last_reach, every(0, 1), digits=1, unit=" bits", source="other paper",
          fixed="2026-11-28"),
)  # fmt: skip

EXPERIMENT = Experiment(
    __doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 3, "paper": 60}, run, claims=CLAIMS, place=1.5, ranges=RANGES
)
