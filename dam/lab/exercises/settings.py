"""Answers to the exercises of the chapter on settings."""

from typing import Any

import numpy as np

from dam import datasets
from dam.network import classifier, training
from dam.network.recipes import Recipe


def copies(answer: Any) -> str | None:
    right = 5 ** (1 / 3)
    if abs(answer - right) < 0.01:
        return None
    if abs(answer - 5) < 0.01:
        return "The sum grows by this factor; the temperature stands in it to the power -n."
    if abs(answer - 1 / right) < 0.01:
        return "More memories make larger arguments, so the temperature must rise."
    return "Which power of T stands before the sum over memories?"


def start(n: int, **changes: Any) -> float:
    """The own temperature of an untrained network, in neurons, from the mean argument of 1000 digits."""
    xi = training.initial_weights(Recipe.paper(n, **changes), 794, 0, "float64")
    network = classifier.Classifier(xi[:, :784], xi[:, 784:], n, 300.0, form="dual")
    return 300 * abs(network.arguments(datasets.mnist().x_train[:1000].astype(float)).mean()) ** (1 / n)


def wall(answer: Any) -> str | None:
    if abs(answer - start(20, init_mean=-0.6)) < 6:
        return None
    if abs(answer - start(3, init_mean=-0.6)) < 6:
        return "This is the start at n = 3."
    if abs(answer - start(20, init_mean=-0.1)) < 6:
        return "This is the start for a mean of -0.1."
    return "Change init_mean in the recipe of start_temperature, and keep 2000 memories."


def eight(answer: Any) -> str | None:
    if abs(answer - start(8, K=200)) < 6:
        return None
    if abs(answer - start(8)) < 6:
        return "This is the start with 2000 memories."
    return "Call start_temperature with n = 8 and K = 200."


def fast(answer: Any) -> str | None:
    x, y, *_ = datasets.mnist()
    steady = {"T_initial": 400, "T_final": 400, "ramp_epochs": 0}
    recipe = Recipe.paper(20, K=200, form="dual", epsilon0=0.3, **steady)
    network, _ = training.train(x, y, recipe, seed=0, epochs=4, progress=False)
    right = 100 * np.mean(classifier.inactive(network.visible, x))
    if abs(answer - right) <= 3:
        return None
    if abs(100 * answer - right) <= 3:
        return "Give it in percent."
    if abs(100 - answer - right) <= 3:
        return "These are awake; the question is how many are asleep."
    return (
        "Train at T = 400 with n = 20, 200 memories and four epochs, and take the mean of inactive(network.visible, x)."
    )


ANSWERS = {"settings-copies": copies, "settings-wall": wall, "settings-eight": eight, "settings-fast": fast}
