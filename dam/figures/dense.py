"""Figures of the chapter on dense associative memories."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

from dam.arrays import Array
from dam.figures.panels import frame, grid, legend, picture, plain_ticks
from dam.figures.style import LINES, MARKERS, NARROW, POWER, RECTIFIED, degree_color

KINDS = {"power": POWER, "rectified": RECTIFIED}


def contributions(heights: dict, chosen: int, ends: dict, shown: dict, *, name: str) -> plt.Figure:
    """What each memory contributes to a state, one row for each power, and beside it where the state settles.

    `heights`: {n: (K,) contributions F(h)}, drawn in units of that of the memory number `chosen`, whose bar is black.
    `ends`: {n: (28, 28) of ±1}. `shown`: {title: (28, 28) of ±1}, two pictures above all. `name`: what to call the
    chosen memory.
    """
    size = {"figsize": (NARROW, 1.35 * len(heights) + 2), "squeeze": False, "width_ratios": (3.4, 1)}
    figure, axes = plt.subplots(len(heights) + 1, 2, **size)
    axes[0, 0].set_axis_off()
    axes[0, 1].set_axis_off()
    for left, (title, pixels) in zip((0.1, 0.6), shown.items()):
        picture(axes[0, 0].inset_axes((left, 0, 0.33, 1)), pixels, title)
    for (ax, beside), (n, values) in zip(axes[1:], heights.items()):
        share = values / values[chosen]
        others = share.sum() - 1
        ax.vlines(np.arange(len(share)), 0, share, color=degree_color(n), linewidth=0.5)
        ax.vlines(chosen, 0, 1, color="black", linewidth=3)
        ax.set_title(f"n = {n}: the others together {others:,.{0 if others > 10 else 1}f}", fontsize=10.5, loc="left")
        ax.set(ylim=(0, 1.08), yticks=(0, 1), xlim=(-10, len(share) + 10), xticks=())
        ax.grid(False)
        picture(beside, ends[n])
    axes[1, 1].set_title("settles on", fontsize=10.5)
    style = {"xytext": (8, -2), "textcoords": "offset points", "va": "top", "fontsize": 10}
    axes[-1, 0].annotate(name, (chosen, 1), **style)
    axes[-1, 0].set_xlabel(f"the {len(share)} memories")
    figure.supylabel(f"height $F(h)$ ({name} = 1)")
    return figure


def landscapes(profiles: dict, marks: dict, notes: Sequence[str], *, ylabel: str) -> plt.Figure:
    """Energies along one path through the states, one panel for each power.

    `profiles`: {n: (P,) energies}. `marks`: {name of a memory on the path: its place there}. `notes`: one for each
    panel, written behind its title.
    """
    figure, axes = grid(len(profiles), columns=1, height=1.6, extra=0.5, sharex=True)
    for ax, (n, profile), note in zip(axes, profiles.items(), notes):
        ax.plot(profile, color=degree_color(n))
        ax.plot(list(marks.values()), profile[list(marks.values())], "o", color="black", markersize=5)
        ax.set_title(f"n = {n}; {note}")
        ax.margins(y=0.12)
    axes[-1].set_xticks(list(marks.values()), list(marks))
    frame(figure, ylabel=ylabel)
    return figure


def gap_histograms(panels: dict, bins: Array, curves: dict, *, lowest: float = 0.0001) -> plt.Figure:
    """Distributions of energy gaps below each other, on a logarithmic axis from `lowest` up, with normal curves.

    `panels`: {title: {kind of interaction: samples}}. ``bins (B + 1,)``: edges. `curves`: {kind: (P, 2) points}, what
    theory predicts, in every panel. Where the gap is negative, the bit is unstable: that side is gray.
    """
    figure, axes = grid(len(panels), columns=1, height=1.9, extra=0.5, sharex=True, sharey=True)
    for ax, (title, samples) in zip(axes, panels.items()):
        ax.axvspan(bins[0], 0, color="0.9")
        for (kind, points), line in zip(curves.items(), LINES):
            ax.plot(*points.T, line, color="black", linewidth=1.2)
        for kind, values in samples.items():
            ax.hist(values, bins, density=True, histtype="step", color=KINDS[kind], linewidth=1.8)
        ax.set(yscale="log", ylim=(lowest, 4), xlim=(bins[0], bins[-1]), title=title)
    write = {"transform": axes[0].transAxes, "fontsize": 10}
    axes[0].text(0.02, 0.9, "unstable", va="top", color="0.25", **write)
    for row, kind in enumerate(panels[title]):
        axes[0].text(0.98, 0.9 - 0.14 * row, kind, ha="right", va="top", color=KINDS[kind], **write)
    axes[-1].set_xlabel("gap of a bit (1 = predicted mean)")
    frame(figure, ylabel="density")
    return figure


def final_overlaps(panels: dict, bins: Array, inset: tuple[str, int, Array]) -> plt.Figure:
    """Where random starts end, as in Fig. 4: live runs as bars, stored runs as points over them.

    `panels`: {(kind of interaction, n): (live, stored)}, final overlaps of the live run and a list of them, one for
    each stored set, drawn as mean and standard deviation of their histograms. ``bins (B + 1,)``: edges. `inset`: the
    kind and n of a panel, and the absolute overlaps (live) that a small panel in it shows.
    """
    figure, axes = grid(len(panels), height=1.8, extra=0.5, sharex=True, sharey="row")
    middle = (bins[1:] + bins[:-1]) / 2
    for ax, ((kind, n), (live, stored)) in zip(axes, panels.items()):
        ax.hist(live, bins, weights=np.full(len(live), 100 / len(live)), color=KINDS[kind], alpha=0.6)
        percent = [100 * np.histogram(values, bins)[0] / len(values) for values in stored]
        mean, spread = np.mean(percent, axis=0), np.std(percent, axis=0, ddof=min(1, len(percent) - 1))
        seen = mean > 0
        ax.errorbar(middle[seen], mean[seen], spread[seen], fmt="o", color="black", markersize=3, elinewidth=1.2)
        ax.set_title(f"{kind}, n = {n}")
        if (kind, n) == inset[:2]:
            small = ax.inset_axes((0.36, 0.42, 0.42, 0.42))
            small.hist(inset[2], bins, weights=np.full(len(live), 100 / len(live)), color=KINDS[kind], alpha=0.6)
            small.set_title("sign taken off", fontsize=9)
            small.set(xlim=ax.get_xlim(), ylim=(0, 100), xticks=(50, 100), yticks=(0, 100))
            small.tick_params(labelsize=9)
    for ax in axes:
        ax.set_ylim(bottom=0)
    frame(figure, "final overlap with the closest memory", "share of starts (%)")
    return figure


def half_capacity(stored: dict, live: dict, curves: dict) -> plt.Figure:
    """K_1/2 against the number of neurons, as in Fig. 5, labeled at the right end.

    `stored` (filled symbols) and `live` (open ones): {kind of interaction: (N, K, half)}, (D,) each, half the length
    of the error bars or NaN. `curves`: {label: (N, K)} of theory, black.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 4.2))
    end = {"xytext": (7, 0), "textcoords": "offset points", "va": "center", "fontsize": 10}
    for (name, (x, y)), line in zip(curves.items(), ("-", ":")):
        ax.plot(x, y, line, color="black", linewidth=1.5)
        ax.annotate(name, (x[-1], y[-1]), **(end | {"va": "top"}))
    for points, size, open_ in ((stored, 5, False), (live, 9, True)):
        for (kind, (N, K, half)), marker in zip(points.items(), MARKERS):
            style = {"fmt": marker, "color": KINDS[kind], "markersize": size, "elinewidth": 1.2, "capsize": 3}
            ax.errorbar(N, K, half, markerfacecolor="none" if open_ else KINDS[kind], **style)
    for (kind, (N, K, _)), place in zip(stored.items(), (-3, -1)):
        shift = {} if place == -1 else {"xytext": (7, -12)}
        ax.annotate(kind, (N[place], K[place]), **(end | shift), color=KINDS[kind])
    ax.set(xlabel="neurons $N$", ylabel="memories $K_{1/2}$", xscale="log", yscale="log")
    plain_ticks(ax, x=(50, 70, 100, 150, 200), y=(100, 200, 500, 1000, 2000))
    return figure


def scaling(panels: dict, ticks: Sequence[Sequence[int]]) -> plt.Figure:
    """Numbers of memories over the error-free capacity against the number of neurons, one panel for each power.

    `panels`: {title: (points, curves)} with points {label: (N, ratio, half)}, (D,) each, half the length of the error
    bars or NaN, and curves a list of predictions (N, ratio). `ticks`: the N to write at the axis of each panel.
    """
    symbols = [(color, marker, face) for face in (None, "white") for color, marker in zip(KINDS.values(), MARKERS)]
    figure, axes = grid(len(panels), columns=1, height=2.5, extra=0.8)
    for ax, (title, (points, curves)), shown in zip(axes, panels.items(), ticks):
        ax.axhline(1, color="black", linewidth=1.5, label="error-free capacity")
        for number, (N, ratio) in enumerate(curves):
            ax.plot(N, ratio, "--", color="0.4", linewidth=1.3, label=None if number else "normal noise")
        for (name, (N, ratio, half)), (color, marker, face) in zip(points.items(), symbols):
            style = {"fmt": marker, "color": color, "markersize": 5.5, "markerfacecolor": face or color}
            ax.errorbar(N, ratio, half, capsize=2.5, elinewidth=1.2, label=name, **style)
        ax.set(xscale="log", yscale="log", ylabel="$K$ / capacity")
        plain_ticks(ax, x=shown, y=(0.5, 1, 2, 3))
        ax.set_title(title)
    axes[-1].set_xlabel("neurons $N$")
    legend(figure)
    return figure


def recalled_pictures(rows: dict, title: str) -> plt.Figure:
    """Rows of small pictures, {name written at the left: (P, 28, 28) of ±1}."""
    columns = len(next(iter(rows.values())))
    figure, axes = plt.subplots(len(rows), columns, figsize=(4.6, 0.35 + 1.05 * len(rows)), squeeze=False)
    for line, (name, pictures) in zip(axes, rows.items()):
        for ax, pixels in zip(line, pictures):
            picture(ax, pixels)
        line[0].set_ylabel(name, fontsize=11)
    figure.suptitle(title)
    return figure


def fixed_points(curves: dict, points: dict, *, xlabel: str, ylabel: str) -> plt.Figure:
    """Shares against the power, curves and points labeled where there is room.

    `curves`: {label: (n, share, (x, y) of the label)}, black lines of different style; `points`: the same, crosses.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 3.6))
    drawn = [*zip(curves.items(), ("o-", "s--")), *((item, "x") for item in points.items())]
    for ((name, (n, share, place)), line), gray in zip(drawn, ("black", "0.5", "0.3")):
        ax.plot(n, share, line, color=gray, markersize=9 if line == "x" else 5, markeredgewidth=1.6)
        ax.text(*place, name, color=gray, fontsize=10)
    ax.set(xlabel=xlabel, ylabel=ylabel, xscale="log", ylim=(-3, 106))
    plain_ticks(ax, x=(2, 3, 5, 10, 20, 50, 100))
    return figure
