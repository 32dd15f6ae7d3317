"""The student edition has all exercises, none of their solutions, and cells that check answers."""

import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))

import students  # noqa: E402

from dam.lab import exercises  # noqa: E402

CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("*.ipynb") if "## Exercises" in path.read_text("utf8"))
KINDS = {"By hand", "Proof", "Code", "Open"}
EXERCISE = re.compile(r"(?s)\{exercise-start\} (?P<title>[^\n]*)\n:label: (?P<label>[\w-]+).*?```\n+(?P<mark>[^\n]*)")
MARK = re.compile(r"\*(?P<kind>[\w ]+) · (?P<stars>★{1,3}) · (?P<minutes>\d+) minutes\.\*")


def book(name):
    """A notebook of the book, as a dict."""
    return json.loads((ROOT / "book" / f"{name}.ipynb").read_text(encoding="utf8"))


def text(notebook, kind="markdown"):
    """All cells of one kind as one text."""
    return "\n\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind)


def cell(kind, source, *tags):
    """A cell of a notebook."""
    return {"cell_type": kind, "source": source.splitlines(keepends=True), "metadata": {"tags": list(tags)}}


START, END = "```{exercise-start} One\n:label: ex-a-one\n```\n\nDo it.", "```{exercise-end}\n```"
SOLVED = "````{solution-start} ex-a-one\n:class: dropdown\n````\n\nSo it is done."


@pytest.mark.parametrize(
    ("cells", "left"),
    [
        ([cell("code", "a = 1"), cell("markdown", "## Summary\n\nEnd.")], ["a = 1", "## Summary\n\nEnd."]),
        (
            [
                cell("markdown", f"## Exercises\n\n{START}"),
                cell("code", "exercises.check('a-one', None)", "student", "remove-cell"),
                cell("markdown", f"{END}\n\n{SOLVED}"),
                cell("code", "answer = 1"),
                cell("markdown", "As one sees.\n\n```{solution-end}\n```"),
                cell("code", "assert answer == 1", "remove-cell"),
                cell("markdown", "## Summary\n\nEnd."),
            ],
            [f"## Exercises\n\n{START}", "exercises.check('a-one', None)", END, "## Summary\n\nEnd."],
        ),
        ([cell("markdown", "A.\n\n```{solution} ex-b\n:class: dropdown\nSecret.\n```\n\nB.")], ["A.\n\nB."]),
    ],
)
def test_what_is_left_of_a_notebook(cells, left):
    notebook = {"cells": cells, "metadata": {}}
    before = json.dumps(notebook)
    assert ["".join(cell["source"]) for cell in students.edition(notebook)["cells"]] == left
    assert json.dumps(notebook) == before


def test_checks_are_shown():
    hidden = cell("code", "exercises.check('a', None)", "student", "remove-cell")
    assert students.shown(hidden)["metadata"]["tags"] == ["student"]
    assert students.shown(cell("code", "assert True", "remove-cell"))["metadata"]["tags"] == ["remove-cell"]


@pytest.mark.parametrize("name", CHAPTERS)
def test_edition_of_a_chapter(name):
    whole, edition = text(book(name)), text(students.edition(book(name)))
    assert "solution" in whole and "{solution" not in edition
    labels = EXERCISE.findall(whole)
    assert len(labels) >= 4 and EXERCISE.findall(edition) == labels
    assert "## Summary" in edition and edition.count("{exercise-end}") == len(labels)


@pytest.mark.parametrize("name", CHAPTERS)
def test_exercises_are_marked_by_kind_stars_and_minutes(name):
    found = list(EXERCISE.finditer(text(book(name))))
    marks = {exercise["title"]: MARK.match(exercise["mark"]) for exercise in found}
    assert [title for title, mark in marks.items() if mark is None or mark["kind"] not in KINDS] == []
    assert any(mark["kind"] == "By hand" for mark in marks.values())


@pytest.mark.parametrize("name", CHAPTERS)
def test_each_code_exercise_checks_itself(name):
    edition = students.edition(book(name))
    found = EXERCISE.finditer(text(edition))
    code = {e["label"].removeprefix("ex-") for e in found if (m := MARK.match(e["mark"])) and m["kind"] == "Code"}
    checked = re.findall(r'exercises\.check\("([\w-]+)", answer\)', text(edition, "code"))
    assert sorted(checked) == sorted(code) and code <= set(exercises.answers())


@pytest.mark.parametrize("name", sorted(exercises.answers()))
def test_a_check_knows_right_from_wrong(name, capsys):
    assert exercises.check(name, None) is False
    assert "No answer yet" in capsys.readouterr().out
    assert exercises.check(name, float("nan")) is False
    assert "Not yet." in capsys.readouterr().out


def test_an_unknown_exercise_is_named():
    with pytest.raises(ValueError, match="there is no exercise 'nowhere'"):
        exercises.check("nowhere", 1)


def test_edition_is_written_whole(tmp_path):
    students.write(tmp_path)
    names = {
        path.relative_to(ROOT / "book") for path in (ROOT / "book").rglob("*.*") if "__pycache__" not in path.parts
    }
    assert {path.relative_to(tmp_path) for path in tmp_path.rglob("*.*")} == names
    assert all("{solution" not in path.read_text(encoding="utf8") for path in tmp_path.glob("*.ipynb"))


def test_what_pages_include_from_outside_of_the_book_stands_beside_the_edition():
    pages = "\n".join(path.read_text(encoding="utf8") for path in (ROOT / "book").glob("*.md"))
    makefile = (ROOT / "Makefile").read_text(encoding="utf8")
    included = re.findall(r"\}\s+\.\./([\w.-]+)", pages)
    copied = re.search(r"\tcp (.+) _build/students/\n", makefile)[1].split()
    assert included and {*included, "CITATION.cff"} <= set(copied)  # the entry to copy is made from that file
