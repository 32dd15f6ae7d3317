"""Photographs, coupled memories and their table of transfer: on ten classes of small colored pictures, and by hand."""

import dataclasses
from itertools import product

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest

from dam.lab import experiments, results
from dam.lab.experiments import highres
from dam.lab.experiments import photographs as heads_of
from dam.network import attacks
from dam.vision import coupled
from dam.vision.layers import Convolution, Pooled, Rectifier, Sequence
from dam.vision.photographs import photograph, pixels

SIDE = 32
CHOSEN = heads_of.chosen_files


def colors(number, rng):
    """A picture of class ``number``: its color above, another below, and noise."""
    levels = np.random.default_rng(100 + number).uniform(0, 255, (2, 1, 1, 3))
    picture = np.broadcast_to(levels, (2, SIDE // 2, SIDE, 3)).reshape(SIDE, SIDE, 3)
    return np.clip(picture + rng.normal(0, 12, picture.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A folder of photographs, convolutions of random weights, and the result of ``photographs`` on them."""
    folder, rng = tmp_path_factory.mktemp("photographs"), np.random.default_rng(0)
    for number, name in enumerate(heads_of.CLASSES):
        for k in range(10):
            part, kind = ("val", heads_of.VALIDATION) if k in (3, 7, 9) else ("train", f"{name}_")
            path = folder / "imagenette" / part / name / f"{kind}{k:08d}.JPEG"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(colors(number, rng)).save(path, format="PNG")
    w = rng.normal(0, 0.3, (3, 3, 3, 24)).astype(np.float32)
    layers = Sequence((Convolution(w, rng.normal(0, 0.3, 24).astype(np.float32), 2), Rectifier(), Pooled(True)))
    into = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heads_of, "BATCH", 4)
        patch.setenv(heads_of.FOLDER, str(folder))
        patch.setattr(heads_of, "layers_of", lambda network: layers)
        patch.setattr(heads_of, "chosen_files", lambda per_class, seed: CHOSEN(7, seed))
        settings = {"side": SIDE, "n": (2, 8), "T": (2.0, 4.0), "epsilon0": (0.1,), "C": (0.1, 1.0), "K": 40}
        result = experiments.run("photographs", "demo", epochs=40, heads=2, backend="numpy", **settings)
        named = dataclasses.replace(result, variant="lite0")
        results.save(named, into)
        heads_of._stored_head.cache_clear()
        yield into, layers, result
        heads_of._stored_head.cache_clear()


@pytest.fixture(scope="module")
def table(stored):
    settings = {"n": (2, 8), "heads": 2, "images": 5, "overshoot": (1.0, 1.1, 2.0), "scalings": ("uncentered",)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(highres, "rows_agree", lambda h, powers: 100.0)
        return experiments.run("highres", "demo", backend="numpy", folder=stored[0], max_updates=40, **settings)


def test_the_test_set_is_of_imagenets_validation_set_and_comes_first(stored):
    _, _, result = stored
    files, y, tested = CHOSEN(7, 0)
    assert tested == 30 and result.arrays["tested"] == 30 and len(files) == 100
    assert all(path.name.startswith(heads_of.VALIDATION) for path in files[:tested])
    assert not any(path.name.startswith(heads_of.VALIDATION) for path in files[tested:])
    assert [heads_of.CLASSES[path.parent.name] for path in files] == [list(heads_of.CLASSES.values())[k] for k in y]
    assert len({str(path) for path in files}) == 100
    with pytest.raises(ValueError, match="per_class = 8 needs more"):
        CHOSEN(8, 0)


def test_features_are_stored_to_half_a_unit(stored):
    _, layers, result = stored
    files, _, _ = CHOSEN(7, 0)
    x = np.stack([photograph(path, SIDE) for path in files]) / np.float32(127.5) - 1
    exact, unit = coupled.features(layers, x), result.arrays["unit"]
    assert np.all(np.abs(result.arrays["h"] * unit - exact) <= 0.5001 * unit)
    assert result.arrays["h"].max() == 255


def test_settings_are_chosen_by_the_held_out_error(stored):
    result = stored[2]
    held_out = result.arrays["held_out"]
    for i, n in enumerate((2, 8)):
        a, _ = np.unravel_index(held_out[i].argmin(), held_out[i].shape)
        assert result.values[f"T_n{n}"] == (2.0, 4.0)[a] and result.values[f"epsilon0_n{n}"] == 0.1
        assert result.values[f"held_out_percent_n{n}"] == held_out[i].min()
    data = heads_of.data_of(result)
    kept, out = heads_of.split(data)
    assert sorted([*kept, *out]) == list(range(30, 100)) and len(out) == 14
    names = ("n2", "n8", "relu", "logistic")
    assert all(result.values[f"test_error_percent_{name}"] < 50 for name in names)  # by chance it would be 90


def test_scalings(stored):
    data = heads_of.data_of(stored[2])
    h = data[0][30:]
    width = np.maximum(h.std(axis=0), coupled.FLOOR)
    for name, share in (("centered", 1), ("half", 0.5), ("positive", 0)):
        x = heads_of.squashed(data, name).forward(h)[0]
        np.testing.assert_allclose(x, np.tanh((h - share * h.mean(axis=0)) / width), atol=1e-5)
    q = np.maximum(np.quantile(h, 0.99, axis=0), 2 * coupled.FLOOR)
    x = heads_of.squashed(data, "uncentered").forward(h)[0]
    np.testing.assert_allclose(x, np.clip(2 * h / q - 1, -1, 1), atol=1e-4)
    with pytest.raises(ValueError, match="scaling must be"):
        heads_of.squashed(data, "whitened")


def test_a_linear_head_is_its_rows_and_biases():
    rng = np.random.default_rng(1)
    rows, biases, x = rng.normal(size=(3, 5)), rng.normal(size=3), rng.uniform(-1, 1, (7, 5))
    a = heads_of.linear(rows, biases).forward(x)[0]
    np.testing.assert_allclose(a, x @ rows.T + biases, atol=1e-5)


def test_the_table_is_that_of_single_attacks(stored, table):
    folder = stored[0]
    rows, y = table.arrays["image"], table.arrays["label"]
    files, labels, _ = CHOSEN(7, 0)
    assert np.all(labels[rows] == y)
    v = pixels(np.stack([photograph(files[i], SIDE) for i in rows]))
    heads = [(2, 0), (2, 1), (8, 0), (8, 1), ("relu", 0), ("logistic", 0)]
    assert list(zip(table.arrays["kind"], table.arrays["number"])) == [(str(kind), number) for kind, number in heads]
    networks = [highres.coupled_to("lite0", kind, k, "centered", side=SIDE, folder=folder) for kind, k in heads]
    for i, made_on in enumerate(networks):
        found = attacks.attack(v, y.astype(int), made_on, length=0.5, max_updates=40, m=3)
        np.testing.assert_array_equal(table.arrays["crossed"][i], found.crossed)
        np.testing.assert_allclose(table.arrays["distance"][i], np.linalg.norm(found.images - v, axis=1), rtol=1e-4)
        for at, factor in enumerate((1.0, 1.1, 2.0)):
            moved = found.overshoot(v, factor)
            for j, shown_to in enumerate(networks):
                np.testing.assert_array_equal(table.arrays["answer"][i, at, j], shown_to.predict(moved))


def test_values_are_means_over_the_heads(table):
    wrong = 100 * (table.arrays["answer"][:, 1] != table.arrays["label"]).mean(axis=-1)
    of = {"n2": [0, 1], "n8": [2, 3], "relu": [4], "logistic": [5]}
    for i, j in product(of, of):
        shown = [wrong[a, b] for a in of[i] for b in of[j] if i != j or a == b]
        assert table.values[f"error_percent_{i}_{j}"] == pytest.approx(np.mean(shown))
    assert table.values["others_percent_n2"] == pytest.approx((wrong[0, 1] + wrong[1, 0]) / 2)
    assert table.values["crossed_percent_n8"] == pytest.approx(100 * table.arrays["crossed"][2:4].mean())
    assert {f"error_percent_uncentered_n{i}_n{j}" for i in (2, 8) for j in (2, 8)} <= set(table.values)


def test_mcnemars_test_against_scipy():
    rng = np.random.default_rng(2)
    y, heads = np.zeros(60, int), [(2, 0, "centered"), (2, 1, "centered"), (8, 0, "centered"), (8, 1, "centered")]
    answer = (rng.random((4, 1, 4, 60)) < 0.4).astype(int)
    answer[2, 0, 0] |= answer[0, 0, 2] & (rng.random(60) < 0.9)
    found = highres.mcnemar(heads, [{"answer": one} for one in answer], y, 0)
    for number in (0, 1):
        up, down = answer[number, 0, 2 + number] != 0, answer[2 + number, 0, number] != 0
        only = int(np.sum(down & ~up)), int(np.sum(up & ~down))
        exact = binomtest(only[0], sum(only), alternative="greater").pvalue
        assert found[f"p_{number}"] == pytest.approx(exact) and found[f"discordant_{number}"] == sum(only)
        assert found[f"up_percent_{number}"] == pytest.approx(100 * up.mean())
    same = highres.mcnemar(heads, [{"answer": np.zeros((1, 4, 60))}] * 4, y, 0)
    assert same["p_0"] == 1


def test_other_photographs_are_refused(stored):
    result = stored[2]
    h = result.arrays["h"][:30] * result.arrays["unit"]
    highres.same_photographs(h, result)
    h[3] += 2 * result.arrays["unit"]
    with pytest.raises(ValueError, match="are not those whose features"):
        highres.same_photographs(h, result)


def test_one_memory_for_each_class_answers_as_its_rows_at_every_power(monkeypatch):
    rng = np.random.default_rng(3)
    rows, biases = rng.normal(size=(6, 10)), rng.normal(size=6)
    monkeypatch.setattr(highres.weights, "lite0", lambda: highres.weights.Lite0(None, rows, biases))
    h = rng.uniform(0, 6, (50, 10))
    assert highres.rows_agree(h, (2, 3, 8, 20)) == 100
    monkeypatch.setattr(highres.Classifier, "forward", lambda self, v: (np.zeros((50, 6)), None))
    assert highres.rows_agree(h, (2,)) < 100


def test_claims_measure_what_they_say(table):
    assert highres.largest_p(table) == max(table.values["p_0"], table.values["p_1"])
    assert highres.entry(8, 2)(table) == table.values["error_percent_n8_n2"]
    assert highres.white_box(table) == min(table.values[f"error_percent_n{n}_n{n}"] for n in (2, 8))
    less = table.values["error_percent_uncentered_n8_n2"] - table.values["error_percent_uncentered_n2_n8"]
    assert highres.excess(table) == less


def test_without_the_photographs_it_is_said_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.delenv(heads_of.FOLDER, raising=False)
    with pytest.raises(FileNotFoundError, match="set DAM_PHOTOGRAPHS to a folder that holds imagenette"):
        heads_of.folder()
    monkeypatch.setenv(heads_of.FOLDER, str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"got .*" + tmp_path.name):
        heads_of.folder()
    (tmp_path / "imagenette").mkdir()
    with pytest.raises(ValueError, match="n01440764 has 0 photographs of ImageNet's validation set"):
        heads_of.chosen_files(24, 0)
