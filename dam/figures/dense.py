"""Figures of the chapter on dense associative memories."""

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.panels import frame, grid, legend, picture, plain_ticks
from dam.figures.style import COLORS, MARKERS, NARROW


def landscapes(profiles, marks, notes, *, ylabel):
    """Energies along one path through the states, one panel for each energy function.

    `profiles`: {title: (P,) energies}. `marks`: {name of a memory on the path: its place there}. `notes`: one for each
    panel, written behind its title.
    """
    figure, axes = grid(len(profiles), columns=1, height=1.6, extra=0.5, sharex=True)
    for ax, (title, profile), note, color in zip(axes, profiles.items(), notes, COLORS):
        ax.plot(profile, color=color)
        ax.plot(list(marks.values()), profile[list(marks.values())], "o", color="black", markersize=5)
        ax.set_title(f"{title}; {note}")
        ax.margins(y=0.12)
    axes[-1].set_xticks(list(marks.values()), list(marks))
    frame(figure, ylabel=ylabel)
    return figure


def gap_histograms(panels, bins, curves):
    """Distributions of energy gaps below each other, with the normal curves that theory predicts.

    `panels`: {title: {label: samples}}. ``bins (B + 1,)``: edges. `curves`: {label: (P, 2) points}, in every panel.
    """
    figure, axes = grid(len(panels), columns=1, height=1.75, extra=0.6, sharex=True, sharey=True)
    for ax, (title, samples) in zip(axes, panels.items()):
        for (name, values), color in zip(samples.items(), COLORS):
            ax.hist(values, bins, density=True, histtype="stepfilled", color=color, alpha=0.5, label=name)
        for (name, points), style in zip(curves.items(), ("-", "--")):
            ax.plot(*points.T, style, color="black", linewidth=1.3, label=name)
        ax.axvline(0, color="0.3", linewidth=1)
        ax.set_title(title)
    axes[-1].set_xlabel("gap of a bit (1 = $2nN^{n-1}$)")
    frame(figure, ylabel="density")
    legend(figure)
    return figure


def final_overlaps(panels, bins):
    """Where random starts end, as in Fig. 4: a live run as filled histograms, stored runs as points over them.

    `panels`: {title: (live, stored)}, final overlaps of the live run and a list of them, one for each stored set,
    drawn as mean and standard deviation of their histograms. ``bins (B + 1,)``: edges.
    """
    figure, axes = grid(len(panels), height=1.75, extra=0.8, sharex=True, sharey="row")
    middle = (bins[1:] + bins[:-1]) / 2
    for ax, (title, (live, stored)) in zip(axes, panels.items()):
        weights = np.full(len(live), 100 / len(live))
        ax.hist(live, bins, weights=weights, color=COLORS[4], alpha=0.7, label="live run")
        percent = [100 * np.histogram(values, bins)[0] / len(values) for values in stored]
        mean, spread = np.mean(percent, axis=0), np.std(percent, axis=0, ddof=min(1, len(percent) - 1))
        seen = mean > 0
        style = {"fmt": "o", "color": COLORS[1], "markersize": 3, "elinewidth": 1.2}
        ax.errorbar(middle[seen], mean[seen], spread[seen], label="stored sets", **style)
        ax.set_title(title)
    for ax in axes:
        ax.set_ylim(bottom=0)
    frame(figure, "final overlap with the closest memory", "share of starts (%)")
    legend(figure)
    return figure


def half_capacity(stored, live, curves):
    """K_1/2 against the number of neurons, as in Fig. 5.

    `stored` (filled symbols) and `live` (open ones): {kind of energy: (N, K, half)}, (D,) each, half the length of the
    error bars or NaN; the same kinds in the same order. `curves`: {label: (N, K)} of theory.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 4.4))
    for (name, (x, y)), style in zip(curves.items(), ("-", ":")):
        ax.plot(x, y, style, color="black", linewidth=1.5, label=name)
    for points, size, face in ((stored, 5, None), (live, 9, "none")):
        for (name, (N, K, half)), color, marker in zip(points.items(), COLORS, MARKERS):
            style = {"fmt": marker, "color": color, "markersize": size, "markerfacecolor": face or color}
            ax.errorbar(N, K, half, capsize=3, elinewidth=1.2, label=name, **style)
    ax.set(xlabel="neurons $N$", ylabel="memories $K_{1/2}$", xscale="log", yscale="log")
    plain_ticks(ax, x=(50, 70, 100, 150, 200), y=(100, 200, 500, 1000, 2000))
    ax.legend(loc="upper left")
    return figure


def scaling(panels, ticks):
    """Numbers of memories over the error-free capacity against the number of neurons, one panel for each power.

    `panels`: {title: (points, curves)} with points {label: (N, ratio, half)}, (D,) each, half the length of the error
    bars or NaN, and curves a list of predictions (N, ratio). `ticks`: the N to write at the axis of each panel.
    """
    symbols = [(color, marker, face) for face in (None, "white") for color, marker in zip(COLORS[:2], MARKERS)]
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


def recalled_pictures(rows, title):
    """Rows of small pictures, {name written at the left: (P, 28, 28) of ±1}."""
    columns = len(next(iter(rows.values())))
    figure, axes = plt.subplots(len(rows), columns, figsize=(4.6, 0.35 + 1.05 * len(rows)), squeeze=False)
    for line, (name, pictures) in zip(axes, rows.items()):
        for ax, pixels in zip(line, pictures):
            picture(ax, pixels)
        line[0].set_ylabel(name, fontsize=11)
    figure.suptitle(title)
    return figure
