"""Slides of each chapter, made from its built page: the title and its question, figures under a headline, the summary.

usage: python book/slides.py BUILT

BUILT is the folder of the built book. A notebook with `chapter` in its metadata becomes slides/NAME.html there, and
its page gets a line that leads to them. A code cell whose metadata has ``"slide": "Headline"`` is a slide: the
headline, and what the cell shows. What is shown, and the notebook itself, are taken from the build.
"""

import argparse
import html
import json
import re
import shutil
import sys
from pathlib import Path

from bs4 import BeautifulSoup, NavigableString

LOOKS = Path(__file__).parent / "_slides"
"""What all slides load. It is not in _static, because the pages of the book load all that is there."""

LONGEST = 170
"""Characters of a caption from which its later sentences are left out."""

ASIDES = ("Live", "Stored result", "Computed")
"""How a sentence of a caption begins that says where the numbers are from."""

SENTENCE = re.compile(r"(?<=[.?])\s+(?=[A-Z])")

LINK = '<p class="to-slides"><a href="slides/{name}.html">Slides of this chapter</a></p>'

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: slides</title>
<link rel="stylesheet" href="slides.css">
<link rel="icon" href="../_static/logo.svg">
{scripts}
<script defer src="slides.js"></script>
</head>
<body>
<main>
{slides}
</main>
<nav aria-label="Slides" hidden>
<a href="../{name}.html">to the chapter</a>
<button type="button" aria-label="previous slide">‹</button>
<output></output>
<button type="button" aria-label="next slide">›</button>
</nav>
</body>
</html>
"""


def write(built):
    """Write the slides of all chapters of a built book; return the names of those that have some."""
    built, made = Path(built), []
    for source in sorted((built / "_sources").glob("*.ipynb")):
        notebook, page = (
            json.loads(source.read_text(encoding="utf8")),
            built / f"{source.stem}.html",
        )
        if "chapter" not in notebook["metadata"] or not page.exists():
            continue
        slides = deck(page.read_text(encoding="utf8"), notebook, source.stem)
        if slides:
            (built / "slides").mkdir(exist_ok=True)
            (built / "slides" / page.name).write_text(slides, encoding="utf8")
            link(page, LINK.format(name=page.stem))
            made.append(source.stem)
    for path in LOOKS.iterdir() if made else []:
        shutil.copy(path, built / "slides")
    return made


def link(page, line):
    """Put a line of HTML below the title of a page, once."""
    text = page.read_text(encoding="utf8")
    if line not in text:
        article = text.index("<article")
        page.write_text(
            text[:article]
            + text[article:].replace("</h1>", f"</h1>\n{line}", 1),
            encoding="utf8",
        )


def deck(page, notebook, name):
    """Return the slides of a chapter as a page, or None where it has neither a headline nor a summary.

    Parameters
    ----------
    page : str
        The built page of the chapter.
    notebook : dict
        The notebook that it was built from.
    name : str
        The name of the chapter, which is that of its page.
    """
    soup = BeautifulSoup(page, "html.parser")
    article = soup.find("article")
    title = inner(article.find("h1"), name)
    slides = [*figures(article, notebook, name), *summary(article, name)]
    if not slides:
        return None
    slides.insert(
        0,
        slide(
            "title",
            "h1",
            title,
            f'<p class="question">{words(question(notebook))}</p>',
        ),
    )
    scripts = [
        script
        for script in soup.find_all("script")
        if "mathjax" in str(script).lower()
    ]
    for script in scripts:
        outward(script, name)
    plain = html.escape(BeautifulSoup(title, "html.parser").get_text())
    return PAGE.format(
        title=plain,
        name=name,
        slides="\n".join(slides),
        scripts="\n".join(map(str, scripts)),
    )


def question(notebook):
    """Return the question that a chapter asks."""
    return notebook["metadata"]["chapter"]["question"]


def slide(key, level, headline, body):
    """Return one slide as HTML; `key` is where a link to it leads."""
    return f'<section class="slide {level}" id="{key}">\n<{level}>{headline}</{level}>\n{body}\n</section>'


def figures(article, notebook, name):
    """Yield a slide for each cell with a headline, in the order of the page.

    Raises
    ------
    ValueError
        If a cell has a headline and shows nothing that a slide could show.
    """
    shown = [
        cell
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and not hidden(cell)
    ]
    boxes = article.select("div.cell")
    for number, cell in enumerate(shown):
        headline = cell["metadata"].get("slide")
        if not headline:
            continue
        key = cell["metadata"].get("mystnb", {}).get("figure", {}).get("name")
        box = article.find("figure", id=key) if key else None
        if box is None and len(boxes) == len(shown):
            box = boxes[number].select_one("figure, .cell_output")
        what = picture(box, name) if box else ""
        if not what:
            raise ValueError(
                f'{name}: the cell of the slide "{headline}" shows no picture and no table'
            )
        key = box.get("id") or f"slide-{number}"
        yield slide(
            key,
            "h2",
            words(headline.strip().rstrip(".")),
            what + caption(box, name),
        )


def hidden(cell):
    """Whether a page does not show a cell at all."""
    tags = {tag.replace("_", "-") for tag in cell["metadata"].get("tags", [])}
    return "remove-cell" in tags or {"remove-input", "remove-output"} <= tags


def picture(box, name):
    """Return what a figure shows: its images, of an interactive figure the first one seen, and its tables."""
    parts = box.select(".explorer-frame:not([hidden]) img") or box.select(
        "img, table"
    )
    for part in parts:
        for inside in [part, *part.find_all(True)]:
            inside.attrs.pop("id", None)
            inside.attrs.pop("loading", None)
        outward(part, name)
    many = " several" if len(parts) > 1 else ""
    return (
        f'<div class="picture{many}" tabindex="0">{"".join(map(str, parts))}</div>'
        if parts
        else ""
    )


def caption(box, name):
    """Return the number of a figure, which leads to it, and the first sentences of its caption."""
    number, text = (
        box.select_one(".caption-number"),
        box.select_one(".caption-text"),
    )
    if text is None:
        return ""
    label = number.get_text(strip=True) if number else "In the chapter"
    leads = (
        f'<a href="../{name}.html#{box["id"]}">{label}</a>'
        if box.get("id")
        else label
    )
    kept, length = [], 0
    for sentence in sentences(text, name):
        plain = BeautifulSoup(sentence, "html.parser").get_text()
        length += len(plain)
        if plain.startswith(ASIDES) or (kept and length > LONGEST):
            break
        kept.append(sentence)
    return f'<p class="caption">{leads} {" ".join(kept)}</p>'


def summary(article, name):
    """Yield the last slide: the points of the chapter's summary, or the sentences of its paragraphs."""
    heading = next(
        (
            h
            for h in article.find_all("h2")
            if h.find(string=re.compile(r"^\s*Summary\s*$"))
        ),
        None,
    )
    if heading is None:
        return
    section = heading.parent
    points = [
        inner(item.find("p") or item, name) for item in section.find_all("li")
    ]
    points = points or [
        sentence
        for part in section.find_all("p")
        for sentence in sentences(part, name)
    ]
    listed = "\n".join(f"<li>{point}</li>" for point in points)
    yield slide("summary", "h2", "Summary", f"<ul>\n{listed}\n</ul>")


def inner(element, name):
    """Return what is inside an element as HTML that works in the folder of the slides."""
    for mark in element.select(".headerlink"):
        mark.decompose()
    outward(element, name)
    return element.decode_contents().strip()


def sentences(element, name):
    """Return the inside of an element as a list of sentences, each HTML."""
    inner(element, name)
    found = [""]
    for child in element.children:
        first, *rest = (
            SENTENCE.split(str(child))
            if isinstance(child, NavigableString)
            else [str(child)]
        )
        found[-1] += (
            html.escape(first, quote=False)
            if isinstance(child, NavigableString)
            else first
        )
        found += [html.escape(text, quote=False) for text in rest]
    return [sentence.strip() for sentence in found if sentence.strip()]


def outward(element, name):
    """Let the links of an element, which start from the folder of the pages, start from that of the slides."""
    for part in [element, *element.find_all(True)]:
        part.attrs.pop("id", None)
        for key in ("src", "href"):
            target = part.get(key, "")
            if target.startswith("#"):
                part[key] = f"../{name}.html{target}"
            elif target and not re.match(r"(\w+:|/|\.\./)", target):
                part[key] = f"../{target}"


def words(text):
    """Return a line of plain text as HTML, with its formulas between dollars as MathJax finds them."""
    return re.sub(
        r"\$([^$]+)\$",
        r'<span class="math">\\(\1\\)</span>',
        html.escape(text, quote=False),
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("built", type=Path, help="folder of the built book")
    made = write(parser.parse_args(arguments).built)
    print(f"slides of {len(made)} chapters: {', '.join(made)}")


if __name__ == "__main__":
    sys.exit(main())
