"""The command for a GPU goes through its items on a CPU, notes what fails and stops in time."""

import importlib
import json
import os
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest

from dam.lab import gpu as lab_gpu
from dam.lab import results

PROGRAM = Path(__file__).parents[1] / "benchmarks" / "gpu.py"
sys.path.append(str(PROGRAM.parent))
gpu = importlib.import_module("gpu")
SHIPPED = lab_gpu.runs()


@pytest.fixture
def bench(tmp_path):
    return gpu.Bench(gpu.get_namespace("numpy"), tmp_path, True, "", time.monotonic() + 60, {})


def test_the_check_agrees_on_the_cpu(tmp_path):
    options = ["--out", str(tmp_path), "--smoke", "--only", "a", "--backend", "numpy", "--commit", "abc"]
    # were it heeded, NumPy arrays went to the GPU, and that would be compared with itself
    environment = os.environ | {"PYTHONPATH": str(PROGRAM.parents[1]), "DAM_BACKEND": "cupy"}
    command = [sys.executable, str(PROGRAM), *options]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment, check=False)
    assert run.returncode == 0, run.stderr
    assert "steps: 8 of 8 agree" in run.stdout
    assert [line.split()[:2] for line in run.stdout.splitlines()[-2:]] == [["a", "check"], ["a", "repeats"]]
    kept = json.loads((tmp_path / "gpu.json").read_text())
    assert kept["commit"] == "abc" and kept["smoke"]
    found = kept["items"]["a check"]["found"]
    assert all(row["ok"] and row["deviation"] == 0 for row in found["functions"].values())
    assert all(row["no fixed point"] == 0 for row in found["retrieval"].values())
    assert all("found" in item for item in kept["items"].values())


def test_a_failure_is_noted_and_the_time_is_kept(bench, capsys):
    record = gpu.attempt(bench, "a", "check", 1, lambda bench: 1 / 0)
    assert record["error"].startswith("ZeroDivisionError") and "Traceback" in record["traceback"]
    assert "Traceback" in capsys.readouterr().out
    bench.found["d times"] = {"found": {"exact n3": {"step ms": 0.25, "10,000 test digits ms": 1.0}}}
    assert 50 < gpu.training_seconds(bench, 3) < 70 and gpu.training_seconds(bench, 2) == 60
    bench.smoke, bench.end = False, time.monotonic() + 20
    for letter, name, least in (("a", "check", 25), ("b", "train n3 seed0", None)):
        assert "skipped" in gpu.attempt(bench, letter, name, least, lambda bench: pytest.fail("begun"))


def test_the_summary_shows_the_numbers(bench):
    bench.found = {
        "b train n3 seed0": {"found": {"test_error_percent": 1.5, "train_seconds": 60.0}, "seconds": 61.0},
        "d times": {"found": {"exact n3": {"step ms": 0.25, "ratio": 1.5}}, "seconds": 2.0},
        "c fig4": {"found": {"perfect_power_n3 apart": 1.25}, "seconds": 2.0},
        "e pytorch": {"error": "ImportError: no", "seconds": 0.0},
    }
    lines = list(gpu.summary(bench.found))
    assert "test_error_percent 1.5" in lines[0] and "exact n3 0.250 ms (1.50)" in lines[1]
    assert "at most 1.2 standard errors" in lines[2] and "ImportError" in lines[3]
    assert gpu._plain(np.float32(1)) == 1


def test_a_training_moves_and_messages_are_noted(bench, monkeypatch):
    found = gpu.failing(bench)
    assert found["moved"]["ok"] and found["moved"]["mean"] == 0 and len(found["moved"]["devices"]) == 3
    assert not list(bench.out.iterdir())
    expected = {
        "training": "fits",
        "retrieval in smaller batches": "equal",
        "retrieval": "(20, 100)",
        "attack": "(1000,)",
    }
    assert found["little_memory"] == expected

    def train(x, y, recipe, **options):
        if recipe.batch_per_class > 3:
            raise MemoryError("a minibatch of about 3 digits of each class fits")

    monkeypatch.setattr(gpu.dam, "train", train)
    found = gpu.little_memory(bench)
    assert found["training"] == "MemoryError: a minibatch of about 3 digits of each class fits"
    assert found["training as said"] == "fits"


def test_little_room_is_a_limit_of_the_pool_for_a_while(bench, monkeypatch):
    limits = [77]

    class Pool:
        def free_all_blocks(self):
            limits.append("freed")

        def get_limit(self):
            return limits[0]

        def used_bytes(self):
            return 5

        def set_limit(self, size=None, fraction=None):
            assert type(size) is int and fraction is None
            limits.append(size)

    cupy = types.ModuleType("cupy")
    cupy.get_default_memory_pool = Pool
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setattr(gpu, "backend_name", lambda _: "cupy")
    assert gpu.said(bench, 1000, lambda: 1 / 0) == "ZeroDivisionError: division by zero"
    assert limits == [77, "freed", 1005, 77]


def test_all_items_have_letters_that_can_be_asked_for():
    names = [name for _, name, _, _ in gpu.schedule()]
    assert len(set(names)) == len(names) == 33
    assert {letter for letter, *_ in gpu.schedule()} == set("abcdefg")


def test_long_runs_are_stored_and_leave_nothing_else(bench, monkeypatch):
    values = gpu.average(bench, 2, 1)
    stored = results.load("mnist", "n2-ten-minutes-average250", 1, bench.out)
    assert stored.values["test_error_percent"] == values["test_error_percent"] and stored.parameters["epochs"] == 3
    run, points = gpu.experiments.run, {"trial_epochs": 2, "epochs": 2, "K": 20, "n": (2,), "images": 4, "steps": 1}
    monkeypatch.setattr(gpu.experiments, "run", lambda *given, **options: run(*given, **options, **points))
    values = gpu.powers(bench, 3)
    assert results.load("powers", "demo", 3, bench.out).values["m_n2"] == values["m_n2"]
    names = {f"{name}.{kind}" for name in (stored.name, "powers-demo-seed3") for kind in ("json", "npz")}
    assert {path.name for path in bench.out.iterdir()} == names


def test_the_trainings_are_those_of_the_seeds_asked_for(tmp_path, monkeypatch):
    begun = []
    monkeypatch.setattr(gpu, "attempt", lambda bench, letter, name, least, item: begun.append(name) or {})
    command = ["--out", str(tmp_path), "--only", "b", "--backend", "numpy"]
    of_seed = {seed: [f"train n{n} seed{seed}" for n in (2, 3, 20, 30)] for seed in (0, 1, 2, 7)}
    for options, seeds in (([], (0, 1, 2)), (["--seeds", "2"], (2,)), (["--seeds", "7", "1"], (7, 1))):
        begun.clear()
        gpu.main(command + options)
        assert begun == [name for seed in seeds for name in of_seed[seed]]


def test_repeated_retrievals_count_the_starts_that_reach_a_memory(bench, monkeypatch):
    found = gpu.repeats(bench)
    assert found["reached"] == found["reached on the CPU"] and len(found["reached"]) == 20
    assert found["recall apart"] == found["mean difference"] == 0 and 0 < min(found["reached"])
    assert max(found["reached"]) <= found["starts"]
    calls = []

    def retrieve(sigma, xi, F, seed):
        calls.append(seed)
        reached = 40 + seed % 2 if len(calls) % 2 else 50
        return np.concatenate([xi[:reached, :], 1 - 2 * (np.arange(60) < 30) * np.ones((100 - reached, 1), int)])

    monkeypatch.setattr(gpu.dam, "retrieve", retrieve)
    found = gpu.repeats(bench)
    assert found["mean difference"] == -9.5 and found["reached"][:2] == [40, 41]
    spread = np.sqrt(20 / 19) / 2 / np.sqrt(20)
    assert found["recall apart"] == pytest.approx(9.5 / spread) and found["standard error"] == pytest.approx(spread)


def test_what_it_writes_is_what_the_book_reads(bench, tmp_path, monkeypatch):
    bench.found = {"a check": gpu.attempt(bench, "a", "check", 0, lambda bench: {"x": np.float64(0.5)})}
    about = gpu.machine(bench.xp) | {"commit": "abc", "smoke": True}
    gpu.write(bench, about)
    monkeypatch.setattr(lab_gpu, "FOLDER", tmp_path)
    (run,) = lab_gpu.runs()
    assert lab_gpu.findings(run) == {"check": {"x": 0.5}}
    of_a_card = {"driver", "runtime"}  # where there is one
    assert all(set(stored) - of_a_card == set(run) for stored in SHIPPED)
    names = {f"{letter} {name}" for letter, name, *_ in gpu.schedule()}
    assert all(set(stored["items"]) <= names for stored in SHIPPED)
