"""The CUDA kernels of `dam.memory._dynamics_cuda`, which explains what they do together.

Every block works on one state. The tests compile the same source for the CPU and compare each kernel with NumPy.
"""

import numpy as np

THREADS = 128  # of a block, a power of two
FINISHED, START = -1, -2  # in place of the index of the spin that flips next

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
