"""The projection rule against loops, and against what follows from a single wrong bit."""

import numpy as np
import pytest

import dam
from dam import datasets
from dam.lab import experiments, verdicts
from dam.lab.experiments import projection
from dam.memory import hopfield


def by_loops(sigma, T, rng):
    """σ_i ← Sign(Σ_j T_ij σ_j) for one state, one neuron after the other, until a whole sweep changes nothing."""
    sigma, before = list(sigma), None
    while sigma != before:
        before = list(sigma)
        for i in rng.permutation(len(T)):
            field = sum(T[i][j] * sigma[j] for j in range(len(T)))
            if abs(field) > projection.ROUNDING:
                sigma[i] = float(np.sign(field))
    return sigma


@pytest.mark.parametrize("kept", [0, 1])
def test_settling_is_that_of_loops(kept):
    xi = dam.random_patterns(6, 16, 1)
    T = hopfield.projection(xi) * (1 - (1 - kept) * np.eye(16))
    for seed, cue in enumerate(dam.random_patterns(30, 16, 2)):
        rngs = np.random.default_rng(seed), np.random.default_rng(seed)
        assert projection.settle(cue[None], T, rngs[0])[0].tolist() == by_loops(cue, T, rngs[1])


def test_without_the_diagonal_it_ends_at_fixed_points_of_the_classical_dynamics():
    xi = dam.random_patterns(20, 40, 3)
    T = hopfield.projection(xi)
    ends = projection.settle(datasets.damage(xi, 0.2, 4), T * (1 - np.eye(40)), np.random.default_rng(5))
    assert np.array_equal(dam.memory.retrieve_classical(ends, T, 6), ends)


def test_point_counts_what_it_says():
    found = projection.point(seed=1, N=30, alpha=0.4, flips=[0, 1, 6, 15], cues=40, coupling="removed", backend="numpy")
    assert found["stable"] == found["recalled"][0] == found["recalled"][1] == 1 and found["recalled"][-1] < 0.1
    share = found["recalled"][2]
    assert 0 < share < 1
    first, last, low, high = (6, 15, found["recalled"][3], share) if share >= 0.5 else (1, 6, share, 1)
    assert found["reach"] == pytest.approx((first + (last - first) * (high - 0.5) / (high - low)) / 30)


def test_with_self_coupling_a_wrong_bit_is_repaired_only_where_the_diagonal_is_below_one_half():
    """Its field is ξ_i (1 - 2 T_ii); without self-coupling it is ξ_i (1 - T_ii)."""
    xi = dam.random_patterns(14, 30, 7)
    T, seen = hopfield.projection(xi), set()
    for i in range(30):
        cue = xi[:1] * np.where(np.arange(30) == i, -1, 1)
        field, alone = (cue @ T)[0, i] * xi[0, i], (cue @ T - cue * T.diagonal())[0, i] * xi[0, i]
        assert field == pytest.approx(1 - 2 * T[i, i]) and alone == pytest.approx(1 - T[i, i])
        seen.add(bool(field > 0))
        if field < 0:
            assert projection.settle(cue, T, np.random.default_rng(i))[0, i] == -xi[0, i]
    assert seen == {True, False}


def test_at_as_many_memories_as_neurons_every_state_stays():
    found = projection.point(seed=0, N=40, alpha=1.0, flips=[0, 1, 9], cues=10, coupling="removed", backend="numpy")
    assert found["stable"] == 1 and found["recalled"].tolist() == [1, 0, 0]


def test_claims_take_what_they_name():
    run = experiments.run("projection", "demo", seed=3, backend="numpy", N=(40, 80), cues=10)
    judged = {claim.name: verdicts.measured(claim, run) for claim in projection.CLAIMS}
    assert judged["decorrelated"] == 100
    reach = run.arrays["reach_removed"][-1]
    run.arrays["reach_removed"] = np.vstack([reach, np.linspace(0.4, 0.004, len(reach))])
    assert projection.last_reach(run) == pytest.approx(0.004 * 80)
    run.arrays["reach_removed"] = np.vstack([reach, np.full(len(reach), 0.004)])
    assert np.isnan(projection.last_reach(run))
    run.arrays["stable_removed"][0, 2] = 0.75
    assert projection.stable(run) == 75
