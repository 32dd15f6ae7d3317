"""Asynchronous zero-temperature dynamics of many states at once: the loop behind ``dam.memory.retrieve``.

Rejection-free: of the unstable spins of a state, one is chosen uniformly and flipped, until none is left. The same
code runs on NumPy and on CuPy; on a CPU, batches of states are spread over threads.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import array_api_compat
import numpy as np
from threadpoolctl import threadpool_limits

from dam import checks
from dam.arrays import array_namespace

BATCH_BYTES = {
    True: 2**22,
    False: 2**30,
}  # per batch-sized array: on a CPU, what the caches hold; on a GPU, 1 GiB


class DenseFields:
    """Fields of eq. (4) from the overlaps h (S, K), kept up to date flip by flip.

    A and B are tables over h = -N..N of the responses that `dam.memory.retrieve` explains. On NumPy the look-ups go
    into buffers that are made once: fresh memory for each would cost more than the look-up.
    """

    def __init__(self, sigma, xi, A, B):
        xp = array_namespace(sigma=sigma, xi=xi)
        self.A, self.B, self.xi = A, B, xi
        self.h = xp.astype(sigma @ xi.T + xi.shape[1], xp.int64)  # overlaps counted from -N: 0 to 2N
        change = 2 * xp.astype(xi.T, xp.int64)
        self.step = xp.concat([change, -change])  # what flipping spin i to +1 (row i) or to -1 (row N + i) does to h
        exact = xp.all(2 * A == xp.round(2 * A)) and xi.shape[0] * float(xp.max(xp.abs(A) + xp.abs(B))) < 2**53
        self.rounding = 0.0 if exact else xi.shape[0] * float(xp.finfo(xp.float64).eps)
        self.buffers = None
        if array_api_compat.is_numpy_array(sigma):
            self.buffers = [np.empty(self.h.shape) for _ in range(2)] + [np.empty_like(self.h)]

    def _take(self, table, index, number):
        """Return ``table[index]`` along the first axis, in the buffer of that number where there are buffers."""
        if self.buffers is not None:
            return np.take(table, index, axis=0, out=self.buffers[number][: len(self.h)], mode="clip")
        xp = array_namespace(table=table)
        return xp.reshape(xp.take(table, xp.reshape(index, (-1,)), axis=0), self.h.shape)

    def gains(self, sigma):
        """Return σ_i times the field on spin i (S, N): negative where the spin is unstable."""
        xp = array_namespace(sigma=sigma)
        A, B = self._take(self.A, self.h, 0), self._take(self.B, self.h, 1)
        gains = sigma * (A @ self.xi) - xp.sum(B, axis=1, keepdims=True)
        if self.rounding:
            error = self.rounding * xp.sum(xp.abs(A) + xp.abs(B), axis=1, keepdims=True)
            gains = xp.where(xp.abs(gains) <= error, xp.zeros_like(gains), gains)
        return gains

    def flip(self, spin, value):
        """Take over that in each state the spin of that index now has that value."""
        xp = array_namespace(spin=spin)
        row = spin + self.xi.shape[1] * xp.astype(value < 0, spin.dtype)
        self.h += self._take(self.step, row, 2)

    def keep(self, states):
        """Drop all but the given states."""
        self.h = array_namespace(h=self.h).take(self.h, states, axis=0)


class ClassicalFields:
    """Fields Σ_{j≠i} T_ij σ_j of the classical network, (S, N), kept up to date flip by flip."""

    def __init__(self, sigma, T):
        xp = array_namespace(sigma=sigma, T=T)
        diagonal = xp.eye(T.shape[0], dtype=xp.bool)
        self.T = xp.where(diagonal, xp.zeros_like(T), T)
        self.fields = sigma @ self.T
        exact = xp.all(T == xp.round(T)) and T.shape[0] * float(xp.max(xp.abs(T))) < 2**53
        eps = float(xp.finfo(xp.float64).eps)
        self.rounding = 0.0 if exact else 100 * T.shape[0] ** 2 * eps * float(xp.max(xp.abs(self.T)))

    def gains(self, sigma):
        """Return σ_i times the field on spin i (S, N): negative where the spin is unstable."""
        xp = array_namespace(sigma=sigma)
        gains = sigma * self.fields
        return xp.where(xp.abs(gains) <= self.rounding, xp.zeros_like(gains), gains) if self.rounding else gains

    def flip(self, spin, value):
        """Take over that in each state the spin of that index now has that value."""
        self.fields += 2 * value[:, None] * array_namespace(T=self.T).take(self.T, spin, axis=0)

    def keep(self, states):
        """Drop all but the given states."""
        self.fields = array_namespace(T=self.T).take(self.fields, states, axis=0)


def settle(sigma, fields, rng, max_flips=None):
    """Flip random unstable spins of the states ``sigma (S, N)`` until none is left.

    Parameters
    ----------
    sigma : float64 array (S, N)
    fields : DenseFields or ClassicalFields of these states
    rng : numpy.random.Generator
    max_flips : int, optional
        Stop a state after so many flips.

    Returns
    -------
    array (S, N), int
        The final states, and how many of them were stopped by ``max_flips``.
    """
    xp = array_namespace(sigma=sigma)
    spins = xp.arange(sigma.shape[1])[None, :]
    live = xp.arange(sigma.shape[0])
    finished, order, flips = [], [], 0
    while True:
        unstable = xp.astype(fields.gains(sigma) < 0, xp.int32)
        rank = xp.cumulative_sum(unstable, axis=1)
        going = rank[:, -1] > 0
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
            sigma, live, rank = xp.take(sigma, go, axis=0), xp.take(live, go), xp.take(rank, go, axis=0)
            fields.keep(go)
            going = xp.take(going, go)
        number = xp.floor(xp.asarray(rng.random(sigma.shape[0])) * xp.astype(rank[:, -1], xp.float64))
        chosen = xp.argmax(xp.astype(rank > xp.astype(number, xp.int32)[:, None], xp.int8), axis=1)
        flipped = spins == chosen[:, None]
        value = -xp.sum(xp.where(flipped, sigma, xp.zeros_like(sigma)), axis=1)
        sigma = xp.where(flipped, -sigma, sigma)
        fields.flip(chosen, value)
        flips += 1
    unsettled = int(xp.sum(xp.astype(going, xp.int64)))
    return xp.take(xp.concat(finished), xp.argsort(xp.concat(order)), axis=0), unsettled


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
    size = max(1, BATCH_BYTES[on_cpu] // (8 * width))
    batches = [sigma[start : min(start + size, sigma.shape[0]), :] for start in range(0, sigma.shape[0], size)]

    def work(batch, rng):
        return settle(batch, make_fields(batch), rng, max_flips)

    one_blas_thread = threadpool_limits(1) if on_cpu else nullcontext()
    with one_blas_thread, ThreadPoolExecutor(threads if on_cpu else 1) as pool:
        results = list(pool.map(work, batches, rng.spawn(len(batches))))
    return xp.concat([final for final, _ in results]), sum(unsettled for _, unsettled in results)
