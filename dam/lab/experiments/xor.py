"""XOR (Section 3, eq. (7)): which powers n solve it, by energy and by update (4)."""

import itertools

import numpy as np

from dam.arrays import get_namespace, to_numpy
from dam.datasets import xor_memories
from dam.lab.experiments.fig4 import KINDS
from dam.memory.retrieval import energy, local_fields

SUMMARY = "XOR, eq. (7): energies of all eight states and the output of update (4), n = 1 to 8, power and rectified"
SCALES = {"demo": {"n": tuple(range(1, 9))}, "paper": {"n": tuple(range(1, 9))}}
SECONDS = {"demo": 1, "paper": 1}
STATES = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))


def run(*, seed, n, backend=None, progress=False):
    """Compute the energies of the eight states (x, y, z) and the z that update (4) reads out for each input (x, y).

    Nothing here is random: ``seed`` only names the result.

    Returns
    -------
    values : dict
        ``solved_{kind}_n{n}``: whether update (4) gives z = x XOR y for all four inputs, from either initial z.
    arrays : dict
        ``states (8, 3)``; ``energy_{kind} (len(n), 8)``; ``field_{kind} (len(n), 8)``, the bracket of eq. (4) for z
        in each state: its sign is the output, zero decides nothing.
    """
    xp = get_namespace(backend)
    states, xi = xp.asarray(STATES), xp.asarray(xor_memories())
    truth = -STATES[:, 0] * STATES[:, 1]  # +1 where x differs from y
    values, arrays = {}, {"n": np.array(n), "states": STATES.astype(np.int8)}
    for kind, interaction in KINDS.items():
        field = np.array([to_numpy(local_fields(states, xi, interaction(degree))[:, 2]) for degree in n])
        arrays[f"energy_{kind}"] = np.array([to_numpy(energy(states, xi, interaction(degree))) for degree in n])
        arrays[f"field_{kind}"] = field
        for degree, output in zip(n, np.sign(field), strict=True):
            values[f"solved_{kind}_n{degree}"] = bool(np.all(output == truth))
    return values, arrays
