"""Asynchronous zero-temperature dynamics on a GPU: what ``dam.memory.retrieve`` runs on CuPy.

The dynamics are those of ``dam.descent``: in every state one uniformly random unstable spin is flipped, until none is
left. Here a flip of all states of a batch is two kernels with a matrix product between them, and the host waits for
none of the three: only after every `CHECK` flips does it ask which states are still going, and drops the others.

- ``respond`` carries out the flip chosen last and looks up the responses A and B of all K memories, for eq. (4);
- the matrix product of A (S, K) with the memories (K, N) gives the fields;
- ``choose`` finds the unstable spins of each state and chooses one, for the next ``respond``.

For the classical network ``follow`` carries out the flip and keeps the fields up to date: no product is needed.

Random numbers belong to the state and to the flip, not to the order of the work: number j of state s comes from the
SplitMix64 stream (Steele, Lea and Flood 2014) of s. The result therefore depends on the generator and on the states,
and not on the batches. The spins chosen are others than on a CPU, with the same statistics.
"""

from functools import cache

import numpy as np

from dam.arrays import free_bytes
from dam.descent import BATCH_BYTES

THREADS = 128  # of a block, a power of two; each block works on one state
CHECK = 8  # flips between two looks at which states are finished
SHARE = 0.8  # of the free memory that a batch may take
FINISHED, START = -1, -2  # in place of the index of the spin to flip

KERNELS = r"""
typedef signed char Spin;
typedef unsigned long long Bits;

// Number `index` of the SplitMix64 stream that starts at `seed`.
__device__ Bits random_bits(Bits seed, Bits index)
{
    Bits x = seed + (index + 1) * 0x9E3779B97F4A7C15ULL;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

// Sum over the threads of a block, always in the same order; every thread gets it.
__device__ double block_sum(double x)
{
    __shared__ double part[THREADS];
    const int t = threadIdx.x;
    part[t] = x;
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (t < half) part[t] += part[t + half];
    }
    __syncthreads();
    x = part[0];
    __syncthreads();  // all have read it before the next sum writes
    return x;
}

// Largest of the threads' numbers; every thread gets it.
__device__ Bits block_max(Bits x)
{
    __shared__ Bits part[THREADS];
    const int t = threadIdx.x;
    part[t] = x;
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (t < half && part[t + half] > part[t]) part[t] = part[t + half];
    }
    __syncthreads();
    x = part[0];
    __syncthreads();
    return x;
}

// Flip the chosen spin of state s, one block a state, and look up what its memories respond.
// agreeing (S, K): bits in which state and memory agree, (h + N) / 2, the index into the tables A and B (N + 1).
// response (S, K): A of every memory; before the first flip (START) it holds the overlaps h.
// own (S): sum of B over the memories. error (S): fields up to this size are rounding errors.
extern "C" __global__ void respond(
    const double* __restrict__ A, const double* __restrict__ B, const Spin* __restrict__ memories,
    const int* __restrict__ spin, Spin* __restrict__ sigma, Count* __restrict__ agreeing,
    double* __restrict__ response, double* __restrict__ own, double* __restrict__ error,
    int K, int N, double rounding)
{
    const size_t s = blockIdx.x;
    const int i = spin[s];
    if (i == FINISHED) return;
    const int value = i == START ? 0 : -sigma[s * N + i];
    const Spin* memory = memories + (i == START ? 0 : (size_t)i * K);  // spin i of every memory
    double sum = 0, size = 0;
    for (int k = threadIdx.x; k < K; k += THREADS) {
        const size_t at = s * K + k;
        const int bits = i == START ? ((int)response[at] + N) / 2 : agreeing[at] + value * memory[k];
        const double a = A[bits], b = B[bits];
        agreeing[at] = (Count)bits;
        response[at] = a;
        sum += b;
        size += fabs(a) + fabs(b);
    }
    sum = block_sum(sum);
    size = block_sum(size);
    if (threadIdx.x == 0) {
        own[s] = sum;
        error[s] = rounding * size;
        if (i != START) sigma[s * N + i] = (Spin)value;
    }
}

// Flip the chosen spin of state s, one block a state, and change the fields (S, N) of the classical network with it.
extern "C" __global__ void follow(
    const Real* __restrict__ T, const int* __restrict__ spin, Spin* __restrict__ sigma, Real* __restrict__ fields,
    int N)
{
    const size_t s = blockIdx.x;
    const int i = spin[s];
    if (i < 0) return;
    const int value = -sigma[s * N + i];
    for (int j = threadIdx.x; j < N; j += THREADS) fields[s * N + j] += 2 * value * T[(size_t)i * N + j];
    __syncthreads();  // all have read the old value
    if (threadIdx.x == 0) sigma[s * N + i] = (Spin)value;
}

// Choose an unstable spin of state s, one block a state: the one that draws the largest random number.
// The index of the spin takes the lower 32 bits of the number, so the largest also says whose it is.
extern "C" __global__ void choose(
    const Real* __restrict__ fields, const Spin* __restrict__ sigma, const double* __restrict__ own,
    const double* __restrict__ error, const long long* __restrict__ rows, int* __restrict__ spin,
    int N, Bits seed, Bits flip)
{
    const size_t s = blockIdx.x;
    if (spin[s] == FINISHED) return;
    const Bits stream = random_bits(random_bits(seed, (Bits)rows[s]), flip);
    Bits best = 0;
    for (int i = threadIdx.x; i < N; i += THREADS) {
        const double gain = sigma[s * N + i] * (double)fields[s * N + i] - own[s];
        if (gain < -error[s]) {
            const Bits drawn = (random_bits(stream, i) >> 32 << 32) | (Bits)(i + 1);
            if (drawn > best) best = drawn;
        }
    }
    best = block_max(best);
    if (threadIdx.x == 0) spin[s] = best ? (int)(best & 0xFFFFFFFFULL) - 1 : FINISHED;
}
"""


def source(N, real="double"):
    """Return the CUDA source of the kernels for N neurons and for fields of the C type ``real``."""
    constants = {"THREADS": THREADS, "FINISHED": f"({FINISHED})", "START": f"({START})"}
    defines = "".join(f"#define {name} {value}\n" for name, value in constants.items())
    return f"{defines}typedef {count_type(N)[1]} Count;\ntypedef {real} Real;\n{KERNELS}"


def count_type(N):
    """Return the NumPy and the C type that count up to N agreeing bits."""
    return (np.int16, "short") if N < 2**15 else (np.int32, "int")


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
        Spin that flips next, or `FINISHED`, or at the beginning `START`.
    fields : array (S or more, N)
        Fields in the first S rows, set by ``advance`` of `DenseBatch` and `ClassicalBatch`.
    own, error : float64 arrays (S or more,)
        A spin is unstable where σ_i times its field, minus ``own``, is below minus ``error``.
    """

    def __init__(self, cupy, sigma, rows, kernels):
        self.cupy, self.kernels, self.rows = cupy, kernels, rows
        self.sigma = sigma.astype(cupy.int8)
        self.spin = cupy.full(len(sigma), START, dtype=cupy.int32)

    def launch(self, name, *arguments):
        """Start a kernel with one block for each state."""
        self.kernels[name]((len(self.rows),), (THREADS,), arguments)

    def choose(self, seed, flip):
        """Choose the spin that flips next in every state; ``flip`` counts the flips until now."""
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
        As in `dam.descent.DenseFields`.
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
    """States of the classical network of couplings ``T (N, N)``, float32 or float64, with T_ii = 0."""

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
    """Flip random unstable spins of a batch until none is left, and put the states into their rows of ``final``.

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
    """Return about how many bytes of the GPU's memory one state takes among K memories of N spins."""
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
        As in `dam.descent.DenseFields`: memories (K, N) in float64, tables over h = -N..N, rounding error.
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
