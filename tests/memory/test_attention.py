"""Continuous states: energy, update and attention against sums straight from the equations."""

import math

import array_api_strict
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dam
from dam.memory import attention


def problem(seed=0, S=5, K=7, N=4, scale=1.0):
    rng = np.random.default_rng(seed)
    return scale * rng.normal(size=(S, N)), scale * rng.normal(size=(K, N))


def energy_by_loops(x, xi, beta):
    total = sum(math.exp(beta * float(memory @ x)) for memory in xi)
    longest = max(float(memory @ memory) for memory in xi)
    return -math.log(total) / beta + float(x @ x) / 2 + math.log(len(xi)) / beta + longest / 2


def update_by_loops(x, xi, beta):
    scores = [math.exp(beta * float(memory @ x)) for memory in xi]
    return sum(score / sum(scores) * memory for score, memory in zip(scores, xi))


@given(
    seed=st.integers(0, 10**6), S=st.integers(1, 5), K=st.integers(1, 8), N=st.integers(1, 6), beta=st.floats(0.05, 5)
)
def test_energy_and_update_equal_their_sums(seed, S, K, N, beta):
    x, xi = problem(seed, S, K, N)
    np.testing.assert_allclose(attention.energy(x, xi, beta), [energy_by_loops(row, xi, beta) for row in x], atol=1e-9)
    np.testing.assert_allclose(attention.update(x, xi, beta), [update_by_loops(row, xi, beta) for row in x], atol=1e-9)
    np.testing.assert_allclose(attention.weights(x, xi, beta).sum(axis=1), 1)


@given(seed=st.integers(0, 10**6), beta=st.floats(0.01, 50))
def test_an_update_never_raises_the_energy(seed, beta):
    x, xi = problem(seed)
    before = attention.energy(x, xi, beta)
    for _ in range(5):
        x = attention.update(x, xi, beta)
        after = attention.energy(x, xi, beta)
        assert np.all(after <= before + 1e-12 * np.abs(before))
        before = after
    assert np.all(before >= -1e-12)


def test_the_update_is_the_gradient_of_the_energy():
    """At a fixed point ∂E/∂x = x - update(x) vanishes; away from it, finite differences agree."""
    x, xi = problem(3)
    slow = np.zeros_like(x)
    for i in range(x.shape[1]):
        d = 1e-6 * np.eye(x.shape[1])[i]
        slow[:, i] = (attention.energy(x + d, xi, 2.0) - attention.energy(x - d, xi, 2.0)) / 2e-6
    np.testing.assert_allclose(x - attention.update(x, xi, 2.0), slow, atol=1e-7)


def test_large_scores_do_not_overflow():
    x, xi = problem(scale=100.0)
    nearest = np.argmax(x @ xi.T, axis=1)
    np.testing.assert_allclose(attention.update(x, xi, 50.0), xi[nearest])
    assert np.all(np.isfinite(attention.energy(x.astype(np.float32), xi.astype(np.float32), 50.0)))


def test_attention_is_that_of_a_transformer():
    """With keys and values of their own, β = 1/√N: PyTorch's attention, where it is installed; the sums in any case."""
    rng = np.random.default_rng(0)
    Q, K, V = rng.normal(size=(6, 8)), rng.normal(size=(9, 8)), rng.normal(size=(9, 3))
    beta = 1 / math.sqrt(8)
    found = attention.attention(Q, K, V, beta)
    for query, row in zip(Q, found):
        scores = [math.exp(beta * float(query @ key)) for key in K]
        np.testing.assert_allclose(row, sum(s / sum(scores) * value for s, value in zip(scores, V)))
    np.testing.assert_allclose(attention.attention(Q, K, K, 2.0), attention.update(Q, K, 2.0))
    torch = pytest.importorskip("torch")
    theirs = torch.nn.functional.scaled_dot_product_attention(*(torch.tensor(a)[None] for a in (Q, K, V)))[0]
    np.testing.assert_allclose(found, theirs.numpy(), rtol=1e-12)


def test_states_settle_on_the_memory_they_began_near():
    rng = np.random.default_rng(1)
    xi = rng.choice([-1.0, 1.0], (50, 64))
    noisy = xi + rng.normal(0, 0.3, xi.shape)
    found, updates = attention.retrieve(noisy, xi, 1.0)
    np.testing.assert_allclose(found, xi, atol=1e-3)
    assert 1 <= updates < 10
    np.testing.assert_allclose(attention.update(noisy, xi, 1.0), xi, atol=1e-3)  # one update is enough
    mean, _ = attention.retrieve(noisy, xi, 1e-3)
    np.testing.assert_allclose(mean, np.tile(xi.mean(axis=0), (50, 1)), atol=0.02)  # at small β all is averaged
    with pytest.raises(RuntimeError, match="after 2 updates a state still changes by .*max_updates"):
        attention.retrieve(noisy, xi, 0.05, max_updates=2)


def test_separation_by_loops():
    _, xi = problem()
    slow = [min(float(a @ a - a @ b) for nu, b in enumerate(xi) if nu != mu) for mu, a in enumerate(xi)]
    np.testing.assert_allclose(attention.separation(xi), slow)


def test_rows_are_done_in_parts(monkeypatch):
    x, xi = problem(S=11)
    whole = attention.update(x, xi, 1.0)
    monkeypatch.setattr(attention, "ROWS", 20)
    np.testing.assert_allclose(attention.update(x, xi, 1.0), whole, rtol=1e-14)


def test_under_array_api_strict():
    x, xi = problem()
    strict = [array_api_strict.asarray(a) for a in (x, xi)]
    for name in ("energy", "update", "weights"):
        ours = getattr(attention, name)(x, xi, 2.0)
        np.testing.assert_allclose(np.asarray(getattr(attention, name)(*strict, 2.0)), ours, rtol=1e-12)
    np.testing.assert_allclose(np.asarray(attention.separation(strict[1])), attention.separation(xi))
    np.testing.assert_allclose(np.asarray(attention.retrieve(*strict, 2.0)[0]), attention.retrieve(x, xi, 2.0)[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.zeros((2, 5))}, "x must have 4 columns"),
        ({"x": np.zeros(4)}, r"x must have two dimensions.*a single row is x\[None, :\]"),
        ({"xi": np.full((3, 4), np.inf)}, "xi must be finite"),
        ({"beta": 0}, "beta must be a number from"),
        ({"beta": float("nan")}, "beta must be a number from"),
    ],
)
def test_bad_input(change, message):
    arguments = {"x": np.zeros((2, 4)), "xi": np.ones((3, 4)), "beta": 1.0} | change
    for function in (attention.energy, attention.update, attention.weights, attention.retrieve):
        with pytest.raises(ValueError, match=message):
            function(**arguments)


def test_bad_memories():
    with pytest.raises(ValueError, match="at least two memories"):
        attention.separation(np.ones((1, 4)))
    with pytest.raises(ValueError, match="values must have a row for each of the 3 keys, got 2"):
        attention.attention(np.ones((2, 4)), np.ones((3, 4)), np.ones((2, 5)), 1.0)


def entropies_by_loops(x, xi, beta):
    for row in attention.weights(x, xi, beta):
        yield math.exp(-sum(float(w) * math.log(w) for w in row if w > 0))


@given(seed=st.integers(0, 10**6), beta=st.floats(0.01, 500))
def test_perplexity_lies_between_one_and_all(seed, beta):
    x, xi = problem(seed)
    found = attention.perplexity(x, xi, beta)
    np.testing.assert_allclose(found, list(entropies_by_loops(x, xi, beta)), rtol=1e-9)
    assert np.all(found >= 1 - 1e-12) and np.all(found <= len(xi) + 1e-9)
    np.testing.assert_allclose(attention.perplexity(0 * x, xi, beta), len(xi))


@pytest.mark.parametrize("beta", [0.3, 1.0, 20.0, 300.0])
@given(seed=st.integers(0, 10**6), K=st.integers(1, 60), N=st.integers(1, 11))
def test_spins_end_on_fixed_points_of_update_4(beta, seed, K, N):
    """No spin of the final state wants to flip, by the sums of eq. (4) in the logarithmic domain; and energies fell."""
    rng = np.random.default_rng(seed)
    xi, sigma = dam.random_patterns(K, N, rng), dam.random_patterns(8, N, rng)
    final = attention.retrieve_spins(sigma, xi, beta, seed)
    for before, state in zip(sigma, final):
        for i in range(N):
            rest = xi @ state - xi[:, i] * state[i]
            rest = beta * (rest - rest.max())  # whole numbers first: nothing is rounded at a large beta
            for_it, against = rest[xi[:, i] == state[i]], rest[xi[:, i] != state[i]]
            logs = [np.logaddexp.reduce(part) if len(part) else -math.inf for part in (for_it, against)]
            assert logs[1] - logs[0] <= 1e-12
        top = max((xi @ before).max(), (xi @ state).max())
        falls = [np.logaddexp.reduce(beta * (xi @ s - top)) for s in (before, state)]
        assert falls[1] >= falls[0] and (falls[1] > falls[0] + 1e-12 or np.array_equal(before, state))


def test_spins_flip_as_with_the_exponential_energy():
    rng = np.random.default_rng(0)
    xi, sigma = dam.random_patterns(500, 14, rng), dam.random_patterns(300, 14, rng)
    expected = dam.retrieve(sigma, xi, dam.Exponential(), 7)
    np.testing.assert_array_equal(attention.retrieve_spins(sigma, xi, 1.0, 7), expected)
    np.testing.assert_array_equal(attention.retrieve_spins(sigma, xi, 1.0, 7, threads=1), expected)


def test_spins_beyond_the_range_of_exp():
    rng = np.random.default_rng(0)
    xi = dam.random_patterns(40, 2000, rng)
    cues = np.where(rng.random(xi.shape) < 0.3, -xi, xi)
    final = attention.retrieve_spins(cues.astype(np.int8), xi.astype(np.int8), 1.0, 0)
    assert final.dtype == np.int8 and np.array_equal(final, xi)


@pytest.mark.parametrize("beta", [1.0, 15.0, 18.0, 300.0])
def test_a_majority_far_away_flips_a_spin(beta):
    """Two memories at one flip from the state outweigh the one that it is on, however steep the exponential."""
    xi = np.ones((3, 4))
    xi[1:, 0] = -1
    np.testing.assert_array_equal(attention.retrieve_spins(xi[:1], xi, beta, 0), xi[1:2])


@pytest.mark.parametrize("beta", [1e-12, 1e-9, 1e-6, 1e-3])
def test_the_energy_at_small_beta_is_its_expansion(beta):
    """(ln K - ln Σ exp(βh)) / β = -mean(h) - β var(h) / 2 - ..."""
    x, xi = problem(3, 4, 6, 5)
    h = x @ xi.T
    expected = (x**2).sum(axis=1) / 2 + (xi**2).sum(axis=1).max() / 2 - h.mean(axis=1) - beta * h.var(axis=1) / 2
    np.testing.assert_allclose(attention.energy(x, xi, beta), expected, rtol=max(1e-12, 100 * beta**2))
    single = attention.energy(x.astype("float32"), xi.astype("float32"), beta)
    np.testing.assert_allclose(single, expected, rtol=1e-5, atol=1e-5)


def test_ties_leave_a_spin_as_it_is():
    """A memory and its twin, one bit apart: both are fixed points, as the two energies are equal."""
    xi = np.ones((2, 30))
    xi[1, 0] = -1
    for beta in (0.1, 1.0, 3.0):
        np.testing.assert_array_equal(attention.retrieve_spins(xi, xi, beta, 0), xi)


def test_bad_spins():
    with pytest.raises(ValueError, match="sigma must hold only -1 and \\+1"):
        attention.retrieve_spins(np.zeros((1, 4)), np.ones((2, 4)))
    for beta in (0, 301):
        with pytest.raises(ValueError, match="beta must be a number from"):
            attention.retrieve_spins(np.ones((1, 4)), np.ones((2, 4)), beta)
    with pytest.raises(TypeError, match="rng must be"):
        attention.retrieve_spins(np.ones((1, 4)), np.ones((2, 4)), 1.0, "x")
