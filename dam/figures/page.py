"""What the pages of the book share: numbers kept for the text, how they were computed, and tables."""

import html
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dam import fits
from dam.lab import claims, experiments
from dam.lab.results import Result, mean_and_spread
from dam.lab.verdicts import WORDS, Verdict


def gluer(prefix: str) -> Callable[[str, Any], None]:
    """Return ``put(name, value)``, which keeps a value: the text shows it where it says {glue:text}`PREFIX-name`."""
    from myst_nb import glue

    def put(name, value):
        glue(f"{prefix}-{name}", value.item() if hasattr(value, "item") else value, display=False)

    return put


def with_interval(values: Sequence[float], digits: int = 2) -> str:
    """Mean over seeds with its 95 % interval as text, "2.0 [1.5, 2.5]", or the value of a single one."""
    mean, half = fits.interval(values)
    bounds = f" [{mean - half:.{digits}f}, {mean + half:.{digits}f}]" if len(values) > 1 else ""
    return f"{mean:.{digits}f}{bounds}"


def with_spread(values: Sequence[float], digits: int = 2) -> str:
    """Mean ± standard deviation over seeds as text, or the value of a single one; "none" where one is NaN."""
    mean, deviation = mean_and_spread(values)
    if math.isnan(mean):
        return "none"
    return f"{mean:.{digits}f}" + (f" ± {deviation:.{digits}f}" if len(values) > 1 else "")


def at_most(number: float, digits: int = 0) -> str:
    """A number as text, rounded up: whatever is at most the number is at most that."""
    return f"{math.ceil(round(number * 10**digits, 6)) / 10**digits:.{digits}f}"


def at_least(number: float, digits: int = 0) -> str:
    """A number as text, rounded down: whatever is at least the number is at least that."""
    return f"{math.floor(round(number * 10**digits, 6)) / 10**digits:.{digits}f}"


def provenance(*runs: Result) -> str:
    """How results were computed, in one line for each, with the command that computes it again."""
    return "; ".join(f"{run.provenance()}, {again(run)}" for run in runs)


def sources(runs: Sequence[Result]) -> str:
    """How the results of one experiment over seeds were computed, in one line, with the command for the first seed."""
    first, seconds = runs[0], sum(run.wall_seconds for run in runs)
    name = first.name.removesuffix(f"-seed{first.seed}")
    seeds, commits = ", ".join(str(run.seed) for run in runs), ", ".join(sorted({run.commit[:10] for run in runs}))
    version = f"{first.backend} {first.versions[first.backend]}"
    when = f"{first.started[:10]}, {seconds:.0f} s together on {first.device}"
    return f"{name}, seeds {seeds}, commit {commits}, {version}, {when}, {again(first)}"


def again(run: Result) -> str:
    """The command that computes a result again; one at demo scale is not stored, but run anew."""
    if run.variant.startswith("demo"):
        return f"python -m dam run {run.experiment} --scale demo --seed {run.seed}"
    return f"python -m dam again {run.name}"


class Block:
    """HTML for a page of the book, and the same as text for where there is none."""

    def __init__(self, markup: str, text: str) -> None:
        self.markup, self.text = markup, text

    def __repr__(self):
        return self.text

    def _repr_html_(self):
        return self.markup


class Table:
    """A table for a notebook or a page of the book: column heads, rows of text, a label, and a note above."""

    def __init__(self, heads: Sequence[str], rows: Iterable[Sequence], label: str, note: str = "") -> None:
        if "" in list(heads):
            raise ValueError(f"every column needs a head: it stands before its cells on a phone; got {heads}")
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


def paper_check(put: Callable[[str, Any], None], *experiments: str) -> list[Verdict]:
    """Judge the stored results of some experiments; keep how many claims there are, and how many of each verdict.

    ``put`` comes from `gluer`: the text says {glue:text}`PREFIX-claims`, {glue:text}`PREFIX-hold`, and likewise
    ``contradicted``, ``not-comparable`` and ``not-judged``. Returns the verdicts.
    """
    judged = claims.judge_stored(*experiments)
    put("claims", len(judged))
    for word in WORDS:
        put(word.replace(" ", "-").removesuffix("s"), sum(v.word == word for v in judged))
    return judged


def provenances(runs: Sequence[Result]) -> Block:
    """How results were computed, as a `Block`: a fold for each experiment, in it a `Table` for each variant."""
    names = dict.fromkeys(run.experiment for run in runs)
    groups = {name: [run for run in runs if run.experiment == name] for name in names}
    folds = "".join(_results(name, found) for name, found in groups.items())
    return Block(folds, "\n".join(run.provenance() for run in runs))


def _results(name, runs):
    """The results of one experiment, folded: its parameters and what each seed took, variant by variant."""
    tables = ""
    for variant in dict.fromkeys(run.variant for run in runs):
        found = [run for run in runs if run.variant == variant]
        parameters = {", ".join(f"{key} = {value}" for key, value in run.parameters.items()) for run in found}
        note = f"{variant}: {'; '.join(sorted(parameters))}".removeprefix(": ")
        rows = [(run.seed, *_computed(run), again(run)) for run in found]
        tables += Table(("Seed", "Computed", "Code", "Again"), rows, f"{name} {variant}".strip(), note)._repr_html_()
    title = f"{name}: {len(runs)} {'result' if len(runs) == 1 else 'results'}"
    summary = html.escape(experiments.get(name).summary)
    head = f"<summary>{title} <span>{summary}</span></summary>"
    return f'<details class="results" id="results-{name}">{head}{tables}</details>'


def _computed(run):
    """Day, time and device of a result, and its commit and versions, as two texts."""
    seconds, device = run.values.get("train_seconds", run.wall_seconds), run.values.get("devices", run.device)
    versions = ", ".join(f"{library} {version}" for library, version in run.versions.items() if version)
    return f"{run.started[:10]}, {seconds:.0f} s on {device}", f"commit {run.commit[:10]}; {versions}"
