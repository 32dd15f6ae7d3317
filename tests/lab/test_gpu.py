"""Measurements on GPUs are read in the order of their dates, with all that says where they are from."""

import json

from dam.lab import gpu


def run(day, **items):
    return {"started": f"2026-01-{day:02}T00:00:00+00:00", "items": items}


def test_the_newest_run_is_the_last_one(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "FOLDER", tmp_path)
    for name, day in (("a", 20), ("b", 3), ("c", 7)):
        (tmp_path / f"{name}.json").write_text(json.dumps(run(day)))
    assert [found["started"][8:10] for found in gpu.runs()] == ["03", "07", "20"]


def test_findings_leave_out_what_was_not_run():
    items = {
        "a check": {"found": {"x": 1}, "seconds": 2.0},
        "c fig5": {"skipped": "no time"},
        "d times": {"error": "no"},
    }
    assert gpu.findings(run(1) | {"items": items}) == {"check": {"x": 1}}


def test_every_shipped_run_is_whole_and_says_where_it_is_from():
    runs = gpu.runs()
    assert runs
    for found in runs:
        assert not found["smoke"] and len(found["commit"]) == 40
        line = gpu.provenance(found)
        assert line.startswith(f"{found['device']}, {found['started'][:10]}, commit {found['commit'][:10]}, python ")
    versions = {"python": "3.12.3", "numpy": "2.5.2", "cupy": "14.2.0"}
    line = gpu.provenance(run(9) | {"device": "card", "commit": "f" * 40, "driver": 12040, "versions": versions})
    assert line == (
        "card, 2026-01-09, commit ffffffffff, python 3.12.3, numpy 2.5.2, cupy 14.2.0, driver for CUDA 12.4"
    )
