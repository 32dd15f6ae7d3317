"""Cost of a flip against S, K, N and n, beside the matrix products that it needs"""

import math
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import array_api_compat
import numpy as np
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from dam import checks, fits, memory
from dam.arrays import Array, array_namespace, get_namespace, thread_pool, to_numpy
from dam.datasets import random_patterns
from dam.lab.experiments import Experiment, Outcome
from dam.memory._dynamics import batches_of, settle_batches, threads_for
from dam.memory.interactions import Polynomial

PAPER = {"S": (10, 30, 100, 300, 1000, 3000), "K": (250, 500, 1000, 2000, 4000), "N": (50, 100, 200, 400),
         "n": (2, 3, 4, 5, 6, 8, 12), "central": (1000, 2000, 100, 4), "max_flips": 20, "repeats": 5}  # fmt: skip
DEMO = {"S": (50, 200), "K": (500, 1000, 2000), "N": (50, 100), "n": (2, 4), "central": (200, 1000, 100, 4),
        "max_flips": 20, "repeats": 3}  # fmt: skip
RANGES = {"S": (1, 10**7), "n": (1, 100), "central": (1, 10**7), "max_flips": (1, 10**6), "repeats": (1, 10**6)}
NAMES = ("S", "K", "N", "n")


def run(
    *, seed: int, S: Sequence[int], K: Sequence[int], N: Sequence[int], n: Sequence[int], central: Sequence[int],
    max_flips: int, repeats: int, backend: str | None = None, progress: bool = False,
) -> Outcome:  # fmt: skip
    """Time retrieval from random states with F(x) = x^n, one of S, K, N and n varied at a time, as `central` has them.

    A state is stopped after ``max_flips`` flips, before it settles: at every setting all states then stay in the
    batch and take as many steps, so that settings differ in nothing but their size. The few states that settle
    earlier, among few neurons, are accounted for, because the flips are counted, in a run of their own that is not
    timed. Times are medians over ``repeats`` rounds through all settings. They depend on the machine and on what else
    it does: the seed determines the memories, the states and every flip, and no time. From a certain n on (n = 5 at
    N = 100, K = 2000) some states leave a sign in doubt in float32 and are computed in float64, too.

    Values: ``exponent_S`` and so on, b of the seconds per flip ~ S^b, NaN if one value was tried; at the central point
    ``microseconds_per_flip`` and ``ratio_products``, the seconds of `dam.memory.retrieve` over those of the products.
    Arrays, for each x of S, K, N and n: ``x``, the values; ``seconds_per_flip_x``; ``products_per_flip_x``, the seconds
    of the products, one row for every field computed, over the number of flips.
    """
    varied = dict(zip(NAMES, (S, K, N, n)))
    if len(central) != len(NAMES):
        raise ValueError(f"central must hold the four numbers S, K, N and n, got {central!r}")
    base = dict(zip(NAMES, central))
    places = {name: [tuple((base | {name: value}).values()) for value in varied[name]] for name in NAMES}
    center = tuple(central)
    settings = dict.fromkeys([center, *(setting for name in NAMES for setting in places[name])])
    xp, counted = get_namespace(backend), {}
    max_flips, repeats = checks.count("max_flips", max_flips), checks.count("repeats", repeats)
    for setting in settings:
        sigma, xi, F = _problem(setting, seed, xp)
        counted[setting] = count_rows(sigma, xi, F, seed, max_flips)
        if counted[setting] == setting[0]:
            raise ValueError(f"no state flips at (S, K, N, n) = {setting}; use more states or more neurons")
    ours: dict[tuple, list[float]] = {setting: [] for setting in settings}
    bare: dict[tuple, list[float]] = {setting: [] for setting in settings}
    rounds = [setting for _ in range(repeats) for setting in settings]  # a change of load meets all settings
    for setting in tqdm(rounds, desc="cost", disable=not progress, leave=False):
        sigma, xi, F = _problem(setting, seed, xp)
        ours[setting].append(_seconds(sigma, xi, F, seed, max_flips))
        bare[setting].append(products(counted[setting], sigma, xi))

    def per_flip(seconds, setting):
        return float(np.median(seconds[setting])) / (counted[setting] - setting[0])

    arrays, values = {}, {}
    for name, tried in varied.items():
        arrays[name] = np.array(tried)
        for label, seconds in (("seconds", ours), ("products", bare)):
            arrays[f"{label}_per_flip_{name}"] = np.array([per_flip(seconds, setting) for setting in places[name]])
        slope = fits.exponent(tried, arrays[f"seconds_per_flip_{name}"]) if len(set(tried)) > 1 else math.nan
        values[f"exponent_{name}"] = float(slope)
    values["microseconds_per_flip"] = 1e6 * per_flip(ours, center)
    values["ratio_products"] = per_flip(ours, center) / per_flip(bare, center)
    return values, arrays


def _problem(setting, seed, xp):
    """Return states, memories and F of a setting (S, K, N, n)."""
    S, K, N, n = (checks.count(name, value) for name, value in zip(NAMES, setting))
    rng = np.random.default_rng([seed, S, K, N])
    xi, sigma = random_patterns(K, N, rng), random_patterns(S, N, rng)
    return xp.asarray(sigma), xp.asarray(xi), Polynomial(n)


def _seconds(sigma, xi, F, seed, max_flips):
    """Return the seconds of one retrieval, its result in the memory of the CPU."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*states were still changing", RuntimeWarning)
        begun = time.perf_counter()
        to_numpy(memory.retrieve(sigma, xi, F, seed, max_flips=max_flips))
        return time.perf_counter() - begun


class _Counted:
    """Fields of a batch of states that count for how many states they were computed."""

    def __init__(self, fields):
        self.fields, self.flip, self.keep, self.rows = fields, fields.flip, fields.keep, 0

    def gaps(self, sigma: Array) -> Any:
        self.rows += len(sigma)
        return self.fields.gaps(sigma)


def count_rows(sigma: Array, xi: Array, F: Callable, seed: int, max_flips: int | None = None) -> int:
    """Return how many rows of fields ``retrieve(sigma, xi, F, seed, max_flips=max_flips)`` computes.

    One for every flip, and one more for every state, to find that it is stable or has flipped often enough: the
    number of flips is this less S. Takes a retrieval of its own, with the same seed and so with the same flips.
    """
    make_fields, counted = memory.batch_fields(sigma, xi, F, "energy", only_signs=True), []

    def make(batch):
        counted.append(_Counted(make_fields(batch)))
        return counted[-1]

    xp = array_namespace(sigma=sigma)
    settle_batches(xp.astype(sigma, xp.float64), make, xi.shape[0], checks.generator(seed), max_flips)
    return sum(fields.rows for fields in counted)


def products(rows: int, sigma: Array, xi: Array) -> float:
    """Return the seconds that the bare products for so many rows of fields take, ``(rows, K) @ (K, N)`` in float64.

    In full batches, on as many threads as `dam.memory.retrieve` would use for these states, with one BLAS thread each,
    and into memory that is there already: the floor of any retrieval that computes these fields by products in float64.
    """
    xp, rng = array_namespace(sigma=sigma, xi=xi), np.random.default_rng(0)
    batches = batches_of(sigma, xi.shape[0])
    size, threads = batches[0].shape[0], 1
    if array_api_compat.is_numpy_array(sigma):
        threads = threads_for(len(batches))
    left = [xp.asarray(rng.random((size, xi.shape[0]))) for _ in range(threads)]
    out = [xp.empty((size, xi.shape[1]), dtype=xp.float64) for _ in range(threads)]
    xi = xp.astype(xi, xp.float64)
    calls = max(1, round(rows / (size * threads)))

    def work(A, gaps, calls):
        for _ in range(calls):
            xp.matmul(A, xi, out=gaps)
        to_numpy(gaps[:1, :1])  # wait for a GPU

    with threadpool_limits(1), thread_pool(threads) as pool:
        list(pool.map(work, left, out, [1] * threads))  # warm
        begun = time.perf_counter()
        list(pool.map(work, left, out, [calls] * threads))
        seconds = time.perf_counter() - begun
    return seconds * rows / (calls * size * threads)


TIMES = "seconds|^exponent_|^ratio_products$|^products_per_flip_"
EXPERIMENT = Experiment(
    __doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 3, "paper": 60}, run, times=TIMES, ranges=RANGES
)
