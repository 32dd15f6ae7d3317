"""Claims over fresh seeds: how often each holds when it is judged on one run, of a seed that no shipped result has"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dam.lab import experiments
from dam.lab.common import count_within
from dam.lab.experiments import Experiment
from dam.lab.results import Result
from dam.lab.verdicts import Claim, Verdict, measured

FIRST = 100
"""The first fresh seed at seed 0, and how many there are at most: results are shipped of smaller seeds."""
LUCK = "depends on luck"
COUNTS = {"classical": 5, "projection": 5, "fig4": 20, "fig5": 5, "errors": 5, "rules": 12, "exponential": 20,
          "completion": 20, "prototype": 20}  # fmt: skip
"""The experiments whose claims are judged, and on how many seeds."""
PAPER = {"of": tuple(COUNTS), "seeds": tuple(COUNTS.values()), "at": "paper"}
DEMO = {"of": ("rules",), "seeds": (3,), "at": "demo"}
NEEDED: dict[str, dict[str, Any]] = {
    "classical": {
        "alpha": (0.125, 0.13, 0.135, 0.14, 0.145, 0.15, 0.155, 0.16, 0.165, 0.17, 0.18, 0.19, 0.2, 0.22, 0.25)
    },
    "rules": {"damage": 0.0},
    "exponential": {"N": (20,), "rate": (0.04,), "damage": (0.0,), "samples": 1, "sizes": (8, 12), "memories": 200},
    "completion": {"K": (5000,), "n": (2,), "beta": (1.0,), "cues": 1},
}
"""Parameters at paper scale without the parts that no judged claim needs: what is measured is what the whole gives."""


def run(
    *, seed: int, of: Sequence[str], seeds: Sequence[int], at: str, sweep: Callable, backend: str | None = None
) -> tuple[dict[str, int], dict[str, np.ndarray]]:
    """Run the experiments ``of`` at the scale ``at``, each with as many fresh seeds as ``seeds`` says, and judge each.

    The fresh seeds are 100 (1 + seed) and those after it; all experiments run with the first before one runs with the
    second.

    Values: ``held_{experiment}/{claim}``, on how many seeds the rule of a claim is met, without those that are not
    judged or need several seeds. Arrays: ``seeds_{experiment}``; ``{experiment}/{claim}``, the measure for each seed,
    NaN where the run decides nothing.
    """
    if len(of) != len(seeds) or not set(of) <= set(COUNTS):
        raise ValueError(
            f"of must name some of {', '.join(COUNTS)}, and seeds give a number for each; got {of}, {seeds}"
        )
    most = max(count_within("seeds", count, 1, FIRST) for count in seeds)
    tasks = [
        {"experiment": name, "variant": variant, "at": at, "seed": FIRST * (1 + seed) + k, "backend": backend}
        for k in range(most)
        for name, count in zip(of, seeds)
        for variant in sorted({claim.variant for claim in judged(name)})
        if k < count
    ]
    arrays: dict[str, list] = {}
    for task, found in zip(tasks, sweep(point, tasks)):
        for name, number in found.items():
            arrays.setdefault(f"{task['experiment']}/{name}", []).append(number)
    for name, count in zip(of, seeds):
        arrays[f"seeds_{name}"] = [FIRST * (1 + seed) + k for k in range(count)]
    values = {
        f"held_{name}/{claim.name}": held(claim, arrays[f"{name}/{claim.name}"])
        for name in of
        for claim in judged(name)
        if claim.least == 1
    }
    return values, {key: np.array(numbers) for key, numbers in arrays.items()}


def point(*, experiment: str, variant: str, at: str, seed: int, backend: str | None) -> dict[str, float]:
    """Return the measure of each claim that is judged on one run; the variant is '', or ``n{n}``."""
    changes = (NEEDED.get(experiment, {}) if at == "paper" else {}) | ({"n": int(variant[1:])} if variant else {})
    result = experiments.run(experiment, at, seed, backend, **changes)
    numbers = {claim.name: measured(claim, result) for claim in judged(experiment) if claim.variant == variant}
    return {name: math.nan if number is None else float(number) for name, number in numbers.items()}


def judged(experiment: str) -> list[Claim]:
    """Return the claims of an experiment that have a rule."""
    return [claim for claim in experiments.get(experiment).claims if claim.holds]


def held(claim: Claim, numbers: Sequence[float]) -> int:
    """Return on how many seeds a claim holds, each judged for itself; a seed that decides nothing is a miss."""
    return sum(claim.holds is not None and math.isfinite(x) and bool(claim.holds([x])) for x in numbers)


def found(verdict: Verdict, result: Result | None) -> tuple[str, str]:
    """Return on how many fresh seeds of a stored result a claim holds, and `LUCK` if it depends on it: two texts.

    It does if one seed, or all together where the rule needs several, would give another verdict than the one that
    stands, if one stands. Both are '' if the result, which may be None, has nothing on the claim.
    """
    claim = verdict.claim
    numbers = [] if result is None else list(result.arrays.get(f"{verdict.experiment}/{claim.name}", []))
    if len(numbers) < claim.least or not claim.holds:
        return "", ""
    if claim.least > 1:
        holds = bool(claim.holds(numbers))
        text = f"{'holds' if holds else 'does not hold'} on {len(numbers)} together"
        as_judged = holds == verdict.holds
    else:
        count = held(claim, numbers)
        text = f"{count} of {len(numbers)}"
        as_judged = count == len(numbers) * bool(verdict.holds)
    return text, "" if as_judged or verdict.holds is None else LUCK


RANGES = {"of": tuple(COUNTS), "seeds": (1, FIRST), "at": ("demo", "paper")}
EXPERIMENT = Experiment(__doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 10, "paper": 13_000}, run, ranges=RANGES)
