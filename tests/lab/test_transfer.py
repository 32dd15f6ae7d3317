"""The tables of transfer against attacks done one by one, on small random networks."""

from dataclasses import replace

import numpy as np
import pytest
from test_duality import stored

from dam import datasets
from dam.lab import claims, experiments, results, verdicts
from dam.lab.experiments import table, transfer
from dam.lab.stored import RELU, relu_arrays, trained
from dam.network import attacks, robustness


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Networks of n = 2 and 3, and of ReLU units, that know the means of the classes: they classify most digits."""
    path, data = tmp_path_factory.mktemp("networks"), datasets.mnist()
    means = np.stack([data.x_train[data.y_train == alpha].mean(axis=0) for alpha in range(10)])
    means = means - means.mean(axis=0)
    for n in (2, 3):
        rng = np.random.default_rng(n)
        arrays = {
            "visible": (0.8 * means + rng.normal(0, 0.05, means.shape)).clip(-1, 1).astype(np.float16),
            "labels": (1.4 * np.eye(10) - 0.4).astype(np.float16),
        }
        results.save(replace(stored(f"n{n}", {"T": 60.0}, arrays), parameters={"kind": "rectified", "m": n}), path)
    templates = means / np.linalg.norm(means, axis=1, keepdims=True)
    arrays = relu_arrays(templates, np.eye(10), np.full(10, 1.0), np.zeros(10))
    results.save(replace(stored("", {}, arrays), experiment="baselines"), path)
    return path


@pytest.fixture(autouse=True)
def few_digits(monkeypatch):
    data = datasets.mnist()
    some = np.concatenate([np.flatnonzero(data.y_train == alpha)[:1] for alpha in range(10)])
    small = datasets.MNIST(data.x_train[some], data.y_train[some], data.x_test[:150], data.y_test[:150])
    monkeypatch.setattr(datasets, "mnist", lambda: small)


def test_the_table_is_that_of_single_attacks(folder):
    settings = {"n": (2, 3), "images": 12, "overshoot": (1.0, 1.1, 2.0), "max_updates": 60, "known": 10}
    result = experiments.run("transfer", "demo", seed=3, backend="numpy", folder=folder, **settings)
    data, arrays = datasets.mnist(), result.arrays
    v, y = data.x_test[arrays["digit"]], data.y_test[arrays["digit"]]
    networks = [trained(which, 0, folder)[0] for which in (2, 3, RELU)]
    assert len(set(arrays["digit"])) == 12 and np.all(arrays["label"] == y)
    assert all(np.all(net.predict(v) == y) for net in networks)
    for norm in attacks.NORMS:
        for row, made_on in enumerate(networks):
            found = attacks.attack(v, y, made_on, norm=norm, max_updates=60, m=getattr(made_on, "n", 1))
            np.testing.assert_array_equal(arrays[f"crossed_{norm}_second"][row], found.crossed)
            moved = np.linalg.norm(found.images - v, axis=1)
            np.testing.assert_allclose(arrays[f"distance_{norm}_second"][row], moved, rtol=1e-5)
            np.testing.assert_allclose(arrays[f"largest_{norm}_second"][row], np.abs(found.images - v).max(axis=1))
            for k, factor in enumerate(settings["overshoot"]):
                image = np.clip(v + np.float32(factor) * (found.images - v), -1, 1)
                wrong = [100 * np.mean(shown_to.predict(image) != y) for shown_to in networks]
                np.testing.assert_allclose(arrays[f"error_percent_{norm}_second"][k, row], wrong)
    table = arrays["error_percent"]
    np.testing.assert_array_equal(table, arrays["error_percent_l2_second"][1, :2, :2])
    assert result.values["error_percent_n3_relu"] == arrays["error_percent_l2_second"][1, 1, 2]
    assert result.values["error_percent_n2_n3"] == table[0, 1] and result.values["error_percent_n3_n2"] == table[1, 0]
    assert 0 < table[0, 0] and arrays["error_percent_l2_random"].shape == (3, 3, 3)
    white_box = arrays["error_percent_l2_second"][0].diagonal()
    np.testing.assert_allclose(white_box, 100 * arrays["crossed_l2_second"].mean(axis=1))


def test_the_measures_on_the_boundary(folder):
    settings = {"n": (2, 3), "images": 12, "overshoot": (1.1,), "max_updates": 60, "known": 10}
    result = experiments.run("transfer", "demo", seed=3, backend="numpy", folder=folder, **settings)
    data, arrays, values = datasets.mnist(), result.arrays, result.values
    v, y = data.x_test[arrays["digit"]], data.y_test[arrays["digit"]]
    networks = [trained(which, 0, folder)[0] for which in (2, 3, RELU)]
    np.testing.assert_allclose(arrays["area"], [robustness.strokes(one[None]).mean() for one in v], rtol=1e-6)
    for row, (tag, net) in enumerate(zip(("n2", "n3", "relu"), networks)):
        found = attacks.attack(v, y, net, max_updates=60, m=getattr(net, "n", 1))
        np.testing.assert_array_equal(arrays["new"][row], found.target)
        inside = [
            ((b - a) ** 2)[robustness.strokes(a[None])[0]].sum() / ((b - a) ** 2).sum() for a, b in zip(v, found.images)
        ]
        np.testing.assert_allclose(arrays["inside"][row], inside, rtol=1e-4)
        for what, pictures in (("start", v), ("boundary", found.images)):
            for name, each in (("own", y), ("new", found.target)):
                known = robustness.likeness(pictures, each, data.x_train, data.y_train)
                np.testing.assert_allclose(arrays[f"like_{name}_{what}"][row], known, rtol=1e-5)
        beyond = found.overshoot(v, 1.1)
        answers = [shown_to.predict(beyond) for shown_to in networks]
        same = [100 * np.mean((given == answers[row]) & (given != y)) for given in answers]
        np.testing.assert_allclose(arrays["same_percent"][row], same)
        gap = [(arrays[f"like_own_{what}"][row] - arrays[f"like_new_{what}"][row]).mean() for what in transfer.PICTURES]
        assert values[f"gap_closed_percent_{tag}"] == pytest.approx(100 * (1 - gap[1] / gap[0]), rel=1e-5)
        assert values[f"gap_closed_control_percent_{tag}"] == pytest.approx(100 * (1 - gap[2] / gap[0]), rel=1e-5)
        assert values[f"inside_percent_{tag}"] == pytest.approx(100 * np.median(inside), rel=1e-4)


def test_a_random_change_has_its_length_and_stays_among_the_pixels():
    rng = np.random.default_rng(0)
    v = rng.choice([-1.0, -0.5, 0.5, 1.0], (5, 784))
    lengths = np.array([0.0, 0.5, 1, 2, 3])
    moved = transfer.random_change(v, lengths, rng)
    np.testing.assert_allclose(np.linalg.norm(moved - v, axis=1), lengths, rtol=1e-9)
    assert np.abs(moved).max() <= 1 and np.all(moved[v == -1] >= -1) and np.all((moved != v)[1:])


def test_bad_parameters(folder):
    with pytest.raises(ValueError, match="images must be at most .* that all networks classify correctly"):
        experiments.run("transfer", "demo", folder=folder, n=(2, 3), images=150)
    with pytest.raises(ValueError, match=r"overshoot must hold 1.1, the factor of the table, got \(1.0, 2.0\)"):
        experiments.run("transfer", "demo", folder=folder, n=(2, 3), overshoot=(1.0, 2.0))
    with pytest.raises(ValueError, match=r"overshoot must hold 1.0, the boundary, got \(1.1,\)"):
        experiments.run("table", "demo", folder=folder, n=(2, 3), overshoot=(1.1,))
    with pytest.raises(ValueError, match="raw_digits must be a number from 1 to 20, got 50"):
        experiments.run("table", "demo", folder=folder, n=(2, 3), digits=20)
    with pytest.raises(ValueError, match="known must be a number from 1 to 60000, got 60001"):
        experiments.run("transfer", "demo", folder=folder, n=(2, 3), known=60001)
    with pytest.raises(FileNotFoundError, match="python -m dam run mnist"):
        transfer.correct_digits((2, 7), 0, folder, "numpy")


def test_the_table_of_all_digits_is_that_of_single_attacks(folder, monkeypatch):
    """Digits that are misread too, in parts of unequal size."""
    monkeypatch.setattr(table, "CHUNK", 40)
    settings = {"n": (2, 3), "digits": 90, "overshoot": (1.0, 1.5), "max_updates": 60, "raw_digits": 12, "raw_m": (1,)}
    result = experiments.run("table", "demo", seed=3, backend="numpy", folder=folder, **settings)
    data, values = datasets.mnist(), result.values
    v, y = data.x_test[:90], data.y_test[:90]
    networks = {n: trained(n, 0, folder)[0] for n in (2, 3)}
    for a, (n, made_on) in enumerate(networks.items()):
        order = np.argsort(made_on.arguments(v), axis=1)
        assert 0 < np.mean(order[:, -1] != y) < 0.5
        found = attacks.attack(v, order[:, -1], made_on, max_updates=60, m=n)
        assert values[f"rescued_percent_n{n}"] == pytest.approx(100 * np.mean(order[:, -2] == y)) != 0
        assert values[f"crossed_percent_n{n}"] == pytest.approx(100 * np.mean(found.crossed))
        for k, factor in enumerate(settings["overshoot"]):
            image = np.clip(v + np.float32(factor) * (found.images - v), -1, 1)
            wrong = [100 * np.mean(shown_to.predict(image) != y) for shown_to in networks.values()]
            np.testing.assert_allclose(result.arrays["error_percent"][k, a], wrong)
        assert values[f"error_percent_n{n}_n{n}"] == pytest.approx(result.arrays["error_percent"][0, a, a])
    assert "deviation" not in values
    np.testing.assert_array_equal(result.arrays["overshoot"], [1.0, 1.5])


@pytest.mark.parametrize("m", [1, 2])
def test_raw_steps_are_the_gradient_of_the_objective(folder, m):
    """One digit after the other, with the gradient of eq. (14) by finite differences along the step."""
    network, data = trained(2, 0, folder)[0], datasets.mnist()
    network = replace(network, visible=network.visible.astype(np.float64), label_weights=network.label_weights * 1.0)
    v = 0.9 * data.x_test[:6].astype(np.float64)  # room for a difference
    v = attacks.attack(v, network.predict(v), network).overshoot(v, 0.95)  # a few steps from the boundary
    order = np.argsort(network.arguments(v), axis=1)
    first, second = order[:, -1], order[:, -2]
    images, updates, length = table.raw_steps(v, first, second, network, m, 7)

    def C(image, tau):
        t = np.where(np.arange(10) == tau, 1, -1)
        return np.sum((np.tanh(network.arguments(image[None])[0]) - t) ** (2 * m))

    for j, image in enumerate(v):
        _, slope = attacks.gradient(image[None], second[[j]], network, m)
        step = C(image, second[j]) * slope[0]
        unit = step / np.linalg.norm(step)
        along = (C(image + 1e-5 * unit, second[j]) - C(image - 1e-5 * unit, second[j])) / 2e-5
        assert along == pytest.approx(np.linalg.norm(step), rel=1e-3) and length[j] == pytest.approx(along, rel=1e-3)
        taken = 0
        while taken < 7 and network.predict(image[None])[0] == first[j]:
            _, slope = attacks.gradient(image[None], second[[j]], network, m)
            image, taken = np.clip(image - C(image, second[j]) * slope[0], -1, 1), taken + 1
        crossed = network.predict(image[None])[0] != first[j]
        assert updates[j] == (taken if crossed else 0)
        np.testing.assert_allclose(images[j], image, atol=1e-6)
    assert np.max(updates) > 1


def test_the_table_of_the_slides_meets_its_own_claims():
    shares = [[98.9, 50.7, 9.07, 3.44], [33.9, 99, 8.71, 3.32], [45.3, 63.7, 98.9, 5.77], [37.6, 48.3, 56.9, 98.8]]
    n = (2, 3, 20, 30)
    assert table.deviations(np.array([shares, np.array(shares) + 1])) == pytest.approx([0, 1])
    values = {f"error_percent_n{i}_n{j}": shares[a][b] for a, i in enumerate(n) for b, j in enumerate(n)}
    values |= {"gap_closed_percent_n20": 49.0, "gap_closed_percent_n30": 51.0}

    def holds():
        found = {}
        for name in ("transfer", "table"):
            run = replace(stored("", values, {}), experiment=name, parameters={"n": list(n)})
            found |= {claim.name: verdicts.verdict(claim, name, [run]).holds for claim in claims.of(name)}
        return found

    assert {name for name, held in holds().items() if held is not True} == {"ambiguous-n20", "ambiguous-n30"}
    changes = ("n2_n20", "one-way"), ("n30_n30", "white-box"), ("n20_n30", "entry-n20-n30"), ("n3_n3", "diagonal")
    for changed, name in changes:
        before, values[f"error_percent_{changed}"] = values[f"error_percent_{changed}"], 20.0
        assert holds()[name] is False
        values[f"error_percent_{changed}"] = before
    del values["error_percent_n3_n3"]
    assert holds()["white-box"] is None
