"""The duality experiment against loops written straight from eqs. (9) and (10), on small random networks."""

import math

import numpy as np
import pytest

from dam import datasets
from dam.lab import experiments, results
from dam.lab.experiments import duality
from dam.lab.stored import trained
from dam.network.classifier import Classifier, arguments_dual


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of results with networks of n = 2 and 3 whose overlaps with digits are about as large as T."""
    path = tmp_path_factory.mktemp("networks")
    for n in (2, 3):
        rng = np.random.default_rng(n)
        arrays = {
            "visible": rng.uniform(-0.3, 0.3, (6, 784)).astype(np.float16),
            "labels": rng.uniform(-1, 1, (6, 10)).astype(np.float16),
        }
        results.save(stored(f"n{n}", {"T": 40.0}, arrays), path)
    return path


def stored(variant, values, arrays):
    return results.Result(
        experiment="mnist",
        variant=variant,
        parameters={},
        seed=0,
        backend="numpy",
        device="a test",
        versions=results.versions(),
        commit="",
        started="2000-01-01T00:00:00+00:00",
        wall_seconds=1.0,
        values=values,
        arrays=arrays,
    )


def problem(M=6, N=20, K=9, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (M, N)), rng.uniform(-1, 1, (K, N)), rng.uniform(-1, 1, (K, classes))


def exact_by_loops(v, visible, labels, n, T):
    """The argument of the tanh in (9), x_α = -1, with the sums over γ ≠ α written out."""
    a = np.zeros((len(v), labels.shape[1]))
    for A, digit in enumerate(v):
        for alpha in range(labels.shape[1]):
            for xi, own in zip(visible, labels, strict=True):
                pixels = float(xi @ digit)
                others = sum(-own[gamma] for gamma in range(len(own)) if gamma != alpha)
                a[A, alpha] += F((own[alpha] + others + pixels) / T, n)
                a[A, alpha] -= F((-own[alpha] + others + pixels) / T, n)
    return a


def first_order_by_loops(center, v, visible, labels, n, T):
    a = np.zeros((len(v), labels.shape[1]))
    for A, digit in enumerate(v):
        for alpha in range(labels.shape[1]):
            for xi, own in zip(visible, labels, strict=True):
                x = float(xi @ digit)
                if center == "bias":
                    x -= sum(own)
                if center == "midpoint":
                    x -= sum(own[gamma] for gamma in range(len(own)) if gamma != alpha)
                a[A, alpha] += 2 * n / T * own[alpha] * F(x / T, n - 1)
    return a


def F(x, n):
    return x**n if x > 0 else 0.0


def test_values_against_loops(folder):
    result = experiments.run("duality", n=(2, 3), digits=6, seed=4, results=folder, backend="numpy")
    data = datasets.mnist()
    digit, y = result.arrays["digit"], result.arrays["label"]
    assert len(set(digit.tolist())) == 6 and np.array_equal(y, data.y_test[digit])
    for n in (2, 3):
        arrays = results.load("mnist", f"n{n}", 0, folder).arrays
        network = [arrays[key].astype(float) for key in ("visible", "labels")]
        v = data.x_test[digit].astype(float)
        exact = exact_by_loops(v, *network, n, 40.0)
        dual = first_order_by_loops("pixels", v, *network, n, 40.0)
        np.testing.assert_allclose(result.arrays[f"exact_n{n}"], exact, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(result.arrays[f"dual_n{n}"], dual, rtol=1e-4, atol=1e-4)
        same, wrong, wrong_dual, difference, off = 0, 0, 0, 0.0, 0.0
        for A in range(6):
            classes = max(range(10), key=lambda k: exact[A, k]), max(range(10), key=lambda k: dual[A, k])
            same += classes[0] == classes[1]
            wrong += classes[0] != y[A]
            wrong_dual += classes[1] != y[A]
            for k in range(10):
                difference += abs(math.tanh(exact[A, k]) - math.tanh(dual[A, k])) / 60
                off += abs(exact[A, k] - dual[A, k])
        values = result.values
        assert values[f"agreement_percent_n{n}"] == pytest.approx(100 * same / 6)
        assert values[f"error_exact_percent_n{n}"] == pytest.approx(100 * wrong / 6)
        assert values[f"error_dual_percent_n{n}"] == pytest.approx(100 * wrong_dual / 6)
        assert values[f"difference_n{n}"] == pytest.approx(difference, rel=1e-3)
        size = sum(abs(a) for a in exact.ravel())
        assert values[f"argument_difference_percent_n{n}"] == pytest.approx(100 * off / size, rel=1e-3)
        assert values[f"ratio_n{n}"] == pytest.approx(np.median(result.arrays[f"ratio_n{n}"]), rel=1e-5)
        assert "a test" in values[f"network_n{n}"]


def test_same_seed_same_digits_other_seed_other_digits(folder):
    one, again, other = (
        experiments.run("duality", n=(3,), digits=20, seed=seed, results=folder, backend="numpy") for seed in (1, 1, 2)
    )
    assert one.values == again.values
    assert all(np.array_equal(one.arrays[key], again.arrays[key]) for key in one.arrays)
    assert set(one.arrays["digit"].tolist()) != set(other.arrays["digit"].tolist())


def test_ratio_against_loops():
    v, visible, labels = problem()
    for n in (2, 3, 20):
        found = duality.overlap_ratio(v, visible, labels, n)
        for A, digit in enumerate(v):
            h = [float(xi @ digit) for xi in visible]
            on = [mu for mu in range(len(h)) if h[mu] > 0]
            weights = sum(h[mu] ** (n - 1) for mu in on)
            mean = sum(h[mu] ** (n - 1) * abs(sum(labels[mu])) / h[mu] for mu in on) / weights
            assert found[A] == pytest.approx(1 / mean)


def test_ratio_where_nothing_is_active_or_the_labels_cancel():
    v, visible = np.ones((1, 3)), np.ones((2, 3))
    labels = np.array([[1.0, -1.0], [0.5, -0.5]])
    assert duality.overlap_ratio(v, visible, labels, 3).tolist() == [math.inf]
    assert duality.overlap_ratio(-v, visible, labels + 1, 3).tolist() == [0]
    assert duality.overlap_ratio(200 * v, visible, labels + 1, 30)[0] == pytest.approx(300)  # 600^29 overflows


@pytest.mark.parametrize("center", duality.CENTERS)
def test_expansions_against_loops(center):
    v, visible, labels = problem()
    for n in (2, 3, 20):
        found = duality.arguments_around(center, v, visible, labels, n, 3.0)
        loops = first_order_by_loops(center, v, visible, labels, n, 3.0)
        np.testing.assert_allclose(found, loops, rtol=1e-9, atol=1e-12)
        if center == "pixels":
            np.testing.assert_allclose(found, arguments_dual(v, visible, labels, n, 3.0), rtol=1e-12)


def test_orders_of_the_expansions():
    v, visible, labels = problem(M=4, N=200, K=30, seed=1)
    visible = np.abs(visible) * np.sign(v[0])  # the first digit activates every memory, far from the kink at 0
    scales = np.array([0.01, 0.02, 0.04])
    for n in (3, 8):
        network = Classifier(visible, labels, n, 60.0)
        errors = duality.expansion_errors(v[:1], network, scales)
        for center, order in (("pixels", 1), ("bias", 1), ("midpoint", 2)):
            slope = np.polyfit(np.log(scales), np.log(errors[center]), 1)[0]
            assert slope == pytest.approx(order, abs=0.05)
    network = Classifier(visible, labels, 2, 60.0)
    assert np.all(duality.expansion_errors(v[:1], network, scales)["midpoint"] < 1e-12)  # a parabola's chord


def test_remainder_stays_below_its_bound():
    """|a exact - a dual| <= (2n/T) Σ_μ |ξ_α| (f((h + R)/T) - f(h/T)) with R = Σ_γ |ξ_γ|."""
    v, visible, labels = problem(M=8, seed=3)
    for n in (2, 3, 20):
        exact = exact_by_loops(v, visible, labels, n, 3.0)
        dual = arguments_dual(v, visible, labels, n, 3.0)
        h, R = v @ visible.T, np.abs(labels).sum(axis=1)
        f = [np.maximum(x / 3.0, 0) ** (n - 1) for x in (h + R, h)]
        bound = 2 * n / 3.0 * (f[0] - f[1]) @ np.abs(labels)
        assert np.all(np.abs(exact - dual) <= bound * (1 + 1e-12))


def test_a_network_of_ones_own_comes_before_the_shipped_one(folder, tmp_path):
    network, provenance = trained(3, 0, folder)
    assert network.n == 3 and network.T == 40.0 and "a test" in provenance
    assert network.visible.shape == (6, 784) and network.visible.dtype == np.float32
    with pytest.raises(FileNotFoundError, match=r"mnist-n7-seed0\.json; python -m dam run mnist"):
        trained(7, 0, tmp_path)
    results.save(stored("n7", {"T": 40.0}, {"test_error": np.ones(3)}), tmp_path)
    with pytest.raises(ValueError, match=r"mnist-n7-seed0\.json holds no weights"):
        trained(7, 0, tmp_path)


@pytest.mark.parametrize("digits", [0, 10001, 2.5, True])
def test_number_of_digits_out_of_range(digits):
    with pytest.raises(ValueError, match="digits must be"):
        experiments.run("duality", digits=digits, backend="numpy")


def test_unknown_center_and_bad_scale():
    v, visible, labels = problem()
    with pytest.raises(ValueError, match=r"center must be one of pixels, bias, midpoint, got 'middle'"):
        duality.arguments_around("middle", v, visible, labels, 3, 3.0)
    with pytest.raises(ValueError, match=r"a scale must be a number from 1e-06 to .*, got 0"):
        duality.expansion_errors(v, Classifier(visible, labels, 3, 3.0), [1, 0])
    with pytest.raises(ValueError, match="n must be an integer of at least 2, got 1"):
        duality.overlap_ratio(v, visible, labels, 1)
