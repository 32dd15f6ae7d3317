"""MNIST: the tug of war on a few memories while they learn: what the digits of each class do to them"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dam import datasets
from dam.arrays import Array, to_numpy
from dam.lab.experiments import Experiment, Outcome
from dam.network import pulls
from dam.network.classifier import Classifier, inactive
from dam.network.recipes import Recipe
from dam.network.training import initial_weights, train

PAPER = {"n": (3, 20), "after": (0, 1, 2, 3, 4, 6, 8, 10, 13, 16, 20, 25, 30), "K": 2000, "memories": 3}
DEMO = {"n": (3,), "after": (0, 1, 2), "K": 50, "memories": 2}
RANGES = {"after": (0, 10**6)}
LEVELS = 127  # pictures are whole numbers from -127 to 127


def run(
    *, seed: int, n: Sequence[int], after: Sequence[int], K: int, memories: int, backend: str | None = None,
    progress: bool = False, work: Path | str | None = None,
) -> Outcome:  # fmt: skip
    """Train by `Recipe.compressed`, stop after some epochs, and take the gradient over all 60,000 digits apart.

    Of the ``memories`` that are followed the first has the largest overlap with the seven of the book in the end; the
    others are drawn among those that some digit turns on.

    Arrays for each n, with E stops and P memories: ``chosen_n{n} (P,)``; ``memory_n{n} (E, P, 784)``, visible weights
    times 127; ``votes_n{n} (E, P, 10)``, label weights; ``along_n{n} (E, P, 10)``, see `dam.network.pulls.by_class`;
    ``pull_n{n}`` and ``push_n{n} (E, P, 784)``, what the digits that pull add up to, and those that push, in units of
    ``unit_n{n} (E, P)``; ``test_error_n{n}`` after each epoch in %. Values: ``test_error_percent_n{n}`` in the end.
    """
    values: dict[str, float] = {}
    arrays: dict[str, Array] = {}
    if list(after) != sorted(set(after)) or after[-1] == 0:
        raise ValueError(f"after must hold ascending numbers of epochs, the last above 0, got {tuple(after)}")
    if memories > K:
        raise ValueError(f"memories must be at most K = {K}, got {memories}")
    for degree in n:
        recipe = Recipe.compressed(degree, max(2, *after), K=K)
        networks, errors = stops(recipe, after, seed, backend, progress, work)
        chosen = choose(networks[-1].visible, memories, seed)
        frames = [frame(network, recipe.m, chosen) for network in networks]
        found = {name: np.stack([one[name] for one in frames]) for name in frames[0]}
        found |= {"chosen": chosen, "test_error": errors}
        arrays |= {f"{name}_n{degree}": array for name, array in found.items()}
        values[f"test_error_percent_n{degree}"] = float(errors[-1])
    return values, arrays


def stops(
    recipe: Recipe, after: Sequence[int], seed: int, backend: str | None, progress: bool,
    work: Path | str | None = None,
) -> tuple[list[Classifier], np.ndarray]:  # fmt: skip
    """Return the network after each of some numbers of epochs, and the test error after every epoch in %.

    Between the stops the training lies in a folder in ``work``, which goes with it even after a kill.
    """
    x, y, x_test, y_test = datasets.mnist()
    networks = []
    if work is not None:
        Path(work).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work) as folder:
        options: dict[str, Any] = {
            "seed": seed,
            "x_test": x_test,
            "y_test": y_test,
            "backend": backend,
            "progress": progress,
        }
        options["checkpoint"] = Path(folder) / "training.npz"
        for epochs in after:
            weights: Any
            if epochs:
                resume = options["checkpoint"].exists()
                network, history = train(x, y, recipe, epochs=epochs, resume=resume, checkpoint_every=100, **options)
                weights = to_numpy(network.visible), to_numpy(network.label_weights)
            else:
                weights = np.split(initial_weights(recipe, x.shape[1] + 10, seed, "float32"), [x.shape[1]], axis=1)
            T = recipe.temperature(max(epochs - 1, 0))
            networks.append(Classifier(weights[0], weights[1], recipe.n, T, recipe.kind, recipe.form))
    return networks, history["test_error"]


def choose(visible: Array, memories: int, seed: int) -> np.ndarray:
    """Return the memory that is most like the seven of the book, and others that are awake: `memories` indices."""
    x = datasets.mnist().x_train
    first = int(np.argmax(visible @ x[datasets.SEVEN]))
    awake = np.setdiff1d(np.flatnonzero(~inactive(visible, x)), first)
    return np.append(first, np.random.default_rng((seed, 7)).choice(awake, memories - 1, replace=False))


def frame(network: Any, m: int, chosen: Array) -> dict[str, np.ndarray]:
    """Return the pictures, votes and pulls of some memories of a network: see `run`."""
    x, y = datasets.mnist()[:2]
    xi = network.visible[chosen]
    w = pulls.digit_weights(network, x, y, m, chosen)
    pull, push = w.clip(0).T @ x, (-w).clip(0).T @ x
    unit = np.maximum(np.abs([pull, push]).max(axis=(0, 2)) / LEVELS, np.finfo(np.float32).tiny)
    whole = lambda picture: np.rint(picture).astype(np.int8)
    return {
        "memory": whole(LEVELS * xi),
        "votes": network.label_weights[chosen],
        "along": pulls.by_class(w, x, y, xi),
        "pull": whole(pull / unit[:, None]),
        "push": whole(-push / unit[:, None]),
        "unit": unit,
    }


EXPERIMENT = Experiment(__doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 10, "paper": 600}, run, ranges=RANGES)
