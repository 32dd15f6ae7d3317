"""Stored results: round trip, provenance, and nothing half-written."""

import json
import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from dam import files
from dam.lab import results
from dam.lab.results import Result, load, load_all, mean_and_spread, save


def example(seed=0, variant="demo", **changes):
    return Result(
        **{
            "experiment": "fig4",
            "variant": variant,
            "parameters": {"N": 100, "n": [2, 3]},
            "seed": seed,
            "backend": "numpy",
            "device": "a processor",
            "versions": {"numpy": "2.4.6"},
            "commit": "0123456789abcdef",
            "started": "2026-01-02T03:04:05+00:00",
            "wall_seconds": 12.4,
            "values": {"perfect": 0.5, "none": float("nan"), "count": np.int64(3)},
            "arrays": {"overlap": np.arange(5)},
        }
        | changes
    )


def test_round_trip(tmp_path):
    path = save(example(), tmp_path)
    assert path == tmp_path / "fig4-demo-seed0.json"
    assert sorted(os.listdir(tmp_path)) == ["fig4-demo-seed0.json", "fig4-demo-seed0.npz"]
    found = load("fig4", "demo", 0, tmp_path)
    assert found.values == {"perfect": 0.5, "none": None, "count": 3}
    assert found.arrays["overlap"].tolist() == [0, 1, 2, 3, 4]
    assert {**vars(found), "values": 0, "arrays": 0} == {**vars(example()), "values": 0, "arrays": 0}
    keys = [
        "experiment",
        "variant",
        "parameters",
        "seed",
        "backend",
        "device",
        "versions",
        "commit",
        "started",
        "wall_seconds",
        "values",
        "npz_sha256",
    ]
    assert list(json.loads(path.read_text())) == keys


def test_provenance_is_one_line():
    text = "fig4-demo-seed0, commit 0123456789, numpy 2.4.6, 2026-01-02, 12 s on a processor"
    assert example().provenance() == text
    assert "commit" not in example(commit="").provenance()
    assert "2026-01-02, 3600 s on" in example(values={"train_seconds": 3600.2}).provenance()


def test_a_pair_of_two_results_is_refused(tmp_path):
    """A crash between the two files of a result leaves the arrays of the new one beside the numbers of the old one."""
    save(example(), tmp_path)
    np.savez_compressed(tmp_path / "fig4-demo-seed0.npz", overlap=np.arange(6))
    with pytest.raises(ValueError, match="the .npz is not the one that was stored with it.*compute it again"):
        load("fig4", "demo", 0, tmp_path)


def test_a_renamed_result_is_refused(tmp_path):
    for ending in ("json", "npz"):
        save(example(1), tmp_path).with_suffix(f".{ending}").rename(tmp_path / f"fig4-demo-seed0.{ending}")
    with pytest.raises(ValueError, match="fig4-demo-seed0.json holds the result fig4-demo-seed1: give both its files"):
        load("fig4", "demo", 0, tmp_path)


def test_a_result_without_a_digest_is_loaded(tmp_path):
    path = save(example(), tmp_path)
    content = json.loads(path.read_text())
    del content["npz_sha256"]
    path.write_text(json.dumps(content))
    assert load("fig4", "demo", 0, tmp_path).seed == 0


def test_every_shipped_result_holds_the_digest_of_its_arrays():
    assert all("npz_sha256" in json.loads(path.read_text()) for path in results.SHIPPED.glob("*.json"))


def test_all_seeds_in_order(tmp_path):
    for seed in (10, 2, 0):
        save(example(seed), tmp_path)
    save(example(1, variant=""), tmp_path)
    assert [r.seed for r in load_all("fig4", "demo", tmp_path)] == [0, 2, 10]
    assert [r.seed for r in load_all("fig4", "", tmp_path)] == [1]
    assert load_all("fig5", "", tmp_path) == []
    assert [r.name for r in results.stored(tmp_path)] == [
        "fig4-demo-seed0",
        "fig4-demo-seed10",
        "fig4-demo-seed2",
        "fig4-seed1",
    ]


@pytest.mark.parametrize(
    ("experiment", "variant", "options"),
    [
        ("fig4", "", "--seed 13"),
        ("fig4", "demo", "--scale demo --seed 13"),
        ("mnist", "n4", "--n 4 --seed 13"),
        ("mnist", "n2-ten-minutes", "--n 2 --schedule ten-minutes --seed 13"),
        ("fig5", "N400", "--N 400 --seed 13"),
        ("studies", "ramp", "--study ramp --seed 13"),
        ("studies", "m-epochs250", "--study m --epochs 250 --seed 13"),
    ],
)
def test_missing_result_names_the_command(tmp_path, experiment, variant, options):
    with pytest.raises(
        FileNotFoundError, match=f"python -m dam run {experiment} {options} --results {tmp_path} computes it"
    ):
        load(experiment, variant, seed=13, directory=tmp_path)


def test_a_missing_result_that_is_shipped_is_made_again(tmp_path):
    """What is shipped of mnist-n2, seed 2, has 280 epochs, not the 3000 of its scale."""
    command = f"python -m dam again mnist-n2-seed2 --results '{tmp_path} it' computes it"
    with pytest.raises(FileNotFoundError, match=re.escape(command)):
        load("mnist", "n2", 2, f"{tmp_path} it")


@pytest.mark.parametrize("ending", ["json", "npz"])
def test_truncated_result(tmp_path, ending):
    path = save(example(), tmp_path).with_suffix(f".{ending}")
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ValueError, match=r"fig4-demo-seed0.json or its .npz is damaged"):
        load("fig4", "demo", 0, tmp_path)


def test_unwritable_folder(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="cannot write results to .*file.*choose another folder with --results"):
        save(example(), tmp_path / "file")


def test_failed_write_keeps_the_old_file_and_no_rest(tmp_path):
    save(example(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(TypeError, match="must be scalars"):
        save(example(values={"perfect": np.arange(3)}), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before

    def disk_full(file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        files.write_atomically(tmp_path / "fig4-demo-seed0.json", disk_full)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_results_go_into_the_folder_where_one_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert save(example()) == Path("results/fig4-demo-seed0.json")
    assert len(list((tmp_path / "results").iterdir())) == 2


def test_a_folder_that_is_not_there(tmp_path):
    for read in (lambda folder: load_all("fig4", "", folder), results.stored):
        with pytest.raises(FileNotFoundError, match="there is no folder .*nowhere to take results from"):
            read(tmp_path / "nowhere")


def test_the_commit_is_that_of_the_checkout_that_computes(tmp_path, monkeypatch):
    """Not that of a repository around it, nor of one that holds it without tracking it."""

    def git(*arguments):
        identity = ["-c", "user.name=x", "-c", "user.email=x@y.z"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    installed = tmp_path / "venv" / "dam"
    for package in (installed, tmp_path / "dam"):
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
    git("init")
    git("commit", "--allow-empty", "-m", "nothing of dam")
    for package in (installed, tmp_path / "dam"):
        monkeypatch.setattr(results, "PACKAGE", package)
        assert results.commit() == ""
    git("add", "dam/__init__.py")
    git("commit", "-m", "dam")
    clean = results.commit()
    assert re.fullmatch("[0-9a-f]{40}", clean)
    monkeypatch.chdir("/")
    (tmp_path / "dam" / "__init__.py").write_text("changed")
    assert results.commit() == clean + "+"
    monkeypatch.setattr(results, "PACKAGE", installed)
    assert results.commit() == ""


def test_mean_and_spread():
    assert mean_and_spread([1, 2, 6]) == (3, pytest.approx(np.std([1, 2, 6], ddof=1)))
    mean, spread = mean_and_spread([4])
    assert mean == 4 and np.isnan(spread)
