"""One training among many: a point of the sweeps over hyperparameters."""

from typing import Any

import numpy as np

from dam import datasets
from dam.network.classifier import error_percent, inactive
from dam.network.recipes import Recipe
from dam.network.training import train

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
    chosen, (x, y, x_test, y_test) = Recipe(**recipe), datasets.mnist()
    if held_out:
        kept, others = datasets.held_out_split(y)
        x, y, x_test, y_test = x[kept], y[kept], x[others], y[others]
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
