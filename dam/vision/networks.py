"""Convolutional networks by name: EfficientNet-Lite0, VGG16, and those that torchvision has."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dam.arrays import Array, beside, to_numpy
from dam.vision import weights as trained
from dam.vision.layers import Layer

TORCHVISION = "torchvision:"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of red, green and blue of ImageNet's pixels in [0, 1]; torchvision's networks take (pixels - mean) / std."""
CLASSIFIERS = ("fc", "classifier", "head", "heads")
"""What torchvision calls the part of a network after the features."""


def network(name: str, weights: Path | str | None = None) -> Layer:
    """Return the network of that name, from images ``(M, side, side, 3)`` in [-1, 1] to features ``(M, N)``.

    Parameters
    ----------
    name : str
        "lite0", `dam.vision.weights.lite0`; "vgg16", `dam.vision.weights.vgg16`; or "torchvision:" and the name of a
        network that torchvision has for images, such as "torchvision:resnet18". Its features are what its classifier
        takes; those of VGG and AlexNet are the mean of each channel of the last convolution.
    weights : path, optional
        Their file. torchvision's networks take a state dict that ``torch.save`` wrote, in which the classifier may be
        any or missing. By default lite0 takes those of its package, and torchvision its own, which it downloads once.

    Raises
    ------
    ValueError
        An unknown name; vgg16 without weights; a file of something else, or of another network.
    RuntimeError
        A package is not installed.
    OSError
        The file cannot be read.
    """
    if str(name).startswith(TORCHVISION):
        return _torchvision(name.removeprefix(TORCHVISION), weights)
    if not isinstance(name, str) or name not in OURS:
        raise ValueError(f"network must be one of {', '.join(OURS)} or torchvision:NAME, got {name!r}")
    return OURS[name](weights)


def _vgg16(weights):
    if weights is None:
        raise ValueError("vgg16 takes the weights of its authors from a file: name it, or take torchvision:vgg16")
    return trained.vgg16(weights)


OURS: dict[str, Callable[[Any], Layer]] = {"lite0": lambda weights: trained.lite0(weights).layers, "vgg16": _vgg16}


@dataclass(frozen=True)
class Torch(Layer):
    """A network of PyTorch, which computes where its weights lie, in float32; arrays go in and come out.

    Attributes
    ----------
    module : torch.nn.Module
        From ``(M, 3, side, side)``, normalized as torchvision does it, to features.
    """

    module: Any

    def forward(self, x: Array) -> tuple[Array, Any]:
        """Return the features, and the graph behind them."""
        images = self._tensor(x).requires_grad_()
        mean, std = (images.new_tensor(each) for each in (MEAN, STD))
        y = self.module((((images + 1) / 2 - mean) / std).permute(0, 3, 1, 2))
        y = y.mean((2, 3)) if y.ndim == 4 else y
        return beside(x, y.detach().cpu().numpy(), x.dtype), (images, y)

    def backward(self, state: Any, g: Array) -> Array:
        """Return the derivative by the images."""
        import torch

        images, y = state
        (back,) = torch.autograd.grad(y, images, self._tensor(g), retain_graph=True)
        return beside(g, back.cpu().numpy(), g.dtype)

    def on(self, xp: Any, dtype: Any = None) -> "Torch":
        """Return itself: the weights stay where PyTorch has them."""
        return self

    def _tensor(self, x):
        import torch

        return torch.tensor(to_numpy(x), dtype=torch.float32, device=next(self.module.parameters()).device)


def _torchvision(name, weights):
    """Return a network of torchvision without its classifier; on a GPU if PyTorch has one."""
    try:
        import torch
        from torchvision import models
    except ImportError as error:
        raise RuntimeError(
            f"torchvision:{name} needs PyTorch and torchvision ({error}); pip install torch torchvision"
        ) from None
    if name not in (known := models.list_models(module=models)):
        near = get_close_matches(name, known) or ["torchvision.models.list_models(module=torchvision.models)"]
        raise ValueError(f"torchvision has no network {name!r} for images; see {', '.join(near)}")
    model = models.get_model(name, weights="DEFAULT" if weights is None else None)
    last = next(part for part in CLASSIFIERS if hasattr(model, part))
    setattr(model, last, torch.nn.Identity())
    if hasattr(model, "avgpool"):
        model.avgpool = torch.nn.AdaptiveAvgPool2d(1)  # in VGG and AlexNet it leaves more places
    if hasattr(model, "transform_input"):
        model.transform_input = True  # GoogLeNet and Inception take other pixels, and know how to get them from these
    if weights is not None:
        _load(model, name, weights, last)
    return Torch(model.eval().requires_grad_(False).to("cuda" if torch.cuda.is_available() else "cpu"))


def _load(model, name, path, last):
    """Give a model the weights of a file, all but those of its classifier."""
    import torch

    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
        for key in list(found):  # in place: it may bear its version
            value = found.pop(key)
            if not key.startswith(f"{last}."):
                found[_key(key)] = value
        wrong = _differences(found, model.state_dict())
    except (RuntimeError, *trained.BROKEN) as error:
        first = str(error).partition("\n")[0]
        raise ValueError(f"{path} holds no state dict of PyTorch, or is damaged ({first})") from error
    if wrong:
        raise ValueError(f"{path} holds weights of another network than {name}: {'; '.join(wrong[:3])}")
    model.load_state_dict(found, strict=False)


def _key(key):
    """Return the name of an array; torchvision's own files for DenseNet have an older one."""
    return re.sub(r"(denselayer\d+\.\w+)\.([12])\.", r"\1\2.", key)


def _differences(found, needed):
    """Say which arrays of a state dict are not those that are needed; what older ones lack does not count."""
    shape = lambda arrays, key: tuple(arrays[key].shape) if key in arrays else "missing"
    shapes = {key: (shape(found, key), shape(needed, key)) for key in needed | found if "num_batches" not in key}
    return [f"{key} is {ours}, not {theirs}" for key, (ours, theirs) in shapes.items() if ours != theirs]
