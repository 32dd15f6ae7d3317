"""Single trainings of a sweep, and the experiments made of them: the search on held-out digits, and the studies."""

from dataclasses import asdict

import numpy as np
import pytest

from dam import datasets
from dam.lab import claims, experiments, trainings, verdicts
from dam.lab.experiments import search, studies
from dam.network import classifier, training
from dam.network.recipes import Recipe


def few(monkeypatch, known, tested):
    """Put the first training and test digits, so many of each, in place of MNIST, and return them."""
    x, y, x_test, y_test = datasets.mnist()
    some = datasets.MNIST(x[:known], y[:known], x_test[:tested], y_test[:tested])
    monkeypatch.setattr(datasets, "mnist", lambda: some)
    return some


@pytest.fixture
def digits(monkeypatch):
    return few(monkeypatch, 1800, 300)


def small(n=3, **changes):
    return asdict(Recipe.compressed(n, 3, **{"K": 40, "batch_per_class": 10} | changes))


@pytest.mark.parametrize("held_out", (False, True))
def test_a_point_is_one_training(digits, held_out):
    found = trainings.train_once(small(), 5, held_out, "numpy")
    x, y, x_test, y_test = digits
    if held_out:
        kept, others = datasets.held_out_split(y)
        x, y, x_test, y_test = x[kept], y[kept], x[others], y[others]
    recipe = Recipe(**small())
    network, history = training.train(x, y, recipe, seed=5, x_test=x_test, y_test=y_test, progress=False)
    np.testing.assert_array_equal(found["error"], history["test_error"])
    np.testing.assert_array_equal(found["train_error"], history["train_error"])
    assert found["error_percent"] == classifier.error_percent(network, x_test, y_test)
    assert found["seconds"] > 0


def test_a_training_that_breaks_down_is_reported_as_missing(digits, monkeypatch):
    def break_down(*_, **__):
        raise FloatingPointError("a NaN")

    monkeypatch.setattr(trainings, "train", break_down)
    found = trainings.train_once(small(), 0, False, "numpy")
    assert len(found["error"]) == len(found["train_error"]) == 3
    assert all(np.all(np.isnan(value)) for value in found.values())


def test_the_search_takes_the_lowest_error_on_the_held_out_digits(digits):
    result = experiments.run("search", "demo", seed=1, backend="numpy")
    assert result.variant == "demo-n3" and result.parameters["T"] == [60.0, 90.0]
    held_out = result.arrays["held_out_percent"]
    i, j = np.unravel_index(held_out.argmin(), held_out.shape)
    chosen = {"epsilon0": result.arrays["epsilon0"][i], "T_final": result.arrays["T"][j]}
    assert (result.values["epsilon0"], result.values["T"]) == tuple(chosen.values())
    assert held_out[i, j] == result.values["held_out_percent"] and result.arrays["in_window"][i, j]
    recipe = asdict(Recipe.compressed(3, 3, K=100, **chosen))
    assert held_out[i, j] == trainings.train_once(recipe, 1, True, "numpy")["error_percent"]
    assert result.values["test_error_percent"] == trainings.train_once(recipe, 1, False, "numpy")["error_percent"]
    best, limit = held_out.min(), 2 * np.sqrt(held_out.min() * (100 - held_out.min()) / 10_000)
    np.testing.assert_array_equal(result.arrays["in_window"], held_out <= best + limit)
    again = experiments.run("search", "demo", seed=1, backend="numpy", **result.parameters)
    np.testing.assert_array_equal(again.arrays["held_out_percent"], held_out)


def test_the_search_moves_the_whole_temperature_at_large_n():
    for n, T, expected in ((3, 45.0, (300, 45)), (20, 700.0, (700, 700))):
        recipe = search.task(n, 30, 50, 0.05, T, 0, True, "numpy")["recipe"]
        assert (recipe["T_initial"], recipe["T_final"], recipe["epsilon0"], recipe["K"]) == (*expected, 0.05, 50)
    assert search.temperatures(2, None) == search.WINDOW[True] and search.temperatures(30, ()) == search.WINDOW[False]


@pytest.mark.parametrize("study", studies.STUDIES)
def test_a_study_changes_one_setting(study):
    for n, settings in studies.STUDIES[study].items():
        base = asdict(Recipe.compressed(n, 40))
        found = studies.recipes(study, n, 40, 2000)
        assert list(found)[: len(settings)] == [str(value) for value in settings]
        T = {"T_final", "T_initial"}
        fields = {
            "temperature": T,
            "ramp": {"ramp_epochs"},
            "memories": T | {"K"},
            "unscaled": {"K"},
            "objective": T | {"objective"},
            "start": {"init_mean", "init_std"},
        }
        fields = fields.get(study, {study})
        recipes = [asdict(recipe) for recipe in found.values()]
        for recipe in recipes:
            assert {key for key in base if recipe[key] != base[key]} <= fields
        assert len({str(recipe) for recipe in recipes}) == len(recipes)
        assert base in recipes or study in ("ramp", "unscaled"), "the recipe itself is among them"


def test_a_study_stores_what_it_says(digits):
    result = experiments.run("studies", "demo", seed=2, backend="numpy", study="kind")
    assert result.variant == "demo-kind"
    for n in (2, 3, 20):
        assert list(result.arrays[f"setting_n{n}"]) == ["rectified", "power"]
        assert result.arrays[f"error_n{n}"].shape == result.arrays[f"train_error_n{n}"].shape == (2, 3)
    one = trainings.train_once(asdict(Recipe.compressed(20, 3, K=60, kind="power")), 2, False, "numpy")
    assert result.values["error_percent_n20_power"] == one["error_percent"] == result.arrays["error_percent_n20"][1]
    np.testing.assert_allclose(result.arrays["error_n20"][1], one["error"], rtol=1e-6)


def test_the_start_of_the_slides_wakes_small_powers_only(digits):
    found = {n: studies.recipes("start", n, 3, 60)["slides"] for n in (2, 30)}
    assert {(r.init_mean, r.init_std) for r in found.values()} == {(0.0, 0.1)}
    for n, recipe in found.items():
        network, _ = training.train(digits.x_train, digits.y_train, recipe, seed=0, progress=False)
        start = training.initial_weights(recipe, 794, 0, "float32")
        assert np.any(network.visible != start[:, :784]) == (n == 2)
    claims_ = [claim for claim in studies.CLAIMS if claim.variant == "start"]
    result = experiments.run("xor", "demo", backend="numpy")
    result.variant, result.values = "start", {f"error_percent_n{n}_slides": 4.9 if n < 10 else 90 for n in found}
    words = [verdicts.verdict(claim, "studies", [result]).word for claim in claims_]
    assert words == ["holds", "not judged", "not judged", "contradicted"]


def test_a_study_in_other_epochs_has_a_name_of_its_own():
    for scale, usual in (("paper", 40), ("demo", 3)):
        names = [experiments.plan("studies", scale, study="m", epochs=epochs)[2] for epochs in (usual, 250)]
        assert names == [name if scale == "paper" else f"demo-{name}" for name in ("m", "m-epochs250")]


def test_bad_parameters():
    with pytest.raises(ValueError, match="study must be one of m, objective"):
        experiments.run("studies", "demo", study="color")
    for name in ("search", "studies"):
        with pytest.raises(ValueError, match="epochs must be an integer of at least 2"):
            experiments.run(name, "demo", epochs=1)


def test_claims_compare_a_setting_with_the_best_of_the_others():
    def judge(**errors):
        result = experiments.run("xor", "demo", backend="numpy")
        result.variant, result.values = "objective", {f"error_percent_{name}": e for name, e in errors.items()}
        return {claim.name: verdicts.verdict(claim, "studies", [result]) for claim in claims.of("studies")}

    rivals = {"n3_softmax": 3.0, "n3_softmax, 0.5 T": 2.5, "n3_softmax, 2 T": None}
    found = judge(n3_power=2.2, n20_power=2.2, **rivals, **{name.replace("n3", "n20"): e for name, e in rivals.items()})
    assert found["softmax-n3"].mean == pytest.approx(0.3)
    assert (found["softmax-n3"].word, found["softmax-n3"].why) == ("not judged", studies.SHORT["undecided"])
    assert found["large-m-n20"].why == found["higher-m-n20"].why == "no stored result"
    worse = judge(n3_power=2.4, n20_power=2.7, **rivals, **{name.replace("n3", "n20"): 2.5 for name in rivals})
    assert worse["softmax-n20"].mean == pytest.approx(-0.2)
