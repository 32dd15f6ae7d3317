"""The gradient, digit by digit: against loops, finite differences, and the whole gradient."""

import numpy as np
import pytest

from dam import Classifier
from dam.network import pulls
from dam.network.objective import loss, targets


@pytest.fixture(params=[(3, "dual"), (4, "exact")])
def case(request):
    n, form = request.param
    rng = np.random.default_rng(1)
    network = Classifier(rng.uniform(-1, 1, (5, 12)), rng.uniform(-1, 1, (5, 10)), n, 3.0, form=form)
    return network, rng.uniform(-1, 1, (30, 12)), rng.integers(0, 10, 30)


def test_the_digits_add_up_to_the_gradient(case, monkeypatch):
    network, v, y = case
    monkeypatch.setattr(pulls, "ROWS", 7)
    w = pulls.digit_weights(network, v, y, 2, np.array([3, 0]))
    gradient = network.gradients(v, targets(y, dtype=np.float64), 2)[0]
    np.testing.assert_allclose(w.T @ v, -gradient[[3, 0]], rtol=1e-10)
    assert (w > 0).any() and (w < 0).any()


def objective(network, visible, v, y):
    moved = Classifier(visible, network.label_weights, network.n, network.T, form=network.form)
    return loss(moved.scores(v), targets(y, dtype=np.float64), 2)


def test_each_class_alone_against_finite_differences(case):
    network, v, y = case
    w = pulls.digit_weights(network, v, y, 2, np.arange(5))
    found = pulls.by_class(w, v, y, network.visible)
    for mu in range(5):
        move = np.zeros((5, 12))
        move[mu] = 1e-6 * network.visible[mu] / np.linalg.norm(network.visible[mu])
        for c in np.unique(y):
            own = v[y == c], y[y == c]
            less, more = (objective(network, network.visible + sign * move, *own) for sign in (-1, 1))
            assert found[mu, c] == pytest.approx((less - more) / 2e-6, rel=1e-4, abs=1e-7)


def test_by_class_is_the_sum_over_its_digits():
    rng = np.random.default_rng(2)
    w, v, y, xi = rng.normal(size=(20, 2)), rng.normal(size=(20, 6)), rng.integers(0, 3, 20), rng.normal(size=(2, 6))
    found = pulls.by_class(w, v, y, xi, classes=3)
    for mu in range(2):
        for c in range(3):
            terms = [w[A, mu] * sum(v[A] * xi[mu]) / sum(xi[mu] ** 2) ** 0.5 for A in range(20) if y[A] == c]
            assert found[mu, c] == pytest.approx(sum(terms))


def test_a_memory_of_zeros_has_no_direction():
    found = pulls.by_class(np.ones((2, 2)), np.ones((2, 3)), np.array([0, 1]), np.array([[0.0] * 3, [1.0] * 3]), 2)
    assert found[0].tolist() == [0, 0] and np.all(found[1] > 0)


def test_m_must_be_a_count(case):
    with pytest.raises(ValueError, match="m must be"):
        pulls.digit_weights(*case, 0, np.array([0]))
