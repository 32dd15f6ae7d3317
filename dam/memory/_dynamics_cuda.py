"""Asynchronous zero-temperature dynamics on a GPU: what ``dam.memory.retrieve`` runs on CuPy.

The dynamics are those of `dam.memory._dynamics`: in every state one uniformly random unstable neuron is flipped, until
none is left. Here a flip of all states of a batch is two kernels with a matrix product between them, and the host waits
for none of the three: only after every `CHECK` flips does it ask which states are still going, and drops the others.

The kernels are in `dam.memory._dynamics_kernels`:

- ``respond`` carries out the flip chosen last and looks up the responses A and B of all K memories, for eq. (4);
- the matrix product of A (S, K) with the memories (K, N) gives the fields;
- ``choose`` finds the unstable neurons of each state and chooses one, for the next ``respond``.

For the classical network ``follow`` carries out the flip and keeps the fields up to date: no product is needed.

Random numbers belong to the state and to the flip, not to the order of the work: number j of state s comes from the
SplitMix64 stream (Steele, Lea and Flood 2014) of s. The result therefore depends on the generator and on the states,
and not on the batches. The neurons chosen are others than on a CPU, with the same statistics.
"""

from functools import cache

import numpy as np

from dam.arrays import free_bytes
from dam.memory import _dynamics_kernels
from dam.memory._dynamics import BATCH_BYTES
from dam.memory._dynamics_kernels import FINISHED, START, count_type, source

CHECK = 8  # flips between two looks at which states are finished
SHARE = 0.8  # of the free memory that a batch may take


@cache
def _kernels(cupy, code):
    """Compile the source for the current device, once."""
    module = cupy.RawModule(code=code)
    return {name: module.get_function(name) for name in ("respond", "follow", "choose")}


class Batch:
    """The states of a batch that are still going, ``sigma (S, N)`` int8, and what the kernels keep for each.

    Attributes
    ----------
    rows : int64 array (S,)
        Which of all the states these are: they draw their random numbers by it.
    spin : int32 array (S,)
        Neuron that flips next, or `FINISHED`, or at the beginning `START`.
    fields : array (S or more, N)
        Fields in the first S rows, set by ``advance`` of `DenseBatch` and `ClassicalBatch`.
    own, error : float64 arrays (S or more,)
        A neuron is unstable where σ_i times its field, minus ``own``, is below minus ``error``.
    """

    def __init__(self, cupy, sigma, rows, kernels):
        self.cupy, self.kernels, self.rows = cupy, kernels, rows
        self.sigma = sigma.astype(cupy.int8)
        self.spin = cupy.full(len(sigma), START, dtype=cupy.int32)

    def launch(self, name, *arguments):
        """Start a kernel with one block for each state."""
        self.kernels[name]((len(self.rows),), (_dynamics_kernels.THREADS,), arguments)

    def choose(self, seed, flip):
        """Choose the neuron that flips next in every state; ``flip`` counts the flips until now."""
        N = np.int32(self.sigma.shape[1])
        arrays = self.fields, self.sigma, self.own, self.error, self.rows, self.spin
        self.launch("choose", *arrays, N, np.uint64(seed), np.uint64(flip))

    def keep(self, states):
        """Drop all but the given states."""
        arrays = self.sigma, self.rows, self.spin
        self.sigma, self.rows, self.spin = (self.cupy.take(x, states, axis=0) for x in arrays)


class DenseBatch(Batch):
    """States under eq. (4). The matrix product reads and writes the first rows of arrays that are made once.

    Parameters
    ----------
    xi : float64 array (K, N)
    memories : int8 array (N, K)
        The same, transposed.
    A, B : float64 arrays (N + 1,)
        Responses by the number of agreeing bits.
    rounding : float
        As in `dam.memory._dynamics.DenseFields`.
    """

    def __init__(self, cupy, sigma, rows, kernels, xi, memories, A, B, rounding):
        super().__init__(cupy, sigma, rows, kernels)
        (K, N), S = xi.shape, len(sigma)
        self.xi, self.tables, self.rounding = xi, (A, B, memories), np.float64(rounding)
        self.agreeing = cupy.empty((S, K), dtype=count_type(N)[0])
        self.response = cupy.empty((S, K), dtype=cupy.float64)
        self.fields = cupy.empty((S, N), dtype=cupy.float64)
        self.own, self.error = (cupy.empty(S, dtype=cupy.float64) for _ in range(2))
        cupy.matmul(sigma.astype(cupy.float64), xi.T, out=self.response)

    def advance(self):
        """Carry out the chosen flips and compute the fields."""
        (K, N), S = self.xi.shape, len(self.rows)
        arrays = *self.tables, self.spin, self.sigma, self.agreeing, self.response, self.own, self.error
        self.launch("respond", *arrays, np.int32(K), np.int32(N), self.rounding)
        self.cupy.matmul(self.response[:S], self.xi, out=self.fields[:S])

    def keep(self, states):
        """Drop all but the given states; the next ``respond`` makes all the rest anew."""
        super().keep(states)
        self.agreeing = self.cupy.take(self.agreeing, states, axis=0)


class ClassicalBatch(Batch):
    """States of the classical network of connections ``T (N, N)``, float32 or float64, with T_ii = 0."""

    def __init__(self, cupy, sigma, rows, kernels, T, rounding):
        super().__init__(cupy, sigma, rows, kernels)
        self.T = T
        double = cupy.float64  # whatever CuPy does to products in float32
        self.fields = cupy.matmul(sigma.astype(double), T.astype(double, copy=False)).astype(T.dtype, copy=False)
        self.own = cupy.zeros(len(sigma), dtype=cupy.float64)
        self.error = cupy.full(len(sigma), rounding, dtype=cupy.float64)

    def advance(self):
        """Carry out the chosen flips and change the fields with them."""
        self.launch("follow", self.T, self.spin, self.sigma, self.fields, np.int32(len(self.T)))

    def keep(self, states):
        """Drop all but the given states."""
        super().keep(states)
        self.fields = self.cupy.take(self.fields, states, axis=0)


def settle(batch, final, seed, max_flips=None):
    """Flip random unstable neurons of a batch until none is left, and put the states into their rows of ``final``.

    Returns how many states were stopped by ``max_flips``.
    """
    flips = 0
    batch.advance()
    batch.choose(seed, flips)
    while True:
        for _ in range(CHECK if max_flips is None else min(CHECK, max_flips - flips)):
            batch.advance()
            flips += 1
            batch.choose(seed, flips)
        final[batch.rows] = batch.sigma
        going = batch.cupy.flatnonzero(batch.spin != FINISHED)
        if going.size == 0 or flips == max_flips:
            return going.size
        if going.size < len(batch.rows):
            batch.keep(going)


def dense_bytes(K, N):
    """Return about how many bytes of the GPU's memory one state takes among K memories of N neurons."""
    counts = 2 * np.dtype(count_type(N)[0]).itemsize  # and their copy, when states are dropped
    return (8 + counts) * K + (8 + 8 + 3) * N + 64  # responses; fields, states in float64 and in int8


def classical_bytes(N, itemsize):
    """Return about how many bytes of the GPU's memory one state of the classical network takes."""
    return (8 + 8 + 2 * itemsize + 3) * N + 64  # first product, in float64; fields and their copy; states in int8


def batch_size(S, bytes_per_state, width, array):
    """Return how many of S states to take at once: what fits on the GPU of that array, at most `BATCH_BYTES` wide.

    Raises
    ------
    MemoryError
        Not even one state fits; the message says how much it needs and how much is free.
    """
    free = free_bytes(array)
    fitting = int(SHARE * free) // bytes_per_state
    if fitting == 0:
        raise MemoryError(
            f"a batch of one state needs about {bytes_per_state / 1e9:.3g} GB of the GPU's memory, but of the "
            f"{free / 1e9:.3g} GB that are free a batch may take {SHARE:.0%}; use fewer memories K or fewer neurons N"
        )
    return max(1, min(S, fitting, BATCH_BYTES[False] // (8 * width)))


def settle_batches(sigma, size, make_batch, rng, max_flips=None):
    """`settle` for states ``sigma (S, N)``, so many at a time.

    Returns
    -------
    int8 array (S, N), int
        The final states, and how many of them were stopped by ``max_flips``.
    """
    import cupy

    seed = rng.spawn(1)[0].integers(2**64, dtype=np.uint64)  # a stream of its own, as for each batch on a CPU
    final, unsettled = cupy.empty(sigma.shape, dtype=cupy.int8), 0
    for start in range(0, len(sigma), size):
        rows = cupy.arange(start, min(start + size, len(sigma)), dtype=cupy.int64)
        unsettled += settle(make_batch(cupy, sigma[start : start + size], rows), final, seed, max_flips)
    return final, unsettled


def settle_dense(sigma, xi, A, B, rounding, rng, max_flips=None):
    """Return where the states go under eq. (4), and how many of them were stopped by ``max_flips``.

    Parameters
    ----------
    sigma : CuPy array (S, N)
        States of -1 and +1.
    xi, A, B, rounding
        As in `dam.memory._dynamics.DenseFields`: memories (K, N) in float64, tables over h = -N..N, rounding error.
        Where the arithmetic is exact (rounding 0), the result does not depend on the batches.
    rng : numpy.random.Generator
    max_flips : int, optional
        Stop a state after so many flips.

    Returns
    -------
    int8 array (S, N), int

    Raises
    ------
    MemoryError
        As `batch_size`.
    """
    import cupy

    K, N = xi.shape
    kernels = _kernels(cupy, source(N))
    memories = cupy.ascontiguousarray(xi.T, dtype=cupy.int8)
    A, B = (cupy.ascontiguousarray(x[::2], dtype=cupy.float64) for x in (A, B))
    size = batch_size(len(sigma), dense_bytes(K, N), max(K, N), xi)

    def make_batch(cupy, states, rows):
        return DenseBatch(cupy, states, rows, kernels, xi, memories, A, B, rounding)

    return settle_batches(sigma, size, make_batch, rng, max_flips)


def settle_classical(sigma, T, rounding, rng, max_flips=None):
    """Return where the states ``sigma (S, N)`` of the classical network go; otherwise as `settle_dense`.

    Parameters
    ----------
    T : CuPy array (N, N), float32 or float64
        Symmetric, with zeros on its diagonal.
    rounding : float
        Fields up to this size count as zero.
    """
    import cupy

    N, T = len(T), cupy.ascontiguousarray(T)
    kernels = _kernels(cupy, source(N, {4: "float", 8: "double"}[T.dtype.itemsize]))
    size = batch_size(len(sigma), classical_bytes(N, T.dtype.itemsize), N, T)

    def make_batch(cupy, states, rows):
        return ClassicalBatch(cupy, states, rows, kernels, T, rounding)

    return settle_batches(sigma, size, make_batch, rng, max_flips)
