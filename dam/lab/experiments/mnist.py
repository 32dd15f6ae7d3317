"""Training on the MNIST digits: the curves of Fig. 1B, and the networks behind Fig. 2."""

from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np

from dam import datasets
from dam.arrays import to_numpy
from dam.network.classifier import Classifier, error_percent
from dam.network.recipes import Recipe
from dam.network.training import train

SUMMARY = "MNIST: test error while K = 2000 memories learn, and the memories (Figs 1B and 2)"

CHANGES = {field.name: field.type for field in fields(Recipe) if field.name not in ("n", "epochs")}
SAME = {"weights": True, "checkpoint": None, "checkpoint_every": 5, "resume": False} | dict.fromkeys(CHANGES)
SCALES = {
    "demo": {"n": 3, "epochs": 10, "schedule": "compressed", **SAME},
    "paper": {"n": 3, "epochs": 3000, "schedule": "paper", **SAME},
}
SECONDS = {"demo": 30, "paper": 8000}
SCHEDULES = {"paper": Recipe.paper, "ten-minutes": Recipe.ten_minutes}


def variant(parameters):
    """Return the variant of the result's name: ``n3``, ``n3-compressed``, or ``n3-ten-minutes``."""
    return f"n{parameters['n']}" + ("" if parameters["schedule"] == "paper" else f"-{parameters['schedule']}")


def recipe(parameters):
    """Return the recipe that the parameters stand for.

    ``schedule`` is 'paper' (Appendix A's) or 'ten-minutes' (`Recipe.ten_minutes`), stopped after ``epochs``, or
    'compressed' (all of it within ``epochs``); every other field of a recipe that is not None replaces the schedule's.
    """
    changes = {name: parameters[name] for name in CHANGES if parameters.get(name) is not None}
    for name, value in changes.items():
        if isinstance(value, str):  # from the command line
            try:
                changes[name] = CHANGES[name](value)
            except ValueError:
                raise ValueError(f"{name} must be of type {CHANGES[name].__name__}, got {value!r}") from None
    if parameters["schedule"] == "compressed":
        return replace(Recipe.compressed(parameters["n"], parameters["epochs"]), **changes)
    if parameters["schedule"] not in SCHEDULES:
        raise ValueError(f"schedule must be compressed, {' or '.join(SCHEDULES)}, got {parameters['schedule']!r}")
    return replace(SCHEDULES[parameters["schedule"]](parameters["n"]), **changes)


def recorded(parameters):
    """Return the parameters to store: the whole recipe, ``epochs`` as trained. `run` accepts them again."""
    kept = {name: parameters[name] for name in ("schedule", "weights")}
    return asdict(recipe(parameters)) | kept | {"epochs": length(parameters)}


def length(parameters):
    """Return for how many epochs to train: ``epochs``, but no more than there are in the ten minutes."""
    short = parameters["schedule"] == "ten-minutes"
    return min(parameters["epochs"], recipe(parameters).epochs) if short else parameters["epochs"]


def run(
    *, seed, backend=None, progress=False, results=None, checkpoint=None, resume=False, checkpoint_every=5, **parameters
):
    """Train on the 60,000 digits and measure the test error on the 10,000.

    ``checkpoint`` is a file to keep the state in every ``checkpoint_every`` epochs, and ``resume`` goes on from it if
    it is there. With the folder ``results`` instead, a training keeps its checkpoint there until it is done.

    Returns
    -------
    dict
        ``test_error_percent`` of the stored float16 weights under eq. (9); ``first_epoch_below_2_percent``,
        counted from 1, or None; ``epochs``; ``T`` at the end, in neurons; ``train_seconds``, of a resumed
        training in all.
    dict
        ``visible (K, 784)`` and ``labels (K, 10)`` as float16, if ``weights`` is true; ``test_error`` and
        ``train_error`` of each epoch in %.
    """
    own = checkpoint is None and results is not None
    if own:
        checkpoint = Path(results) / f".mnist-{variant(parameters)}-seed{seed}.ckpt.npz"
    elif checkpoint is None and resume:
        raise ValueError("resume needs a checkpoint to go on from, got checkpoint=None")
    x, y, x_test, y_test = datasets.mnist()
    settings, epochs = recipe(parameters), length(parameters)
    network, history = train(
        x,
        y,
        settings,
        seed=seed,
        x_test=x_test,
        y_test=y_test,
        epochs=epochs,
        checkpoint=checkpoint,
        resume=resume and Path(checkpoint).exists(),
        checkpoint_every=checkpoint_every,
        progress=progress,
        backend=backend,
    )
    visible, labels = (to_numpy(w).astype(np.float16) for w in (network.visible, network.labels))
    stored = Classifier(visible, labels, network.n, network.T, network.kind)
    below = np.flatnonzero(history["test_error"] < 2)
    values = {
        "test_error_percent": error_percent(stored, x_test, y_test),
        "first_epoch_below_2_percent": int(below[0]) + 1 if len(below) else None,
        "epochs": epochs,
        "T": network.T,
        "train_seconds": float(history["seconds"].sum()),
    }
    if own:
        checkpoint.unlink()
    arrays = {name: history[name] for name in ("test_error", "train_error")}
    return values, arrays | ({"visible": visible, "labels": labels} if parameters["weights"] else {})
