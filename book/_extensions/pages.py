"""Last corrections to the pages: leave out what needs a kernel, and name roles as browsers know them."""

import re

WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


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
        context["body"] = re.sub(r"(?<=\d) %|(?<=</span>) %", "&nbsp;%", body)  # the sign stays with its number


def named(tree):
    """Name the toggles of a table of contents, which the theme gives as parsed HTML, or as nothing if it is empty."""
    for toggle in tree("summary") if tree else []:
        toggle["aria-label"] = "pages below"
    return tree


def setup(app):
    app.add_config_value("comments_config", {}, "")  # Jupyter Book sets it for an extension that is left out
    app.connect("html-page-context", correct, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
