"""Features of a photograph, and a step of an attack on it, against the matrix products they take, and PyTorch.

usage: python benchmarks/photographs.py [--network lite0|vgg16] [--side PIXELS] [--images M] [--json FILE]

products   the floor: the matrix products of all convolutions over all channels, alone, on arrays that are there;
features   forward through the convolutions, four photographs at a time;
step       a step of an attack through a memory of 100, from the pixels to ln C and back to the pixels;
torch      the same convolutions in PyTorch, on as many threads.

Times are of one photograph, the median of three runs; memory is the most that the process held, and held before.
For VGG16 the environment variable DAM_PHOTOGRAPHS names the folder that holds vgg16_conv_float16.npz.
"""

import argparse
import json
import os
import platform
import resource
import sys
import time

import numpy as np

from dam.arrays import device_name
from dam.lab.experiments import photographs as heads_of
from dam.network import attacks
from dam.network.classifier import Classifier
from dam.vision import coupled
from dam.vision.layers import Convolution, Depthwise, LargestOfFour, Pooled, Rectifier, Scaled, Sequence


def main():
    """Print, and store if asked, what one network takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=heads_of.NETWORKS, default="lite0")
    parser.add_argument("--side", type=int, default=112)
    parser.add_argument("--images", type=int, default=8)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    layers, rng = heads_of.convolutions(options.network), np.random.default_rng(0)
    x = rng.uniform(-1, 1, (options.images, options.side, options.side, 3)).astype(np.float32)
    before = peak()
    h = coupled.features(layers, x)
    squash, N = coupled.centered(h), h.shape[1]
    head = Classifier(rng.normal(0, 0.3, (100, N)).astype("f4"), rng.normal(0, 0.3, (100, 10)).astype("f4"), 8, 100.0)
    network = coupled.Coupled(Sequence((layers, squash)), head, options.side)
    v = x.reshape(options.images, -1)
    y = np.arange(options.images) % 10
    rows = {
        "products": timed(products(layers, x[: coupled.AT_ONCE])) / min(coupled.AT_ONCE, options.images),
        "features": timed(lambda: coupled.features(layers, x)) / options.images,
        "step": timed(lambda: attacks.gradient(v, y, network, 3)) / options.images,
    }
    most = peak()
    rows |= in_torch(layers, x)
    found = {
        "network": options.network, "side": options.side, "images": options.images, "milliseconds": {},
        "megabytes": {"before": before, "most": most}, "cores": os.cpu_count(), "device": device_name(np),
        "numpy": np.__version__, "python": platform.python_version(),
    }  # fmt: skip
    for name, seconds in rows.items():
        over = "" if name == "products" else f", {seconds / rows['products']:.1f} times the products"
        print(f"{name:14} {1000 * seconds:7.1f} ms a photograph{over}")
        found["milliseconds"][name] = round(1000 * seconds, 2)
    print(f"memory: at most {most:.0f} MB for {options.images} photographs, {before:.0f} before")
    if options.json:
        with open(options.json, "w", encoding="utf8") as file:
            json.dump(found, file, indent=1)


def timed(function):
    """Return the median seconds of three calls, after one that is not timed."""
    seconds = []
    for _ in range(4):
        begun = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - begun)
    return float(np.median(seconds[1:]))


def peak():
    """Return the most megabytes that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def walked(layers, x):
    """Yield each layer with what goes into it and comes out."""
    for layer in layers:
        if isinstance(layer, Sequence):
            yield from walked(layer, x)
            y = layer.forward(x)[0]
        else:
            y = layer.forward(x)[0]
            yield layer, x, y
        x = y


def products(layers, x):
    """Return a function that computes the matrix products of the convolutions, and nothing else."""
    pairs = []
    for layer, _, y in walked(layers, x):
        if isinstance(layer, Convolution):
            k, _, C, out = layer.w.shape
            places = y.size // out
            pairs.append((np.ones((places, k * k * C), np.float32), layer.w.reshape(-1, out).copy()))
    return lambda: [a @ b for a, b in pairs]


def in_torch(layers, x):
    """Return the seconds of features and of a gradient in PyTorch, if it is installed."""
    try:
        import torch
    except ImportError:
        print("torch          not installed: pip install .[bench]")
        return {}
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))

    def run(layers, z):
        for layer in layers:
            if isinstance(layer, Sequence):
                y = run(layer, z)
                z = z + y if layer.residual else y
            elif isinstance(layer, Convolution | Depthwise):
                deep = isinstance(layer, Depthwise)
                w = layer.w[:, :, None, :] if deep else layer.w
                k, s = w.shape[0], layer.stride
                frame = [max((-(-n // s) - 1) * s + k - n, 0) for n in z.shape[2:]]
                z = torch.nn.functional.pad(z, [side for n in frame[::-1] for side in (n // 2, n - n // 2)])
                w = torch.as_tensor(w.transpose(3, 2, 0, 1).copy())
                z = torch.nn.functional.conv2d(z, w, torch.as_tensor(layer.b), s, groups=w.shape[0] if deep else 1)
            elif isinstance(layer, Rectifier):
                z = torch.clamp(z, 0, layer.highest)
            elif isinstance(layer, LargestOfFour):
                z = torch.nn.functional.max_pool2d(z, 2)
            elif isinstance(layer, Scaled):
                z = z * torch.as_tensor(layer.scale)[:, None, None] + torch.as_tensor(layer.shift)[:, None, None]
            elif isinstance(layer, Pooled):
                mean = z.mean((2, 3))
                z = torch.cat([mean, z.amax((2, 3))], 1) if layer.largest else mean
        return z

    z = torch.as_tensor(x.transpose(0, 3, 1, 2).copy())
    with torch.no_grad():
        ours, theirs = coupled.features(layers, x), run(layers, z).numpy()
        assert np.abs(ours - theirs).max() < 1e-3 * np.abs(theirs).max()
        forward = timed(lambda: run(layers, z)) / len(x)

    def both():
        image = z.clone().requires_grad_(True)
        run(layers, image).sum().backward()

    return {"torch features": forward, "torch step": timed(both) / len(x)}


if __name__ == "__main__":
    main()
