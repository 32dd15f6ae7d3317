"""A Dask cluster that lacks something: workers with other code, without dam, dead, busy; a scheduler that has gone."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest
from distributed import Client, KilledWorker, LocalCluster

from dam.__main__ import main
from dam.lab import cluster, results
from dam.lab.experiments import fig4
from dam.lab.sweeps import sweep

SMALL = ["--scale", "demo", "--starts", "20", "--n", "2", "3", "--quiet", "--backend", "numpy"]
TASKS = [{"seed": s, "N": 30, "K": 50, "starts": 5, "n": 3, "kind": "power", "backend": "numpy"} for s in range(3)]


@pytest.fixture(scope="module")
def local():
    """A scheduler in this process, and a client for what others do on it."""
    options = {"n_workers": 0, "processes": False, "protocol": "tcp", "dashboard_address": None}
    with LocalCluster(threads_per_worker=1, host="127.0.0.1", **options) as here, Client(here) as client:
        yield here, client


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 2.0)


def waits_for(path):
    while not path.exists():
        time.sleep(0.05)


def started(arguments, stack, **environment):
    """Start a process of dask, killed at the end."""
    log = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(results.PACKAGE.parent)} | environment
    # the folder that -m would put before those of PYTHONPATH holds no dam
    command = [sys.executable, "-P", "-m", "dask", *arguments]
    process = stack.enter_context(subprocess.Popen(command, **log, env=environment))
    stack.callback(process.kill)
    return process


def worker(address, stack, **environment):
    return started(["worker", address, "--no-nanny", "--nthreads", "1", "--no-dashboard"], stack, **environment)


def other_dam(folder):
    """Copy the package, one line of it changed."""
    shutil.copytree(results.PACKAGE, folder / "dam", ignore=shutil.ignore_patterns("mnist", "results", "__pycache__"))
    with open(folder / "dam" / "memory" / "theory.py", "a", encoding="utf8") as file:
        file.write("FACTOR = 2\n")
    return {"PYTHONPATH": str(folder)}


def no_dam(folder):
    """A folder that hides the package."""
    (folder / "dam.py").write_text("raise ModuleNotFoundError(\"No module named 'dam'\", name='dam')")
    return {"PYTHONPATH": str(folder)}


def test_a_cluster_without_workers_with_a_busy_one_and_with_a_free_one(local, impatient, monkeypatch, tmp_path):
    here, client = local
    begun = time.monotonic()
    with pytest.raises(RuntimeError, match="does nothing: no workers are left; start some with python -m dask worker"):
        sweep(fig4.panel, TASKS, scheduler=here.scheduler_address)
    here.scale(1)
    client.wait_for_workers(1)
    other = client.submit(waits_for, tmp_path / "go on", pure=False)
    with pytest.raises(RuntimeError, match="none of its 1 workers is free"):
        sweep(fig4.panel, TASKS, scheduler=here.scheduler_address)
    assert time.monotonic() - begun < 30
    monkeypatch.undo()
    (tmp_path / "go on").touch()
    other.result()
    found = sweep(fig4.panel, TASKS, scheduler=here.scheduler_address)  # one worker with one thread is enough
    for one, task in zip(found, TASKS):
        np.testing.assert_array_equal(one["overlap"], fig4.panel(**task)["overlap"])


def test_a_worker_with_other_code_is_refused_before_the_first_point(local, tmp_path):
    here, client = local
    with contextlib.ExitStack() as stack:
        before = len(client.nthreads())
        process = worker(here.scheduler_address, stack, **other_dam(tmp_path))
        client.wait_for_workers(before + 1, timeout=60)
        with pytest.raises(RuntimeError, match=r"the worker tcp\S+ has dam [0-9a-f]{12} .* give all workers the same"):
            sweep(fig4.panel, TASKS, scheduler=here.scheduler_address, folder=tmp_path / "points")
        process.kill()
    assert not (tmp_path / "points").exists()


def change_code():
    cluster.CODE = "dam other"


def test_a_worker_that_joins_later_with_other_code_is_stopped(local, impatient, monkeypatch, tmp_path):
    here, client = local
    here.scale(1)
    client.wait_for_workers(1)
    monkeypatch.setattr(cluster, "CODE", cluster.CODE)  # restored at the end
    other = client.submit(waits_for, tmp_path / "go on", pure=False)

    def calls():
        yield ()
        yield ()
        (tmp_path / "go on").touch()  # both are submitted, and the worker is free to make them

    outcomes = cluster.outcomes(here.scheduler_address, change_code, calls())
    assert next(outcomes) is None  # the worker, in this process, now has other code
    other.result()
    with (
        pytest.warns(RuntimeWarning, match=r"the worker tcp\S+ has dam other, this run .*: it is stopped, .* give all"),
        pytest.raises(RuntimeError, match="no workers are left"),
    ):
        next(outcomes)
    assert not client.nthreads()


@pytest.mark.parametrize(("error", "said"), [
    (ModuleNotFoundError("No module named 'mine'"), "a worker lacks what it needs .No module named 'mine'.; give all"),
    (KilledWorker("a", types.SimpleNamespace(address="tcp://host:1"), 3), "died .* more memory than a worker has"),
])  # fmt: skip
def test_what_a_worker_dies_of_or_lacks_is_said(error, said):
    def result():
        raise error

    with pytest.raises(RuntimeError, match=said):
        cluster._outcome(types.SimpleNamespace(status="error", result=result))


@pytest.mark.parametrize("address", ["127.0.0.1", "tcp://127.0.0.1:port", "http://127.0.0.1:1", "tcp://127.0.0.1:1"])
def test_no_scheduler_at_the_address(tmp_path, impatient, capsys, address):
    assert main(["run", "fig4", *SMALL, "--results", str(tmp_path), "--scheduler", address]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"python -m dam: no Dask scheduler at {address!r} (")
    assert "give the address that it printed" in error and "Traceback" not in error


@contextlib.contextmanager
def processes(folder, workers=1, **environment):
    """A scheduler and workers, each a process; give its address, all of them, and the stack to start more with."""
    with contextlib.ExitStack() as stack:
        file = Path(folder) / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
        scheduler = started(["scheduler", *options], stack, **environment)
        while not (file.exists() and file.read_text()):
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        yield address, [scheduler, *(worker(address, stack) for _ in range(workers))], stack


def long_run(folder, n):
    """Give the arguments of a run whose points take long enough to fail in the middle of it."""
    n = map(str, n)
    return ["run", "fig4", "--n", *n, "--starts", "3000", "--quiet", "--backend", "numpy", "--results", str(folder)]


def running(address, folder, n):
    patient = "import sys, dam.lab.cluster as c; from dam.__main__ import main; c.PATIENCE = 20; sys.exit(main())"
    command = [sys.executable, "-c", patient, *long_run(folder, n), "--scheduler", address]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def points(folder):
    return list(Path(folder).glob(".*.unfinished/*.point"))


def wait_for_a_point(run, folder):
    while not points(folder):
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.05)


def ending(run):
    """Return what a run that fails says, within seconds."""
    _, error = run.communicate(timeout=240)
    assert run.returncode == 2 and "Traceback" not in error, error
    return error


@pytest.mark.long
def test_all_workers_die(tmp_path):
    with processes(tmp_path, 2) as (address, (_, *workers), _):
        run = running(address, tmp_path, range(2, 12))
        wait_for_a_point(run, tmp_path)
        for process in workers:
            process.kill()
        error = ending(run)
    assert "no workers are left" in error
    assert f"{len(points(tmp_path))} of 20 points are kept" in error


@pytest.mark.long
@pytest.mark.parametrize("death", (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP))
def test_the_scheduler_dies(tmp_path, death):
    with processes(tmp_path) as (address, (scheduler, _), _):
        run = running(address, tmp_path, range(2, 12))
        wait_for_a_point(run, tmp_path)
        scheduler.send_signal(death)
        error = ending(run)
    assert "has gone" in error and "points are kept" in error


@pytest.mark.long
def test_dam_is_missing_on_a_worker(tmp_path):
    with processes(tmp_path, 0) as (address, _, stack), Client(address) as client:
        worker(address, stack, **no_dam(tmp_path))
        client.wait_for_workers(1, timeout=60)
        error = ending(running(address, tmp_path, (2,)))
    assert "has an import that fails (No module named 'dam')" in error and "the worker tcp://" in error


@pytest.mark.long
def test_dam_is_missing_on_the_scheduler(tmp_path):
    with processes(tmp_path, 1, **no_dam(tmp_path)) as (address, _, _):
        error = ending(running(address, tmp_path, (2,)))
    assert "the scheduler has an import that fails (No module named 'dam'); install dam there" in error


@pytest.mark.long
@pytest.mark.parametrize(("make", "has"), [
    pytest.param(other_dam, "dam [0-9a-f]{12} and NumPy", id="other_dam"),
    pytest.param(no_dam, r"an import that fails \(No module named 'dam'\)", id="no_dam"),
])  # fmt: skip
def test_a_worker_that_joins_later_is_refused_and_the_others_go_on(tmp_path, make, has):
    with processes(tmp_path) as (address, (_, fit), stack):
        run = running(address, tmp_path, (2, 3, 4))
        wait_for_a_point(run, tmp_path)
        fit.send_signal(signal.SIGSTOP)  # so that the next point goes to the one that joins
        worker(address, stack, **make(tmp_path)).wait(timeout=120)
        assert 0 < len(points(tmp_path)) < 6 and run.poll() is None
        fit.send_signal(signal.SIGCONT)
        _, said = run.communicate(timeout=240)
    assert run.returncode == 0, said
    assert re.search(rf"the worker tcp://\S+ has {has}.*, this run dam .* give all workers the same code", said), said
    assert main(long_run(tmp_path / "here", (2, 3, 4))) == 0
    spread, here = (results.load("fig4", directory=folder) for folder in (tmp_path, tmp_path / "here"))
    assert spread.values == here.values
    assert all(np.array_equal(spread.arrays[key], here.arrays[key], equal_nan=True) for key in here.arrays)
