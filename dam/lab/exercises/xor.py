"""Answers to the code exercises of the chapter on XOR."""

from itertools import product
from typing import Any

import numpy as np

from dam import checks
from dam.memory import local_fields
from dam.memory.interactions import Polynomial


def free(answer: Any) -> str | None:
    """Percent of the runs from an invalid state that end in one of its three neighbors, by chance one in three."""
    answer = checks.number("answer", answer, 0, 5000)
    if abs(answer - 100 / 3) < 5:
        return None
    if abs(answer - 1 / 3) < 0.05 or abs(answer - 1000) < 150:
        return "The question is the share in percent."
    if answer == 0:
        return "Compare whole states: a run ends in (+1, +1, -1) if all three neurons agree with it."
    return "Let all three neurons be free, and use n = 3."


def bias(answer: Any) -> str | None:
    """How many of the sixteen functions of two inputs the square stores with a fourth neuron that is always +1."""
    answer = checks.number("answer", answer, 0, 16)
    inputs = np.array(list(product((-1.0, 1.0), repeat=2)))
    plain = [np.column_stack([inputs, z]) for z in product((-1.0, 1.0), repeat=4)]
    counts = []
    for tables in ([np.column_stack([rows, np.ones(4)]) for rows in plain], plain):
        gaps = [local_fields(rows, rows, Polynomial(2))[:, 2] * rows[:, 2] for rows in tables]
        counts.append(sum((gap > 0).all() for gap in gaps))
    if answer == counts[0]:
        return None
    if answer == counts[1]:
        return "This is the number without the constant neuron."
    return "Count the functions for which all four questions have a positive gap at n = 2; a tie does not count."


ANSWERS = {"xor-free": free, "xor-bias": bias}
