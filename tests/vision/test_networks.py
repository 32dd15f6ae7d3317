"""Networks by name: what is wrong is named; one of PyTorch gives the features of its original, and their derivative."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from dam.vision import networks, weights
from dam.vision.networks import MEAN, STD, network


def images(M, side, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (M, side, side, 3)).astype(np.float32)


@pytest.mark.parametrize("name", ["", "resnet18", "LITE0", "torchvision", None, 3, ["lite0"]])
def test_an_unknown_name(name):
    with pytest.raises(ValueError, match="network must be one of lite0, vgg16 or torchvision:NAME, got"):
        network(name)


def test_vgg16_needs_a_file(tmp_path):
    with pytest.raises(ValueError, match="vgg16 takes the weights of its authors from a file"):
        network("vgg16")
    with pytest.raises(FileNotFoundError):
        network("vgg16", tmp_path / "none.npz")
    np.savez(tmp_path / "other.npz", w0=np.zeros((64, 3, 3, 3)), b0=np.zeros(64))
    with pytest.raises(ValueError, match="other.npz must hold finite w0, b0 to w12, b12"):
        network("vgg16", tmp_path / "other.npz")


def test_lite0_is_that_of_its_package(tmp_path):
    try:
        expected = weights.lite0()
    except RuntimeError as error:
        pytest.skip(str(error))
    x = images(1, 32)
    assert np.array_equal(network("lite0").forward(x)[0], expected.layers.forward(x)[0])


@pytest.mark.parametrize("missing", ["torch", "torchvision"])
def test_a_library_that_is_missing_is_named(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    monkeypatch.setitem(sys.modules, "torchvision", ModuleType("torchvision"))
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(RuntimeError, match=rf"torchvision:vgg16 needs .*{missing}.*; pip install torch torchvision"):
        network("torchvision:vgg16")


def test_a_network_that_torchvision_does_not_have(monkeypatch):
    torchvision = ModuleType("torchvision")
    torchvision.models = SimpleNamespace(list_models=lambda module: ["resnet18", "resnet34", "vgg16"])
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    monkeypatch.setitem(sys.modules, "torchvision", torchvision)
    with pytest.raises(ValueError, match="torchvision has no network 'resnet19' for images; see resnet18, resnet34"):
        network("torchvision:resnet19")
    with pytest.raises(ValueError, match="no network '' for images; see torchvision.models.list_models"):
        network("torchvision:")


# with PyTorch


@pytest.fixture
def torch():
    """PyTorch on one thread; it is optional."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    return torch


def linear(torch, side, N):
    """A linear network, and its weights ``(N, side, side, 3)``."""
    w = np.random.default_rng(1).normal(size=(N, side, side, 3)).astype(np.float32)
    layer = torch.nn.Linear(3 * side**2, N, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(w.transpose(0, 3, 1, 2).reshape(N, -1)))
    return torch.nn.Sequential(torch.nn.Flatten(), layer).requires_grad_(False), w


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_linear_network_of_torch_is_a_product(torch, dtype):
    module, w = linear(torch, 5, 4)
    layer, x = networks.Torch(module), images(3, 5).astype(dtype)
    y, state = layer.forward(x)
    normalized = ((x.astype(float) + 1) / 2 - MEAN) / STD
    np.testing.assert_allclose(y, np.einsum("mijc,nijc->mn", normalized, w), rtol=1e-4, atol=1e-4)
    g = np.random.default_rng(2).normal(size=(3, 4)).astype(dtype)
    expected = np.einsum("mn,nijc->mijc", g, w) / 2 / STD
    for _ in range(2):  # a state may serve twice
        back = layer.backward(state, g)
        np.testing.assert_allclose(back, expected, rtol=1e-4, atol=1e-4)
    assert y.dtype == back.dtype == dtype and layer.on(np, np.float64) is layer


def test_what_leaves_places_is_averaged_over_them(torch):
    x = images(2, 6)
    y, state = networks.Torch(torch.nn.Conv2d(3, 3, 1, bias=False)).forward(x)
    assert y.shape == (2, 3) and networks.Torch(torch.nn.Conv2d(3, 3, 1)).backward(state, y).shape == x.shape


class Small:
    """A stand-in for torchvision's models: a network of two convolutions, pooled to two places, and a classifier."""

    def __init__(self, torch):
        self.torch = torch

    def list_models(self, module):
        return ["small"]

    def get_model(self, name, weights):
        nn = self.torch.nn

        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True))
                self.avgpool = nn.AdaptiveAvgPool2d(2)
                self.classifier = nn.Sequential(nn.Linear(16, 5), nn.Dropout())

            def forward(self, x):
                return self.classifier(self.avgpool(self.features(x)).flatten(1))

        self.asked = weights
        return Model()


@pytest.fixture
def small(torch, monkeypatch):
    """torchvision with one network, `Small`."""
    torchvision = ModuleType("torchvision")
    torchvision.models = Small(torch)
    monkeypatch.setitem(sys.modules, "torchvision", torchvision)
    return torchvision.models


def test_without_a_file_torchvision_gives_its_own_weights(small):
    network("torchvision:small")
    assert small.asked == "DEFAULT"


def test_features_are_what_the_classifier_takes_averaged_over_places(torch, small, tmp_path):
    model = small.get_model("small", None)
    model.features[1].running_var.fill_(2)
    torch.save(model.state_dict(), tmp_path / "small.pth")
    layer, x = network("torchvision:small", tmp_path / "small.pth"), images(2, 9)
    z = torch.tensor(((x + 1) / 2 - np.float32(MEAN)) / np.float32(STD)).permute(0, 3, 1, 2)
    expected = model.eval().features(z).mean((2, 3)).detach().numpy()
    np.testing.assert_allclose(layer.forward(x)[0], expected, rtol=1e-5, atol=1e-6)
    assert small.asked is None and not any(p.requires_grad for p in layer.module.parameters())


def test_another_classifier_or_none_and_no_counts_are_as_good(torch, small, tmp_path):
    state, x = small.get_model("small", None).state_dict(), images(1, 9)
    torch.save(state, tmp_path / "all.pth")
    torch.save(
        {key: x for key, x in state.items() if not key.startswith("cl") and "num_" not in key}, tmp_path / "a.pth"
    )
    torch.save(state | {"classifier.0.weight": torch.zeros(7, 16)}, tmp_path / "b.pth")
    all_, *others = (network("torchvision:small", tmp_path / f"{name}.pth").forward(x)[0] for name in ("all", "a", "b"))
    assert all(np.array_equal(one, all_) for one in others)


def test_weights_of_another_network_or_none_at_all(torch, small, tmp_path):
    path = tmp_path / "weights.pth"
    state = small.get_model("small", None).state_dict()
    for wrong, said in (
        (state | {"features.0.weight": torch.zeros(4, 3, 5, 5)}, r"features.0.weight is \(4, 3, 5, 5\), not \(4, 3, 3"),
        ({key: x for key, x in state.items() if key != "features.0.bias"}, r"features.0.bias is missing, not \(4,\)"),
        (state | {"features.9.bias": torch.zeros(1)}, r"features.9.bias is \(1,\), not missing"),
    ):
        torch.save(wrong, path)
        with pytest.raises(ValueError, match=rf"weights.pth holds weights of another network than small: {said}"):
            network("torchvision:small", path)
    whole = path.read_bytes()
    for content in (b"", b"no weights", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="weights.pth holds no state dict of PyTorch, or is damaged"):
            network("torchvision:small", path)
    for wrong in (torch.zeros(3), [1, 2], {"features": 3}, {0: torch.zeros(3)}, SimpleNamespace(items=3)):
        torch.save(wrong, path)  # the last would have to be unpickled by running code
        with pytest.raises(ValueError, match=r"weights.pth holds"):
            network("torchvision:small", path)
    with pytest.raises(FileNotFoundError):
        network("torchvision:small", tmp_path / "none.pth")


@pytest.mark.parametrize("name, last", [("vgg11", "features"), ("resnet18", "fc"), ("efficientnet_b0", "classifier"),
                                        ("mobilenet_v2", "classifier"), ("densenet121", "classifier")])  # fmt: skip
def test_networks_of_torchvision_give_what_their_classifier_takes(torch, tmp_path, name, last):
    models = pytest.importorskip("torchvision").models
    torch.manual_seed(0)
    model, x, seen = models.get_model(name, weights=None), images(1, 64), {}
    torch.save(model.state_dict(), tmp_path / "weights.pth")
    layer = network(f"torchvision:{name}", tmp_path / "weights.pth")
    getattr(model, last).register_forward_pre_hook(lambda module, taken: seen.update(taken=taken[0]))
    getattr(model, last).register_forward_hook(lambda module, taken, given: seen.update(given=given))
    model.eval()(torch.tensor(((x + 1) / 2 - np.float32(MEAN)) / np.float32(STD)).permute(0, 3, 1, 2))
    expected = seen["given"].mean((2, 3)) if last == "features" else seen["taken"]
    y, state = layer.forward(x)
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=1e-4, atol=1e-9)
    assert layer.backward(state, np.ones_like(y)).shape == x.shape


def test_names_of_densenets_older_files():
    older = "features.denseblock1.denselayer2.norm.1.weight"
    assert networks._key(older) == "features.denseblock1.denselayer2.norm1.weight"
    assert networks._key("features.1.conv.1.weight") == "features.1.conv.1.weight"
