"""How a claim is judged on our results, and how the verdicts are printed."""

import html
import math
from collections.abc import Callable
from dataclasses import dataclass

from dam.fits import interval
from dam.lab.results import mean_and_spread


@dataclass(frozen=True)
class Claim:
    """A statement of the paper and the rule by which our results are judged.

    ``measure`` maps a `Result` to a number, or to None where the result cannot decide (``undecided`` says
    why); ``holds`` maps the list of these numbers over seeds to a bool; ``unit`` follows the printed number;
    ``reason`` says why ours fails, where it does.
    """

    name: str
    where: str
    says: str
    criterion: str
    measure: Callable
    holds: Callable
    variant: str = ""
    digits: int = 3
    unit: str = ""
    reason: str = ""
    undecided: str = "the stored result does not hold the number it needs"


@dataclass(frozen=True)
class Verdict:
    """A claim judged: mean and spread of ours over seeds, and ``holds`` True, False or None (not decided)."""

    claim: Claim
    experiment: str
    seeds: int
    mean: float
    spread: float
    holds: bool | None

    @property
    def ours(self):
        """Ours as text: mean ± standard deviation over seeds."""
        if self.seeds == 0 or math.isnan(self.mean):
            return "–"
        text = f"{self.mean:.{self.claim.digits}f}"
        if self.seeds > 1:
            text += f" ± {self.spread:.{self.claim.digits}f}"
        return text + self.claim.unit

    @property
    def word(self):
        """The verdict in words."""
        if self.holds is None:
            return f"not judged: {self.claim.undecided}" if self.seeds else "not judged: no stored result"
        if self.holds:
            return "holds"
        return f"fails: {self.claim.reason}" if self.claim.reason else "fails"


def within(low, high):
    """Return a rule: the mean over seeds lies in [low, high]."""
    return lambda numbers: low <= mean_and_spread(numbers)[0] <= high


def every(low, high):
    """Return a rule: the number of every seed lies in [low, high]."""
    return lambda numbers: all(low <= number <= high for number in numbers)


def covers(number):
    """Return a rule: the 95 % confidence interval of the mean over seeds contains the number."""

    def holds(numbers):
        mean, half = interval(numbers)
        return abs(mean - number) <= half

    return holds


def verdict(claim, experiment, runs):
    """Return the `Verdict` on a claim from the results of an experiment over seeds, of the claim's variant."""
    runs = [run for run in runs if run.variant.removeprefix("demo").removeprefix("-") == claim.variant]
    numbers = [number for run in runs if (number := _measured(claim, run)) is not None]
    if not numbers:
        return Verdict(claim, experiment, len(runs), math.nan, math.nan, None)
    return Verdict(claim, experiment, len(numbers), *mean_and_spread(numbers), bool(claim.holds(numbers)))


def _measured(claim, run):
    """Return the number a claim is judged on; None if the result decides nothing, or was run without what it takes."""
    try:
        return claim.measure(run)
    except KeyError:
        return None


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
