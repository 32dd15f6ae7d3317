"""Figures of the chapter on settings, from NumPy arrays: temperatures, windows, choices, training. No numerics."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from dam.figures.prototypes import MARKERS, WIDE
from dam.figures.style import COLORS


def temperatures(n, lines, bars, points):
    """Temperatures against the power n, both on logarithmic axes: lines, ranges and points.

    Parameters
    ----------
    n : (A,) array
        Powers of the lines.
    lines : dict of (A,) array
        Label of each line, and its temperatures in neurons.
    bars : dict of list of tuple
        Label of each kind of range, and its ranges: a power, the lowest and the highest temperature.
    points : dict of tuple of arrays
        Label of each kind of point; powers, temperatures.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(WIDE, 4.3))
    for (label, T), color, style in zip(lines.items(), COLORS, ("-", "--", ":")):
        ax.plot(n, T, style, color=color, linewidth=1.8, label=label)
    for (label, ranges), color in zip(bars.items(), COLORS[3:]):
        for power, low, high in ranges:
            ax.plot(
                [power, power], [low, high], color=color, linewidth=9, alpha=0.55, solid_capstyle="butt", label=label
            )
    for (label, (powers, T)), marker in zip(points.items(), MARKERS):
        ax.plot(powers, T, marker, color="black", markersize=7, label=label)
    ax.set(xscale="log", yscale="log", xlabel="power n", ylabel="temperature (neurons)")
    ax.set_xticks([2, 3, 5, 10, 20, 30], ["2", "3", "5", "10", "20", "30"])
    ax.set_yticks([30, 100, 300, 1000, 3000], ["30", "100", "300", "1000", "3000"])
    ax.minorticks_off()
    named = dict(zip(*ax.get_legend_handles_labels()[::-1]))
    figure.legend(named.values(), named.keys(), loc="outside upper center", ncols=2, fontsize=10)
    return figure


def windows(panels, *, xlabel, ylabel):
    """Errors at pairs of settings as maps with the numbers written in, the darker the larger; the window is framed.

    Parameters
    ----------
    panels : dict of tuple
        Title of each map; errors in % ``(rows, columns)``, NaN where the training broke down; which of them lie
        in the window, of bool; the settings of the rows and those of the columns.
    xlabel, ylabel : str
        What columns and rows stand for.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lines = -(-len(panels) // 2)
    figure, axes = plt.subplots(lines, min(len(panels), 2), figsize=(WIDE, 2.1 * lines + 0.4), squeeze=False)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    for ax, (title, (errors, inside, rows, columns)) in zip(axes.flat, panels.items()):
        shade = np.log(np.where(np.isfinite(errors), errors, np.nanmax(errors)))
        ax.imshow(shade, cmap="Blues", vmin=np.log(1.5), vmax=np.log(12), aspect="auto")
        for (i, j), error in np.ndenumerate(errors):
            text = f"{error:.2f}" if np.isfinite(error) else "NaN"
            ax.text(j, i, text, ha="center", va="center", fontsize=9.5, color="white" if error > 7 else "black")
            if inside[i, j]:
                ax.add_patch(Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, fill=False, edgecolor=COLORS[1], linewidth=2))
        ax.set_xticks(range(len(columns)), [f"{value:g}" for value in columns])
        ax.set_yticks(range(len(rows)), [f"{value:g}" for value in rows])
        ax.grid(False)
        ax.set_title(title, fontsize=11)
    figure.supxlabel(xlabel, fontsize=11)
    figure.supylabel(ylabel, fontsize=11)
    return figure


def choices(panels, *, xlabel="error (%)", limits=None, ticks=None):
    """Errors for each value of a setting: a panel for each case, a line for each value, a mark for each measure.

    Parameters
    ----------
    panels : dict of dict of (V,) array
        Title of each panel; name of each measure, and its value in % for each value of the setting; and, under the name
        ``"values"``, those values as text; they are written out where they are not those of the first panel. What is
        not finite, or 0, is left out.
    xlabel : str
    limits : tuple of float, optional
        Of the logarithmic axis of errors.
    ticks : sequence of float, optional
        Errors to name there.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = len(panels)
    most = max(len(panel["values"]) for panel in panels.values())
    figure, axes = plt.subplots(1, columns, figsize=(WIDE, 0.34 * most + 1.3), squeeze=False, sharex=True)
    for ax, (title, panel) in zip(axes.flat, panels.items()):
        places = np.arange(len(panel["values"]))
        for (name, errors), color, marker in zip(
            ((name, errors) for name, errors in panel.items() if name != "values"), COLORS, MARKERS
        ):
            shown = np.isfinite(errors) & (np.asarray(errors) > 0)
            fill = {} if color == COLORS[0] else {"markerfacecolor": "none"}  # what lies behind must be seen
            ax.plot(np.asarray(errors)[shown], places[shown], marker, color=color, markersize=6.5, label=name, **fill)
        fresh = ax is axes.flat[0] or list(panel["values"]) != list(next(iter(panels.values()))["values"])
        ax.set_yticks(places, panel["values"] if fresh else [])
        ax.set(ylim=(len(places) - 0.5, -0.5), xscale="log")
        ax.grid(axis="x", visible=True)
        ax.set_title(title, fontsize=11)
    if limits is not None:
        axes.flat[0].set_xlim(limits)
    if ticks is not None:
        axes.flat[0].set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.flat[0].minorticks_off()
    figure.supxlabel(xlabel, fontsize=11)
    named = dict(zip(*axes.flat[0].get_legend_handles_labels()[::-1]))
    figure.legend(named.values(), named.keys(), loc="outside upper center", ncols=3, fontsize=10)
    return figure


def price(panels, bands, *, xlabel="epochs", ylabel="test error (%)"):
    """Learning curves of short and of full trainings on one logarithmic axis of epochs, with the error to reach.

    Parameters
    ----------
    panels : dict of dict of list of (E,) array
        Title of each panel; label of each kind of training, and the error in % after each epoch of each of its runs.
    bands : dict of (float, float)
        Title of a panel, and the error of the paper with the largest one that counts as reached.
    xlabel, ylabel : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    lines = -(-len(panels) // 2)
    figure, axes = plt.subplots(
        lines, min(len(panels), 2), figsize=(WIDE, 2.2 * lines + 0.7), squeeze=False, sharex=True, sharey=True
    )
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    for ax, (title, kinds) in zip(axes.flat, panels.items()):
        ax.axhspan(*bands[title], color=COLORS[2], alpha=0.35, linewidth=0, label="within 0.15 points of the paper")
        longest = 1
        for (label, runs), color in zip(kinds.items(), COLORS):
            for errors in runs:
                longest = max(longest, len(errors))
                ax.plot(np.arange(1, len(errors) + 1), errors, color=color, linewidth=1.1, label=label)
        ax.set(xscale="log", yscale="log", ylim=(1.3, 10))
        ax.set_yticks([1.5, 2, 3, 5, 10], ["1.5", "2", "3", "5", "10"])
        ax.set_xticks([10, 30, 100, 300, 1000, 3000], ["10", "30", "100", "300", "1000", "3000"])
        ax.set_xlim(10, max(longest, 20))
        ax.minorticks_off()
        ax.set_title(title, fontsize=11)
    figure.supxlabel(xlabel, fontsize=11)
    figure.supylabel(ylabel, fontsize=11)
    named = dict(zip(*axes.flat[0].get_legend_handles_labels()[::-1]))
    figure.legend(named.values(), named.keys(), loc="outside upper center", ncols=2, fontsize=10)
    return figure
