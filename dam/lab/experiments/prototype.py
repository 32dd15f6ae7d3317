"""Examples of prototypes that are never shown: what is kept, what is made general, and what seems familiar"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dam import checks
from dam.arrays import get_namespace, to_numpy
from dam.datasets import random_patterns
from dam.lab.common import check_memory, flipped, stacked
from dam.lab.experiments import Experiment, Outcome
from dam.lab.results import Result
from dam.lab.verdicts import Claim, value, within
from dam.memory import energy, retrieve, unstable_neurons
from dam.memory.interactions import RectifiedPolynomial

PAPER = {"n": (2, 3, 4, 6, 8, 10, 15, 20, 30), "N": 200, "prototypes": 10, "examples": 20, "damage": 0.1, "fresh": 10,
         "sets": 20}  # fmt: skip
DEMO = PAPER | {"n": (2, 6, 30), "N": 100, "prototypes": 4, "sets": 3}
MANY = (1, 10**6)
RANGES = {"prototypes": MANY, "examples": MANY, "fresh": MANY, "sets": MANY}


def run(
    *, seed: int, n: Sequence[int], N: int, prototypes: int, examples: int, damage: float, fresh: int, sets: int,
    sweep: Callable, backend: str | None = None,
) -> Outcome:  # fmt: skip
    """Store so many ``examples`` of each of some random ``prototypes``, which are not stored, and ask for all.

    An example is its prototype with a share ``damage`` of the bits flipped; so is each of the ``fresh`` cues, which are
    not stored either. F is rectified; every degree n gets the same ``sets`` of memories and cues.

    Arrays: ``n``, and (n, sets) each, as shares: ``kept``, examples that are fixed points; ``stable``, prototypes that
    are; ``familiar``, pairs of a prototype and an example of it in which the prototype has the lower energy; fresh cues
    that end on their prototype, ``general``, or on an example, ``example``. Values: ``{share}_n{n}``, means over sets.
    """
    K = checks.count("prototypes", prototypes) * checks.count("examples", examples)
    check_memory(K, N, prototypes * max(examples, fresh), overlaps=True)
    shared: dict[str, Any] = {"seed": seed, "N": N, "prototypes": prototypes, "examples": examples, "damage": damage}
    shared |= {"fresh": fresh, "sets": sets, "backend": backend}
    arrays = stacked(sweep(point, [shared | {"n": degree} for degree in n]), len(n))
    means = {f"{name}_n{degree}": float(row.mean()) for name, rows in arrays.items() for degree, row in zip(n, rows)}
    return means, {"n": np.array(n)} | arrays


def point(
    *, seed: int, n: int, N: int, prototypes: int, examples: int, damage: float, fresh: int, sets: int,
    backend: str | None,
) -> dict[str, Any]:  # fmt: skip
    """Return the shares of one degree, ``(sets,)`` each: see `run`."""
    xp, F, flips = get_namespace(backend), RectifiedPolynomial(n), round(damage * N)
    found: dict[str, list] = {name: [] for name in ("kept", "stable", "familiar", "general", "example")}
    for number in range(sets):
        rng = np.random.default_rng([seed, number])
        hidden = random_patterns(prototypes, N, rng)
        shown = flipped(np.repeat(hidden, examples, axis=0), flips, rng)
        cues = flipped(np.repeat(hidden, fresh, axis=0), flips, rng)
        xi = xp.asarray(shown)
        unstable = [to_numpy(xp.any(unstable_neurons(states, xi, F), axis=1)) for states in (xi, xp.asarray(hidden))]
        E_shown, E_hidden = (to_numpy(energy(states, xi, F)) for states in (xi, xp.asarray(hidden)))
        final = to_numpy(retrieve(xp.asarray(cues), xi, F, rng))
        shares = {
            "kept": ~unstable[0],
            "stable": ~unstable[1],
            "familiar": np.repeat(E_hidden, examples) < E_shown,
            "general": np.all(final == np.repeat(hidden, fresh, axis=0), axis=1),
            "example": (final @ shown.T).max(axis=1) == N,
        }
        for name, each in shares.items():
            found[name].append(np.mean(each))
    return {name: np.array(each) for name, each in found.items()}


def trade(result: Result) -> float:
    """Measure by how many points more examples are kept at n = 30 than at 2, or fewer cues made general: the less."""
    V = result.values
    return 100 * float(np.min([V["kept_n30"] - V["kept_n2"], V["general_n2"] - V["general_n30"]]))


CLAIMS = (
    Claim("pseudo-memory", "Ours, after Solso and McCarthy (1981), whom the slides name",
          "n = 2: a prototype that was never stored is more familiar than the examples that were",
          "20 examples each of 10 prototypes, 10 % of 200 bits flipped: in at least 95 % of the pairs of a prototype "
          "and an example of it the prototype has the lower energy",
          value("familiar_n2", 100), within(95, 100), digits=1, unit=" %", source="ours", fixed="2026-11-28",
          blind=True),
    Claim("trade-off", "A sidenote",
          "there is a trade-off between the ability to generalize and the ability to remember examples",
          "from n = 2 to 30 the share of stored examples that are fixed points rises by 50 points or more, and that of "
          "fresh examples that end on their prototype falls by as much",
          trade, within(50, 100), digits=0, unit=" points or more", source="blog", fixed="2026-11-28", blind=True,
          reason="one of the two does not change enough"),
)  # fmt: skip

EXPERIMENT = Experiment(
    __doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 1, "paper": 30}, run, claims=CLAIMS, place=9.5, ranges=RANGES
)
