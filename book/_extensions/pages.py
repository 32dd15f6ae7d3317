"""Last corrections to the pages: leave out what needs a kernel, name roles as browsers know them, number figures."""

import re
from pathlib import Path

from sphinx.util import logging

logger = logging.getLogger(__name__)
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
IMPORT = '@import "../basic.css";'
TO_FIGURE = re.compile(r'<a class="to-figure" href="(?P<page>[\w-]+)\.html#(?P<label>[\w-]+)">figure</a>')


def correct(app, pagename, templatename, context, doctree):
    """Correct one page before it is written."""
    # the page shows the sliders and frames of an Explorer, not the stored state of its live widgets
    context["script_files"] = [
        script
        for script in context.get("script_files", [])
        if getattr(script, "attributes", {}).get("type") != WIDGET_STATE
    ]
    # the toggle of a page with pages below it in the sidebar is a picture without a name
    if "generate_toctree_html" in context:
        tree = context["generate_toctree_html"]
        context["generate_toctree_html"] = lambda *a, **options: named(tree(*a, **options))
    # docutils gives the entries of a list a role that has been withdrawn; every theorem, exercise and solution gets
    # the same id
    if "body" in context:
        body = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
        body = re.sub(r'<section id="(?:proof|exercise|solution)-content">', "<section>", body)
        body = re.sub(r"(?<=\d) %|(?<=</span>) %", "&nbsp;%", body)  # the sign stays with its number
        context["body"] = TO_FIGURE.sub(lambda link: numbered(link, app.env.toc_fignumbers, pagename), body)


def numbered(link, numbers, pagename):
    """Return a link of HTML output to a figure or table with the number that this has in the book."""
    page, label = link["page"], link["label"]
    kind, name = ("table", "Table") if label.startswith("tab-") else ("figure", "Fig.")
    number = numbers.get(page, {}).get(kind, {}).get(label)
    if number is None:
        logger.warning("undefined label: no numbered %s %r on the page %r", kind, label, page, location=pagename)
        return link[0]
    return link[0].replace(">figure<", f">{name} {'.'.join(map(str, number))}<")


def named(tree):
    """Name the toggles of a table of contents, which the theme gives as parsed HTML, or as nothing if it is empty."""
    for toggle in tree("summary") if tree else []:
        toggle["aria-label"] = "pages below"
    return tree


def put_together(app, exception):
    """Put the style sheet that the theme imports into the theme's own.

    A page then waits for one file less. Chromium, looking ahead, at times asked for the imported one in the folder
    above the page.
    """
    if exception is None and app.builder.format == "html":
        static = Path(app.outdir) / "_static"
        theme, basic = static / "styles" / "theme.css", (static / "basic.css").read_text(encoding="utf8")
        text = theme.read_text(encoding="utf8").replace(IMPORT, basic.replace("url(", "url(../"))
        theme.write_text(text, encoding="utf8")


def setup(app):
    app.add_config_value("comments_config", {}, "")  # Jupyter Book sets it for an extension that is left out
    app.connect("html-page-context", correct, priority=900)
    app.connect("build-finished", put_together)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
