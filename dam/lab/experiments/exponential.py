"""Capacity of F = exp: errors of single bits, memories that are fixed points, and sets that are so as a whole"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from dam import checks
from dam.arrays import Array, get_namespace, to_numpy
from dam.datasets import random_patterns
from dam.lab.common import check_memory, half_crossing, stable_fraction
from dam.lab.experiments import Experiment, Outcome
from dam.lab.verdicts import Claim, value, within
from dam.memory import theory, unstable_neurons
from dam.memory.interactions import Exponential, Polynomial

RATES = (*(round(0.04 * step, 2) for step in range(1, 17)), 0.66, 0.68)
PAPER = {"N": (20, 40, 60), "rate": RATES, "damage": (0.0, 0.1, 0.25), "samples": 40_000, "sizes": (8, 12, 16, 20),
         "memories": 1000, "whole": (8, 12, 16, 20, 24), "sets": 200}  # fmt: skip
DEMO = {"N": (12, 24), "rate": (0.2, 0.4, 0.5, 0.6, 0.68), "damage": (0.0, 0.2), "samples": 2000, "sizes": (8, 12),
        "memories": 200, "whole": (8, 12), "sets": 40}  # fmt: skip
RANGES = {"N": (2, 1000), "rate": (0.0, 1.0), "sizes": (2, 100), "whole": (2, 100), "sets": (1, 10**9)}
ENERGIES: dict[str, Any] = {"n2": Polynomial(2), "n3": Polynomial(3), "n4": Polynomial(4), "exp": Exponential()}
ALL = math.log(2) / 2
"""Largest growth rate α of K = exp(αN) at which all memories stay fixed points: twins, one bit apart, appear."""
TOLERANCE = 0.03


def entropy_rate(m: float | Array) -> Array:
    """Return I(m) = ((1+m) ln(1+m) + (1-m) ln(1-m)) / 2: a random overlap of N m or more has probability exp(-N I(m)).

    ``m`` lies in [0, 1], number or array. I(1 - 2ρ) is also the capacity, in nats, of a channel that flips a share ρ of
    the bits.
    """
    m = np.asarray(m, dtype=float)
    upper, lower = (1 + m) * np.log1p(m), (1 - m) * np.log(np.where(m < 1, 1 - m, 1.0))
    return (upper + lower) / 2


def typical_rate(m: float | Array = 1.0, beta: float = 1.0) -> Array:
    """Return the growth rate α of K = exp(αN) up to which a typical cue of overlap N m is led towards its memory.

    I(m) for m <= tanh 2β, where the nearest stranger decides; else 2βm - ln cosh 2β, where the crowd of strangers does.
    At m = 1 it is the rate up to which a typical memory is a fixed point: 0.675 for β = 1.
    """
    return np.where(m <= math.tanh(2 * beta), entropy_rate(m), 2 * beta * m - math.log(math.cosh(2 * beta)))


def single_bit_error(N: int, K: int, samples: int, rng: Any, flips: int = 0, beta: float = 1.0) -> float:
    """Return how often F(x) = exp(βx) turns one bit of a cue away from its memory, among K random memories of N bits.

    Update (4) is σ_i ← Sign Σ_μ ξ_i^μ exp(R_μ) with R_μ = Σ_{j≠i} ξ_j^μ σ_j. Exact but for the number of samples: for
    one bit a memory counts with its sign and with R = N-1-2j only, and how many of K - 1 memories fall on each of these
    is multinomial, so that no memory is drawn. ``flips``, from 0 to N - 1: other bits of the cue that are wrong.
    """
    N, K = checks.count("N", N), checks.count("K", K)
    checks.number("flips", checks.count("flips", flips, minimum=0), 0, N - 1)
    if K > 2**62:
        raise ValueError(f"K must be at most 2^62 to be counted, got {K}")
    j = np.arange(N)
    share = np.array([math.comb(N - 1, k) / 2**N for k in range(N)])
    counts = checks.generator(rng).multinomial(K - 1, np.concatenate([share, share]), size=samples)
    net = counts[:, :N] - counts[:, N:]
    net[:, flips] += 1
    return float(np.mean(net @ np.exp(-2.0 * beta * j) < 0))


def run(
    *, seed: int, N: Sequence[int], rate: Sequence[float], damage: Sequence[float], samples: int, sizes: Sequence[int],
    memories: int, whole: Sequence[int], sets: int, sweep: Callable, backend: str | None = None,
) -> Outcome:  # fmt: skip
    """Measure the three capacities of F = exp, and the middle one for n = 2, 3 and 4 too.

    Single bits: so many ``samples`` for every size ``N``, ``rate`` α of K = exp(αN), and share ``damage`` of the other
    bits of the cue that is flipped. K_stable, at which half of the memories are fixed points: at ``sizes``, of so many
    ``memories`` for each K. K_all, at which in half of so many ``sets`` all memories are: at the sizes ``whole``.

    Values: ``stable_rate``, ``all_rate``, slope of ln(K_stable) and of ln(K_all √N) against N, of F = exp. Arrays:
    ``N``, ``rate``, ``damage``; ``error`` (damage, N, rate); ``sizes``, ``whole``; ``K_stable_{energy}`` for n2, n3, n4
    and exp; ``K_gauss``, K_stable of exp by the Gaussian with exact moments; ``K_all``; ``K_twins``, K_all by the
    number of twins alone.
    """
    if max(rate) * max(N) > math.log(2**62):
        raise ValueError(f"rate must be at most {math.log(2**62) / max(N):.4g} at N = {max(N)}, got {max(rate)}")
    check_memory(round(2 * theory.half_stable(max(sizes), Exponential())), max(sizes), memories)
    check_memory(round(2 * twin_limit(max(whole))), max(whole), 1)
    shared = {"seed": seed, "backend": backend}
    bits = [{"N": size, "rate": alpha, "damage": d, "samples": samples} for d in damage for size in N for alpha in rate]
    tasks: list[dict[str, Any]] = [shared | {"what": "bit"} | task for task in bits]
    tasks += [shared | {"what": name, "N": size, "samples": memories} for name in ENERGIES for size in sizes]
    tasks += [shared | {"what": "all", "N": size, "samples": sets} for size in whole]
    found = np.array([outcome["found"] for outcome in sweep(point, tasks)])
    error, K_stable, K_all = np.split(found, [len(bits), len(tasks) - len(whole)])
    arrays = {"N": np.array(N), "rate": np.array(rate), "damage": np.array(damage)}
    arrays |= {"sizes": np.array(sizes), "whole": np.array(whole)}
    arrays |= {"error": error.reshape(len(damage), len(N), len(rate)), "K_all": K_all}
    arrays |= {f"K_stable_{name}": K for name, K in zip(ENERGIES, K_stable.reshape(len(ENERGIES), -1))}
    arrays["K_gauss"] = np.array([theory.half_stable(size, Exponential()) for size in sizes])
    arrays["K_twins"] = np.array([twin_limit(size) for size in whole])
    return {
        "stable_rate": slope(sizes, arrays["K_stable_exp"]),
        "all_rate": slope(whole, K_all * np.sqrt(whole)),
    }, arrays


def slope(x: Sequence[int], K: Array) -> float:
    """Return the slope of ln K against x; NaN for a single x, or if a K is not known."""
    return float(np.polyfit(x, np.log(K), 1)[0]) if len(set(x)) > 1 and np.all(K > 0) else math.nan


def twin_limit(N: int) -> float:
    """Return the K at which half of all sets hold no twins, one bit apart: N K² / 2^(N+1) = ln 2 of them on average."""
    return math.sqrt(2 ** (N + 1) * math.log(2) / N)


def point(
    *, seed: int, what: str, N: int, samples: int, backend: str | None, rate: float = 0.0, damage: float = 0.0
) -> dict[str, Any]:
    """Return one error of a single bit (``what`` is 'bit'), or K_all ('all'), or K_stable of one of the energies."""
    if what == "bit":
        K, flips = max(1, round(math.exp(rate * N))), round(damage * (N - 1))
        rng = np.random.default_rng([seed, N, K, flips])
        return {"found": single_bit_error(N, K, samples, rng, flips)}
    xp = get_namespace(backend)
    if what == "all":
        share = partial(whole_fraction, N=N, F=Exponential(), seed=[seed, N], sets=samples, xp=xp)
        start = twin_limit(N)
    else:
        share = partial(stable_fraction, N=N, F=ENERGIES[what], seed=[seed, N], memories=samples, xp=xp)
        start = theory.half_stable(N, ENERGIES[what])
    return {"found": half_crossing(share, max(2, round(start)), 2**N, TOLERANCE)[0]}


def whole_fraction(K: int, N: int, F: Callable, seed: Sequence[int], sets: int, xp: Any) -> float:
    """Return in which fraction of sets all K memories are fixed points."""
    whole = 0
    for number in range(sets):
        xi = xp.asarray(random_patterns(K, N, np.random.default_rng([*seed, number])))
        whole += not to_numpy(xp.any(unstable_neurons(xi, xi, F)))
    return whole / sets


CLAIMS = (
    Claim("all-stable", "Demircigil et al. (2017)",
          "F = exp: exp(αN) random memories are all fixed points for every α below (ln 2)/2 = 0.347, in large networks",
          "slope of ln(K √N) against N up to 24, where half of the sets have only fixed points: within 0.02 of 0.347",
          value("all_rate"), within(ALL - 0.02, ALL + 0.02), source="other paper", fixed="2026-11-22"),
)  # fmt: skip

EXPERIMENT = Experiment(
    __doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 5, "paper": 60}, run, claims=CLAIMS, place=11, ranges=RANGES
)
