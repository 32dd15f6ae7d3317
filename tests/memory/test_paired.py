"""The fast fields on NumPy against the plain ones and against sums straight from eq. (4)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dam
from dam import arrays, memory
from dam.memory import _paired
from dam.memory._dynamics import DenseFields, settle

FUNCTIONS = [dam.Polynomial(2), dam.Polynomial(5), dam.RectifiedPolynomial(3), dam.RectifiedPolynomial(4)]


def tables(xi, F, rule="energy"):
    return memory._tables(xi, F, rule)


@pytest.mark.parametrize("largest", [0, 1000], ids=["single", "paired"])
@given(st.integers(1, 9), st.integers(1, 8), st.sampled_from(FUNCTIONS), st.integers(0, 999))
def test_gains_stay_those_of_equation_4_flip_by_flip(largest, K, N, F, seed):
    rng = np.random.default_rng(seed)
    xi, sigma = dam.random_patterns(K, N, rng), dam.random_patterns(3, N, rng)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_paired, "LARGEST_N", largest)
        fields = _paired.PairedFields(sigma, _paired.tables(*tables(xi, F)))
    for _ in range(4):
        slow = np.zeros((3, N))
        for s, i in np.ndindex(3, N):
            for row in xi:
                rest = row @ sigma[s] - row[i] * sigma[s, i]
                slow[s, i] += sigma[s, i] * (F(np.array(rest + row[i])) - F(np.array(rest - row[i])))
        assert np.array_equal(fields.gains(sigma), slow)
        spin = rng.integers(N, size=3)
        sigma[np.arange(3), spin] *= -1
        fields.flip(spin, sigma[np.arange(3), spin])


@pytest.mark.parametrize("F", [*FUNCTIONS, dam.Exponential()], ids=str)
@pytest.mark.parametrize("K", [60, 61])
def test_same_states_as_the_plain_fields(F, K):
    rng = np.random.default_rng(3)
    xi, sigma = dam.random_patterns(K, 25, rng), dam.random_patterns(40, 25, rng)
    responses = tables(xi, F)
    plain, _ = settle(sigma.copy(), DenseFields(sigma, *responses), np.random.default_rng(1))
    paired, _ = settle(sigma.copy(), _paired.PairedFields(sigma, _paired.tables(*responses)), np.random.default_rng(1))
    assert np.array_equal(plain, paired) and not np.array_equal(paired, sigma)


def test_what_does_not_fit_into_memory_is_refused_before_the_work(monkeypatch):
    with pytest.raises(MemoryError, match=r"random_patterns\(10000000, 1000000\) needs about 9e\+04 GB of memory, but"):
        dam.random_patterns(10**7, 10**6, 0)
    xi = dam.random_patterns(100, 10, 0)
    monkeypatch.setattr(arrays.psutil, "virtual_memory", lambda: type("Free", (), {"available": 10**6}))
    with pytest.raises(
        MemoryError, match=r"retrieval needs about 0\.\d+ GB .* 0\.001 GB are free; use fewer memories K"
    ):
        dam.retrieve(xi, xi, dam.Polynomial(2), 0)
