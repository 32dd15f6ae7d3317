"""The data: checksums, ranges, and what happens when a file is damaged."""

import gzip
import shutil

import numpy as np
import pytest

from dam import datasets
from dam.datasets import (
    MNIST_FILES,
    MNIST_FOLDER,
    damage,
    held_out_split,
    mnist,
    random_patterns,
    spins,
    xor_memories,
)


def test_mnist_is_the_original():
    data = mnist()
    assert data.x_train.shape == (60000, 784) and data.x_test.shape == (10000, 784)
    assert data.x_train.dtype == data.x_test.dtype == np.float32
    assert (data.x_train.min(), data.x_train.max()) == (-1, 1)
    assert np.bincount(data.y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(data.y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert data.y_train[:8].tolist() == [5, 0, 4, 1, 9, 2, 1, 3]
    assert data.x_train.mean() == pytest.approx(-0.7387, abs=1e-4)
    raw = gzip.decompress((MNIST_FOLDER / "train-images-idx3-ubyte.gz").read_bytes())
    pixels = np.frombuffer(raw, np.uint8, offset=16).reshape(60000, 784)
    np.testing.assert_allclose(data.x_train[123], pixels[123] * (2 / 255.0) - 1, atol=1e-6)


def test_mnist_is_unpacked_once_and_kept_from_harm():
    data = mnist()
    assert mnist() is data
    for x in data:
        with pytest.raises(ValueError, match="read-only"):
            x[0] = 0


@pytest.fixture
def copy(tmp_path):
    """A folder with the four files, for damaging."""
    for name in MNIST_FILES:
        shutil.copy(MNIST_FOLDER / f"{name}.gz", tmp_path)
    return tmp_path


def test_truncated_file(copy):
    path = copy / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"t10k-labels-idx1-ubyte.gz is truncated .* restore it"):
        mnist(copy)


def test_file_that_is_no_gzip(copy):
    (copy / "train-labels-idx1-ubyte.gz").write_bytes(b"not a gzip file")
    with pytest.raises(ValueError, match="train-labels-idx1-ubyte.gz is truncated or no gzip file"):
        mnist(copy)


def test_altered_file(copy):
    path = copy / "t10k-labels-idx1-ubyte.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[100] ^= 1
    path.write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(ValueError, match="was altered: its SHA-256 is [0-9a-f]{64}, not ff7bcfd4"):
        mnist(copy)


def test_missing_file(copy):
    (copy / "t10k-images-idx3-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError, match="t10k-images-idx3-ubyte.gz is missing"):
        mnist(copy)


def test_held_out_split_of_mnist():
    y = mnist().y_train
    kept, held_out = held_out_split(y)
    assert len(kept) == 50_000 and len(held_out) == 10_000
    assert np.array_equal(np.sort(np.concatenate([kept, held_out])), np.arange(60_000))  # every digit once
    assert np.all(np.diff(kept) > 0) and np.all(np.diff(held_out) > 0)
    assert np.abs(np.bincount(y[held_out]) - np.bincount(y) / 6).max() < 1
    assert np.array_equal(held_out, held_out_split(y, seed=0)[1])
    common = np.intersect1d(held_out, held_out_split(y, seed=1)[1])
    assert abs(len(common) - 10_000 / 6) < 5 * np.sqrt(10_000 * 5 / 36)  # another seed, an independent sixth


@pytest.mark.parametrize("size", [6, 11, 12, 100])
def test_held_out_split_of_any_size(size):
    y = np.random.default_rng(size).integers(0, 3, size)
    kept, held_out = held_out_split(y, seed=3)
    assert len(held_out) == size // 6
    assert sorted([*kept, *held_out]) == list(range(size))


@pytest.mark.parametrize(
    ("y", "seed", "message"),
    [
        (np.zeros(5), 0, r"y must be a vector of at least 6 classes, one for each digit, got shape \(5,\)"),
        (np.zeros((9, 2)), 0, r"y must be a vector .* got shape \(9, 2\)"),
        (np.zeros(9), -1, "seed must be an integer of at least 0, got -1"),
    ],
)
def test_held_out_split_refuses(y, seed, message):
    with pytest.raises(ValueError, match=message):
        held_out_split(y, seed)


def test_random_patterns():
    xi = random_patterns(300, 400, 0)
    assert xi.shape == (300, 400) and xi.dtype == np.float64
    assert set(np.unique(xi)) == {-1.0, 1.0}
    assert abs(xi.mean()) < 5 / np.sqrt(xi.size)
    assert np.abs(xi @ xi.T - 400 * np.eye(300)).max() < 6.5 * np.sqrt(400)
    assert np.array_equal(xi, random_patterns(300, 400, np.random.default_rng(0)))
    assert not np.array_equal(xi, random_patterns(300, 400, 1))
    assert random_patterns(2, 3, 0, dtype=np.int8).dtype == np.int8


@pytest.mark.parametrize(
    ("K", "N", "message"),
    [
        (0, 5, "K must be an integer of at least 1, got 0"),
        (5, 0, "N must"),
        (2.0, 5, "K must"),
        (-3, 5, "K must"),
    ],
)
def test_bad_sizes(K, N, message):
    with pytest.raises(ValueError, match=message):
        random_patterns(K, N, 0)


@pytest.mark.parametrize("dtype", ["?", "u1", np.uint64, "U2", "c8", "O", "nonsense", 3])
def test_types_without_minus_one_are_refused(dtype):
    with pytest.raises(TypeError, match="dtype must be"):
        random_patterns(2, 3, 0, dtype=dtype)


@pytest.mark.parametrize("dtype", [np.int8, ">i2", np.float16, np.float32, np.longdouble])
def test_types_with_minus_one_hold_the_same_patterns(dtype):
    found = random_patterns(5, 8, 0, dtype=dtype)
    assert found.dtype == np.dtype(dtype) and np.array_equal(found, random_patterns(5, 8, 0))


def test_damage_keeps_the_type_and_refuses_what_has_no_minus_one():
    sigma = random_patterns(5, 8, 0, dtype=np.int8)
    assert damage(sigma, 0.5, 1).dtype == np.int8
    assert np.array_equal(damage(sigma.tolist(), 0.5, 1), damage(sigma, 0.5, 1))
    for wrong in (np.ones((2, 3), np.uint8), np.ones((2, 3), bool), np.zeros((2, 3)), np.full((2, 3), np.nan)):
        with pytest.raises((TypeError, ValueError), match="sigma must"):
            damage(wrong, 0.5, 1)


def test_spins_refuses_what_has_no_sign():
    for wrong in ([0.5, np.nan], ["1"], [1j], np.ma.array([1, 2], mask=[0, 1])):
        with pytest.raises((TypeError, ValueError), match="^x (must|is a masked)"):
            spins(wrong)


def test_xor_memories_are_the_truth_table():
    assert [tuple(row) for row in xor_memories()] == [(x, y, 1 if x != y else -1) for x in (-1, 1) for y in (-1, 1)]


def test_the_smaller_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    ink, y = datasets.digits8()
    assert ink.dtype == np.uint8 and y.dtype == np.int64 and (ink.min(), ink.max()) == (0, 16)
    np.testing.assert_array_equal(ink, load_digits().data)
    np.testing.assert_array_equal(y, load_digits().target)


def test_a_damaged_file_of_the_smaller_digits(tmp_path, monkeypatch):
    for content, wrong in ((b"no gzip", "truncated or no gzip file"), (gzip.compress(b"1,2\n"), "was altered")):
        (tmp_path / "digits.csv.gz").write_bytes(content)
        monkeypatch.setattr(datasets, "DIGITS8", tmp_path / "digits.csv.gz")
        with pytest.raises(ValueError, match=f"digits file .*digits.csv.gz .*{wrong}|was altered"):
            datasets.digits8()
    monkeypatch.setattr(datasets, "DIGITS8", tmp_path / "none.gz")
    with pytest.raises(FileNotFoundError, match="digits file .* is missing"):
        datasets.digits8()


@pytest.mark.parametrize("packed", [True, False])
def test_idx_files_of_ones_own(packed, tmp_path):
    path = tmp_path / "own"
    for shape in ((5,), (3, 2, 4), (0, 2, 2), (2, 3, 4, 2)):
        array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        content = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes() + array.tobytes()
        path.write_bytes(gzip.compress(content) if packed else content)
        found = datasets.idx(str(path))
        np.testing.assert_array_equal(found, array)
        assert found.dtype == np.uint8 and found.flags.writeable
        for cut in range(len(content) - 1):  # nothing but the whole file is read
            path.write_bytes(gzip.compress(content[:cut]) if packed else content[:cut])
            with pytest.raises(ValueError, match="own is (no IDX file of bytes|truncated)"):
                datasets.idx(path)
        path.write_bytes(gzip.compress(content + b"1") if packed else content + b"1")
        with pytest.raises(ValueError, match="too long"):
            datasets.idx(path)


def test_idx_reads_the_files_of_mnist(tmp_path):
    y = datasets.idx(MNIST_FOLDER / "t10k-labels-idx1-ubyte.gz")
    np.testing.assert_array_equal(y, mnist().y_test)
    x = datasets.idx(MNIST_FOLDER / "t10k-images-idx3-ubyte.gz")
    np.testing.assert_allclose(x.reshape(10_000, 784) / 127.5 - 1, mnist().x_test, atol=1e-7)


def test_files_that_are_no_idx_of_ones_own(tmp_path):
    path = tmp_path / "own.gz"
    whole = (MNIST_FOLDER / "t10k-labels-idx1-ubyte.gz").read_bytes()
    for content, error, message in (
        (b"\0\0\x0d\x01\0\0\0\0", ValueError, "no IDX file of bytes"),  # of floats
        (b"\0\0\x08\0", ValueError, "no IDX file of bytes"),
        (b"\0\0\x08\x64" + 100 * b"\0\0\0\x01", ValueError, "no IDX file of bytes.*a number from 1 to 32"),
        (b"\0\0\x08\2" + 2 * b"\x80\0\0\0", MemoryError, "if it should be smaller, it is damaged"),
        (whole[:2000], ValueError, "truncated or damaged"),
        (whole[:20] + b"\0" + whole[21:], ValueError, "truncated or damaged"),
        (gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12), MemoryError, "own.gz"),  # says that it is enormous
    ):
        path.write_bytes(content)
        with pytest.raises(error, match=message):
            datasets.idx(path)
    with pytest.raises(FileNotFoundError):
        datasets.idx(tmp_path / "none")
