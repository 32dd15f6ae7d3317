"""The ordinary network: units one by one, finite differences, scikit-learn, and attacks on it."""

import array_api_strict
import numpy as np
import pytest

from dam import datasets
from dam.lab import results, stored
from dam.lab.experiments import baselines
from dam.network import attacks, robustness
from dam.network.classifier import cross_entropy, error_percent
from dam.network.relu import ReLUNetwork


def network(seed=0, N=12, K=9, classes=4, xp=np):
    rng = np.random.default_rng(seed)
    shapes = (K, N), (K, classes), (K,), (classes,)
    return ReLUNetwork(*(xp.asarray(rng.normal(size=shape)) for shape in shapes))


def images(net, M=6, seed=1):
    v = np.random.default_rng(seed).uniform(-0.9, 0.9, (M, net.visible.shape[1]))
    return v, net.predict(v)


def test_units_one_by_one():
    net = network()
    v, y = images(net)
    slow = np.empty((6, 4))
    for row in range(6):
        for alpha in range(4):
            units = [max(0.0, float(net.visible[k] @ v[row]) + net.hidden_bias[k]) for k in range(9)]
            slow[row, alpha] = sum(net.labels[k, alpha] * units[k] for k in range(9)) + net.class_bias[alpha]
    np.testing.assert_allclose(net.arguments(v), slow, rtol=1e-12)
    assert y.tolist() == slow.argmax(axis=1).tolist() and len(set(y.tolist())) > 1


def test_the_gradient_equals_finite_differences():
    net = network()
    v, y = images(net)
    y = (y + 1) % 4
    loss, found = attacks.gradient(v, y, net)
    np.testing.assert_allclose(loss, [cross_entropy(net.arguments(v[i : i + 1]), y[i : i + 1]) for i in range(6)])
    slow = np.zeros_like(v)
    for i in np.ndindex(v.shape):
        sides = []
        for change in (1e-6, -1e-6):
            moved = v.copy()
            moved[i] += change
            sides.append(cross_entropy(net.arguments(moved), y))
        slow[i] = (sides[0] - sides[1]) / 2e-6
    np.testing.assert_allclose(found, slow, rtol=1e-5, atol=1e-7)
    strict = network(xp=array_api_strict)
    for ours, theirs in zip((loss, found), attacks.gradient(*map(array_api_strict.asarray, (v, y)), strict)):
        np.testing.assert_allclose(np.asarray(theirs), ours, rtol=1e-12)


def test_certain_classes_keep_finite_losses():
    net = ReLUNetwork(1e4 * np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32), *np.zeros((2, 3), np.float32))
    v = np.eye(3, dtype=np.float32)
    for y, expected in ((np.arange(3), 0), (np.array([1, 2, 0]), 1e4)):
        loss, gradient = attacks.gradient(v, y, net)
        np.testing.assert_allclose(loss, expected, rtol=1e-6)
        assert np.isfinite(gradient).all() and loss.dtype == gradient.dtype == np.float32


def test_attacks_on_it():
    net = network()
    v, y = images(net, 40)
    for norm in attacks.NORMS:
        found = attacks.attack(v, y, net, norm=norm, length=0.05)
        assert found.crossed.mean() > 0.7 and np.all((net.predict(found.images) != y) == found.crossed)
        nearest = np.linalg.norm(found.images - v, axis=1)
        held = robustness.robust(v, y, net, [0.5 * nearest.min(), 4 * nearest.max()], steps=40)
        assert held[0].all() and not held[1][found.crossed].all()
    with pytest.raises(TypeError, match="path follows the objective .14., which a ReLUNetwork does not have"):
        attacks.path(v, y, (y + 1) % 4, net, 3)


def test_it_answers_as_the_network_of_scikit_learn_that_it_is_made_of():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-1, 1, (200, 6)).astype(np.float32), rng.integers(0, 10, 200)
    *_, theirs = baselines.relu_networks(x, y, 0.01, 0.0, 5, [0, 1], units=8, batch=20)
    (first, second), biases = theirs.coefs_, theirs.intercepts_
    ours = stored.relu_network(stored.relu_arrays(first.T, second, *biases))
    e = np.exp(ours.arguments(x))
    np.testing.assert_allclose(e / e.sum(axis=1, keepdims=True), theirs.predict_proba(x), atol=3e-3)  # float16


def test_the_stored_error_is_that_of_the_stored_weights():
    try:
        net, provenance = stored.trained(stored.RELU)
    except ValueError:
        pytest.skip("stored without weights")
    run, data = results.load("baselines"), datasets.mnist()
    assert net.visible.shape == (2000, 784) and run.commit[:10] in provenance
    error = error_percent(net, data.x_test, data.y_test)
    assert error == pytest.approx(run.values["relu_stored_error_percent"], abs=0.0101)
    # float16 moves few digits across: the network is the one of median error
    assert error == pytest.approx(np.median(run.arrays["relu_test_errors"]), abs=0.05)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.zeros((8, 4))}, "labels must have 9 rows, one for each hidden unit"),
        ({"hidden_bias": np.zeros((9, 1))}, r"hidden_bias 9 entries.*got 9 rows and shapes \(9, 1\)"),
        ({"class_bias": np.zeros(3)}, "class_bias 4, one for each class"),
        ({"visible": np.full((9, 12), np.nan)}, "visible must be finite"),
        ({"visible": np.zeros(12)}, "visible must have two dimensions"),
    ],
)
def test_bad_weights(change, message):
    weights = {name: getattr(network(), name) for name in ("visible", "labels", "hidden_bias", "class_bias")}
    with pytest.raises(ValueError, match=message):
        ReLUNetwork(**(weights | change))


def test_bad_images():
    net = network()
    with pytest.raises(ValueError, match="v must have 12 columns"):
        net.predict(np.zeros((2, 11)))
    with pytest.raises(ValueError, match=r"v must lie in .-1, 1., got values from 1.5"):
        attacks.gradient(np.full((1, 12), 1.5), np.array([0]), net)
