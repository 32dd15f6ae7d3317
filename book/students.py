"""The student edition: the book's folder without solutions, with cells that check the answers to code exercises.

usage: python book/students.py FOLDER

A cell tagged ``student`` stands at the end of a code exercise and is hidden in the book; here it is seen. Everything
else in code below the heading "Exercises" belongs to solutions and goes with them.
"""

import argparse
import json
import re
import shutil
from pathlib import Path

BOOK = Path(__file__).parent
GATE = re.compile(
    r"(?ms)^(?P<fence>`{3,})\{(?P<what>exercise|solution)-(?P<end>start|end)\}.*?^(?P=fence)$"
)
SOLUTION = re.compile(
    r"(?ms)^(?P<fence>`{3,}|:{3,})\{solution\}.*?^(?P=fence)$"
)


def edition(notebook):
    """Return a notebook, as a dict, without its solutions and with its checks shown; the argument stays as it is."""
    cells, section, inside = [], "", None
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text, inside = without_solutions("".join(cell["source"]), inside)
            section = (re.findall(r"(?m)^## (.*)$", text) or [section])[-1]
            if text:
                cells.append(cell | {"source": text.splitlines(keepends=True)})
        elif section != "Exercises" or inside == "exercise":
            cells.append(shown(cell))
    return notebook | {"cells": cells}


def without_solutions(text, inside):
    """Return a text without its solutions; and in what it ends, given in what it begins: exercise, solution or None."""
    text, kept, last = SOLUTION.sub("", text), [], 0
    for gate in GATE.finditer(text):
        if inside != "solution":
            kept.append(text[last : gate.start()])
        if gate["what"] == "exercise":
            kept.append(gate[0])
        inside, last = (
            (gate["what"] if gate["end"] == "start" else None),
            gate.end(),
        )
    if inside != "solution":
        kept.append(text[last:])
    return re.sub(r"\n{3,}", "\n\n", "".join(kept)).strip("\n"), inside


def shown(cell):
    """Return a cell that is seen if it is tagged ``student``, any other as it is."""
    tags = cell["metadata"].get("tags", [])
    seen = (
        [tag for tag in tags if tag != "remove-cell"]
        if "student" in tags
        else tags
    )
    return cell | {
        "metadata": cell["metadata"] | ({"tags": seen} if tags else {})
    }


def write(folder):
    """Write the student edition of the book's folder."""
    shutil.copytree(
        BOOK,
        folder,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for path in sorted(folder.glob("*.ipynb")):
        notebook = edition(json.loads(path.read_text(encoding="utf8")))
        path.write_text(
            json.dumps(notebook, indent=1, ensure_ascii=False) + "\n",
            encoding="utf8",
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where to write it")
    write(parser.parse_args().folder)
