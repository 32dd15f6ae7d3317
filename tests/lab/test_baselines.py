"""The baselines against obvious loops, and the protocol: choose on the split, train on everything, test once."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import at_least_in_long

from dam import datasets
from dam.__main__ import main
from dam.lab import experiments, results
from dam.lab.experiments import baselines
from dam.lab.stored import relu_network

SMALL = {"digits": 600, "tested": 200, "units": 50, "epochs": 6, "batch": 25, "learning_rate": (0.001,)}


def slow_nearest(x, y, v, k):
    """The class of one digit: distances in float64, sorted, counted."""
    distance = [(sum((float(a) - float(b)) ** 2 for a, b in zip(row, v)), place) for place, row in enumerate(x)]
    classes = [int(y[place]) for _, place in sorted(distance)[:k]]
    most = max(classes.count(c) for c in classes)
    return next(c for c in classes if classes.count(c) == most)  # in the order of their nearest digits


def pixels(gray):
    return (np.asarray(gray) / 127.5 - 1).astype(np.float32)


@at_least_in_long(60)
@given(st.integers(0, 10**6), st.integers(1, 14), st.integers(1, 6), st.integers(1, 4), st.sampled_from([2, 255]))
def test_nearest_neighbors_against_a_double_loop(seed, S, M, N, levels):
    rng = np.random.default_rng(seed)
    gray, asked, y = rng.integers(0, levels + 1, (S, N)), rng.integers(0, levels + 1, (M, N)), rng.integers(0, 4, S)
    k = range(1, S + 1)
    found = baselines.nearest_classes(pixels(gray), y, pixels(asked), k)
    assert found.tolist() == [[slow_nearest(gray, y, v, neighbors) for v in asked] for neighbors in k]


def test_nearest_neighbors_on_digits_and_over_chunks(monkeypatch):
    data = datasets.mnist()
    x, y, v = data.x_train[:90], data.y_train[:90], data.x_test[:10]
    k, gray = (1, 4, 9), lambda a: np.rint(127.5 * (a.astype(float) + 1)).astype(int)
    whole = baselines.nearest_classes(x, y, v, k)
    assert whole.tolist() == [[slow_nearest(gray(x), y, digit, neighbors) for digit in gray(v)] for neighbors in k]
    monkeypatch.setattr(baselines, "CHUNK", 4)
    assert np.array_equal(baselines.nearest_classes(x, y, v, k), whole)


def test_logistic_regression_is_where_its_gradient_vanishes():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    x, y, C = rng.uniform(-1, 1, (120, 6)), np.arange(120) % 4, 0.3
    x[:, 0] += y / 2
    model = baselines.logistic(x, y, C)
    W, b = model.coef_, model.intercept_

    def objective(W, b):
        total = 0.5 / C * np.sum(W**2)
        for v, right in zip(x, y):
            a = W @ v + b
            total += np.log(np.sum(np.exp(a - a.max()))) + a.max() - a[right]
        return total

    here = objective(W, b)
    for _ in range(20):
        step, shift = rng.normal(size=W.shape), rng.normal(size=b.shape)
        assert objective(W + 0.05 * step, b + 0.05 * shift) > here
        slope = (objective(W + 1e-5 * step, b + 1e-5 * shift) - objective(W - 1e-5 * step, b - 1e-5 * shift)) / 2e-5
        assert abs(slope) < 0.1


def test_relu_network_is_trained_on_cross_entropy_in_epochs():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (400, 5)).astype(np.float32)
    y = np.where(x[:, 0] * x[:, 1] > 0, 3, 7)  # no linear model can tell
    networks = baselines.relu_networks(x, y, 0.01, 0.0, 40, [0, 1], units=30, batch=50)
    errors = [100 * np.mean(network.predict(x) != y) for network in networks]
    assert len(errors) == 40 and errors[-1] < 6 < errors[0]
    network = next(baselines.relu_networks(x, y, 1e-9, 0.0, 1, [0, 1], units=30, batch=400))
    hidden = np.maximum(x @ network.coefs_[0] + network.intercepts_[0], 0)
    a = hidden @ network.coefs_[1] + network.intercepts_[1]
    cross_entropy = np.mean(np.log(np.exp(a).sum(axis=1)) - a[np.arange(400), y])
    assert network.coefs_[0].shape == (5, 30) and network.coefs_[1].shape == (30, 10)
    assert network.loss_curve_ == pytest.approx([cross_entropy], rel=1e-4)  # of the weights before a tiny step


def test_another_order_of_minibatches_every_epoch(monkeypatch):
    pytest.importorskip("sklearn")
    x, y = np.arange(20, dtype=np.float32)[:, None] / 20, np.arange(20) % 10
    import sklearn.neural_network._multilayer_perceptron as module

    real, orders = module.shuffle, []
    monkeypatch.setattr(module, "shuffle", lambda *a, **k: orders.append(real(*a, **k)) or orders[-1])
    list(baselines.relu_networks(x, y, 0.01, 0.0, 3, [0, 1], units=3, batch=5))
    assert [sorted(order) for order in orders] == 3 * [list(range(20))]
    assert not np.array_equal(orders[0], orders[1]) and not np.array_equal(orders[1], orders[2])


# the protocol


@pytest.fixture(scope="module")
def result():
    pytest.importorskip("sklearn")
    return experiments.run("baselines", "demo", seed=3, backend="numpy", **SMALL)


def test_chosen_on_the_split_and_tested_on_the_test_digits(result):
    values, arrays, data = result.values, result.arrays, datasets.mnist()
    x, y = data.x_train[:600], data.y_train[:600]
    kept, held_out = datasets.held_out_split(y)
    k = arrays["k"].tolist()
    found = baselines.nearest_classes(x[kept], y[kept], x[held_out], k)
    errors = [100 * np.mean(classes != y[held_out]) for classes in found]
    assert arrays["nearest_held_out"].tolist() == errors and values["nearest_k"] == k[int(np.argmin(errors))]
    (classes,) = baselines.nearest_classes(x, y, data.x_test[:200], [values["nearest_k"]])
    assert values["nearest_test_error_percent"] == 100 * np.mean(classes != data.y_test[:200])
    model = baselines.logistic(x, y, values["logistic_C"])
    error = 100 * np.mean(model.predict(data.x_test[:200]) != data.y_test[:200])
    assert values["logistic_test_error_percent"] == pytest.approx(error, abs=0.5)
    assert values["logistic_C"] == arrays["C"][arrays["logistic_held_out"].argmin()]
    late = arrays["relu_held_out"][:, :, 1:].mean(axis=2)  # the last 5 of 6 epochs
    place = np.unravel_index(late.argmin(), late.shape)
    assert values["relu_learning_rate"] == arrays["learning_rate"][place[0]]
    assert values["relu_weight_decay"] == arrays["weight_decay"][place[1]]
    assert values["relu_held_out_error_percent"] == pytest.approx(late.min())
    for name in ("nearest", "logistic"):
        assert values[f"{name}_held_out_error_percent"] == arrays[f"{name}_held_out"].min()


def test_relu_networks_are_those_of_the_seed(result):
    values, arrays, data = result.values, result.arrays, datasets.mnist()
    settings = values["relu_learning_rate"], values["relu_weight_decay"], SMALL["epochs"]
    sizes = {"units": 50, "batch": 25}
    errors = []
    for i in (1, 2):
        networks = baselines.relu_networks(data.x_train[:600], data.y_train[:600], *settings, [3, i], **sizes)
        *_, last = networks
        errors.append(100 * np.mean(last.predict(data.x_test[:200]) != data.y_test[:200]))
    assert arrays["relu_test_errors"] == pytest.approx(errors, abs=0.5)
    assert values["relu_test_error_percent"] == pytest.approx(arrays["relu_test_errors"].mean())
    assert values["relu_test_error_spread"] == pytest.approx(arrays["relu_test_errors"].std(ddof=1))
    assert arrays["relu_loss"].shape == (2, SMALL["epochs"])
    stored = relu_network(arrays)  # of the two, the better one
    error = 100 * np.mean(stored.predict(data.x_test[:200]) != data.y_test[:200])
    assert values["relu_stored_error_percent"] == error == pytest.approx(min(errors), abs=0.5)


def test_what_is_kept_and_how_long_it_took(result):
    values = result.values
    assert values["nearest_parameters"] == 600 * 784 and values["logistic_parameters"] == 10 * 785
    assert values["relu_parameters"] == 50 * 785 + 10 * 51
    assert values["nearest_train_seconds"] == 0 and values["logistic_train_seconds"] > 0 < values["relu_train_seconds"]
    assert all(values[f"{name}_test_seconds"] > 0 for name in ("nearest", "logistic", "relu"))


def test_learning_is_learning(result):
    """600 digits are enough for a third of the errors of guessing, 90 %."""
    for name in ("nearest", "logistic", "relu"):
        assert result.values[f"{name}_test_error_percent"] < 30


def test_stored_baselines_agree_with_each_other():
    try:
        stored = results.load("baselines")
    except FileNotFoundError:
        pytest.skip("not stored")
    values, arrays = stored.values, stored.arrays
    assert values["relu_parameters"] == 2000 * 785 + 10 * 2001 and values["nearest_parameters"] == 60_000 * 784
    assert values["relu_test_error_percent"] == pytest.approx(arrays["relu_test_errors"].mean())
    for name in ("nearest", "logistic", "relu"):
        held_out = arrays[f"{name}_held_out"][..., -5:].mean(axis=-1) if name == "relu" else arrays[f"{name}_held_out"]
        assert values[f"{name}_held_out_error_percent"] == pytest.approx(held_out.min())
        assert abs(values[f"{name}_test_error_percent"] - values[f"{name}_held_out_error_percent"]) < 1


# bad input


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"k": (0, 3)}, "k must be an integer of at least 1, got 0"),
        ({"k": (501,)}, "k must be numbers from 1 to 500"),
        ({"digits": 60_001}, "digits must be a number from 100 to 60000, got 60001"),
        ({"tested": 0}, "tested must be an integer of at least 1, got 0"),
        ({"networks": 0}, "networks must be an integer of at least 1, got 0"),
        ({"epochs": -1}, "epochs must be an integer of at least 1, got -1"),
    ],
)
def test_bad_parameters(changes, message):
    pytest.importorskip("sklearn")
    with pytest.raises(ValueError, match=message):
        experiments.run("baselines", "demo", backend="numpy", **(SMALL | changes))


def test_no_gpu():
    pytest.importorskip("sklearn")
    with pytest.raises(ValueError, match="computed by NumPy and scikit-learn on the CPU, got backend 'cupy'"):
        baselines.run(seed=0, backend="cupy", **baselines.EXPERIMENT.scales["demo"])


def test_a_missing_scikit_learn_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert main(["run", "baselines", "--scale", "demo", "--backend", "numpy", "--results", str(tmp_path)]) == 2
    assert "the baselines need scikit-learn; install it with pip install scikit-learn" in capsys.readouterr().err
