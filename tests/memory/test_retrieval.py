"""Energy, fields and retrieval against loops written straight from eqs. (1), (2) and (4)."""

import array_api_strict as strict
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dam
from dam.memory import _dynamics
from dam.memory._dynamics import BATCH_BYTES, DenseFields, settle_batches
from dam.memory.retrieval import (
    classical_energy,
    hebbian,
    local_fields,
    overlaps,
    retrieve,
    retrieve_classical,
    trajectory,
)

FUNCTIONS = [kind(n) for kind in (dam.Polynomial, dam.RectifiedPolynomial) for n in range(1, 7)]
ANY_F = [*FUNCTIONS, dam.Exponential(), dam.LogCosh(), dam.Softplus(), dam.RectifiedQuadratic()]


def slow_F(F, x):
    """F of one overlap in exact integer or plain float arithmetic."""
    if isinstance(F, dam.Polynomial):
        return int(x) ** F.n
    if isinstance(F, dam.RectifiedPolynomial):
        return int(x) ** F.n if x >= 0 else 0
    return float(F(np.array([float(x)]))[0])


def slow_energy(state, xi, F):
    """Eq. (2) as a loop."""
    return -sum(slow_F(F, sum(int(a) * int(b) for a, b in zip(row, state, strict=True))) for row in xi)


def slow_field(state, xi, F, i):
    """The bracket of eq. (4) as loops over μ and j."""
    total = 0
    for row in xi:
        rest = sum(int(row[j]) * int(state[j]) for j in range(len(state)) if j != i)
        total += slow_F(F, int(row[i]) + rest) - slow_F(F, -int(row[i]) + rest)
    return total


def stable(state, xi, F):
    """Whether no spin of the state would change under eq. (4)."""
    return all(slow_field(state, xi, F, i) * state[i] >= 0 for i in range(len(state)))


@st.composite
def problems(draw, largest=9):
    """Random memories (K, N), states (S, N) and a seed."""
    N, K, S = (draw(st.integers(1, largest)) for _ in range(3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return dam.random_patterns(K, N, rng), dam.random_patterns(S, N, rng), draw(st.integers(0, 2**32))


@given(problems(), st.sampled_from(FUNCTIONS))
def test_energy_equals_loops_exactly(problem, F):
    xi, sigma, _ = problem
    assert dam.energy(sigma, xi, F).tolist() == [slow_energy(state, xi, F) for state in sigma]


@given(problems(), st.sampled_from(FUNCTIONS))
def test_fields_equal_loops_exactly(problem, F):
    xi, sigma, _ = problem
    expected = [[slow_field(state, xi, F, i) for i in range(len(state))] for state in sigma]
    assert local_fields(sigma, xi, F).tolist() == expected


@given(problems(), st.sampled_from(ANY_F))
def test_field_is_an_energy_difference(problem, F):
    xi, sigma, _ = problem
    down, up = sigma.copy(), sigma.copy()
    down[:, 0], up[:, 0] = -1, 1
    difference = dam.energy(down, xi, F) - dam.energy(up, xi, F)
    np.testing.assert_allclose(local_fields(sigma, xi, F)[:, 0], difference, rtol=1e-9, atol=1e-9)


@given(problems(), st.sampled_from(ANY_F))
def test_field_based_rule_is_the_sum_over_activations(problem, F):
    xi, sigma, _ = problem
    expected = [
        [sum(row[i] * F.activation(xi @ s)[m] for m, row in enumerate(xi)) for i in range(len(s))] for s in sigma
    ]
    np.testing.assert_allclose(local_fields(sigma, xi, F, rule="field"), expected, rtol=1e-9, atol=1e-9)


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


@given(problems(), st.sampled_from(ANY_F))
def test_energy_falls_along_a_trajectory(problem, F):
    xi, sigma, seed = problem
    states = trajectory(sigma[:1], xi, F, seed)
    assert np.all((states[1:] != states[:-1]).sum(axis=1) == 1)
    assert np.all(np.diff(dam.energy(states, xi, F)) < 0)
    assert np.array_equal(states[0], sigma[0])


@given(problems(), st.sampled_from(FUNCTIONS))
def test_stable_states_are_left_as_they_are(problem, F):
    xi, sigma, seed = problem
    final = retrieve(sigma, xi, F, seed)
    assert np.array_equal(retrieve(final, xi, F, seed + 1), final)


def test_zero_field_leaves_the_spin():
    xi = np.array([[1.0, 1.0], [1.0, -1.0]])  # T_12 = 0: no spin feels anything at n = 2
    sigma = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    assert np.array_equal(retrieve(sigma, xi, dam.Polynomial(2), 0), sigma)


@given(problems())
def test_power_two_is_the_classical_network_flip_by_flip(problem):
    xi, sigma, seed = problem
    T = hebbian(xi)
    assert T.tolist() == [[sum(row[i] * row[j] for row in xi) for j in range(len(T))] for i in range(len(T))]
    assert classical_energy(sigma, T).tolist() == (dam.energy(sigma, xi, dam.Polynomial(2)) / 2).tolist()
    assert np.array_equal(retrieve_classical(sigma, T, seed), retrieve(sigma, xi, dam.Polynomial(2), seed))


def test_classical_retrieval_of_a_real_matrix_ends_at_fixed_points():
    rng = np.random.default_rng(5)
    T = rng.normal(size=(60, 60))
    T = T + T.T
    final = retrieve_classical(dam.random_patterns(30, 60, rng), T, rng)
    assert np.all((final @ T - final * T.diagonal()) * final > -1e-9)


def test_asynchronous_choice_is_uniform_over_unstable_spins():
    """Started at a state with exactly two unstable spins that exclude each other, each wins half of the time."""
    xi = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    sigma = np.tile([[-1.0, 1.0, 1.0]], (4000, 1))
    T = np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    final = retrieve_classical(np.tile([[1.0, 1.0, 1.0]], (4000, 1)), T, 0)
    first = np.mean(final[:, 0] == -1)
    assert np.all(final[:, 0] * final[:, 1] == -1)
    assert abs(first - 0.5) < 5 * 0.5 / np.sqrt(4000)
    assert np.array_equal(retrieve(sigma, xi, dam.Polynomial(2), 0), np.ones_like(sigma))


@pytest.mark.parametrize("F", [dam.Polynomial(4), dam.RectifiedPolynomial(3), dam.Exponential()], ids=str)
def test_result_does_not_depend_on_threads_or_on_the_other_states(F, monkeypatch):
    rng = np.random.default_rng(0)
    xi, sigma = dam.random_patterns(50, 20, rng), dam.random_patterns(40, 20, rng)
    monkeypatch.setitem(BATCH_BYTES, True, 8 * 50 * 7)  # batches of 7 states
    monkeypatch.setattr(_dynamics, "SMALLEST", 1)
    one, four = (retrieve(sigma, xi, F, 1, threads=threads) for threads in (1, 4))
    assert np.array_equal(one, four)
    assert np.array_equal(retrieve(sigma[:14], xi, F, 1), one[:14])


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
def test_pure_functions_and_retrieval_under_the_strict_array_api(F):
    """What runs under the strict standard runs on CuPy; and the same random stream gives the same states."""
    rng = np.random.default_rng(7)
    xi, sigma = dam.random_patterns(30, 12, rng), dam.random_patterns(9, 12, rng)
    xs, ss = strict.asarray(xi), strict.asarray(sigma)
    np.testing.assert_array_equal(np.asarray(overlaps(ss, xs)), overlaps(sigma, xi))
    np.testing.assert_allclose(np.asarray(dam.energy(ss, xs, F)), dam.energy(sigma, xi, F), rtol=1e-13)
    for rule in ("energy", "field"):
        np.testing.assert_allclose(
            np.asarray(local_fields(ss, xs, F, rule)), local_fields(sigma, xi, F, rule), rtol=1e-12
        )
    assert np.array_equal(np.asarray(retrieve(ss, xs, F, 1)), retrieve(sigma, xi, F, 1))
    np.testing.assert_array_equal(np.asarray(hebbian(xs)), hebbian(xi))
    final = retrieve_classical(ss, hebbian(xs), 3)
    assert np.array_equal(np.asarray(final), retrieve_classical(sigma, hebbian(xi), 3))
    assert np.array_equal(np.asarray(trajectory(ss[:1, :], xs, F, 2)), trajectory(sigma[:1], xi, F, 2))


def test_settled_batches_keep_the_order_of_the_states():
    rng = np.random.default_rng(11)
    xi = dam.random_patterns(2, 40, rng)
    cues = np.repeat(xi, 25, axis=0)
    cues[:, :3] *= -1
    assert np.array_equal(retrieve(cues, xi, dam.Polynomial(3), 0), np.repeat(xi, 25, axis=0))


PAIR = np.array([[1.0, -1.0, 1.0]])


@pytest.mark.parametrize(
    ("sigma", "xi", "message"),
    [
        (np.ones(3), PAIR, r"sigma must have two dimensions, got shape \(3,\)"),
        (PAIR, np.ones((2, 3, 1)), r"xi must have two dimensions, got shape \(2, 3, 1\)"),
        (np.ones((1, 4)), PAIR, r"sigma must have 3 columns .* got shape \(1, 4\)"),
        (np.array([[1.0, 0.0, 1.0]]), PAIR, r"sigma must hold only -1 and \+1, got 0"),
        (PAIR, np.array([[1.0, 2.0, 1.0]]), r"xi must hold only -1 and \+1, got 2"),
        (np.array([[1.0, np.nan, 1.0]]), PAIR, "sigma must be finite"),
        (PAIR, np.array([[1.0, np.inf, 1.0]]), "xi must be finite"),
        (np.ones((0, 3)), PAIR, r"sigma must have at least one row and one column, got shape \(0, 3\)"),
        (PAIR, np.ones((0, 3)), r"xi must have at least one row and one column, got shape \(0, 3\)"),
        (np.ones((1, 0)), np.ones((1, 0)), "at least one row and one column"),
    ],
)
@pytest.mark.parametrize("function", [dam.energy, local_fields, retrieve, trajectory])
def test_bad_states_and_memories_are_refused(function, sigma, xi, message):
    with pytest.raises(ValueError, match=message):
        function(sigma, xi, dam.Polynomial(2))


def test_other_bad_input_is_refused():
    with pytest.raises(TypeError, match="sigma is a list; it must be an array"):
        dam.energy([[1, -1, 1]], PAIR, dam.Polynomial(2))
    with pytest.raises(TypeError, match=r"one library, got sigma \(numpy\), xi \(array_api_strict\)"):
        dam.energy(PAIR, strict.asarray(PAIR), dam.Polynomial(2))
    with pytest.raises(TypeError, match="sigma must hold real numbers, got dtype complex"):
        dam.energy(PAIR + 0j, PAIR, dam.Polynomial(2))
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        retrieve(PAIR, PAIR, dam.Polynomial(2), "seed")
    with pytest.raises(ValueError, match="rule must be 'energy' or 'field', got 'other'"):
        retrieve(PAIR, PAIR, dam.Polynomial(2), 0, rule="other")
    with pytest.raises(ValueError, match="overflows float64 at the overlap N = 3"):
        retrieve(PAIR, PAIR, dam.Polynomial(1000), 0)
    for no_function in (3, dam.Polynomial):
        for function in (dam.energy, retrieve, local_fields):
            with pytest.raises(TypeError, match=r"F must be an energy function, for example dam.Polynomial\(3\), got"):
                function(PAIR, PAIR, no_function)
    with pytest.raises(ValueError, match="threads must be an integer of at least 1, got 0"):
        retrieve(PAIR, PAIR, dam.Polynomial(2), 0, threads=0)
    with pytest.raises(ValueError, match=r"one state of shape \(1, N\), got shape \(2, 3\)"):
        trajectory(np.repeat(PAIR, 2, axis=0), PAIR, dam.Polynomial(2))
    with pytest.raises(ValueError, match="T must be symmetric"):
        retrieve_classical(PAIR, np.triu(np.ones((3, 3))))
    with pytest.raises(ValueError, match=r"T must have 2 columns \(as many as rows\)"):
        classical_energy(PAIR, np.ones((2, 3)))
    with pytest.raises(ValueError, match="T must be finite"):
        classical_energy(PAIR, np.full((3, 3), np.nan))
    with pytest.raises(ValueError, match="xi must hold only"):
        hebbian(np.zeros((2, 2)))


def test_batches_are_the_loop_itself():
    """One batch or many: the fields object is made per batch and dropped with it."""
    rng = np.random.default_rng(0)
    xi, sigma = dam.random_patterns(5, 10, rng), dam.random_patterns(6, 10, rng)
    x = np.arange(-10.0, 11.0)
    A, B = 4 * x, 0 * x + 4  # responses of F(x) = x^2: ((x+2)^2 - (x-2)^2)/2 and ((x+2)^2 - 2x^2 + (x-2)^2)/2
    final, unsettled = settle_batches(
        sigma.copy(), lambda s: DenseFields(s, xi, A, B, 0.0), 5, np.random.default_rng(1)
    )
    assert unsettled == 0
    assert np.array_equal(final, retrieve(sigma, xi, dam.Polynomial(2), np.random.default_rng(1)))
