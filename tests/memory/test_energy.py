"""Energy, fields and single runs against loops written straight from eqs. (2) and (4)."""

import re
import subprocess
import sys
import warnings

import array_api_strict as strict
import numpy as np
import pytest
from by_loops import ANY_F, BAD, FUNCTIONS, PAIR, problems, slow_energy, slow_field
from hypothesis import given
from hypothesis import strategies as st

import dam
from dam.memory.energy import local_fields, overlaps, trajectory


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


@given(problems(), st.sampled_from(ANY_F))
def test_energy_falls_along_a_trajectory(problem, F):
    xi, sigma, seed = problem
    states = trajectory(sigma[:1], xi, F, seed)
    assert np.all((states[1:] != states[:-1]).sum(axis=1) == 1)
    assert np.all(np.diff(dam.energy(states, xi, F)) < 0)
    assert np.array_equal(states[0], sigma[0])


@pytest.mark.parametrize("F", [dam.Polynomial(3), dam.RectifiedPolynomial(4), dam.Exponential()], ids=str)
def test_under_the_strict_array_api(F):
    """What runs under the strict standard runs on CuPy."""
    rng = np.random.default_rng(7)
    xi, sigma = dam.random_patterns(30, 12, rng), dam.random_patterns(9, 12, rng)
    xs, ss = strict.asarray(xi), strict.asarray(sigma)
    np.testing.assert_array_equal(np.asarray(overlaps(ss, xs)), overlaps(sigma, xi))
    np.testing.assert_allclose(np.asarray(dam.energy(ss, xs, F)), dam.energy(sigma, xi, F), rtol=1e-13)
    for rule in ("energy", "field"):
        np.testing.assert_allclose(
            np.asarray(local_fields(ss, xs, F, rule)), local_fields(sigma, xi, F, rule), rtol=1e-12
        )
    assert np.array_equal(np.asarray(trajectory(ss[:1, :], xs, F, 2)), trajectory(sigma[:1], xi, F, 2))


@pytest.mark.parametrize(("sigma", "xi", "message"), BAD)
@pytest.mark.parametrize("function", [dam.energy, local_fields, trajectory])
def test_bad_states_and_memories_are_refused(function, sigma, xi, message):
    with pytest.raises(ValueError, match=message):
        function(sigma, xi, dam.Polynomial(2))


@pytest.mark.parametrize("F", [dam.Polynomial(400), dam.Polynomial(401), dam.Exponential()], ids=str)
@pytest.mark.parametrize("function", [dam.energy, local_fields, dam.retrieve, trajectory])
def test_what_overflows_is_refused_with_the_same_words(function, F):
    xi = np.ones((2, 710))
    xi[1] = -1
    said = rf"^F = {re.escape(str(F))} overflows float64 at the overlap N = 710; use a smaller N or n, or for"
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the refusal is all that is said
        with pytest.raises(ValueError, match=said):
            function(xi[:1], xi, F)


def test_the_function_that_the_refusal_names_is_there_for_whoever_imports_dam():
    with pytest.raises(ValueError, match="for the exponential") as refusal:
        dam.energy(np.ones((1, 710)), np.ones((1, 710)), dam.Exponential())
    name = str(refusal.value).split()[-1]
    code = f"import dam, numpy; print({name}(numpy.ones((1, 710)), numpy.ones((1, 710))).sum())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "710.0\n", done.stderr


def test_an_energy_that_float64_holds_is_not_refused():
    xi = dam.random_patterns(3, 60, 0)
    F = dam.Polynomial(200)
    assert np.all(np.isfinite(dam.energy(dam.random_patterns(5, 60, 1), xi, F)))
    with pytest.raises(ValueError, match="overflows float64 at the overlap N = 60"):
        dam.energy(xi, xi, F)


def test_other_bad_input_is_refused():
    with pytest.raises(TypeError, match="sigma is a list; it must be an array"):
        dam.energy([[1, -1, 1]], PAIR, dam.Polynomial(2))
    with pytest.raises(TypeError, match=r"one library, got sigma \(numpy\), xi \(array_api_strict\)"):
        dam.energy(PAIR, strict.asarray(PAIR), dam.Polynomial(2))
    with pytest.raises(TypeError, match="sigma must hold real numbers, got dtype complex"):
        dam.energy(PAIR + 0j, PAIR, dam.Polynomial(2))
    for no_function in (3, dam.Polynomial):
        for function in (dam.energy, local_fields):
            with pytest.raises(TypeError, match=r"F must be an interaction, for example dam.Polynomial\(3\), got"):
                function(PAIR, PAIR, no_function)
    with pytest.raises(ValueError, match="rule must be 'energy' or 'field', got 'other'"):
        local_fields(PAIR, PAIR, dam.Polynomial(2), rule="other")
    with pytest.raises(ValueError, match=r"one state of shape \(1, N\), got shape \(2, 3\)"):
        trajectory(np.repeat(PAIR, 2, axis=0), PAIR, dam.Polynomial(2))


def test_a_trajectory_that_cycles_under_the_older_rule_stops_after_100_flips_for_each_neuron():
    class Against:
        """F(x) = -x^2 / 2: its field is against the neuron, which follows it and never rests."""

        def __call__(self, x):
            return -x * x / 2

        def activation(self, x):
            return -x

    states = trajectory(np.array([[1.0, 1.0]]), np.array([[1.0, 1.0], [1.0, -1.0]]), Against(), 0, rule="field")
    assert states.shape == (201, 2)
