"""The fields of eq. (4) on a CPU, two memories at a time: what ``dam.memory.retrieval.retrieve`` runs on NumPy.

A flip costs one matrix product and, beside it, the look-up of the responses A(h) and B(h) of all K memories. The number
of bits in which a state agrees with a memory is one of N + 1, so two memories have (N + 1)^2 cases: one table over
them gives both responses A as one complex number, and another the sum of both B. That halves the look-ups.
"""

from typing import NamedTuple

import numpy as np

LARGEST_N = 1000  # up to here for two memories at once; their tables then take 24 MB


class Tables(NamedTuple):
    """What the states of all batches share, for G groups of one or two memories."""

    xi: np.ndarray  # (K, N); a row of zeros is added where K is odd
    A: np.ndarray  # responses A of every case of a group, side by side in a complex number if there are two
    B: np.ndarray  # their responses B, summed
    weight: int  # case of a group: agreeing bits of the first times this, plus those of the second
    step: np.ndarray  # (2N, G): how flipping spin i to +1 (row i) or to -1 (row N + i) changes the cases
    padding: float  # what the added row puts into the sum of B
    rounding: float  # error of a field over the sum of its terms; 0 where the arithmetic is exact


def tables(xi, A, B, rounding):
    """Return the `Tables` for memories ``xi (K, N)`` and for responses A and B over h = -N..N."""
    N = xi.shape[1]
    A, B, weight, padding = A[::2], B[::2], 0, 0.0  # by agreeing bits, (h + N) / 2
    if N <= LARGEST_N:
        weight = N + 1
        if len(xi) % 2:
            xi, padding = np.concatenate([xi, np.zeros((1, N))]), B[N // 2]
        A = np.repeat(A, weight) + 1j * np.tile(A, weight)
        B = np.add.outer(B, B).ravel()
    change = _cases(xi, weight).T.astype(np.int32)
    return Tables(xi, A, B, weight, np.concatenate([change, -change]), padding, rounding)


def _cases(x, weight):
    """Combine the rows of an array two by two, the first times the weight; leave it alone if the weight is 0."""
    return x[::2] * weight + x[1::2] if weight else x


class PairedFields:
    """Fields of a batch of states ``sigma (S, N)``, kept up to date flip by flip, in buffers that are made once.

    The same numbers as `dam.memory._dynamics.DenseFields`, exactly where the arithmetic is exact.
    """

    def __init__(self, sigma, tables):
        self.tables = tables
        agreeing = (tables.xi @ sigma.T + sigma.shape[1]) // 2
        self.cases = np.ascontiguousarray(_cases(agreeing, tables.weight).T.astype(np.int32))
        self.buffers = [np.empty(self.cases.shape, x) for x in (np.int32, np.intp, tables.A.dtype, np.float64)]

    def gains(self, sigma):
        """Return σ_i times the field on spin i (S, N): negative where the spin is unstable."""
        _, index, A, B = (buffer[: len(sigma)] for buffer in self.buffers)
        np.copyto(index, self.cases)
        np.take(self.tables.A, index, out=A, mode="clip")
        np.take(self.tables.B, index, out=B, mode="clip")
        A = A.view(np.float64)
        gains = A @ self.tables.xi
        gains *= sigma
        gains -= B.sum(axis=1, keepdims=True) - self.tables.padding
        if self.tables.rounding:
            error = np.abs(A, out=A).sum(axis=1, keepdims=True) + np.abs(B, out=B).sum(axis=1, keepdims=True)
            gains[np.abs(gains) <= self.tables.rounding * error] = 0
        return gains

    def flip(self, spin, value):
        """Take over that in each state the spin of that index now has that value."""
        row = spin + self.tables.xi.shape[1] * (value < 0)
        self.cases += np.take(self.tables.step, row, axis=0, out=self.buffers[0][: len(row)], mode="clip")

    def keep(self, states):
        """Drop all but the given states."""
        self.cases = self.cases.take(states, axis=0)
