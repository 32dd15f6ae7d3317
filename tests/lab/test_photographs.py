"""Features and heads of a folder of photographs: against obvious loops, interrupted, and with what users do wrong."""

import json
import os
import sys
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dam import checks
from dam.__main__ import main
from dam.lab import photographs
from dam.network import classifier
from dam.vision import networks, weights
from dam.vision.layers import Layer
from dam.vision.photographs import photograph, pixels

COLORS = {"blue": (40, 60, 200), "green": (60, 190, 70), "red": (210, 50, 40)}
QUICK = ["--network", "plain", "--side", "4", "--quiet"]
FAKED: dict = {}
HEADS = [*QUICK, "--n", "2", "3", "--epochs", "15", "--backend", "numpy"]


@dataclass(frozen=True)
class Plain(Layer):
    """A network whose features are the pixels, times a number."""

    factor: float = 1.0

    def forward(self, x):
        if self.factor == "large":
            raise RuntimeError("too small")
        return self.factor * x.reshape(x.shape[0], -1), x.shape

    def backward(self, state, g):
        return self.factor * g.reshape(state)


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """The network "plain", which needs no weights; no other test sees what this one built."""
    monkeypatch.setitem(networks.OURS, "plain", lambda weights: Plain())
    photographs._layers.cache_clear()
    yield
    photographs._layers.cache_clear()


def fill(folder, each, seed):
    """Photographs of each class: its color, with noise, of 32 pixels, or a wider one."""
    rng = np.random.default_rng(seed)
    for name, color in COLORS.items():
        (folder / name).mkdir(parents=True)
        for number in range(each):
            noise = rng.normal(0, 60, (32, 32 + number % 2 * 8, 3))
            picture = Image.fromarray(np.clip(color + noise, 0, 255).astype(np.uint8))
            picture.save(folder / name / f"{number:02}.{'jpg' if number % 3 else 'png'}")
    return folder


@pytest.fixture
def folder(tmp_path):
    """A folder like ImageNet's, with three classes."""
    fill(tmp_path / "photographs" / "train", 12, 0)
    fill(tmp_path / "photographs" / "val", 5, 1)
    return tmp_path / "photographs"


def slow_features(folder, side):
    """Features of "plain", names and classes: one photograph after the other."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    h = [pixels(photograph(path, side)[None])[0].astype(np.float16) for path in paths]
    names = [str(path.relative_to(folder)).replace(os.sep, "/") for path in paths]
    return np.array(h), [sorted(COLORS).index(name.split("/")[0]) for name in names], names


def test_features_of_a_folder(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(photographs, "CHUNK", 5)
    into = tmp_path / "features.npz"
    assert main(["features", str(folder / "train"), "--into", str(into), *QUICK]) == 0
    assert capsys.readouterr().out == f"{into}: 36 photographs of 3 classes, 48 features each\n"
    h, y, names = slow_features(folder / "train", 4)
    with np.load(into) as stored:
        assert np.array_equal(stored["h"], h) and stored["h"].dtype == np.float16
        assert stored["y"].tolist() == y and stored["files"].tolist() == names
        assert stored["classes"].tolist() == sorted(COLORS) and stored["skipped"].size == 0
    assert sorted(os.listdir(tmp_path)) == [into.name, folder.name]


def test_what_is_there_is_not_computed_again(folder, tmp_path, monkeypatch, capsys):
    into = tmp_path / "features.npz"
    command = ["features", str(folder / "val"), "--into", str(into), *QUICK]
    first = photographs.features(folder / "val", into, network="plain", side=4)
    monkeypatch.setattr(photographs, "sweep", None)
    assert main(command) == 0 and "is there already: 15 photographs" in capsys.readouterr().out
    again = photographs.features(str(folder / "val"), str(into), network="plain", side=4)
    assert all(np.array_equal(one, other) for one, other in zip(first[:-1], again[:-1]))
    content = into.read_bytes()
    assert main([*command, "--side", "5"]) == 2 and "is there, with other side; remove it" in capsys.readouterr().err
    path = folder / "val" / "red" / "00.png"
    os.utime(path, (1, 1))
    assert main(command) == 2 and "is there, with other photographs; remove it" in capsys.readouterr().err
    assert into.read_bytes() == content
    for other in (b"", b"notes", content[:-30], content[:400]):
        into.write_bytes(other)
        assert main(command) == 2 and "is there, and is damaged or another file" in capsys.readouterr().err
        assert into.read_bytes() == other
    np.save(into.with_suffix(".npy"), np.zeros(3))
    os.replace(into.with_suffix(".npy"), into)
    assert main(command) == 2 and "is there, and is damaged or another file" in capsys.readouterr().err


def test_it_goes_on_where_it_was(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(photographs, "CHUNK", 4)
    whole = photographs.features(folder / "train", tmp_path / "whole.npz", network="plain", side=4)
    opened, into = [], tmp_path / "features.npz"

    def until(path, side):
        opened.append(path)
        if len(opened) == 11:
            raise KeyboardInterrupt
        return photograph(path, side)

    monkeypatch.setattr(photographs.pictures, "photograph", until)
    command = ["features", str(folder / "train"), "--into", str(into), *QUICK]
    assert main(command) == 130 and not into.exists()
    assert main(command) == 0
    assert len(opened) == 11 + 36 - 8  # two chunks were done
    with np.load(into) as stored:
        assert all(np.array_equal(stored[key], getattr(whole, key)) for key in ("h", "y", "files"))
    assert not list(tmp_path.glob(".*"))


def test_photographs_that_do_not_open_are_named_or_left_out(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(photographs, "CHUNK", 5)
    train, into = folder / "train", tmp_path / "features.npz"
    whole = photographs.features(train, tmp_path / "whole.npz", network="plain", side=4)
    path = train / "green" / "03.png"
    path.write_bytes(path.read_bytes()[:500])
    (train / "red" / "01.jpg").write_text("no picture")
    command = ["features", str(train), "--into", str(into), *QUICK]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert (
        f"{path} is a damaged picture" in said and "red/01.jpg is no JPEG or PNG picture" in said and "--skip" in said
    )
    assert not into.exists()
    monkeypatch.setattr(photographs.pictures, "photograph", None)  # all is done
    assert main([*command, "--skip"]) == 0
    out = capsys.readouterr().out
    assert "34 photographs of 3 classes" in out and out.endswith("left out: green/03.png\nleft out: red/01.jpg\n")
    kept = ~np.isin(whole.files, ["green/03.png", "red/01.jpg"])
    with np.load(into) as stored:
        assert np.array_equal(stored["h"], whole.h[kept]) and stored["files"].tolist() == whole.files[kept].tolist()
        assert stored["y"].tolist() == whole.y[kept].tolist()


def test_many_photographs_that_do_not_open_are_not_all_named(folder, tmp_path):
    for path in folder.glob("val/red/*"):
        path.write_bytes(b"")
    (folder / "val" / "green" / "00.png").write_bytes(b"")
    with pytest.raises(ValueError, match="; and 1 more. Or leave such photographs out"):
        photographs.features(folder / "val", tmp_path / "a.npz", network="plain", side=4)
    found = photographs.features(folder / "val", tmp_path / "a.npz", network="plain", side=4, skip=True)
    assert np.bincount(found.y, minlength=3).tolist() == [5, 4, 0]


def test_bad_input_is_named(folder, tmp_path, monkeypatch, capsys):
    def says(said, *arguments):
        assert main([*arguments[:2], "--into", str(tmp_path / "out.npz"), "--quiet", *arguments[2:]]) == 2
        assert said in capsys.readouterr().err

    val, empty = str(folder / "val"), tmp_path / "empty"
    plain = ("--network", "plain", "--side", "4")
    says("there is no folder", "features", str(tmp_path / "nowhere"), *plain)
    empty.mkdir()
    says("holds no folder", "features", str(empty), *plain)
    (folder / "val" / "white").mkdir()
    says("white holds none", "features", val, *plain)
    (folder / "val" / "white").rmdir()
    says("side must be an integer", "features", val, "--side", "0")
    says("network must be one of", "features", val, "--network", "vgg19")
    says("vgg16 takes the weights of its authors", "features", val, "--network", "vgg16")
    np.savez(tmp_path / "w.npz", w0=np.zeros((2, 3, 3, 3)))
    says(
        "must hold finite w0, b0 to w12, b12",
        "features",
        val,
        "--network",
        "vgg16",
        "--weights",
        str(tmp_path / "w.npz"),
    )
    says("none.npz", "features", val, "--network", "vgg16", "--weights", str(tmp_path / "none.npz"))
    monkeypatch.setitem(sys.modules, "torch", None)
    says("needs PyTorch and torchvision", "features", val, "--network", "torchvision:vgg16")
    monkeypatch.setitem(networks.OURS, "plain", lambda weights: Plain("large"))
    photographs._layers.cache_clear()
    says("plain takes no images of side = 4", "features", val, *plain)
    monkeypatch.setitem(networks.OURS, "plain", lambda weights: Plain(1e6))
    photographs._layers.cache_clear()
    says("features beyond float16", "features", val, *plain)
    photographs._layers.cache_clear()
    monkeypatch.setattr(checks, "free_bytes", lambda array=None: 1000)
    says("features of 15 photographs, 48 numbers of float16 each", "features", val, *plain)
    says("training on 36 photographs, 48 features each", "heads", str(folder), *plain)
    assert not (tmp_path / "out.npz").exists()


def test_weights_of_a_user_are_told_apart(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(networks.OURS, "plain", lambda weights: Plain(float(Path(weights).read_text())))
    path, options = tmp_path / "weights", {"network": "plain", "side": 4, "weights": tmp_path / "weights"}
    path.write_text("2")
    two = photographs.features(folder / "val", tmp_path / "two.npz", **options)
    path.write_text("3")
    photographs._layers.cache_clear()
    with pytest.raises(FileExistsError, match="with other weights"):
        photographs.features(folder / "val", tmp_path / "two.npz", **options)
    three = photographs.features(folder / "val", tmp_path / "three.npz", **options)
    np.testing.assert_allclose(three.h, 1.5 * two.h.astype(float), rtol=2e-3)


# heads


def test_heads_are_trained_tested_stored_and_found_again(folder, tmp_path, monkeypatch, capsys):
    into = tmp_path / "heads.npz"
    command = ["heads", str(folder), "--into", str(into), *HEADS]
    assert main(command) == 0
    first, table = capsys.readouterr().out.split("\n", 1)
    assert first == f"{into}: 3 classes, 36 photographs to train on, 15 to test"
    h, y, _ = slow_features(folder / "val", 4)
    before = slow_features(folder / "train", 4)[0].astype(float)
    v = np.array([pixels(photograph(path, 4)[None])[0] for path in sorted(folder.glob("val/*/*"))])
    with np.load(into) as stored:
        np.testing.assert_allclose(stored["center"], before.mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(stored["width"], before.std(axis=0), rtol=1e-5)
        assert stored["classes"].tolist() == sorted(COLORS)
        for row, n in enumerate((2, 3)):
            visible, labels = stored[f"visible_n{n}"], stored[f"labels_n{n}"]
            assert visible.dtype == labels.dtype == np.float16
            assert visible.shape == (30, 48) and labels.shape == (30, 3)
            net = photographs.load(into, n)
            x = np.tanh((h.astype(np.float32) - stored["center"]) / stored["width"])
            head = classifier.Classifier(visible, labels, n, net.head.T)
            assert np.array_equal(head.predict(x), net.predict(v)) and net.side == 4
            error = 100 * np.mean(net.predict(v) != y)
            assert stored["error"][row] == error and f"n = {n}                {error:8.2f} " in table
            assert error <= 20  # of three classes
    assert sorted(path.name for path in tmp_path.glob("*.npz")) == ["heads-train.npz", "heads-val.npz", "heads.npz"]
    assert not list(tmp_path.glob(".*"))
    monkeypatch.setattr(photographs, "train", None)
    assert main(command) == 0 and capsys.readouterr().out == f"{first} ".replace(": 3", " is there already: 3")[:-1] + (
        "\n" + table
    )
    assert main([*command, "--m", "2"]) == 2 and "with other changes" in capsys.readouterr().err
    with pytest.raises(ValueError, match="no head of degree 5, only of 2, 3"):
        photographs.load(into, 5)
    (tmp_path / "w").write_bytes(b"w")
    with pytest.raises(
        ValueError, match=r"features of plain with other weights \(those of its package, now [0-9a-f]+\)"
    ):
        photographs.load(into, 2, tmp_path / "w")
    with pytest.raises(ValueError, match=r"heads-val.npz does not hold what is asked for"):
        photographs.load(tmp_path / "heads-val.npz", 2)


def test_logistic_regression_is_beside_where_it_can_be(folder, tmp_path, monkeypatch, capsys):
    linear = pytest.importorskip("sklearn.linear_model")
    found = photographs.heads(folder, tmp_path / "a.npz", n=[2], network="plain", side=4, epochs=2)
    assert found.names.tolist() == ["n = 2", "logistic regression"] and np.all(found.seconds > 0)
    (h, y, _), (h_val, y_val, _) = (slow_features(folder / part, 4) for part in ("train", "val"))
    scaled = lambda a: np.tanh((a.astype(float) - h.astype(float).mean(axis=0)) / h.astype(float).std(axis=0))
    model = linear.LogisticRegression(C=0.01, max_iter=1000).fit(scaled(h), y)
    assert found.error[1] == pytest.approx(100 * np.mean(model.predict(scaled(h_val)) != y_val))
    options = ["--into", str(tmp_path / "b.npz"), *HEADS]
    assert main(["heads", str(folder), *options, "--no-logistic"]) == 0
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    options[1] = str(tmp_path / "c.npz")
    assert main(["heads", str(folder), *options]) == 0
    assert "logistic regression" not in capsys.readouterr().out


def test_a_training_that_was_interrupted_is_not_done_again(folder, tmp_path, monkeypatch):
    whole = photographs.heads(folder, tmp_path / "whole.npz", network="plain", side=4, epochs=6, logistic=False)
    asked, train = [], photographs.train

    def until(*data, **options):
        asked.append(options["resume"])
        if len(asked) == 2:
            raise KeyboardInterrupt
        return train(*data, **options)

    monkeypatch.setattr(photographs, "train", until)
    options = {"network": "plain", "side": 4, "epochs": 6, "logistic": False}
    with pytest.raises(KeyboardInterrupt):
        photographs.heads(folder, tmp_path / "heads.npz", **options)
    found = photographs.heads(folder, tmp_path / "heads.npz", **options)
    assert asked == [False, False, True, False] and np.array_equal(found.error, whole.error)
    with np.load(tmp_path / "heads.npz") as one, np.load(tmp_path / "whole.npz") as other:
        assert all(np.array_equal(one[key], other[key]) for key in ("visible_n2", "visible_n8", "labels_n8"))


def test_heads_list_what_they_left_out(folder, tmp_path, capsys):
    (folder / "val" / "red" / "01.jpg").write_bytes(b"")
    command = ["heads", str(folder), "--into", str(tmp_path / "heads.npz"), *HEADS, "--skip"]
    for _ in range(2):
        assert main(command) == 0
        out = capsys.readouterr().out
        assert "36 photographs to train on, 14 to test" in out and out.endswith("left out: val/red/01.jpg\n")


def test_a_class_of_which_no_photograph_opens(folder, tmp_path, capsys):
    for path in folder.glob("train/red/*"):
        path.write_bytes(b"")
    assert main(["heads", str(folder), "--into", str(tmp_path / "heads.npz"), *HEADS, "--skip"]) == 2
    assert f"no photograph opens in {folder / 'train' / 'red'}" in capsys.readouterr().err


def test_the_memory_is_about_what_is_said(tmp_path, monkeypatch):
    rng, N = np.random.default_rng(0), 192
    for part, each in (("train", 300), ("val", 100)):
        y = np.repeat(np.arange(3), each)
        h = (rng.normal(size=(3, N))[y] + rng.normal(size=(len(y), N))).astype(np.float16)
        made = photographs.Features(h, y, np.array(["a", "b", "c"]), y.astype(str), np.array([], str), {})
        monkeypatch.setitem(FAKED, part, made)
        for name in "abc":
            (tmp_path / part / name).mkdir(parents=True)
            for number in range(each):
                (tmp_path / part / name / f"{number}.png").touch()
    monkeypatch.setattr(photographs, "features", lambda part, into, **options: FAKED[part.name])
    needed = []
    monkeypatch.setattr(checks, "memory", lambda bytes_, what: needed.append(bytes_))
    tracemalloc.start()
    photographs.heads(tmp_path, tmp_path / "heads.npz", network="plain", side=8, n=[2], epochs=1, K=40)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    there = 2 * N * 1200
    assert 0.6 < (peak + there) / needed[0] < 1.1


def test_train_and_val_must_have_the_same_classes(folder, tmp_path, capsys):
    command = ["heads", str(folder), "--into", str(tmp_path / "heads.npz"), *HEADS]
    (folder / "val" / "red").rename(folder / "val" / "rot")
    assert main(command) == 2
    assert "the same classes; red, rot: only one of them has it" in capsys.readouterr().err
    (folder / "val").rename(folder / "test")
    assert main(command) == 2 and f"there is no folder {folder / 'val'}" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["photographs"]


@pytest.mark.parametrize("arguments, said", [
    (["--n", "1"], "n must be"), (["--n", "200"], "n must be"), (["--memories", "0"], "K must be"),
    (["--temperature", "0"], "T_initial must be"), (["--form", "other"], "form must be"), (["--m", "99"], "m must be"),
    (["--objective", "other"], "objective must be"), (["--epochs", "0"], "epochs must be"),
])  # fmt: skip
def test_settings_out_of_range_are_refused_before_the_work(folder, tmp_path, capsys, arguments, said):
    assert main(["heads", str(folder), "--into", str(tmp_path / "heads.npz"), *HEADS, *arguments]) == 2
    assert said in capsys.readouterr().err and os.listdir(tmp_path) == ["photographs"]


def test_recipes():
    small = photographs.recipe(8, 1280, 10, 60)
    assert (small.K, small.T_initial, small.T_final, small.form, small.batch_per_class) == (100, 128, 128, "exact", 5)
    assert photographs.recipe(2, 1280, 10, 60).T_final == 40 and photographs.recipe(2, 64, 3, 4).batch_per_class == 4
    large = photographs.recipe(2, 512, 1000, 732)
    assert (large.K, large.T_final, large.form, large.batch_per_class) == (10_000, 160, "dual", 1)
    assert large.objective == "softmax" and photographs.recipe(2, 512, 1000, 732, objective="power").m == 3
    other = photographs.recipe(3, 48, 3, 9, T=7.0, K=20, epochs=2)
    assert (other.T_initial, other.T_final, other.K, other.epochs, other.N) == (7, 7, 20, 2, 48)


def test_first_answers_and_first_five():
    rng = np.random.default_rng(0)
    a, y = rng.integers(0, 5, (200, 8)).astype(float), rng.integers(0, 8, 200)  # many are equal
    order = [sorted(range(8), key=lambda c: (-row[c], c)) for row in a]
    error, top_five = photographs._errors(a, y)
    assert error == pytest.approx(100 * np.mean([best[0] != c for best, c in zip(order, y)]))
    assert top_five == pytest.approx(100 * np.mean([c not in best[:5] for best, c in zip(order, y)]))
    assert np.isnan(photographs._errors(a[:, :5], y % 5)[1])


def test_many_classes_are_trained_and_answer_in_the_dual_form(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(photographs, "MANY", 2)
    photographs.heads(folder, tmp_path / "heads.npz", n=[2], network="plain", side=4, epochs=2, logistic=False)
    assert photographs.load(tmp_path / "heads.npz", 2).head.form == "dual"
    with np.load(tmp_path / "heads.npz") as stored:
        assert json.loads(str(stored["recipes"]))["2"]["objective"] == "softmax"


def test_center_and_width_are_of_a_sample_of_many(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(photographs, "SAMPLE", 10)
    photographs.heads(folder, tmp_path / "heads.npz", n=[2], network="plain", side=4, epochs=1, logistic=False)
    h = slow_features(folder / "train", 4)[0].astype(float)[::4]
    with np.load(tmp_path / "heads.npz") as stored:
        np.testing.assert_allclose(stored["center"], h.mean(axis=0), rtol=1e-5)


def test_lite0_on_photographs(folder, tmp_path):
    try:
        layers = weights.lite0().layers
    except RuntimeError as error:
        pytest.skip(str(error))
    found = photographs.features(folder / "val", tmp_path / "features.npz", side=32)
    one = pixels(photograph(folder / "val" / found.files[7], 32)[None]).reshape(1, 32, 32, 3)
    np.testing.assert_allclose(found.h[7], layers.forward(one)[0][0], rtol=2e-3, atol=1e-3)
    assert found.h.shape == (15, 1280) and found.settings["network"] == "lite0"
