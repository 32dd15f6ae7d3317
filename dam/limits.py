"""How much of the machine this process may use: its memory and its cores, also in a container and under ulimit.

Linux counts what a container uses in a cgroup, whose limits hold for all cgroups inside it. They are files: those of
version 2 lie in one tree, those of version 1 in a tree for each controller.
"""

import math
import os
from functools import cache
from pathlib import Path, PurePosixPath

try:
    import psutil
except ImportError:  # there is none for a Python in the browser
    psutil = None

CGROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self")
MEMORY = [
    ("memory.max", "memory.current", ("active_file", "inactive_file")),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", ("total_active_file", "total_inactive_file")),
]
"""Limit, use, and in ``memory.stat`` the part of the use that the system gives back: version 2, version 1."""
UNLIMITED = 2**62  # version 1 has a limit of nearly 2^63 where there is none


def free_memory() -> float:
    """Return how many more bytes this process can get; infinity without psutil, as then nobody knows."""
    if psutil is None:
        return math.inf
    machine = psutil.virtual_memory().available
    return max(0, min([machine, _address_space(), *(_left(group) for group in _cgroups("memory"))]))


def cpus() -> int:
    """Return how many CPU cores this process may use, at least 1; a part of a core counts as one."""
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        allowed = os.process_cpu_count()
    else:
        allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quotas = [math.ceil(quota) for group in _cgroups("cpu") if (quota := _quota(group)) is not None]
    return max(1, min([allowed or 1, *quotas]))


@cache
def _cgroups(controller: str) -> list[Path]:
    """Return the folders of the cgroup of this process and of all around it, up to the root."""
    groups = []
    for line in _text(OWN / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "" or controller in controllers.split(","):
            top = CGROUPS / controller if controllers else CGROUPS
            names = [name for name in PurePosixPath(path).parts if name not in ("/", "..")]
            groups += [top.joinpath(*names[:depth]) for depth in range(len(names) + 1)]
    return [group for group in groups if group.is_dir()]


def _left(group: Path) -> float:
    """Return how many bytes a cgroup may still get; infinity without a limit."""
    for limit, used, cached in MEMORY:
        if (most := _number(group / limit)) is not None and most < UNLIMITED:
            stat = dict(line.split() for line in _text(group / "memory.stat").splitlines())
            return most - (_number(group / used) or 0) + sum(int(stat.get(name, 0)) for name in cached)
    return math.inf


def _quota(group: Path) -> float | None:
    """Return how many cores' time a cgroup gets; None without a limit."""
    files = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
    quota, period = _text(group / "cpu.max").split() or (_text(group / name).strip() for name in files)
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() else None  # or "max", -1, no file


def _address_space() -> float:
    """Return how many bytes of addresses ``ulimit -v`` still leaves; infinity without a limit."""
    if not (pages := _text(OWN / "statm").split()):  # no Linux
        return math.inf
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return math.inf if limit == resource.RLIM_INFINITY else limit - int(pages[0]) * resource.getpagesize()


def _number(file: Path) -> int | None:
    """Return the number that a file holds; None for "max" and where there is no file."""
    text = _text(file).strip()
    return int(text) if text.isdigit() else None


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:  # there is no such file, or it is not for us
        return ""
