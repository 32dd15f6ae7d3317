"""Sweeps: the same points here and on a cluster, after an interruption, and after the death of a worker."""

import contextlib
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import types
import zipfile

import cupy_stub
import numpy as np
import pytest

from dam.__main__ import main
from dam.lab import experiments, results, sweeps
from dam.lab.experiments import fig5
from dam.lab.sweeps import sweep

TASKS = [{"x": x, "name": "square"} for x in (3, 1, 2)]


def square(*, x, name):
    log = os.environ.get("DAM_TEST_LOG")
    if log:
        with open(log, "a", encoding="utf8") as file:
            file.write(f"{x}\n")
    if x == int(os.environ.get("DAM_TEST_INTERRUPT", "0")):
        raise KeyboardInterrupt
    return {"value": x**2, "root": x**0.5, "list": np.arange(x), "what": name}


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)


def test_points_come_back_in_the_order_of_the_tasks(tmp_path):
    expected = [square(**task) for task in TASKS]
    for folder in (None, tmp_path / "new", tmp_path / "new"):  # computed, computed and kept, read again
        found = sweep(square, TASKS, folder=folder)
        assert all(same(*pair) for pair in zip(found, expected))
    assert type(found[0]["value"]) is int and type(found[0]["root"]) is float and found[0]["what"] == "square"


def test_interrupted_sweep_keeps_its_points_and_goes_on(tmp_path, monkeypatch):
    log = tmp_path / "log"
    monkeypatch.setenv("DAM_TEST_LOG", str(log))
    monkeypatch.setenv("DAM_TEST_INTERRUPT", "2")
    with pytest.raises(KeyboardInterrupt):
        sweep(square, TASKS, folder=tmp_path / "points")
    assert log.read_text().split() == ["3", "1", "2"]
    monkeypatch.setenv("DAM_TEST_INTERRUPT", "0")
    found = sweep(square, TASKS, folder=tmp_path / "points")
    assert log.read_text().split() == ["3", "1", "2", "2"]
    assert [point["value"] for point in found] == [9, 1, 4]


def test_only_points_of_the_same_kind_are_used_again(tmp_path, monkeypatch):
    sweep(square, TASKS[:1], folder=tmp_path, version="1")
    log = tmp_path / "log"
    monkeypatch.setenv("DAM_TEST_LOG", str(log))
    sweep(square, TASKS[:1], folder=tmp_path, version="1")
    assert not log.exists()
    sweep(square, TASKS[:1], folder=tmp_path, version="2")
    sweep(square, [{"x": 3, "name": "other"}], folder=tmp_path, version="1")
    assert log.read_text().split() == ["3", "3"]


def test_a_damaged_point_is_computed_again(tmp_path):
    """Whatever happened to the file: a shorter one, a changed byte, another archive without the arrays, a folder."""
    expected = sweep(square, TASKS[:1], folder=tmp_path)[0]
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    with zipfile.ZipFile(tmp_path / "empty", "w"):
        pass
    damaged = [b"", content[:100], (tmp_path / "empty").read_bytes()]
    damaged += [content[:i] + bytes([content[i] ^ 255]) + content[i + 1 :] for i in range(0, len(content), 7)]
    stream = io.BytesIO()
    np.savez(stream, value=10)
    damaged += [hashlib.sha256(stream.getvalue()).digest() + stream.getvalue()]  # as points once were
    damaged += [sweeps._digest(file, stream.getvalue()[:-9]) + stream.getvalue()[:-9]]  # no archive, but as written
    for other in damaged:
        file.write_bytes(other)
        with pytest.warns(RuntimeWarning, match=rf"the point {file} is damaged \(.+\); it is computed again"):
            assert same(sweep(square, TASKS[:1], folder=tmp_path)[0], expected)
        assert file.read_bytes() == content  # replaced


def test_a_point_of_another_task_is_computed_again(tmp_path):
    """A file renamed or copied from another point holds its values, whole."""
    expected = sweep(square, TASKS[:2], folder=tmp_path)
    one, other = (sweeps._file(tmp_path, square, task, "") for task in TASKS[:2])
    one.write_bytes(other.read_bytes())
    with pytest.warns(RuntimeWarning, match=f"the point {one} is damaged"):
        assert same(sweep(square, TASKS[:1], folder=tmp_path)[0], expected[0])


def test_tasks_may_hold_numbers_of_numpy(tmp_path, monkeypatch):
    log = tmp_path / "log"
    monkeypatch.setenv("DAM_TEST_LOG", str(log))
    for x in (3, np.int64(3)):
        assert sweep(square, [{"x": x, "name": "square"}], folder=tmp_path)[0]["value"] == 9
    assert log.read_text().split() == ["3"]  # the same point


def breaking(monkeypatch, at, error):
    """Let the call of that number compute no point of Fig. 5 but raise the error; the list of all calls."""
    calls, original = [], fig5.point

    def broken(**task):
        calls.append(task)
        if len(calls) == at:
            raise error
        return original(**task)

    broken.__module__, broken.__name__ = original.__module__, original.__name__
    monkeypatch.setattr(fig5, "point", broken)
    return calls


def test_interrupted_run_of_the_command_line_goes_on(tmp_path, monkeypatch, capsys):
    arguments = ["run", "fig5", "--scale", "demo", "--N", "20", "24", "28", "--starts", "50", "--quiet"]
    arguments += ["--backend", "numpy", "--results"]
    assert main([*arguments, str(tmp_path / "whole")]) == 0
    calls = breaking(monkeypatch, 4, KeyboardInterrupt)
    assert main([*arguments, str(tmp_path / "broken")]) == 130
    name = "fig5-demo-N28-seed0"
    assert len(list((tmp_path / "broken" / f".{name}.unfinished").iterdir())) == 3
    assert main([*arguments, str(tmp_path / "broken")]) == 0
    assert len(calls) == 4 + 3
    assert sorted(path.name for path in (tmp_path / "broken").iterdir()) == [f"{name}.json", f"{name}.npz"]
    one, other = (results.load("fig5", "demo-N28", 0, tmp_path / folder) for folder in ("whole", "broken"))
    assert one.values == other.values and all(np.array_equal(one.arrays[k], other.arrays[k]) for k in one.arrays)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            cupy_stub.runtime_error(700),
            r"the GPU failed during a point of the sweep \(CUDARuntimeError: cudaErrorIllegal",
        ),
        (cupy_stub.no_memory(), "a point of the sweep does not fit into the memory of the GPU, of which 3 GB are free"),
        (ValueError("a number is wrong"), "a number is wrong"),
    ],
    ids=("lost", "memory", "other"),
)
def test_what_fails_in_a_sweep_says_which_points_are_kept(tmp_path, monkeypatch, capsys, error, said):
    monkeypatch.setitem(sys.modules, "cupy", cupy_stub.memory(types.ModuleType("cupy"), 3 * 10**9))
    arguments = ["run", "fig5", "--scale", "demo", "--N", "20", "24", "28", "--starts", "50", "--quiet"]
    arguments += ["--backend", "numpy", "--results", str(tmp_path)]
    calls = breaking(monkeypatch, 3, error)
    assert main(arguments) == 2
    first, note = capsys.readouterr().err.splitlines()
    assert re.match(f"python -m dam: {said}", first)
    assert re.match(r"2 of \d+ points are kept in .*unfinished; the same command goes on from them", note)
    assert main(arguments) == 0 and len(calls) == len({str(task) for task in calls}) + 1  # only one point twice


def test_a_scheduler_needs_points_and_the_package(tmp_path, monkeypatch, capsys):
    with pytest.raises(ValueError, match="xor is no sweep of points"):
        experiments.run("xor", scheduler="tcp://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "distributed", None)
    command = ["run", "fig5", "--scale", "demo", "--scheduler", "tcp://127.0.0.1:1", "--results", str(tmp_path)]
    assert main([*command, "--backend", "numpy", "--quiet"]) == 2
    assert "a scheduler needs distributed; install it with pip install distributed" in capsys.readouterr().err


@pytest.fixture
def cluster(tmp_path):
    """A Dask scheduler and two worker processes, connected by TCP; gives the address and the workers."""
    dask = [sys.executable, "-m", "dask"]
    file = tmp_path / "scheduler.json"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "DASK_DISTRIBUTED__WORKER__DAEMON": "False"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment, "cwd": tmp_path}
    with contextlib.ExitStack() as stack:

        def start(*arguments):
            process = stack.enter_context(subprocess.Popen([*dask, *arguments], **quiet))
            stack.callback(process.kill)
            return process

        start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        deadline = time.monotonic() + 60
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        workers = [
            start("worker", address, "--no-nanny", "--nthreads", "1", "--no-dashboard", "--name", str(i))
            for i in range(2)
        ]
        yield address, workers


@pytest.mark.long
def test_fig5_on_a_cluster_of_which_one_worker_is_killed(cluster, tmp_path):
    address, workers = cluster
    assert address.startswith("tcp://")
    from distributed import Client

    def steps_taken():
        with Client(address, timeout=60) as client:
            client.wait_for_workers(1, timeout=60)
            return client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.transition_counter)

    before = steps_taken()
    N = [str(size) for size in range(40, 76, 5)]
    command = [
        sys.executable,
        "-m",
        "dam",
        "run",
        "fig5",
        "--N",
        *N,
        "--starts",
        "400",
        "--backend",
        "numpy",
        "--quiet",
    ]
    spread = subprocess.Popen([*command, "--results", tmp_path / "spread", "--scheduler", address])
    points = tmp_path / "spread" / ".fig5-N75-seed0.unfinished"
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and spread.poll() is None:
        done = len(list(points.glob("*.point"))) if points.exists() else 0
        if done >= len(N):  # half of the points: two kinds of energy for each N
            break
        time.sleep(0.02)
    assert spread.poll() is None and done < 2 * len(N), "the run ended before a worker could be killed"
    workers[0].send_signal(signal.SIGKILL)
    assert spread.wait(timeout=300) == 0
    assert steps_taken() >= before + 4 * len(N), "the points did not go through the scheduler"
    assert workers[0].wait() == -signal.SIGKILL and workers[1].poll() is None
    subprocess.run([*command, "--results", tmp_path / "here"], check=True)
    one, other = (results.load("fig5", "N75", 0, tmp_path / folder) for folder in ("spread", "here"))
    assert one.values == other.values and one.parameters == other.parameters
    assert all(np.array_equal(one.arrays[key], other.arrays[key]) for key in one.arrays)


def chosen(*, backend):
    return {"found": os.environ["DAM_BACKEND"], "asked": backend}


def test_a_point_computes_on_the_backend_of_its_task(monkeypatch):
    """Wherever it runs: a worker on another machine has an environment of its own."""
    monkeypatch.setenv("DAM_BACKEND", "auto")
    assert sweep(chosen, [{"backend": "numpy"}]) == [{"found": "numpy", "asked": "numpy"}]
    assert os.environ["DAM_BACKEND"] == "auto"
