"""A chapter's main line is an essay that reads in twenty minutes; all else is folded."""

import json
import re
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "book"
CHAPTERS = sorted(
    path.stem for path in BOOK.glob("*.ipynb") if "chapter" in json.loads(path.read_text(encoding="utf8"))["metadata"]
)
MOST = 3000


def main_line(markdown):
    """The text of a chapter that is read without opening anything: no folds, no dropdowns, no exercises."""
    text = re.sub(r"```\{fold-start\}.*?```\{fold-end\}\n```", " ", markdown, flags=re.DOTALL)
    text = re.sub(r"\n## Exercises\n.*?(?=\n## |\Z)", "\n", text, flags=re.DOTALL)
    block = r"(?m)^(?P<fence>`{3,}|:{3,})\{[\w:-]+\}[^\n]*\n(?P<body>(?:.*\n)*?)(?P=fence)[ \t]*$"
    return re.sub(block, lambda found: "" if "dropdown" in found["body"].split("\n\n")[0] else found[0], text)


def words(text):
    """The number of words; a formula, a number from a computation, and a reference count one each."""
    text = re.sub(r"\$\$.*?\$\$(?: \([\w-]+\))?|```\{math\}.*?```", " x ", text, flags=re.DOTALL)
    text = re.sub(r"\$[^$]+\$|\{[\w:]+\}`[^`]*`", " x ", text)
    text = re.sub(r"(?m)^(?:```+|:::+).*$|^:\w+:.*$|^\([\w-]+\)=$|\|[-:|]*\|", " ", text)
    return len(re.findall(r"\w[\w’'-]*", text))


@pytest.mark.parametrize(
    ("markdown", "count"),
    [
        ("Three plain words.", 3),
        ("One formula $a + b$ and {glue:text}`x-y` more.", 6),
        ("Before.\n\n```{fold-start} A title\n```\n\nmuch more text\n\n```{fold-end}\n```\n\nAfter.", 2),
        ("Seen.\n\n```{admonition} Answer\n:class: dropdown\n\nunseen text\n```\n\nSeen.", 2),
        ("Seen.\n\n```{admonition} Check\n:class: check\nseen too\n```", 3),
        ("Main.\n\n## Exercises\n\nmany words\n\n## Summary\n\nend", 3),
        ("$$\na = b\n$$ (eq-a)\n\n```{math}\n:label: eq-b\nc\n```", 2),
    ],
)
def test_words_are_counted_outside_of_folds(markdown, count):
    assert words(main_line(markdown)) == count


@pytest.mark.parametrize("name", CHAPTERS)
def test_main_line(name):
    notebook = json.loads((BOOK / f"{name}.ipynb").read_text(encoding="utf8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    count = words(main_line("\n\n".join(cells)))
    assert count <= MOST, f"{name}: {count} words in the main line"
