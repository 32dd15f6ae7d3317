"""Notebooks that stand alone, each in a folder of its own: within the limits, as they are and with a number changed.

``make alone`` and ``make colab`` run them, in an environment that has the wheel of the package and little else.
"""

import json
import os
import re
import shutil
from pathlib import Path

import nbformat
import pytest
import visible
from nbclient import NotebookClient

BOOK = Path(__file__).parents[2] / "book"
NOTEBOOKS = sorted(Path(os.environ["OUTSIDE"]).glob("*.ipynb")) if "OUTSIDE" in os.environ else []
WITH_EXERCISES = {path.stem for path in BOOK.glob("*.ipynb") if "## Exercises" in path.read_text("utf8")}
SECONDS, BYTES = 180, 2e9
"""Of one core, and of memory at the peak."""

CHANGED = {
    "classical": (
        "sigma = datasets.random_patterns(1000, 100, rng=1)",
        "sigma = datasets.random_patterns(1000, 100, rng=7)",
    ),
    "dense": ("for p in (0.1, 0.2, 0.3, 0.4):", "for p in (0.05, 0.25, 0.3, 0.45):"),
    "basins": ("for N in (32, 64, 128):", "for N in (32, 64, 96):"),
    "xor": ("dam.retrieve(start, xi, dam.Polynomial(3), rng=0)", "dam.retrieve(start, xi, dam.Polynomial(5), rng=0)"),
    "duality": ("for k in (1, 10):", "for k in (2, 20):"),
    "mnist": ("Recipe.paper(20, K=200, init_mean=mean", "Recipe.paper(20, K=100, init_mean=mean"),
    "prototypes": ("Recipe.compressed(n, 15, K=200, m=m)", "Recipe.compressed(n, 15, K=100, m=m)"),
    "settings": ("for rate in (0.01, 0.04, 0.1, 0.3):", "for rate in (0.02, 0.05, 0.2, 0.4):"),
    "own": ("for begin in (0, 750, 1500):", "for begin in (250, 1000, 1250):"),
    "adversarial": ("for m in (1, 30):", "for m in (1, 10):"),
    "photographs": ("8, 320, 0.1, 100, 30)", "8, 320, 0.1, 50, 30)"),
    "attention": ("completion.digits(1999, seed=0)", "completion.digits(999, seed=0)"),
}
"""{chapter: (code of an exercise, what a reader makes of it)}: one number of the exercise is another."""

USED = """
import json, pathlib, re, time
status = pathlib.Path("/proc/self/status").read_text()
print(json.dumps([time.process_time(), 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1])]))
"""
"""Seconds and bytes of the kernel, on Linux; what getrusage calls its peak may be that of the process it came from."""


def run(path, folder, change=None):
    """Run a notebook in a folder of its own, and hold it to the limits."""
    notebook = nbformat.read(shutil.copy(path, folder), as_version=4)
    for cell in notebook.cells:
        if change and cell.cell_type == "code":
            cell.source = cell.source.replace(*change)
    notebook.cells.append(nbformat.v4.new_code_cell(USED))
    kernel, place = os.environ.get("KERNEL", "python3"), {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=600, kernel_name=kernel, resources=place).execute()
    seconds, peak = json.loads(notebook.cells[-1].outputs[-1].text)
    print(f"{path.stem}{' changed' if change else ''}: {seconds:.0f} s of one core, at most {peak / 1e9:.2f} GB")
    assert seconds < SECONDS and peak < BYTES


@pytest.mark.long
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_within_the_limits(path, tmp_path):
    run(path, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if path.stem in CHANGED], ids=lambda path: path.stem)
def test_a_notebook_runs_with_a_number_changed(path, tmp_path):
    run(path, tmp_path, CHANGED[path.stem])


def test_each_chapter_with_exercises_has_a_change():
    assert set(CHANGED) == WITH_EXERCISES


@pytest.mark.parametrize("name", CHANGED)
def test_a_change_is_of_numbers_in_code_that_is_seen(name):
    old, new = CHANGED[name]
    code = "\n".join(visible.sources(json.loads((BOOK / f"{name}.ipynb").read_text(encoding="utf8"))))
    assert code.count(old) == 1 and old != new
    assert re.sub(r"[\d.]+", "0", old) == re.sub(r"[\d.]+", "0", new)


@pytest.mark.parametrize(("source", "fails"), [("x = 1", False), ("x = bytearray(10**8)\nx[:] = b'1' * 10**8", True)])
def test_the_limits_are_held(source, fails, tmp_path, monkeypatch):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    (tmp_path / "made").mkdir()
    nbformat.write(notebook, tmp_path / "made" / "small.ipynb")
    monkeypatch.setitem(globals(), "BYTES", 200e6)
    if fails:
        with pytest.raises(AssertionError):
            run(tmp_path / "made" / "small.ipynb", tmp_path)
    else:
        run(tmp_path / "made" / "small.ipynb", tmp_path)
