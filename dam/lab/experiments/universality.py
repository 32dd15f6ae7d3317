"""Universality: networks of six activations, two for each of n = 1, 2, 3, trained alike on MNIST"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import product
from typing import Any

import numpy as np

from dam import checks
from dam.lab.common import on_cpu
from dam.lab.experiments import Experiment, Outcome
from dam.lab.trainings import train_hidden
from dam.lab.verdicts import Claim
from dam.network.hidden import ACTIVATIONS
from dam.network.recipes import Recipe

PAPER = {"epsilon0": (0.05, 0.1), "T": (30.0, 60.0, 120.0, 240.0), "tried_epochs": 10, "tried_K": 500, "epochs": 30,
         "K": 2000, "trainings": 3}  # fmt: skip
DEMO = {"epsilon0": (0.1,), "T": (60.0, 120.0), "tried_epochs": 2, "tried_K": 20, "epochs": 2, "K": 40, "trainings": 2}
RANGES = {"epsilon0": (1e-6, 1.0), "T": (1.0, 750.0), "tried_epochs": (2, 10**6), "tried_K": (1, 10**9),
          "trainings": (1, 1000)}  # fmt: skip
FALL = 400 / 60
"""T falls from so many times its final value, as in the paper's window for n = 2."""
LEVEL = 3.0
"""Percent of the training digits: the epochs until fewer are wrong are counted."""


def run(
    *, seed: int, epsilon0: Sequence[float], T: Sequence[float], tried_epochs: int, tried_K: int, epochs: int, K: int,
    trainings: int, sweep: Callable, backend: str | None = None,
) -> Outcome:  # fmt: skip
    """Choose learning rate and temperature for each activation on held-out digits, then train with them on all digits.

    The networks are those of eq. (10), trained by eqs. (12)-(14) and Appendix A with the settings of
    `Recipe.compressed` at n = 2 whatever the activation: its power m, momentum, minibatches, initial weights and limits
    of the weights. T falls to its final value, one of ``T``, in two thirds of the epochs.

    Every pair of ``epsilon0`` and ``T`` is tried on 50,000 digits with ``tried_K`` hidden units for ``tried_epochs``;
    the arguments of the outputs' tanh are kept as large as with ``K`` units. The pair with the fewest errors on the
    10,000 other digits is trained with K units for so many ``epochs``, in so many ``trainings`` of other initial
    weights and minibatches.

    Values, for each activation of `dam.network.hidden.ACTIVATIONS`: ``epsilon0_{name}``, ``T_{name}`` and
    ``held_out_percent_{name}``, what was chosen; means over the trainings: ``test_percent_{name}`` and
    ``train_percent_{name}`` of the last epoch, ``epochs_{name}``, the first epoch, counted from 1, with fewer than 3 %
    of errors in training, NaN unless all trainings have one; ``train_seconds`` of all trainings. Arrays: ``epsilon0``,
    ``T``; for each activation ``held_out_{name} (epsilon0, T)``, and ``test_{name}`` and ``train_{name} (trainings,
    epochs)``, in %.
    """
    on_cpu(backend, "the activations are computed by NumPy on the CPU")
    for name, number in (("tried_epochs", tried_epochs), ("epochs", epochs)):
        checks.count(name, number, minimum=2)
    grid, names = list(product(epsilon0, T)), list(ACTIVATIONS)
    tried = [task(name, tried_epochs, tried_K, rate, low, seed, True, K) for name in names for rate, low in grid]
    tries = sweep(train_hidden, tried)
    held_out = np.array([one["error"][-1] for one in tries]).reshape(len(names), len(grid))
    if np.isnan(held_out).all(axis=1).any():
        raise FloatingPointError("every trial of an activation broke down; try smaller epsilon0 or higher T")
    best = np.nanargmin(held_out, axis=1)
    chosen = [
        task(name, epochs, K, rate, low, trainings * seed + each, False, K)
        for name, (rate, low) in zip(names, [grid[i] for i in best])
        for each in range(trainings)
    ]
    final = sweep(train_hidden, chosen)
    values: dict[str, Any] = {}
    arrays = {"epsilon0": np.array(epsilon0), "T": np.array(T)}
    for i, name in enumerate(names):
        own = final[trainings * i : trainings * (i + 1)]
        test, train = (np.array([one[key] for one in own]) for key in ("error", "train_error"))
        values[f"epsilon0_{name}"], values[f"T_{name}"] = grid[best[i]]
        values[f"held_out_percent_{name}"] = float(held_out[i, best[i]])
        values[f"test_percent_{name}"] = float(test[:, -1].mean())
        values[f"train_percent_{name}"] = float(train[:, -1].mean())
        values[f"epochs_{name}"] = float(np.mean([first_below(curve, LEVEL) for curve in train]))
        arrays[f"held_out_{name}"] = held_out[i].reshape(len(epsilon0), len(T))
        arrays |= {f"test_{name}": test, f"train_{name}": train}
    values["train_seconds"] = float(sum(one["seconds"] for one in [*tries, *final]))
    return values, arrays


def task(
    activation: str, epochs: int, K: int, epsilon0: float, T: float, seed: int, held_out: bool, width: int
) -> dict[str, Any]:
    """Return the arguments of one training."""
    recipe = asdict(Recipe.compressed(2, epochs, epsilon0=epsilon0, T_initial=FALL * T, T_final=T, K=K))
    return {"activation": activation, "recipe": recipe, "seed": seed, "held_out": held_out, "width": width}


def first_below(curve: np.ndarray, level: float) -> float:
    """Return the first epoch, counted from 1, in which a curve is below the level; NaN if there is none."""
    below = np.flatnonzero(curve < level)
    return float(below[0] + 1) if len(below) else float("nan")


def of_power(n: int) -> list[str]:
    """Return the names of the activations whose interaction grows as x^n."""
    return [name for name, activation in ACTIVATIONS.items() if activation.n == n]


def widest(result: Any) -> float:
    """Return the largest difference of the test errors of two activations of the same n."""
    errors = [[result.values[f"test_percent_{name}"] for name in of_power(n)] for n in (1, 2, 3)]
    return float(max(max(own) - min(own) for own in errors))


def speed_up(result: Any) -> float:
    """Return how many times as many epochs the quickest activation of n = 1 takes as the slowest of n = 2.

    One of n = 1 that never gets there takes one epoch more than it was trained for; if one of n = 2 does not, NaN.
    """
    first, second = ([result.values[f"epochs_{name}"] for name in of_power(n)] for n in (1, 2))
    return float(np.nan_to_num(first, nan=result.parameters["epochs"] + 1).min() / np.max(second))


CLAIMS = (
    Claim("same-asymptotics", "Section 5",
          "activation functions with the same asymptotics form a universality class with similar computational "
          "properties",
          "K = 2000, 30 epochs, mean over three trainings: the test errors of the two activations of each n = 1, 2, 3 "
          "differ by less than 0.3 points",
          widest, lambda numbers: all(number < 0.3 for number in numbers), digits=2, unit=" points",
          source="paper", fixed="2026-11-28", blind=True),
    Claim("speed-up", "Section 5",
          "training speeds up from n = 1 (tanh, logistic) to n = 2 (rectified linear)",
          "K = 2000, mean over three trainings: until fewer than 3 % of the training digits are wrong, the quickest "
          "activation of n = 1 takes more epochs than the slowest of n = 2",
          speed_up, lambda numbers: all(number > 1 for number in numbers), digits=2, unit=" times as many epochs",
          source="paper", fixed="2026-11-28", blind=True),
)  # fmt: skip

EXPERIMENT = Experiment(
    __doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 10, "paper": 4000}, run, claims=CLAIMS, place=7.5, ranges=RANGES
)
