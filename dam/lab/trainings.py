"""One training among many: a point of the sweeps over hyperparameters and activations."""

import time
from contextlib import suppress
from typing import Any

import numpy as np

from dam import datasets
from dam.network.classifier import error_percent, inactive
from dam.network.hidden import HiddenStep
from dam.network.objective import CLASSES, targets
from dam.network.recipes import Recipe
from dam.network.training import initial_weights, minibatches, train

SCALARS = ("error_percent", "asleep_percent", "seconds")


def train_once(recipe: dict, seed: int, held_out: bool, backend: str | None) -> dict[str, Any]:
    """Train on MNIST by a recipe, given as a dict of its fields, and return how that went.

    Parameters
    ----------
    recipe : dict
    seed : int
        Of the initial weights and minibatches.
    held_out : bool
        Train on 50,000 of the training digits and measure on the 10,000 others, always the same ones; else train on all
        60,000 and measure on the test digits.
    backend : {'numpy', 'cupy'}

    Returns
    -------
    dict
        ``error`` and ``train_error``: curves in %, one entry for each epoch, in the form that is trained;
        ``error_percent``, at the end, of the associative form (9); ``asleep_percent``, the memories that no training
        digit turns on; ``seconds``. A training that breaks down (a NaN turns up) has NaN throughout.
    """
    chosen, (x, y, x_test, y_test) = Recipe(**recipe), digits(held_out)
    settings: dict[str, Any] = {"seed": seed, "x_test": x_test, "y_test": y_test, "backend": backend, "progress": False}
    try:
        network, history = train(x, y, chosen, **settings)
    except FloatingPointError:
        curve = np.full(chosen.epochs, np.nan)
        return {"error": curve, "train_error": curve} | dict.fromkeys(SCALARS, np.nan)
    return {
        "error": history["test_error"],
        "train_error": history["train_error"],
        "error_percent": error_percent(network, x_test, y_test),
        "asleep_percent": 100 * np.mean(inactive(network.visible, x, kind=network.kind)),
        "seconds": history["seconds"].sum(),
    }


def train_hidden(activation: str, T: float, size: float, recipe: dict, seed: int, held_out: bool) -> dict[str, Any]:
    """Do what `train_once` does with a network whose activation is one of `dam.network.hidden.ACTIVATIONS`.

    Parameters
    ----------
    activation : str
    T : float
        Where the activation bends, in neurons: it is f(ξ·v / T).
    size : float
        Root mean square of the arguments of the outputs' tanh at the start, which sets β.
    recipe : dict
        Of n = 2; it sets all else. Its temperature is what it is there: β grows as the inverse of its square.
    seed, held_out
        As in `train_once`.

    Returns
    -------
    dict
        ``error``, on the digits that were left out, and ``train_error``: as in `train_once`, NaN from the epoch on in
        which a training breaks down; and ``seconds``. The same bits whatever the number of threads.
    """
    chosen, (x, y, x_test, y_test), begun = Recipe(**recipe), digits(held_out), time.perf_counter()
    curves = np.full((2, chosen.epochs), np.nan)
    xi = initial_weights(chosen, x.shape[1] + CLASSES, seed, x.dtype)
    t = targets(np.repeat(np.arange(CLASSES), chosen.batch_per_class), dtype=x.dtype)
    with HiddenStep(x, t, xi, np.zeros_like(xi), chosen, activation) as step, suppress(FloatingPointError):
        first = size / np.sqrt(np.mean(step.arguments(x[: len(t)], T) ** 2))
        for epoch in range(chosen.epochs):
            step.beta = first * (chosen.T_initial / chosen.temperature(epoch)) ** 2
            batches = minibatches(y, chosen.batch_per_class, seed, epoch)
            wrong = step.epoch(batches, T, chosen.epsilon(epoch))
            curves[:, epoch] = 100 * step.wrong(x_test, y_test, T) / len(y_test), 100 * wrong / batches.size
    return {"error": curves[0], "train_error": curves[1], "seconds": time.perf_counter() - begun}


def digits(held_out: bool) -> tuple[np.ndarray, ...]:
    """Return the digits to train on with their classes, and those to measure on with theirs: see `train_once`."""
    x, y, x_test, y_test = datasets.mnist()
    if not held_out:
        return x, y, x_test, y_test
    kept, others = datasets.held_out_split(y)
    return x[kept], y[kept], x[others], y[others]
