"""The table of chapters on the first page: from the table of contents, and from what each notebook says it asks."""

from docutils.statemachine import StringList
from equations import notebooks
from sphinx.util.docutils import SphinxDirective


class Chapters(SphinxDirective):
    """One row for each notebook with a question: its title, the question, and what it reproduces."""

    def run(self):
        lines = ["| chapter | the question | reproduces |", "|---|---|---|"]
        for name, notebook in notebooks().items():
            if about := notebook["metadata"].get("chapter"):
                lines.append(f"| {{doc}}`{name}` | {about['question']} | {about['reproduces']} |")
        container = self.state.document.copy()
        self.state.nested_parse(StringList(lines, "chapters"), self.content_offset, container)
        return container.children


def setup(app):
    app.add_directive("chapters", Chapters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
