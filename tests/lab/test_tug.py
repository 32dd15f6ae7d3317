"""The tug of war: what is stored is the training's, and adds up to its gradient."""

import numpy as np
import pytest

from dam import datasets
from dam.lab import experiments, results
from dam.lab.experiments import tug
from dam.network.objective import targets
from dam.network.recipes import Recipe
from dam.network.training import train


@pytest.fixture(scope="module")
def demo():
    return experiments.run("tug", "demo", seed=1)


def test_pull_push_and_classes_add_up_to_the_gradient(demo):
    x, y = datasets.mnist()[:2]
    recipe = Recipe.compressed(3, 2, K=50)
    network = train(x, y, recipe, seed=1, epochs=2, progress=False)[0].dual()  # the form that was trained
    A, chosen = demo.arrays, demo.arrays["chosen_n3"]
    gradient = sum(
        network.gradients(x[i : i + 5000], targets(y[i : i + 5000]), recipe.m)[0][chosen].astype(np.float64)
        for i in range(0, len(x), 5000)
    )
    unit = A["unit_n3"][-1][:, None]
    both = unit * (A["pull_n3"][-1].astype(float) + A["push_n3"][-1])
    assert np.abs(both + gradient).max() <= 1.01 * unit.max() + 1e-3 * np.abs(gradient).max()
    xi = network.visible[chosen]
    along = -(gradient * xi).sum(axis=1) / np.linalg.norm(xi, axis=1)
    np.testing.assert_allclose(A["along_n3"][-1].sum(axis=1), along, rtol=1e-3, atol=1e-3 * np.abs(A["along_n3"]).max())
    assert np.abs(A["memory_n3"][-1] / tug.LEVELS - xi).max() <= 0.5 / tug.LEVELS + 1e-6
    np.testing.assert_array_equal(A["votes_n3"][-1], network.label_weights[chosen])


def test_it_begins_with_noise_and_follows_awake_memories(demo):
    A = demo.arrays
    assert A["memory_n3"].shape == (3, 2, 784) and A["test_error_n3"].shape == (2,)
    assert A["memory_n3"][0].mean() / tug.LEVELS == pytest.approx(-0.3, abs=0.05)
    assert len(set(A["chosen_n3"].tolist())) == 2
    assert (A["along_n3"][-1] != 0).any(axis=1).all()


def test_pictures_and_classes_of_the_stored_result_agree():
    stored = results.load("tug")
    for n in stored.parameters["n"]:
        A = {name.removesuffix(f"_n{n}"): array for name, array in stored.arrays.items() if name.endswith(f"_n{n}")}
        xi = A["memory"] / tug.LEVELS
        both = A["unit"][..., None] * (A["pull"].astype(float) + A["push"])
        along = (both * xi).sum(axis=2) / np.linalg.norm(xi, axis=2)
        rounded = 784**0.5 * A["unit"] + 0.02 * np.abs(A["along"]).sum(axis=2)
        assert (np.abs(A["along"].sum(axis=2) - along) <= rounded).all()
        assert A["test_error"][-1] < 5 and (A["pull"] >= 0).any() and (A["push"] != 0).any()


@pytest.mark.parametrize("after", [(0,), (2, 1), (1, 1)])
def test_stops_ascend(after):
    with pytest.raises(ValueError, match="after must hold ascending numbers of epochs, the last above 0, got"):
        experiments.run("tug", "demo", after=after)
    with pytest.raises(ValueError, match="memories must be at most K = 50, got 51"):
        experiments.run("tug", "demo", memories=51)
