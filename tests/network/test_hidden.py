"""Other activations: slopes and gradients by finite differences, an update by loops, the powers of the memories."""

import numpy as np
import pytest

from dam.network._step_plain import ArrayStep
from dam.network.hidden import ACTIVATIONS, HiddenStep
from dam.network.objective import loss, targets
from dam.network.recipes import Recipe

K, N, CLASSES, T = 4, 5, 3, 3.0
RECIPE = Recipe.compressed(2, 3, N=N, K=K, batch_per_class=2, momentum=0.5)


def start(activation, beta):
    """A step on random weights and momenta, and all digits of its one minibatch."""
    rng = np.random.default_rng(1)
    x, xi = rng.uniform(-1, 1, (6, N)), rng.uniform(-0.9, 0.9, (K, N + CLASSES))
    t, V = targets(np.repeat(np.arange(CLASSES), 2), CLASSES, np.float64), rng.normal(size=xi.shape)
    step = HiddenStep(x, t, xi, V, RECIPE, activation)
    step.beta = beta
    return step


def function(name, x):
    """f(x) in the words of a textbook."""
    return {
        "tanh": lambda: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)),
        "logistic": lambda: 1 / (1 + np.exp(-x)),
        "softplus": lambda: np.log(1 + np.exp(x)),
        "relu": lambda: x if x > 0 else 0.0,
        "softplus2": lambda: np.log(1 + np.exp(x)) ** 2,
        "relu2": lambda: x * x if x > 0 else 0.0,
    }[name]()


def outputs(xi, x, name, beta):
    """The arguments of the outputs' tanh, eq. (10), by loops."""
    a = np.zeros((len(x), CLASSES))
    for row, alpha in np.ndindex(a.shape):
        for memory in xi:
            h = sum(memory[i] * x[row, i] for i in range(N))
            a[row, alpha] += beta * memory[N + alpha] * function(name, h / T)
    return a


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_and_slopes(name):
    x = np.array([-20.0, -3, -0.7, -1e-3, 1e-3, 0.7, 3, 20])
    f, slope = ACTIVATIONS[name].values(x)
    np.testing.assert_allclose(f, [function(name, one) for one in x], rtol=1e-7, atol=1e-15)
    above, below = (np.array([function(name, one + side) for one in x]) for side in (1e-5, -1e-5))
    np.testing.assert_allclose(slope, (above - below) / 2e-5, rtol=1e-5, atol=1e-9)
    far = np.array([-750, 750], np.float32)
    assert all(np.isfinite(one).all() and one.dtype == np.float32 for one in ACTIVATIONS[name].values(far))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_interaction_grows_with_the_power_n(name):
    x = np.array([1e3, 2e3])
    f, _ = ACTIVATIONS[name].values(x)
    assert np.log2(f[1] / f[0]) == pytest.approx(ACTIVATIONS[name].n - 1, abs=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_update_by_loops_and_finite_differences(name):
    step = start(name, 0.4)
    x, t, xi, V = step.x, step.t, step.xi.copy(), step.V.copy()
    with step:
        np.testing.assert_allclose(step.arguments(x, T), outputs(xi, x, name, 0.4), rtol=1e-12)
        wrong = step(np.arange(6), T, 0.05)
    assert wrong == np.count_nonzero(outputs(xi, x, name, 0.4).argmax(axis=1) != t.argmax(axis=1))
    for memory, j in np.ndindex(xi.shape):
        costs = []
        for side in (1e-6, -1e-6):
            moved = xi.copy()
            moved[memory, j] += side
            costs.append(float(loss(np.tanh(outputs(moved, x, name, 0.4)), t, RECIPE.m)))
        V[memory, j] = RECIPE.momentum * V[memory, j] - (costs[0] - costs[1]) / 2e-6
    np.testing.assert_allclose(step.V, V, rtol=1e-5, atol=1e-6)
    for memory in range(K):
        size = max(abs(one) for one in V[memory])
        expected = [min(1, max(-1, w + 0.05 * one / size)) for w, one in zip(xi[memory], V[memory])]
        np.testing.assert_allclose(step.xi[memory], expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("name", "n"), [("relu", 2), ("relu2", 3)])
def test_the_powers_are_those_of_the_memories(name, n):
    ours, rows = start(name, 2 * n / T), np.arange(6)
    recipe = Recipe.compressed(n, 3, N=N, K=K, batch_per_class=2, momentum=0.5, m=RECIPE.m)
    theirs = ArrayStep(ours.x, ours.t, ours.xi.copy(), ours.V.copy(), recipe)
    with ours:
        np.testing.assert_allclose(ours.arguments(ours.x, T), theirs.network(T).arguments(ours.x), rtol=1e-12)
        for _ in range(5):
            assert ours(rows, T, 0.05) == theirs(rows, T, 0.05)
    np.testing.assert_allclose(ours.state(), theirs.state(), rtol=1e-9, atol=1e-12)
