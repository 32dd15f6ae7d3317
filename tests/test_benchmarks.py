"""The rivals of the benchmarks do what `dam` does, and the benchmarks count and scale as they say."""

import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dam
from dam import datasets, memory
from dam.arrays import get_namespace
from dam.lab import results
from dam.memory.interactions import KINDS
from dam.network import _step_plain, objective
from dam.network.recipes import Recipe

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
names = ("retrieval", "rivals", "training", "rivals_training")
retrieval, rivals, training, rivals_training = (importlib.import_module(name) for name in names)

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


# training


def small_problem(n, dtype, K=30, N=20, M=40):
    """Digits, targets, weights and a recipe, with overlaps as large for T as in a training."""
    rng = np.random.default_rng(n)
    x = rng.uniform(-1, 1, (3 * M, N)).astype(dtype)
    t = objective.targets(np.arange(M) % 10, dtype=dtype)
    recipe = Recipe.paper(n, form="dual", K=K, T_initial=8 if n > 9 else 16, T_final=4)
    return x, t, np.clip(rng.normal(-0.3, 0.5, (K, N + 10)), -1, 1).astype(dtype), recipe


def three_steps(step, recipe):
    for i in range(3):
        step(np.arange(40) + 40 * i, recipe.temperature(i), recipe.epsilon(i))
    return step.xi, step.V


@pytest.mark.parametrize("n", [2, 3, 4, 20, 30])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 5e-5)])
@pytest.mark.parametrize("form", ["dual", "exact"])
def test_three_steps_in_pytorch_are_three_steps_of_dam(n, dtype, tolerance, form):
    pytest.importorskip("torch")
    x, t, xi, recipe = small_problem(n, dtype)
    recipe = replace(recipe, form=form)
    zero, begun = np.zeros_like(xi), xi.copy()
    ours, _ = three_steps(_step_plain.ArrayStep(x, t, xi.copy(), zero.copy(), recipe), recipe)
    theirs, V = three_steps(rivals_training.TorchStep(x, t, xi, zero, recipe), recipe)
    assert str(theirs.dtype) == f"torch.{dtype}" and np.array_equal(xi, begun) and not zero.any()
    assert np.abs(ours - xi).max() > 0.02 and V.abs().max() > 0
    np.testing.assert_allclose(theirs.numpy(), ours, atol=tolerance, rtol=0)


def test_a_dead_memory_stays_in_pytorch_too():
    pytest.importorskip("torch")
    x, t, xi, recipe = small_problem(3, "float32")
    x, xi[4, :20], xi[5, :20] = np.abs(x), -1, 0.5  # no digit reaches the one, every digit the other
    theirs, V = three_steps(rivals_training.TorchStep(x, t, xi, np.zeros_like(xi), recipe), recipe)
    assert np.array_equal(theirs[4].numpy(), xi[4]) and not V[4].any()
    assert not np.array_equal(theirs[5].numpy(), xi[5])


@pytest.mark.parametrize("n", [2, 3, 6])
def test_tiled_form_is_the_step_in_the_exact_form(n):
    x, t, xi, recipe = small_problem(n, "float64")
    recipe = replace(recipe, form="exact")
    step, V = _step_plain.ArrayStep(x, t, xi.copy(), np.zeros_like(xi), recipe), np.zeros_like(xi)
    ours, tiled = three_steps(step, recipe)[0], xi
    for i in range(3):
        rows = slice(40 * i, 40 * i + 40)
        tiled, V = rivals_training.tiled_step(x[rows], t, tiled, V, recipe, recipe.temperature(i), recipe.epsilon(i))
    assert np.abs(ours - xi).max() > 0.02
    np.testing.assert_allclose(tiled, ours, atol=1e-9, rtol=0)


def test_sides_take_turns_and_only_counted_steps_count(monkeypatch):
    clock, order = [0.0], []
    monkeypatch.setattr(training.time, "perf_counter", lambda: clock[0])

    def task(name, seconds):
        def step():
            order.append(name)
            clock[0] += seconds if order.count(name) > 1 else 100

        return step

    sides = {
        "a": training.Side(task("a", 1.0), steps=2),
        "b": training.Side(task("b", 3.0), steps=1, rounds=2, warm=False),
    }
    assert training.take_turns(sides, 3) == {"a": [1.0] * 3, "b": [100, 3.0]}  # b's first step counts
    assert "".join(order) == "aaabaaabaaa"


@pytest.mark.parametrize("n", [2, 30])
def test_training_table(n, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    data = datasets.mnist()
    seconds, absent = training.measure(n, data, 1, K=12, batch_per_class=3)
    assert list(seconds) == ["products", "dam", "exact", "tiled"] and all(min(s) > 0 for s in seconds.values())
    assert absent == dict.fromkeys(["eager", "compiled"], "not installed: pip install .[bench]")
    text = list(training.lines(n, {"products": [0.01, 0.03, 0.02], "dam": [0.02, 0.09, 0.04], "exact": [0.1]}, absent))
    assert text[2].split() == ["dam", "40.0", "2.00", "1.00"]  # 2, 3 and 2 times the products of the same round
    assert text[3].split() == ["exact", "100.0", "10.00", "5.00"]
    assert text[4].startswith("eager") and "pip install" in text[4]


def test_a_rival_with_another_update_is_found_out(monkeypatch):
    class Idle:
        def __init__(self, x, t, xi, V, recipe, compiled):
            self.xi = xi

        def __call__(self, rows, T, epsilon):
            pass

    monkeypatch.setattr(rivals_training, "TorchStep", Idle)
    with pytest.raises(AssertionError, match="PyTorch, eager, does another update"):
        training.measure(3, datasets.mnist(), 1, K=12, batch_per_class=3)


def test_training_table_of_a_trained_network():
    stored = results.load("mnist", "n3")
    recipe, xi, T, epsilon = training.problem(3, None, stored, {})
    assert xi.shape == (2000, 794) and xi.dtype == np.float32 and T == stored.values["T"]
    assert epsilon == recipe.epsilon(stored.values["epochs"]) > 0
    small = results.Result(**{**vars(stored), "arrays": {k: stored.arrays[k][:16] for k in ("visible", "labels")}})
    seconds, absent = training.measure(3, datasets.mnist(), 1, small, K=16, batch_per_class=3)
    assert list(seconds) == ["products", "dam", "exact"] and not absent


def test_training_command_writes_its_figures(tmp_path, capsys, monkeypatch):
    fixed = {"products": [0.03], "dam": [0.036]}
    monkeypatch.setattr(training, "measure", lambda n, data, rounds, start=None: (dict(fixed), {"eager": "absent"}))
    training.main(["--n", "3", "--trained", "--json", str(tmp_path / "figures.json")])
    stored, printed = json.loads((tmp_path / "figures.json").read_text()), capsys.readouterr().out
    assert stored["seconds"] == {"start": {"3": fixed}, "trained": {"3": fixed}} and "1.20" in printed
