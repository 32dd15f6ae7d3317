"""Time a training step for n = 2, 3, 20 and 30, beside the matrix products it needs and what one would otherwise run.

usage: python benchmarks/training.py [--json FILE] [--rounds R] [--n 2 3 20 30] [--trained]

K = 2000 memories, minibatches of 1000 digits, all float32 but the tiled form. The sides take turns, because the speed
of a machine changes while others work on it: a round is a few steps of each side, after one that is not counted.
Times are medians over the rounds, and ratios are medians of the ratios within a round.

products   the floor: the two bare (K, M) x (M, N) products of a step, on all threads;
dam        the step of `dam.train` for ``form="dual"``, eq. (10);
exact      the same for ``form="exact"``, eq. (9);
eager      the recipe in PyTorch on the CPU, with the threads that it takes by itself (benchmarks/rivals_training.py);
compiled   that through ``torch.compile``, compiled beforehand;
tiled      the form of Appendix A: float64, digits tiled ten-fold, in the first two rounds.

With --trained, products, dam and exact are timed once more on the stored trained networks, at their last temperature.
"""

import argparse
import contextlib
import itertools
import json
import os
import platform
import statistics
import time
from dataclasses import dataclass, replace

import numpy as np
import rivals_training
from threadpoolctl import threadpool_info

from dam import arrays, datasets
from dam.lab import results
from dam.network import _step_fast, _step_plain
from dam.network.objective import targets
from dam.network.recipes import Recipe
from dam.network.training import initial_weights, minibatches

ABSENT = "not installed: pip install .[bench]"
DEGREES = (2, 3, 20, 30)


@dataclass
class Side:
    """One of those that take turns: ``steps`` timed in a round, in at most ``rounds``, after a warm one or not."""

    task: object
    steps: int = 5
    rounds: int = 1000
    warm: bool = True
    context: object = contextlib.nullcontext()


def products(v, visible):
    """Return a function that does the two matrix products of a step and nothing else."""
    h = np.empty((len(visible), len(v)), v.dtype)
    gradient = np.empty_like(visible)

    def both():
        np.matmul(visible, v.T, out=h)
        np.matmul(h, v, out=gradient)

    return both


def durations(task, repeats, warm=True):
    """Return how long each of so many runs of a task took, in seconds, after one that is not counted if ``warm``."""
    found = []
    for _ in range(repeats + warm):
        begun = time.perf_counter()
        task()
        found.append(time.perf_counter() - begun)
    return found[warm:]


def take_turns(sides, rounds):
    """Return for each side, by name, the median seconds of a step in every round that it took part in."""
    found = {name: [] for name in sides}
    for i in range(rounds):
        for name, side in sides.items():
            if i < side.rounds:
                with side.context:
                    found[name].append(statistics.median(durations(side.task, side.steps, side.warm)))
    return found


def ratio(seconds, others):
    """Return the median over rounds of a side's seconds over another's in the same round."""
    return statistics.median(s / other for s, other in zip(seconds, others))


def problem(n, data, start, changes):
    """Return recipe, weights, temperature and rate: at the start of a training, or of a stored trained network."""
    recipe = Recipe.paper(n, form="dual", **changes)
    if start is None:
        return recipe, initial_weights(recipe, 794, 0, np.float32), recipe.temperature(0), recipe.epsilon(0)
    xi = np.hstack([start.arrays["visible"], start.arrays["labels"]]).astype(np.float32)
    return recipe, xi, start.values["T"], recipe.epsilon(start.values["epochs"])


def measure(n, data, rounds, start=None, **changes):
    """Return the seconds of each side in each round, and why others are absent; from a stored network only three sides.

    ``changes`` replace fields of the recipe. Raises ``AssertionError`` if the first update in PyTorch is another than
    dam's.
    """
    recipe, xi, T, epsilon = problem(n, data, start, changes)
    batches = minibatches(data.y_train, recipe.batch_per_class, seed=0, epoch=0)
    t, x, v = targets(np.repeat(np.arange(10), recipe.batch_per_class)), data.x_train, data.x_train[batches[0]]
    rows, V, absent = itertools.cycle(batches), np.zeros_like(xi), {}
    step = _step_fast.make_step(x, t, xi.copy(), V.copy(), recipe)
    exact = _step_fast.make_step(x, t, xi.copy(), V.copy(), replace(recipe, form="exact"))
    sides = {
        "products": Side(products(v, np.ascontiguousarray(xi[:, :784]))),
        "dam": Side(lambda: step(next(rows), T, epsilon), context=step),
        "exact": Side(lambda: exact(next(rows), T, epsilon), context=exact),
    }
    if start is None:
        first = _step_plain.ArrayStep(x, t, xi, V, recipe)
        first(batches[0], T, epsilon)
        for name, compiled in (("eager", False), ("compiled", True)):
            try:
                rival = rivals_training.TorchStep(x, t, xi, V, recipe, compiled)
                rival(batches[0], T, epsilon)
            except ImportError:
                absent[name] = ABSENT
            except Exception as error:  # a compiler can fail in many ways
                absent[name] = f"fails: {type(error).__name__}"
            else:
                assert np.allclose(rival.xi, first.xi, atol=1e-4), f"PyTorch, {name}, does another update"
                sides[name] = Side(lambda rival=rival: rival(next(rows), T, epsilon))
        wide = [a.astype(np.float64) for a in (v, t, xi, V)]
        tiled = lambda: rivals_training.tiled_step(*wide, recipe, T, epsilon)
        sides["tiled"] = Side(tiled, steps=1, rounds=2, warm=False)
    return take_turns(sides, rounds), absent


def machine():
    """Return one line about the machine."""
    blas = ", ".join(
        f"{p['internal_api']} {p['version']} {p.get('architecture', '')} with {p['num_threads']} threads"
        for p in threadpool_info()
        if p["user_api"] == "blas"
    )
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"
    python = f"Python {platform.python_version()}, NumPy {np.__version__}"
    return f"{arrays.device_name(np)}; {python}, {blas}; {load}"


def lines(n, seconds, absent):
    """Return the lines of the table for degree n."""
    yield f"n = {n:<8}{'ms':>10}{'products = 1':>15}{'dam = 1':>10}"
    for name, s in seconds.items():
        ratios = ratio(s, seconds["products"]), ratio(s, seconds["dam"])
        yield f"{name:12}{1e3 * statistics.median(s):10.1f}{ratios[0]:15.2f}{ratios[1]:10.2f}"
    for name, why in absent.items():
        yield f"{name:12}{why}"


def main(arguments=None):
    """Measure, print the tables, and write them as JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    parser.add_argument("--rounds", type=int, default=8, help="default: 8")
    parser.add_argument("--n", type=int, nargs="+", default=DEGREES, help="default: 2 3 20 30")
    parser.add_argument("--trained", action="store_true", help="also on the stored trained networks")
    options = parser.parse_args(arguments)
    where, data, found = machine(), datasets.mnist(), {"start": {}, "trained": {}}
    print(f"One training step, K = 2000, 1000 digits.\n{where}")
    for n in options.n:
        seconds, absent = measure(n, data, options.rounds)
        found["start"][n] = seconds
        print("", *lines(n, seconds, absent), sep="\n", flush=True)
        if options.trained:
            stored = results.load("mnist", f"n{n}")
            found["trained"][n], _ = measure(n, data, options.rounds, stored)
            print(f"trained for {stored.values['epochs']} epochs:")
            print(*lines(n, found["trained"][n], {}), sep="\n", flush=True)
    if options.json:
        with open(options.json, "w", encoding="utf8") as file:
            json.dump({"machine": where, "seconds": found}, file, indent=2)


if __name__ == "__main__":
    main()
