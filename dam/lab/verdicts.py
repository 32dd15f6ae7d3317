"""A claim of the sources and the verdict on it: measures of a result, rules over seeds, and how they are judged."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dam.fits import interval
from dam.lab.results import Result, mean_and_spread

SOURCES = ("paper", "appendix", "slides", "blog", "other paper", "ours")
"""Whose a statement is: of Krotov and Hopfield (2016), its appendices, their talk, a blog on it, others, or ours."""

WORDS = ("holds", "contradicted", "not comparable", "not judged")


@dataclass(frozen=True)
class Claim:
    """A statement of the sources and the rule by which our results are judged.

    ``measure`` maps a `Result` to a number, to NaN where there is no such number (a level that is never reached), which
    is a miss, or to None where the result cannot decide (``undecided`` says why). A result is judged if its parameters
    are those of the paper scale, but for those named in ``free``, which the statement does not depend on. ``holds``
    maps the list of the numbers over seeds to a bool, or to None if they are too few, or is None where the numbers are
    shown and not judged (``undecided`` again); ``unit`` follows the printed number, and then what ``adds``, if any,
    makes of all of them as text. ``source``, one of `SOURCES`, says whose statement it is. ``fixed`` is the day on
    which the rule got its present form, and ``blind`` whether it is on record that this was before a result at its
    scale, or a trial, was there. ``expected``, one of `WORDS`, is the verdict on the shipped results when they were
    last looked at, and ``reason`` says why it is contradicted. ``incomparable``, where it is not empty, says what in
    ours is not as in the source: a rule that is not met then contradicts nothing. ``least`` is the number of
    seeds that the rule needs. A statement that compares variants names the ``others``: ``measure`` then takes the
    results of one seed, of ``variant`` and of each of these.
    """

    name: str
    where: str
    says: str
    criterion: str
    measure: Callable
    holds: Callable | None
    variant: str = ""
    digits: int = 3
    unit: str = ""
    adds: Callable | None = None
    reason: str = ""
    undecided: str = "the stored result does not hold the number it needs"
    incomparable: str = ""
    source: str = ""
    fixed: str = ""
    blind: bool = False
    expected: str = "holds"
    free: tuple[str, ...] = ()
    least: int = 1
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """A claim judged: mean and spread of ours over seeds, and ``holds`` True, False or None (not decided).

    ``names`` are those of the results it is judged on, ``left`` says which were left out and why, and ``undecided`` why
    it is not decided.
    """

    claim: Claim
    experiment: str
    seeds: int
    mean: float
    spread: float
    holds: bool | None
    note: str = ""
    names: tuple[str, ...] = ()
    left: str = ""
    undecided: str = ""

    @property
    def ours(self) -> str:
        """Ours as text: mean ± standard deviation over seeds."""
        note = f" ({self.note})" if self.note else ""
        if self.seeds == 0 or math.isnan(self.mean):
            return "–" + note
        text = f"{self.mean:.{self.claim.digits}f}"
        if not math.isnan(self.spread):
            text += f" ± {self.spread:.{self.claim.digits}f}"
        return text + self.claim.unit + note

    @property
    def word(self) -> str:
        """The verdict, one of `WORDS`."""
        if self.holds is None:
            return "not judged"
        if self.holds:
            return "holds"
        return "not comparable" if self.claim.incomparable else "contradicted"

    @property
    def why(self) -> str:
        """Why the verdict is not that the claim holds; empty where it does."""
        if self.holds is None:
            return self.undecided
        return "" if self.holds else self.claim.incomparable or self.claim.reason


def value(key: str, scale: float = 1) -> Callable:
    """Return a measure that reads one of a result's values."""
    return lambda result: scale * result.values[key]


def at_largest(prefix: str) -> Callable:
    """Return a measure: the value ``{prefix}_N{N}`` at the largest N of the result."""
    return lambda result: result.values[f"{prefix}_N{max(result.parameters['N'])}"]


def within(low: float, high: float) -> Callable:
    """Return a rule: the mean over seeds lies in [low, high]."""
    return lambda numbers: low <= mean_and_spread(numbers)[0] <= high


def every(low: float, high: float) -> Callable:
    """Return a rule: the number of every seed lies in [low, high]."""
    return lambda numbers: all(low <= number <= high for number in numbers)


def covers(number: float) -> Callable:
    """Return a rule: the 95 % confidence interval of the mean over seeds, of two or more, contains the number."""

    def holds(numbers):
        mean, half = interval(numbers)
        return None if math.isnan(half) else abs(mean - number) <= half

    return holds


def above_chance(numbers: Sequence[float]) -> bool | None:
    """Judge a rule: the mean over seeds is above 0; None if its 95 % confidence interval contains 0."""
    mean, half = interval(numbers)
    return None if math.isnan(half) or abs(mean) <= half else mean > 0


def as_in_the_paper(parameters: dict) -> dict[str, str]:
    """Stand in for `Experiment.changed`: no parameter differs."""
    return {}


def verdict(claim: Claim, experiment: str, runs: Iterable[Result], changed: Callable = as_in_the_paper) -> Verdict:
    """Return the `Verdict` on a claim from the results of an experiment over seeds, of the claim's variants.

    ``changed(parameters)`` says, by name, which parameters of a result are not those of the paper scale. Such a result
    is left out. A result without the number is a miss, and the claim does not hold; one that cannot decide leaves all
    of it open.
    """
    numbers, names, left, runs = [], [], [], list(runs)
    for run in of_variant(runs, claim.variant):
        compared = [one for other in claim.others for one in of_variant(runs, other) if one.seed == run.seed]
        if len(compared) < len(claim.others):
            left.append(f"seed {run.seed}: not of all of {', '.join(claim.others)}")
            continue
        changes = {key: text for one in (run, *compared) for key, text in changed(one.parameters).items()}
        if told := [text for key, text in changes.items() if key not in claim.free]:
            left.append(f"seed {run.seed}: {', '.join(told)}")
        else:
            numbers.append(measured(claim, run, *compared))
            names += [one.name for one in (run, *compared)]
    found = [number for number in numbers if number is not None and not math.isnan(number)]
    missed = sum(number is not None and math.isnan(number) for number in numbers)
    mean, spread = mean_and_spread(found) if found else (math.nan, math.nan)
    holds, undecided = None, claim.undecided
    if not numbers:
        undecided = "no result with the parameters that are judged" if left else "no stored result"
    elif claim.holds is not None and None not in numbers:
        holds = False if missed else claim.holds(found)
        if holds is not None:
            holds, undecided = bool(holds), ""
        elif len(found) == 1:
            undecided = "one result is too few for the rule"
    notes = [claim.adds(found) if claim.adds and found else "", f"none in {missed} of {len(numbers)}" if missed else ""]
    note = ", ".join(filter(None, notes))
    return Verdict(claim, experiment, len(numbers), mean, spread, holds, note, tuple(names), "; ".join(left), undecided)


def of_variant(runs: Iterable[Result], variant: str) -> list[Result]:
    """Return the results of a variant, at whatever scale."""
    return [run for run in runs if run.variant.removeprefix("demo").removeprefix("-") == variant]


def measured(claim: Claim, *runs: Result) -> Any:
    """Return the number a claim is judged on, NaN if there is none such, from a result or those that it compares.

    None if they decide nothing, or were run without what it takes.
    """
    known = [{key: math.nan if x is None else x for key, x in run.values.items()} for run in runs]
    try:
        return claim.measure(*(replace(run, values=values) for run, values in zip(runs, known)))
    except KeyError:
        return None
