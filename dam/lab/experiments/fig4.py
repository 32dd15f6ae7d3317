"""Fig. 4: overlap of the final state with the closest memory, N = 100, K = 2000, power and rectified"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dam import checks
from dam.arrays import get_namespace, to_numpy
from dam.datasets import random_patterns
from dam.lab import paper
from dam.lab.common import check_memory
from dam.lab.experiments import Experiment, Outcome
from dam.lab.verdicts import Claim, within
from dam.memory import overlaps, retrieve
from dam.memory.interactions import KINDS

PAPER = {**paper.FIG4, "n": (2, 3, 4, 5, 6)}
DEMO = PAPER | {"starts": 500}
SOURCE: dict[str, Any] = {"source": "appendix", "fixed": "2026-11-22"}


def run(
    *, seed: int, N: int, K: int, starts: int, n: Sequence[int], sweep: Callable, backend: str | None = None
) -> Outcome:
    """Let random states settle among random memories and measure where they end.

    Values: ``perfect_{kind}_n{n}``, fraction of final states that equal a memory (signed overlap N), and
    ``inverted_{kind}_n{n}``, that equal a memory's negative and no memory. Arrays: ``overlap_{kind}_n{n} (starts,)``,
    max_μ ξ^μ·σ of every final state; ``absolute_overlap_{kind}_n{n}``, max_μ |ξ^μ·σ|.
    """
    for name, size in (("N", N), ("K", K), ("starts", starts)):
        checks.count(name, size)
    check_memory(K, N, starts, overlaps=True)
    shared = {"seed": seed, "N": N, "K": K, "starts": starts, "backend": backend}
    tasks = [shared | {"n": degree, "kind": kind} for degree in n for kind in KINDS]
    values: dict[str, float] = {}
    arrays: dict[str, np.ndarray] = {}
    for task, found in zip(tasks, sweep(panel, tasks)):
        name, signed, absolute = f"{task['kind']}_n{task['n']}", found["overlap"], found["absolute_overlap"]
        arrays |= {f"overlap_{name}": signed, f"absolute_overlap_{name}": absolute}
        values[f"perfect_{name}"] = float(np.mean(signed == N))
        values[f"inverted_{name}"] = float(np.mean((signed < N) & (absolute == N)))
    return values, arrays


def panel(*, seed: int, N: int, K: int, starts: int, n: int, kind: str, backend: str | None) -> dict[str, Any]:
    """Return the signed and the absolute overlaps of one panel; memories and starts are the same for all."""
    xp, rng = get_namespace(backend), np.random.default_rng(seed)
    xi, sigma = xp.asarray(random_patterns(K, N, rng)), xp.asarray(random_patterns(starts, N, rng))
    final = retrieve(sigma, xi, KINDS[kind](n), [seed, n, list(KINDS).index(kind)])
    h = overlaps(final, xi)
    highest, lowest = (to_numpy(extreme(h, axis=1)).astype(np.int16) for extreme in (xp.max, xp.min))
    return {"overlap": highest, "absolute_overlap": np.maximum(highest, -lowest)}


def even(kind: str, n: int) -> bool:
    """Return whether F is even: a memory and its negative then have the same energy."""
    return kind == "power" and n % 2 == 0


def recalled(kind: str, n: int, either_sign: bool | None = None) -> Callable:
    """Return a measure: the percentage of final states that equal a memory, or its negative if that is allowed."""
    either_sign = even(kind, n) if either_sign is None else either_sign
    array = f"{'absolute_' * either_sign}overlap_{kind}_n{n}"
    return lambda result: 100 * float(np.mean(result.arrays[array] == result.parameters["N"]))


def lost(kind: str, n: int) -> Callable:
    """Return a measure: how many of 10,000 starts end elsewhere than on a memory."""
    return lambda result: paper.FIG4["starts"] * (1 - recalled(kind, n)(result) / 100)


def may_show_none(numbers: Sequence[float]) -> bool:
    """Return whether a set that loses no start has a chance of 5 % or more, by the mean number of lost starts.

    By Poisson's law, exp(-mean): losses that come in clusters only make such a set more likely.
    """
    return chance_of_none(numbers) >= 0.05


def chance_of_none(numbers: Sequence[float]) -> float:
    """Return the chance, by Poisson's law, that a set of starts loses none, from the numbers lost in some sets."""
    return math.exp(-np.mean(numbers))


def none_lost(numbers: Sequence[float]) -> str:
    """Return as text how many of our sets lost none, and the chance that one does."""
    return f"none in {sum(x == 0 for x in numbers)} of {len(numbers)} sets, chance {chance_of_none(numbers):.2f}"


CLAIMS = (
    *(Claim(f"not-recalled-{kind}-n{n}", "Appendix B, Fig. 4",
            f"n = {n}, {kind}: 2000 memories are above the capacity, none can be reconstructed",
            "fewer than 1 % of the final states equal a memory up to the sign",
            recalled(kind, n, either_sign=True), within(0, 1), digits=2, unit=" %",
            **SOURCE) for n in (2, 3) for kind in KINDS),
    *(claim for kind in KINDS for claim in (
        Claim(f"peak-{kind}-n4", "Appendix B, Fig. 4",
              f"n = 4, {kind}: the distribution sharply peaks at perfect recovery",
              "more than half of the final states equal a memory"
              + " or its negative, as the power energy is even" * even(kind, 4),
              recalled(kind, 4), within(50, 100), digits=1, unit=" %", **SOURCE),
        *(Claim(f"all-recalled-{kind}-n{n}", "Appendix B",
                f"n = {n}, {kind}: all 10,000 samples converge to one of the memories",
                "one set of 10,000 starts that end on a memory" + " or its negative" * even(kind, n) + ", as the "
                "paper's, has a chance of at least 5 % at our mean number of lost starts",
                lost(kind, n), may_show_none, digits=1, unit=" lost of 10,000", adds=none_lost, source="appendix",
                fixed="2026-11-28",
                reason="more starts end elsewhere than a set without losses allows")
          for n in (5, 6)))),
)  # fmt: skip

EXPERIMENT = Experiment(__doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 4, "paper": 60}, run, claims=CLAIMS, place=2)
