"""Stored results: round trip, provenance, and nothing half-written."""

import hashlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from dam import files
from dam.lab import results
from dam.lab.experiments import studies
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
            "values": {"perfect": 0.5, "none": float("nan"), "count": np.int64(3), "most": np.float32(np.inf)},
            "arrays": {"overlap": np.arange(5)},
        }
        | changes
    )


def test_round_trip(tmp_path):
    path = save(example(), tmp_path)
    assert path == tmp_path / "fig4-demo-seed0.json"
    assert sorted(os.listdir(tmp_path)) == ["fig4-demo-seed0.json", "fig4-demo-seed0.npz"]
    found = load("fig4", "demo", 0, tmp_path)
    assert found.values == {"perfect": 0.5, "none": None, "count": 3, "most": float("inf")}
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
        "json_sha256",
    ]
    assert list(json.loads(path.read_text())) == keys


def test_provenance_is_one_line():
    text = "fig4-demo-seed0, commit 0123456789, numpy 2.4.6, 2026-01-02, 12 s on a processor"
    assert example().provenance() == text
    assert "commit" not in example(commit="").provenance()
    assert "2026-01-02, 3600 s on" in example(values={"train_seconds": 3600.2}).provenance()


def forge(path, packed=None, **changes):
    """Change fields of a stored result, or its arrays, and put right digests beside them; ... leaves a field out."""
    if packed is not None:
        path.with_suffix(".npz").write_bytes(packed)
        changes["npz_sha256"] = hashlib.sha256(packed).hexdigest()
    content = json.loads(path.read_text()) | changes
    del content["json_sha256"]
    content = {name: value for name, value in content.items() if value is not ...}
    digest = hashlib.sha256((json.dumps(content, indent=2) + "\n").encode()).hexdigest()
    path.write_text(json.dumps(content | {"json_sha256": digest}, indent=2) + "\n")


def refused(path, match):
    with pytest.raises(ValueError, match=match) as caught:
        results.read(path)
    assert str(path) in str(caught.value) and "python -m dam run fig4 --scale demo" in str(caught.value)


def test_a_pair_of_two_results_is_refused(tmp_path):
    """A crash between the two files of a result leaves the arrays of the new one beside the numbers of the old one."""
    path = save(example(), tmp_path)
    np.savez_compressed(tmp_path / "fig4-demo-seed0.npz", overlap=np.arange(6))
    refused(path, "the .npz is not the one that was stored with it.*remove both")
    old = path.read_bytes()
    save(example(arrays={"overlap": np.arange(6)}), tmp_path)
    path.write_bytes(old)
    refused(path, "the .npz is not the one that was stored with it")


def test_a_renamed_result_is_refused(tmp_path):
    for ending in ("json", "npz"):
        save(example(1), tmp_path).with_suffix(f".{ending}").rename(tmp_path / f"fig4-demo-seed0.{ending}")
    with pytest.raises(ValueError, match="fig4-demo-seed0.json holds the result fig4-demo-seed1: give both its files"):
        load("fig4", "demo", 0, tmp_path)


def test_every_changed_bit_is_refused(tmp_path):
    """Among them bits that leave the file readable: a digit of a value, a letter of a name or of a digest."""
    path, rng = tmp_path / "fig5-seed0.json", np.random.default_rng(0)
    for source in (path, path.with_suffix(".npz")):
        whole = (results.SHIPPED / source.name).read_bytes()
        for at in rng.choice(8 * len(whole), 100, replace=False):
            for each in (path, path.with_suffix(".npz")):
                shutil.copy(results.SHIPPED / each.name, each)
            changed = bytearray(whole)
            changed[at // 8] ^= 1 << at % 8
            source.write_bytes(changed)
            with pytest.raises(ValueError, match="fig5-seed0.json or its .npz is damaged"):
                results.read(path)


WRONG = [None, True, -1, 1.5, "", "x y", "0", [], [1], [[1]], {}, {"x": {}}]


def test_every_wrong_type_is_refused(tmp_path):
    path, tried = save(example(), tmp_path), 0
    whole = path.read_bytes()
    for name, (must, right) in results.FORMAT.items():
        for value in (value for value in WRONG if not right(value)):
            forge(path, **{name: value})
            refused(path, f"{name} must be {re.escape(must)}, got {re.escape(repr(value))}")
            path.write_bytes(whole)
            tried += 1
    assert tried >= 99
    wrong = ({"values": {"a": [1]}}, {"parameters": {"N": [[1]]}}, {"versions": {"numpy": 2}}, {"experiment": "fig9"})
    more = ({"started": "yesterday"}, {"commit": "main"}, {"variant": "../x"}, {"wall_seconds": -0.1}, {"seed": 0.0})
    for change in (*wrong, *more):
        forge(path, **change)
        refused(path, f"{next(iter(change))} must be")
        path.write_bytes(whole)
    forge(path, versions={"python": "3.13"})
    refused(path, "versions must hold that of numpy")


def test_what_is_missing_or_unknown_is_refused(tmp_path):
    path = save(example(), tmp_path)
    whole = path.read_bytes()
    for change, named in (({"device": ...}, "device"), ({"npz_sha256": ...}, "npz_sha256"), ({"more": 1}, "more")):
        forge(path, **change)
        refused(path, f"lacks, or should not have, {named}")
        path.write_bytes(whole)
    path.write_text("[" * 100_000)
    refused(path, "is damaged")
    path.write_text("[]")
    refused(path, "the .json holds no result")
    content = json.loads(whole)
    del content["json_sha256"]
    path.write_text(json.dumps(content, indent=2) + "\n")
    refused(path, "lacks, or should not have, json_sha256")


def test_a_file_with_the_line_ends_of_windows_is_loaded(tmp_path):
    path = save(example(), tmp_path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert results.read(path).seed == 0


def bombs():
    """Yield small NPZ files whose headers announce gigabytes: of what is packed, of the array, of both."""
    header = lambda shape: np.lib.format.header_data_from_array_1_0(np.zeros(8)) | {"shape": shape}
    for packed_size, shape in ((3_200_000_000, (8,)), (None, (400_000_000,)), (3_200_000_128, (400_000_000,))):
        stream, array = io.BytesIO(), io.BytesIO()
        np.lib.format.write_array_header_1_0(array, header(shape))
        array.write(bytes(64))
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("overlap.npy", array.getvalue())
            if packed_size:
                archive.getinfo("overlap.npy").file_size = packed_size
        yield stream.getvalue()


def test_a_decompression_bomb_is_refused_by_its_headers(tmp_path):
    path = save(example(), tmp_path)
    for packed in bombs():
        forge(path, packed)
        tracemalloc.start()
        refused(path, "its arrays have 3.2 GB, more than the 1.07 GB|not as long as its header says")
        assert tracemalloc.get_traced_memory()[1] < 1e6
        tracemalloc.stop()


def test_a_file_too_large_to_be_a_result_is_not_read(tmp_path):
    path = save(example(), tmp_path)
    for each in (path, path.with_suffix(".npz")):
        os.truncate(each, 2**33)  # a hole: it takes no room
        refused(path, f"{each.name} has 8.59 GB, more than the 1.07 GB that are read")
        save(example(), tmp_path)


def test_arrays_of_another_format_are_refused(tmp_path):
    path = save(example(), tmp_path)
    for member, compression, said in (
        (b"no array", zipfile.ZIP_DEFLATED, "magic string"),
        (b"\x93NUMPY\x03\x00" + bytes(64), zipfile.ZIP_DEFLATED, "no array of this format"),
        (bytes(64), zipfile.ZIP_LZMA, "in a way that NumPy does not use"),
    ):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", compression) as archive:
            archive.writestr("overlap.npy", member)
        forge(path, stream.getvalue())
        refused(path, said)
    stream = io.BytesIO()
    np.savez(stream, overlap=np.array([{}], dtype=object))
    forge(path, stream.getvalue())
    refused(path, "not as long as its header says|allow_pickle")


def test_every_shipped_result_is_whole():
    assert len(results.stored()) == len(list(results.SHIPPED.glob("*.npz"))) > 0


def test_a_damaged_shipped_result_is_restored_from_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "SHIPPED", tmp_path)
    save(example(), tmp_path).write_text("{}")
    with pytest.raises(
        ValueError, match="fig4-demo-seed0.json or its .npz is damaged .*; restore both from the package"
    ):
        load("fig4", "demo", 0)


def test_an_unknown_experiment_is_named_with_those_there_are(tmp_path):
    for call in (lambda: load("fig9"), lambda: load_all("fig9", "demo", tmp_path)):
        with pytest.raises(ValueError, match="unknown experiment 'fig9'; there are baselines, basins, classical, "):
            call()
    with pytest.raises(FileNotFoundError, match="fig9-seed0.json; there is no experiment 'fig9', there are baselines"):
        results.read(tmp_path / "fig9-seed0.json")
    with pytest.raises(FileNotFoundError, match="fig4-big-seed0.json; fig4 has no results of such a name"):
        load("fig4", "big")
    for study in studies.STUDIES:
        with pytest.raises(FileNotFoundError, match=f"python -m dam run studies --study {study} --seed 9 computes it"):
            load("studies", study, 9)
    for seed in (-1, 0.5, True, "0"):
        with pytest.raises(ValueError, match="seed must be an integer of at least 0, got"):
            load("fig4", seed=seed)


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_the_mask_of_the_user_is_kept(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        path = save(example(), tmp_path)
    finally:
        os.umask(before)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.with_suffix(".npz"))] == [mode, mode]


def test_a_full_disk_names_the_file(tmp_path, monkeypatch):
    def disk_full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    path = re.escape(str(tmp_path / "fig4-demo-seed0.npz"))
    with pytest.raises(OSError, match=f"cannot write {path} .*No space left on device.*; make room"):
        save(example(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_was_writing_goes_with_the_next_result(tmp_path):
    kill = "import os\nimport dam.files\nos.fsync = lambda handle: os._exit(9)\n"
    kill += f"dam.files.write_atomically({str(tmp_path / 'fig4-demo-seed0.npz')!r}, lambda file: file.write(b'half'))"
    assert subprocess.run([sys.executable, "-c", kill], check=False).returncode == 9
    assert len(list(tmp_path.iterdir())) == 1
    save(example(), tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["fig4-demo-seed0.json", "fig4-demo-seed0.npz"]


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
        ("mnist", "n2-ten-minutes-average50", "--n 2 --schedule ten-minutes --average 50 --seed 13"),
        ("fig5", "N400", "--N 400 --seed 13"),
        ("studies", "ramp", "--study ramp --seed 13"),
        ("studies", "m-epochs250", "--study m --epochs 250 --seed 13"),
        ("photographs", "lite0", "--network lite0 --seed 13"),
    ],
)
def test_missing_result_names_the_command(tmp_path, experiment, variant, options):
    with pytest.raises(
        FileNotFoundError, match=f"python -m dam run {experiment} {options} --results {tmp_path} computes it"
    ):
        load(experiment, variant, seed=13, directory=tmp_path)


@pytest.mark.parametrize("path", sorted(results.SHIPPED.glob("*.json")), ids=lambda path: path.stem)
def test_another_seed_of_all_that_is_shipped_has_a_command(path):
    shipped = results.read(path)
    with pytest.raises(FileNotFoundError, match="python -m dam run .* --seed 987 computes it"):
        load(shipped.experiment, shipped.variant, seed=987)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"variant": "a.b"}, "variant must be letters, digits and hyphens"),
        ({"values": {"a": [1, 2]}}, "values must be scalars by name"),
        ({"parameters": {"a": [[1, 2]]}}, "parameters must be scalars, or lists of them"),
        ({"backend": "cupy"}, "versions must hold that of cupy"),
        ({"arrays": {"a": np.array([{}])}}, "arrays must hold numbers or texts, got Python objects in a"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        save(example(**change), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_result_that_is_shipped_is_made_again(tmp_path):
    """What is shipped of mnist-n2, seed 2, has 280 epochs, not the 3000 of its scale."""
    command = f"python -m dam again mnist-n2-seed2 --results '{tmp_path} it' computes it"
    with pytest.raises(FileNotFoundError, match=re.escape(command)):
        load("mnist", "n2", 2, f"{tmp_path} it")


@pytest.mark.parametrize("ending", ["json", "npz"])
def test_truncated_result(tmp_path, ending):
    path = save(example(), tmp_path).with_suffix(f".{ending}")
    path.write_bytes(path.read_bytes()[:40])
    refused(path.with_suffix(".json"), "fig4-demo-seed0.json or its .npz is damaged")


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


def test_results_beside_the_benchmarks_are_as_readable_as_those_shipped():
    paths = sorted((Path(__file__).parents[2] / "benchmarks").rglob("*-seed*.json"))
    assert [results.read(path).name for path in paths] == ["fig4-seed0"]
