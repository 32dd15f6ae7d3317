"""The bibliography has the labels of the citations, author and year, and their order: pybtex style ``author_year``.

Works of the same authors and year have a letter at their year in ``refs.bib``, so that a citation tells them apart.
"""

from pybtex.plugin import register_plugin
from pybtex.richtext import Text
from pybtex.style.formatting.unsrt import Style
from pybtex.style.labels import BaseLabelStyle


class Labels(BaseLabelStyle):
    """Labels as in "Amit et al., 1985a"."""

    def format_labels(self, sorted_entries):
        return [label(entry) for entry in sorted_entries]


def label(entry):
    """Return the label of a work: its first author or its two, and its year."""
    names = [str(Text.from_latex(" ".join(who.prelast_names + who.last_names))) for who in entry.persons["author"]]
    who = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
    return f"{who}, {entry.fields.get('year', 'n.d.')}"


class AuthorYear(Style):
    """Entries as in pybtex's own style ``unsrt``, by author and year."""

    default_label_style = Labels
    default_sorting_style = "author_year_title"


def setup(app):
    register_plugin("pybtex.style.formatting", "author_year", AuthorYear)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
