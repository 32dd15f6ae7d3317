"""Checks for the exercises of the chapter on dense associative memories."""

import math
from typing import Any

import numpy as np

from dam import datasets
from dam.memory import overlaps, retrieve, theory
from dam.memory.interactions import Polynomial, RectifiedPolynomial


def variance(answer: Any) -> str | None:
    """The smallest N at which the variance at n = 3 is within 1 % of its leading form 108 N^2."""
    ratio = lambda N: theory.noise_moments(N, Polynomial(3))[1] / (108 * N**2)
    right = next(N for N in range(10, 1000) if ratio(N) > 0.99)
    if answer == right:
        return None
    if answer == next(N for N in range(10, 1000) if ((N - 1) / N) ** 2 > 0.99):
        return "That keeps only the square of M = N - 1; the other terms of the variance count as well."
    if not isinstance(answer, int | np.integer) or answer < 2:
        return "The answer is a number of neurons, an integer."
    where = "already within 1 %, and so it is at a smaller N" if ratio(int(answer)) > 0.99 else "not yet within 1 %"
    return f"At N = {answer} the ratio is {ratio(int(answer)):.4f}: {where}."


def damage(answer: Any, memories: int = 200) -> str | None:
    """Percent of memories recalled exactly at N = 100, K = 2000, n = 10, with 30 % of the bits flipped."""
    rng = np.random.default_rng(0)
    xi = datasets.random_patterns(2000, 100, rng)
    cues = datasets.damage(xi[:memories], 0.3, rng)
    share = np.mean((retrieve(cues, xi, RectifiedPolynomial(10), rng) == xi[:memories]).all(axis=1))
    nearest = np.mean(overlaps(cues, xi).argmax(axis=1) == np.arange(memories))
    allowed = 400 * math.sqrt(share * (1 - share) * (1 / 100 + 1 / memories))  # both shares vary by chance
    if abs(answer - 100 * share) <= allowed:
        return None
    if 0 < answer <= 1:
        return "This is a share; the question is in percent."
    if answer > 100 * nearest:
        return f"The nearest memory is right for {100 * nearest:.0f} %, and the network cannot beat it by so much."
    return f"In our run it is {100 * share:.0f} % of {memories}. Are the bits flipped with p = 0.3, and is n = 10?"


ANSWERS = {"dense-variance": variance, "dense-damage": damage}
