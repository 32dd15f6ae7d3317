"""The experiment on activations: what it tries, what it chooses, what it trains, and how its claims count."""

from dataclasses import asdict
from functools import partial

import numpy as np
import pytest
from test_trainings import few

from dam.lab import experiments, trainings, verdicts
from dam.lab.experiments import universality
from dam.network.classifier import Classifier
from dam.network.hidden import ACTIVATIONS
from dam.network.recipes import Recipe
from dam.network.training import initial_weights, train


@pytest.fixture
def digits(monkeypatch):
    return few(monkeypatch, 1200, 200)


SETTINGS = {"epochs": 3, "K": 30, "batch_per_class": 10}


def test_a_point_trains_as_a_memory_is_trained(digits):
    """The size of the arguments that the memory of n = 2 has at its first temperature makes the two one training."""
    x, y, x_test, y_test = digits
    recipe = Recipe.compressed(2, objective="softmax", T_initial=80.0, T_final=12.0, **SETTINGS)
    xi = initial_weights(recipe, 794, 4, np.float64)
    memory = Classifier(xi[:, :784], xi[:, 784:], 2, recipe.T_initial, form="dual")
    size = float(np.sqrt(np.mean(memory.arguments(x[:100].astype(float)) ** 2)))
    found = trainings.train_hidden("relu", 70.0, size, asdict(recipe), 4, False)
    _, history = train(x, y, recipe, seed=4, x_test=x_test, y_test=y_test, progress=False, backend="numpy")
    np.testing.assert_allclose(found["error"], history["test_error"], atol=1.1)  # two of 200 digits: sums are rounded
    np.testing.assert_allclose(found["train_error"], history["train_error"], atol=0.3)
    assert len(set(found["error"])) == 3 and found["train_error"][-1] < 80 and found["seconds"] > 0


def test_what_is_tried_chosen_and_trained(digits, monkeypatch):
    monkeypatch.setattr(universality.Recipe, "compressed", partial(Recipe.compressed, batch_per_class=10))
    common = {"epochs": 2, "objective": "power"}
    tried = {"size": (0.1, 0.3), "T": (100.0, 200.0)}
    monkeypatch.setattr(universality, "ACTIVATIONS", {name: ACTIVATIONS[name] for name in ("tanh", "relu2")})
    result = experiments.run("universality", "demo", seed=3, tried_K=10, K=20, **tried)
    for name in ("tanh", "relu2"):
        held_out = result.arrays[f"held_out_{name}"]
        at = np.argwhere(held_out == held_out.min())[0]
        chosen = [numbers[i] for numbers, i in zip(tried.values(), at)]
        assert [result.values[f"{key}_{name}"] for key in tried] == chosen
        assert result.values[f"held_out_percent_{name}"] == held_out.min()
        for each, curve in enumerate(result.arrays[f"test_{name}"]):
            again = trainings.train_hidden(**universality.task(name, chosen, 2 * 3 + each, False, K=20, **common))
            np.testing.assert_array_equal(again["error"], curve)
            np.testing.assert_array_equal(again["train_error"], result.arrays[f"train_{name}"][each])
        assert result.values[f"test_percent_{name}"] == result.arrays[f"test_{name}"][:, -1].mean()
    again = trainings.train_hidden(**universality.task("tanh", (0.1, 200.0), 3, True, K=10, **common))
    assert again["error"][-1] == result.arrays["held_out_tanh"][0, 1]


def test_a_training_that_breaks_down_is_missing_from_there_on(digits, monkeypatch):
    steps = []

    def broken(self, rows, T, epsilon):
        steps.append(rows)
        if len(steps) > 15:  # in the second epoch of 12 minibatches
            raise FloatingPointError("a NaN")
        return 1

    monkeypatch.setattr(trainings.HiddenStep, "__call__", broken)
    found = trainings.train_hidden("relu", 70.0, 0.3, asdict(Recipe.compressed(2, **SETTINGS)), 0, False)
    for curve in (found["error"], found["train_error"]):
        assert np.isfinite(curve).tolist() == [True, False, False]


def judged(**changes):
    """The verdicts on made-up results of the paper scale, by name."""
    values = {f"test_percent_{name}": 2.0 for name in ACTIVATIONS}
    values |= {f"epochs_{name}": 10.0 * (4 - a.n) for name, a in ACTIVATIONS.items()} | changes
    experiment, parameters, _ = experiments.plan("universality", "paper")
    result = experiments.run("xor", "demo")
    result.values, result.variant, result.parameters = values, "", experiment.stored(parameters)
    return {claim.name: verdicts.verdict(claim, "universality", [result]) for claim in universality.CLAIMS}


def test_claims_count_what_they_say():
    found = judged(test_percent_tanh=2.25, test_percent_softplus=1.9)
    assert found["same-asymptotics"].mean == pytest.approx(0.25) and found["same-asymptotics"].holds
    assert found["speed-up"].mean == pytest.approx(1.5) and found["speed-up"].holds
    assert judged(test_percent_softplus2=2.4)["same-asymptotics"].holds is False
    assert judged(epochs_logistic=20.0)["speed-up"].holds is False
    never = {f"epochs_{name}": None for name in universality.of_power(1)}  # NaN is stored as None
    assert judged(**never)["speed-up"].mean == pytest.approx(31 / 20)
    assert judged(epochs_relu=None)["speed-up"].why == "one of n = 2 does not get there"


def test_the_first_epoch_below_a_level():
    assert universality.first_below(np.array([5.0, 3.0, 2.9, 3.1, 1.0]), 3.0) == 3
    assert np.isnan(universality.first_below(np.array([5.0, 4.0]), 3.0))


def test_a_grid_that_breaks_down_everywhere(monkeypatch):
    broken = {"error": np.full(2, np.nan), "train_error": np.full(2, np.nan), "seconds": 1.0}
    monkeypatch.setattr(experiments, "sweep", lambda point, tasks, **options: [broken for _ in tasks])
    with pytest.raises(FloatingPointError, match="every trial of an activation broke down"):
        experiments.run("universality", "demo")


def test_another_objective_than_the_paper_has_a_name_of_its_own():
    names = [experiments.plan("universality", "paper", objective=one)[2] for one in ("power", "softmax")]
    assert names == ["", "softmax"]
    found = universality.task("tanh", (1.0, 50.0), 0, True, K=10, epochs=30, objective="power")
    assert found["recipe"] == asdict(Recipe.compressed(2, 30, K=10)) and (found["size"], found["T"]) == (1.0, 50.0)
