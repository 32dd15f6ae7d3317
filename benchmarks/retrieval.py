"""Retrieval against its matrix products and against what one would otherwise write or install.

usage: python benchmarks/retrieval.py [--full] [--backend numpy|cupy] [--json FILE]

Dense, N = 100, K = 2000, F(x) = x^4 and rectified, random starts to convergence, as in Fig. 4:

products   the floor: bare (S, K) x (K, N) products in float64, one row for every field, on the same threads;
dam        ``dam.retrieve``;
numpy      sequential sweeps over all states of a batch at once, the overlaps kept (benchmarks/rivals.py);
torch      the same in PyTorch, with the threads that it takes by itself; from fewer states, scaled up;
loop       eq. (4) as it is first written, over states, sweeps and spins; from few states, scaled up.

Classical, N = 500, K = 30, memories with 10 % of the bits flipped: ``dam.memory.retrieve_classical``, sweeps in NumPy,
and the package hopfieldkit, which takes one state at a time. T is there beforehand.

With --full, first of all: Fig. 4's six panels and one set of memories of Fig. 5 at the paper's scale. With
--backend cupy, dam, the products and PyTorch run on the GPU, and the time ends when the result is back.
"""

import argparse
import json
import os
import platform
import resource
import sys
import time

import numpy as np
import rivals
from threadpoolctl import threadpool_info

import dam
from dam import memory
from dam.arrays import backend_name, device_name, get_namespace, to_numpy
from dam.lab import experiments
from dam.lab.experiments import cost
from dam.memory.interactions import KINDS

ABSENT = "not installed: pip install .[bench]"
LIMITS = {"numpy": {"fig4": 60, "fig5": 120}, "cupy": {"fig4": 2, "fig5": 120}}  # seconds
LIMIT_GB = 2


def timed(function, repeats=1):
    """Return the median seconds of a call, and what the last one returned."""
    seconds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        result = function()
        seconds.append(time.perf_counter() - begun)
    return float(np.median(seconds)), result


def dense(kind, xp, *, starts, torch_starts, loop_starts, repeats, n=4, N=100, K=2000):
    """Return the rows of the dense table: ``seconds`` and ``flips``, or ``absent``, by name.

    Raises ``AssertionError`` if anything ends in a state that is no fixed point of eq. (4).
    """
    rng = np.random.default_rng(0)
    xi, sigma = dam.random_patterns(K, N, rng), dam.random_patterns(starts, N, rng)
    F, f, there = KINDS[kind](n), rivals.interaction(kind, n), (xp.asarray(sigma), xp.asarray(xi))
    rows, table = cost.count_rows(*there, F, 1), {}

    def record(name, seconds, flips, final):
        assert not memory.unstable_neurons(final, xi, F).any(), f"{name} ends in states that are not fixed points"
        scale = starts / len(final)
        table[name] = {"seconds": seconds * scale, "flips": flips * scale, "starts_timed": len(final)}

    seconds, final = timed(lambda: to_numpy(dam.retrieve(*there, F, 1)), repeats)
    floor = float(np.median([cost.products(rows, *there) for _ in range(repeats)]))
    table["products"] = {"seconds": floor, "flips": rows - starts, "rows": rows, "starts_timed": starts}
    record("dam", seconds, rows - starts, final)
    seconds, (final, flips) = timed(lambda: rivals.numpy_sweep(sigma, xi, f, np.random.default_rng(1)))
    record("numpy", seconds, flips, final)
    try:
        device = rivals.torch_device(gpu=backend_name(xp) == "cupy")
        rivals.torch_sweep(sigma[:1], xi, f, np.random.default_rng(1), device=device)  # warm
        few = sigma[:torch_starts]
        sweep = lambda: rivals.torch_sweep(few, xi, f, np.random.default_rng(1), device=device)
        seconds, (final, flips) = timed(sweep)
        record("torch", seconds, flips, final)
    except ImportError:
        table["torch"] = {"absent": ABSENT}
    seconds, (final, flips) = timed(lambda: rivals.loop(sigma[:loop_starts], xi, f, np.random.default_rng(1)))
    record("loop", seconds, flips, final)
    return table


def classical(xp, *, cues, repeats, N=500, K=30, flipped=0.1):
    """Return the rows of the classical table: ``seconds`` of all cues, or ``absent``, by name.

    Raises ``AssertionError`` unless all recall the same states.
    """
    rng = np.random.default_rng(0)
    xi = dam.random_patterns(K, N, rng)
    targets = np.resize(xi, (cues, N))
    damage = np.argsort(rng.random(targets.shape), axis=1) < round(flipped * N)
    sigma, T, table = np.where(damage, -targets, targets), memory.hebbian(xi), {}

    def record(name, seconds, final):
        assert np.array_equal(final, expected), f"{name} and dam recall different states"
        table[name] = {"seconds": seconds, "recalled_memories": float(np.mean(np.all(final == targets, axis=1)))}

    there = xp.asarray(sigma), xp.asarray(T)
    seconds, expected = timed(lambda: to_numpy(memory.retrieve_classical(*there, 1)), repeats)
    record("dam", seconds, expected)
    record("numpy", *timed(lambda: rivals.classical_sweep(sigma, T, np.random.default_rng(1)), repeats))
    try:
        network = rivals.stored_in_hopfieldkit(xi)
        record("hopfieldkit", *timed(lambda: rivals.hopfieldkit_recall(network, sigma, 1)))
    except ImportError:
        table["hopfieldkit"] = {"absent": ABSENT}
    return table


def figures(backend):
    """Return seconds and peak memory of Fig. 4's six panels and of one set of Fig. 5; no table may come before."""
    found = {}
    for name, extra in (("fig4", {"n": (2, 3, 4)}), ("fig5", {})):
        result = experiments.run(name, "paper", backend=backend, **extra)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        found[name] = {"seconds": result.wall_seconds, "peak_gb": peak / 1e9}
    return found


def machine(xp):
    """Return what the figures depend on."""
    blas = next((f"{p['internal_api']} {p['version']}" for p in threadpool_info() if p["user_api"] == "blas"), "")
    return {
        "device": device_name(xp),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": blas,
        "load": os.getloadavg()[0],
    }


def dense_lines(table, starts):
    """Return the lines of a dense table."""
    floor, ours = table["products"]["seconds"], table["dam"]["seconds"]
    yield f"{'':12}{'seconds':>10}{'µs a flip':>12}{'floor = 1':>12}{'dam = 1':>10}"
    for name, row in table.items():
        if "absent" in row:
            yield f"{name:12}{row['absent']}"
            continue
        note = f"   from {row['starts_timed']} states" if row["starts_timed"] < starts else ""
        s = row["seconds"]
        yield f"{name:12}{s:10.3f}{1e6 * s / row['flips']:12.1f}{s / floor:12.2f}{s / ours:10.2f}{note}"


def classical_lines(table, cues):
    """Return the lines of the classical table."""
    ours = table["dam"]["seconds"]
    yield f"{'':12}{'seconds':>10}{'µs a state':>12}{'dam = 1':>10}"
    for name, row in table.items():
        if "absent" in row:
            yield f"{name:12}{row['absent']}"
        else:
            yield f"{name:12}{row['seconds']:10.3f}{1e6 * row['seconds'] / cues:12.1f}{row['seconds'] / ours:10.2f}"


def main(arguments=None):
    """Measure, print the tables, and write them as JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    parser.add_argument("--full", action="store_true", help="also Fig. 4 and one set of Fig. 5: minutes")
    parser.add_argument("--backend", choices=("numpy", "cupy"), default="numpy")
    parser.add_argument("--starts", type=int, default=1000, help="states in every table")
    parser.add_argument("--torch-starts", type=int, default=256, help="states for PyTorch, whose time is scaled up")
    parser.add_argument("--loop-starts", type=int, default=20, help="states for the loop, whose time is scaled up")
    parser.add_argument("--repeats", type=int, default=5, help="of dam, of the products and of classical sweeps")
    options = parser.parse_args(arguments)

    os.environ["DAM_BACKEND"] = options.backend
    xp, starts, repeats = get_namespace(), options.starts, options.repeats
    found = {"machine": machine(xp), "starts": starts, "repeats": repeats}
    print("{device}; Python {python}, NumPy {numpy}, {blas}; load {load:.1f}".format(**found["machine"]))
    if options.full:
        found["figures"] = figures(options.backend)
        for name, row in found["figures"].items():
            print(f"{name}: {row['seconds']:.1f} s (limit {LIMITS[options.backend][name]} s), "
                  f"peak memory {row['peak_gb']:.2f} GB (limit {LIMIT_GB} GB)", flush=True)  # fmt: skip
    found["dense"] = {}
    few = {"torch_starts": options.torch_starts, "loop_starts": options.loop_starts}
    for kind in KINDS:
        table = dense(kind, xp, starts=starts, repeats=repeats, **few)
        found["dense"][kind] = table
        print(f"\nN = 100, K = 2000, n = 4, {kind}: {starts} random starts")
        print(*dense_lines(table, starts), sep="\n", flush=True)
    found["classical"] = classical(xp, cues=starts, repeats=repeats)
    print(f"\nclassical, N = 500, K = 30, 10 % of the bits flipped: {starts} cues")
    print(*classical_lines(found["classical"], starts), sep="\n")
    if options.json:
        with open(options.json, "w", encoding="utf8") as file:
            json.dump(found, file, indent=2)


if __name__ == "__main__":
    main()
