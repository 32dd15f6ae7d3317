"""Answers to the code exercises of the chapter on the classical network."""

from typing import Any

import numpy as np

from dam import checks
from dam.datasets import damage, random_patterns
from dam.memory import hebbian, retrieve
from dam.memory.interactions import Polynomial


def synchronous(answer: Any) -> str | None:
    """Percent of 1000 random starts that end in a cycle if all neurons are updated together."""
    answer = checks.number("answer", answer, 0, 1000)
    xi, sigma = random_patterns(20, 100, 0), random_patterns(1000, 100, 1)
    T = hebbian(xi) - 20 * np.eye(100)

    def step(sigma):
        H = sigma @ T
        return np.where(H == 0, sigma, np.sign(H))

    for _ in range(200):
        sigma = step(sigma)
    right = 100 * np.mean((step(sigma) != sigma).any(axis=1))
    if abs(answer - right) < 0.51:
        return None
    if abs(answer - 10 * right) < 5 or abs(100 * answer - right) < 0.51:
        return "The question is the share in percent."
    if abs(answer - (100 - right)) < 0.51:
        return "This is the share of the starts that end in a fixed point."
    return "Subtract the diagonal of T, leave neurons with a field of zero alone, and update often enough."


def diagonal(answer: Any) -> str | None:
    """Percent of the runs that end near the memory if the diagonal is kept; cues and order of updates may differ."""
    answer = checks.number("answer", answer, 0, 1000)
    near: dict[str, list] = {"energy": [], "field": []}
    for seed in range(3):
        xi = random_patterns(39, 300, seed)
        for rule, found in near.items():
            m = (retrieve(damage(xi, 0.2, seed), xi, Polynomial(2), seed, rule=rule) * xi).mean(axis=1)
            found.extend(m > 0.9)
    energy, field = (100 * np.mean(found) for found in near.values())
    if abs(answer - field) < 8:
        return None
    if abs(100 * answer - field) < 8:
        return "The question is the share in percent."
    if abs(answer - energy) < 8:
        return "This is the share without the diagonal; take rule='field'."
    return "Flip each neuron of the memories with probability 0.2, and count overlaps above 0.9."


ANSWERS = {"classical-synchronous": synchronous, "classical-diagonal": diagonal}
