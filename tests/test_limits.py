"""Limits of containers, in trees of files like those that Linux shows, and those that are set here."""

import math
import resource
import types

import numpy as np
import pytest

import dam
from dam import arrays, limits
from dam.memory import retrieval_bytes
from dam.network import _step_fast

GB = 10**9
UNLIMITED = 2**63 - 4096  # what version 1 says where there is no limit


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine of 100 GB and 128 cores; takes the cgroups of this process, and files below /sys/fs/cgroup."""
    own, cgroups = tmp_path / "self", tmp_path / "cgroup"
    monkeypatch.setattr(limits, "OWN", own)
    monkeypatch.setattr(limits, "CGROUPS", cgroups)
    monkeypatch.setattr(limits.psutil, "virtual_memory", lambda: types.SimpleNamespace(available=100 * GB))
    monkeypatch.setattr(limits.os, "process_cpu_count", lambda: 128, raising=False)

    def make(groups, **files):
        for file, content in {own / "cgroup": groups, **{cgroups / name: files[name] for name in files}}.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{content}\n")
        limits._cgroups.cache_clear()

    limits._cgroups.cache_clear()
    yield make
    limits._cgroups.cache_clear()


def test_without_limits_the_machine_is_free(machine):
    assert arrays.free_bytes() == 100 * GB and arrays.cores() == 128  # nothing to read, as outside Linux
    root = {"memory.stat": "anon 5\nfile 7", "cpu.stat": "usage_usec 1"}  # the root of version 2 has no limit
    machine("0::/user.slice/a", **root, **{"user.slice/a/memory.max": "max", "user.slice/a/cpu.max": "max 100000"})
    assert arrays.free_bytes() == 100 * GB and arrays.cores() == 128


@pytest.mark.parametrize("groups", ["0::/", "0::/../../elsewhere", "1:name=systemd:/a:b\n0::/not/shown/here"])
def test_a_container_of_version_2(machine, groups):
    """A container sees its own cgroup as the root, whatever path it is told."""
    cache = "anon 3000000000\nactive_file 400000000\ninactive_file 600000000\nslab 1"
    files = {"memory.max": 8 * GB, "memory.current": 4 * GB, "memory.stat": cache, "cpu.max": "250000 100000"}
    machine(groups, **files)
    assert arrays.free_bytes() == 5 * GB  # the system gives back 1 GB of files in its memory
    assert arrays.cores() == 3


def test_the_tightest_limit_on_the_path_counts(machine):
    machine(
        "0::/a/b",
        **{"a/memory.max": 9 * GB, "a/memory.current": 7 * GB, "a/cpu.max": "400000 100000"},
        **{"a/b/memory.max": 5 * GB, "a/b/memory.current": 1 * GB, "a/b/cpu.max": "max 100000"},
        **{"a/c/memory.max": 10, "a/c/memory.current": 10, "a/c/cpu.max": "1000 100000"},  # not around us
    )
    assert arrays.free_bytes() == 2 * GB and arrays.cores() == 4


@pytest.mark.parametrize("path", ["/docker/a", "/"])
def test_a_container_of_version_1(machine, path):
    groups = f"5:cpu,cpuacct:{path}\n4:memory:{path}\n3:pids:/\n0::{path}"
    memory = {"limit_in_bytes": 6 * GB, "usage_in_bytes": 2 * GB, "stat": f"cache 9\ntotal_inactive_file {GB}"}
    cpu = {"cfs_quota_us": 50000, "cfs_period_us": 100000}
    machine(groups, **{f"memory/memory.{k}": x for k, x in memory.items()}, **{f"cpu/cpu.{k}": cpu[k] for k in cpu})
    assert arrays.free_bytes() == 5 * GB and arrays.cores() == 1  # half a core is one thread
    machine(groups, **{"memory/memory.limit_in_bytes": UNLIMITED, "cpu/cpu.cfs_quota_us": -1})
    assert arrays.free_bytes() == 100 * GB and arrays.cores() == 128


def test_what_is_over_its_limit_has_nothing_free(machine):
    machine("0::/", **{"memory.max": GB, "memory.current": GB + 4096})
    assert arrays.free_bytes() == 0
    with pytest.raises(MemoryError, match=r"random_patterns\(2, 3\) needs .* but 0 GB are free"):
        dam.random_patterns(2, 3, 0)


def test_an_unreadable_tree_is_no_limit(machine, monkeypatch):
    machine("0::/", **{"memory.max": GB, "cpu.max": "100000 100000"})
    monkeypatch.setattr(limits.Path, "read_text", lambda _: (_ for _ in ()).throw(PermissionError(13, "no")))
    assert arrays.free_bytes() == 100 * GB and arrays.cores() == 128


def test_affinity_is_a_limit(machine, monkeypatch):
    monkeypatch.delattr(limits.os, "process_cpu_count", raising=False)  # as before Python 3.13
    monkeypatch.setattr(limits.os, "sched_getaffinity", lambda _: {0, 5, 9}, raising=False)
    monkeypatch.setattr(limits.os, "cpu_count", lambda: 64)
    assert limits.cpus() == 3
    monkeypatch.delattr(limits.os, "sched_getaffinity")
    assert limits.cpus() == 64
    monkeypatch.setattr(limits.os, "cpu_count", lambda: None)
    assert limits.cpus() == 1


@pytest.mark.skipif(not (limits.OWN / "statm").exists(), reason="only Linux keeps to this limit")
def test_ulimit_is_a_limit(monkeypatch):
    used = int((limits.OWN / "statm").read_text().split()[0]) * resource.getpagesize()
    monkeypatch.setattr(resource, "getrlimit", lambda kind: {resource.RLIMIT_AS: (used + GB, -1)}[kind])
    assert 0.5 * GB < arrays.free_bytes() < 1.5 * GB
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert limits._address_space() == math.inf


def test_a_training_takes_no_more_threads_than_it_has_cores(machine, monkeypatch):
    """Whatever number BLAS has taken from the machine."""
    machine("0::/", **{"cpu.max": "200000 100000"})
    monkeypatch.setattr(_step_fast, "threadpool_info", lambda: [{"num_threads": 128, "user_api": "blas"}])
    recipe = dam.Recipe.compressed(2, 1, K=2, batch_per_class=1)
    with _step_fast.make_step(*(np.ones(shape) for shape in ((2, 3), (2, 2), (2, 5), (2, 5))), recipe) as step:
        assert step.pool._max_workers == 2


def test_needs_do_not_grow_with_cores_that_stay_idle(machine, monkeypatch):
    """One state and three memories, and a batch or two, on one core and on 128."""
    needs = {}
    for count in (1, 128):
        monkeypatch.setattr(limits.os, "process_cpu_count", lambda count=count: count, raising=False)
        needs[count] = [retrieval_bytes(3, 100, 1), retrieval_bytes(2000, 100, 64)]
    assert needs[1] == needs[128] and max(needs[128]) < 0.2 * GB
