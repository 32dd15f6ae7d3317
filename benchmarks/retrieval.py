"""Retrieval against its matrix products and against a loop over spins: ``python benchmarks/retrieval.py``.

N = 100, K = 2000, F(x) = x^4, random starts to convergence, as in Fig. 4. Three ways, in the same run:

products   the bare (S, K) x (K, N) products in float64, one row for every flip, on the same number of threads;
dam        ``dam.retrieve``;
loop       eq. (4) as NumPy code is first written: over samples, sweeps and spins, with one sum over memories a spin.
"""

import argparse
import json
import os
import platform
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

import dam
from dam import descent
from dam.arrays import device_name, get_namespace


class Counting(descent.DenseFields):
    """The fields of `dam.retrieve`, counting the rows of fields that were computed."""

    rows = 0

    def gains(self, sigma):
        Counting.rows += len(sigma)
        return super().gains(sigma)


def loop(sigma, xi, n, rng):
    """Eq. (4), spin by spin in random order, until a whole sweep changes nothing; return the states."""
    final = sigma.copy()
    for state in final:
        changed = True
        while changed:
            changed = False
            for i in rng.permutation(len(state)):
                rest = xi @ state - xi[:, i] * state[i]
                field = np.sum((xi[:, i] + rest) ** n - (-xi[:, i] + rest) ** n)
                if field * state[i] < 0:
                    state[i] = -state[i]
                    changed = True
    return final


def products(rows, K, N, threads):
    """Return the seconds that the bare products of that many rows take, in batches as `dam.retrieve` has them."""
    batch = descent.BATCH_BYTES[True] // (8 * K)
    rng = np.random.default_rng(0)
    xi = dam.random_patterns(K, N, rng)
    buffers = [(rng.random((batch, K)), np.empty((batch, N))) for _ in range(threads)]

    def work(buffer):
        for _ in range(rows // batch // threads):
            np.matmul(buffer[0], xi, out=buffer[1])

    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, buffers))  # warm
        begun = time.perf_counter()
        list(pool.map(work, buffers))
        return time.perf_counter() - begun


def median_seconds(function, repeats):
    """Return the median time of a call."""
    seconds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - begun)
    return float(np.median(seconds))


def main():
    """Measure, print a table, and write it as JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    parser.add_argument("--starts", type=int, default=1000)
    parser.add_argument("--loop-starts", type=int, default=20, help="samples for the loop, whose time is scaled up")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()

    N, K, n, threads = 100, 2000, 4, os.cpu_count()
    rng = np.random.default_rng(0)
    xi, sigma = dam.random_patterns(K, N, rng), dam.random_patterns(options.starts, N, rng)
    F = dam.Polynomial(n)

    original, dam.memory.DenseFields = dam.memory.DenseFields, Counting
    final = dam.retrieve(sigma, xi, F, 1)
    dam.memory.DenseFields = original
    assert np.array_equal(dam.retrieve(final, xi, F, 2), final), "not fixed points"

    ours = median_seconds(lambda: dam.retrieve(sigma, xi, F, 1), options.repeats)
    floor = float(np.median([products(Counting.rows, K, N, threads) for _ in range(options.repeats)]))
    begun = time.perf_counter()
    loop(sigma[: options.loop_starts], xi, n, rng)
    slow = (time.perf_counter() - begun) * options.starts / options.loop_starts

    figures = {
        "N": N,
        "K": K,
        "n": n,
        "starts": options.starts,
        "fields_computed": Counting.rows,
        "seconds_products": floor,
        "seconds_dam": ours,
        "seconds_loop": slow,
        "dam_over_products": ours / floor,
        "loop_over_dam": slow / ours,
        "microseconds_per_flip": 1e6 * ours / (Counting.rows - options.starts),
        "loop_starts_timed": options.loop_starts,
        "device": device_name(get_namespace("numpy")),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": next((f"{p['internal_api']} {p['version']}" for p in threadpool_info() if p["user_api"] == "blas"), ""),
    }
    print(f"retrieval, N = {N}, K = {K}, F(x) = x^{n}, {options.starts} random starts, {figures['device']}")
    print(f"Python {figures['python']}, NumPy {figures['numpy']}, {figures['blas']}, load {figures['load']:.1f}")
    print(f"{'bare products':16}{floor:9.3f} s        1.00")
    print(f"{'dam.retrieve':16}{ours:9.3f} s   {ours / floor:9.2f}   {figures['microseconds_per_flip']:.1f} µs a flip")
    print(f"{'loop over spins':16}{slow:9.1f} s   {slow / floor:9.0f}   {slow / ours:.0f} times dam, "
          f"from {options.loop_starts} starts")  # fmt: skip
    if options.json:
        with open(options.json, "w", encoding="utf8") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
