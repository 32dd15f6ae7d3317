"""Time a training step: against its two matrix products, and against the tiled form of Appendix A.

python benchmarks/training.py [--json FILE] [--rounds R]
"""

import argparse
import itertools
import json
import os
import platform
import statistics
import time

import numpy as np
from threadpoolctl import threadpool_info

from dam import arrays, datasets, steps
from dam.classifier import targets
from dam.recipes import Recipe
from dam.training import initial_weights, minibatches

COLUMNS = ("n", "two products", "our step", "ratio", "tiled form", "times ours")


def products(v, visible):
    """Return a function that does the two matrix products of a step and nothing else."""
    h = np.empty((len(visible), len(v)), v.dtype)
    gradient = np.empty_like(visible)

    def both():
        np.matmul(visible, v.T, out=h)
        np.matmul(h, v, out=gradient)

    return both


def tiled_step(v, t, xi, V, recipe, T, epsilon):
    """Do one update in the form of Appendix A: float64, digits tiled ten-fold into U and V, ``**``."""
    M, N = v.shape
    classes, n, m = t.shape[1], recipe.n, recipe.m
    U = np.vstack([np.tile(v.T, (1, classes)), -np.ones((classes, M * classes))])  # (N + N_c, M N_c), class by class
    W = U.copy()
    for alpha in range(classes):
        W[N + alpha, alpha * M : (alpha + 1) * M] = 1
    plus, minus = np.maximum(xi @ W / T, 0), np.maximum(xi @ U / T, 0)
    c = np.tanh((plus**n - minus**n).sum(axis=0))
    d = c - t.T.ravel()
    outer = 2 * m * n / T * d ** (2 * m - 1) * (1 - c**2)
    gradient = (outer * plus ** (n - 1)) @ W.T - (outer * minus ** (n - 1)) @ U.T
    V = recipe.momentum * V - gradient
    size = np.maximum(np.abs(V).max(axis=1, keepdims=True), 1e-30)
    return np.clip(xi + epsilon * V / size, -1, 1), V


def durations(task, repeats):
    """Return how long each of so many runs of a task took, in seconds, after one that is not counted."""
    found = []
    for _ in range(repeats + 1):
        begun = time.perf_counter()
        task()
        found.append(time.perf_counter() - begun)
    return found[1:]


def measure(n, data, rounds):
    """Return a row of the table for degree n, K = 2000, 1000 digits a minibatch: medians, and one tiled step."""
    recipe = Recipe.paper(n)
    T, epsilon = recipe.temperature(0), recipe.epsilon(0)
    batches = minibatches(data.y_train, recipe.batch_per_class, seed=0, epoch=0)
    t = targets(np.repeat(np.arange(10), recipe.batch_per_class))
    xi = initial_weights(recipe, 794, 0, np.float32)
    v, visible = data.x_train[batches[0]], np.ascontiguousarray(xi[:, :784])
    both, rows, bare, ours = products(v, visible), itertools.cycle(batches), [], []
    step = steps.make_step(data.x_train, t, xi.copy(), np.zeros_like(xi), recipe)
    for _ in range(rounds):  # taking turns, so that a change of load meets both
        bare += durations(both, 5)
        with step:
            ours += durations(lambda: step(next(rows), T, epsilon), 5)
    bare, ours = statistics.median(bare), statistics.median(ours)
    wide = [a.astype(np.float64) for a in (v, t, xi)]
    begun = time.perf_counter()
    tiled_step(*wide, np.zeros(xi.shape), recipe, T, epsilon)
    tiled = time.perf_counter() - begun
    return dict(zip(COLUMNS, (n, bare, ours, ours / bare, tiled, tiled / ours), strict=True))


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


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    parser.add_argument("--rounds", type=int, default=8, help="of five steps each; default: 8")
    options = parser.parse_args()
    where, data = machine(), datasets.mnist()
    print(f"One training step, K = 2000, 1000 digits.\n{where}\n")
    print("".join(f"{name:>14}" for name in COLUMNS))
    rows = [measure(n, data, options.rounds) for n in (3, 20)]
    for row in rows:
        n, bare, ours, ratio, tiled, times = row.values()
        print(
            f"{n:14}"
            + "".join(f"{1e3 * s:11.1f} ms" for s in (bare, ours))
            + f"{ratio:14.2f}{tiled:12.2f} s{times:14.0f}"
        )
    if options.json:
        with open(options.json, "w", encoding="utf8") as file:
            json.dump({"machine": where, "seconds": rows}, file, indent=2)


if __name__ == "__main__":
    main()
