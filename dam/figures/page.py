"""What the pages of the book share: numbers kept for the text, how they were computed, and tables."""

import html
import math

from dam import fits
from dam.lab import claims
from dam.lab.results import mean_and_spread
from dam.lab.verdicts import WORDS


def gluer(prefix):
    """Return ``put(name, value)``, which keeps a value: the text shows it where it says {glue:text}`PREFIX-name`."""
    from myst_nb import glue

    def put(name, value):
        glue(f"{prefix}-{name}", value.item() if hasattr(value, "item") else value, display=False)

    return put


def with_interval(values, digits=2):
    """Mean over seeds with its 95 % interval as text, "2.0 [1.5, 2.5]", or the value of a single one."""
    mean, half = fits.interval(values)
    bounds = f" [{mean - half:.{digits}f}, {mean + half:.{digits}f}]" if len(values) > 1 else ""
    return f"{mean:.{digits}f}{bounds}"


def with_spread(values, digits=2):
    """Mean ± standard deviation over seeds as text, or the value of a single one; "none" where one is NaN."""
    mean, deviation = mean_and_spread(values)
    if math.isnan(mean):
        return "none"
    return f"{mean:.{digits}f}" + (f" ± {deviation:.{digits}f}" if len(values) > 1 else "")


def provenance(*runs):
    """How results were computed, in one line for each, with the command that computes it again."""
    return "; ".join(f"{run.provenance()}, {again(run)}" for run in runs)


def sources(runs):
    """How the results of one experiment over seeds were computed, in one line, with the command for the first seed."""
    first, seconds = runs[0], sum(run.wall_seconds for run in runs)
    name = first.name.removesuffix(f"-seed{first.seed}")
    seeds, commits = ", ".join(str(run.seed) for run in runs), ", ".join(sorted({run.commit[:10] for run in runs}))
    version = f"{first.backend} {first.versions[first.backend]}"
    when = f"{first.started[:10]}, {seconds:.0f} s together on {first.device}"
    return f"{name}, seeds {seeds}, commit {commits}, {version}, {when}, {again(first)}"


def again(run):
    """The command that computes a result again; one at demo scale is not stored, but run anew."""
    if run.variant.startswith("demo"):
        return f"python -m dam run {run.experiment} --scale demo --seed {run.seed}"
    return f"python -m dam again {run.name}"


class Table:
    """A table for a notebook or a page of the book: column heads, rows of text, a label, and a note above."""

    def __init__(self, heads, rows, label, note=""):
        self.heads, self.rows, self.label, self.note = heads, [tuple(map(str, row)) for row in rows], label, note

    def __repr__(self):
        blocks = ["\n".join(f"{head}: {cell}" for head, cell in zip(self.heads, row)) for row in self.rows]
        return "\n\n".join([self.note, *blocks] if self.note else blocks)

    def _repr_html_(self):
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in self.heads)
        cells = (
            "".join(f'<td data-head="{html.escape(head)}">{html.escape(x)}</td>' for head, x in zip(self.heads, row))
            for row in self.rows
        )
        rows = "".join(f"<tr>{row}</tr>" for row in cells)
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        return (
            f'<div class="dam-table" tabindex="0" role="region" aria-label="{html.escape(self.label)}">{note}'
            f'<table class="table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        )


def verdicts(judged):
    """A `Table` of verdicts on claims: where, the statement, ours, the criterion, the verdict."""
    heads = ("Where", "Statement", "Ours", "Judged by", "Verdict")
    rows = [
        (v.claim.where, v.claim.says, v.ours, v.claim.criterion, f"{v.word}: {v.why}" if v.why else v.word)
        for v in judged
    ]
    note = "Ours: mean ± standard deviation over seeds, where there are several."
    return Table(heads, rows, "The paper and our results", note)


def paper_check(put, *experiments):
    """Judge the stored results of some experiments; keep how many claims there are, and how many of each verdict.

    ``put`` comes from `gluer`: the text says {glue:text}`PREFIX-claims`, {glue:text}`PREFIX-hold`, and likewise
    ``contradicted``, ``not-comparable`` and ``not-judged``. Returns the verdicts.
    """
    judged = claims.judge_stored(*experiments)
    put("claims", len(judged))
    for word in WORDS:
        put(word.replace(" ", "-").removesuffix("s"), sum(v.word == word for v in judged))
    return judged


def provenances(runs):
    """A `Table` of how results were computed: name, parameters, provenance."""
    heads = ("Result", "Parameters", "Computed")
    settings = [", ".join(f"{key} = {value}" for key, value in run.parameters.items()) for run in runs]
    rows = [(run.name, text, run.provenance()) for run, text in zip(runs, settings)]
    return Table(heads, rows, "Provenance of results")
