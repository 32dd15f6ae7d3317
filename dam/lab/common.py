"""What several experiments share: searches for a number of memories, draws, networks, arrays put together."""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from dam import checks, fits
from dam.arrays import Array, to_numpy
from dam.datasets import random_patterns
from dam.lab.stored import RELU, name_of, trained, trained_m
from dam.memory import retrieval_bytes, unstable_neurons


def half_crossing(fraction: Callable, K: int, largest: int, tolerance: float) -> tuple[float, list[tuple[int, float]]]:
    """Return the K at which ``fraction(K)`` falls through 1/2, and all the points (K, fraction) that were tried.

    Multiplies or divides K by 3/2 until the crossing is bracketed, bisects to the relative width ``tolerance``, and
    interpolates between the last two. NaN if the crossing is not between 1 and ``largest``.
    """
    points = {K: fraction(K)}
    low = high = K
    while points[low] < 0.5 and low > 1:
        low = 2 * low // 3
        points[low] = fraction(low)
    while points[high] >= 0.5 and high < largest:
        high = min(largest, -(-3 * high // 2))
        points[high] = fraction(high)
    low = max((k for k in points if points[k] >= 0.5), default=low)
    high = min((k for k in points if points[k] < 0.5), default=high)
    while high - low > max(1, tolerance * low):
        middle = (low + high) // 2
        points[middle] = fraction(middle)
        low, high = (middle, high) if points[middle] >= 0.5 else (low, middle)
    return fits.crossing([low, high], [points[low], points[high]], 0.5), sorted(points.items())


def stable_fraction(K: int, N: int, F: Any, seed: Sequence[int], memories: int, xp: Any, rule: str = "energy") -> float:
    """Return which fraction of memories are fixed points among K, over sets that hold so many memories together."""
    stable = []
    for number in range(-(-memories // K)):
        xi = xp.asarray(random_patterns(K, N, np.random.default_rng([*seed, 1 + number])))
        stable.append(~to_numpy(xp.any(unstable_neurons(xi[:memories, :], xi, F, rule=rule), axis=1)))
    return float(np.mean(np.concatenate(stable)))


def flipped(xi: Array, flips: int | Array, rng: Any) -> Array:
    """Return patterns ``xi (S, N)`` with so many random neurons of each flipped: a number, or an array ``(S, 1)``."""
    order = np.argsort(rng.random(xi.shape), axis=1)
    return np.where(order < flips, -xi, xi)


def check_memory(K: int, N: int, states: int, overlaps: bool = False) -> None:
    """Raise ``MemoryError`` unless retrieval by K memories fits, and, if asked, all overlaps of the states too."""
    K = max(K, 1)
    needed = retrieval_bytes(K, N, states) + 9 * K * N + (20 * K * states if overlaps else 0)
    checks.memory(needed, f"N = {N}, K = {K} and {states} states")


def parted(found: Sequence, labels: Sequence) -> dict:
    """Return the outcomes of a sweep, in order, as equal parts: a dict of lists by label."""
    size = len(found) // len(labels)
    return {label: found[k * size : (k + 1) * size] for k, label in enumerate(labels)}


def stacked(found: Any, *shape: int) -> dict[str, np.ndarray]:
    """Return the outcomes of a sweep over a grid of that shape, in C order, as arrays ``(*shape, ...)`` by name."""
    return {key: np.stack([one[key] for one in found]).reshape(*shape, *np.shape(found[0][key])) for key in found[0]}


def count_within(name: str, value: Any, low: int, high: int) -> int:
    """Return a whole number within [low, high], or raise ``ValueError``."""
    return int(checks.number(name, checks.count(name, value, min(low, 1)), low, high))


def drawn(name: str, count: int, of: int, rng: Any, least: int = 1) -> np.ndarray:
    """Return so many of the numbers 0 to ``of`` - 1, drawn and in order: places of digits in the data."""
    count_within(name, count, least, of)
    return np.sort(np.random.default_rng(rng).permutation(of)[:count])


class Networks(NamedTuple):
    """Trained networks as the sweeps take them: which, their names in keys (``n2``, ..., ``relu``), where from, m."""

    which: list
    tags: list
    made: list
    m: list


def networks_of(n: Sequence[int], relu: bool, seed: int, folder: Path | str | None) -> Networks:
    """Return the `Networks` of degrees n and, if ``relu``, the ordinary ReLU network as the last one."""
    which: list[int | str] = [*n, RELU] if relu else list(n)
    made = [trained(one, seed, folder)[1] for one in which]
    return Networks(which, [name_of(one) for one in which], made, [trained_m(one, seed, folder) for one in which])


def accuracies(key: str, norm: str, radii: Sequence[float], tags: Sequence[str], percent: Array) -> dict[str, float]:
    """Return ``{key}_percent_{norm}_{radius}_{tag}`` of percentages ``(tags, radii)``."""
    places = [f"{norm}_{radius:g}_{tag}" for tag in tags for radius in radii]
    return {f"{key}_percent_{place}": float(x) for place, x in zip(places, np.ravel(percent))}


def on_cpu(backend: str | None, what: str) -> None:
    """Raise ``ValueError`` if a GPU is asked for where a library of the CPU computes."""
    if backend not in (None, "auto", "numpy"):
        raise ValueError(f"{what}, got backend {backend!r}")


def library(packages: str, needed: str, *names: str) -> list[ModuleType]:
    """Return optional libraries by the names of their modules; raise ``RuntimeError`` with the packages to install."""
    try:
        return [importlib.import_module(name) for name in names]
    except ImportError:
        raise RuntimeError(f"{needed} with pip install {packages}") from None
