"""Folders that fail: full, read-only, used by two at once, left untidy by the dead; damaged files; a clock that jumps.

Stated for each: what was stored before is kept, the error names the path and what to do, and when the trouble is gone
the same command goes on and gives what it gives without.
"""

import itertools
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from dam import Recipe, files
from dam.lab import experiments, results
from dam.lab.experiments import fig4
from dam.lab.sweeps import sweep
from dam.network.training import train

RECIPE = Recipe.paper(3, K=50, batch_per_class=3, epochs=3)
TASKS = [{"seed": s, "N": 30, "K": 50, "starts": 5, "n": 3, "kind": "power", "backend": "numpy"} for s in range(3)]
SMALL = {"scale": "demo", "backend": "numpy", "starts": 10, "n": (2, 3)}


def trained(checkpoint=None, **options):
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-1, 1, (60, 784)), np.arange(60) % 10
    options = {"progress": False, "backend": "numpy", "checkpoint_every": 1, "checkpoint": checkpoint} | options
    return train(x, y, RECIPE, **options)[0]


def same(one, other):
    return np.array_equal(one.visible, other.visible) and np.array_equal(one.label_weights, other.label_weights)


@contextmanager
def largest_file(size):
    """Let no file grow beyond so many bytes: writing fails in the middle, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@contextmanager
def small_disk(folder, size):
    """A disk of so many bytes, where root can mount one."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


# --- a full disk


def test_a_full_disk_keeps_the_checkpoint_and_says_so(tmp_path):
    path = tmp_path / "c.npz"
    trained(path, epochs=1)
    before = path.read_bytes()
    with largest_file(len(before) // 2), pytest.raises(OSError, match=f"cannot write {path} .*make room there or"):
        trained(path, resume=True)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["c.npz"]
    assert same(trained(path, resume=True), trained())


def test_a_full_disk_keeps_the_points_of_a_sweep(tmp_path):
    sweep(fig4.panel, TASKS[:2], folder=tmp_path)
    kept = sorted(tmp_path.iterdir())
    with largest_file(100), pytest.raises(OSError, match=rf"cannot write {tmp_path}\S*point .*kept") as raised:
        sweep(fig4.panel, TASKS, folder=tmp_path)
    assert raised.value.__notes__[0].startswith(f"2 of 3 points are kept in {tmp_path}; the same command goes on")
    assert sorted(tmp_path.iterdir()) == kept
    assert len(sweep(fig4.panel, TASKS, folder=tmp_path)) == 3


def test_a_full_disk_keeps_the_older_result(tmp_path):
    """Also where there is room for one of the two files."""
    older, newer = (experiments.run("fig4", seed=0, **(SMALL | {"starts": starts})) for starts in (10, 11))
    path = results.save(older, tmp_path)
    newer.values["note"] = "long " * 10_000
    sizes = [file.stat().st_size for file in tmp_path.iterdir()]
    with largest_file(2 * max(sizes)), pytest.raises(OSError, match=f"cannot write {path}"):
        results.save(newer, tmp_path)
    assert results.read(path).values == older.values and len(os.listdir(tmp_path)) == 2
    assert results.save(newer, tmp_path) == path and results.read(path).values == newer.values


@pytest.mark.long
def test_a_disk_that_is_really_full(tmp_path):
    with small_disk(tmp_path, 1_500_000):
        path = tmp_path / "c.npz"
        trained(path, epochs=1)
        before = path.read_bytes()
        with open(tmp_path / "large", "wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
            while file.write(b"x" * 4096):
                pass
        with pytest.raises(OSError, match=f"cannot write {path} .No space left on device"):
            trained(path, resume=True)
        assert path.read_bytes() == before
        with pytest.raises(OSError, match="cannot write .*No space left on device"):
            sweep(fig4.panel, TASKS, folder=tmp_path)
        (tmp_path / "large").unlink()
        assert same(trained(path, resume=True), trained())
        assert os.listdir(tmp_path) == ["c.npz"]


def test_what_cannot_be_written_names_the_path(tmp_path):
    with pytest.raises(OSError, match="cannot write /dev/full/c.npz .Not a directory"):
        files.write_atomically("/dev/full/c.npz", lambda file: file.write(b"x"))
    with pytest.raises(OSError, match="cannot write .*nowhere/c.npz .No such file or directory"):
        files.write_atomically(tmp_path / "nowhere" / "c.npz", lambda file: file.write(b"x"))


# --- a read-only folder


@pytest.fixture
def read_only():
    """A folder that this process may not write; root may write all, and becomes nobody for the test."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        yield Path(folder)
        os.seteuid(user)
        os.chmod(folder, 0o755)


def test_a_read_only_folder_is_refused_before_the_work(read_only, monkeypatch):
    with pytest.raises(OSError, match=f"cannot write checkpoints to {read_only} .*choose another folder"):
        trained(read_only / "c.npz")
    with pytest.raises(OSError, match=f"cannot write results to {read_only} .*choose another folder"):
        results.writable(read_only)
    assert not list(read_only.iterdir())


# --- damaged files


def test_a_checkpoint_cut_anywhere_is_refused_and_kept(tmp_path):
    path = tmp_path / "c.npz"
    trained(path, epochs=1)
    whole = path.read_bytes()
    for tenth in range(10):
        path.write_bytes(cut := whole[: tenth * len(whole) // 10])
        with pytest.raises(ValueError, match=f"the checkpoint {path} is truncated or damaged .*delete it to start"):
            trained(path, resume=True)
        assert path.read_bytes() == cut
    path.write_bytes(whole)
    assert same(trained(path, resume=True), trained())


def test_a_checkpoint_put_together_from_two_is_refused(tmp_path):
    """The parts are whole, and of one training, but of different epochs."""
    path = tmp_path / "c.npz"
    trained(path, epochs=1)
    with np.load(path) as first:
        momentum = first["V"]
    trained(path, epochs=2, resume=True)
    with np.load(path) as second:
        np.savez(path, **(dict(second) | {"V": momentum}))
    with pytest.raises(ValueError, match=f"the checkpoint {path} is truncated or damaged .its parts are not of one"):
        trained(path, resume=True)


# --- two at once


PAIR = """
import sys, time
from dam.__main__ import main
while time.time() < float(sys.argv[2]):
    pass
sys.exit(main(["run", "fig4", "--scale", "demo", "--starts", "20", "--quiet", "--backend", "numpy", "--results",
               sys.argv[1]]))
"""


@pytest.mark.long
def test_two_runs_at_once_in_one_folder(tmp_path):
    """One ends well; the other is told to wait, or comes after it and ends as well."""
    environment = os.environ | {"PYTHONPATH": str(results.PACKAGE.parent), "OMP_NUM_THREADS": "1"}
    for trial in range(5):
        command = [sys.executable, "-c", PAIR, tmp_path / str(trial), str(time.time() + 8)]
        runs = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        errors = [run.communicate()[1] for run in runs]
        assert [run.returncode for run in runs].count(0) >= 1
        for run, error in zip(runs, errors):
            assert not error if run.returncode == 0 else run.returncode == 2 and "another run computes" in error
        assert {path.suffix for path in (tmp_path / str(trial)).iterdir()} == {".json", ".npz"}
    found = [results.read(next((tmp_path / str(trial)).glob("*.json"))).values for trial in range(5)]
    assert all(values == found[0] for values in found)


def test_a_folder_that_another_run_removes_is_made_again(tmp_path, monkeypatch):
    """As the other of two runs does with the points, when it is the first to end."""
    calls, original = [], os.fsync

    def removed(file):
        if not calls:
            for path in (tmp_path / "points").iterdir():
                path.unlink()
            (tmp_path / "points").rmdir()
        calls.append(original(file))

    monkeypatch.setattr(os, "fsync", removed)
    assert len(sweep(fig4.panel, TASKS, folder=tmp_path / "points")) == 3
    assert len(list((tmp_path / "points").iterdir())) == 3


# --- temporary files of the dead


WRITER = """
import runpy, sys
def write(file):
    file.write(b"half")
    file.flush()
    print("writing", flush=True)
    sys.stdin.read()
runpy.run_path(sys.argv[1])["write_atomically"](sys.argv[2], write)
"""


def test_temporary_files_of_the_dead_are_removed_and_those_of_the_living_are_not(tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    run = subprocess.Popen([sys.executable, "-c", WRITER, files.__file__, tmp_path / "a.npz"], **pipes)
    assert run.stdout.readline() == "writing\n"
    files.write_atomically(tmp_path / "b", lambda file: file.write(b"b"))
    (alive,) = tmp_path.glob(".a.npz-*.tmp")  # it is being written
    run.kill()
    run.communicate()
    assert alive.exists()
    files.write_atomically(tmp_path / "b", lambda file: file.write(b"b"))
    assert os.listdir(tmp_path) == ["b"]


@pytest.mark.parametrize(("hours", "locks", "kernel", "left"), [
    (0, True, "ours", False), (23, False, "ours", True), (25, False, "ours", False),
    (23, True, "another", True), (25, True, "another", False),
])  # fmt: skip
def test_age_decides_where_locks_do_not_tell(tmp_path, monkeypatch, hours, locks, kernel, left):
    name = files.KERNEL if kernel == "ours" else "0" * 8
    (old := tmp_path / f".c.npz-{name}-01234567.tmp").touch()
    (other := tmp_path / ".mine-0.tmp").touch()  # of somebody else
    for path in (old, other):
        os.utime(path, times=(time.time() - 3600 * hours,) * 2)
    if not locks:
        monkeypatch.setattr(files, "lock", lambda file, wait=True: None)
    files.write_atomically(tmp_path / "c.npz", lambda file: file.write(b"x"))
    assert old.exists() == left and other.exists()


def test_several_writers_of_one_process_leave_each_other_alone(tmp_path, monkeypatch):
    """Also on disks whose locks are those of a process, as on some of a network."""
    monkeypatch.setattr(files, "lock", lambda file, wait=True: True)

    def write(file):
        files.write_atomically(tmp_path / "b", lambda file: file.write(b"b"))
        file.write(b"a")

    files.write_atomically(tmp_path / "a", write)
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664), (0o000, 0o666)])
def test_files_follow_the_umask(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        files.write_atomically(tmp_path / "c.npz", lambda file: file.write(b"x"))
        sweep(fig4.panel, TASKS[:1], folder=tmp_path / "points")
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()} == {mode}


# --- the clock


def test_a_clock_that_jumps_changes_nothing(tmp_path, monkeypatch):
    whole, points = trained(), sweep(fig4.panel, TASKS)
    path, jumps = tmp_path / "c.npz", itertools.cycle((0.0, 4e9, 1.0, -5.0, 1e9))  # 1970, 2096, before 1970
    monkeypatch.setattr(time, "time", lambda: next(jumps))
    trained(path, epochs=1)
    assert same(trained(path, resume=True), whole)
    for found in (sweep(fig4.panel, TASKS, folder=tmp_path / "points") for _ in range(2)):
        assert all(np.array_equal(a[key], b[key]) for a, b in zip(found, points) for key in a)
    result = experiments.run("fig4", into=tmp_path, **SMALL)
    assert result.wall_seconds >= 0
    assert results.read(experiments.store(result, tmp_path)).values == result.values
