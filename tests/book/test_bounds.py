"""A measured bound in the text is rounded outward: by ``figures.page.at_most`` or ``at_least``."""

import json
import re
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "book").glob("*.ipynb"))
BOUND = re.compile(
    r"(at most|within|no more than|at least|no less than)\s+(?:about\s+)?\{glue:text\}`\w+?-([\w-]+)(:[^`]+)?`"
)
ROUNDED = re.compile(r":[,.]?\d*\.?\d*[fg]\}|pct\(")
LAW = {("prototypes", "width-30")}  # a width that follows from the power, no bound of numbers


def bounds(notebook):
    """The keys of the numbers that a text says something is at most or at least, and whether it rounds them itself."""
    text = "\n\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    return [(key, form) for _, key, form in BOUND.findall(text)]


def kept(notebook, key):
    """The statements that keep a number under a key."""
    code = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    return re.findall(rf'^ *put\(\s*"{re.escape(key)}",(?:.|\n)*?\)$', code, flags=re.MULTILINE)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_bounds_are_not_rounded_to_the_nearest(path):
    notebook = json.loads(path.read_text(encoding="utf8"))
    found = {
        key
        for key, form in bounds(notebook)
        if (path.stem, key) not in LAW
        and (form or any(ROUNDED.search(put) and "page.at_" not in put for put in kept(notebook, key)))
    }
    assert found == set()


def test_a_bound_rounded_to_the_nearest_is_found():
    def example(put, text="The error is at most {glue:text}`ab-most` %."):
        kinds = {"markdown": text, "code": put}
        return {"cells": [{"cell_type": kind, "source": [source]} for kind, source in kinds.items()]}

    wrong, right = 'put("most", f"{max(x):.1f}")', 'put("most", figures.page.at_most(max(x), 1))'
    for put, rounded in ((wrong, True), (right, False)):
        ((key, form),) = bounds(example(put))
        assert key == "most" and not form
        (statement,) = kept(example(put), key)
        assert bool(ROUNDED.search(statement)) == rounded
    assert bounds(example(wrong, "It lies within {glue:text}`ab-most:.2f` of it.")) == [("most", ":.2f")]
