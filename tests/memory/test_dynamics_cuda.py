"""Retrieval on CuPy without a GPU: the kernels compiled for the CPU against twins in NumPy, and all of the Python path.

Where there is a GPU, the last test runs on it.
"""

import sys

import array_api_compat
import cupy_stub
import numpy as np
import pytest
from cuda_harness import compile_kernels
from cupy_stub import ndarray as DeviceArray
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

import dam
from dam import arrays, memory
from dam.memory import _dynamics, _dynamics_cuda, _dynamics_kernels
from dam.memory._dynamics import DenseFields
from dam.memory._dynamics_cuda import settle_classical, settle_dense
from dam.memory._dynamics_kernels import FINISHED, START
from dam.memory.retrieval import gaps

ANY_F = [dam.Polynomial(2), dam.Polynomial(3), dam.RectifiedPolynomial(4), dam.Polynomial(40), dam.Exponential()]
THREADS = _dynamics_kernels.THREADS
SIZES = st.tuples(st.integers(1, 7), st.integers(1, 20), st.integers(1, 19))  # S, K, N


@pytest.fixture(autouse=True)
def few_threads(monkeypatch):
    """Blocks of 8 threads: they loop over more than one memory or spin, and the CPU is not kept long."""
    monkeypatch.setattr(_dynamics_kernels, "THREADS", 8)


@pytest.fixture
def stub(monkeypatch):
    """A stand-in for CuPy."""
    module = cupy_stub.module()
    monkeypatch.setitem(sys.modules, "cupy", module)
    own = lambda x: isinstance(x, np.ndarray) and not isinstance(x, DeviceArray)
    monkeypatch.setattr(array_api_compat, "is_numpy_array", own)  # its arrays are NumPy's underneath
    return module


def on_device(x):
    return np.array(x).view(DeviceArray)


def random_bits(seed, index):
    """Number ``index`` of the SplitMix64 stream that starts at ``seed``."""
    seed, index = np.atleast_1d(seed).astype(np.uint64), np.atleast_1d(index).astype(np.uint64)
    x = seed + (index + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def chosen(unstable, seed, rows, flip):
    """Twin of ``choose``: the unstable spin (S,) that draws the largest number, or `FINISHED`."""
    stream, i = random_bits(random_bits(seed, rows), flip), np.arange(unstable.shape[1], dtype=np.uint64)
    drawn = (random_bits(stream[:, None], i) >> np.uint64(32) << np.uint64(32)) | (i + np.uint64(1))
    return np.where(unstable.any(axis=1), np.where(unstable, drawn, 0).argmax(axis=1), FINISHED)


def settled(sigma, gains, seed, max_flips=None):
    """Twin of the whole path: final states, and how many were stopped."""
    sigma, rows, flips = sigma.copy(), np.arange(len(sigma)), 0
    while True:
        spin = chosen(gains(sigma) < 0, seed, rows, flips)
        going = np.flatnonzero(spin >= 0)
        if len(going) == 0 or flips == max_flips:
            return sigma, len(going)
        sigma[going, spin[going]] *= -1
        flips += 1


def problem(S, K, N, seed):
    rng = np.random.default_rng(seed)
    return dam.random_patterns(S, N, rng), dam.random_patterns(K, N, rng), rng


def some_spins(S, N, rng):
    """Spins to flip, some of the states being at the start or finished."""
    return rng.integers(START, N, S).astype(np.int32)


def kernels(N, real="double", backwards=False):
    found = compile_kernels(_dynamics_kernels.source(N, real))
    for kernel in found.values():
        kernel.backwards = backwards
    return found


def first_bits(rng):
    """What a generator gives the kernels as their seed."""
    return np.random.default_rng(rng).spawn(1)[0].integers(2**64, dtype=np.uint64)


def test_random_numbers_are_those_of_splitmix64():
    known = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    assert random_bits(1234567, np.arange(5)).tolist() == known


@given(SIZES, st.integers(0, 99), st.sampled_from(ANY_F), st.booleans())
def test_respond_equals_its_twin(sizes, seed, F, backwards):
    (S, K, N), (sigma, xi, rng) = sizes, problem(*sizes, seed)
    _, A, B, rounding = _dynamics.tables(xi, F, "energy")
    spin, before = some_spins(S, N, rng), sigma.astype(np.int8)
    first, finished = spin == START, spin == FINISHED
    agreeing = ((sigma @ xi.T + N) // 2).astype(np.int16)
    response = np.where(first[:, None], sigma @ xi.T, 0.0)
    own, error, after = np.full(S, np.nan), np.full(S, np.nan), before.copy()
    memories = np.ascontiguousarray(xi.T, dtype=np.int8)
    lists = A[::2].copy(), B[::2].copy(), memories, spin, after, agreeing, response, own, error
    kernels(N, backwards=backwards)["respond"](
        (S,), (_dynamics_kernels.THREADS,), (*lists, np.int32(K), np.int32(N), np.float64(rounding))
    )
    expected = before.copy()
    going = np.flatnonzero(spin >= 0)
    expected[going, spin[going]] *= -1
    assert np.array_equal(after, expected)
    h = (expected @ xi.T).astype(int)
    assert np.array_equal(agreeing, (h + N) // 2)
    assert np.array_equal(response, np.where(finished[:, None], 0.0, A[h + N]))
    size = np.abs(A[h + N]) + np.abs(B[h + N])
    limit = rounding * size.sum(axis=1)
    np.testing.assert_allclose(error, np.where(finished, np.nan, limit), rtol=1e-13 if rounding else 0)
    assert np.array_equal(np.isnan(own), finished)
    assert np.all(np.abs(own - B[h + N].sum(axis=1))[~finished] <= limit[~finished])


@given(SIZES, st.integers(0, 99), st.sampled_from(["float", "double"]), st.booleans())
def test_follow_equals_its_twin(sizes, seed, real, backwards):
    (S, _, N), (sigma, xi, rng) = sizes, problem(*sizes, seed)
    dtype = {"float": np.float32, "double": np.float64}[real]
    T, spin, sigma = (xi.T @ xi).astype(dtype), some_spins(S, N, rng), sigma.astype(np.int8)
    fields = (sigma @ T).astype(dtype)
    kernels(N, real, backwards)["follow"]((S,), (_dynamics_kernels.THREADS,), (T, spin, sigma, fields, np.int32(N)))
    expected = problem(*sizes, seed)[0].astype(np.int8)
    going = np.flatnonzero(spin >= 0)
    expected[going, spin[going]] *= -1
    assert np.array_equal(sigma, expected)
    assert np.array_equal(fields, expected @ T)


@given(SIZES, st.integers(0, 99), st.integers(0, 2**64 - 1), st.integers(0, 2**40), st.booleans())
def test_choose_equals_its_twin(sizes, seed, bits, flip, backwards):
    (S, _, N), (sigma, _, rng) = sizes, problem(*sizes, seed)
    fields, own, error = rng.integers(-3, 4, (S, N)).astype(float), rng.normal(size=S), rng.integers(0, 3, S) / 2
    rows, spin = rng.integers(0, 2**40, S), some_spins(S, N, rng)
    gains = sigma * fields - own[:, None]
    unstable = (gains < 0) & (np.abs(gains) > error[:, None])  # the rule of `DenseFields`
    expected = np.where(spin == FINISHED, FINISHED, chosen(unstable, bits, rows, flip))
    arguments = fields, sigma.astype(np.int8), own, error, rows, spin, np.int32(N), np.uint64(bits), np.uint64(flip)
    kernels(N, backwards=backwards)["choose"]((S,), (_dynamics_kernels.THREADS,), arguments)
    assert np.array_equal(spin, expected)


def test_each_unstable_spin_is_equally_likely():
    S, N, unstable = 7000, 11, [0, 1, 4, 5, 8, 9, 10]
    fields = np.ones((S, N))
    fields[:, unstable] = -1
    for seed, rows, flip in ((3, np.arange(S), 0), (4, np.zeros(S, int), None)):  # over states, and over flips
        spin = np.full(S, START, dtype=np.int32)
        if flip is None:  # one state, many flips
            spin = np.concatenate([chosen(fields[:1] < 0, seed, rows[:1], j) for j in range(S)])
        else:
            sigma, zeros = np.ones((S, N), np.int8), np.zeros(S)
            arguments = fields, sigma, zeros, zeros, rows, spin, np.int32(N), np.uint64(seed), np.uint64(flip)
            kernels(N)["choose"]((S,), (_dynamics_kernels.THREADS,), arguments)
        counts = np.bincount(spin, minlength=N)
        assert counts.sum() == counts[unstable].sum() == S
        assert chisquare(counts[unstable]).pvalue > 1e-4


def test_successive_choices_are_independent():
    """All 49 pairs of the choices at two flips in a row are equally likely."""
    unstable, rows = np.ones((9800, 7), bool), np.arange(9800)
    first, second = (chosen(unstable, 5, rows, flip) for flip in (0, 1))
    assert chisquare(np.bincount(first * 7 + second, minlength=49)).pvalue > 1e-4


@given(SIZES, st.integers(0, 99), st.sampled_from(ANY_F), st.sampled_from([None, 0, 1, 3, 8, 9]))
def test_dense_path_equals_its_twin(sizes, seed, F, max_flips):
    sigma, xi, _ = problem(*sizes, seed)
    tables = _dynamics.tables(xi, F, "energy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "cupy", cupy_stub.module())
        states, rng = on_device(sigma), np.random.default_rng(seed)
        final, unsettled = settle_dense(states, on_device(xi), *tables[1:], rng, max_flips)

    def gains(states):
        return DenseFields(states, *tables).gaps(states)

    expected, stopped = settled(sigma, gains, first_bits(seed), max_flips)
    assert isinstance(final, DeviceArray) and final.dtype == np.int8
    assert unsettled == stopped and np.array_equal(final, expected)
    assert np.array_equal(states, sigma)
    if max_flips is None:
        assert not memory.unstable_neurons(np.asarray(final), xi, F).any()


@given(SIZES, st.integers(0, 99), st.sampled_from([np.float32, np.float64]))
def test_classical_path_equals_its_twin_and_the_power_two(sizes, seed, dtype):
    sigma, xi, _ = problem(*sizes, seed)
    T = (xi.T @ xi - len(xi) * np.eye(xi.shape[1])).astype(dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "cupy", cupy_stub.module())
        final, _ = settle_classical(on_device(sigma), on_device(T), 0.0, np.random.default_rng(seed))
        tables = _dynamics.tables(xi, dam.Polynomial(2), "energy")
        dense, _ = settle_dense(on_device(sigma), on_device(xi), *tables[1:], np.random.default_rng(seed))
    expected, _ = settled(sigma, lambda states: states * (states @ T), first_bits(seed))
    assert np.array_equal(final, expected) and np.array_equal(dense, expected)


def test_classical_network_of_real_couplings_ends_at_fixed_points(stub):
    rng = np.random.default_rng(5)
    T = rng.normal(size=(40, 40))
    T = T + T.T - np.diag(2 * T.diagonal())
    final, _ = settle_classical(on_device(dam.random_patterns(30, 40, rng)), on_device(T), 1e-9, rng)
    assert np.all((final @ T) * final > -1e-8)


def run(sigma, xi, F, seed, max_flips=None):
    """The dense path from NumPy arrays to NumPy arrays."""
    rng = np.random.default_rng(seed)
    final, unsettled = settle_dense(
        on_device(sigma), *map(on_device, _dynamics.tables(xi, F, "energy")), rng, max_flips
    )
    return final.get(), unsettled


@pytest.mark.parametrize("F", ANY_F[:3], ids=str)
def test_every_flip_lowers_the_energy(stub, F):
    """Stopped after ever more flips, the same seed shows one run flip by flip."""
    sigma, xi, _ = problem(6, 40, 30, 1)
    states, unsettled = sigma.astype(np.int8), 6
    for flips in range(100):
        after, going = run(sigma, xi, F, 7, max_flips=flips)
        changed, energies = (after != states).sum(axis=1), [dam.energy(x, xi, F) for x in (states, after)]
        assert changed.sum() == (unsettled if flips else 0) and changed.max() <= 1
        assert np.array_equal(changed == 1, energies[1] < energies[0])
        states, unsettled = after, going
        if not going:
            break
    assert unsettled == 0 and flips > _dynamics_cuda.CHECK
    assert np.array_equal(run(sigma, xi, F, 7)[0], states)


def test_result_does_not_depend_on_batches_on_checks_or_on_the_other_states(stub, monkeypatch):
    sigma, xi, _ = problem(40, 60, 20, 0)
    F = dam.Polynomial(3)
    expected = run(sigma, xi, F, 1)
    assert np.array_equal(run(sigma[:9], xi, F, 1)[0], expected[0][:9])
    stopped = run(sigma, xi, F, 1, max_flips=5)
    for check, size in ((1, 7), (3, 40), (40, 13)):
        monkeypatch.setattr(_dynamics_cuda, "CHECK", check)
        monkeypatch.setitem(_dynamics_cuda.BATCH_BYTES, False, 8 * 60 * size)
        assert np.array_equal(run(sigma, xi, F, 1)[0], expected[0])
        again = run(sigma, xi, F, 1, max_flips=5)
        assert np.array_equal(again[0], stopped[0]) and again[1] == stopped[1] > 0


@pytest.mark.parametrize("F", [dam.Polynomial(2), dam.Polynomial(4), dam.RectifiedPolynomial(3)], ids=str)
def test_statistics_are_those_of_the_cpu(stub, F):
    S, K, N = 1000, 30, 20
    sigma, xi, _ = problem(S, K, N, 3)
    ends = run(sigma, xi, F, 1)[0], dam.retrieve(sigma, xi, F, 2)
    for quantity in (
        lambda x: (x @ xi.T).max(axis=1) == N,  # on a memory
        lambda x: np.abs(x @ xi.T).max(axis=1),
        lambda x: (x != sigma).sum(axis=1),
        lambda x: dam.energy(x, xi, F) / N**F.n,
    ):
        here, there = (quantity(x).astype(float) for x in ends)
        error = np.sqrt((here.var() + there.var()) / S)
        assert abs(here.mean() - there.mean()) < 4 * error + 1e-12


def test_host_waits_once_in_many_flips(stub):
    sigma, xi, _ = problem(20, 60, 40, 2)
    states, tables = on_device(sigma), [on_device(x) for x in _dynamics.tables(xi, dam.Polynomial(2), "energy")[:3]]
    before = DeviceArray.reads
    settle_dense(states, *tables, 0.0, np.random.default_rng(0), 3 * _dynamics_cuda.CHECK)
    assert DeviceArray.reads - before <= 3


@pytest.mark.parametrize("dtype", [np.int8, np.float32, np.float64])
def test_retrieve_takes_this_path_on_cupy(stub, dtype):
    sigma, xi, _ = problem(5, 12, 9, 0)
    sigma = sigma.astype(dtype)
    final = dam.retrieve(on_device(sigma), on_device(xi), dam.Polynomial(3), 4)
    assert isinstance(final, DeviceArray) and final.dtype == dtype
    assert np.array_equal(final, run(sigma, xi, dam.Polynomial(3), 4)[0])
    T = memory.hebbian(xi)
    classical = memory.retrieve_classical(on_device(sigma), on_device(T), 4)
    assert isinstance(classical, DeviceArray) and classical.dtype == dtype
    assert np.array_equal(classical, run(sigma, xi, dam.Polynomial(2), 4)[0])


def test_generator_of_the_caller_is_used_as_on_a_cpu(stub):
    """Two calls with one generator differ; and its own stream is left alone, as by the batches on a CPU."""
    sigma, xi, _ = problem(30, 60, 20, 0)
    rng = np.random.default_rng(0)
    first, second = (dam.retrieve(on_device(sigma), on_device(xi), dam.Polynomial(2), rng) for _ in range(2))
    assert not np.array_equal(first, second)
    assert rng.random() == np.random.default_rng(0).random()


def test_states_that_are_still_changing_are_warned_about(stub):
    sigma, xi, _ = problem(30, 60, 20, 0)
    with pytest.warns(RuntimeWarning, match="of 30 states were still changing after 2 flips each"):
        final = dam.retrieve(on_device(sigma), on_device(xi), dam.Polynomial(2), 0, max_flips=2)
    assert (final != sigma).sum(axis=1).max() == 2


def test_batches_fit_the_free_memory(stub, monkeypatch):
    sigma, xi, _ = problem(20, 30, 10, 0)
    one = _dynamics_cuda.dense_bytes(30, 10)
    assert one < 8 * 30 + 2 * 2 * 30 + 20 * 10 + 65
    made = []
    original = _dynamics_cuda.DenseBatch.__init__
    monkeypatch.setattr(
        _dynamics_cuda.DenseBatch, "__init__", lambda self, *a: (made.append(len(a[1])), original(self, *a))[1]
    )
    expected = run(sigma, xi, dam.Polynomial(3), 0)[0]
    for states in (20, 6, 1):
        made.clear()
        monkeypatch.setitem(sys.modules, "cupy", cupy_stub.module(free=int(states * one / 0.8) + 2))
        assert np.array_equal(run(sigma, xi, dam.Polynomial(3), 0)[0], expected)
        assert max(made) == states and sum(made) == 20
    monkeypatch.setitem(sys.modules, "cupy", cupy_stub.module(free=one))
    with pytest.raises(MemoryError, match=r"a batch of one state needs about .* GB of the GPU's memory, .*fewer"):
        run(sigma, xi, dam.Polynomial(3), 0)
    monkeypatch.setitem(sys.modules, "cupy", cupy_stub.module(free=100))
    with pytest.raises(MemoryError, match="retrieval needs about .* GB of memory"):
        dam.retrieve(on_device(sigma), on_device(xi), dam.Polynomial(3), 0)


def test_gaps_are_computed_in_batches_that_fit(stub, monkeypatch):
    sigma, xi, _ = problem(20, 30, 10, 0)
    made = []
    original = DenseFields.__init__
    monkeypatch.setattr(DenseFields, "__init__", lambda self, *a: (made.append(len(a[0])), original(self, *a))[1])
    expected = gaps(np.array(sigma), np.array(xi), dam.Polynomial(3), backend="numpy")
    monkeypatch.setattr("dam.memory.retrieval.retrieval_bytes", lambda *_: 0)
    monkeypatch.setitem(sys.modules, "cupy", cupy_stub.module(free=6 * 80 * (30 + 10) + 9))
    assert np.array_equal(gaps(on_device(sigma), on_device(xi), dam.Polynomial(3)), expected)
    assert made == [6, 6, 6, 2]


def test_source_counts_large_overlaps_in_int():
    assert "typedef short Count" in _dynamics_kernels.source(2**15 - 1)
    assert "typedef int Count" in _dynamics_kernels.source(2**15) and _dynamics_kernels.count_type(2**15)[0] == np.int32
    assert "typedef float Real" in _dynamics_kernels.source(9, "float")


HEADER = 'extern "C" __global__ void shift(const int* x, int* y, int N)\n{ __shared__ int all[4]; int t = threadIdx.x; '


def test_harness_notices_a_missing_barrier_and_a_barrier_that_some_threads_miss():
    x = np.arange(4, dtype=np.int32)
    for barrier, equal in (("__syncthreads();", True), ("", False)):
        code = f"{HEADER} all[t] = x[t]; {barrier} y[t] = all[(t + 1) % N]; __syncthreads(); }}"
        kernel, found = compile_kernels(code)["shift"], []
        for kernel.backwards in (False, True):
            found.append(np.zeros(4, np.int32))
            kernel((1,), (4,), (x, found[-1], np.int32(4)))
        assert np.array_equal(found[0], found[1]) == equal
    assert found[0].tolist() != [1, 2, 3, 0]
    code = f"{HEADER} all[t] = x[t]; if (t > 1) __syncthreads(); y[t] = all[0] + N; }}"
    with pytest.raises(AssertionError, match="shift: not all at a barrier"):
        compile_kernels(code)["shift"]((1,), (4,), (x, x.copy(), np.int32(4)))


def test_harness_refuses_what_a_kernel_would_misread():
    kernel = compile_kernels(f"{HEADER} all[t] = x[t]; y[t] = all[t] + N; }}")["shift"]
    x = np.arange(8, dtype=np.int32)
    for bad, message in (
        ((x.astype(float), x, np.int32(4)), "x must be int32, got float64"),
        ((x[::2], x, np.int32(4)), "x is not contiguous"),
        ((x, x, 4), "N is a int"),
        ((x, x, np.int64(4)), "N must be int32"),
        ((x, x), "takes 3 arguments"),
    ):
        with pytest.raises(AssertionError, match=message):
            kernel((1,), (4,), bad)


def test_on_a_gpu(monkeypatch):
    """The same fixed points and statistics as on the CPU, at the size of Fig. 4."""
    xp, reason, _ = arrays._cupy()
    if xp is None:
        pytest.skip(f"no GPU: {reason}")
    monkeypatch.setattr(_dynamics_kernels, "THREADS", THREADS)
    sigma, xi, _ = problem(500, 2000, 100, 0)
    for F in (dam.Polynomial(3), dam.RectifiedPolynomial(4), dam.Exponential()):
        final = arrays.to_numpy(dam.retrieve(xp.asarray(sigma), xp.asarray(xi), F, 1))
        assert not memory.unstable_neurons(final, xi, F).any()
        there = dam.retrieve(sigma, xi, F, 2)
        here, there = ((x @ xi.T).max(axis=1) for x in (final, there))
        assert abs(here.mean() - there.mean()) < 4 * np.sqrt((here.var() + there.var()) / 500) + 1e-12
    T = memory.hebbian(xi)
    final, twin = memory.retrieve_classical(xp.asarray(sigma), xp.asarray(T), 1), T - np.diag(T.diagonal())
    first = first_bits(1)
    assert np.array_equal(arrays.to_numpy(final), settled(sigma, lambda states: states * (states @ twin), first)[0])
    tables = _dynamics.tables(xi, dam.Polynomial(3), "energy")
    final = arrays.to_numpy(dam.retrieve(xp.asarray(sigma[:100]), xp.asarray(xi), dam.Polynomial(3), 1))
    twin = settled(sigma[:100], lambda states: DenseFields(states, *tables).gaps(states), first)[0]
    assert np.array_equal(final, twin)  # bit for bit what the same random numbers give on the CPU
