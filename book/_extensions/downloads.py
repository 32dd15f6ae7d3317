"""Downloads below a figure: the picture as SVG, and the points that it draws as CSV.

`dam.figures.style.use` lets a figure in a notebook carry its points; the execution cache keeps them.
"""

import re
from pathlib import Path

import nbformat
from jupyter_cache import get_cache

LINKS = '<p class="downloads"><a href="{svg}" download="{name}.svg">SVG</a>{data}</p>\n'
DATA = ' · <a href="{csv}" download="{name}.csv">data</a>'
FIGURE = re.compile(r'<figure[^>]* id="(?P<name>[^"]+)">.*?</figure>', re.DOTALL)
SVG = re.compile(r'<img[^>]* src="(?P<path>_images/[^"]+\.svg)"')


def tables(notebook):
    """Return the points of the figures of an executed notebook, CSV by name."""
    found = {}
    for cell in notebook["cells"]:
        name = cell["metadata"].get("mystnb", {}).get("figure", {}).get("name")
        for output in cell.get("outputs", []) if name else []:
            if "text/csv" in output.get("data", {}):
                found[name] = "".join(output["data"]["text/csv"])
    return found


def linked(body, found):
    """Return a page with links below the caption of each figure that is an SVG; ``found`` has CSV by name."""

    def add(figure):
        picture = SVG.search(figure[0])
        if picture is None:  # sliders, or a picture of dots alone
            return figure[0]
        name = figure["name"]
        data = DATA.format(csv=f"_images/{name}.csv", name=name) if name in found else ""
        links = LINKS.format(svg=picture["path"], name=name, data=data)
        return figure[0].replace("</figcaption>", f"{links}</figcaption>")

    return FIGURE.sub(add, body)


def executed(source, cache):
    """Return a notebook as the execution cache keeps it, or None where it does not."""
    try:
        return get_cache(cache).merge_match_into_notebook(nbformat.read(source, 4))[1]
    except KeyError:
        return None


def add_downloads(app, pagename, templatename, context, doctree):
    """Write the tables of a page beside its pictures, and link both."""
    source = Path(app.srcdir) / f"{pagename}.ipynb"
    notebook = executed(source, app.config.nb_execution_cache_path) if source.exists() else None
    if "body" not in context or notebook is None:
        return
    found = tables(notebook)
    images = Path(app.outdir) / "_images"
    images.mkdir(exist_ok=True)
    for name, table in found.items():
        (images / f"{name}.csv").write_text(table, encoding="utf8")
    context["body"] = linked(context["body"], found)


def setup(app):
    app.connect("html-page-context", add_downloads, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
