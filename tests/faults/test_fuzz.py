"""Damaged files of every kind: the values that were stored or an error that names the file, never anything else.

Each kind is tried in a process of its own, with 1 GB of memory to take and 20 s for each file. A file is changed bit by
bit, cut, lengthened, put together from two, packed again with other parts, announces huge sizes, or holds a pickle.
"""

import gzip
import io
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np

GB = 2**30
SECONDS = 20
UNPICKLED = []


def watch(event, arguments):
    if event == "pickle.find_class":
        UNPICKLED.append(arguments)


class Evil:
    def __reduce__(self):
        return (exec, ("raise SystemExit('unpickled')",))


# --- kinds: each gives two valid sets of files, and a function that loads the first


def checkpoint(folder):
    from dam import Recipe
    from dam.network import checkpoints

    rng, recipe = np.random.default_rng(0), Recipe.paper(3, K=5)
    key = {"recipe": vars(recipe), "seed": 0, "classes": 10, "dtype": "float32", "data": "0" * 64}

    def write(path, epoch, seed):
        xi, V = rng.uniform(-1, 1, (2, 5, 30)).astype(np.float32)
        history = {name: rng.random(epoch) for name in ("test_error", "train_error", "seconds")}
        checkpoints.save(path, key | {"seed": seed}, epoch, xi, V, history | {"device": np.full(epoch, "CPU")})

    def load():
        epoch, xi, V, history, _ = checkpoints.load(folder / "c.npz", key, 30)
        return {"epoch": np.array(epoch), "xi": xi, "V": V, **history}

    write(folder / "c.npz", 3, 0)
    write(folder / "other.npz", 4, 1)  # another training
    return [folder / "c.npz"], [folder / "other.npz"], load


def result(folder):
    from dam.lab import experiments, results

    options = {"backend": "numpy", "starts": 5, "n": (2,), "K": 30, "N": 20}
    paths = [results.save(experiments.run("fig4", seed=seed, **options), folder) for seed in (0, 1)]

    def load():
        found = results.read(paths[0])
        fields = {name: np.array(repr(value)) for name, value in vars(found).items() if name != "arrays"}
        return fields | found.arrays

    return *([path, path.with_suffix(".npz")] for path in paths), load


def square(*, x):
    return {"value": x**2, "list": np.arange(50.0) * x, "what": "square"}


def point(folder):
    from dam.lab import sweeps

    tasks = [{"x": 3}, {"x": 4}]
    for task in tasks:
        sweeps.sweep(square, [task], folder=folder)
    paths = [sweeps._file(folder, square, task, "") for task in tasks]

    def load():
        """A damaged point is computed again, with a warning that names it, and replaced."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            (found,) = sweeps.sweep(square, tasks[:1], folder=folder)
        assert sweeps._read(paths[0]) is not None
        if caught:
            raise ValueError(str(caught[0].message))
        return {key: np.array(value) for key, value in found.items()}

    return paths[:1], paths[1:], load


def idx(folder):
    from dam import datasets

    read = getattr(datasets, "_mnist", datasets.mnist).__wrapped__  # without the cache
    rng, files = np.random.default_rng(0), {}
    for name, (_, header, shape) in datasets.MNIST_FILES.items():
        rows = (20, *shape[1:])
        content = bytes([0, 0, 8, 3 if header == 16 else 1]) + bytes(header - 4)
        content += rng.integers(0, 10, rows, dtype=np.uint8).tobytes()
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        files[name] = (datasets.hashlib.sha256(content).hexdigest(), header, rows)
        (folder / "other.gz").write_bytes(gzip.compress(content[::-1]))
    datasets.MNIST_FILES = files
    load = lambda: read(folder)._asdict()
    return [folder / f"{name}.gz" for name in files], [folder / "other.gz"] * 4, load


KINDS = {kind.__name__: kind for kind in (checkpoint, result, point, idx)}


# --- mutations of the bytes of a file, given those of another of its kind


def flipped(rng, content, other):
    found = bytearray(content)
    for place in rng.integers(0, len(content), rng.integers(1, 4)):
        found[place] ^= 1 << rng.integers(8)
    return bytes(found)


def cut(rng, content, other):
    return content[: rng.integers(len(content))]


def without_a_part(rng, content, other):
    a, b = np.sort(rng.integers(0, len(content), 2))
    return content[:a] + content[b:]


def lengthened(rng, content, other):
    a = rng.integers(len(content) + 1)
    return content[:a] + rng.bytes(rng.integers(1, 200)) + content[a:]


def with_a_part_of_another(rng, content, other):
    a, size = rng.integers(len(content)), rng.integers(1, len(content))
    return content[:a] + other[a : a + size] + content[a + size :]


def with_the_beginning_of_another(rng, content, other):
    a = rng.integers(1, min(len(content), 600))
    return other[:a] + content[a:]


def with_a_number_changed(rng, content, other):
    """A digit of a text becomes another one, or a byte, or four, the largest."""
    digits = [i for i, byte in enumerate(content) if chr(byte).isdigit()]
    if digits and rng.random() < 0.7:
        place = rng.choice(digits)
        return content[:place] + rng.choice([b"0", b"7", b"99999999999", b"-1", b"1e999"]) + content[place + 1 :]
    place = rng.integers(len(content))
    return content[:place] + b"\xff" * 4 + content[place + 4 :]


def packed_again(rng, content, other):
    """An archive with a part left out, renamed, doubled, of another, of huge size, of objects, or compressed."""
    start = content.find(b"PK")
    if content[:2] == b"\x1f\x8b":
        inside = gzip.decompress(content)
        many = gzip.compress(bytes(2**24)) * 128  # 2 GB, in 2 MB
        return [many, gzip.compress(many), gzip.compress(with_a_number_changed(rng, inside, b""))][rng.integers(3)]
    if start < 0 or b"PK" not in other:
        return pickle.dumps(Evil())
    parts, others = ({name: z.read(name) for name in z.namelist()} for z in map(archive, (content, other)))
    name, how = rng.choice(sorted(parts)), rng.integers(8)
    if how == 0:
        del parts[name]
    elif how == 1:
        parts[f"other-{name}"] = parts.pop(name)
    elif how in (2, 3):
        parts[name] = others.get(name, b"")
    elif how == 4:
        stream = io.BytesIO()
        np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**3)})
        parts[name] = stream.getvalue() + bytes(100)
    elif how == 5:
        stream = io.BytesIO()
        np.save(stream, np.array([Evil()], object), allow_pickle=True)
        parts[name] = stream.getvalue()
    elif how == 6:
        stream = io.BytesIO()
        np.save(stream, np.zeros(2**24))
        parts[name] = stream.getvalue()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED if how >= 6 else zipfile.ZIP_STORED) as z:
        for part, inside in parts.items():
            z.writestr(part, inside)
    return content[:start] + stream.getvalue()


def archive(content):
    return zipfile.ZipFile(io.BytesIO(content[content.find(b"PK") :]))


def something_else(rng, content, other):
    npy = io.BytesIO()
    np.save(npy, np.array([Evil()], object), allow_pickle=True)
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    return [b"", b"\0" * 1000, pickle.dumps(Evil()), npy.getvalue(), empty.getvalue(), b"[" * 100_000, rng.bytes(3000),
            b"{}", gzip.compress(b"")][rng.integers(9)]  # fmt: skip


MUTATIONS = (flipped, cut, without_a_part, lengthened, with_a_part_of_another, with_the_beginning_of_another,
             with_a_number_changed, packed_again, something_else)  # fmt: skip


def too_long(*_):
    raise BaseException(f"not loaded in {SECONDS} s")


def fuzz(kind, count, seed, folder):
    """Try so many mutations; return how many were the stored values, how many an error; raise for anything else."""
    paths, others, load = KINDS[kind](folder)
    whole, expected = [path.read_bytes() for path in paths], load()
    counts = {"equal": 0, "refused": 0, "MB": 0}
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        which, mutation = rng.integers(len(paths)), MUTATIONS[number % len(MUTATIONS)]
        content = mutation(rng, whole[which], others[which].read_bytes())
        paths[which].write_bytes(content)
        where = f"{kind}, {mutation.__name__}, seed {seed}, number {number}, {paths[which]}"
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        signal.alarm(SECONDS)
        try:
            found = load()
            same = found.keys() == expected.keys() and all(
                found[key].dtype == expected[key].dtype and np.array_equal(found[key], expected[key]) for key in found
            )
            assert same, f"other values without a word: {where}"
            counts["equal"] += 1
        except (ValueError, OSError) as error:
            assert any(str(name) in str(error) for name in (*paths, *(path.stem for path in paths))), (
                f"{where}: {error}"
            )
            counts["refused"] += 1
        except BaseException as error:
            raise AssertionError(f"{where}: {error!r}") from error
        finally:
            signal.alarm(0)
        counts["MB"] = max(counts["MB"], (tracemalloc.get_traced_memory()[1] - before) // 10**6)
        assert not UNPICKLED, where
        paths[which].write_bytes(whole[which])
    return counts


if __name__ == "__main__":
    kind, count, seed, folder = sys.argv[1], *map(int, sys.argv[2:4]), Path(sys.argv[4])
    sys.addaudithook(watch)
    signal.signal(signal.SIGALRM, too_long)
    from dam.lab.experiments import fig4  # noqa: F401  # takes its memory before it is measured

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + GB, used + GB))
    tracemalloc.start()
    print(json.dumps({k: fuzz(k, count, seed, folder) for k in ([kind] if kind in KINDS else KINDS)}))
else:
    import pytest

    @pytest.mark.parametrize(
        ("kinds", "count"),
        [("all", 25), *(pytest.param(kind, 1000, marks=pytest.mark.long) for kind in KINDS)],
    )
    def test_damaged_files_are_refused_or_give_what_was_stored(kinds, count, tmp_path):
        seed = np.random.SeedSequence().entropy % 2**32
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        found = subprocess.run(
            [sys.executable, __file__, kinds, str(count), str(seed), tmp_path],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, found.stderr
        print(counts := json.loads(found.stdout))
        assert all(each["equal"] + each["refused"] == count and each["MB"] < 1000 for each in counts.values())
