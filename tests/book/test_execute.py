"""Notebooks are executed two at a time, once, and one that fails is named."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_cache import get_cache

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))

import execute  # noqa: E402

MEET = """import time
from pathlib import Path
Path("{me}.here").touch()
end = time.monotonic() + 60
while not Path("{other}.here").exists():
    assert time.monotonic() < end, "alone"
    time.sleep(0.05)
"""


@pytest.fixture
def book(tmp_path):
    """A function that writes a book of notebooks, of one code cell each, and returns its folder."""

    def write(**sources):
        folder = tmp_path / "book"
        folder.mkdir()
        for name, source in sources.items():
            cell = {"cell_type": "code", "execution_count": None, "id": "one", "metadata": {}, "outputs": []}
            notebook = {"cells": [cell | {"source": source}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
            (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
        root, *others = sources
        chapters = ["chapters:", *(f"- file: {name}" for name in others)] if others else []
        lines = ["format: jb-book", f"root: {root}", *chapters]
        (folder / "_toc.yml").write_text("\n".join(lines))
        return folder

    return write


def test_the_long_notebooks_begin_first_and_pages_without_code_are_left_out(book):
    folder = book(one="1", two="2", mnist="3")
    with (folder / "_toc.yml").open("a") as toc:
        toc.write("\n- file: page")
    (folder / "page.md").write_text("# Page")
    (folder / "unlisted.ipynb").write_text("{}")
    assert [path.stem for path in execute.notebooks(folder)] == ["mnist", "one", "two"]


def test_long_notebooks_are_in_the_book():
    names = [path.stem for path in execute.notebooks(ROOT / "book")]
    assert names[: len(execute.LONG)] == execute.LONG
    assert sorted(names) == sorted(path.stem for path in (ROOT / "book").glob("*.ipynb"))


def test_two_run_at_once(book, tmp_path):
    folder = book(one=MEET.format(me="one", other="two"), two=MEET.format(me="two", other="one"))
    assert execute.execute(execute.notebooks(folder), tmp_path / "cache", 100) == []


def test_what_is_in_the_cache_is_not_run_again_and_a_change_is(book, tmp_path):
    folder = book(one="print('ran', file=open('runs', 'a')); 6 * 7")
    paths, cache = execute.notebooks(folder), tmp_path / "cache"
    for _ in range(2):
        assert execute.execute(paths, cache, 60) == []
    assert (folder / "runs").read_text() == "ran\n"
    _, merged = get_cache(cache).merge_match_into_notebook(nbformat.read(paths[0], 4))
    assert merged.cells[0].outputs[0].data["text/plain"] == "42"
    assert execute.seconds(get_cache(cache), paths[0]) > 0
    paths[0].write_text(paths[0].read_text().replace("6 * 7", "6 * 8"))
    execute.execute(paths, cache, 60)
    assert (folder / "runs").read_text() == "ran\nran\n"


def test_a_cell_that_takes_too_long_fails(book, tmp_path, capsys):
    folder = book(slow="import time; time.sleep(60)")
    assert execute.execute(execute.notebooks(folder), tmp_path / "cache", 1) == ["slow.ipynb"]
    assert "slow.ipynb failed: CellTimeoutError" in capsys.readouterr().err


def test_a_failure_is_reported_with_name_and_traceback_and_the_others_are_kept(book, tmp_path):
    folder = book(bad="wrong = 1 / 0", good="print('fine')")
    command = [sys.executable, str(ROOT / "book/execute.py"), str(folder)]
    for left in (2, 1):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert f"{left} notebooks to execute" in done.stdout
        assert "bad.ipynb failed" in done.stderr and "wrong = 1 / 0" in done.stderr
        assert "ZeroDivisionError" in done.stderr and "good.ipynb failed" not in done.stderr
        assert "\ngood " in done.stdout and "\nbad " not in done.stdout


def test_a_figure_that_cannot_be_drawn_is_a_failure(book, tmp_path):
    source = "class Broken:\n    def _repr_html_(self):\n        raise ValueError('no picture')\nBroken()"
    _, _, error = execute.run(book(bad=source) / "bad.ipynb", 60)
    assert "no picture" in error
