"""The guided tour of the package leads from every equation to code and to a test, and every module has its page."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytest.importorskip("sphinx")
sys.path.append(str(ROOT / "book" / "_extensions"))

import equations  # noqa: E402
import reference  # noqa: E402


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Return F, eq. (3).", {3}),
        ("By eqs. (5) and (6).", {5, 6}),
        ("By eqs. (12)-(14), not (7).", {12, 13, 14}),
        ("By eqs. (1) to (4).", {1, 2, 3, 4}),
        ("By eqs. (2), (4).", {2, 4}),
        (None, set()),
    ],
)
def test_numbers_of_equations_in_a_docstring(text, numbers):
    assert equations.numbers(text) == numbers


def test_uses_follow_imports_to_where_a_thing_is_defined():
    source = (
        "import dam\nfrom dam.memory import theory as t\nF = dam.Polynomial(2)\nF.activation(t.alpha(2))\nother.alpha"
    )
    used = equations.uses(source)
    assert {"dam.memory.theory.alpha", "dam.memory.interactions.Polynomial.activation"} <= used
    assert equations.uses("def alpha(): ...\nalpha()\nprint(beta.alpha)") == set()


def test_every_equation_has_code_and_all_of_that_a_test():
    index, tests = equations.index(), equations.tests()
    assert [number for number, names in index.items() if not names] == []
    tested = set().union(*tests.values())
    assert {name for names in index.values() for name in names} - tested == set()


def test_every_module_is_on_one_page_of_the_reference():
    pages = (ROOT / "book").glob("reference-*.md")
    rooms = [room for path in pages for room in re.findall(r"\{room\} (\w+)", path.read_text(encoding="utf8"))]
    assert sorted(rooms) == sorted({reference.page(module) for module in equations.modules()})


def test_chapters_write_the_equations_that_they_say_they_write():
    written = "This is eq. (5) of the paper.\n\n### Capacity: eq. (6)\n\nAt half of eq. (4), n = 2 stores {x}."
    assert equations.labeled(written) == {5, 6}
