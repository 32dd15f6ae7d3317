"""XOR, eq. (7): energies of all eight states and the output of update (4), n = 1 to 8, power and rectified"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dam.arrays import get_namespace, to_numpy
from dam.datasets import xor_memories
from dam.lab.experiments import Experiment, Outcome
from dam.lab.results import Result
from dam.lab.verdicts import Claim, every
from dam.memory import energy, local_fields
from dam.memory.interactions import KINDS

PAPER = {"n": tuple(range(1, 9))}
RANGES = {"n": (1, 100)}
STATES = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))


def run(*, seed: int, n: Sequence[int], backend: str | None = None) -> Outcome:
    """Compute the energies of the states (x, y, z) and the z that update (4) reads out for each (x, y). Not random.

    Values: ``solved_{kind}_n{n}``, whether update (4) gives z = x XOR y for all four inputs, from either initial z.
    Arrays: ``states (8, 3)``; ``energy_{kind} (len(n), 8)``; ``field_{kind} (len(n), 8)``, the bracket of eq. (4) for z
    in each state: its sign is the output, zero decides nothing.
    """
    xp = get_namespace(backend)
    states, xi = xp.asarray(STATES), xp.asarray(xor_memories())
    truth = -STATES[:, 0] * STATES[:, 1]  # +1 where x differs from y
    values, arrays = {}, {"n": np.array(n), "states": STATES.astype(np.int8)}
    for kind, F in KINDS.items():
        field = np.array([to_numpy(local_fields(states, xi, F(degree))[:, 2]) for degree in n])
        arrays[f"energy_{kind}"] = np.array([to_numpy(energy(states, xi, F(degree))) for degree in n])
        arrays[f"field_{kind}"] = field
        for degree, output in zip(n, np.sign(field)):
            values[f"solved_{kind}_n{degree}"] = bool(np.all(output == truth))
    return values, arrays


def solved(kind: str, expected: Callable) -> Callable:
    """Return a measure: for how many powers n = 1 to 8 XOR is solved or not as expected."""
    return lambda result: sum(result.values[f"solved_{kind}_n{n}"] == expected(n) for n in range(1, 9))


def energy_range(result: Result) -> float | None:
    """Measure how far the energies of the eight states of XOR are apart at n = 2; None if the result has no n = 2."""
    energies = result.arrays["energy_power"][result.arrays["n"] == 2]
    return float(np.ptp(energies)) if energies.size else None


BLIND: dict[str, Any] = {"source": "paper", "fixed": "2026-11-22", "blind": True}
CLAIMS = (
    Claim("power-odd", "Section 3, eq. (7)",
          "power energies solve XOR for odd n of at least 3, and fail for n = 1 and for even n",
          "the update does so for all eight powers n = 1 to 8",
          solved("power", lambda n: n % 2 == 1 and n >= 3), every(8, 8), digits=0, unit=" of 8", **BLIND),
    Claim("rectified-all", "Section 3", "rectified energies solve XOR for every n of at least 2",
          "the update does so for n = 2 to 8, and fails for n = 1",
          solved("rectified", lambda n: n >= 2), every(8, 8), digits=0, unit=" of 8", **BLIND),
    Claim("flat-n2", "Section 3, eq. (7)", "at n = 2 the power energy is the same for all eight states",
          "highest minus lowest energy of the eight states is 0", energy_range, every(0, 0), digits=0, **BLIND),
)  # fmt: skip

EXPERIMENT = Experiment(
    __doc__, {"demo": PAPER, "paper": PAPER}, {"demo": 1, "paper": 1}, run, claims=CLAIMS, place=6, ranges=RANGES
)
