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
from dam.network.objective import OBJECTIVES
from dam.network.recipes import Recipe

PAPER = {"objective": "power", "size": (0.1, 0.3, 1.0, 3.0, 10.0), "T": (5.0, 15.0, 50.0, 150.0, 450.0), "tried_K": 100,
         "epochs": 30, "K": 2000, "trainings": 3}  # fmt: skip
DEMO = {"objective": "power", "size": (1.0,), "T": (50.0, 150.0), "tried_K": 20, "epochs": 2, "K": 40,
        "trainings": 2}  # fmt: skip
RANGES = {"objective": OBJECTIVES, "size": (1e-6, 1e6), "T": (1.0, 5000.0), "tried_K": (1, 10**9),
          "trainings": (1, 1000)}  # fmt: skip
LEVEL = 5.0
"""Percent of the training digits: the epochs until fewer are wrong are counted."""


def variant(parameters: dict, scale: str = "paper") -> str:
    """Return the variant of the result's name: none if trained by eq. (14), else ``softmax``."""
    return "" if parameters["objective"] == "power" else parameters["objective"]


def run(
    *, seed: int, objective: str, size: Sequence[float], T: Sequence[float], tried_K: int, epochs: int, K: int,
    trainings: int, sweep: Callable, backend: str | None = None,
) -> Outcome:  # fmt: skip
    """Choose two settings for each activation on held-out digits, then train with them on all digits.

    The networks are those of eq. (10), c = tanh(β Σ ξ_α f(ξ·v / T)), trained by eqs. (12)-(14) and Appendix A with the
    settings of `Recipe.compressed` at n = 2 whatever the activation: power m, learning rates, momentum, minibatches,
    initial weights, limits of the weights, and the growth of β, by the factor and in the epochs as there by the fall of
    its temperature. ``objective`` is "power", eq. (14), or "softmax", cross-entropy. How large the outputs are at the
    start decides whether a training gets anywhere, and not in the same way for all activations, so it is chosen too.

    Tried is every pair of the ``size`` of the arguments of the outputs' tanh at the start (root mean square), which
    sets β, and of ``T``, on 50,000 digits with ``tried_K`` hidden units. The pair with the fewest errors on the 10,000
    other digits is trained with ``K`` units in so many ``trainings`` of other initial weights and minibatches. Every
    training, a trial or not, takes so many ``epochs``.

    Values, for each activation of `dam.network.hidden.ACTIVATIONS`: ``size_{name}``, ``T_{name}`` and
    ``held_out_percent_{name}``, what was chosen; means over the trainings: ``test_percent_{name}`` and
    ``train_percent_{name}`` of the last epoch, ``epochs_{name}``, the first epoch, counted from 1, with fewer than 5 %
    of errors in training, NaN unless all trainings have one; ``train_seconds`` of all trainings. Arrays: what was
    tried, ``size`` and ``T``; for each activation ``held_out_{name} (size, T)``, and ``test_{name}`` and
    ``train_{name} (trainings, epochs)``, in %.
    """
    on_cpu(backend, "the activations are computed by NumPy on the CPU")
    checks.count("epochs", epochs, minimum=2)
    grid, names = list(product(size, T)), list(ACTIVATIONS)
    common: dict[str, Any] = {"epochs": epochs, "objective": objective}
    tried = [task(name, place, seed, True, K=tried_K, **common) for name in names for place in grid]
    tries = sweep(train_hidden, tried)
    held_out = np.array([one["error"][-1] for one in tries]).reshape(len(names), len(grid))
    if np.isnan(held_out).all(axis=1).any():
        raise FloatingPointError("every trial of an activation broke down; try smaller sizes")
    best = [grid[i] for i in np.nanargmin(held_out, axis=1)]
    seeds = range(trainings * seed, trainings * (seed + 1))
    chosen = [task(name, place, one, False, K=K, **common) for name, place in zip(names, best) for one in seeds]
    final = sweep(train_hidden, chosen)
    values: dict[str, Any] = {}
    arrays = {"size": np.array(size), "T": np.array(T)}
    for i, (name, place) in enumerate(zip(names, best)):
        own = final[trainings * i : trainings * (i + 1)]
        test, train = (np.array([one[key] for one in own]) for key in ("error", "train_error"))
        values |= {f"{key}_{name}": setting for key, setting in zip(("size", "T"), place)}
        values[f"held_out_percent_{name}"] = float(np.nanmin(held_out[i]))
        values[f"test_percent_{name}"] = float(test[:, -1].mean())
        values[f"train_percent_{name}"] = float(train[:, -1].mean())
        values[f"epochs_{name}"] = float(np.mean([first_below(curve, LEVEL) for curve in train]))
        arrays[f"held_out_{name}"] = held_out[i].reshape(len(size), len(T))
        arrays |= {f"test_{name}": test, f"train_{name}": train}
    values["train_seconds"] = float(sum(one["seconds"] for one in [*tries, *final]))
    return values, arrays


def task(
    activation: str, place: tuple[float, float], seed: int, held_out: bool, *, K: int, epochs: int, objective: str
) -> dict[str, Any]:
    """Return the arguments of one training at a place of the grid: size and T."""
    size, T = place
    recipe = asdict(Recipe.compressed(2, epochs, K=K, objective=objective))
    return {"activation": activation, "T": T, "size": size, "recipe": recipe, "seed": seed, "held_out": held_out}


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


def speed_up(result: Any) -> float | None:
    """Return how many times as many epochs the quickest activation of n = 1 takes as the slowest of n = 2.

    One of n = 1 that never gets there takes one epoch more than it was trained for; if one of n = 2 does not, None.
    """
    first, second = ([result.values[f"epochs_{name}"] for name in of_power(n)] for n in (1, 2))
    if np.isnan(second).any():
        return None
    return float(np.nan_to_num(first, nan=result.parameters["epochs"] + 1).min() / np.max(second))


CLAIMS = (
    Claim("same-asymptotics", "Section 5",
          "activation functions with the same asymptotics form a universality class with similar computational "
          "properties",
          "K = 2000, 30 epochs, mean over three trainings: the test errors of the two activations of each n = 1, 2, 3 "
          "differ by less than 0.3 points",
          widest, lambda numbers: all(number < 0.3 for number in numbers), digits=2, unit=" points",
          source="paper", fixed="2026-11-28", blind=False, expected="contradicted",
          reason="those of n = 3 do, those of n = 1 and 2 do not"),
    Claim("speed-up", "Section 5",
          "training speeds up from n = 1 (tanh, logistic) to n = 2 (rectified linear)",
          "K = 2000, mean over three trainings: until fewer than 5 % of the training digits are wrong, the quickest "
          "activation of n = 1 takes more epochs than the slowest of n = 2; one that does not get there counts as one "
          "epoch more than it was trained",
          speed_up, lambda numbers: all(number > 1 for number in numbers), digits=2,
          unit=" times as many epochs, or more",
          undecided="one of n = 2 does not get there",
          source="paper", fixed="2026-11-28", blind=False),
)  # fmt: skip
EXPERIMENT = Experiment(
    __doc__,
    {"demo": DEMO, "paper": PAPER},
    {"demo": 10, "paper": 5600},
    run,
    variant,
    claims=CLAIMS,
    named=("objective",),
    place=7.5,
    ranges=RANGES,
)
