"""Figures of the chapter on dense associative memories."""

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.panels import picture
from dam.figures.style import COLORS


def landscapes(profiles, marks, *, ylabel):
    """Energies along one path through the states, one panel for each energy function, below each other.

    Parameters
    ----------
    profiles : dict of (P,) array
        Title of each panel, and the energy at each of the P states of the path.
    marks : dict of int
        Name of each memory on the path, and its place there.
    ylabel : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(len(profiles), 1, figsize=(4.8, 1.6 * len(profiles) + 0.5), sharex=True)
    for ax, (title, profile), color in zip(axes, profiles.items(), COLORS):
        ax.plot(profile, color=color)
        ax.plot(list(marks.values()), profile[list(marks.values())], "o", color="black", markersize=5)
        ax.set_title(title, fontsize=11)
        ax.margins(y=0.12)
    axes[-1].set_xticks(list(marks.values()), list(marks))
    figure.supylabel(ylabel, fontsize=11)
    return figure


def gap_histograms(panels, bins, curves):
    """Distributions of energy gaps below each other, with the normal curves that theory predicts.

    Parameters
    ----------
    panels : dict of dict of array
        Title of each panel; in it the label of each histogram and its samples.
    bins : (B + 1,) array
        Edges of the bins.
    curves : dict of (P, 2) array
        Label of each curve, and its points; the same curves in every panel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(len(panels), 1, figsize=(4.8, 1.75 * len(panels) + 0.6), sharex=True, sharey=True)
    for ax, (title, samples) in zip(axes, panels.items()):
        for (name, values), color in zip(samples.items(), COLORS):
            ax.hist(values, bins, density=True, histtype="stepfilled", color=color, alpha=0.5, label=name)
        for (name, points), style in zip(curves.items(), ("-", "--")):
            ax.plot(*points.T, style, color="black", linewidth=1.3, label=name)
        ax.axvline(0, color="0.3", linewidth=1)
        ax.set_title(title, fontsize=11)
    axes[-1].set_xlabel("gap of a bit (1 = $2nN^{n-1}$)")
    figure.supylabel("density", fontsize=11)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=10)
    return figure


def final_overlaps(panels, bins):
    """Where random starts end, as in Fig. 4: a live run as filled histograms, stored runs as points over them.

    Parameters
    ----------
    panels : dict of tuple (live, stored)
        Title of each panel, two in a row. ``live`` is the array of final overlaps of the live run; ``stored`` a list
        of such arrays, one for each seed, drawn as mean and standard deviation of their histograms.
    bins : (B + 1,) array
        Edges of the bins.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(panels) // 2)
    figure, axes = plt.subplots(rows, 2, figsize=(4.8, 1.75 * rows + 0.8), sharex=True, sharey="row", squeeze=False)
    middle = (bins[1:] + bins[:-1]) / 2
    for ax, (title, (live, stored)) in zip(axes.flat, panels.items()):
        weights = np.full(len(live), 100 / len(live))
        ax.hist(live, bins, weights=weights, color=COLORS[4], alpha=0.7, label="live run")
        percent = [100 * np.histogram(values, bins)[0] / len(values) for values in stored]
        mean, spread = np.mean(percent, axis=0), np.std(percent, axis=0, ddof=min(1, len(percent) - 1))
        seen = mean > 0
        style = {"fmt": "o", "color": COLORS[1], "markersize": 3, "elinewidth": 1.2}
        ax.errorbar(middle[seen], mean[seen], spread[seen], label="stored seeds", **style)
        ax.set_title(title, fontsize=11)
    for ax in axes.flat:
        ax.set_ylim(bottom=0)
    figure.supxlabel("final overlap with the closest memory", fontsize=11)
    figure.supylabel("share of starts (%)", fontsize=11)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=10)
    return figure


def half_capacity(stored, live, curves):
    """K_1/2 against the number of neurons, as in Fig. 5.

    Parameters
    ----------
    stored, live : dict of tuple (N, K, half)
        Label of each kind of energy; (D,) arrays of numbers of neurons, of K_1/2, and of half the length of the error
        bars (NaN: none). Filled symbols for the stored, open ones for the live runs; the same kinds in the same order.
    curves : dict of tuple of two arrays
        Label, and N and K of each theoretical curve.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(4.8, 4.4))
    for (name, (x, y)), style in zip(curves.items(), ("-", ":")):
        ax.plot(x, y, style, color="black", linewidth=1.5, label=name)
    for points, size, face in ((stored, 5, None), (live, 9, "none")):
        for (name, (N, K, half)), color, marker in zip(points.items(), COLORS, "os"):
            style = {"fmt": marker, "color": color, "markersize": size, "markerfacecolor": face or color}
            ax.errorbar(N, K, half, capsize=3, elinewidth=1.2, label=name, **style)
    ax.set(xlabel="neurons $N$", ylabel="memories $K_{1/2}$", xscale="log", yscale="log")
    ax.set_xticks([50, 70, 100, 150, 200], labels=["50", "70", "100", "150", "200"])
    ax.set_yticks([100, 200, 500, 1000, 2000], labels=["100", "200", "500", "1000", "2000"])
    ax.minorticks_off()
    ax.legend(fontsize=10, loc="upper left")
    return figure


def scaling(panels, ticks):
    """Numbers of memories over eq. (6) against the number of neurons, one panel for each power, below each other.

    Parameters
    ----------
    panels : dict of tuple (points, curves)
        Title of each panel. ``points`` maps a label to (N, ratio, half), (D,) arrays of numbers of neurons, ratios to
        eq. (6), and half the length of the error bars (NaN: none); ``curves`` is a list of (N, ratio), predictions.
    ticks : list of sequence of int
        Numbers of neurons to be written at the axis of each panel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(len(panels), 1, figsize=(4.8, 2.5 * len(panels) + 0.8), squeeze=False)
    for ax, (title, (points, curves)), shown in zip(axes.flat, panels.items(), ticks):
        ax.axhline(1, color="black", linewidth=1.5, label="eq. (6)")
        for number, (N, ratio) in enumerate(curves):
            ax.plot(N, ratio, "--", color="0.4", linewidth=1.3, label=None if number else "normal noise")
        for (name, (N, ratio, half)), (color, marker, face) in zip(points.items(), _SYMBOLS):
            style = {"fmt": marker, "color": color, "markersize": 5.5, "markerfacecolor": face or color}
            ax.errorbar(N, ratio, half, capsize=2.5, elinewidth=1.2, label=name, **style)
        ax.set(xscale="log", yscale="log", ylabel="$K$ / eq. (6)")
        ax.set_xticks(shown, labels=[str(N) for N in shown])
        ax.set_yticks([0.5, 1, 2, 3], labels=["0.5", "1", "2", "3"])
        ax.minorticks_off()
        ax.set_title(title, fontsize=11)
    axes[-1, 0].set_xlabel("neurons $N$")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=10)
    return figure


_SYMBOLS = ((COLORS[0], "o", None), (COLORS[1], "s", None), (COLORS[0], "o", "white"), (COLORS[1], "s", "white"))


def recalled_pictures(rows, title):
    """Rows of small pictures with the name of the row at its left.

    Parameters
    ----------
    rows : dict of (P, 28, 28) array
        Name of each row, and its P pictures of ±1.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = len(next(iter(rows.values())))
    figure, axes = plt.subplots(len(rows), columns, figsize=(4.6, 0.35 + 1.05 * len(rows)), squeeze=False)
    for line, (name, pictures) in zip(axes, rows.items()):
        for ax, pixels in zip(line, pictures):
            picture(ax, pixels)
        line[0].set_ylabel(name, fontsize=11)
    figure.suptitle(title, fontsize=12)
    return figure
