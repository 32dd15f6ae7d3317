"""The attack of an independent library finds as many images as ours; skipped where it is not installed."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from test_attacks import images, network
from test_relu import network as relu_network
from test_transfer import folder  # noqa: F401, small networks that classify most digits

from dam import datasets
from dam.__main__ import main
from dam.lab import experiments
from dam.lab.experiments import foolbox
from dam.lab.stored import RELU, trained
from dam.network import attacks, robustness

RADII = {"l2": (0.3, 0.8, 1.5), "linf": (0.05, 0.15, 0.4)}


@pytest.fixture
def library():
    """PyTorch on one thread, and Foolbox; both are optional."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("foolbox")
    torch.set_num_threads(1)
    return torch


def test_a_power_network_is_not_rectified(library):
    net = replace(network(3, N=30, K=60, seed=4), kind="power")
    v, _ = images(net, M=20, seed=5)
    np.testing.assert_allclose(foolbox.in_torch(net)(library.tensor(v)).numpy(), net.arguments(v), atol=1e-9)


@pytest.mark.parametrize("what", ["memories", "units"])
def test_it_attacks_the_same_networks_and_finds_as_many(what, library):
    net = network(3, N=30, K=60, seed=4) if what == "memories" else relu_network(seed=4, N=30, K=60)
    v, y = images(net, M=150, seed=5)
    np.testing.assert_allclose(foolbox.in_torch(net)(library.tensor(v)).numpy(), net.arguments(v), atol=1e-9)
    for norm in attacks.NORMS:
        theirs = foolbox.robust(net, v, y, RADII[norm], norm, 20)
        ours = robustness.robust(v, y, net, RADII[norm], norm=norm, steps=20)
        np.testing.assert_allclose(ours.mean(axis=1), theirs.mean(axis=1), atol=0.06)
        assert np.all(
            ours.mean(axis=1) <= theirs.mean(axis=1) + 0.02
        )  # of two attacks the one that finds more is right
        assert 0.02 < theirs.mean() < 0.95


def test_the_experiment_is_that_of_single_attacks(folder, library):  # noqa: F811
    settings = {"n": (2, 3), "images": 12, "radii_l2": (1.0, 3.0), "radii_linf": (0.1,), "steps": 4}
    result = experiments.run("foolbox", "demo", seed=2, backend="numpy", folder=folder, **settings)
    data, arrays = datasets.mnist(), result.arrays
    v, y = data.x_test[arrays["digit"]], data.y_test[arrays["digit"]]
    assert len(set(arrays["digit"])) == 12
    assert arrays["robust_l2"].shape == (3, 2, 12) and arrays["robust_linf"].shape == (3, 1, 12)
    for row, (which, tag) in enumerate(((2, "n2"), (3, "n3"), (RELU, "relu"))):
        net = trained(which, 0, folder)[0]
        np.testing.assert_array_equal(arrays["robust_l2"][row], foolbox.robust(net, v, y, (1.0, 3.0), "l2", 4))
        assert result.values[f"accuracy_percent_l2_3_{tag}"] == 100 * arrays["robust_l2"][row, 1].mean()
        ours = robustness.robust(v, y, net, (0.1,), norm="linf", steps=4)
        np.testing.assert_array_equal(arrays["ours_linf"][row], ours)
        assert result.values[f"ours_percent_linf_0.1_{tag}"] == 100 * ours.mean()


def test_bad_input(library):
    net = network(3)
    with pytest.raises(ValueError, match="norm must be one of l2, linf"):
        foolbox.robust(net, *images(net), (1.0,), "l1", 4)
    with pytest.raises(ValueError, match="runs on the CPU here, got backend 'cupy'"):
        foolbox.run(seed=0, sweep=None, backend="cupy", **foolbox.EXPERIMENT.scales["demo"])
    with pytest.raises(ValueError, match="images must be a number from 1 to 10000"):
        foolbox.run(seed=0, sweep=None, **(foolbox.EXPERIMENT.scales["demo"] | {"images": 10_001}))


def test_a_missing_library_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "foolbox", None)
    assert main(["run", "foolbox", "--scale", "demo", "--backend", "numpy", "--results", str(tmp_path)]) == 2
    assert "needs Foolbox and PyTorch; install them with pip install foolbox torch" in capsys.readouterr().err
