"""Asynchronous retrieval by eq. (4), of many states at once, fast: arrays and errors as in `dam.memory.energy`.

No tie is decided by rounding: if sums of F can exceed 2^53 (large n, or F = exp), a field smaller than its own rounding
error counts as zero.
"""

import warnings
from collections.abc import Callable
from typing import Any

import array_api_compat

from dam import checks
from dam.arrays import Array, gpu_errors, on_backend
from dam.memory import _dynamics_cuda, _paired
from dam.memory._dynamics import DenseFields, batch_size, batches_of, settle_batches, tables, threads_for

FEWER = "use fewer states, fewer memories K or fewer neurons N"


@gpu_errors("retrieval", FEWER)
def retrieve(
    sigma: Array,
    xi: Array,
    F: Callable,
    rng: Any = None,
    *,
    rule: str = "energy",
    max_flips: int | None = None,
    threads: int | None = None,
    backend: str | None = None,
) -> Array:
    """Return the fixed points that asynchronous zero-temperature dynamics reaches, eq. (4).

    Updating a random neuron at each step, and skipping the updates that change nothing, is the same as flipping one
    uniformly random unstable neuron until none is left. That is what happens here, for all states side by side: one
    matrix product gives all fields, and after a flip the overlaps change by one row. A zero field leaves its neuron.

    Parameters
    ----------
    sigma : array (S, N)
        Initial states of -1 and +1; left untouched.
    xi : array (K, N)
        Memories of -1 and +1.
    F : interaction
    rng : numpy.random.Generator, seed or None
        Chooses the neurons: on a GPU others than on a CPU, with the same statistics. The result does not depend on the
        number of threads or on the memory there is. The choices for a state do depend on the other states of the call,
        which draw from the same stream: for an outcome that does not, give one state at a time, each with its seed.
    rule : {'energy', 'field'}
        See `dam.memory.energy.local_fields`. Under ``energy`` every flip lowers the energy, so the dynamics always
        ends.
    max_flips : int, optional
        Give up on a state after so many flips, with a warning. Default: none for ``energy``, 100 N for ``field``,
        which can cycle.
    threads : int, optional
        CPU threads; default: all cores that the process may use. Not used on a GPU.
    backend : {'auto', 'numpy', 'cupy'}, optional
        Where NumPy arrays are computed: `dam.arrays.on_backend`. Default: ``DAM_BACKEND``.

    Returns
    -------
    array (S, N)
        In the dtype and the array library of ``sigma``.

    Raises ``MemoryError`` if the memories do not fit (on a GPU: not with a single state), and says how much they need.
    """
    sigma, xi, back = on_backend(backend, sigma, xi)
    xp = checks.states_and_memories(sigma, xi)
    (K, N), rng = xi.shape, checks.generator(rng)
    if max_flips is not None:
        max_flips = checks.count("max_flips", max_flips, minimum=0)
    else:
        max_flips = 100 * N if rule == "field" else None
    if array_api_compat.is_cupy_array(xi):
        checks.memory(10 * K * N, "retrieval", xi)  # memories as float64 and as int8
        final, unsettled = _dynamics_cuda.settle_dense(sigma, *tables(xi, F, rule), rng, max_flips)
    else:
        make_fields, states = batch_fields(sigma, xi, F, rule, threads, only_signs=True), xp.astype(sigma, xp.float64)
        final, unsettled = settle_batches(states, make_fields, K, rng, max_flips, threads)
    if unsettled:
        warnings.warn(
            f"{unsettled} of {sigma.shape[0]} states were still changing after {max_flips} flips each",
            RuntimeWarning,
            stacklevel=3,
        )
    return back(xp.astype(final, sigma.dtype))


def unstable_neurons(
    sigma: Array, xi: Array, F: Callable, *, rule: str = "energy", backend: str | None = None
) -> Array:
    """Return which neurons the update of eq. (4) would flip, ``(S, N)`` of bool: none of a fixed point.

    Those whose `gaps` are negative; parameters and errors as there.
    """
    return gaps(sigma, xi, F, rule=rule, backend=backend) < 0


@gpu_errors("retrieval", FEWER)
def gaps(sigma: Array, xi: Array, F: Callable, *, rule: str = "energy", backend: str | None = None) -> Array:
    """Return σ_i times the field of eq. (4) on every neuron i, ``(S, N)`` float64: what it costs to flip that neuron.

    The numbers of `dam.memory.energy.local_fields`, fast. Parameters, errors and the treatment of rounding as in
    `retrieve`; the states are taken in batches.
    """
    sigma, xi, back = on_backend(backend, sigma, xi)
    xp = checks.states_and_memories(sigma, xi)
    make_fields = batch_fields(sigma, xi, F, rule, threads=1)
    batches = batches_of(xp.astype(sigma, xp.float64), xi.shape[0])
    return back(xp.concat([make_fields(batch).gaps(batch) for batch in batches]))


def retrieval_bytes(K: int, N: int, S: int, threads: int | None = None) -> int:
    """Return about how many bytes of memory `retrieve` takes for K memories, N neurons and S states on a CPU."""
    K, N, S = (checks.count(name, value) for name, value in (("K", K), ("N", N), ("S", S)))
    size = batch_size(S, K)
    buffers = 32 * size * K * threads_for(-(-S // size), threads)
    return 16 * K * N + 24 * S * N + buffers + 2**27  # memories and changes of h; states; buffers; tables


def batch_fields(
    sigma: Array, xi: Array, F: Callable, rule: str, threads: int | None = None, only_signs: bool = False
) -> Callable:
    """Return what makes the fields of a batch of states, once memory and arithmetic are known to do.

    With ``only_signs`` their numbers may be others, of the same signs: on NumPy that is faster.
    """
    (K, N), S = xi.shape, sigma.shape[0]
    checks.memory(retrieval_bytes(K, N, S, threads), "retrieval", xi)
    responses = tables(xi, F, rule)
    if not array_api_compat.is_numpy_array(xi):
        return lambda states: DenseFields(states, *responses)
    paired = _paired.tables(*responses)
    single = _paired.single(paired) if only_signs else None
    if single is None:
        return lambda states: _paired.PairedFields(states, paired)
    return lambda states: _paired.SignFields(states, paired, single)
