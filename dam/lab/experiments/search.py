"""MNIST: learning rate and temperature chosen on 10,000 held-out digits, on a schedule of a few minutes"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import product

import numpy as np

from dam import checks
from dam.lab.experiments import Experiment, Outcome
from dam.lab.trainings import train_once
from dam.network.recipes import Recipe

PAPER = {"n": 3, "epochs": 40, "epsilon0": (0.03, 0.06, 0.12), "T": None, "K": 2000}
DEMO = {"n": 3, "epochs": 3, "epsilon0": (0.06, 0.12), "T": (60.0, 90.0), "K": 100}
RANGES = {"epsilon0": (1e-6, 1.0), "T": (1.0, 5000.0)}
WINDOW = {True: (30.0, 45.0, 60.0, 90.0), False: (400.0, 500.0, 600.0, 700.0)}  # of T, at small n and at large n


def variant(parameters: dict, scale: str = "paper") -> str:
    """Return the variant of the result's name: ``n3``."""
    return f"n{parameters['n']}"


def recorded(parameters: dict) -> dict:
    """Return the parameters to store, with the temperatures that were tried."""
    return parameters | {"T": temperatures(parameters["n"], parameters["T"])}


def temperatures(n: int, T: Sequence[float] | None) -> tuple[float, ...]:
    """Return the final temperatures to try: those given, by default the window of the paper and a little beyond."""
    return tuple(T or ()) or WINDOW[Recipe.paper(n).ramp_epochs > 0]


def run(
    *, seed: int, n: int, epochs: int, epsilon0: Sequence[float], T: Sequence[float] | None, K: int, sweep: Callable,
    backend: str | None = None,
) -> Outcome:  # fmt: skip
    """Train at each pair of learning rate and final temperature on 50,000 digits, then at the best on all 60,000.

    The paper's protocol; everything else is `Recipe.compressed`. The window is what cannot be told from the best: pairs
    whose held-out error is at most two standard errors above the lowest, from the sampling of 10,000 digits.

    Values: ``epsilon0`` and ``T`` of the lowest held-out error; ``held_out_percent``, that error;
    ``test_error_percent`` of the training with them on all digits, looked at once; ``window``, how many pairs are in
    it; ``train_seconds`` of all trainings. Arrays: ``epsilon0``, ``T``; (epsilon0, T) each: ``held_out_percent``,
    ``in_window``, ``train_percent`` of the last epoch; ``held_out_curve (epsilon0, T, epochs)``.
    """
    T = temperatures(n, T)
    checks.count("epochs", epochs, minimum=2)
    grid = list(product(epsilon0, T))
    found = sweep(train_once, [task(n, epochs, K, *place, seed, True, backend) for place in grid])
    shape = len(epsilon0), len(T)
    held_out = np.array([one["error_percent"] for one in found])
    if np.isnan(held_out).all():
        raise FloatingPointError("every training of the search broke down; try smaller epsilon0 or higher T")
    best = int(np.nanargmin(held_out))
    (final,) = sweep(train_once, [task(n, epochs, K, *grid[best], seed, False, backend)])
    margin = 2 * np.sqrt(held_out[best] * (100 - held_out[best]) / 10_000)
    arrays = {
        "epsilon0": np.array(epsilon0),
        "T": np.array(T),
        "held_out_percent": held_out.reshape(shape),
        "in_window": (held_out <= held_out[best] + margin).reshape(shape),
        "train_percent": np.array([one["train_error"][-1] for one in found]).reshape(shape),
        "held_out_curve": np.array([one["error"] for one in found], np.float32).reshape(*shape, epochs),
    }
    values = {
        "epsilon0": grid[best][0],
        "T": grid[best][1],
        "held_out_percent": held_out[best],
        "test_error_percent": final["error_percent"],
        "window": int(arrays["in_window"].sum()),
        "train_seconds": float(np.nansum([one["seconds"] for one in [*found, final]])),
    }
    return values, arrays


def task(
    n: int, epochs: int, K: int, epsilon0: float, T: float, seed: int, held_out: bool, backend: str | None
) -> dict:
    """Return the arguments of one training."""
    recipe = Recipe.compressed(n, epochs, epsilon0=epsilon0, T_final=T, K=K)
    if recipe.ramp_epochs == 0:
        recipe = Recipe.compressed(n, epochs, epsilon0=epsilon0, T_initial=T, T_final=T, K=K)
    return {"recipe": asdict(recipe), "seed": seed, "held_out": held_out, "backend": backend}


EXPERIMENT = Experiment(
    __doc__,
    {"demo": DEMO, "paper": PAPER},
    {"demo": 10, "paper": 1200},
    run,
    variant,
    recorded,
    named=("n",),
    ranges=RANGES,
)
