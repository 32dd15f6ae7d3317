"""The fields of eq. (4) on a CPU, two memories at a time: what ``dam.memory.retrieval.retrieve`` runs on NumPy.

A flip costs one matrix product and, beside it, the look-up of the responses A(h) and B(h) of all K memories. The number
of bits in which a state agrees with a memory is one of N + 1, so two memories have (N + 1)^2 cases: one table over
them gives both responses A as one complex number, and another the sum of both B. That halves the look-ups.

Retrieval needs only the signs of the fields, and float32 finds nearly all of them in half the time (`SignFields`). Let
A and B be in a common unit, W the sum of all |A| and |B| of a state, and u = 2^-24.

- Where A and B are integers and W < 2^24, float32 holds every partial sum: the fields are exact. The computed W tells:
  its terms are not negative, so a partial sum that has reached 2^24 stays there, however it is rounded.
- Elsewhere a term is rounded at most m = K + 2 times: in its table, in fewer than K additions in whatever order, and in
  the end. So a field is wrong by at most γ = m u / (1 - m u) times W, and the computed W by as much (Higham, Accuracy
  and Stability of Numerical Algorithms, ch. 3): by at most γ / (1 - γ) = m u / (1 - 2 m u) times the computed W. A
  field that close to 0 has a sign in doubt, and float64 computes the fields of its state.
- Where float64 rounds, too, that may add in another order than for the whole batch. A field close enough to its
  rounding error for this to matter (`SAFETY`) has float64 compute the whole batch.
"""

from typing import NamedTuple

import numpy as np

LARGEST_N = 1000  # up to here for two memories at once; their tables then take 40 MB
SAFETY = 8  # rounding errors of a field in float64: from there on no order of additions changes the sign, or makes it 0


class Tables(NamedTuple):
    """What the states of all batches share, for G groups of one or two memories."""

    xi: np.ndarray  # (K, N); a row of zeros is added where K is odd
    A: np.ndarray  # responses A of every case of a group, side by side in a complex number if there are two
    B: np.ndarray  # their responses B, summed
    weight: int  # case of a group: agreeing bits of the first times this, plus those of the second
    change: np.ndarray  # (2N, G): of the cases, by flipping neuron i to +1 (row i) or to -1 (row N + i)
    padding: float  # what the added row puts into the sum of B
    rounding: float  # error of a field over the sum of its terms; 0 where the arithmetic is exact
    unit: float  # of A and B: where the arithmetic is exact, they are multiples; 0 where float32 cannot hold them


def tables(xi, A, B, rounding):
    """Return the `Tables` for what `dam.memory._dynamics.tables` gives."""
    N = xi.shape[1]
    A, B, weight, padding = A[::2], B[::2], 0, 0.0  # by agreeing bits, (h + N) / 2
    values = np.abs([A, B])
    if rounding:
        largest = np.max(values)
        smallest = np.min(values, where=values > 0, initial=largest)
        unit = smallest if largest * 2.0**-103 < smallest else 0.0  # no sum of 2^23 of them overflows
    else:
        unit = max(1, np.gcd.reduce((2 * values).astype(np.int64), axis=None)) / 2  # they can be half-integers
    if N <= LARGEST_N:
        weight = N + 1
        if len(xi) % 2:
            xi, padding = np.concatenate([xi, np.zeros((1, N))]), B[N // 2]
        A = np.repeat(A, weight) + 1j * np.tile(A, weight)
        B = np.add.outer(B, B).ravel()
    up = _cases(xi, weight).T.astype(np.min_scalar_type(-len(A)))  # what holds a case in the fewest bytes
    return Tables(xi, A, B, weight, np.concatenate([up, -up]), padding, rounding, unit)


def _cases(x, weight):
    """Combine the rows of an array two by two, the first times the weight; leave it alone if the weight is 0."""
    return x[::2] * weight + x[1::2] if weight else x


class PairedFields:
    """Fields of a batch of states ``sigma (S, N)``, kept up to date flip by flip, in buffers that are made once.

    The same numbers as `dam.memory._dynamics.DenseFields`, exactly where the arithmetic is exact.
    """

    def __init__(self, sigma, tables):
        self.tables = tables
        cases = _cases((tables.xi @ sigma.T + sigma.shape[1]) / 2, tables.weight).T
        self.cases = np.ascontiguousarray(cases.astype(tables.change.dtype))
        self.buffers = [np.empty(cases.shape, x) for x in (self.cases.dtype, np.intp, tables.A.dtype, np.float64)]

    def gaps(self, sigma, states=slice(None), safety=1):
        """As `settle` asks; ``sigma`` may hold only some of the states, if ``states`` are their indices.

        Fields below ``safety`` times their rounding error count as 0.
        """
        _, index, A, B = (buffer[: len(sigma)] for buffer in self.buffers)
        np.copyto(index, self.cases[states])
        np.take(self.tables.A, index, out=A, mode="clip")
        np.take(self.tables.B, index, out=B, mode="clip")
        A = A.view(np.float64)
        gaps = A @ self.tables.xi
        gaps *= sigma
        gaps -= B.sum(axis=1, keepdims=True) - self.tables.padding
        if self.tables.rounding:
            error = np.abs(A, out=A).sum(axis=1, keepdims=True) + np.abs(B, out=B).sum(axis=1, keepdims=True)
            gaps[np.abs(gaps) <= safety * self.tables.rounding * error] = 0
        return gaps

    def flip(self, spin, value):
        row = spin + self.tables.xi.shape[1] * (value < 0)
        self.cases += np.take(self.tables.change, row, axis=0, out=self.buffers[0][: len(row)], mode="clip")

    def keep(self, states):
        self.cases = self.cases.take(states, axis=0)


class Single(NamedTuple):
    """What is shared in float32, in units of ``Tables.unit``."""

    xi: np.ndarray
    A: np.ndarray
    B_and_W: np.ndarray  # B, and in the imaginary part what a case puts into W
    padding: float
    exact: float  # the W from which on fields are rounded
    error: float  # of a field over W, then


def single(tables):
    """Return the `Single` for these `Tables`, or None if float32 is not up to them."""
    mu = (len(tables.xi) + 2) * 2.0**-24
    if tables.unit == 0 or mu >= 1 / 4:
        return None
    A = (tables.A / tables.unit).astype(np.complex64 if tables.weight else np.float32)
    B_and_W = (tables.B / tables.unit).astype(np.complex64)
    B_and_W.imag = np.abs(A.real) + np.abs(A.imag) + np.abs(B_and_W.real)
    exact = 0.0 if tables.rounding else 2.0**24
    return Single(tables.xi.astype(np.float32), A, B_and_W, tables.padding / tables.unit, exact, mu / (1 - 2 * mu))


class SignFields(PairedFields):
    """Fields for `dam.memory._dynamics.settle`: ``gaps`` has the signs of those of `PairedFields`, not the numbers."""

    def __init__(self, sigma, tables, single):
        super().__init__(sigma, tables)
        self.single = single
        self.singles = [np.empty(self.cases.shape, x.dtype) for x in (single.A, single.B_and_W)]
        self.ones = np.ones(self.cases.shape[1], np.complex64)

    def gaps(self, sigma):
        index, A, B_and_W = (buffer[: len(sigma)] for buffer in (self.buffers[1], *self.singles))
        np.copyto(index, self.cases)
        np.take(self.single.A, index, out=A, mode="clip")
        np.take(self.single.B_and_W, index, out=B_and_W, mode="clip")
        sums = (B_and_W @ self.ones).astype(np.complex128)[:, None]
        B, W = sums.real - self.single.padding, sums.imag
        gaps = sigma * (A.view(np.float32) @ self.single.xi) - B
        if np.max(W) >= self.single.exact:
            error = np.where(W < self.single.exact, -1, self.single.error * W)
            doubt = np.nonzero((np.abs(gaps) <= error).any(axis=1))[0]
            gaps[doubt] = super().gaps(sigma[doubt], doubt, SAFETY)
            if self.tables.rounding and not gaps[doubt].all():
                return super().gaps(sigma)
        return gaps
