"""Figures of the chapter on dense associative memories."""

import matplotlib.pyplot as plt
import numpy as np

from dam.plotting.shared import picture
from dam.plotting.style import COLORS


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
    """Where random starts end, as in Fig. 4: stored runs as filled histograms, live runs as points over them.

    Parameters
    ----------
    panels : dict of tuple (stored, live)
        Title of each panel, two in a row. ``stored`` is the array of final overlaps of a stored run, or None;
        ``live`` a list of such arrays, one for each seed.
    bins : (B + 1,) array
        Edges of the bins.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(panels) // 2)
    figure, axes = plt.subplots(rows, 2, figsize=(4.8, 1.75 * rows + 0.8), sharex=True, sharey="row", squeeze=False)
    middle = (bins[1:] + bins[:-1]) / 2
    for ax, (title, (stored, live)) in zip(axes.flat, panels.items()):
        if stored is not None:
            weights = np.full(len(stored), 100 / len(stored))
            ax.hist(stored, bins, weights=weights, color=COLORS[4], alpha=0.7, label="stored run")
        percent = [100 * np.histogram(values, bins)[0] / len(values) for values in live]
        mean, spread = np.mean(percent, axis=0), np.std(percent, axis=0)
        seen = mean > 0
        style = {"fmt": "o", "color": COLORS[1], "markersize": 3.5, "elinewidth": 1.2}
        ax.errorbar(middle[seen], mean[seen], spread[seen], label="live runs", **style)
        ax.set_title(title, fontsize=11)
    for ax in axes.flat:
        ax.set_ylim(bottom=0)
    figure.supxlabel(r"final overlap with the closest memory, $\max_\mu\, \xi^\mu\!\cdot\sigma$", fontsize=11)
    figure.supylabel("share of starts (%)", fontsize=11)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=10)
    return figure


def half_capacity(live, stored, curves):
    """K_1/2 against the number of neurons, as in Fig. 5.

    Parameters
    ----------
    live, stored : tuple of (D,) array and dict of (R, D) array
        Numbers of neurons; label of each kind of energy and K_1/2 of R seeds, drawn as mean and standard deviation.
        Filled symbols for the live runs, open ones for the stored; the same kinds in the same order.
    curves : dict of tuple of two arrays
        Label, and N and K of each theoretical curve.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(4.8, 4.4))
    for (name, (x, y)), style in zip(curves.items(), ("-", ":")):
        ax.plot(x, y, style, color="black", linewidth=1.5, label=name)
    for (N, runs), size, face in ((live, 6, None), (stored, 8, "none")):
        for (name, values), color, marker in zip(runs.items(), COLORS, "os"):
            spread = values.std(axis=0, ddof=1) if len(values) > 1 else None
            style = {"fmt": marker, "color": color, "markersize": size, "markerfacecolor": face or color}
            ax.errorbar(N, values.mean(axis=0), spread, capsize=3, elinewidth=1.2, label=name, **style)
    ax.set(xlabel="neurons $N$", ylabel="memories $K_{1/2}$", xscale="log", yscale="log")
    ax.set_xticks([50, 70, 100, 150, 200], labels=["50", "70", "100", "150", "200"])
    ax.set_yticks([100, 200, 500, 1000, 2000], labels=["100", "200", "500", "1000", "2000"])
    ax.minorticks_off()
    ax.legend(fontsize=10, loc="upper left")
    return figure


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
