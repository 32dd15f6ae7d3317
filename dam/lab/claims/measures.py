"""Measures: functions from a `dam.lab.results.Result` to the number that a claim is judged on."""

import numpy as np


def value(key, scale=1):
    """Return a measure that reads one of a result's values."""
    return lambda result: scale * result.values[key] if result.values.get(key) is not None else None


def at_largest(prefix):
    """Return a measure: the value ``{prefix}_N{N}`` at the largest N of the result."""
    return lambda result: result.values[f"{prefix}_N{max(result.parameters['N'])}"]


def largest_relative(predicted, exact):
    """Return a measure: over sizes N above 50 and loads of 0.5 or more, the error that deviates most, in %, from exact.

    For the experiment ``errors``; ``exact`` names one of its arrays, ``predicted(N, K, n)`` is the formula.
    """

    def measure(result):
        N, load = result.arrays["N"] > 50, result.arrays["load"] >= 0.5
        A = result.arrays
        formula = [[[predicted(int(N), int(K), int(n)) for K in row] for N, row in zip(A["N"], rows)]
                   for n, rows in zip(A["n"], A["K"])]  # fmt: skip
        ratio = np.array(formula)[:, N][:, :, load] / A[exact][:, N][:, :, load]
        return 100 * float(np.abs(ratio - 1).max()) if ratio.size else None

    return measure
