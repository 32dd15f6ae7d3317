"""The cards of the chapters on the first page: from the table of contents, and from what each notebook says it asks."""

import shutil
from html import escape
from pathlib import Path

from docutils.statemachine import StringList
from equations import notebooks, text
from sphinx.util.docutils import SphinxDirective

from dam.figures import cards

CARD = """:::{{grid-item-card}} {title}
:link: {name}
:link-type: doc
:class-card: chapter-card
```{{raw}} html
<img src="_static/cards/{name}.png" width="384" height="192" alt="{alt}">
```
*{question}*

{answer}
:::"""


def chapters():
    """Return what the metadata of each notebook with a question says of it, and its title, by name."""
    about = {name: notebook["metadata"].get("chapter") for name, notebook in notebooks().items()}
    titles = {name: text(notebook, "markdown").split("\n")[0].lstrip("# ") for name, notebook in notebooks().items()}
    return {name: {"title": titles[name], **found} for name, found in about.items() if found}


class Chapters(SphinxDirective):
    """A card for each notebook with a question: its title and picture, the question, and the answer in a sentence."""

    def run(self):
        texts = [
            CARD.format(name=name, alt=escape(cards.PICTURES[name].__doc__), **about)
            for name, about in chapters().items()
        ]
        lines = ["::::{grid} 1 2 2 2", ":gutter: 3", "", *"\n\n".join(texts).split("\n"), "::::"]
        container = self.state.document.copy()
        self.state.nested_parse(StringList(lines, "chapters"), self.content_offset, container)
        return container.children


def write_pictures(app, exception):
    """Put the pictures of the cards beside the scripts; they are drawn once for each state of the package."""
    if exception is not None or app.builder.format != "html":
        return
    kept, folder = Path(app.config.nb_execution_cache_path) / "cards", Path(app.outdir) / "_static" / "cards"
    kept.mkdir(parents=True, exist_ok=True)
    for name in chapters():
        if not (kept / f"{name}.png").exists():
            (kept / f"{name}.png").write_bytes(cards.png(name))
    shutil.copytree(kept, folder, dirs_exist_ok=True)


def setup(app):
    app.add_directive("chapters", Chapters)
    app.connect("build-finished", write_pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
