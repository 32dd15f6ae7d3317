"""Every symbol of a chapter's formulas is on the notation page, with one meaning in that chapter."""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book" / "_extensions"))

from notation import entries, formulas, head, symbols  # noqa: E402

CHAPTERS = [name for name in entries() if name != "common"]


def text(name):
    """The text of a chapter, with the captions of its figures."""
    cells = json.loads((ROOT / "book" / f"{name}.ipynb").read_text(encoding="utf8"))["cells"]
    captions = [cell["metadata"].get("mystnb", {}).get("figure", {}).get("caption", "") for cell in cells]
    return "\n\n".join(["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"] + captions)


def known(name):
    """The symbols that hold in a chapter: the common ones, where it has none of its own for the same."""
    own = entries()[name] or []
    heads = {head(entry["symbol"]) for entry in own}
    return own, [entry for entry in entries()["common"] if head(entry["symbol"]) not in heads]


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        (r"\xi_i^\mu \cdot \sigma = \sum_j x", {"xi", "i", "mu", "sigma", "j", "x"}),
        (r"P_{\text{error}} = \frac{1}{\sqrt{2\pi}}\, e^{-y}", {"P", "pi", "e", "y"}),
        (r"\mathrm{Sign}[H_i]^{\mathsf T}", {"H", "i"}),
        (r"\begin{aligned} a &= \ln K \end{aligned}", {"a", "K"}),
        (r"\textstyle\sum_\mu h_\mu", {"mu", "h"}),
    ],
)
def test_symbols_of_a_formula(formula, found):
    assert symbols(formula) == found


def test_no_entry_breaks_its_row():
    """A bar would end the cell of the table; \\lvert and \\rvert are the bars of an absolute value."""
    every = [entry for part in entries().values() for entry in part or []]
    assert [text for entry in every for text in entry.values() if "|" in str(text)] == []


def test_formulas_of_a_text():
    markdown = "Let $a$ be\n\n$$\nb = c\n$$ (eq-x)\n\n```{math}\n:label: eq-y\nd\n```\n\n```python\nprint('$e$')\n```\n"
    assert {s for formula in formulas(markdown) for s in symbols(formula)} == {"a", "b", "c", "d"}


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("T_{ij} = \\sum_\\mu x", ("T", "")),
        ("K_{1/2}", ("K", "12")),
        ("K^{\\max}", ("K", "max")),
        ("P_{\\text{error}}", ("P", "error")),
        ("f(x) = F'(x)", ("f", "")),
        ("\\xi^\\mu_i", ("xi", "")),
    ],
)
def test_what_tells_a_symbol_from_others(symbol, expected):
    assert head(symbol) == expected


@pytest.mark.parametrize("name", CHAPTERS)
def test_one_meaning_a_symbol(name):
    counts = Counter(head(entry["symbol"]) for part in known(name) for entry in part)
    assert [symbol for symbol, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_symbol_is_listed(name):
    used = {symbol for formula in formulas(text(name)) for symbol in symbols(formula)}
    listed = {symbol for part in known(name) for entry in part for symbol in symbols(entry["symbol"].split("=")[0])}
    assert sorted(used - listed) == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_no_symbol_is_listed_in_vain(name):
    used = {symbol for formula in formulas(text(name)) for symbol in symbols(formula)}
    assert [entry["symbol"] for entry in known(name)[0] if head(entry["symbol"])[0] not in used] == []
