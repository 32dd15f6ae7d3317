"""The classical network against loops written straight from eq. (1), and against dense memory at n = 2."""

import array_api_strict as strict
import numpy as np
import pytest
from by_loops import PAIR, problems
from hypothesis import given

import dam
from dam.memory import classical_energy, hebbian, projection, retrieve, retrieve_classical


@given(problems())
def test_power_two_is_the_classical_network_flip_by_flip(problem):
    xi, sigma, seed = problem
    T = hebbian(xi)
    assert T.tolist() == [[sum(row[i] * row[j] for row in xi) for j in range(len(T))] for i in range(len(T))]
    assert classical_energy(sigma, T).tolist() == (dam.energy(sigma, xi, dam.Polynomial(2)) / 2).tolist()
    assert np.array_equal(retrieve_classical(sigma, T, seed), retrieve(sigma, xi, dam.Polynomial(2), seed))


def test_projection_leaves_what_the_memories_span_and_removes_the_rest():
    rng = np.random.default_rng(6)
    xi = dam.random_patterns(7, 20, rng)
    T, x = projection(xi), rng.normal(size=20)
    weights = np.linalg.lstsq(xi.T, x, rcond=None)[0]  # of the point in the span that is closest to x
    np.testing.assert_allclose(T @ x, xi.T @ weights, atol=1e-12)
    np.testing.assert_allclose(xi @ T, xi, atol=1e-12)
    assert np.array_equal(T, T.T)
    np.testing.assert_allclose(projection(np.vstack([xi, xi[:3], -xi[:2]])), T, atol=1e-12)
    np.testing.assert_allclose(projection(dam.random_patterns(60, 20, rng)), np.eye(20), atol=1e-12)


def test_classical_retrieval_of_a_real_matrix_ends_at_fixed_points():
    rng = np.random.default_rng(5)
    T = rng.normal(size=(60, 60))
    T = T + T.T
    final = retrieve_classical(dam.random_patterns(30, 60, rng), T, rng)
    assert np.all((final @ T - final * T.diagonal()) * final > -1e-9)


def test_asynchronous_choice_is_uniform_over_unstable_neurons():
    """Started at a state with exactly two unstable spins that exclude each other, each wins half of the time."""
    xi = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    sigma = np.tile([[-1.0, 1.0, 1.0]], (4000, 1))
    T = np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    final = retrieve_classical(np.tile([[1.0, 1.0, 1.0]], (4000, 1)), T, 0)
    first = np.mean(final[:, 0] == -1)
    assert np.all(final[:, 0] * final[:, 1] == -1)
    assert abs(first - 0.5) < 5 * 0.5 / np.sqrt(4000)
    assert np.array_equal(retrieve(sigma, xi, dam.Polynomial(2), 0), np.ones_like(sigma))


def test_under_the_strict_array_api():
    rng = np.random.default_rng(7)
    xi, sigma = dam.random_patterns(30, 12, rng), dam.random_patterns(9, 12, rng)
    xs, ss = strict.asarray(xi), strict.asarray(sigma)
    np.testing.assert_array_equal(np.asarray(hebbian(xs)), hebbian(xi))
    energies = classical_energy(strict.astype(ss, strict.int8), hebbian(xs))
    np.testing.assert_array_equal(np.asarray(energies), classical_energy(sigma, hebbian(xi)))
    final = retrieve_classical(ss, hebbian(xs), 3)
    assert np.array_equal(np.asarray(final), retrieve_classical(sigma, hebbian(xi), 3))


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="T must be symmetric"):
        retrieve_classical(PAIR, np.triu(np.ones((3, 3))))
    with pytest.raises(ValueError, match=r"T must have 2 columns \(as many as rows\)"):
        classical_energy(PAIR, np.ones((2, 3)))
    with pytest.raises(ValueError, match="T must be finite"):
        classical_energy(PAIR, np.full((3, 3), np.nan))
    with pytest.raises(ValueError, match="xi must hold only"):
        hebbian(np.zeros((2, 2)))
    for function in (classical_energy, retrieve_classical):
        with pytest.raises(
            ValueError, match=r"^sigma must have 2 columns \(one for each row of T\), got shape \(1, 3\)"
        ):
            function(PAIR, np.zeros((2, 2)))
        with pytest.raises(ValueError, match=r"^sigma must hold only -1 and \+1, got 0"):
            function(np.zeros((1, 2)), np.zeros((2, 2)))
    with pytest.raises(TypeError, match=r"one library, got sigma \(numpy\), T \(array_api_strict\)"):
        classical_energy(PAIR, strict.asarray(np.zeros((3, 3))))
