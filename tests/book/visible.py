"""Notebooks as a reader sees them: without the cells that the built page hides.

usage: python tests/book/visible.py FOLDER
"""

import argparse
import json
from pathlib import Path

BOOK = Path(__file__).parents[2] / "book"
HIDDEN = {"remove-cell", "remove-input"}  # a cell tagged hide-input or hide-cell can be opened, so it counts as seen


def edition(notebook):
    """Return a notebook, as a dict, without the code cells that the built page hides."""
    cells = [cell for cell in notebook["cells"] if HIDDEN.isdisjoint(cell["metadata"].get("tags", []))]
    return notebook | {"cells": cells}


def sources(notebook):
    """Return the sources of the code cells that a reader sees, in order."""
    return ["".join(cell["source"]) for cell in edition(notebook)["cells"] if cell["cell_type"] == "code"]


def write(folder, book=BOOK):
    """Write the notebooks of the book into a folder, as a reader sees them."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(book.glob("*.ipynb")):
        notebook = edition(json.loads(path.read_text(encoding="utf8")))
        (folder / path.name).write_text(json.dumps(notebook, indent=1, ensure_ascii=False), encoding="utf8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where to write them")
    write(parser.parse_args().folder)
