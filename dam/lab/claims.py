"""Every claim of the paper that is reproduced, judged on stored results or on live ones.

The claims stand in the modules of the experiments that decide them; "paper against ours" in the book and
``python -m dam claims`` print the same verdicts.
"""

import html
from pathlib import Path

from dam.lab import experiments, results
from dam.lab.verdicts import verdict

_ORDER = sorted(experiments.NAMES, key=lambda name: experiments.get(name).place)
CLAIMS = {name: experiments.get(name).claims for name in _ORDER if experiments.get(name).claims}


def of(experiment):
    """Return the claims that an experiment decides."""
    return CLAIMS.get(experiment, ())


def judge(experiment, runs):
    """Return a `Verdict` for each claim of an experiment from its results: all seeds, and all variants it has."""
    return [verdict(claim, experiment, runs) for claim in of(experiment)]


def judge_stored(directory=None):
    """Return the verdicts of all claims from the stored results at paper scale.

    Raises ``FileNotFoundError`` if there is no such folder.
    """
    if directory and not Path(directory).is_dir():
        raise FileNotFoundError(f"there is no folder {directory} to take results from")
    verdicts = []
    for experiment, claims in CLAIMS.items():
        variants = sorted({claim.variant for claim in claims})
        verdicts += judge(experiment, [run for v in variants for run in results.load_all(experiment, v, directory)])
    return verdicts


def text(verdicts):
    """Return the verdicts as plain text, a paragraph each, and a closing count."""
    lines = []
    for v in verdicts:
        seeds = f" (mean ± standard deviation, {v.seeds} seeds)" if v.seeds > 1 else ""
        lines += [
            f"[{v.word}] {v.experiment}: {v.claim.name}",
            f"    paper: {v.claim.says} ({v.claim.where})",
            f"    ours:  {v.ours}{seeds}; criterion: {v.claim.criterion}",
        ]
    count = [sum(v.holds is state for v in verdicts) for state in (True, False, None)]
    return "\n".join([*lines, "", f"{count[0]} hold, {count[1]} fail, {count[2]} not judged"])


def table(verdicts):
    """Return the verdicts as a `Table`: where, the paper, ours, the criterion, the verdict."""
    heads = ("Where", "The paper says", "Ours", "Judged by", "Verdict")
    rows = [(v.claim.where, v.claim.says, v.ours, v.claim.criterion, v.word) for v in verdicts]
    note = "Ours: mean ± standard deviation over seeds, where there are several."
    return Table(heads, rows, "Paper against ours", note)


def provenance(runs):
    """Return a `Table` of how results were computed: name, parameters, provenance."""
    heads = ("Result", "Parameters", "Computed")
    settings = [", ".join(f"{key} = {value}" for key, value in run.parameters.items()) for run in runs]
    rows = [(run.name, text, run.provenance()) for run, text in zip(runs, settings)]
    return Table(heads, rows, "Provenance of results")


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
