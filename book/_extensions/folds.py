"""Folds: what stands between ``{fold-start} Title`` and ``{fold-end}``, text, code and figures, opens with a click.

Both directives stand at the same level, with no heading between them.
"""

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)


class fold(nodes.General, nodes.Element):
    """A folded part of a page; its first child is the title."""


class fold_title(nodes.General, nodes.TextElement):
    """What a reader sees of a closed fold."""


class fold_end(nodes.General, nodes.Element):
    """The end of a fold, before `Gather` has put its parts into it."""


class FoldStart(SphinxDirective):
    """Begins a fold; the argument is its title."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        parsed, messages = self.parse_inline(self.arguments[0])
        node = fold("", fold_title("", "", *parsed))
        self.set_source_info(node)
        return [node, *messages]


class FoldEnd(SphinxDirective):
    """Ends a fold."""

    def run(self):
        node = fold_end()
        self.set_source_info(node)
        return [node]


class Gather(SphinxTransform):
    """Moves what stands between the beginning and the end of a fold into it."""

    default_priority = 1  # before anything looks at the parts

    def apply(self):
        for start in list(self.document.findall(fold)):
            rest = start.parent[start.parent.index(start) + 1 :]
            stop = next((i for i, node in enumerate(rest) if isinstance(node, fold | fold_end)), None)
            if not stop or isinstance(rest[stop], fold):
                logger.warning("this fold is empty, or does not end before the next heading or fold", location=start)
                continue
            for node in rest[: stop + 1]:
                start.parent.remove(node)
            start += rest[:stop]
        for end in list(self.document.findall(fold_end)):
            logger.warning("no fold begins above this end of one, in its section", location=end)
            end.parent.remove(end)


def open_fold(translator, node):
    """Write the beginning of a fold."""
    translator.body.append('<details class="fold">\n')


def close_fold(translator, node):
    """Write the end of a fold."""
    translator.body.append("</div></details>\n")


def open_title(translator, node):
    """Write the beginning of a fold's title."""
    translator.body.append("<summary>")


def close_title(translator, node):
    """Write the end of a fold's title."""
    translator.body.append('</summary><div class="fold-body">\n')


def setup(app):
    app.add_node(fold, html=(open_fold, close_fold))
    app.add_node(fold_title, html=(open_title, close_title))
    app.add_node(fold_end)
    app.add_directive("fold-start", FoldStart)
    app.add_directive("fold-end", FoldEnd)
    app.add_transform(Gather)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": 1}
