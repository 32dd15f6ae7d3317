"""Notebooks that a reader can open alone, made from the built pages: text with its numbers, and cells that run.

usage: python book/alone.py BUILT

BUILT is the folder of the built book. Its notebooks become BUILT/notebooks/NAME.ipynb. Beside them lie the wheel of the
package, which their first cell installs, and notebooks.zip with all of it. The download button of a page leads there.
The text is taken from the page, where every number and reference is in its place; the code from the notebook, less the
cells that the page leaves out. A figure that the page shows without its code has it folded here.
"""

import argparse
import html
import json
import re
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from urllib.parse import urljoin

from bs4 import BeautifulSoup, NavigableString

ROOT = Path(__file__).parents[1]
LEFT_OUT = {"draw"}
"""Notebooks whose page is about a box that only the page has."""

FOLDED = {"hide-input", "hide-cell", "remove-input"}
"""Tags of cells whose code a reader of the page does not see at first, or not at all."""

INSTALL = """\
# A chapter of the book "Dense Associative Memory"{page}
# This cell installs the package of the book, unless it is there.
# Then run all cells: they draw the figures that the captions describe.
{beside}try:
    import dam.memory
except ImportError:
{name}    %pip install --quiet {{wheel}}"""

BESIDE = """\
# It needs the file that it names, from the folder "notebooks" of the book:
# put it beside this notebook first.
"""

NAME = """\
    wheel = "{wheel}"
"""

ADDRESS = """\
    from pathlib import Path

    wheel = "{wheel}"
    if not Path(wheel).exists():
        wheel = "{address}" + wheel
"""

README = """\
The chapters of the book "Dense Associative Memory" as notebooks for Jupyter, and {wheel}, its package.
The first cell of each installs the package; `pip install {wheel}` does the same by hand.
"""

INLINE = {
    "a",
    "b",
    "br",
    "cite",
    "code",
    "em",
    "i",
    "span",
    "strong",
    "sub",
    "sup",
}
MARKS = {"em": "*", "i": "*", "cite": "*", "strong": "**", "b": "**"}
BOXES = "admonition", "proof", "fold"


def write(built, wheel):
    """Write the stand-alone notebooks of a built book; return their names.

    Parameters
    ----------
    built : path
        The folder of the built book.
    wheel : path
        The wheel of the package, in the folder of the notebooks.
    """
    built, wheel, made = Path(built), Path(wheel), []
    folder = wheel.parent
    for source in sorted((built / "_sources").glob("*.ipynb")):
        page = built / f"{source.stem}.html"
        if page.exists() and source.stem not in LEFT_OUT:
            notebook = json.loads(source.read_text(encoding="utf8"))
            notebook = alone(
                page.read_text(encoding="utf8"), notebook, wheel.name
            )
            text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
            (folder / source.name).write_text(text, encoding="utf8")
            link(page)
            made.append(source.stem)
    with zipfile.ZipFile(
        folder / "notebooks.zip", "w", zipfile.ZIP_DEFLATED
    ) as archive:
        archive.writestr(
            "notebooks/README.txt", README.format(wheel=wheel.name)
        )
        archive.write(
            wheel, f"notebooks/{wheel.name}", zipfile.ZIP_STORED
        )  # it is compressed already
        for name in made:
            archive.write(folder / f"{name}.ipynb", f"notebooks/{name}.ipynb")
    return made


def link(page):
    """Let the download button of a page offer its stand-alone notebook."""
    source = f'<a href="_sources/{page.stem}.ipynb" target="_blank"'
    ours = f'<a href="notebooks/{page.stem}.ipynb" download'
    text = page.read_text(encoding="utf8")
    page.write_text(
        text.replace(source, ours).replace(
            "Download source file", "Download notebook"
        ),
        encoding="utf8",
    )


def alone(page, notebook, wheel):
    """Return the stand-alone notebook of a page, as a dict.

    Parameters
    ----------
    page : str
        The built page.
    notebook : dict
        The notebook that it was built from.
    wheel : str
        The name of the wheel.

    Raises
    ------
    ValueError
        If the page shows other cells than the notebook has.
    """
    soup = BeautifulSoup(page, "html.parser")
    address = soup.find("link", rel="canonical")
    address = address["href"] if address else ""
    article = soup.find("article")
    prepare(article, address)
    codes = [
        cell
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and "remove-cell" not in tags(cell)
    ]
    shown = article.select("div.cell")
    if len(shown) != len(codes):
        raise ValueError(
            f"a page shows {len(shown)} cells, but its notebook has {len(codes)} that are not removed"
        )
    for div, cell in zip(shown, codes):
        div.code = code(cell)
    cells, texts = (
        [code({"id": "install", "source": install(wheel, address)})],
        [],
    )
    for part in [*blocks(article), None]:  # None: the last text ends too
        if isinstance(part, str):
            texts.append(part)
            continue
        if texts:
            cells.append(markdown(f"text-{len(cells)}", "\n\n".join(texts)))
        cells += [part] if part else []
        texts = []
    metadata = {
        key: notebook["metadata"][key]
        for key in ("kernelspec", "language_info")
        if key in notebook["metadata"]
    }
    return {
        "cells": cells,
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def install(wheel, address):
    """Return the source of the cell that installs a wheel, given the address of the page or ""."""
    if not address:
        return INSTALL.format(
            page=".", beside=BESIDE, name=NAME.format(wheel=wheel)
        )
    name = ADDRESS.format(wheel=wheel, address=urljoin(address, "notebooks/"))
    return INSTALL.format(page=f": {address}", beside="", name=name)


def tags(cell):
    """Return the tags of a cell."""
    return cell.get("metadata", {}).get("tags", [])


def code(cell):
    """Return a code cell with the source of another one, folded where a page folds it."""
    metadata = (
        {}
        if FOLDED.isdisjoint(tags(cell))
        else {"jupyter": {"source_hidden": True}}
    )
    source = "".join(cell["source"]).splitlines(keepends=True)
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": cell["id"],
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def markdown(name, text):
    """Return a cell of text."""
    return {
        "cell_type": "markdown",
        "id": name,
        "metadata": {},
        "source": text.splitlines(keepends=True),
    }


def prepare(article, address):
    """Drop what only a page needs; lead its links to the published book, or nowhere where its address is not known."""
    for extra in article.select(
        "a.headerlink, p.to-slides, script, style, noscript ~ *"
    ):
        extra.decompose()
    for anchor in article.find_all("a"):
        target = anchor.get("href", "")
        if re.match(r"https?:", target):
            continue
        if address and target:
            anchor["href"] = urljoin(address, target)
        else:
            anchor.unwrap()


def blocks(node):
    """Yield what stands in an element: texts in Markdown, and the cells of code between them."""
    line = ""
    for child in node.children:
        if isinstance(child, NavigableString) or child.name in INLINE:
            line += (
                inline(child)
                if type(child) is NavigableString or child.name in INLINE
                else ""
            )
            continue
        if line.strip():
            yield line.strip()
        line = ""
        yield from block(child)
    if line.strip():
        yield line.strip()


def block(node):
    """Yield one block of a page as texts and cells."""
    classes = node.get("class", [])
    if "cell" in classes:
        yield node.code
        for number in node.select(".cell_output .caption-number"):
            number.name = "strong"
            yield inside(number.parent)
    elif re.fullmatch("h[1-6]", node.name):
        yield f"{'#' * int(node.name[1])} {inside(node)}"
    elif node.name == "p":
        if text := inside(node):
            yield text
    elif node.name in ("ul", "ol"):
        yield listed(node)
    elif node.name == "table":
        yield from table(node)
    elif node.name == "pre":
        yield f"```\n{node.get_text().rstrip()}\n```"
    elif node.name == "noscript":
        yield "*Here the page has a simulation.*"
    elif "math" in classes:
        yield displayed(node)
    elif any(box in classes for box in BOXES):
        yield from boxed(node, classes)
    else:
        yield from blocks(node)


def boxed(node, classes):
    """Yield a box of a page: quoted, or to be opened; a box with code in it lies between two rules."""
    title = node.select_one(":scope > summary, :scope > p.admonition-title")
    title = title and title.extract()
    parts = list(blocks(node))
    bold = [f"**{inside(title)}**"] if title else []
    if not all(isinstance(part, str) for part in parts):
        yield from ["---", *bold, *parts, "---"]
    elif title and not {"fold", "dropdown"}.isdisjoint(classes):
        text = "\n\n".join(parts)
        yield f"<details><summary>{html.escape(plain(title), quote=False)}</summary>\n\n{text}\n\n</details>"
    else:
        yield textwrap.indent(
            "\n\n".join(bold + parts), "> ", lambda line: True
        )


def plain(node):
    """Return the text of an element, formulas between dollars."""
    return re.sub(r"\\[()]", "$", " ".join(node.get_text().split()))


def displayed(node):
    """Return a formula on a line of its own, with its number."""
    number = node.find(class_="eqno")
    number = number.extract().get_text().strip("() \n") if number else ""
    tex = (
        " ".join(node.get_text().split())
        .removeprefix(r"\[")
        .removesuffix(r"\]")
        .strip()
    )
    return f"$${tex} \\tag{{{number}}}$$" if number else f"$${tex}$$"


def listed(node):
    """Return a list."""
    texts = []
    for number, item in enumerate(node.find_all("li", recursive=False), 1):
        mark = "- " if node.name == "ul" else f"{number}. "
        texts.append(
            mark
            + textwrap.indent(
                "\n\n".join(blocks(item)), " " * len(mark)
            ).strip()
        )
    return "\n".join(texts)


def table(node):
    """Yield the caption of a table and the table; bars in formulas would end its columns."""
    if caption := node.find("caption"):
        yield inside(caption.extract())
    rows = []
    for row in node.find_all("tr"):
        cells = [" ".join(blocks(cell)) for cell in row.find_all(["th", "td"])]
        cells = [
            cell.replace(r"\|", r"\Vert ").replace("|", r"\vert ")
            for cell in cells
        ]
        rows.append(f"| {' | '.join(cells)} |")
    width = len(node.find("tr").find_all(["th", "td"]))
    yield "\n".join([rows[0], "|" + "---|" * width, *rows[1:]])


def inside(node):
    """Return the text in an element as Markdown."""
    return re.sub(" {2,}", " ", "".join(map(inline, node.children))).strip()


def inline(node):
    """Return a text or an element in a line as Markdown."""
    if isinstance(node, NavigableString):
        return re.sub(r"([\\`*_<$])", r"\\\1", re.sub(r"[ \n\t]+", " ", node))
    if "math" in node.get("class", []):
        return f"${' '.join(node.get_text().split())[2:-2].strip()}$"
    if node.name == "code":
        return f"`{node.get_text()}`"
    if node.name == "br":
        return "<br>"
    text = "".join(map(inline, node.children))
    mark, words = MARKS.get(node.name, ""), text.strip()
    marked = (
        f"[{words}]({node['href']})"
        if node.name == "a"
        else f"{mark}{words}{mark}"
    )
    return (
        text.replace(words, marked, 1) if words else text
    )  # spaces stay outside


def build_wheel(folder):
    """Build the wheel of the package into a folder, without asking an index for anything; return its path."""
    folder = Path(folder).resolve()
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        folder,
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("built", type=Path, help="folder of the built book")
    built = parser.parse_args(arguments).built
    made = write(built, build_wheel(built / "notebooks"))
    print(f"notebooks that stand alone: {', '.join(made)}")


if __name__ == "__main__":
    sys.exit(main())
