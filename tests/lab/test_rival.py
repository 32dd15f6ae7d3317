"""The rival of the memory of n = 2: what is tried and trained, and how the two are compared."""

import numpy as np
import pytest
from test_trainings import few

from dam import datasets
from dam.lab import experiments, results, verdicts
from dam.lab.experiments import rival
from dam.lab.experiments.baselines import relu_networks


def test_what_is_tried_chosen_and_trained(monkeypatch):
    x, y, x_test, y_test = few(monkeypatch, 600, 200)
    result = experiments.run("rival", "demo", seed=5, batch=100, tried_epochs=6)
    kept, others = datasets.held_out_split(y)
    for j, decay in enumerate(result.arrays["weight_decay"]):
        pair = result.arrays["learning_rate"][0], decay
        networks = relu_networks(x[kept], y[kept], *pair, 6, [5, 0], units=20, batch=100)
        errors = [100 * np.mean(network.predict(x[others]) != y[others]) for network in networks]
        np.testing.assert_allclose(result.arrays["held_out"][0, j], errors)
    late = result.arrays["held_out"][:, :, 1:].mean(axis=2)
    i, j = np.unravel_index(late.argmin(), late.shape)
    pair = result.arrays["learning_rate"][i], result.arrays["weight_decay"][j]
    assert (result.values["learning_rate"], result.values["weight_decay"]) == pair
    for one in range(2):
        *_, last = relu_networks(x, y, *pair, 3, [5, 1 + one], units=20, batch=100)
        assert result.arrays["test_error"][one, -1] == pytest.approx(100 * np.mean(last.predict(x_test) != y_test))
    stored = [results.load("mnist", "n2-ten-minutes", one).values["test_error_percent"] for one in range(2)]
    assert result.arrays["memory_error"].tolist() == stored
    assert result.values["difference_percent"] == pytest.approx(result.values["rival_percent"] - np.mean(stored))


def test_as_many_settings_and_epochs_as_the_memory_had():
    search, memory = results.load("search", "n2"), results.load("mnist", "n2-ten-minutes")
    tried = len(rival.PAPER["learning_rate"]) * len(rival.PAPER["weight_decay"])
    assert tried == search.arrays["held_out_percent"].size
    assert rival.PAPER["tried_epochs"] == search.parameters["epochs"]
    assert rival.PAPER["epochs"] == memory.parameters["epochs"] and rival.PAPER["units"] == memory.parameters["K"]


def test_the_standard_error_of_a_difference():
    assert rival.compared(np.array([2.0, 4.0]), np.array([1.0, 2.0, 3.0])) == pytest.approx((1.0, (1 + 1 / 3) ** 0.5))
    result = experiments.run("xor", "demo")
    experiment, parameters, result.variant = experiments.plan("rival", "paper")
    result.parameters = experiment.stored(parameters)
    for difference, holds in ((0.21, True), (0.19, False), (-0.3, False)):
        result.values = {"difference_percent": difference, "standard_error_percent": 0.1}
        verdict = verdicts.verdict(rival.CLAIMS[0], "rival", [result])
        assert verdict.holds is holds and verdict.mean == pytest.approx(10 * difference)
