"""The power as a dial: choice of settings, and measures of the networks against loops, on few digits and memories."""

from dataclasses import asdict

import numpy as np
import pytest

from dam import datasets
from dam.lab import experiments, paper, results, trainings, verdicts
from dam.lab.experiments import powers
from dam.network import training
from dam.network.recipes import Recipe

CALL = {"n": (2, 5, 30), "K": 12, "epochs": 12, "trial_epochs": 4, "radii": (0, 1.5), "images": 40, "backend": "numpy"}


@pytest.fixture(scope="module")
def digits():
    """1,800 training digits and 300 test digits in place of MNIST."""
    x, y, x_test, y_test = datasets.mnist()
    small = datasets.MNIST(x[:1800], y[:1800], x_test[:300], y_test[:300])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "mnist", lambda: small)
        patch.setattr(powers, "CANDIDATES", powers.CANDIDATES[::3])
        few = lambda make: lambda *arguments, **changes: make(*arguments, **changes, batch_per_class=10)
        for name in ("compressed", "ten_minutes"):
            patch.setattr(Recipe, name, few(getattr(Recipe, name)))
        yield small


@pytest.fixture(scope="module")
def result(digits):
    return experiments.run("powers", "demo", seed=3, **CALL)


def chosen_recipe(result, n):
    candidate = powers.CANDIDATES[result.arrays["chosen"][CALL["n"].index(n)]]
    return powers.recipe(n, candidate, result.parameters["epochs"], 12)


@pytest.mark.parametrize("n", CALL["n"])
def test_settings_have_the_lowest_error_on_held_out_digits(digits, result, n):
    row, errors = CALL["n"].index(n), []
    for c, candidate in enumerate(powers.CANDIDATES):
        recipe = powers.recipe(n, candidate, 4, 12)
        errors.append(trainings.train_once(asdict(recipe), 0, True, "numpy")["error_percent"])
        assert (recipe.n, recipe.K, recipe.epochs, recipe.form) == (n, 12, 4, "exact")
        assert (recipe.m, recipe.T_final) == (result.arrays["trial_m"][c], result.arrays["trial_T"][row, c])
        assert (recipe.ramp_epochs > 0) == (result.arrays["trial_schedule"][c] == "falling")
    assert result.arrays["trial_percent"][row].tolist() == errors
    assert result.values[f"held_out_percent_n{n}"] == min(errors) == errors[result.arrays["chosen"][row]]
    recipe = chosen_recipe(result, n)
    assert (result.values[f"m_n{n}"], result.values[f"T_n{n}"]) == (recipe.m, recipe.T_final)
    assert result.values[f"schedule_n{n}"] == ("falling" if recipe.ramp_epochs else "constant")


@pytest.mark.parametrize("n", CALL["n"])
def test_measures_of_a_network_against_equation_9(digits, result, n):
    row, value = CALL["n"].index(n), lambda key: result.values[f"{key}_n{n}"]
    tests = {"x_test": digits.x_test, "y_test": digits.y_test}
    recipe = chosen_recipe(result, n)
    network, history = training.train(digits.x_train, digits.y_train, recipe, seed=3, progress=False, **tests)
    visible, labels = network.visible.astype(float), network.label_weights.astype(float)
    F = lambda x: np.maximum(x / recipe.T_final, 0) ** n
    H = digits.x_test.astype(float) @ visible.T - labels.sum(axis=1)
    t = np.stack([F(H + 2 * labels[:, alpha]) - F(H) for alpha in range(10)])  # (10, M, K)
    answer = t.sum(axis=2).argmax(axis=0)
    assert value("error_percent") == pytest.approx(100 * np.mean(answer != digits.y_test))
    own = t[answer, np.arange(300)]
    comparable = (own > 0.9 * own.max(axis=1, keepdims=True)).sum(axis=1)
    assert value("comparable") == np.median(comparable) and 1 <= value("half_share") <= 6
    assert value("lone_percent") == pytest.approx(100 * np.mean(comparable == 1))
    awake = (digits.x_train.astype(float) @ visible.T).max(axis=0) > 0
    assert value("asleep_percent") == pytest.approx(100 * np.mean(~awake))
    votes = (labels > 0.5).sum(axis=1)
    assert result.arrays["votes"][row].tolist() == [np.sum(votes[awake] == k) for k in range(11)]
    assert value("one_class_percent") == pytest.approx(100 * np.mean(votes == 1))
    assert value("three_to_five_percent") == pytest.approx(100 * np.mean((votes >= 3) & (votes <= 5)))
    alike = [max(np.corrcoef(xi, v)[0, 1] for v in digits.x_train.astype(float)) for xi in visible[awake]]
    assert value("likeness") == pytest.approx(np.median(alike), abs=1e-5)
    np.testing.assert_allclose(result.arrays["error"][row], history["test_error"], rtol=1e-6)
    attacked = result.arrays["digit"]
    plain, under_attack = result.arrays["accuracy_l2"][row]
    assert plain == pytest.approx(100 * np.mean((answer == digits.y_test)[attacked])) and under_attack < plain
    assert value("accuracy_percent_l2_0") == plain and len(set(attacked.tolist())) == 40


def test_seeds_differ_in_the_training_and_not_in_the_choice(result):
    other = experiments.run("powers", "demo", seed=4, **CALL | {"n": (5,)})
    np.testing.assert_array_equal(other.arrays["trial_percent"][0], result.arrays["trial_percent"][1])
    assert not np.array_equal(other.arrays["error"][0], result.arrays["error"][1])


def test_it_is_made_again_from_what_is_stored(digits, tmp_path):
    result = experiments.run("powers", "demo", seed=3, **CALL | {"n": (5,)})
    assert results.save(result, tmp_path).name == "powers-demo-seed3.json"
    stored = results.load("powers", "demo", 3, tmp_path)
    results.save(experiments.run("powers", "demo", seed=3, backend="numpy", **stored.parameters), tmp_path / "again")
    assert experiments.differences(stored, results.load("powers", "demo", 3, tmp_path / "again")) == []
    assert stored.values["first_epoch_below_2_percent_n5"] is None


def test_the_first_epoch_below_2_percent(digits, monkeypatch):
    curve = np.array([9.0, 2.0, 1.9, 1.8])

    def short(*arguments, **options):
        network, _ = training.train(*arguments, **options, epochs=1)
        return network, {"test_error": curve, "train_error": curve, "seconds": np.ones(4)}

    monkeypatch.setattr(powers, "train", short)
    recipe = asdict(powers.recipe(3, ("falling", 3, 1.0), 4, 12))
    settings = {"seed": 0, "digits": [0, 1], "radii": [1.0], "steps": 1, "backend": "numpy"}
    assert powers.point(recipe=recipe, **settings)["first_epoch_below_2_percent"] == 3
    curve[2:] = 2.5
    assert np.isnan(powers.point(recipe=recipe, **settings)["first_epoch_below_2_percent"])


def test_trainings_that_break_down(digits, result, monkeypatch):
    def break_down(*_, **__):
        raise FloatingPointError("a NaN")

    monkeypatch.setattr(powers, "train", break_down)
    broken = experiments.run("powers", "demo", seed=3, **CALL)
    assert set(broken.arrays) == set(result.arrays) and set(broken.values) == set(result.values)
    assert all(broken.arrays[key].shape == array.shape for key, array in result.arrays.items())
    assert np.isnan(broken.values["error_percent_n5"]) and np.isnan(broken.arrays["accuracy_l2"]).all()
    assert verdicts.verdict(powers.CLAIM, "powers", [broken]).holds is None
    monkeypatch.setattr(trainings, "train", break_down)
    with pytest.raises(FloatingPointError, match="every trial for one of n"):
        experiments.run("powers", "demo", seed=3, **CALL)


def test_recipes_between_the_two_of_the_paper():
    for n, (low, high) in paper.T_FINAL.items():
        assert low <= powers.temperature(n) <= high
    for n in (4, 5, 6, 8, 10, 14, 20, 30):
        T = powers.temperature(n)
        assert 2 * n / T * (700 / T) ** (n - 1) == pytest.approx(30)
    assert powers.recipe(3, ("falling", 3, 1.0), None, 2000) == Recipe.ten_minutes(3)
    T = powers.temperature(30)
    same = Recipe.ten_minutes(30, m=10, T_initial=1.25 * T, T_final=1.25 * T, K=500)
    assert powers.recipe(30, ("constant", 10, 1.25), None, 500) == same
    for n in powers.PAPER["n"]:
        for candidate in powers.CANDIDATES:
            recipe = powers.recipe(n, candidate, 40, 2000)
            assert recipe.T_initial >= recipe.T_final, "it never gets hotter"


def test_the_claim_is_that_the_best_n_lies_within(result):
    def judge(*seeds):
        runs = []
        for errors in seeds:
            run = experiments.run("xor", "demo", backend="numpy")
            run.variant, run.parameters = "", {"n": [2, 3, 20, 30]}
            run.values = {f"error_percent_n{n}": error for n, error in zip((2, 3, 20, 30), errors)}
            runs.append(run)
        return verdicts.verdict(powers.CLAIM, "powers", runs)

    found = judge((1.9, 1.7, 2.0, 2.2), (1.9, None, 1.6, 1.8))
    assert found.holds is True and found.mean == pytest.approx(0.2) and found.seeds == 2
    assert judge((1.9, 1.7, 2.0, 2.2), (1.75, 1.7, 1.8, 2.0)).holds is False, "every seed"
    assert judge((1.5, 1.7, 2.0, 2.2)).holds is False and judge((None, 1.7, 2.0, 2.2)).holds is None
