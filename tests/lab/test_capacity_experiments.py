"""Experiments on capacity against counts by loops straight from eq. (4), and their claims."""

import numpy as np
import pytest

import dam
from dam.lab import claims, common, experiments, paper, verdicts
from dam.lab.experiments import basins, errors, fig5, rules
from dam.memory import theory
from dam.memory.interactions import KINDS


def unstable_bits_by_loops(xi, F, rule="energy"):
    """For every memory and bit: would the update flip it? One bit at a time, from eq. (4) or from the field rule."""
    f = lambda x: float(F(np.array([float(x)]))[0])
    a = lambda x: float(F.activation(np.array([float(x)]))[0])
    found = np.zeros(xi.shape, bool)
    for s, i in np.ndindex(xi.shape):
        field = 0.0
        for row in xi:
            rest = row @ xi[s] - row[i] * xi[s, i]
            field += f(rest + row[i]) - f(rest - row[i]) if rule == "energy" else row[i] * a(row @ xi[s])
        found[s, i] = field * xi[s, i] < 0
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_errors_counts_the_unstable_bits_of_its_sets(kind):
    found = errors.point(seed=3, n=3, N=9, K=8, kind=kind, bits=1, backend="numpy")
    sets = [dam.random_patterns(8, 9, np.random.default_rng([3, 3, 9, 8, number])) for number in range(5)]
    slow = [unstable_bits_by_loops(xi, KINDS[kind](3)).mean() for xi in sets]
    assert found["error"] == pytest.approx(np.mean(slow)) and 0 < found["error"]
    assert found["uncertainty"] == pytest.approx(np.std(slow, ddof=1) / np.sqrt(5))


@pytest.mark.parametrize("rule", rules.RULES)
def test_stable_fraction_counts_memories_without_an_unstable_bit(rule):
    F, K, N = dam.Polynomial(3), 12, 8
    found = common.stable_fraction(K, N, F, [7], 30, np, rule)
    sets = [dam.random_patterns(K, N, np.random.default_rng([7, number])) for number in (1, 2, 3)]
    slow = np.concatenate([~unstable_bits_by_loops(xi, F, rule).any(axis=1) for xi in sets])
    assert found == slow.mean() and 0 < found < 1


def test_basins_recover_close_cues_and_lose_far_ones():
    flips = [0, 4, 12, 24]
    found = basins.point(seed=0, n=4, N=48, K=60, kind="rectified", flips=flips, cues=100, backend="numpy")["recovered"]
    assert found[0] == found[1] == 1 and found[-1] < 0.1 and np.all(np.diff(found) <= 0)


def test_rules_at_n2_follow_from_the_self_coupling():
    """Under the field rule of n = 2 a spin acts on itself with strength K: every state that (4) keeps is kept."""
    rng = np.random.default_rng(0)
    xi = dam.random_patterns(20, 30, rng)
    energy, field = (
        dam.memory.retrieval.unstable_neurons(xi, xi, dam.Polynomial(2), rule=rule) for rule in rules.RULES
    )
    assert np.all(energy[field]) and energy.sum() > field.sum()
    result = experiments.run("rules", "demo", seed=1, backend="numpy", n=(2,), N=30, memories=100)
    assert result.values["K_stable_power_field_n2"] > result.values["K_stable_power_energy_n2"]
    assert result.values["rises_power_energy_n2"] == result.values["rises_rectified_energy_n2"] == 0


def test_fig5_by_kind_and_sign():
    """Even powers count a memory's negative too, so that the crossing exists; K_stable agrees with the Gaussian."""
    result = experiments.run("fig5", "demo", seed=0, backend="numpy", n=4, N=(24, 30), starts=300)
    assert result.variant == "demo-n4-N30" and result.parameters["N"] == [24, 30]
    assert np.all(np.isfinite(result.arrays["K_half_power"]))
    for kind, F in KINDS.items():
        gauss = [theory.half_stable(N, F(4)) for N in (24, 30)]
        np.testing.assert_allclose(result.arrays[f"K_stable_{kind}"], gauss, rtol=0.25)


def test_fig5_sizes_and_names():
    paper = experiments.get("fig5").scales["paper"]
    assert fig5.variant(paper) == "" and fig5.variant(paper | {"n": 2}) == "n2"
    assert fig5.variant(paper | {"N": (400,)}) == "N400"
    assert fig5.recorded(paper)["N"] == (50, 75, 100, 125, 150, 175, 200)
    with pytest.raises(ValueError, match=r"n = 7 has no sizes of its own \(n = 2, 3 and 4 have\); give N"):
        experiments.run("fig5", "paper", n=7)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("fig4", {"K": 10**9}),
        ("fig5", {"N": (50, 10**6)}),
        ("classical", {"N": (250, 10**6)}),
        ("errors", {"N": (10**4,)}),
        ("basins", {"N": 10**4}),
        ("projection", {"N": (10**6,)}),
        ("rules", {"N": 10**4}),
    ],
)
def test_too_much_for_memory_is_refused_before_the_first_point(name, change, monkeypatch):
    def never(*arguments, **options):
        raise AssertionError("the work has started")

    monkeypatch.setattr(experiments, "sweep", never)
    with pytest.raises(MemoryError, match=r"needs about .* GB of memory, but .* GB are free; use fewer memories K"):
        experiments.run(name, "demo", backend="numpy", **change)


def test_a_claim_takes_only_results_of_its_own_variant():
    run = experiments.run("fig5", "demo", seed=0, backend="numpy", n=2, N=(20, 30, 40), starts=50)
    run.variant = "n2"
    judged = {claim.name: verdicts.verdict(claim, "fig5", [run]) for claim in claims.of("fig5")}
    assert judged["stable-exponent-power-n2"].seeds == 1
    assert judged["stable-exponent-power-n3"].seeds == judged["power-follows-theory"].seeds == 0
    assert judged["power-follows-theory"].holds is None


def test_the_reason_for_the_paper_s_number_is_what_the_formula_gives():
    claim = next(c for c in claims.of("classical") if c.name == "capacity-number")
    share = 100 * theory.error_probability(10**6, round(paper.CAPACITY_CLASSICAL * 10**6), 2)
    assert f"0.14 belongs to {share:.1f} % of errors" in claim.reason
    assert f"gives {theory.alpha(2):.3f} at 0.5 %" in claim.reason


@pytest.mark.filterwarnings("error")
def test_where_nothing_moves_no_flip_can_rise(monkeypatch):
    """With the field rule, self-coupling freezes every start once there are many memories."""
    monkeypatch.setattr(rules, "trajectory", lambda start, *_, **__: start)
    setting = {"seed": 0, "n": 2, "N": 12, "kind": "power", "rule": "field", "damage": 0.1, "memories": 20}
    assert np.isnan(rules.point(**setting, tolerance=0.2, backend="numpy")["rises"])
