"""Notebooks that stand alone: what becomes of a small page, and, where the book is built, that all of them are whole.

``make alone`` and ``make colab`` run them.
"""

import importlib.util
import json
import re
import zipfile
from pathlib import Path

import nbformat
import pytest
import visible
from IPython.core.inputtransformer2 import TransformerManager
from test_visible_cells import unbound

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "_build" / "html"
MADE = sorted((BUILT / "notebooks").glob("*.ipynb"))
WHEEL = "dense_associative_memory-0.1.0-py3-none-any.whl"
RAW = re.compile(r"\{(?:glue:|ref\}|numref|cite|eq\}|doc\}|term|func|prf:)|:::|```\{")
"""What MyST looks like before it is read."""

spec = importlib.util.spec_from_file_location("alone", ROOT / "book" / "alone.py")
alone = importlib.util.module_from_spec(spec)
spec.loader.exec_module(alone)

PAGE = r"""<html><head>{canonical}</head><body><article class="bd-article">
<section id="dots"><h1><span class="section-number">3. </span>Dots<a class="headerlink" href="#dots">#</a></h1>
<p class="to-slides"><a href="slides/dots.html">Slides</a></p>
<p>It costs <span class="pasted-text">5 $</span> <em>a_b </em>for <span class="math">\(n &lt;
2\)</span>, <a href="other.html#x">there</a>, <a href="#fig-dots">Fig. 3.1</a> and
<a href="https://example.org">elsewhere</a>: <code><span>x_1</span></code>.</p>
<div class="cell"><div class="cell_output"><figure><img><figcaption><p><span class="caption-number">Fig. 3.1 </span>
<span class="caption-text">Dots.</span></p></figcaption></figure></div></div>
<div class="math" id="eq"><span class="eqno">(3.1)<a class="headerlink" href="#eq">#</a></span>\[\begin{{split}}
E &amp;= 1 \\ &amp;= 2\end{{split}}\]</div>
<div class="dropdown admonition"><p class="admonition-title">Answer to \(x\)</p><p>Two.</p><p>Three.</p></div>
<div class="check admonition"><p class="admonition-title">Check</p><p>One?</p>
<ul><li><p>a</p></li><li><p>b</p></li></ul></div>
<details class="fold"><summary>More</summary><div class="fold-body"><p>See:</p>
<div class="cell"><div class="cell_input">y</div></div></div></details>
<table><thead><tr><th><p>a</p></th><th>b</th></tr></thead>
<tbody><tr><td><p><span class="math">\(|x|\)</span></p></td><td>1</td></tr></tbody></table>
<div class="recall"><noscript><p>Use JavaScript.</p></noscript><div>Knobs</div></div>
</section></article></body></html>"""
HOME = "https://owner.github.io/book/"


def cell(source, *tags):
    return {"cell_type": "code", "id": source, "metadata": {"tags": list(tags)}, "source": [source], "outputs": []}


NOTEBOOK = {"metadata": {}, "cells": [cell("x", "remove-input"), cell("z", "remove-cell"), cell("y")]}


def made(address=""):
    canonical = f'<link rel="canonical" href="{address}dots.html">' if address else ""
    return alone.alone(PAGE.format(canonical=canonical), NOTEBOOK, WHEEL)


def texts(notebook):
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]


def codes(notebook):
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_a_page_becomes_text_and_code():
    notebook = made()
    nbformat.validate(nbformat.from_dict(notebook))
    assert [cell["cell_type"] for cell in notebook["cells"]] == [
        "code",
        "markdown",
        "code",
        "markdown",
        "code",
        "markdown",
    ]
    assert texts(notebook) == [
        "# 3. Dots\n\nIt costs 5 \\$ *a\\_b* for $n < 2$, there, Fig. 3.1 and [elsewhere](https://example.org): `x_1`.",
        "**Fig. 3.1** Dots.\n\n"
        "$$\\begin{split} E &= 1 \\\\ &= 2\\end{split} \\tag{3.1}$$\n\n"
        "<details><summary>Answer to $x$</summary>\n\nTwo.\n\nThree.\n\n</details>\n\n"
        "> **Check**\n> \n> One?\n> \n> - a\n> - b\n\n"
        "---\n\n**More**\n\nSee:",
        "---\n\n| a | b |\n|---|---|\n| $\\vert x\\vert $ | 1 |\n\n*Here the page has a simulation.*",
    ]


def test_code_is_that_of_the_notebook_less_the_removed_cells_and_folded_where_the_page_hides_it():
    notebook = made()
    assert codes(notebook)[1:] == ["x", "y"]
    hidden = [bool(cell["metadata"].get("jupyter")) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert hidden == [False, True, False]
    with pytest.raises(ValueError, match="a page shows 2 cells, but its notebook has 1"):
        alone.alone(PAGE.format(canonical=""), NOTEBOOK | {"cells": NOTEBOOK["cells"][1:]}, WHEEL)


def test_links_lead_to_the_published_book_where_its_address_is_known():
    text = texts(made(HOME))[0]
    assert f"[there]({HOME}other.html#x), [Fig. 3.1]({HOME}dots.html#fig-dots)" in text


@pytest.mark.parametrize("beside", [True, False])
@pytest.mark.parametrize("address", [HOME, ""])
def test_the_first_cell_installs_the_wheel_beside_it_or_from_the_address(address, beside, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if beside:
        (tmp_path / WHEEL).touch()
    first, asked = codes(made(address))[0], []
    assert "http" not in first or address
    source = first.replace("%pip install --quiet {wheel}", "asked.append(wheel)")
    exec(source, {"asked": asked})
    assert asked == []  # the package is there
    exec(source.replace("import dam.memory", "raise ImportError"), {"asked": asked})
    assert asked == [WHEEL if beside or not address else f"{HOME}notebooks/{WHEEL}"]


def test_the_folder_the_archive_and_the_button(tmp_path):
    (tmp_path / "_sources").mkdir()
    (tmp_path / "notebooks").mkdir()
    wheel = tmp_path / "notebooks" / WHEEL
    wheel.write_bytes(b"wheel")
    for name in ("dots", "draw"):
        (tmp_path / "_sources" / f"{name}.ipynb").write_text(json.dumps(NOTEBOOK), encoding="utf8")
        button = f'<a href="_sources/{name}.ipynb" target="_blank"\n title="Download source file">'
        (tmp_path / f"{name}.html").write_text(PAGE.format(canonical="") + button, encoding="utf8")
    assert alone.write(tmp_path, wheel) == ["dots"]
    page = (tmp_path / "dots.html").read_text(encoding="utf8")
    assert page.endswith('<a href="notebooks/dots.ipynb" download\n title="Download notebook">')
    assert (tmp_path / "draw.html").read_text(encoding="utf8").endswith(button)
    with zipfile.ZipFile(tmp_path / "notebooks" / "notebooks.zip") as archive:
        assert sorted(archive.namelist()) == [f"notebooks/{name}" for name in ("README.txt", WHEEL, "dots.ipynb")]
        assert len(archive.read("notebooks/README.txt").splitlines()) == 2


def test_all_chapters_are_made():
    if not BUILT.exists():
        pytest.skip("the book is not built: make book")
    sources = {path.stem for path in (BUILT / "_sources").glob("*.ipynb")}
    assert {path.stem for path in MADE} == sources - alone.LEFT_OUT
    wheels = [path.name for path in (BUILT / "notebooks").glob("*.whl")]
    with zipfile.ZipFile(BUILT / "notebooks" / "notebooks.zip") as archive:
        names = {Path(name).name for name in archive.namelist()}
        assert names == {"README.txt", *wheels, *(path.name for path in MADE)}
        assert archive.testzip() is None
    for path in MADE:
        page = (BUILT / f"{path.stem}.html").read_text(encoding="utf8")
        assert f'href="notebooks/{path.name}" download' in page
        assert f"_sources/{path.name}" not in page


@pytest.mark.parametrize("path", MADE, ids=lambda path: path.stem)
def test_a_notebook_has_its_numbers_and_its_code_needs_no_removed_cell(path):
    notebook = json.loads(path.read_text(encoding="utf8"))
    nbformat.validate(nbformat.from_dict(notebook))
    assert [found[0] for text in texts(notebook) for found in [RAW.search(text)] if found] == []
    plain = [TransformerManager().transform_cell(source) for source in codes(notebook)]
    assert "myst_nb" not in "".join(plain)
    assert unbound([plain[0].replace("get_ipython()", "print"), *plain[1:]]) == []
    source = json.loads((BUILT / "_sources" / path.name).read_text(encoding="utf8"))
    assert set(visible.sources(source)) <= set(codes(notebook))
