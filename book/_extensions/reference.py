"""The reference pages: every module of the package, found by walking it, on the page of its room."""

import importlib

from docutils import nodes
from docutils.statemachine import StringList
from equations import defined, is_private, modules
from sphinx.util.docutils import SphinxDirective

FAST, BASICS = "fast", "basics"
"""The page of what has a leading underscore, and the page of the package itself and of its modules outside rooms."""


def page(module):
    """Return the page on which a module is documented: its room, `BASICS`, or `FAST`."""
    if is_private(module):
        return FAST
    parts = module.split(".")[1:]
    return parts[0] if parts and hasattr(importlib.import_module(f"dam.{parts[0]}"), "__path__") else BASICS


def automodule(module):
    """Return the reStructuredText that documents a module; of a package only what it defines itself."""
    lines = [f".. automodule:: {module}"]
    if not hasattr(importlib.import_module(module), "__path__"):
        return [*lines, "   :members:", "   :special-members: __call__"]
    members = ", ".join(name.rpartition(".")[2] for name, _ in defined(module))
    return [*lines, f"   :members: {members}"] if members else lines


class Room(SphinxDirective):
    """The modules of a room, a section each."""

    required_arguments = 1

    def run(self):
        sections = []
        for module in modules():
            if page(module) == self.arguments[0]:
                section = nodes.section(ids=[nodes.make_id(f"reference-{module}")], names=[])
                section += nodes.title(module, module)
                lines = ["```{eval-rst}", *automodule(module), "```"]
                self.state.nested_parse(StringList(lines, "reference"), self.content_offset, section)
                sections.append(section)
        return sections


def setup(app):
    app.add_directive("room", Room)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
