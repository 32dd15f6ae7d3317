"""What a page shows runs: the code cells that a reader sees need nothing that only hidden cells provide."""

import builtins
import dis
import json
import os
import subprocess
import sys
from pathlib import Path
from types import CodeType

import pytest

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("*.ipynb"))
HIDDEN = {"remove-cell", "remove-input"}  # a cell tagged hide-input or hide-cell can be opened, so it counts as seen
QUICK = ["xor"]


def visible(name):
    """The sources of a chapter's code cells that the built page shows, in order."""
    notebook = json.loads((ROOT / "book" / f"{name}.ipynb").read_text(encoding="utf8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return ["".join(cell["source"]) for cell in code if HIDDEN.isdisjoint(cell["metadata"].get("tags", []))]


def inner(code):
    """The code objects of functions, classes and comprehensions inside a code object, at any depth."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from inner(constant)


def unbound(cells):
    """The names that cells load before one of them stores them; what a function loads counts at the end of its cell."""
    bound, missing = {*dir(builtins), "__name__"}, []
    for source in cells:
        code = compile(source, "<visible cell>", "exec")
        for step in dis.get_instructions(code):
            if step.opname.startswith("STORE_"):
                bound.add(step.argval)
            elif step.opname == "DELETE_NAME":
                bound.discard(step.argval)
            elif step.opname == "LOAD_NAME" and step.argval not in bound:
                missing.append(step.argval)
        loaded = [step.argval for part in inner(code) for step in dis.get_instructions(part) if "GLOBAL" in step.opname]
        missing += [name for name in loaded if name not in bound]
    return list(dict.fromkeys(missing))


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        (["import numpy as np\nx = np.ones(3)", "print(x.sum(), len(x))"], []),
        (["y = x", "x = 1"], ["x"]),
        (["x = x + 1"], ["x"]),
        (["f = lambda x: x + c", "c = 1"], ["c"]),
        (["def f(x):\n    return g(x)\n\n\ndef g(x):\n    return x"], []),
        (["print([a * b for a in range(3)])"], ["b"]),
        (["for i in range(3):\n    pass\nprint(i)\ndel i", "print(i)"], ["i"]),
        (["from math import pi as p", "def area(r):\n    return p * r**2 * scale"], ["scale"]),
    ],
)
def test_names_that_no_earlier_cell_binds(cells, names):
    assert unbound(cells) == names


@pytest.mark.parametrize("tag", ["remove-cell", "remove-input", "hide-input", None])
def test_a_cell_is_visible_unless_its_input_is_removed(tag, tmp_path, monkeypatch):
    cell = {"cell_type": "code", "source": ["x = 1\n", "x"], "metadata": {"tags": [tag]} if tag else {}}
    text = {"cell_type": "markdown", "source": ["x"], "metadata": {}}
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "page.ipynb").write_text(json.dumps({"cells": [text, cell]}), encoding="utf8")
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    assert visible("page") == ([] if tag in HIDDEN else ["x = 1\nx"])


@pytest.mark.parametrize("name", CHAPTERS)
def test_visible_cells_use_only_names_that_visible_cells_bind(name):
    assert unbound(visible(name)) == []


@pytest.mark.parametrize("name", QUICK)
def test_visible_cells_run_in_an_empty_folder(name, tmp_path):
    (tmp_path / "chapter.py").write_text("\n\n".join(visible(name)), encoding="utf8")
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    variables = os.environ | {"PYTHONPATH": paths, "MPLBACKEND": "agg"}
    command = [sys.executable, "chapter.py"]
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
