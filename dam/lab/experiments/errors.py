"""Single-bit error of stored memories against the load, measured and by three Gaussian estimates"""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

from dam.arrays import get_namespace, to_numpy
from dam.datasets import random_patterns
from dam.lab.common import check_memory, stacked
from dam.lab.experiments import Experiment, Outcome
from dam.lab.verdicts import Claim, value, within
from dam.memory import theory, unstable_neurons
from dam.memory.interactions import KINDS

LOADS = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)
PAPER = {"n": (2, 3, 4), "N": (25, 50, 100, 200), "load": LOADS, "bits": 2_000_000}
DEMO = {"n": (2, 3, 4), "N": (30, 100), "load": (0.5, 1.0, 2.0), "bits": 100_000}
RANGES = {"load": (1e-6, 1e3)}
STATES = 2000  # memories of one set that are tested, at most


def run(
    *, seed: int, n: Sequence[int], N: Sequence[int], load: Sequence[float], bits: int, sweep: Callable,
    backend: str | None = None,
) -> Outcome:  # fmt: skip
    """Count the bits of memories that eq. (4) would flip, for each degree, size, load and kind of energy.

    ``load`` is K over α_n N^(n-1), eq. (5): at 1 the estimate of the paper is 0.5 %. Each number is a mean over at
    least so many ``bits``, and over at least five sets of memories.

    Values: ``error_{kind}_n{n}``, the measured probability at load 1 and the largest N. Arrays: ``n``, ``N``, ``load``;
    and (n, N, load) each: ``K``; ``integral`` and ``tail``, `theory.error_probability` and `theory.error_tail`; for
    each kind ``error_{kind}``, its standard error over sets ``uncertainty_{kind}``, ``gaussian_{kind}`` with the exact
    moments, and ``kurtosis_{kind}``, the excess kurtosis of the noise.
    """
    shape = len(n), len(N), len(load)
    places = [
        {"n": degree, "N": size, "K": max(2, round(share * theory.capacity(size, degree)))}
        for degree, size, share in product(n, N, load)
    ]
    largest = max(places, key=lambda place: place["K"] * place["N"])
    check_memory(largest["K"], largest["N"], STATES)
    shared = {"seed": seed, "bits": bits, "backend": backend}
    found = stacked(sweep(point, [shared | place | {"kind": kind} for place in places for kind in KINDS]), *shape, 2)
    arrays = {"n": np.array(n), "N": np.array(N), "load": np.array(load)}
    arrays["K"] = np.array([place["K"] for place in places]).reshape(shape)
    for name, estimate in (("integral", theory.error_probability), ("tail", theory.error_tail)):
        arrays[name] = np.array([estimate(place["N"], place["K"], place["n"]) for place in places]).reshape(shape)
    for k, kind in enumerate(KINDS):
        arrays |= {f"{name}_{kind}": array[..., k] for name, array in found.items()}
    at_one = int(np.argmin(np.abs(np.array(load) - 1)))
    at_largest = int(np.argmax(N))
    values = {
        f"error_{kind}_n{degree}": float(arrays[f"error_{kind}"][row, at_largest, at_one])
        for kind in KINDS
        for row, degree in enumerate(n)
    }
    return values, arrays


def point(*, seed: int, n: int, N: int, K: int, kind: str, bits: int, backend: str | None) -> dict[str, Any]:
    """Return the fraction of unstable bits over sets of K memories, its standard error, and what theory says of both.

    Keys: ``error``, ``uncertainty``; ``gaussian``, ``kurtosis``, see `run`.
    """
    xp, F = get_namespace(backend), KINDS[kind](n)
    tested = min(K, STATES)
    fractions = []
    for number in range(max(5, -(-bits // (tested * N)))):
        xi = xp.asarray(random_patterns(K, N, np.random.default_rng([seed, n, N, K, number])))
        fractions.append(float(np.mean(to_numpy(unstable_neurons(xi[:tested, :], xi, F)))))
    return {
        "error": float(np.mean(fractions)),
        "uncertainty": float(np.std(fractions, ddof=1) / len(fractions) ** 0.5),
        "gaussian": theory.error_probability_exact_moments(N, K, F),
        "kurtosis": theory.noise_moments(N, F)[2] / (K - 1),
    }


def largest_relative(predicted: Callable, exact: str, counts: Callable) -> Callable:
    """Return a measure: the largest deviation in % of a formula, over N, K and loads for which it is meant.

    ``exact`` names an array, ``predicted(N, K, n)`` is the formula, ``counts(N, K, load)`` says which are meant; None
    if the result holds none of them.
    """

    def measure(result):
        A = result.arrays
        found = [
            predicted(int(A["N"][j]), int(K), int(A["n"][i])) / A[exact][i, j, k] - 1
            for (i, j, k), K in np.ndenumerate(A["K"])
            if counts(A["N"][j], K, A["load"][k])
        ]
        return 100 * float(np.abs(found).max()) if found else None

    return measure


def integral(N: int, K: int, n: int) -> float:
    """P_error with the paper's K - 1 sources of noise, where `theory.error_probability` counts K."""
    return theory.error_probability(N, max(K - 1, 1), n)


CLAIMS = (
    *(Claim(f"half-percent-n{n}", "Section 2, eq. (5)",
            f"n = {n}: with α_n N^{n - 1} memories 0.5 % of the bits are unstable",
            f"with α = {theory.alpha(n):.{digits}f}, from the Gaussian, at the largest N, power: between 0.4 and 0.6 %",
            value(f"error_power_n{n}", 100), within(0.4, 0.6), unit=" %", source="paper", fixed="2026-11-22")
      for n, digits in ((2, 3), (3, 4), (4, 4))),
    Claim("gaussian", "Section 2, before eq. (5)",
          "for large N and K the noise of one bit is Gaussian: P_error is its tail integral",
          "power, N = 200 and more, fillings of at least half of the half-percent capacity: the integral is within "
          "15 % of the measured probability (2 million bits a point or more)",
          largest_relative(integral, "error_power", lambda N, K, load: N >= 200 and load >= 0.5), within(0, 15),
          digits=0, unit=" % at most", source="paper", fixed="2026-11-28",
          reason="heavy tails of the noise make more errors than the normal law"),
    Claim("tail", "Section 2, before eq. (6)",
          "for large N and K and small errors P_error is the leading term of that tail",
          "power, N = 100 and more, 250 memories and more, fillings from half to all of the half-percent capacity: "
          "the leading term is within 25 %",
          largest_relative(theory.error_tail, "error_power",
                           lambda N, K, load: N >= 100 and K >= 250 and 0.5 <= load <= 1),
          within(0, 25), digits=0, unit=" % at most", source="paper", fixed="2026-11-28",
          reason="heavy tails of the noise make more errors than the normal law"),
)  # fmt: skip

EXPERIMENT = Experiment(
    __doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 5, "paper": 600}, run, claims=CLAIMS, place=4, ranges=RANGES
)
