"""The fast fields on NumPy against the plain ones and against sums straight from eq. (4)."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import dam
from dam.memory import _paired
from dam.memory._dynamics import DenseFields, settle, tables

FUNCTIONS = [dam.Polynomial(2), dam.Polynomial(5), dam.RectifiedPolynomial(3), dam.RectifiedPolynomial(4)]


@pytest.mark.parametrize("largest", [0, 1000], ids=["single", "paired"])
@given(st.integers(1, 9), st.integers(1, 8), st.sampled_from(FUNCTIONS), st.integers(0, 999))
def test_gaps_stay_those_of_equation_4_flip_by_flip(largest, K, N, F, seed):
    rng = np.random.default_rng(seed)
    xi, sigma = dam.random_patterns(K, N, rng), dam.random_patterns(3, N, rng)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_paired, "LARGEST_N", largest)
        fields = _paired.PairedFields(sigma, _paired.tables(*tables(xi, F, "energy")))
    for _ in range(4):
        slow = np.zeros((3, N))
        for s, i in np.ndindex(3, N):
            for row in xi:
                rest = row @ sigma[s] - row[i] * sigma[s, i]
                slow[s, i] += sigma[s, i] * (F(np.array(rest + row[i])) - F(np.array(rest - row[i])))
        assert np.array_equal(fields.gaps(sigma), slow)
        spin = rng.integers(N, size=3)
        sigma[np.arange(3), spin] *= -1
        fields.flip(spin, sigma[np.arange(3), spin])


@pytest.mark.parametrize("F", [*FUNCTIONS, dam.Polynomial(9), dam.Polynomial(14), dam.Exponential()], ids=str)
@pytest.mark.parametrize("K", [60, 61])
def test_same_states_as_the_plain_fields(F, K):
    rng = np.random.default_rng(3)
    xi, sigma = dam.random_patterns(K, 25, rng), dam.random_patterns(40, 25, rng)
    responses = tables(xi, F, "energy")
    shared = _paired.tables(*responses)
    signs = _paired.SignFields(sigma, shared, _paired.single(shared))
    plain, *others = (
        settle(sigma.copy(), fields, np.random.default_rng(1))[0]
        for fields in (DenseFields(sigma, *responses), _paired.PairedFields(sigma, shared), signs)
    )
    assert all(np.array_equal(plain, other) for other in others) and not np.array_equal(plain, sigma)


@st.composite
def anything(draw):
    """Random states, and memories of which some can be there with both signs, so that fields cancel."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    K, N = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    xi = dam.random_patterns(K, N, rng)
    mirrored = draw(st.integers(0, K // 2))
    xi[:mirrored] = -xi[K - mirrored :]
    sigma = np.concatenate([dam.random_patterns(3, N, rng), xi[:2]])
    return xi, sigma, rng


POWERS = [kind(n) for kind in (dam.Polynomial, dam.RectifiedPolynomial) for n in (1, 2, 3, 5, 6, 8, 12, 15)]
ANY_F = [*POWERS, dam.LogCosh(), dam.Exponential()]


@pytest.mark.parametrize("largest", [0, 1000], ids=["single", "paired"])
@given(anything(), st.sampled_from(ANY_F), st.sampled_from(["energy", "field"]))
def test_float32_decides_as_float64(largest, problem, F, rule):
    xi, sigma, rng = problem
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_paired, "LARGEST_N", largest)
        shared = _paired.tables(*tables(xi, F, rule))
        single = _paired.single(shared)
    assume(single is not None)
    double, signs = _paired.PairedFields(sigma, shared), _paired.SignFields(sigma, shared, single)
    for _ in range(4):
        assert np.array_equal(np.sign(signs.gaps(sigma)), np.sign(double.gaps(sigma)))
        spin = rng.integers(xi.shape[1], size=len(sigma))
        sigma[np.arange(len(sigma)), spin] *= -1
        for fields in (double, signs):
            fields.flip(spin, sigma[np.arange(len(sigma)), spin])


@given(anything(), st.integers(0, 45), st.booleans())
def test_float32_is_exact_or_wrong_by_no_more_than_the_bound(problem, bits, both):
    xi, sigma, rng = problem
    (K, N), shape = xi.shape, 2 * xi.shape[1] + 1
    A, B = (np.round(rng.uniform(-1, 1, shape) * 2.0 ** rng.uniform(0, bits, shape)) for _ in range(2))
    shared = _paired.tables(xi, A, both * B, 0.0)
    single = _paired.single(shared)
    rounded = _paired.SignFields(sigma, shared, single._replace(exact=np.inf)).gaps(sigma)
    exact = _paired.PairedFields(sigma, shared).gaps(sigma) / shared.unit
    h = np.pad((sigma @ xi.T + N).astype(int), [(0, 0), (0, K % 2)], constant_values=N - N % 2)  # the row that is added
    W = (np.abs(A[h]) + np.abs(both * B[h])).sum(axis=1, keepdims=True) / shared.unit
    mu = (h.shape[1] + 2) * 2.0**-24
    assert np.all(np.abs(rounded - exact) <= np.where(W < 2**24, 0, mu / (1 - mu) * W))


def lone_memory_against_its_neighbour(at_N, below, rounding):
    """Fields of one state, of spin 0 exactly A(N) - A(N - 2) in float64, with the `Single` in use."""
    N = 5
    sigma = np.ones((1, N))
    xi = np.concatenate([sigma, sigma])
    xi[1, 0] = -1
    A = np.zeros(2 * N + 1)
    A[2 * N], A[2 * N - 2] = at_N, below
    shared = _paired.tables(xi, A, 0 * A, rounding)
    return sigma, shared, _paired.single(shared)


def test_sign_that_float32_gets_wrong_comes_from_float64():
    sigma, shared, single = lone_memory_against_its_neighbour(2.0**25, 2.0**25 + 1, 0.0)
    blind = _paired.SignFields(sigma, shared, single._replace(error=-1.0))
    assert blind.gaps(sigma)[0, 0] == 0
    assert _paired.SignFields(sigma, shared, single).gaps(sigma)[0, 0] < 0


@pytest.mark.parametrize(("times", "sign", "calls"), [(0.5, 0, 2), (4, -1, 2), (100, -1, 1)])
def test_field_near_its_rounding_error_is_that_of_the_whole_batch(times, sign, calls, monkeypatch):
    eps = 2.0**-52
    sigma, shared, single = lone_memory_against_its_neighbour(1.0, 1 + times * 4 * eps, 2 * eps)  # W is 2
    expected, computed = _paired.PairedFields(sigma, shared).gaps(sigma), []
    float64 = _paired.PairedFields.gaps
    monkeypatch.setattr(_paired.PairedFields, "gaps", lambda *x: computed.append(x[2:]) or float64(*x))
    gaps = _paired.SignFields(sigma, shared, single).gaps(sigma)
    assert np.sign(gaps[0, 0]) == sign and np.array_equal(np.sign(gaps), np.sign(expected))
    assert len(computed) == calls and (calls == 1 or computed[-1] == ())  # for the states in doubt, and for all


def test_retrieval_takes_float32_where_it_can():
    def kind(F, N=40, **options):
        sigma = dam.random_patterns(3, N, 0)
        return type(dam.memory.batch_fields(sigma, sigma, F, "energy", **options)(sigma))

    assert kind(dam.Polynomial(4), only_signs=True) is kind(dam.Polynomial(12), only_signs=True) is _paired.SignFields
    assert kind(dam.Polynomial(4)) is _paired.PairedFields  # whose numbers are the fields
    assert kind(dam.Exponential(), only_signs=True) is _paired.PairedFields  # from e^-40 to e^40: too far for float32
    assert kind(dam.Exponential(), N=30, only_signs=True) is _paired.SignFields
    assert kind(lambda h: 0.1 * (h % 4 == 1), only_signs=True) is _paired.PairedFields  # all 0 at even h
