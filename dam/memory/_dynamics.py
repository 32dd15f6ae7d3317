"""Asynchronous zero-temperature dynamics of many states at once: the loop behind ``dam.memory.retrieval.retrieve``.

Rejection-free: of the unstable spins of a state, one is chosen uniformly and flipped, until none is left. The same
code runs on NumPy and on CuPy; on a CPU, batches of states are spread over threads.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import cache

import array_api_compat
import numpy as np
from threadpoolctl import ThreadpoolController

from dam import checks
from dam.arrays import array_namespace

BATCH_BYTES = {
    True: 2**23,
    False: 2**30,
}  # per batch-sized array: on a CPU, what the caches hold; on a GPU, 1 GiB
SMALLEST = 64  # states in a batch


class DenseFields:
    """Fields of eq. (4) from the overlaps h (S, K), kept up to date flip by flip.

    A and B are tables over h = -N..N of the responses that `dam.memory.retrieve` explains. For any array library;
    `dam.memory._paired.PairedFields` is the same, faster, on NumPy.
    """

    def __init__(self, sigma, xi, A, B, rounding):
        xp = array_namespace(sigma=sigma, xi=xi)
        self.xi, self.A, self.B, self.rounding = xi, A, B, rounding
        self.h = xp.astype(sigma @ xi.T + xi.shape[1], xp.int64)  # overlaps counted from -N: 0 to 2N
        change = 2 * xp.astype(xi.T, xp.int64)
        self.step = xp.concat([change, -change])  # what flipping spin i to +1 (row i) or to -1 (row N + i) does to h

    def gains(self, sigma):
        """Return σ_i times the field on spin i (S, N): negative where the spin is unstable."""
        xp = array_namespace(sigma=sigma)
        A, B = (xp.reshape(xp.take(x, xp.reshape(self.h, (-1,))), self.h.shape) for x in (self.A, self.B))
        gains = sigma * (A @ self.xi) - xp.sum(B, axis=1, keepdims=True)
        if self.rounding:
            error = self.rounding * xp.sum(xp.abs(A) + xp.abs(B), axis=1, keepdims=True)
            gains = xp.where(xp.abs(gains) <= error, xp.zeros_like(gains), gains)
        return gains

    def flip(self, spin, value):
        """Take over that in each state the spin of that index now has that value."""
        xp = array_namespace(spin=spin)
        self.h += xp.take(self.step, spin + self.xi.shape[1] * xp.astype(value < 0, spin.dtype), axis=0)

    def keep(self, states):
        """Drop all but the given states."""
        self.h = array_namespace(h=self.h).take(self.h, states, axis=0)


class ClassicalFields:
    """Fields Σ_j T_ij σ_j of the classical network, (S, N), T_ii = 0, kept up to date flip by flip."""

    def __init__(self, sigma, T, rounding):
        self.T, self.fields, self.rounding = T, sigma @ T, rounding

    def gains(self, sigma):
        """Return σ_i times the field on spin i (S, N): negative where the spin is unstable."""
        xp = array_namespace(sigma=sigma)
        gains = sigma * self.fields
        return xp.where(xp.abs(gains) <= self.rounding, xp.zeros_like(gains), gains) if self.rounding else gains

    def flip(self, spin, value):
        """Take over that in each state the spin of that index now has that value."""
        change = array_namespace(T=self.T).take(self.T, spin, axis=0)
        change *= 2 * value[:, None]
        self.fields += change

    def keep(self, states):
        """Drop all but the given states."""
        self.fields = array_namespace(T=self.T).take(self.fields, states, axis=0)


def settle(sigma, fields, rng, max_flips=None):
    """Flip random unstable spins of the states ``sigma (S, N)`` until none is left.

    Parameters
    ----------
    sigma : float64 array (S, N)
        Overwritten.
    fields : object
        The fields of these states: `DenseFields`, `ClassicalFields` or `dam.memory._paired.PairedFields`.
    rng : numpy.random.Generator
    max_flips : int, optional
        Stop a state after so many flips.

    Returns
    -------
    array (S, N), int
        The final states, and how many of them were stopped by ``max_flips``.
    """
    xp, N = array_namespace(sigma=sigma), sigma.shape[1]
    live = xp.arange(sigma.shape[0])
    finished, order, flips = [], [], 0
    in_place = array_api_compat.is_numpy_array(sigma)  # a write into an array, which the standard does not have
    while True:
        unstable = fields.gains(sigma) < 0
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
        drawn = xp.floor(xp.asarray(rng.random(sigma.shape[0])) * xp.astype(number, xp.float64))
        which = xp.cumulative_sum(number) - number + xp.astype(drawn, number.dtype)  # among all that are unstable
        spin = xp.take(xp.nonzero(xp.reshape(unstable, (-1,)))[0], which) % N
        value = -xp.take_along_axis(sigma, spin[:, None], axis=1)
        if in_place:
            np.put_along_axis(sigma, spin[:, None], value, axis=1)
        else:
            sigma = xp.where(xp.arange(N)[None, :] == spin[:, None], value, sigma)
        fields.flip(spin, value[:, 0])
        flips += 1
    unsettled = int(xp.count_nonzero(going))
    return xp.take(xp.concat(finished), xp.argsort(xp.concat(order)), axis=0), unsettled


def batches_of(sigma, width):
    """Return the states in batches: as many as `BATCH_BYTES` allows at that width, and where there are many, two.

    At least `SMALLEST` to a batch: a product with fewer rows spends its time on reading the memories.
    """
    most = max(SMALLEST, BATCH_BYTES[not array_api_compat.is_cupy_array(sigma)] // (8 * width))
    size = min(most, max(SMALLEST, -(-sigma.shape[0] // 2)))
    return [sigma[start : min(start + size, sigma.shape[0]), :] for start in range(0, sigma.shape[0], size)]


@cache
def _blas():
    """Return the handle on the BLAS threads; made once, since looking for the libraries takes milliseconds."""
    return ThreadpoolController()


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
        Default: all cores.
    """
    xp = array_namespace(sigma=sigma)
    threads = checks.count("threads", os.cpu_count() if threads is None else threads)
    on_cpu = not array_api_compat.is_cupy_array(sigma)
    batches = batches_of(sigma, width)

    def work(batch, rng):
        return settle(batch, make_fields(batch), rng, max_flips)

    one_blas_thread = _blas().limit(limits=1) if on_cpu else nullcontext()
    with one_blas_thread, ThreadPoolExecutor(threads if on_cpu else 1) as pool:
        results = list(pool.map(work, batches, rng.spawn(len(batches))))
    return xp.concat([final for final, _ in results]), sum(unsettled for _, unsettled in results)
