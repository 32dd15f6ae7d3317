"""Every claim of the paper that is reproduced, judged on stored results or on live ones.

The claims stand in the modules of the experiments that decide them; "the paper and our results" in the book and
``python -m dam claims`` print the same verdicts.
"""

from collections.abc import Iterable
from pathlib import Path

from dam.lab import experiments, results
from dam.lab.experiments import fresh
from dam.lab.results import Result
from dam.lab.verdicts import WORDS, Claim, Verdict, verdict

_ORDER = sorted(experiments.NAMES, key=lambda name: experiments.get(name).place)
CLAIMS = {name: experiments.get(name).claims for name in _ORDER if experiments.get(name).claims}


def of(experiment: str) -> tuple[Claim, ...]:
    """Return the claims that an experiment decides; raise ``ValueError`` if there is no such experiment."""
    return experiments.get(experiment).claims


def judge(experiment: str, runs: Iterable[Result]) -> list[Verdict]:
    """Return a `Verdict` for each claim of an experiment from its results: all seeds, and all variants it has."""
    runs, changed = list(runs), experiments.get(experiment).changed
    return [verdict(claim, experiment, runs, changed) for claim in of(experiment)]


def judge_stored(*names: str, directory: Path | str | None = None) -> list[Verdict]:
    """Return the verdicts of all claims, or those of some experiments, from the stored results at paper scale.

    Raises ``FileNotFoundError`` if there is no such folder.
    """
    verdicts = []
    for experiment in names or CLAIMS:
        variants = sorted({name for claim in of(experiment) for name in (claim.variant, *claim.others)})
        verdicts += judge(experiment, [run for v in variants for run in results.load_all(experiment, v, directory)])
    return verdicts


def surprises(verdicts: Iterable[Verdict]) -> list[str]:
    """Return a sentence for each verdict that is not the one on record; a claim without a result is none."""
    return [
        f"{v.experiment}: {v.claim.name} was expected to be “{v.claim.expected}”, and is “{v.word}” ({v.ours})"
        for v in verdicts
        if v.seeds and v.word != v.claim.expected
    ]


def text(verdicts: Iterable[Verdict], stored: Result | None = None) -> str:
    """Return the verdicts as plain text, a paragraph each, and a closing count.

    ``stored`` is the result of the experiment ``fresh``, if there is one.
    """
    lines, verdicts = [], list(verdicts)
    for v in verdicts:
        seeds = f" (mean ± standard deviation, {v.seeds} seeds)" if v.seeds > 1 else " (one seed)" * v.seeds
        lines += [
            f"[{v.word}{f': {v.why}' if v.why else ''}] {v.experiment}: {v.claim.name}",
            f"    says:  {v.claim.says} ({v.claim.where})",
            f"    ours:  {v.ours}{seeds}; criterion: {v.claim.criterion}",
            *([f"    left out: {v.left}"] if v.left else []),
        ]
        told = ", ".join(filter(None, fresh.found(v, stored)))
        lines += [f"    fresh: {told}"] * bool(told)
    counts = [(sum(v.word == word for v in verdicts), word) for word in WORDS]
    return "\n".join([*lines, "", ", ".join(f"{count} {word}" for count, word in counts)])
