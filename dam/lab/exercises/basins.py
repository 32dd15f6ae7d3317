"""Answers to the exercises of the chapter on basins."""

from typing import Any

import numpy as np

from dam.datasets import random_patterns
from dam.memory.interactions import Polynomial
from dam.memory.retrieval import unstable_neurons


def frozen(answer: Any) -> str | None:
    """Judge the number of memories at which half of the random states of 64 neurons are fixed under the field rule."""
    try:
        K = int(answer)
    except (TypeError, ValueError):
        return f"This is {answer!r}; the answer is a number of memories."
    if not 1 <= K <= 5000:
        return f"{K} is far off: some hundreds of memories freeze 64 neurons."
    rng, found = np.random.default_rng(1), []
    for _ in range(60):
        xi, states = random_patterns(K, 64, rng), random_patterns(20, 64, rng)
        found.append(~unstable_neurons(states, xi, Polynomial(2), rule="field").any(axis=1))
    share = np.mean(found)
    if 0.3 < share < 0.75:
        return None
    few = "too few" if share <= 0.3 else "too many"
    return f"With {K} memories {100 * share:.0f} % of random states are fixed points: {few} memories."


ANSWERS = {"basins-frozen": frozen}
