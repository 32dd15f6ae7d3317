"""Figures of the chapter on basins of attraction, single-bit errors and update rules."""

from functools import partial

import matplotlib.patheffects as effects
import matplotlib.pyplot as plt
import numpy as np

from dam.figures.panels import frame, grid, legend, picture, plain_ticks
from dam.figures.style import MARKERS, NARROW, POWER, RECTIFIED, degree_color

LOAD = "filling: memories over the half-percent capacity"


def damaged(pictures: dict, curves: dict) -> plt.Figure:
    """What the basin of one memory stands: the largest damage that is repaired, against the number of memories.

    `pictures`: {share of pixels flipped in percent: (28, 28) of ±1}, beside the axis. `curves`: {label: (n, numbers of
    memories (P,), percent flipped at which half of the copies are recalled (P,), place of the label)}.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 4.4))
    ax.set(xscale="log", ylim=(-1, 52), yticks=list(pictures))
    ax.set(xlabel="memories stored $K$", ylabel="pixels flipped (%)")
    for (name, (n, K, flipped, place)), marker in zip(curves.items(), MARKERS):
        color = degree_color(n)
        ax.fill_between(K, flipped, color=color, alpha=0.13, linewidth=0)
        ax.plot(K, flipped, color=color, label=name, marker=marker, markersize=5)
        ax.annotate(name, place, color=color, ha="center", va="center", fontsize=11, path_effects=[_halo()])
    plain_ticks(ax, x=(10, 100, 1000))
    for place, pixels in pictures.items():
        inset = ax.inset_axes((1.03, (place - 3.5) / 53, 0.2, 9 / 53))
        picture(inset, pixels)
    return figure


def valleys() -> plt.Figure:
    """A drawing: an energy with three wide basins, one with seven narrow ones, and the same cue as a ball in both."""
    figure, axes = grid(2, columns=1, height=1.35, extra=0.1)
    x, memory, cue = np.linspace(0, 12, 1200), 6, 7.35
    landscapes = {
        "few memories: wide basins": ((2, 6, 10), 0.95, 6.45),
        "many memories: narrow basins": ((1.1, 3.2, 4.6, 6, 7.7, 9.6, 11.1), 0.34, 7.66),
    }
    for ax, (title, (middles, width, end)) in zip(axes, landscapes.items()):
        energy = partial(_wells, np.array(middles), width)
        ax.plot(x, energy(x), color="black")
        ax.plot(cue, energy(cue) + 0.17, "o", color="0.35", markersize=10)
        way = np.linspace(cue, end, 30)[6 if end < cue else 10 :]
        ax.plot(way, energy(way) + 0.22, color="0.35", linewidth=1.4)
        tip = {"arrowstyle": "-|>", "color": "0.35", "mutation_scale": 13, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", (way[-1], energy(way[-1]) + 0.2), (way[-4], energy(way[-4]) + 0.22), arrowprops=tip)
        ax.text(cue + 0.1, 0.52, "cue", ha="center", va="center", fontsize=12)
        ax.plot(memory, energy(memory), "v", color="black", markersize=7)
        ax.text(memory, -1.35, "its memory", ha="center", va="center", fontsize=12)
        ax.set_title(title, loc="left")
        ax.set(xlim=(0, 12), ylim=(-1.55, 0.7))
        ax.set_axis_off()
    return figure


def recovery(
    panels: dict, *, nearest: dict | None = None, borders: dict | None = None, columns: int = 1, height: float = 1.9
) -> plt.Figure:
    """How many cues lead back to their memory, against the overlap of the cue; each line has its name on it.

    `panels`: {title: {label: (overlaps (P,), share recalled (R, P))}}, drawn as mean and standard deviation of R runs.
    `nearest`: {title: overlaps and shares of the search for the nearest memory}. `borders`: {title: {label of a line:
    overlap at which theory sees its border}}. `height`: of one row of panels, in inches. A label "n = 3" has the color
    of its power, "power" and "rectified" have theirs.
    """
    nearest, borders = nearest or {}, borders or {}
    figure, axes = grid(len(panels), columns=columns, height=height, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        if title in nearest:
            overlap, share = nearest[title]
            ax.plot(overlap, 100 * share, "--", color="black", linewidth=1.4, label="nearest memory")
        heights = np.linspace(82, 18, len(lines)) if len(lines) > 1 else [50]
        silent = []
        for (name, (overlap, runs)), marker, level in zip(lines.items(), MARKERS, heights):
            runs = 100 * np.atleast_2d(runs)
            style = {"color": _color(name), "marker": marker, "markersize": 3.5}
            _with_spread(ax, overlap, runs, gid=name, **style)
            if name in borders.get(title, {}):
                ax.axvline(
                    borders[title][name], color="0.35", linestyle=":", linewidth=1.6, label="border of the first step"
                )
            if runs.mean(axis=0).max() < 10:
                silent.append(name)
            else:
                _name(ax, name, overlap, runs.mean(axis=0), level)
        if silent:
            names = ", ".join([silent[0], *(name.removeprefix("n = ") for name in silent[1:])])
            ax.text(1, 10, names, color=_color(silent[-1]), ha="right", va="center", fontsize=9)
        ax.set_title(title, loc="left")
        ax.set(ylim=(-4, 104), xlim=(-0.03, 1.03))
    frame(figure, "overlap of the cue with its memory, $m$", "cues recalled exactly (%)")
    legend(figure)
    return figure


def half_overlaps(panels: dict, *, nearest: dict | None = None) -> plt.Figure:
    """The overlap at which half of the cues are recalled, against the power n; each line has its name at its end.

    `panels`: {title: {label: (n (A,), runs (R, A), predicted (A,))}}, the half-way overlap of R runs, NaN where there
    is none, and the border of theory. `nearest`: {title: {label: half-way overlap of the search for the nearest}}.
    """
    nearest = nearest or {}
    figure, axes = grid(len(panels), columns=1, height=2.3, extra=1.1, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        shades = _grays(len(lines))
        for (name, (n, runs, predicted)), color, marker in zip(lines.items(), shades, MARKERS):
            runs = np.atleast_2d(runs)
            _with_spread(ax, n, runs, color=color, marker=marker, markersize=6, label="measured", gid=name)
            ax.plot(n, predicted, ":", color=color, linewidth=1.8, label="border of the first step")
            if name in nearest.get(title, {}):
                ax.axhline(nearest[title][name], color=color, linestyle="--", linewidth=1.1, label="nearest memory")
        ends = {name: np.mean(np.atleast_2d(runs), axis=0)[-1] for name, (_, runs, _) in lines.items()}
        height = -1
        for name, end in sorted(ends.items(), key=lambda item: item[1]):
            height = max(end, height + 0.085)  # names keep apart
            ax.text(n[-1] + 0.2, height, name, va="center", path_effects=[_halo()])
        ax.set_title(title, loc="left")
        ax.set(ylim=(0, 1), xlim=(n[0] - 0.15, n[-1] + 1.1), xticks=n)
    frame(figure, "power $n$", "overlap at which half are recalled")
    legend(figure, columns=2)
    return figure


def error_curves(panels: dict) -> plt.Figure:
    """Probability of an unstable bit over one estimate of it, against the load: counted points, and other estimates.

    `panels`: {title: (load (L,), counted over the estimate (L,), its standard error (L,), {label: other estimate over
    it (L,)})}, the same labels in every panel. A point whose error is more than a third of it is left out.
    """
    figure, axes = grid(len(panels), columns=1, height=1.7, sharex=True)
    for ax, (title, (load, counted, spread, curves)) in zip(axes, panels.items()):
        ax.axhline(1, color="0.6", linewidth=2.5, label="normal, exact moments")
        for (name, values), style in zip(curves.items(), ("--", ":")):
            ax.plot(load, values, style, color="black", label=name)
        seen = counted > 3 * spread
        ax.errorbar(
            load[seen],
            counted[seen],
            spread[seen],
            fmt="o",
            color="black",
            markersize=4.5,
            elinewidth=1.2,
            label="counted",
        )
        ax.set_title(title, loc="left")
        ax.set(xscale="log", yscale="log")
        low, high = ax.get_ylim()
        ticks = [tick for tick in (0.7, 1, 1.5, 2, 3, 5, 10, 30) if low < tick < high]
        plain_ticks(ax, x=(0.25, 0.5, 1, 2), y=ticks if high < 6 else (1, 3, 10, 30))
        ax.set_ylim(low, high)
    frame(figure, LOAD, "over the normal estimate")
    legend(figure)
    return figure


def error_ratios(panels: dict, *, top: int = 300) -> plt.Figure:
    """Counted error over the normal estimate, with the exact law, against the load; up to `top`.

    `panels`: {title: {label: (load, ratio, uncertainty, exact)}}, (L,) each. A point whose error is more than a third
    of it is left out.
    """
    figure, axes = grid(len(panels), columns=1, height=1.9, sharex=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        ax.axhline(1, color="0.6", linewidth=2.5, label="normal estimate")
        for (name, (load, ratio, uncertainty, exact)), color, marker in zip(
            lines.items(), _grays(len(lines))[::-1], MARKERS
        ):
            ax.plot(load, exact, "-", color=color, linewidth=1.2, gid=name, label="exact law")
            seen = ratio > 3 * uncertainty
            style = {"fmt": marker, "color": color, "markersize": 4.5, "elinewidth": 1.2, "label": f"counted, {name}"}
            ax.errorbar(load[seen], ratio[seen], uncertainty[seen], **style)
        highest = max(np.nanmax(exact) for _, _, _, exact in lines.values())
        ax.set_title(title, loc="left")
        ax.set(xscale="log", yscale="log")
        ax.set_ylim(0.4, min(top, 1.3 * highest) if highest > 3 else 2.5)
        plain_ticks(ax, x=(0.25, 0.5, 1, 2), y=(1, 10, 100) if highest > 3 else (0.5, 1, 2))
    frame(figure, LOAD, "error over the normal estimate")
    legend(figure)
    return figure


def freezing(panels: dict, *, ylabel: str) -> plt.Figure:
    """Shares against the number of memories on a logarithmic axis: measured points on predicted curves.

    `panels`: {title: {label: (K (P,), measured (P,), K of the curve (C,), predicted (C,))}}.
    """
    figure, axes = grid(len(panels), columns=1, height=1.7, sharex=True, sharey=True)
    looks = (("black", "-", "o", "black"), ("0.45", "-", "s", "0.45"), ("black", "--", "^", "white"))
    for ax, (title, lines) in zip(axes, panels.items()):
        for (name, (K, measured, K_curve, predicted)), (color, line, marker, face) in zip(lines.items(), looks):
            ax.plot(K_curve, 100 * predicted, line, color=color, linewidth=1.3)
            style = {"color": color, "markerfacecolor": face, "markersize": 5, "linestyle": line, "linewidth": 1.3}
            ax.plot(K, 100 * measured, marker=marker, **(style | {"linestyle": ""}))
            ax.plot([], [], marker=marker, label=name, **style)
        ax.set_title(title, loc="left")
        ax.set(xscale="log", ylim=(-4, 104))
    frame(figure, "memories $K$", ylabel)
    legend(figure, columns=1)
    return figure


def flip_costs(panels: dict) -> plt.Figure:
    """Time of one flip against one size at a time, with its fitted power law, beside the matrix products it needs.

    `panels`: {label of the axis: (sizes (P,), µs for one flip (P,), µs for its products (P,), exponent of the flip)};
    the exponent is None where no line is to be drawn.
    """
    figure, axes = grid(len(panels), height=2.2, extra=0.8, sharey=True)
    for ax, (name, (x, flip, products, exponent)) in zip(axes, panels.items()):
        x = np.asarray(x, dtype=float)
        if exponent is not None:
            middle = np.exp(np.mean(np.log(flip)) + exponent * (np.log(x) - np.mean(np.log(x))))
            ax.plot(x, middle, "-", color="black", linewidth=1.2)
        ax.plot(x, flip, "o", color="black", markersize=5, label="one flip")
        ax.plot(x, products, "s", color="0.55", markersize=4.5, label="its matrix products")
        title = "no power law" if exponent is None else f"exponent {exponent:.2f}".replace("-", "−")
        ax.set(title=title, xscale="log", yscale="log", xlabel=name)
        plain_ticks(ax, x=x[:: -(-len(x) // 4)])
        ax.yaxis.set_major_formatter("{x:g}")
    frame(figure, ylabel="time (µs)")
    legend(figure)
    return figure


def _with_spread(ax, x, runs, *, gid=None, **style):
    """Draw the mean over runs, with the standard deviation as bars where there are several."""
    spread = np.std(runs, axis=0, ddof=1) if len(runs) > 1 else None
    drawn = ax.errorbar(x, np.mean(runs, axis=0), spread, linewidth=1.3, elinewidth=1.2, **style)
    drawn.lines[0].set_gid(gid)


def _name(ax, name, x, y, level):
    """Write the name of a line on it, where it reaches a level; at its beginning if it is always above."""
    order = np.argsort(x)
    x, y = np.asarray(x, dtype=float)[order], y[order]
    above = np.flatnonzero(y >= level)
    if len(above) and above[0]:
        i = above[0]
        place = np.interp(level, y[i - 1 : i + 1], x[i - 1 : i + 1]), level
    else:
        place = x[0] + 0.06, y[0] - 9
    ax.text(*place, name, color=_color(name), ha="center", va="center", fontsize=9, path_effects=[_halo()])


def _wells(middles, width, x):
    """An energy with a well of one width around each of some places."""
    return -np.exp(-((np.asarray(x)[..., None] - middles) ** 2) / (2 * width**2)).sum(axis=-1)


def _color(name):
    """The color of a line by its name: that of its power or of its kind of interaction."""
    kinds = {"power": POWER, "rectified": RECTIFIED}
    return kinds[name] if name in kinds else degree_color(int(name.removeprefix("n = ")))


def _grays(number):
    """Grays from light to black, for what grows."""
    return [f"{shade:.2f}" for shade in np.linspace(0.62, 0, number)]


def _halo():
    """A white rim around letters that lie on a line."""
    return effects.withStroke(linewidth=3.5, foreground="white")
