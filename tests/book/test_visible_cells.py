"""What a page shows runs: the code cells that a reader sees need nothing that only hidden cells provide.

``make test`` also runs the notebooks that ``visible.py`` writes.
"""

import builtins
import dis
import json
from pathlib import Path
from types import CodeType

import pytest
import visible

BOOK = Path(__file__).parents[2] / "book"
CHAPTERS = sorted(path.stem for path in BOOK.glob("*.ipynb"))


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
def test_a_cell_is_visible_unless_its_input_is_removed(tag, tmp_path):
    cell = {"cell_type": "code", "source": ["x = 1\n", "x"], "metadata": {"tags": [tag]} if tag else {}}
    text = {"cell_type": "markdown", "source": ["x"], "metadata": {}}
    (tmp_path / "page.ipynb").write_text(json.dumps({"cells": [text, cell]}), encoding="utf8")
    visible.write(tmp_path / "seen", book=tmp_path)
    seen = json.loads((tmp_path / "seen" / "page.ipynb").read_text(encoding="utf8"))
    assert seen["cells"] == ([text] if tag in visible.HIDDEN else [text, cell])
    assert visible.sources(seen) == ([] if tag in visible.HIDDEN else ["x = 1\nx"])


@pytest.mark.parametrize("name", CHAPTERS)
def test_visible_cells_use_only_names_that_visible_cells_bind(name):
    notebook = json.loads((BOOK / f"{name}.ipynb").read_text(encoding="utf8"))
    assert unbound(visible.sources(notebook)) == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_shown_pictures_use_only_names_of_cells_that_are_not_removed(name):
    notebook = json.loads((BOOK / f"{name}.ipynb").read_text(encoding="utf8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    kept = [cell for cell in code if "remove-cell" not in cell["metadata"].get("tags", [])]
    assert unbound(["".join(cell["source"]) for cell in kept]) == []
