"""Asynchronous zero-temperature dynamics of many states at once: what makes `dam.memory.retrieval.retrieve` fast.

Rejection-free: of the unstable neurons of a state, one is chosen uniformly and flipped, until none is left. The same
code runs on NumPy and on CuPy; on a CPU, batches of states are spread over threads.

The bracket of eq. (4) asks for F at two arguments for every state, memory and neuron, S K N of them. Here it comes from
the overlaps h alone. With R = h - ξ_i σ_i and G(R) = F(R + 1) - F(R - 1),

    F(ξ_i + R) - F(-ξ_i + R) = ξ_i G(R),    as ξ_i is 1 or -1 .

R is h - 1 where the memory agrees with neuron i and h + 1 where it does not, which one line says for both:

    G(h - ξ_i σ_i) = A(h) - ξ_i σ_i B(h),   A(h) = [G(h+1) + G(h-1)] / 2,   B(h) = [G(h+1) - G(h-1)] / 2 .

So the field on neuron i is Σ_μ ξ_i A(h_μ) - σ_i Σ_μ B(h_μ): one matrix product for all neurons. And h is one of the
numbers -N to N, so A and B are looked up in `tables`. A field is the same number as the bracket's, to the last bit
where the sums are exact (below 2^53): integers, added in another order.
"""

from collections.abc import Callable
from contextlib import nullcontext

import array_api_compat
import numpy as np

from dam import checks
from dam.arrays import Array, array_namespace, beside, cores, free_bytes, one_blas_thread, thread_pool

BATCH_BYTES = {True: 2**23, False: 2**30}
"""Per batch-sized array: on a CPU, what the caches hold; on a GPU, 1 GiB."""
SMALLEST = 64
"""States in a batch, if there are so many: a product with fewer rows spends its time on reading the memories."""


def responses(F, h, rule):
    """Return A(h) and B(h) for overlaps h = -N, ..., N; under the rule ``field`` f(h) and zeros.

    F is asked from -N to N only: at h = N all neurons agree with the memory, and in A - B, which then counts, F(h + 2)
    cancels; likewise F(h - 2) at -N.
    """
    checks.rule(rule)
    checks.interaction(F, rule)
    if rule == "field":
        return checks.evaluated(F, h, derivative=True), 0 * h
    xp = array_namespace(h=h)
    above, here, below = (checks.evaluated(F, xp.clip(x, h[0], h[-1])) for x in (h + 2, h, h - 2))
    return (above - below) / 2, (above - 2 * here + below) / 2


def tables(xi: Array, F: Callable, rule: str) -> tuple[Array, Array, Array, float]:
    """Return what `DenseFields` takes: the memories as float64, tables of A(h) and B(h) over h = -N..N, rounding.

    Raises ``ValueError`` if F overflows float64 there.
    """
    xp, (K, N) = array_namespace(xi=xi), xi.shape
    with np.errstate(over="ignore", invalid="ignore"):  # looked for below
        A, B = responses(F, xp.arange(-N, N + 1, dtype=xp.float64, device=xi.device), rule)
    checks.no_overflow(F, N, A, B)
    halves = all(xp.all(2 * x == xp.round(2 * x)) for x in (A, B))
    exact = halves and K * float(xp.max(xp.abs(A) + xp.abs(B))) < 2**53
    return xp.astype(xi, xp.float64), A, B, 0.0 if exact else K * float(xp.finfo(xp.float64).eps)


class DenseFields:
    """Fields of eq. (4) from the overlaps h (S, K), with the `tables` A and B; for `settle`.

    For any array library; `dam.memory._paired.PairedFields` is the same, faster, on NumPy. ``rounding`` is the error of
    a field over the sum of its terms, 0 where the arithmetic is exact: fields below their error count as zero.
    """

    def __init__(self, sigma, xi, A, B, rounding):
        xp = array_namespace(sigma=sigma, xi=xi)
        self.xi, self.A, self.B, self.rounding = xi, A, B, rounding
        self.h = xp.astype(sigma @ xi.T + xi.shape[1], xp.int64)  # overlaps counted from -N: 0 to 2N
        up = 2 * xp.astype(xi.T, xp.int64)
        self.change = xp.concat([up, -up])  # of h, by flipping neuron i to +1 (row i) or to -1 (row N + i)

    def gaps(self, sigma):
        xp = array_namespace(sigma=sigma)
        A, B = (xp.reshape(xp.take(x, xp.reshape(self.h, (-1,))), self.h.shape) for x in (self.A, self.B))
        gaps = sigma * (A @ self.xi) - xp.sum(B, axis=1, keepdims=True)
        if self.rounding:
            error = self.rounding * xp.sum(xp.abs(A) + xp.abs(B), axis=1, keepdims=True)
            gaps = xp.where(xp.abs(gaps) <= error, xp.zeros_like(gaps), gaps)
        return gaps

    def flip(self, spin, value):
        xp = array_namespace(spin=spin)
        self.h += xp.take(self.change, spin + self.xi.shape[1] * xp.astype(value < 0, spin.dtype), axis=0)

    def keep(self, states):
        self.h = array_namespace(h=self.h).take(self.h, states, axis=0)


class ClassicalFields:
    """Fields Σ_j T_ij σ_j of the classical network, (S, N), T_ii = 0; for `settle`. Below ``rounding`` they are 0."""

    def __init__(self, sigma, T, rounding):
        self.T, self.fields, self.rounding = T, sigma @ T, rounding

    def gaps(self, sigma):
        xp = array_namespace(sigma=sigma)
        gaps = sigma * self.fields
        return xp.where(xp.abs(gaps) <= self.rounding, xp.zeros_like(gaps), gaps) if self.rounding else gaps

    def flip(self, spin, value):
        change = array_namespace(T=self.T).take(self.T, spin, axis=0)
        change *= 2 * value[:, None]
        self.fields += change

    def keep(self, states):
        self.fields = array_namespace(T=self.T).take(self.fields, states, axis=0)


def settle(sigma, fields, rng, max_flips=None):
    """Flip random unstable neurons of the states ``sigma (S, N)`` until none is left.

    Parameters
    ----------
    sigma : float64 array (S, N)
        Overwritten.
    fields : object
        The fields of these states, kept up to date flip by flip, as `DenseFields`: ``gaps(sigma)`` gives σ_i times the
        field on neuron i (S, N), negative where it is unstable, or numbers of the same signs; ``flip(spin, value)``
        takes over that in each state the neuron of that index now has that value; ``keep(states)`` drops all but the
        states of these indices.
    rng : numpy.random.Generator
    max_flips : int, optional
        Stop a state after so many flips.

    Returns
    -------
    array (S, N), int
        The final states, and how many of them were stopped by ``max_flips``.
    """
    xp, N = array_namespace(sigma=sigma), sigma.shape[1]
    live = xp.arange(sigma.shape[0], device=sigma.device)
    finished, order, flips = [], [], 0
    in_place = array_api_compat.is_numpy_array(sigma)  # a write into an array, which the standard does not have
    while True:
        unstable = fields.gaps(sigma) < 0
        number = xp.count_nonzero(unstable, axis=1)
        going = number > 0
        if max_flips is not None and flips >= max_flips:
            finished.append(sigma)
            order.append(live)
            break
        if not xp.all(going):
            stop, go = xp.nonzero(~going)[0], xp.nonzero(going)[0]
            finished.append(xp.take(sigma, stop, axis=0))
            order.append(xp.take(live, stop))
            if go.shape[0] == 0:
                going = going[:0]
                break
            sigma, live, unstable = (xp.take(x, go, axis=0) for x in (sigma, live, unstable))
            fields.keep(go)
            number, going = xp.take(number, go), xp.take(going, go)
        drawn = xp.floor(beside(number, rng.random(sigma.shape[0])) * xp.astype(number, xp.float64))
        which = xp.cumulative_sum(number) - number + xp.astype(drawn, number.dtype)  # among all that are unstable
        spin = xp.take(xp.nonzero(xp.reshape(unstable, (-1,)))[0], which) % N
        value = -xp.take_along_axis(sigma, spin[:, None], axis=1)
        if in_place:
            np.put_along_axis(sigma, spin[:, None], value, axis=1)
        else:
            sigma = xp.where(xp.arange(N, device=spin.device)[None, :] == spin[:, None], value, sigma)
        fields.flip(spin, value[:, 0])
        flips += 1
    unsettled = int(xp.count_nonzero(going))
    return xp.take(xp.concat(finished), xp.argsort(xp.concat(order)), axis=0), unsettled


def batch_size(S, width, on_cpu=True):
    """Return how many of S states are taken at once: as `BATCH_BYTES` allow, in two halves where there are many."""
    most = max(SMALLEST, BATCH_BYTES[on_cpu] // (8 * width))
    return min(S, most, max(SMALLEST, -(-S // 2)))


def batches_of(sigma, width):
    """Return the states in batches, for fields that keep ``width`` numbers per state; on a GPU they fit."""
    on_gpu = array_api_compat.is_cupy_array(sigma)
    size = batch_size(sigma.shape[0], width, not on_gpu)
    if on_gpu:  # fields and their temporaries are ten numbers or fewer
        size = max(1, min(size, free_bytes(sigma) // (80 * (width + sigma.shape[1]))))
    return [sigma[start : min(start + size, sigma.shape[0]), :] for start in range(0, sigma.shape[0], size)]


def threads_for(batches, threads=None):
    """Return on how many threads so many batches are computed: by default on all `dam.arrays.cores`, one each."""
    return min(batches, checks.count("threads", cores() if threads is None else threads))


def settle_batches(sigma, make_fields, width, rng, max_flips=None, threads=None):
    """`settle` in batches of states: on a CPU one thread a batch, each with its own random stream.

    Parameters
    ----------
    sigma : float64 array (S, N)
    make_fields : callable
        Gives the fields of a batch of states.
    width : int
        Numbers that the fields keep per state; it sets the size of a batch, whatever the number of threads.
    rng, max_flips
        As in `settle`.
    threads : int, optional
        As in `threads_for`.
    """
    xp, batches = array_namespace(sigma=sigma), batches_of(sigma, width)
    threads = threads_for(len(batches), threads)
    on_cpu = not array_api_compat.is_cupy_array(sigma)

    def work(batch, rng):
        return settle(batch, make_fields(batch), rng, max_flips)

    with one_blas_thread if on_cpu else nullcontext(), thread_pool(threads if on_cpu else 1) as pool:
        results = list(pool.map(work, batches, rng.spawn(len(batches))))
    return xp.concat([final for final, _ in results]), sum(unsettled for _, unsettled in results)
