"""One update of all memories from one minibatch, eq. (13), on an NVIDIA GPU: two matrix products and few kernels.

`FusedStep` does what `_step_plain.ArrayStep` does, in float32 with the rectified F, eq. (3). cuBLAS computes the two
products; everything element-wise is in five kernels, whose CUDA source `source` writes for one recipe: sizes, powers
and thresholds are constants in it. Arrays over (memory, digit) have memories first. No sum depends on the order in
which threads happen to run, so the same training gives the same bits; nothing is read back before an epoch is over.
"""

import numpy as np

from dam.arrays import to_numpy
from dam.network import _powers
from dam.network._step_plain import HELD, Step
from dam.network.optimizer import FLOOR

CHUNK = 32  # memories that a thread of the forward kernel sums over
FORWARD_THREADS = 128  # digits to a block
WARPS = 4  # memories to a block of the backward kernel, a warp of 32 threads for each
UPDATE_THREADS = 256
MOST_CLASSES = 32  # 32 digits and all classes make a block of at most 1024 threads
OPTIONS = ("--std=c++17",)  # CuPy itself adds -ftz=true: subnormals are flushed to zero
NONE = 2**31 - 1  # no minibatch was bad

GATHER = """
// u = the digits of a minibatch, one block to a digit
extern "C" __global__ void gather(const float* __restrict__ x, const int* __restrict__ batches, int batch,
                                  float* __restrict__ u)
{
    const size_t row = batches[(size_t)batch * DIGITS + blockIdx.x];
    const Pixels* from = (const Pixels*)(x + row * PIXELS);
    Pixels* to = (Pixels*)(u + (size_t)blockIdx.x * PIXELS);
    for (int i = threadIdx.x; i < PIXELS / WIDTH; i += blockDim.x)
        to[i] = from[i];
}
"""

FORWARD = """
// partial (chunks, CLASSES, DIGITS) = sums over a chunk of memories; a thread to a digit, a row of blocks to a chunk
extern "C" __global__ void forward(const float* __restrict__ overlaps, const float* __restrict__ labels,
                                   float* __restrict__ partial, float T)
{
    __shared__ float own[CHUNK][CLASSES];
    __shared__ float offset[CHUNK];
    const int digit = blockIdx.x * blockDim.x + threadIdx.x, first = blockIdx.y * CHUNK;
    const int count = MEMORIES - first < CHUNK ? MEMORIES - first : CHUNK;
    for (int i = threadIdx.x; i < count * CLASSES; i += blockDim.x)
        own[i / CLASSES][i % CLASSES] = OWN(labels[(size_t)first * CLASSES + i]);
    for (int k = threadIdx.x; k < count; k += blockDim.x) {
        offset[k] = 0.0f;
        for (int a = 0; a < CLASSES; a++)
            offset[k] += labels[(size_t)(first + k) * CLASSES + a];
    }
    __syncthreads();
    if (digit >= DIGITS)
        return;
    float sum[CLASSES];
    for (int a = 0; a < CLASSES; a++)
        sum[a] = 0.0f;
    for (int k = 0; k < count; k++) {
        const float overlap = overlaps[(size_t)(first + k) * DIGITS + digit];
        %s
    }
    for (int a = 0; a < CLASSES; a++)
        partial[((size_t)blockIdx.y * CLASSES + a) * DIGITS + digit] = sum[a];
}
"""

FORWARD_TERMS = {
    "exact": """const float h = (overlap - offset[k]) / T;
        const float F = high(h);
        #pragma unroll
        for (int a = 0; a < CLASSES; a++)
            sum[a] += high(h + own[k][a]) - F;""",
    "dual": """const float f = high(overlap / T);
        #pragma unroll
        for (int a = 0; a < CLASSES; a++)
            sum[a] += f * own[k][a];""",
}

SLOPE = """
__device__ __forceinline__ float over_chunks(const float* partial, int a, int digit)
{
    float sum = 0.0f;
    #pragma unroll 8
    for (int chunk = 0; chunk < CHUNKS; chunk++)
        sum += partial[((size_t)chunk * CLASSES + a) * DIGITS + digit];
    return sum;
}

// a (S, CLASSES) from row ``first`` on = the arguments of the tanh for ``count`` digits; blocks as of slopes
extern "C" __global__ void arguments(const float* __restrict__ partial, float* __restrict__ a, int first, int count,
                                     float scale)
{
    const int digit = blockIdx.x * 32 + threadIdx.x, own = threadIdx.y;
    if (digit < count)
        a[(size_t)(first + digit) * CLASSES + own] = scale * over_chunks(partial, own, digit);
}

// s (CLASSES + 1, DIGITS) = the slope of the objective, its sum over classes last; 32 digits to a block, threads
// (digit, class). found[0] counts wrong digits, found[1] is the first minibatch whose arguments are not finite.
extern "C" __global__ void slopes(const float* __restrict__ partial, const int* __restrict__ right,
                                  float* __restrict__ s, int* __restrict__ found, int batch, float scale,
                                  float slope_scale)
{
    __shared__ float all[CLASSES][32];
    const int lane = threadIdx.x, digit = blockIdx.x * 32 + lane, own = threadIdx.y;
    const bool there = digit < DIGITS;
    const float a = there ? scale * over_chunks(partial, own, digit) : 0.0f;
    all[own][lane] = a;
    __syncthreads();
    int best = 0;
    bool finite = true;
    for (int b = 0; b < CLASSES; b++) {
        finite = finite && fabsf(all[b][lane]) <= LARGEST;
        best = all[b][lane] > all[best][lane] ? b : best;
    }
    const float t = there && right[digit] == own ? 1.0f : -1.0f;
    float slope;
    %s
    slope *= slope_scale;
    __syncthreads();
    all[own][lane] = slope;
    __syncthreads();
    if (!there)
        return;
    s[(size_t)own * DIGITS + digit] = slope;
    if (own == 0) {
        float sum = 0.0f;
        for (int b = 0; b < CLASSES; b++)
            sum += all[b][lane];
        s[(size_t)CLASSES * DIGITS + digit] = sum;
        if (best != right[digit])
            atomicAdd(&found[0], 1);
        if (!finite)
            atomicMin(&found[1], batch);
    }
}
"""

SLOPES = {
    "power": """float d = tanhf(a) - t;
    d = fabsf(d) <= LEAST_DIFFERENCE ? 0.0f : d;
    const float e = expf(-2.0f * fabsf(a));
    slope = TWO_M * odd_power(d) * (4.0f * e / ((1.0f + e) * (1.0f + e)));
    slope = fabsf(slope) <= SMALLEST ? 0.0f : slope;""",
    "softmax": """float sum = 0.0f;
    for (int b = 0; b < CLASSES; b++)
        sum += expf(all[b][lane] - all[best][lane]);
    slope = expf(a - all[best][lane]) / sum - 0.5f * (1.0f + t);""",
}

BACKWARD = """
__device__ __forceinline__ float warp_sum(float x)
{
    for (int offset = 16; offset > 0; offset /= 2)
        x += __shfl_down_sync(0xffffffffu, x, offset);
    return x;
}

// The overlaps become the gradient with respect to them; gradient (MEMORIES, CLASSES) is that of the labels. A warp to
// a memory.
extern "C" __global__ void backward(float* __restrict__ overlaps, const float* __restrict__ labels,
                                    const float* __restrict__ s, float* __restrict__ gradient, float T)
{
    const int lane = threadIdx.x % 32, k = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
    if (k >= MEMORIES)
        return;
    float own[CLASSES], sum[CLASSES], offset = 0.0f, total = 0.0f;
    for (int a = 0; a < CLASSES; a++) {
        const float label = labels[(size_t)k * CLASSES + a];
        own[a] = OWN(label);
        offset += label;
        sum[a] = 0.0f;
    }
    for (int digit = lane; digit < DIGITS; digit += 32) {
        const float overlap = overlaps[(size_t)k * DIGITS + digit];
        float dh;
        %s
        dh = fabsf(dh) <= SMALLEST ? 0.0f : dh;
        overlaps[(size_t)k * DIGITS + digit] = dh;
        total += dh;
    }
    for (int a = 0; a < CLASSES; a++)
        sum[a] = warp_sum(sum[a]);
    total = warp_sum(total);
    if (lane == 0)
        for (int a = 0; a < CLASSES; a++)
            gradient[(size_t)k * CLASSES + a] = LABEL_GRADIENT;
}
"""

BACKWARD_TERMS = {
    "exact": """const float h = (overlap - offset) / T;
        dh = -s[(size_t)CLASSES * DIGITS + digit] * low(h);
        #pragma unroll
        for (int a = 0; a < CLASSES; a++) {
            const float term = s[(size_t)a * DIGITS + digit] * low(h + own[a]);
            dh += term;
            sum[a] += term;
        }""",
    "dual": """const float h = overlap / T, f = high(h);
        dh = 0.0f;
        #pragma unroll
        for (int a = 0; a < CLASSES; a++) {
            const float slope = s[(size_t)a * DIGITS + digit];
            dh += slope * own[a];
            sum[a] += f * slope;
        }
        dh *= (DEGREE - 1) / T * low(h);""",
}

UPDATE = """
// Eq. (13) over the joint index, visible weights first; one block to a memory
extern "C" __global__ void update(float* __restrict__ visible, float* __restrict__ labels, float* __restrict__ V,
                                  float* __restrict__ V_labels, const float* __restrict__ G,
                                  const float* __restrict__ G_labels, float p, float epsilon)
{
    __shared__ unsigned int parts[32];
    const size_t k = blockIdx.x;
    float momentum[PER_THREAD];
    unsigned int largest = 0;  // bits of max |V|: as integers they have the order of the numbers, a NaN the largest
    #pragma unroll
    for (int i = 0; i < PER_THREAD; i++) {
        const int j = threadIdx.x + i * UPDATE_THREADS;
        momentum[i] = 0.0f;
        if (j < PIXELS)
            momentum[i] = p * V[k * PIXELS + j] - G[k * PIXELS + j];
        else if (j < PIXELS + CLASSES)
            momentum[i] = p * V_labels[k * CLASSES + j - PIXELS] - G_labels[k * CLASSES + j - PIXELS];
        const unsigned int size = __float_as_uint(fabsf(momentum[i]));
        largest = size > largest ? size : largest;
    }
    for (int offset = 16; offset > 0; offset /= 2) {
        const unsigned int other = __shfl_down_sync(0xffffffffu, largest, offset);
        largest = other > largest ? other : largest;
    }
    if (threadIdx.x % 32 == 0)
        parts[threadIdx.x / 32] = largest;
    __syncthreads();
    for (int warp = 0; warp < UPDATE_THREADS / 32; warp++)
        largest = parts[warp] > largest ? parts[warp] : largest;
    const float size = __uint_as_float(largest);
    const bool dead = size < FLOOR;
    const float rate = epsilon / (dead ? FLOOR : size);
    #pragma unroll
    for (int i = 0; i < PER_THREAD; i++) {
        const int j = threadIdx.x + i * UPDATE_THREADS;
        const float change = dead ? 0.0f : momentum[i];
        if (j < PIXELS) {
            V[k * PIXELS + j] = change;
            visible[k * PIXELS + j] = fminf(fmaxf(visible[k * PIXELS + j] + rate * change, -1.0f), 1.0f);
        } else if (j < PIXELS + CLASSES) {
            const size_t at = k * CLASSES + j - PIXELS;
            V_labels[at] = change;
            labels[at] = fminf(fmaxf(labels[at] + rate * change, -1.0f), 1.0f);
        }
    }
}
"""


def literal(x):
    """Return a number as a float literal of C."""
    return f"{x:.9e}f"


def power_source(name, k, least=None):
    """Return a function ``name`` of CUDA C that is x^k by repeated squaring, as `dam.memory.interactions.power` has it.

    With ``least`` it is 0 for x up to that number: a rectified power that never becomes subnormal.
    """
    lines, result, square = [], None, "x"
    for bit in range(max(k, 1).bit_length()):
        if bit:
            lines.append(f"const float x{2**bit} = {square} * {square};")
            square = f"x{2**bit}"
        if k >> bit & 1:
            result = f"({result} * {square})" if result else square
    result = result or "1.0f"
    if least is not None:
        lines.insert(0, f"x = x <= {literal(least)} ? 0.0f : x;")  # a NaN stays
        result = result if k else "x == 0.0f ? 0.0f : 1.0f"
    body = "\n    ".join([*lines, f"return {result};"])
    return f"__device__ __forceinline__ float {name}(float x)\n{{\n    {body}\n}}\n"


def constants(recipe, K, M, N, classes):
    """Return the constants of the kernels, by name."""
    dtype = np.dtype(np.float32)
    exact = recipe.form == "exact"
    return {
        "MEMORIES": K,
        "DIGITS": M,
        "PIXELS": N,
        "CLASSES": classes,
        "CHUNK": CHUNK,
        "CHUNKS": -(-K // CHUNK),
        "WIDTH": 4 if N % 4 == 0 else 1,
        "Pixels": "float4" if N % 4 == 0 else "float",
        "UPDATE_THREADS": UPDATE_THREADS,
        "PER_THREAD": -(-(N + classes) // UPDATE_THREADS),
        "DEGREE": recipe.n,
        "TWO_M": literal(2 * recipe.m),
        "OWN(label)": "(2.0f * (label) / T)" if exact else "(label)",  # what a label adds to h, or weighs f with
        "LABEL_GRADIENT": "(2.0f * sum[a] - total)" if exact else "sum[a]",
        "SMALLEST": literal(_powers.smallest(np, dtype)),
        "LEAST_DIFFERENCE": literal(_powers.threshold(np, dtype, 2 * recipe.m - 1)),
        "LARGEST": literal(float(np.finfo(dtype).max)),
        "FLOOR": literal(FLOOR),
    }


def source(recipe, K, M, N, classes):
    """Return the CUDA source of all kernels, for K memories of N pixels and M digits in a minibatch."""
    dtype, form = np.dtype(np.float32), recipe.form
    high = recipe.n if form == "exact" else recipe.n - 1  # the power of the energy, or of its activation function
    parts = [f"#define {name} {value}\n" for name, value in constants(recipe, K, M, N, classes).items()]
    parts += [power_source(name, k, _powers.threshold(np, dtype, k)) for name, k in (("high", high), ("low", high - 1))]
    parts += [power_source("odd_power", 2 * recipe.m - 1), GATHER, FORWARD.replace("%s", FORWARD_TERMS[form])]
    parts += [SLOPE.replace("%s", SLOPES[recipe.objective]), BACKWARD.replace("%s", BACKWARD_TERMS[form]), UPDATE]
    return "".join(parts)


def supports(x, t, recipe):
    """Return whether `FusedStep` can train by the recipe on digits ``x`` with targets ``t (M, N_c)``."""
    return str(x.dtype) == "float32" and recipe.kind == "rectified" and t.shape[1] <= MOST_CLASSES


def training_bytes(x, t, recipe, others=0):
    """Return about how many bytes a training on a GPU takes for each digit of a minibatch, and for all else.

    Parameters as of the step; ``others`` is the number of test digits.
    """
    (S, N), classes, size = x.shape, t.shape[1], x.dtype.itemsize
    width = 1 + classes / CHUNK if supports(x, t, recipe) else HELD
    return size * (N + width * recipe.K), size * ((S + others) * N + 8 * recipe.K * (N + classes))


class FusedStep(Step):
    """The step for CuPy in float32. Parameters as in `_step_plain.ArrayStep`, see `supports`; all arrays on the GPU.

    Visible and label weights, their momenta and gradients are arrays of their own here, because the products are
    slower on parts of a row. A digit's target is +1 in one class.
    """

    def __init__(self, x, t, xi, V, recipe):
        import cupy

        self.cp, self.recipe = cupy, recipe
        self.x, self.N = cupy.ascontiguousarray(x), x.shape[1]
        (K, _), (M, classes) = xi.shape, t.shape
        self.K, self.M, self.classes = K, M, classes
        self.visible, self.label_weights = (cupy.ascontiguousarray(part) for part in (xi[:, : self.N], xi[:, self.N :]))
        self.V, self.V_labels = (cupy.ascontiguousarray(part) for part in (V[:, : self.N], V[:, self.N :]))
        self.right = cupy.asarray(np.argmax(to_numpy(t), axis=1).astype(np.int32))
        empty = lambda *shape: cupy.zeros(shape, dtype=np.float32)
        self.u, self.overlaps, self.G, self.G_labels = (
            empty(M, self.N),
            empty(K, M),
            empty(K, self.N),
            empty(K, classes),
        )
        self.partial, self.s = empty(-(-K // CHUNK), classes, M), empty(classes + 1, M)
        self.found = cupy.zeros(2, dtype=np.int32)
        self.fresh = cupy.asarray(np.array([0, NONE], np.int32))
        module = cupy.RawModule(code=source(recipe, K, M, self.N, classes), options=OPTIONS)
        names = ("gather", "forward", "arguments", "slopes", "backward", "update")
        self.gather, self.forward, self.to_arguments, self.slopes, self.backward, self.update = (
            module.get_function(name) for name in names
        )

    def __call__(self, rows, T, epsilon):
        """See `_step_plain.ArrayStep.__call__`."""
        return self.epoch(to_numpy(rows)[None, :], T, epsilon)

    def epoch(self, batches, T, epsilon):
        """See `_step_plain.Step.epoch`. The numbers of wrong digits are read back once, at the end."""
        rows = self.cp.asarray(to_numpy(batches).astype(np.int32))
        self.found[:] = self.fresh
        for batch in range(len(batches)):
            self._update(rows, np.int32(batch), T, np.float32(epsilon))
        wrong, bad = (int(number) for number in to_numpy(self.found))
        if bad != NONE:
            raise FloatingPointError(
                f"minibatch {bad + 1} of {len(batches)} (the arguments of the tanh are not finite)"
            )
        if not self.is_finite():
            raise FloatingPointError(f"minibatch {len(batches)} of {len(batches)} (the weights are not finite)")
        return wrong

    def state(self):
        """See `_step_plain.ArrayStep.state`."""
        parts = (self.visible, self.label_weights), (self.V, self.V_labels)
        return tuple(self.cp.concatenate(pair, axis=1) for pair in parts)

    def is_finite(self):
        """See `_step_plain.ArrayStep.is_finite`."""
        arrays = (self.visible, self.label_weights, self.V, self.V_labels)
        return bool(sum(self.cp.isfinite(a).all() for a in arrays) == len(arrays))

    def arguments(self, v, T):
        """See `_step_plain.ArrayStep.arguments`."""
        v = self.cp.ascontiguousarray(v, dtype=np.float32)
        a = self.cp.empty((len(v), self.classes), dtype=np.float32)
        for first in range(0, len(v), self.M):
            digits = v[first : first + self.M]
            count = len(digits)
            if count < self.M:  # the rest of u is of no interest
                self.u[:count] = digits
                digits = self.u
            self._forward(digits, T)
            numbers = np.int32(first), np.int32(count), self._argument_scale(T)
            self.to_arguments(*self._digits_and_classes(), (self.partial, a, *numbers))
        return a

    def _argument_scale(self, T):
        return np.float32(1 if self.recipe.form == "exact" else 2 * self.recipe.n / T)

    def _slope_scale(self, T):
        return np.float32((1 if self.recipe.form == "exact" else 2) * self.recipe.n / T)

    def _digits_and_classes(self):
        """Return the grid and the block of a kernel with a thread for each digit and class."""
        return (-(-self.M // 32),), (32, self.classes)

    def _forward(self, digits, T):
        """Compute the overlaps with M digits, and the partial sums over memories."""
        self.cp.matmul(self.visible, digits.T, out=self.overlaps)
        grid = -(-self.M // FORWARD_THREADS), -(-self.K // CHUNK)
        self.forward(grid, (FORWARD_THREADS,), (self.overlaps, self.label_weights, self.partial, np.float32(T)))

    def _update(self, rows, batch, T, epsilon):
        """Do the update with row ``batch`` of the minibatches ``rows (B, M)``, both on the GPU."""
        self.gather((self.M,), (256,), (self.x, rows, batch, self.u))
        self._forward(self.u, T)
        scales = self._argument_scale(T), self._slope_scale(T)
        self.slopes(*self._digits_and_classes(), (self.partial, self.right, self.s, self.found, batch, *scales))
        blocks, gradients = -(-self.K // WARPS), (self.G, self.G_labels)
        self.backward(
            (blocks,), (32 * WARPS,), (self.overlaps, self.label_weights, self.s, self.G_labels, np.float32(T))
        )
        self.cp.matmul(self.overlaps, self.u, out=self.G)
        weights = self.visible, self.label_weights, self.V, self.V_labels
        numbers = np.float32(self.recipe.momentum), epsilon
        self.update((self.K,), (UPDATE_THREADS,), (*weights, *gradients, *numbers))
