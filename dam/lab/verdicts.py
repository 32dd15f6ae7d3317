"""A claim of the sources and the verdict on it: measures of a result, rules over seeds, and how they are judged."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from dam.fits import interval
from dam.lab.results import mean_and_spread

SOURCES = ("paper", "appendix", "slides", "blog", "other paper", "ours")
"""Whose a statement is: of Krotov and Hopfield (2016), its appendices, their talk, a blog on it, others, or ours."""

WORDS = ("holds", "contradicted", "not comparable", "not judged")


@dataclass(frozen=True)
class Claim:
    """A statement of the sources and the rule by which our results are judged.

    ``measure`` maps a `Result` to a number, or to None where the result cannot decide (``undecided`` says why);
    ``holds`` maps the list of these numbers over seeds to a bool, or is None where the numbers are shown and not judged
    (``undecided`` again); ``unit`` follows the printed number, and then what ``adds``, if any, makes of all of them as
    text. ``source``, one of `SOURCES`, says whose statement it is. ``fixed`` is the day on which the rule got its
    present form, and ``blind`` whether it is on record that this was before a result at its scale, or a trial, was
    there. ``expected``, one of `WORDS`, is the verdict on the shipped results when they were last looked at, and
    ``reason`` says why it is contradicted. ``incomparable``, where it is not empty, says what in ours is not as in the
    source: a rule that is not met then contradicts nothing. ``least`` is the number of seeds that the rule needs.
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
    least: int = 1


@dataclass(frozen=True)
class Verdict:
    """A claim judged: mean and spread of ours over seeds, and ``holds`` True, False or None (not decided)."""

    claim: Claim
    experiment: str
    seeds: int
    mean: float
    spread: float
    holds: bool | None
    note: str = ""

    @property
    def ours(self):
        """Ours as text: mean ± standard deviation over seeds."""
        if self.seeds == 0 or math.isnan(self.mean):
            return "–"
        text = f"{self.mean:.{self.claim.digits}f}"
        if self.seeds > 1:
            text += f" ± {self.spread:.{self.claim.digits}f}"
        return text + self.claim.unit + (f" ({self.note})" if self.note else "")

    @property
    def word(self):
        """The verdict, one of `WORDS`."""
        if self.holds is None:
            return "not judged"
        if self.holds:
            return "holds"
        return "not comparable" if self.claim.incomparable else "contradicted"

    @property
    def why(self):
        """Why the verdict is not that the claim holds; empty where it does."""
        if self.holds is None:
            return self.claim.undecided if self.seeds else "no stored result"
        return "" if self.holds else self.claim.incomparable or self.claim.reason


def value(key, scale=1):
    """Return a measure that reads one of a result's values."""
    return lambda result: scale * result.values[key] if result.values.get(key) is not None else None


def at_largest(prefix):
    """Return a measure: the value ``{prefix}_N{N}`` at the largest N of the result."""
    return lambda result: result.values[f"{prefix}_N{max(result.parameters['N'])}"]


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
    numbers = [number for run in runs if (number := measured(claim, run)) is not None]
    if not numbers:
        return Verdict(claim, experiment, len(runs), math.nan, math.nan, None)
    holds = None if claim.holds is None else bool(claim.holds(numbers))
    note = claim.adds(numbers) if claim.adds else ""
    return Verdict(claim, experiment, len(numbers), *mean_and_spread(numbers), holds, note)


def measured(claim, run):
    """Return the number a claim is judged on; None if the result decides nothing, or was run without what it takes."""
    try:
        return claim.measure(run)
    except KeyError:
        return None
