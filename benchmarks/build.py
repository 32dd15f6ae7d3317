"""Time and memory of ``make book`` and ``make test`` in a fresh clone, environment included, and the size of the pages.

usage: python benchmarks/build.py [--json FILE] [--targets book test]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
LIMITS = {"make book": "600 s", "make test": "900 s", "peak memory": "3 GB", "largest page": "2 MB"}
INTERVAL = 1.0
"""Seconds between two looks at the memory."""


def memory(process):
    """Memory of a process and all its descendants in bytes, shared pages counted once."""
    total = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            full = each.memory_full_info()
            total += getattr(full, "pss", full.uss)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total


def measure(command, folder):
    """Run a command; its wall time in seconds, its peak memory in bytes, and its exit status.

    The output goes to the terminal's standard error, so that standard output holds the table alone.
    """
    start, peak = time.perf_counter(), 0
    with subprocess.Popen(command, cwd=folder, stdout=sys.stderr) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                peak = max(peak, memory(watched))
            except psutil.NoSuchProcess:
                break
            time.sleep(INTERVAL)
        status = process.wait()
    return time.perf_counter() - start, peak, status


def pages(folder):
    """Sizes of the built pages in bytes, by name."""
    return {path.name: path.stat().st_size for path in sorted((folder / "_build" / "html").glob("*.html"))}


def run(targets):
    """Clone the last commit into a temporary folder and make each target there."""
    result = {"cores": os.cpu_count(), "seconds": {}, "peak_bytes": {}, "status": {}}
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        for target in targets:
            name = f"make {target}"
            result["seconds"][name], result["peak_bytes"][name], result["status"][name] = measure(
                ["make", target], clone
            )
        result["page_bytes"] = pages(clone)
    return result


def rows(result):
    """The table: what was measured, the figure, and its limit."""
    for name, seconds in result["seconds"].items():
        failed = "" if result["status"][name] == 0 else f" (failed with status {result['status'][name]})"
        yield name, f"{seconds:.0f} s{failed}", LIMITS.get(name, "")
    yield "peak memory", f"{max(result['peak_bytes'].values()) / 1e9:.2f} GB", LIMITS["peak memory"]
    if result["page_bytes"]:
        name, size = max(result["page_bytes"].items(), key=lambda item: item[1])
        yield "largest page", f"{size / 1e6:.2f} MB ({name})", LIMITS["largest page"]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file")
    parser.add_argument("--targets", nargs="+", default=["book", "test"], help="what to make, in this order")
    options = parser.parse_args(arguments)
    result = run(options.targets)
    print(f"{result['cores']} cores, fresh clone")
    for row in rows(result):
        print("{:<14} {:<28} limit {}".format(*row))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf8")
    return max(result["status"].values())


if __name__ == "__main__":
    sys.exit(main())
