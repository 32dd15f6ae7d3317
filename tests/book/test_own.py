"""The chapter on data of one's own: its cell for files of the reader does what the text says, with the files there."""

import json
from pathlib import Path

import numpy as np

import dam
from dam import datasets

BOOK = Path(__file__).parents[2] / "book"


def cell(name):
    """The source of a cell of the chapter."""
    cells = json.loads((BOOK / "own.ipynb").read_text(encoding="utf8"))["cells"]
    return next("".join(cell["source"]) for cell in cells if cell["id"] == name)


def idx(path, array):
    """Write bytes as an IDX file."""
    sizes = np.array(array.shape, ">u4").tobytes()
    path.write_bytes(bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes())


def test_the_cell_for_ones_own_files(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {"Path": Path, "dam": dam, "datasets": datasets}
    exec(cell("own-fashion"), dict(names))
    assert capsys.readouterr().out == "There is no folder fashion-mnist: nothing to train on.\n"
    folder, data = tmp_path / "fashion-mnist", datasets.mnist()
    folder.mkdir()
    for name, x, y in (("train", data.x_train[:1300], data.y_train), ("t10k", data.x_test[:100], data.y_test)):
        idx(folder / f"{name}-images-idx3-ubyte.gz", ((x + 1) * 127.5).round().reshape(-1, 28, 28))
        idx(folder / f"{name}-labels-idx1-ubyte.gz", y[: len(x)])
    exec(cell("own-fashion"), used := dict(names))
    said, _, numbers = capsys.readouterr().out.partition(":")
    assert said == "test error in %" and [float(number) for number in numbers.split()] == [
        round(error, 1) for error in used["history"]["test_error"]
    ]
    np.testing.assert_array_equal(used["a"], data.x_train[:1300])
    np.testing.assert_array_equal(used["d"], data.y_test[:100])
