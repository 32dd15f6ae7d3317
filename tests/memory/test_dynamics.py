"""The fast way to the fields of eq. (4): tables over the overlap, in batches."""

import numpy as np
import pytest
from by_loops import ANY_F, FUNCTIONS

import dam
from dam.memory import _dynamics, _paired, local_fields, retrieve, unstable_neurons
from dam.memory._dynamics import DenseFields, settle_batches


@pytest.mark.parametrize("F", FUNCTIONS[1:], ids=str)
@pytest.mark.parametrize("rule", ["energy", "field"])
def test_tables_give_the_fields_of_the_formula_exactly(F, rule):
    """At the sizes of Appendix B, random states and states close to a memory: every bit of every field."""
    rng = np.random.default_rng(1)
    xi = dam.random_patterns(2000, 100, rng)
    sigma = np.concatenate([dam.random_patterns(3, 100, rng), np.where(rng.random((3, 100)) < 0.1, -xi[:3], xi[:3])])
    expected, responses = local_fields(sigma, xi, F, rule), _dynamics.tables(xi, F, rule)
    assert responses[-1] == 0  # no rounding
    assert np.array_equal(sigma * DenseFields(sigma, *responses).gaps(sigma), expected)
    assert np.array_equal(sigma * _paired.PairedFields(sigma, _paired.tables(*responses)).gaps(sigma), expected)


@pytest.mark.parametrize("F", ANY_F, ids=str)
def test_responses_are_half_sums_and_half_differences_of_the_bracket(F):
    """A ∓ B is what a memory that agrees (ξσ = 1), or does not, puts into the bracket of eq. (4), times ξ."""
    h = np.arange(-9.0, 10.0)
    A, B = _dynamics.responses(F, h, "energy")
    inside, ends = np.abs(h) <= 7, (h == -9, h == 9)  # at the ends a memory agrees with none, or with all
    for agrees in (inside, ends[1]):
        np.testing.assert_allclose((A - B)[agrees], (F(h) - F(h - 2))[agrees], rtol=1e-12, atol=1e-12)
    for differs in (inside, ends[0]):
        np.testing.assert_allclose((A + B)[differs], (F(h + 2) - F(h))[differs], rtol=1e-12, atol=1e-12)


def test_an_interaction_need_be_defined_up_to_the_largest_overlap_only():
    N = 20
    rng = np.random.default_rng(0)
    xi, sigma = dam.random_patterns(7, N, rng), dam.random_patterns(5, N, rng)
    edge = lambda x: -np.sqrt(N - x)
    expected = sigma * local_fields(sigma, xi, edge, "energy") < 0
    np.testing.assert_array_equal(unstable_neurons(sigma, xi, edge), expected)
    assert not unstable_neurons(dam.retrieve(sigma, xi, edge, 1), xi, edge).any()
    wide = dam.random_patterns(2, 709, rng)
    np.testing.assert_array_equal(dam.retrieve(wide, wide, dam.Exponential(), 1), wide)


def test_arithmetic_is_exact_only_if_both_responses_are_half_integers():
    xi = dam.random_patterns(3, 8, 0)
    for step, exact in ((1.0, True), (0.1, False)):
        _, A, B, rounding = _dynamics.tables(xi, lambda h, step=step: step * (h % 4 == 0), "energy")
        A, B = A[::2], B[::2]  # at the overlaps that 8 neurons can have
        assert np.all(A[1:-1] == 0) and np.all(np.isin(B[1:-1], [0, step, -step]))
        assert A[[0, -1]].tolist() == [-step / 2, step / 2] and B[[0, -1]].tolist() == [-step / 2, -step / 2]
        assert (rounding == 0) == exact


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
