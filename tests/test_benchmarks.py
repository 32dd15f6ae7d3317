"""The rivals of the benchmarks: they follow eq. (4) too, and the benchmark counts and scales as it says."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dam
from dam import memory
from dam.arrays import get_namespace
from dam.experiments.fig4 import KINDS

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
retrieval, rivals = (importlib.import_module(name) for name in ("retrieval", "rivals"))

RIVALS = {"loop": rivals.loop, "numpy": rivals.numpy_sweep, "torch": rivals.torch_sweep}


@pytest.fixture(params=RIVALS)
def rival(request):
    if request.param == "torch":
        pytest.importorskip("torch")
    return RIVALS[request.param]


def slow_field(state, xi, kind, n, i):
    """The bracket of eq. (4) in integers, as loops over μ and j."""
    F = lambda x: 0 if kind == "rectified" and x < 0 else x**n
    total = 0
    for row in xi.astype(int).tolist():
        rest = sum(row[j] * int(state[j]) for j in range(len(state)) if j != i)
        total += F(row[i] + rest) - F(-row[i] + rest)
    return total


def slow_energy(state, xi, kind, n):
    """Eq. (2) in integers."""
    h = [sum(int(a) * int(b) for a, b in zip(row, state)) for row in xi]
    return -sum(x**n for x in h if kind == "power" or x > 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [2, 3, 4])
def test_every_rival_ends_in_fixed_points_of_equation_4(rival, kind, n):
    rng = np.random.default_rng(n)
    xi, sigma = dam.random_patterns(13, 10, rng), dam.random_patterns(12, 10, rng)
    begun = sigma.copy()
    final, flips = rival(sigma, xi, rivals.interaction(kind, n), np.random.default_rng(1))
    assert np.array_equal(sigma, begun) and final.shape == sigma.shape and set(final.ravel()) <= {-1, 1}
    assert all(slow_field(state, xi, kind, n, i) * state[i] >= 0 for state in final for i in range(10))
    changed = int(np.sum(final != begun))
    assert changed and flips >= changed and (flips - changed) % 2 == 0  # a spin that flips back has flipped twice
    for first, last in zip(begun, final):
        falls = slow_energy(first, xi, kind, n) - slow_energy(last, xi, kind, n)
        assert falls > 0 or np.array_equal(first, last)


@pytest.mark.parametrize("kind", KINDS)
def test_rivals_and_dam_agree_on_what_is_a_fixed_point(rival, kind):
    rng = np.random.default_rng(5)
    xi, sigma = dam.random_patterns(40, 16, rng), dam.random_patterns(30, 16, rng)
    f, F = rivals.interaction(kind, 3), KINDS[kind](3)
    final, _ = rival(sigma, xi, f, np.random.default_rng(2))
    assert np.array_equal(dam.retrieve(final, xi, F, 3), final)
    ours = dam.retrieve(sigma, xi, F, 4)
    again, flips = rival(ours, xi, f, np.random.default_rng(2))
    assert np.array_equal(again, ours) and flips == 0


@given(st.integers(1, 12), st.integers(1, 9), st.integers(0, 999))
def test_sweeps_over_many_states_are_the_loop_over_one(K, N, seed):
    rng = np.random.default_rng(seed)
    xi, state = dam.random_patterns(K, N, rng), dam.random_patterns(1, N, rng)
    f = rivals.interaction("rectified", 3)
    loop, flips = rivals.loop(state, xi, f, np.random.default_rng(seed))
    sweep, swept = rivals.numpy_sweep(state, xi, f, np.random.default_rng(seed))
    assert np.array_equal(loop, sweep) and flips == swept


@pytest.mark.parametrize("rival", ["numpy", "torch"], indirect=True)
def test_batches_of_states_stay_in_order(rival):
    rng = np.random.default_rng(6)
    xi = dam.random_patterns(5, 40, rng)
    cues = np.repeat(xi, 3, axis=0)
    cues[np.arange(15), rng.integers(40, size=15)] *= -1
    final, flips = rival(cues, xi, rivals.interaction("power", 3), rng, batch=4)
    assert np.array_equal(final, np.repeat(xi, 3, axis=0)) and flips == 15


def test_classical_rivals_against_loops():
    rng = np.random.default_rng(7)
    xi, sigma = dam.random_patterns(4, 15, rng), dam.random_patterns(20, 15, rng)
    T = memory.hebbian(xi)
    final = rivals.classical_sweep(sigma, T, np.random.default_rng(1))
    for state in final:
        for i in range(15):
            field = sum(sum(p[i] * p[j] for p in xi) * state[j] for j in range(15) if j != i)
            assert field * state[i] >= 0
    assert not np.array_equal(final, sigma) and T[0, 0] == 4  # the diagonal played no role, and is still there


def test_classical_table_compares_the_same_recalled_states():
    pytest.importorskip("hopfieldkit")
    table = retrieval.classical(get_namespace("numpy"), cues=8, repeats=1, N=120, K=3)
    assert list(table) == ["dam", "numpy", "hopfieldkit"]
    assert all(row["recalled_memories"] == 1 and row["seconds"] > 0 for row in table.values())
    assert len(list(retrieval.classical_lines(table, 8))) == 4


def test_dense_table_counts_and_scales(monkeypatch):
    real = rivals.loop
    monkeypatch.setattr(rivals, "loop", lambda *arguments: (real(*arguments)[0], 7))
    few = {"torch_starts": 3, "loop_starts": 2}
    table = retrieval.dense("power", get_namespace("numpy"), starts=6, repeats=2, n=3, N=14, K=20, **few)
    assert set(table) == {"products", "dam", "numpy", "torch", "loop"}
    assert table["products"]["rows"] == table["dam"]["flips"] + 6 == table["products"]["flips"] + 6
    assert table["loop"]["flips"] == 7 * 6 / 2 and table["loop"]["starts_timed"] == 2
    lines = list(retrieval.dense_lines(table, 6))
    assert len(lines) == 6 and "from 2 states" in lines[-1] and "from" not in lines[2]


def test_a_rival_that_stops_early_is_found_out(monkeypatch):
    monkeypatch.setattr(rivals, "numpy_sweep", lambda sigma, xi, F, rng: (sigma, 1))
    few = {"torch_starts": 3, "loop_starts": 2}
    with pytest.raises(AssertionError, match="numpy ends in states that are not fixed points"):
        retrieval.dense("power", get_namespace("numpy"), starts=6, repeats=1, n=3, N=14, K=20, **few)


def test_a_rival_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "hopfieldkit", None)
    few = {"torch_starts": 3, "loop_starts": 2}
    table = retrieval.dense("rectified", get_namespace("numpy"), starts=6, repeats=1, n=3, N=14, K=20, **few)
    assert any("not installed: pip install .[bench]" in line for line in retrieval.dense_lines(table, 6))
    table = retrieval.classical(get_namespace("numpy"), cues=4, repeats=1, N=60, K=2)
    assert table["hopfieldkit"] == {"absent": "not installed: pip install .[bench]"}


def test_figures_are_those_of_the_paper_s_scale(monkeypatch):
    asked = []

    def run(name, scale, **others):
        asked.append((name, scale, others))
        return real(name, "demo", **others, **{"fig4": {"starts": 5, "K": 9}, "fig5": {"starts": 5, "N": (20,)}}[name])

    real = retrieval.experiments.run
    monkeypatch.setattr(retrieval.experiments, "run", run)
    found = retrieval.figures("numpy")
    assert asked == [("fig4", "paper", {"backend": "numpy", "n": (2, 3, 4)}), ("fig5", "paper", {"backend": "numpy"})]
    assert all(row["seconds"] > 0 and 0.01 < row["peak_gb"] < 10 for row in found.values())


def test_command_writes_its_figures(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    found = {name: {"seconds": 1.0, "peak_gb": 0.5} for name in ("fig4", "fig5")}
    monkeypatch.setattr(retrieval, "figures", lambda backend: found)
    options = ["--full", "--starts", "3", "--loop-starts", "1", "--repeats", "1"]
    retrieval.main([*options, "--json", str(tmp_path / "figures.json")])
    stored, printed = json.loads((tmp_path / "figures.json").read_text()), capsys.readouterr().out
    assert stored["figures"] == found and set(stored["dense"]) == set(KINDS) and stored["starts"] == 3
    assert "fig4: 1.0 s (limit 60 s), peak memory 0.50 GB (limit 2 GB)" in printed and "hopfieldkit" in printed
