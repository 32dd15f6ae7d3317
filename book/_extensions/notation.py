"""The notation page, from the list of symbols in ``_data/notation.yml``; ``symbols()`` finds those of a formula.

A symbol is a letter, Greek or Latin, with the words or numbers that are written at it; running indices do not count:
``T_{ij}`` is T, ``K_{1/2}`` is another symbol than K.
"""

import re
from pathlib import Path

import yaml
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

LIST = Path(__file__).parents[1] / "_data" / "notation.yml"
GREEK = re.compile(
    "alpha|beta|gamma|delta|(var)?epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|upsilon|(var)?phi|chi|"
    "psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega|ell"
)
WORDS = re.compile(
    r"\\(?:text|mathrm|operatorname\*?|mathsf|label|tag|begin|end|class|eqref|textbf|textit)(?![A-Za-z])\s*(?:\{[^{}]*\}|\w)"
)
LETTERS = re.compile(r"\\([A-Za-z]+)|([A-Za-z])")


def entries():
    """Return the list: for ``common`` and each chapter, dicts with ``symbol``, ``code`` and ``meaning``."""
    return yaml.safe_load(LIST.read_text(encoding="utf8"))


def formulas(markdown):
    """Return the formulas of a text in Markdown."""
    text = re.sub(r"(?s)^```(?:python|bash|text)\n.*?^```", " ", markdown, flags=re.MULTILINE)
    blocks = re.findall(r"(?s)```\{math\}\n(.*?)```", text)
    blocks = ["\n".join(line for line in block.splitlines() if not line.startswith(":")) for block in blocks]
    text = re.sub(r"(?s)```\{math\}.*?```", " ", text)
    return blocks + [a or b for a, b in re.findall(r"(?s)\$\$(.+?)\$\$|(?<!\\)\$([^$]+?)\$", text)]


def symbols(formula):
    """Return the letters of a formula, Greek ones as their commands without the backslash."""
    found = LETTERS.findall(WORDS.sub(" ", formula))
    return {letter or command for command, letter in found if letter or GREEK.fullmatch(command)}


def head(symbol):
    """Return what tells a symbol of the list from others: its letter, and the words or numbers written at it."""
    first = re.split(r"=|\(|,|\\cdot|\\in\b", symbol)[0].strip()
    letter = min(symbols(first), key=first.index)
    marks = re.findall(
        r"\\(?:text|mathrm|operatorname)\{([^{}]*)\}|\\(max|min|ast|star|infty|bar|hat|tilde)\b|(\d)", first
    )
    return letter, "".join(a or b or c for a, b, c in marks) + ("'" if "'" in first else "")


class Notation(SphinxDirective):
    """A table of the symbols of all chapters (``common``) or of one."""

    required_arguments = 1

    def run(self):
        lines = ["| symbol | in code | meaning |", "|---|---|---|"]
        for entry in entries()[self.arguments[0]]:
            lines.append(f"| ${entry['symbol']}$ | {entry.get('code', '')} | {entry['meaning']} |")
        self.env.note_dependency(str(LIST))
        container = self.state.document.copy()
        self.state.nested_parse(StringList(lines, "notation"), self.content_offset, container)
        return container.children


def setup(app):
    app.add_directive("notation", Notation)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
