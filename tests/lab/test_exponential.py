"""Capacity of F = exp: the exact sampling, the rates and the experiment against counts by loops and by whole sets."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dam
from dam.lab import experiments
from dam.lab.experiments import exponential


def log_domain_unstable(sigma, xi, beta=1.0):
    """Which spins update (4) would flip, by logarithms of sums: no number larger than β N is ever exponentiated."""
    found = np.zeros(sigma.shape, bool)
    for s, i in np.ndindex(sigma.shape):
        rest = beta * (xi @ sigma[s] - xi[:, i] * sigma[s, i])
        sums = [rest[xi[:, i] == sign] for sign in (sigma[s, i], -sigma[s, i])]
        logs = [np.logaddexp.reduce(part) if len(part) else -math.inf for part in sums]
        found[s, i] = logs[1] - logs[0] > 1e-12
    return found


@given(seed=st.integers(0, 10**6), N=st.integers(1, 12), K=st.integers(1, 200))
def test_exponential_fields_equal_those_by_logarithms(seed, N, K):
    rng = np.random.default_rng(seed)
    xi, sigma = dam.random_patterns(K, N, rng), dam.random_patterns(6, N, rng)
    expected = log_domain_unstable(sigma, xi)
    np.testing.assert_array_equal(dam.memory.retrieval.unstable_neurons(sigma, xi, dam.Exponential()), expected)


def test_exponential_fields_up_to_the_largest_n_that_float64_holds():
    rng = np.random.default_rng(0)
    xi = dam.random_patterns(50, 700, rng)
    sigma = np.where(rng.random((5, 700)) < 0.3, -xi[:5], xi[:5])
    found = dam.memory.retrieval.unstable_neurons(sigma, xi, dam.Exponential())
    np.testing.assert_array_equal(found, log_domain_unstable(sigma, xi))
    assert found.any() and not found.all()
    with pytest.raises(ValueError, match="overflows float64 at the overlap N = 710"):
        dam.memory.retrieval.unstable_neurons(
            dam.random_patterns(1, 710, rng), dam.random_patterns(2, 710, rng), dam.Exponential()
        )


@pytest.mark.parametrize(("flips", "K"), [(0, 60), (1, 12)])
def test_single_bits_err_as_often_as_those_of_random_memories(flips, K):
    N, rng, errors = 7, np.random.default_rng(1), []
    for _ in range(1500):
        xi = dam.random_patterns(K, N, rng)
        cue = xi[:1] * np.where(np.arange(N) < flips, -1, 1)
        errors.append(log_domain_unstable(cue, xi)[0, -1] != (cue[0, -1] != xi[0, -1]))
    share = exponential.single_bit_error(N, K, 40_000, 2, flips=flips)
    assert 0.02 < share < 0.4
    assert np.mean(errors) == pytest.approx(share, abs=4 * math.sqrt(share / 1500))


def test_two_memories_by_every_case():
    """K = 2: the other memory can tie with the first and never beat it; with one bit of the cue flipped it can."""
    assert exponential.single_bit_error(5, 2, 20_000, 0) == 0
    N, wrong, all_cases = 5, 0, 0
    for other in product((-1, 1), repeat=N):  # the memory is all +1, the cue has bit 0 flipped, we look at bit N-1
        agree = sum(other[1 : N - 1]) - other[0]
        wrong += math.exp(N - 3) + other[-1] * math.exp(agree) < 0
        all_cases += 1
    exact = Fraction(wrong, all_cases)
    found = exponential.single_bit_error(N, 2, 40_000, 0, flips=1)
    assert found == pytest.approx(float(exact), abs=0.005) and exact > 0


def test_twins_decide_at_small_rates():
    """An error needs a memory that differs in this bit alone, and then happens in every second case."""
    N, K = 20, 2**13
    assert exponential.single_bit_error(N, K, 60_000, 0) == pytest.approx(K / 2 ** (N + 1), rel=0.25)


def test_entropy_rate_counts_overlaps():
    N = 400
    for m in (0.2, 0.5, 0.9):
        tail = sum(math.comb(N, k) for k in range(math.ceil(N * (1 + m) / 2), N + 1))
        rate = (N * math.log(2) - math.log(tail)) / N
        assert exponential.entropy_rate(m) == pytest.approx(rate, abs=0.01)
    np.testing.assert_allclose(exponential.entropy_rate([0.0, 1.0]), [0, math.log(2)])
    rho = 0.11
    capacity = math.log(2) + rho * math.log(rho) + (1 - rho) * math.log(1 - rho)
    assert exponential.entropy_rate(1 - 2 * rho) == pytest.approx(capacity)


@pytest.mark.parametrize("beta", [0.3, 1.0, 2.0])
def test_typical_rate_is_where_the_largest_part_of_the_noise_equals_the_signal(beta):
    """By brute force over the overlap at which the noise is made: max of βm + (α - I(m))/2 over I(m) <= α."""
    grid = np.linspace(0, 1, 20_001)
    rate = exponential.entropy_rate(grid)
    for m in (0.3, 0.7, 0.97, 1.0):
        alpha = float(exponential.typical_rate(m, beta))
        for load, above in ((alpha - 0.003, False), (alpha + 0.003, True)):
            exponent = np.max(np.where(rate <= load, beta * grid + (load - rate) / 2, -np.inf))
            assert (exponent > beta * m) == above or load > math.log(2)
    assert exponential.typical_rate(1.0, 1.0) == pytest.approx(2 - math.log(math.cosh(2)))
    assert exponential.ALL < exponential.typical_rate() < math.log(2)


def test_whole_fraction_counts_sets_without_an_unstable_bit():
    N, K = 6, 7
    found = exponential.whole_fraction(K, N, dam.Exponential(), [3], 20, np)
    sets = [dam.random_patterns(K, N, np.random.default_rng([3, number])) for number in range(20)]
    slow = np.mean([not log_domain_unstable(xi, xi).any() for xi in sets])
    assert found == slow and 0 < slow < 1


def test_the_experiment_places_every_point():
    result = experiments.run("exponential", "demo", seed=1, backend="numpy", rate=(0.3, 0.6), samples=300)
    found = result.arrays
    assert result.variant == "demo" and found["error"].shape == (2, 2, 2)
    for (d, s, a), error in np.ndenumerate(found["error"]):
        N, share, rate = found["N"][s], found["damage"][d], found["rate"][a]
        K, flips = round(math.exp(rate * N)), round(share * (N - 1))
        rng = np.random.default_rng([1, N, K, flips])
        assert error == exponential.single_bit_error(int(N), K, 300, rng, flips)
    assert np.all(found["error"][:, :, 0] <= found["error"][:, :, 1] + 0.1)
    order = np.array([found[f"K_stable_{name}"] for name in exponential.ENERGIES])
    assert np.all(np.diff(order[:, -1]) > 0)  # n = 2, 3, 4, exp
    np.testing.assert_allclose(found["K_all"], found["K_twins"], rtol=0.35)
    assert result.values["stable_rate"] > result.values["all_rate"] > 0


def test_bad_input():
    with pytest.raises(ValueError, match="K must be at most 2\\^62"):
        exponential.single_bit_error(70, 2**63, 10, 0)
    with pytest.raises(ValueError, match="K must be an integer of at least 1"):
        exponential.single_bit_error(10, 0, 10, 0)
    with pytest.raises(ValueError, match="flips must be a number from 0 to 9, got 12"):
        exponential.single_bit_error(10, 5, 100, 0, flips=12)
    for change in ({"sizes": (8, 60)}, {"whole": (8, 90)}):
        with pytest.raises(MemoryError, match="N = .0, K = .* needs about"):
            experiments.run("exponential", "demo", **change)
    with pytest.raises(ValueError, match="rate must be at most 0.04298 at N = 1000, got 0.68"):
        experiments.run("exponential", "demo", N=(1000,))


def test_a_slope_needs_two_sizes_and_numbers_that_are_known():
    assert exponential.slope((8, 10), np.array([1.0, math.exp(4)])) == pytest.approx(2)
    for sizes, K in (((8,), [3.0]), ((8, 8), [3.0, 3.0]), ((8, 10), [3.0, math.nan])):
        assert math.isnan(exponential.slope(sizes, np.array(K)))


def test_the_stored_result_is_what_the_code_computes():
    stored = dam.lab.results.load("exponential")
    sizes, rates = stored.parameters["N"], stored.parameters["rate"]
    task = {"seed": 0, "what": "bit", "N": sizes[0], "samples": stored.parameters["samples"], "backend": "numpy"}
    found = exponential.point(**task, rate=0.6, damage=0.1)["found"]
    expected = stored.arrays["error"][stored.parameters["damage"].index(0.1), 0, rates.index(0.6)]
    if np.__version__ == stored.versions["numpy"]:
        assert found == expected > 0
    else:  # NumPy 2.5 draws other numbers from a multinomial distribution: four standard errors of the difference
        error = np.sqrt(2 * expected * (1 - expected) / stored.parameters["samples"])
        assert abs(found - expected) < 4 * error
    assert exponential.twin_limit(16) == pytest.approx(
        float(stored.arrays["K_twins"][stored.parameters["whole"].index(16)])
    )
