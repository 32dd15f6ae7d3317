"""The page of claims: how many hold, each statement with its variants, and where the book shows it, as HTML."""

import html
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dam.figures.page import Block
from dam.lab.experiments import fresh
from dam.lab.results import Result
from dam.lab.verdicts import SOURCES, WORDS, Claim, Verdict

CHAPTERS = {
    "classical": "Classical memory",
    "dense": "Dense memories",
    "basins": "Basins, errors and rules",
    "xor": "XOR",
    "duality": "The duality",
    "mnist": "MNIST",
    "prototypes": "Features and prototypes",
    "settings": "Settings",
    "adversarial": "Adversarial images",
    "photographs": "Photographs",
    "attention": "Exponential memories and attention",
}
"""The chapters that judge statements, by the names of their notebooks."""

SHOWN = {
    "classical": "fig-classical-breakdown",
    "classical/transition": "fig-classical-finite",
    "projection": "fig-classical-projection",
    "fig4": "fig-dense-four",
    "fig5": "fig-dense-half",
    "fig5/half-exponent": "fig-dense-scaling",
    "fig5/stable-exponent": "fig-dense-scaling",
    "errors": "fig-basins-errors",
    "rules": "tab-basins-rules",
    "xor": "fig-xor-levels",
    "duality": "fig-duality-agreement",
    "universality": "fig-duality-trained",
    "rival": "tab-mnist-baselines",
    "mnist": "fig-mnist-crossings",
    "mnist/test-error": "fig-mnist-final",
    "mnist/final": "fig-mnist-final",
    "mnist/ten-minutes": "fig-settings-price",
    "mnist/averaged": "fig-settings-price",
    "fig2": "fig-prototypes-votes",
    "fig2/lone-memory": "fig-prototypes-deciders",
    "fig2/cutoff": "fig-prototypes-deciders",
    "fig2/label-ends": "fig-prototypes-labels",
    "fig2/white-margins": "fig-prototypes-pairs",
    "prototype": "fig-prototypes-mnemonist",
    "studies": "fig-settings-choices",
    "exponential": "fig-attention-limits",
    "completion": "fig-attention-steepness",
    "transfer": "fig-adversarial-protocol",
    "table": "fig-adversarial-transfer",
    "transfer/ambiguous": "fig-adversarial-distance",
    "rubbish": "fig-adversarial-rubbish",
    "highres": "fig-photographs-table",
    "highres/uncentered": "fig-photographs-speakers",
    "highres/rows-as-memories": "fig-photographs-named",
    "highres/imagenet": "fig-photographs-named",
}
"""Experiment, or experiment and the beginning of a claim's name: the figure or table of the book that shows it. Its
label begins with what it is and the chapter, ``fig-CHAPTER-``."""

GROUPS = {word: word for word in WORDS} | {"holds": "reproduced", "ours": "ours"}
"""The groups of the page, in their order: the verdicts on statements of the sources, and the statements of ours."""

MARKS = {"holds": "✓", "contradicted": "✗", "not comparable": "≠", "not judged": "?", "ours": "○"}
MOST = 4
"""How many different words of variants are named in their common line."""

VARIANT = re.compile(r"-(power|rectified|raw|smoothed|lite0|vgg16|n\d+)(?=-|$)")
LABEL = re.compile(r"n = (?P<n>\d+)(, (?P<kind>power|rectified|raw|smoothed))?: ")


@dataclass(frozen=True)
class Row:
    """Verdicts with the same word on the variants of one statement, and how many variants there are in all."""

    verdicts: tuple
    variants: int

    @property
    def first(self) -> Verdict:
        """The first of the verdicts, for what all have in common."""
        return self.verdicts[0]

    @property
    def group(self) -> str:
        """The group of the page that it stands in, one of `GROUPS`."""
        return "ours" if self.first.claim.source == "ours" else self.first.word

    @property
    def shown(self) -> str:
        """The label of the figure or table that shows it."""
        return shown(self.first)

    @property
    def chapter(self) -> str:
        """The chapter of that figure."""
        return self.shown.split("-")[1]

    @property
    def anchor(self) -> str:
        """The id of the row on the page."""
        return f"{self.first.experiment}-{self.first.claim.name}"

    @property
    def says(self) -> str:
        """The statement, the variants of it in one line."""
        if len(self.verdicts) == 1:
            return self.first.claim.says
        labels = [label for v in self.verdicts if (label := LABEL.match(v.claim.says))]
        if len(labels) < len(self.verdicts):
            return common([v.claim.says for v in self.verdicts])
        text = common([v.claim.says[m.end() :] for v, m in zip(self.verdicts, labels)])
        n, kinds = (list(dict.fromkeys(filter(None, (m[part] for m in labels)))) for part in ("n", "kind"))
        if len(labels) < len(n) * max(len(kinds), 1):
            return "; ".join(label[0].removesuffix(": ") for label in labels) + f": {text}"
        among = f" ({', '.join(kinds)})" if kinds else ""
        return f"n = {', '.join(n)}{among}: {text}"


def shown(verdict: Verdict) -> str:
    """Return the label of the figure or table that shows a claim; raise ``LookupError`` if `SHOWN` has none."""
    name = f"{verdict.experiment}/{verdict.claim.name}"
    found = [key for key in SHOWN if name == key or name.startswith((f"{key}/", f"{key}-"))]
    if not found:
        raise LookupError(f"no figure shows {name}: name one in dam.figures.verdicts.SHOWN")
    return SHOWN[max(found, key=len)]


def statement(verdict: Verdict) -> tuple[str, str, str]:
    """Return what the variants of one statement share: the experiment, the name without its variant, the source."""
    return verdict.experiment, VARIANT.sub("", verdict.claim.name), verdict.claim.source


def rows(verdicts: Sequence[Verdict]) -> list[Row]:
    """Return a `Row` for each statement and verdict word, in the order of the verdicts."""
    variants = Counter(map(statement, verdicts))
    found: dict = {}
    for verdict in verdicts:
        found.setdefault((statement(verdict), verdict.word), []).append(verdict)
    return [Row(tuple(members), variants[name]) for (name, _), members in found.items()]


def common(texts: Sequence[str]) -> str:
    """Return texts as one: the words with which all begin and end, and between them what each has, or that they do."""
    if len(set(texts)) == 1:
        return texts[0]
    words = [text.split(" ") for text in texts]
    shortest = min(map(len, words))
    head = min(agreeing(words), shortest - 1)  # something remains of each
    tail = min(agreeing([line[head:][::-1] for line in words]), shortest - 1 - head)
    found = dict.fromkeys(" ".join(line[head : len(line) - tail]) for line in words)
    between = "; " if any(" " in text for text in found) else ", "
    middle = between.join(found) if len(found) <= MOST else "…"
    last = words[0][len(words[0]) - tail :]
    return " ".join(filter(None, [*words[0][:head], middle, *last]))


def agreeing(lists: Sequence[Sequence]) -> int:
    """Return with how many equal elements all lists begin."""
    return next((k for k, members in enumerate(zip(*lists)) if len(set(members)) > 1), min(map(len, lists)))


def counts(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Return how many statements each group has, and how many of all rules were fixed before there was a result."""
    found = Counter(row.group for row in rows(verdicts) for _ in row.verdicts)
    return {group: found[group] for group in GROUPS} | {"blind": sum(v.claim.blind for v in verdicts)}


def strip(verdicts: Sequence[Verdict]) -> Block:
    """The counts of all groups: a bar, and below it each with its mark, linked to the group."""
    found = counts(verdicts)
    bar = "".join(
        f'<span class="{slug(group)}" style="flex-grow: {found[group]}"></span>' for group in GROUPS if found[group]
    )
    items = "".join(
        f'<li>{mark(group)} <a href="#{slug(name)}"><strong>{found[group]}</strong> {name}</a></li>'
        for group, name in GROUPS.items()
    )
    text = ", ".join(f"{found[group]} {name}" for group, name in GROUPS.items())
    return Block(f'<div class="claims-strip"><div aria-hidden="true">{bar}</div><ul>{items}</ul></div>', text)


def filters(verdicts: Sequence[Verdict]) -> Block:
    """The choices of verdict, source and chapter, which ``claims.js`` makes visible."""
    judged = rows(verdicts)
    sources = [source for source in SOURCES if any(row.first.claim.source == source for row in judged)]
    choices = {
        "verdict": GROUPS,
        "source": {source: source for source in sources},
        "chapter": {name: title for name, title in CHAPTERS.items() if any(row.chapter == name for row in judged)},
    }
    selects = "".join(
        f'<label>{name} <select name="{name}" autocomplete="off"><option value="">all</option>'
        + "".join(f'<option value="{value}">{html.escape(title)}</option>' for value, title in options.items())
        + "</select></label>"
        for name, options in choices.items()
    )
    form = f'<form class="claims-filters" aria-label="Choose statements" hidden>{selects}'
    return Block(
        f'{form}<button type="reset">Show all</button><output aria-live="polite"></output></form>',
        f"{len(verdicts)} statements",
    )


def group(verdicts: Sequence[Verdict], name: str, runs: Sequence[Result] = ()) -> Block:
    """The rows of one group; ``runs`` are the stored results, which give the seeds and the commands."""
    found = [row for row in rows(verdicts) if row.group == name]
    text = "\n".join(
        f"{MARKS[row.first.word]} {row.says} ({', '.join(filter(None, [count(row), *luck(row, runs)]))})"
        for row in found
    )
    listed = f'<ul class="claims-group">{"".join(item(row, runs) for row in found)}</ul>' if found else "<p>None.</p>"
    if name == "holds":  # by far the longest group: closed on a phone
        total = sum(len(row.verdicts) for row in found)
        listed = f'<details class="claims-fold" open><summary>{total} statements</summary>{listed}</details>'
    return Block(listed, text or "None.")


def index(verdicts: Sequence[Verdict], chapter: str) -> Block:
    """The statements of a chapter in one line: the mark and the name of each, linked to its row."""
    found = [row for row in rows(verdicts) if row.chapter == chapter]
    links = [f'{mark(row.first.word)} <a href="#{row.anchor}">{statement(row.first)[1]}</a>' for row in found]
    text = ", ".join(f"{MARKS[row.first.word]} {statement(row.first)[1]}" for row in found)
    return Block(f'<ul class="claims-index">{"".join(f"<li>{link}</li>" for link in links)}</ul>', text)


def item(row: Row, runs: Sequence[Result]) -> str:
    """Return a row of the page: mark, statement, ours, links, and a fold that says how it is judged."""
    data = {"verdict": row.group, "source": row.first.claim.source, "chapter": row.chapter}
    attributes = "".join(f' data-{key}="{value}"' for key, value in data.items())
    marked = luck(row, runs)[1]
    facts = [
        f"<span>{count(row)}</span>",
        f'<a class="to-figure" href="{row.chapter}.html#{row.shown}">figure</a>',
        *([f"<span>{marked}</span>"] if marked else []),
    ]
    return (
        f'<li class="claim" id="{row.anchor}" data-count="{len(row.verdicts)}"{attributes}>{mark(row.first.word)}<div>'
        f'<p>{formula(row.says)}</p><div class="claim-facts">{" ".join(facts)}{fold(row, runs)}</div></div></li>'
    )


def count(row: Row) -> str:
    """Return ours as text, where it is one, and for variants how many of them have this verdict."""
    ours = f"ours: {row.first.ours}" if len(row.verdicts) == 1 else ""
    return ", ".join(filter(None, [ours, f"{len(row.verdicts)} of {row.variants} variants" * (row.variants > 1)]))


def luck(row: Row, runs: Sequence[Result]) -> tuple[str, str]:
    """Return how the variants of a statement fare on fresh seeds, and the mark if one depends on luck, as texts."""
    told, marks = zip(*(on_fresh_seeds(v, runs) for v in row.verdicts))
    found = [text for text in told if text]
    return f"fresh: {common(found)}" if found else "", max(marks)


def on_fresh_seeds(verdict: Verdict, runs: Sequence[Result]) -> tuple[str, str]:
    """Return the two texts of `dam.lab.experiments.fresh.found` by the runs, '' where no fresh seeds are among them."""
    return fresh.found(verdict, next((run for run in runs if run.experiment == "fresh"), None))


def fold(row: Row, runs: Sequence[Result]) -> str:
    """Return how a statement is judged, closed: ours, the results, fresh seeds, the rule, its day, why not, again."""
    parts = {
        "Results": lambda v: results(v.experiment, f"{v.seeds} {'seed' if v.seeds == 1 else 'seeds'}" * tested(v)),
        "Fresh seeds": lambda v: results("fresh", ", ".join(filter(None, on_fresh_seeds(v, runs)))),
        "Rule": lambda v: formula(v.claim.criterion),
        "Fixed": lambda v: fixed(v.claim),
        "Why not": lambda v: formula(v.why),
        "Left out": lambda v: html.escape(v.left),
        "Said in": lambda v: html.escape(said(v.claim)),
        "Again": lambda v: command(v, runs) * tested(v),
    }
    names = [f"{v.experiment}/{v.claim.name}" for v in row.verdicts]
    ours = [f'<dd data-claim="{name}">{named(v, row)}{spread(v)}</dd>' for name, v in zip(names, row.verdicts)]
    told = {"Ours": "".join(ours)} | {name: each(row, part) for name, part in parts.items()}
    terms = "".join(f"<dt>{name}</dt>{text}" for name, text in told.items() if text)
    return f"<details><summary>Details</summary><dl>{terms}</dl></details>"


def tested(verdict: Verdict) -> bool:
    """Tell whether a statement has a rule, which asks a result."""
    return verdict.claim.criterion != "not tested"


def results(experiment: str, text: str) -> str:
    """Return a text linked to the results of an experiment on the page of provenance; '' if it is empty."""
    return f'<a href="provenance.html#results-{experiment}">{text}</a>' if text else ""


def each(row: Row, part: Callable[[Verdict], str]) -> str:
    """Return what a function says of the verdicts of a row: once if it is the same for all, else for each variant."""
    texts = [part(v) for v in row.verdicts]
    if len(set(texts)) == 1:
        return f"<dd>{texts[0]}</dd>" if texts[0] else ""
    return "".join(f"<dd>{named(v, row)}{text}</dd>" for v, text in zip(row.verdicts, texts))


def named(verdict: Verdict, row: Row) -> str:
    """Return what tells a variant from the others, the beginning of its statement or all of it; '' where it is one."""
    if row.variants == 1:
        return ""
    match = LABEL.match(verdict.claim.says)
    return formula(match[0] if match else f"{verdict.claim.says}: ")


def spread(verdict: Verdict) -> str:
    """Return ours as text, and over how many seeds."""
    return html.escape(verdict.ours) + (f", over {verdict.seeds} seeds" if verdict.seeds > 1 else "")


def fixed(claim: Claim) -> str:
    """Return when the rule of a claim got its present form, as text."""
    seen = "before there was a result" if claim.blind else "when a result may have been seen"
    return f"{claim.fixed}, {seen}" if claim.fixed else ""


def said(claim: Claim) -> str:
    """Return where a claim is said, behind the kind of its source unless that begins it: ours, or an appendix."""
    named = claim.source == "ours" or claim.where.lower().startswith(claim.source)
    return claim.where if named else f"{claim.source}: {claim.where}"


def command(verdict: Verdict, runs: Sequence[Result]) -> str:
    """Return the command for the first result that a claim is judged on, and the seeds and variants of the others."""
    asked = [run for run in runs if (run.experiment, run.variant) == (verdict.experiment, verdict.claim.variant)]
    used = [run for run in asked if run.name in verdict.names]
    if not used:
        return ""
    others = f" (and seeds {', '.join(str(run.seed) for run in used[1:])})" if len(used) > 1 else ""
    others += f", the same of {', '.join(verdict.claim.others)}" if verdict.claim.others else ""
    return f"<code>python -m dam again {used[0].name}</code>{others}"


def mark(word: str) -> str:
    """Return the mark of a verdict, with its name for those who do not see it."""
    return f'<span class="claim-mark {slug(word)}" role="img" aria-label="{word}" title="{word}">{MARKS[word]}</span>'


def slug(text: str) -> str:
    """Return a text as it stands in an id or a class."""
    return text.replace(" ", "-")


def formula(text: str) -> str:
    """Return plain text as HTML, in which N^2 and K_1/2 are raised and lowered."""
    text = re.sub(r"\^(\d+)", r"<sup>\1</sup>", html.escape(text))
    return re.sub(r"(?<=\b[A-Za-zα])_(\w+(?:/\d)?)", r"<sub>\1</sub>", text)
