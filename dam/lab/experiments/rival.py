"""Rival: the ordinary ReLU network with as many epochs and as many settings tried as the memory of n = 2 had"""

import time
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from dam import checks
from dam.arrays import one_blas_thread
from dam.lab.common import library, on_cpu
from dam.lab.experiments import Experiment, Outcome
from dam.lab.experiments.baselines import LAST, relu_networks
from dam.lab.stored import stored_result
from dam.lab.trainings import digits
from dam.lab.verdicts import Claim

PAPER = {"units": 2000, "batch": 200, "learning_rate": (0.0001, 0.0003, 0.001),
         "weight_decay": (0.0001, 0.01, 0.1, 1.0), "tried_epochs": 40, "epochs": 250, "networks": 3}  # fmt: skip
DEMO = {"units": 20, "batch": 1000, "learning_rate": (0.001,), "weight_decay": (0.0001, 1.0), "tried_epochs": 2,
        "epochs": 3, "networks": 2}  # fmt: skip
RANGES = {"units": (1, 10**5), "batch": (100, 60_000), "learning_rate": (1e-9, 1e3), "weight_decay": (0.0, 1e3),
          "tried_epochs": (1, 10**6), "networks": (2, 1000)}  # fmt: skip
MEMORY = "n2-ten-minutes"
"""The variant of the results of ``mnist`` that it is compared with, of the same number of epochs."""


def run(
    *, seed: int, units: int, batch: int, learning_rate: Sequence[float], weight_decay: Sequence[float],
    tried_epochs: int, epochs: int, networks: int, sweep: Callable, backend: str | None = None,
    folder: Path | str | None = None,
) -> Outcome:  # fmt: skip
    """Choose learning rate and weight decay on held-out digits, then train with them on all digits.

    The network of ``baselines``: one hidden layer of ReLU units with biases, cross-entropy, and Adam, from
    scikit-learn. Every pair of ``learning_rate`` and ``weight_decay`` is tried for ``tried_epochs`` on 50,000 digits,
    as many pairs as the experiment ``search`` tries for n = 2, and judged on the 10,000 others by the mean error of the
    last five epochs. Then so many ``networks`` are trained for so many ``epochs``, from independent initial weights.
    They are compared with as many memories of n = 2, the stored results of ``mnist`` of seeds 0, 1, ... .

    Values: ``learning_rate`` and ``weight_decay``, as chosen, with ``held_out_percent``; ``rival_percent`` and
    ``memory_percent``, mean test errors after the last epoch; ``difference_percent``, the first less the second, and
    ``standard_error_percent``, of the difference of the means; ``train_seconds`` of all trainings. Arrays:
    ``learning_rate``, ``weight_decay``, ``held_out (learning_rate, weight_decay, tried_epochs)``, ``test_error
    (networks, epochs)``, and ``memory_error (networks,)``, all errors in %.
    """
    needed = "the rival needs scikit-learn; install it"
    sklearn, *_ = library("scikit-learn", needed, "sklearn", "sklearn.neural_network")
    on_cpu(backend, "the rival is computed by scikit-learn on the CPU")
    for key, number in (("tried_epochs", tried_epochs), ("epochs", epochs), ("networks", networks)):
        checks.count(key, number)
    memories = [stored_result("mnist", MEMORY, one, folder).values["test_error_percent"] for one in range(networks)]
    grid, sizes = list(product(learning_rate, weight_decay)), {"units": units, "batch": batch}
    tries = sweep(train_rival, [task(pair, tried_epochs, [seed, 0], True, **sizes) for pair in grid])
    held_out = np.array([one["error"] for one in tries])
    late = held_out[:, -LAST:].mean(axis=1)
    best = grid[int(late.argmin())]
    final = sweep(train_rival, [task(best, epochs, [seed, 1 + one], False, **sizes) for one in range(networks)])
    test_error, memory_error = np.array([one["error"] for one in final]), np.array(memories)
    difference, error = compared(test_error[:, -1], memory_error)
    values = {
        "learning_rate": best[0],
        "weight_decay": best[1],
        "held_out_percent": float(late.min()),
        "rival_percent": float(test_error[:, -1].mean()),
        "memory_percent": float(memory_error.mean()),
        "difference_percent": difference,
        "standard_error_percent": error,
        "train_seconds": float(sum(one["seconds"] for one in [*tries, *final])),
        "scikit_learn": sklearn.__version__,
    }
    arrays = {
        "learning_rate": np.array(learning_rate),
        "weight_decay": np.array(weight_decay),
        "held_out": held_out.reshape(len(learning_rate), len(weight_decay), tried_epochs),
        "test_error": test_error,
        "memory_error": memory_error,
    }
    return values, arrays


def task(
    pair: tuple[float, float], epochs: int, seed: Sequence[int], held_out: bool, *, units: int, batch: int
) -> dict[str, Any]:
    """Return the arguments of one training with a pair of learning rate and weight decay."""
    settings = {"learning_rate": pair[0], "weight_decay": pair[1], "units": units, "batch": batch}
    return settings | {"epochs": epochs, "seed": list(seed), "held_out": held_out}


def train_rival(held_out: bool, epochs: int, **settings: Any) -> dict[str, Any]:
    """Train one network, with ``settings`` of `relu_networks`, and return its ``error`` after each epoch in %.

    ``held_out`` is that of `dam.lab.trainings.train_once`. One thread computes, so that the bits are always the same.
    """
    x, y, x_test, y_test = digits(held_out)
    begun = time.perf_counter()
    with one_blas_thread:
        networks = relu_networks(x, y, epochs=epochs, **settings)
        error = [100 * float(np.mean(network.predict(x_test) != y_test)) for network in networks]
    return {"error": np.array(error), "seconds": time.perf_counter() - begun}


def compared(rival: np.ndarray, memory: np.ndarray) -> tuple[float, float]:
    """Return the difference of the means of two samples, two or more in each, and its standard error."""
    variance = sum(np.var(sample, ddof=1) / len(sample) for sample in (rival, memory))
    return float(rival.mean() - memory.mean()), float(np.sqrt(variance))


def margin(result: Any) -> float:
    """Return by how many standard errors the memory makes fewer errors than its rival."""
    return result.values["difference_percent"] / result.values["standard_error_percent"]


CLAIMS = (
    Claim("memory-better", "Section 5, eq. (10)",
          "with as many epochs and settings tried, the memory of n = 2 makes fewer errors than an ordinary rectified "
          "linear network of as many units",
          "K = 2000, 250 epochs, three trainings each: the mean test error of the network is more than two standard "
          "errors of the difference above that of the memory",
          margin, lambda numbers: all(number > 2 for number in numbers), digits=1, unit=" standard errors",
          source="ours", fixed="2026-11-28", blind=True, expected="contradicted",
          reason="the network makes fewer errors"),
)  # fmt: skip

EXPERIMENT = Experiment(
    __doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 10, "paper": 11_000}, run, claims=CLAIMS, place=8.5, ranges=RANGES
)
