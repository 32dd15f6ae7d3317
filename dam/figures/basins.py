"""Figures of the chapter on basins of attraction, single-bit errors and update rules."""

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.style import COLORS

MARKERS = "os^Dv"
MINIMUM = 4.8
"""Width in inches of figures that stay legible on a phone."""


def recovery(panels, *, nearest=None, borders=None, columns=2, height=2.1):
    """How many cues lead back to their memory, against the overlap of the cue.

    Parameters
    ----------
    panels : dict of dict of tuple of (P,) array and (R, P) array
        Title of each panel; in it the label of each line, its overlaps, and the share recovered in R runs, drawn as
        mean and standard deviation.
    nearest : dict of tuple of two (P,) arrays, optional
        Title of a panel, and overlaps and shares of the search for the nearest memory.
    borders : dict of dict of float, optional
        Title of a panel, label of a line in it, and the overlap at which theory sees its border: a vertical line.
    columns : int
        Panels in a row.
    height : float
        Of one row, in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(panels) // columns)
    size = MINIMUM, height * rows + 1.0
    figure, axes = plt.subplots(rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False)
    for ax, (title, lines) in zip(axes.flat, panels.items()):
        for (name, (overlap, runs)), color, marker in zip(lines.items(), COLORS, MARKERS):
            _with_spread(ax, overlap, 100 * np.atleast_2d(runs), color=color, marker=marker, markersize=4, label=name)
            if name in (borders or {}).get(title, {}):
                ax.axvline(borders[title][name], color=color, linestyle=":", linewidth=1.6, label=f"theory, {name}")
        if title in (nearest or {}):
            overlap, share = nearest[title]
            ax.plot(overlap, 100 * share, "--", color="black", linewidth=1.4, label="nearest memory")
        ax.set_title(title, fontsize=11)
        ax.set_ylim(-4, 104)
    figure.supxlabel("overlap of the cue with its memory, $m$", fontsize=11)
    figure.supylabel("cues recovered exactly (%)", fontsize=11)
    _common_legend(figure, axes)
    return figure


def half_overlaps(panels, *, nearest=None, columns=1):
    """The overlap at which half of the cues are recovered, against the power n.

    Parameters
    ----------
    panels : dict of dict of tuple of (n, runs, predicted)
        Title of each panel; label of each line, its powers (n,), its half-way overlaps (R, n) in R runs (NaN where
        there is none), and the border (n,) that theory predicts.
    nearest : dict of dict of float, optional
        Title of a panel, label of a line in it, and the half-way overlap of the search for the nearest memory.
    columns : int
        Panels in a row.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(panels) // columns)
    size = MINIMUM, 2.7 * rows + 0.4
    figure, axes = plt.subplots(rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False)
    for ax, (title, lines) in zip(axes.flat, panels.items()):
        for (name, (n, runs, predicted)), color, marker in zip(lines.items(), COLORS, MARKERS):
            _with_spread(ax, n, np.atleast_2d(runs), color=color, marker=marker, markersize=6, label=name)
            ax.plot(n, predicted, ":", color=color, linewidth=1.6)
            if name in (nearest or {}).get(title, {}):
                ax.axhline(nearest[title][name], color=color, linestyle="--", linewidth=1.1)
        ax.set_title(title, fontsize=11)
        ax.set_ylim(0, 1)
        ax.set_xticks(n)
        ax.legend(fontsize=10, loc="upper left", bbox_to_anchor=(1, 1))
    figure.supxlabel("power $n$", fontsize=11)
    figure.supylabel("overlap at which half are recovered", fontsize=11)
    return figure


def error_curves(panels):
    """Probability of an unstable bit against the load: measured points, and curves of theory, on logarithmic scales.

    Parameters
    ----------
    panels : dict of tuple (load, measured, curves)
        Title of each panel; loads (L,), measured probabilities (R, L) of R runs, and the label and the probabilities
        (L,) of each curve, the same labels in every panel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    size = MINIMUM, 1.9 * len(panels) + 1.0
    figure, axes = plt.subplots(len(panels), 1, figsize=size, sharex=True, sharey=True, squeeze=False)
    for ax, (title, (load, measured, curves)) in zip(axes.flat, panels.items()):
        for (name, values), style, color in zip(curves.items(), ("--", ":", "-"), (COLORS[1], COLORS[3], COLORS[0])):
            ax.plot(load, np.where(np.asarray(values) > 0, values, np.nan), style, color=color, label=name)
        mean = np.mean(np.atleast_2d(measured), axis=0)
        seen = mean > 0
        ax.plot(np.asarray(load)[seen], mean[seen], "o", color="black", markersize=5, label="measured")
        ax.set(xscale="log", yscale="log")
        ax.set_ylim(1e-7, 0.3)
        ax.set_title(title, fontsize=11)
        _plain_ticks(ax, (0.25, 0.5, 1, 2))
    figure.supxlabel(r"load $K / (\alpha_n N^{n-1})$", fontsize=11)
    figure.supylabel("probability of an unstable bit", fontsize=11)
    _common_legend(figure, axes)
    return figure


def error_ratios(panels, *, top=1000, columns=2):
    """Measured error over the Gaussian estimate, with the exact law, against the load.

    Parameters
    ----------
    panels : dict of dict of tuple (load, ratio, uncertainty, exact)
        Title of each panel; label of each line, its loads (L,), the ratios (L,) with their standard errors (L,),
        and the exact ratios (L,). A ratio below its error is left out.
    top : float
        Upper end of the vertical axis.
    columns : int
        Panels in a row.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(panels) // columns)
    size = MINIMUM, 2.0 * rows + 1.0
    figure, axes = plt.subplots(rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False)
    for ax, (title, lines) in zip(axes.flat, panels.items()):
        ax.axhline(1, color="0.4", linewidth=1)
        for (name, (load, ratio, uncertainty, exact)), color, marker in zip(lines.items(), COLORS, MARKERS):
            seen = ratio > uncertainty
            style = {"fmt": marker, "color": color, "markersize": 4.5, "elinewidth": 1.2, "label": name}
            ax.errorbar(load[seen], ratio[seen], uncertainty[seen], **style)
            ax.plot(load, exact, "-", color=color, linewidth=1.2)
        ax.set(xscale="log", yscale="log")
        ax.set_ylim(0.3, top)
        ax.set_title(title, fontsize=11)
        _plain_ticks(ax, (0.25, 0.5, 1, 2))
        ax.yaxis.set_major_formatter("{x:g}")
    figure.supxlabel(r"load $K / (\alpha_n N^{n-1})$", fontsize=11)
    figure.supylabel("measured error over Gaussian", fontsize=11)
    _common_legend(figure, axes)
    return figure


def freezing(panels, *, ylabel):
    """Shares against the number of memories on a logarithmic axis: measured points on predicted curves.

    Parameters
    ----------
    panels : dict of dict of tuple (K, measured, K_curve, predicted)
        Title of each panel; label of each line, its numbers of memories (P,) and measured shares (P,), and the same
        (C,) for the curve.
    ylabel : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    size = MINIMUM, 2.0 * len(panels) + 1.0
    figure, axes = plt.subplots(len(panels), 1, figsize=size, sharex=True, sharey=True, squeeze=False)
    for ax, (title, lines) in zip(axes.flat, panels.items()):
        for (name, (K, measured, K_curve, predicted)), color, marker in zip(lines.items(), COLORS, MARKERS):
            ax.plot(K_curve, 100 * predicted, "-", color=color, linewidth=1.3)
            ax.plot(K, 100 * measured, marker, color=color, markersize=5, label=name)
        ax.set(xscale="log")
        ax.set_ylim(-4, 104)
        ax.set_title(title, fontsize=11)
    figure.supxlabel("memories $K$", fontsize=11)
    figure.supylabel(ylabel, fontsize=11)
    _common_legend(figure, axes)
    return figure


def flip_costs(panels):
    """Time of one flip against one size at a time, with its fitted power law, beside the matrix products it needs.

    Parameters
    ----------
    panels : dict of tuple (x, flip, products, exponent)
        Label of each horizontal axis; the sizes (P,), microseconds for one flip (P,) and for its products (P,), and
        the exponent of the power law through the former.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(panels) // 2)
    figure, axes = plt.subplots(rows, 2, figsize=(MINIMUM, 2.3 * rows + 0.8), sharey=True, squeeze=False)
    for ax, (name, (x, flip, products, exponent)) in zip(axes.flat, panels.items()):
        x = np.asarray(x, dtype=float)
        middle = np.exp(np.mean(np.log(flip)) + exponent * (np.log(x) - np.mean(np.log(x))))
        ax.plot(x, middle, "-", color=COLORS[0], linewidth=1.2)
        ax.plot(x, flip, "o", color=COLORS[0], markersize=5, label="one flip")
        ax.plot(x, products, "s", color=COLORS[1], markersize=4.5, label="its matrix products")
        ax.set(xscale="log", yscale="log", xlabel=name)
        ax.set_title(f"exponent {exponent:.2f}", fontsize=11)
        _plain_ticks(ax, x[:: -(-len(x) // 4)])
        ax.yaxis.set_major_formatter("{x:g}")
    figure.supylabel("time (µs)", fontsize=11)
    _common_legend(figure, axes)
    return figure


def _with_spread(ax, x, runs, **style):
    """Draw the mean over runs, with the standard deviation as bars where there are several."""
    spread = np.std(runs, axis=0, ddof=1) if len(runs) > 1 else None
    ax.errorbar(x, np.mean(runs, axis=0), spread, linewidth=1.3, elinewidth=1.2, **style)


def _common_legend(figure, axes):
    """Draw one legend above all panels, each label once."""
    found = {}
    for ax in axes.flat:
        for handle, name in zip(*ax.get_legend_handles_labels()):
            found.setdefault(name, handle)
    names = sorted(found, key=lambda name: isinstance(found[name], plt.Line2D))  # curves after points with error bars
    columns = 3 if len(found) > 4 else 2
    figure.legend([found[name] for name in names], names, loc="outside upper center", ncols=columns, fontsize=10)


def _plain_ticks(ax, ticks):
    """Label a logarithmic horizontal axis with plain numbers, and only with these."""
    ax.set_xticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    ax.xaxis.set_minor_formatter("")
    ax.minorticks_off()
