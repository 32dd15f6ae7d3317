"""Retrieval: where it ends, against loops straight from eq. (4), and that it ends there however it is computed."""

import sys
import threading
import types
from concurrent.futures import ThreadPoolExecutor

import array_api_strict as strict
import cupy_stub
import numpy as np
import pytest
from by_loops import BAD, FUNCTIONS, PAIR, problems, slow_F, stable
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

import dam
from dam import arrays, limits, memory
from dam.memory import _dynamics, overlaps
from dam.memory._dynamics import BATCH_BYTES
from dam.memory.retrieval import gaps, retrieval_bytes, retrieve, unstable_neurons


@given(problems(), st.sampled_from(FUNCTIONS))
def test_every_returned_state_is_a_fixed_point(problem, F):
    xi, sigma, seed = problem
    assert all(stable(state, xi, F) for state in retrieve(sigma, xi, F, seed))


@pytest.mark.parametrize("F", [dam.Polynomial(n) for n in (2, 3, 4, 6)] + [dam.RectifiedPolynomial(4)], ids=str)
def test_fixed_points_at_the_size_of_the_paper(F):
    rng = np.random.default_rng(3)
    xi, sigma = dam.random_patterns(2000, 100, rng), dam.random_patterns(20, 100, rng)
    final = retrieve(sigma, xi, F, rng)
    integers = [[int(x) for x in row] for row in (xi @ final.T).T]
    for state, h in zip(final, integers, strict=True):
        for i in range(100):
            rest = [a - int(b) for a, b in zip(h, xi[:, i] * state[i], strict=True)]
            field = sum(slow_F(F, r + int(x)) - slow_F(F, r - int(x)) for r, x in zip(rest, xi[:, i], strict=True))
            assert field * state[i] >= 0


@given(problems(), st.sampled_from(FUNCTIONS))
def test_stable_states_are_left_as_they_are(problem, F):
    xi, sigma, seed = problem
    final = retrieve(sigma, xi, F, seed)
    assert np.array_equal(retrieve(final, xi, F, seed + 1), final)


def test_zero_field_leaves_the_spin():
    xi = np.array([[1.0, 1.0], [1.0, -1.0]])  # T_12 = 0: no spin feels anything at n = 2
    sigma = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    assert np.array_equal(retrieve(sigma, xi, dam.Polynomial(2), 0), sigma)


@pytest.mark.parametrize("F", [dam.Polynomial(4), dam.RectifiedPolynomial(3), dam.Exponential()], ids=str)
def test_result_does_not_depend_on_threads_or_on_the_other_states(F, monkeypatch):
    rng = np.random.default_rng(0)
    xi, sigma = dam.random_patterns(50, 20, rng), dam.random_patterns(40, 20, rng)
    monkeypatch.setitem(BATCH_BYTES, True, 8 * 50 * 7)  # batches of 7 states
    monkeypatch.setattr(_dynamics, "SMALLEST", 1)
    one, four = (retrieve(sigma, xi, F, 1, threads=threads) for threads in (1, 4))
    assert np.array_equal(one, four)
    assert np.array_equal(retrieve(sigma[:14], xi, F, 1), one[:14])


def test_choices_for_a_state_depend_on_the_states_beside_it():
    """As the docstring says; where a state ends may depend on them too, and does not with a call for each state."""
    rng = np.random.default_rng(0)
    xi, sigma = dam.random_patterns(20, 12, rng), dam.random_patterns(30, 12, rng)
    alone = lambda states: np.concatenate([retrieve(state[None], xi, dam.Polynomial(2), 5) for state in states])
    together = retrieve(sigma, xi, dam.Polynomial(2), 5)
    assert not np.array_equal(together, np.flip(retrieve(np.flip(sigma, axis=0), xi, dam.Polynomial(2), 5), axis=0))
    assert np.array_equal(alone(sigma), np.flip(alone(np.flip(sigma, axis=0)), axis=0))


def test_overlapping_calls_leave_the_threads_of_the_blas_as_they_were():
    """The first call to begin is the first to end: what it found, and not what the second found, is what remains."""
    counts = lambda: {p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"}
    began, may_end = ([threading.Event() for _ in range(2)] for _ in range(2))

    def call(number):
        def fields(batch):
            began[number].set()
            assert may_end[number].wait(60)
            return _dynamics.ClassicalFields(batch, np.zeros((4, 4)), 0.0)

        _dynamics.settle_batches(np.ones((2, 4)), fields, 4, np.random.default_rng(0))

    limits = threadpool_limits(2, user_api="blas")
    with threadpool_limits():  # as if the process had begun with two
        pass
    with ThreadPoolExecutor(2) as pool:  # whose threads outlive their calls
        calls = []
        for number in range(2):
            calls.append(pool.submit(call, number))
            assert began[number].wait(60) and counts() == {1}
        may_end[0].set()
        calls[0].result()
        assert counts() == {1}  # the second goes on
        may_end[1].set()
        calls[1].result()
        assert counts() == {2}
    with limits:
        pass


def test_dtype_and_input_are_kept():
    xi, sigma = dam.random_patterns(4, 6, 0), dam.random_patterns(3, 6, 1, dtype=np.int8)
    before = sigma.copy()
    final = retrieve(sigma, xi, dam.Polynomial(3), 0)
    assert final.dtype == np.int8 and np.array_equal(sigma, before)
    assert overlaps(sigma, xi.astype(np.int8)).dtype == np.float64


def test_large_powers_do_not_cycle_on_rounding():
    rng = np.random.default_rng(2)
    xi, sigma = dam.random_patterns(300, 80, rng), dam.random_patterns(50, 80, rng)
    for F in (dam.Polynomial(40), dam.RectifiedPolynomial(41), dam.Exponential()):
        final = retrieve(sigma, xi, F, 0)
        assert np.array_equal(retrieve(final, xi, F, 1), final)


def test_field_rule_that_cycles_is_stopped_with_a_warning():
    """With f(x) = 3 x^2 the field on the single spin is always +3 for ξ = +1 and always -3 for ξ = -1: no cycle. With
    one odd memory pair the spin chases itself."""
    xi = np.array([[-1.0]])
    F = dam.Polynomial(1)
    assert retrieve(np.array([[1.0]]), xi, F, 0, rule="field").tolist() == [[-1.0]]

    class Antisymmetric:
        def __call__(self, x):
            return -x * x / 2

        def activation(self, x):
            return -x

    with pytest.warns(RuntimeWarning, match="1 of 1 states were still changing after 100 flips"):
        retrieve(np.array([[1.0]]), np.array([[1.0]]), Antisymmetric(), 0, rule="field")


@pytest.mark.parametrize("F", [dam.Polynomial(3), dam.RectifiedPolynomial(4), dam.Exponential()], ids=str)
def test_under_the_strict_array_api(F):
    """What runs under the strict standard runs on CuPy; and the same random stream gives the same states."""
    rng = np.random.default_rng(7)
    xi, sigma = dam.random_patterns(30, 12, rng), dam.random_patterns(9, 12, rng)
    xs, ss = strict.asarray(xi), strict.asarray(sigma)
    assert np.array_equal(np.asarray(retrieve(ss, xs, F, 1)), retrieve(sigma, xi, F, 1))
    assert np.array_equal(np.asarray(unstable_neurons(ss, xs, F)), unstable_neurons(sigma, xi, F))


def test_settled_batches_keep_the_order_of_the_states():
    rng = np.random.default_rng(11)
    xi = dam.random_patterns(2, 40, rng)
    cues = np.repeat(xi, 25, axis=0)
    cues[:, :3] *= -1
    assert np.array_equal(retrieve(cues, xi, dam.Polynomial(3), 0), np.repeat(xi, 25, axis=0))


@pytest.mark.parametrize("F", FUNCTIONS, ids=str)
@pytest.mark.parametrize("rule", ["energy", "field"])
def test_gaps_are_the_fields_times_the_spins(F, rule):
    rng = np.random.default_rng(4)
    xi, sigma = dam.random_patterns(150, 40, rng), dam.random_patterns(130, 40, rng)
    expected = dam.local_fields(sigma, xi, F, rule) * sigma
    assert np.array_equal(gaps(sigma, xi, F, rule=rule), expected)
    assert np.array_equal(unstable_neurons(sigma, xi, F, rule=rule), expected < 0)


def test_what_does_not_fit_into_memory_is_refused_before_the_work(monkeypatch):
    with pytest.raises(MemoryError, match=r"random_patterns\(10000000, 1000000\) needs about 9e\+04 GB of memory, but"):
        dam.random_patterns(10**7, 10**6, 0)
    xi = dam.random_patterns(100, 10, 0)
    monkeypatch.setattr(limits.psutil, "virtual_memory", lambda: type("Free", (), {"available": 10**6}))
    with pytest.raises(
        MemoryError, match=r"retrieval needs about 0\.\d+ GB .* 0\.001 GB are free; use fewer memories K"
    ):
        dam.retrieve(xi, xi, dam.Polynomial(2), 0)


def test_only_threads_that_have_a_batch_count_as_memory(monkeypatch):
    """Five states are one batch: on a machine of 256 cores, too, they take the buffers of one thread."""
    monkeypatch.setattr(_dynamics, "cores", lambda: 256)
    five = retrieval_bytes(2000, 100, 5)
    assert five < 0.2e9 and five == retrieval_bytes(2000, 100, 5, threads=1)
    many = [retrieval_bytes(2000, 100, 10**6, threads) for threads in (1, 2, 4)]
    assert many[2] - many[1] == 2 * (many[1] - many[0]) > 0
    assert retrieval_bytes(2000, 100, 10**6) == retrieval_bytes(2000, 100, 10**6, threads=256)


def test_memory_of_a_retrieval_counted_by_hand():
    """A neuron takes 16 bytes a memory and 24 a state; a thread takes 32 a memory and state of its batch."""
    K, size = 2000, _dynamics.batch_size(10**6, 2000)
    assert retrieval_bytes(K, 101, 7, 1) - retrieval_bytes(K, 100, 7, 1) == 16 * K + 24 * 7
    one, two, eight = (retrieval_bytes(K, 100, 2 * size + 1, threads) for threads in (1, 2, 8))
    assert two - one == 32 * size * K and eight - one == 2 * (two - one)  # three batches, the last of a single state


def test_threads_are_those_that_the_process_may_use(monkeypatch):
    monkeypatch.setattr(limits, "cpus", lambda: 3)
    assert arrays.cores() == 3 and _dynamics.threads_for(8) == 3 and _dynamics.threads_for(2) == 2


COMPUTE = pytest.mark.parametrize(
    "compute",
    [
        lambda sigma, xi, **options: retrieve(sigma, xi, dam.Polynomial(3), 1, **options),
        lambda sigma, xi, **options: gaps(sigma, xi, dam.Polynomial(3), **options),
        lambda sigma, xi, **options: unstable_neurons(sigma, xi, dam.Polynomial(3), **options),
        lambda sigma, xi, **options: memory.retrieve_classical(sigma, xi.T @ xi, 1, **options),
        lambda sigma, xi, **options: memory.attention.retrieve_spins(sigma, xi, 1.0, 1, **options),
    ],
    ids=["retrieve", "gaps", "unstable_neurons", "retrieve_classical", "retrieve_spins"],
)


@COMPUTE
def test_states_that_do_not_fit_on_the_gpu(compute, monkeypatch):
    """Where `dam` cannot choose smaller batches: not even the states and the memories fit."""
    xi, sigma = dam.random_patterns(9, 10, 0), dam.random_patterns(5, 10, 1)
    monkeypatch.setitem(sys.modules, "cupy", cupy_stub.memory(types.ModuleType("cupy"), 10**6))

    def full(x):
        raise cupy_stub.no_memory()

    monkeypatch.setattr(arrays, "get_namespace", lambda backend=None: types.SimpleNamespace(asarray=full))
    with pytest.raises(
        MemoryError, match=r"retrieval .* 0.001 GB are free \(.* 8,000,000 bytes .*\); use fewer states"
    ):
        compute(sigma, xi, backend="cupy")


@COMPUTE
def test_numpy_arrays_go_to_the_backend_and_come_back(compute, monkeypatch):
    xi, sigma = dam.random_patterns(9, 10, 0), dam.random_patterns(5, 10, 1)
    asked, settled = [], []
    libraries = {None: strict, "numpy": np, "cupy": strict}
    monkeypatch.setattr(arrays, "get_namespace", lambda backend=None: asked.append(backend) or libraries[backend])
    checked = dam.checks.array_namespace
    monkeypatch.setattr(dam.checks, "array_namespace", lambda **x: settled.append(checked(**x)) or settled[-1])
    here = compute(sigma, xi, backend="numpy")
    assert strict not in settled
    for options in ({}, {"backend": "cupy"}):
        settled.clear()
        there = compute(sigma, xi, **options)
        assert set(settled) == {strict}  # computed in the other library
        assert type(there) is np.ndarray and there.dtype == here.dtype and np.array_equal(there, here)
    assert asked == ["numpy", None, "cupy"]
    found = compute(strict.asarray(sigma), strict.asarray(xi), backend="numpy")
    assert type(found) is type(strict.asarray(xi)) and np.array_equal(np.asarray(found), here)
    assert asked == ["numpy", None, "cupy"]  # nobody asked: arrays of another library are computed where they are


@pytest.mark.parametrize(("sigma", "xi", "message"), BAD)
def test_bad_states_and_memories_are_refused(sigma, xi, message):
    for function in (retrieve, unstable_neurons):
        with pytest.raises(ValueError, match=message):
            function(sigma, xi, dam.Polynomial(2))


def test_other_bad_input_is_refused():
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        retrieve(PAIR, PAIR, dam.Polynomial(2), "seed")
    with pytest.raises(ValueError, match="rule must be 'energy' or 'field', got 'other'"):
        retrieve(PAIR, PAIR, dam.Polynomial(2), 0, rule="other")
    with pytest.raises(ValueError, match="overflows float64 at the overlap N = 3"):
        retrieve(PAIR, PAIR, dam.Polynomial(1000), 0)
    with pytest.raises(TypeError, match=r"one library, got sigma \(numpy\), xi \(array_api_strict\)"):
        retrieve(PAIR, strict.asarray(PAIR), dam.Polynomial(2))
    for no_function in (3, dam.Polynomial):
        with pytest.raises(TypeError, match=r"F must be an interaction, for example dam.Polynomial\(3\), got"):
            retrieve(PAIR, PAIR, no_function)
    for no_types in (np.ones((1, 3), np.uint8), np.ones((1, 3), bool)):
        with pytest.raises(TypeError, match="sigma must hold"):
            retrieve(no_types, PAIR, dam.Polynomial(2), 0)
    with pytest.raises(TypeError, match=r"F must have a method activation, its derivative, for rule = 'field'"):
        retrieve(PAIR, PAIR, lambda x: x * x, 0, rule="field")
    for wrong in (lambda x: 3, lambda x: x.sum(), lambda x: x > 0, lambda x: 1j * x):
        for function in (retrieve, gaps, dam.energy, dam.local_fields):
            with pytest.raises(TypeError, match="F must give a real number for each overlap"):
                function(PAIR, PAIR, wrong)
    with pytest.raises(ValueError, match="threads must be an integer of at least 1, got 0"):
        retrieve(PAIR, PAIR, dam.Polynomial(2), 0, threads=0)


def test_the_memory_of_a_retrieval_is_checked_for_its_own_sizes(monkeypatch):
    sigma, xi = dam.random_patterns(3, 8, 0), dam.random_patterns(5, 8, 1)
    asked, retrieval = [], sys.modules["dam.memory.retrieval"]
    monkeypatch.setattr(retrieval.checks, "memory", lambda *given: asked.append(given))
    monkeypatch.setattr(retrieval, "retrieval_bytes", lambda *sizes: sizes)
    retrieval.batch_fields(sigma, xi, dam.Polynomial(2), "energy", 2)
    [(sizes, what, where)] = asked
    assert sizes == (5, 8, 3, 2) and what == "retrieval" and where is xi


def test_sizes_that_are_none_are_named():
    for name in "KNS":
        with pytest.raises(ValueError, match=f"^{name} must be "):
            retrieval_bytes(**{"K": 2, "N": 3, "S": 4} | {name: 0})
