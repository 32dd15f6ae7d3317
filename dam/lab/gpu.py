"""Measurements on GPUs: the runs of ``benchmarks/gpu.py`` that the package ships, a JSON file each."""

import json
from typing import Any

from dam.lab.results import PACKAGE

FOLDER = PACKAGE / "data" / "gpu"


def runs() -> list[dict]:
    """Return the shipped runs in the order of their dates, as dicts: the newest is ``runs()[-1]``.

    ``device`` is the card; ``items`` holds, by letter and name, what each item ``found`` and its ``seconds``, or why it
    was ``skipped`` or ended in an ``error``. Times are in the units that the keys name.
    """
    found = [json.loads(path.read_text(encoding="utf8")) for path in FOLDER.glob("*.json")]
    return sorted(found, key=lambda run: run["started"])


def findings(run: dict) -> dict[str, Any]:
    """Return what the items of a run found, by name: ``check``, ``times``, ``train n2 seed0``, ..., without letters."""
    return {name[2:]: item["found"] for name, item in run["items"].items() if "found" in item}


def provenance(run: dict) -> str:
    """Return one line that says how a run was made: card, date, commit, versions."""
    driver, versions = run["driver"], run["versions"]
    libraries = ", ".join(f"{name} {versions[name]}" for name in ("python", "numpy", "cupy"))
    cuda = f"driver for CUDA {driver // 1000}.{driver % 1000 // 10}"
    return f"{run['device']}, {run['started'][:10]}, commit {run['commit'][:10]}, {libraries}, {cuda}"
