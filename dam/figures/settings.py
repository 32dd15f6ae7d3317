"""Figures of the chapter on settings: temperatures, windows, choices, the price of a training."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from dam.figures.panels import frame, grid, legend, plain_ticks, write
from dam.figures.style import COLORS, MARKERS, NARROW


def temperatures(n, lines, bars, points):
    """Temperatures in neurons against the power n, both on logarithmic axes: lines, ranges and points.

    ``n (A,)``; `lines`: {label: (A,)}; `bars`: {label: list of (power, lowest, highest)}; `points`: {label: (n, T)}.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 4.3))
    for (label, T), color, style in zip(lines.items(), COLORS, ("-", "--", ":")):
        ax.plot(n, T, style, color=color, linewidth=1.8, label=label)
    for (label, ranges), color in zip(bars.items(), COLORS[3:]):
        look = {"color": color, "linewidth": 9, "alpha": 0.55, "solid_capstyle": "butt", "label": label}
        for power, low, high in ranges:
            ax.plot([power, power], [low, high], **look)
    for (label, (powers, T)), marker in zip(points.items(), MARKERS):
        ax.plot(powers, T, marker, color="black", markersize=7, label=label)
    ax.set(xscale="log", yscale="log", xlabel="power n", ylabel="temperature (neurons)")
    plain_ticks(ax, x=(2, 3, 5, 10, 20, 30), y=(30, 100, 300, 1000, 3000))
    legend(figure)
    return figure


def windows(panels, *, xlabel, ylabel):
    """Errors at pairs of settings as maps with the numbers written in, the darker the larger; the window is framed.

    `panels`: {title: (errors (R, C) in %, inside (R, C) of bool, settings of the rows (R,), of the columns (C,))},
    NaN where the training broke down.
    """
    figure, axes = grid(len(panels), height=2.1, extra=0.4)
    for ax, (title, (errors, inside, rows, columns)) in zip(axes, panels.items()):
        shade = np.log(np.where(np.isfinite(errors), errors, np.nanmax(errors)))
        ax.imshow(shade, cmap="Blues", vmin=np.log(1.5), vmax=np.log(12), aspect="auto")
        text = lambda error: f"{error:.2f}" if np.isfinite(error) else "NaN"
        write(ax, errors, text, lambda error: error > 7, fontsize=9.5)
        for i, j in np.argwhere(inside):
            ax.add_patch(Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, fill=False, edgecolor=COLORS[1], linewidth=2))
        ax.set_xticks(range(len(columns)), [f"{value:g}" for value in columns])
        ax.set_yticks(range(len(rows)), [f"{value:g}" for value in rows])
        ax.set_title(title)
    frame(figure, xlabel, ylabel)
    return figure


def choices(panels, *, xlabel="error (%)", limits=None, ticks=None):
    """Errors for each value of a setting: a panel for each case, a line for each value, a mark for each measure.

    `panels`: {title: {measure: (V,) in %}}; under the name "values" the V values as text, which are written out where
    they are not those of the first panel. What is not finite, or 0, is left out. `limits`, `ticks`: of the axis.
    """
    most = max(len(panel["values"]) for panel in panels.values())
    figure, axes = grid(len(panels), columns=len(panels), height=0.34 * most, extra=1.3, sharex=True)
    first = list(next(iter(panels.values()))["values"])
    for ax, (title, panel) in zip(axes, panels.items()):
        places = np.arange(len(panel["values"]))
        measures = {name: np.asarray(errors) for name, errors in panel.items() if name != "values"}
        for (name, errors), color, marker in zip(measures.items(), COLORS, MARKERS):
            shown = np.isfinite(errors) & (errors > 0)
            fill = {} if color == COLORS[0] else {"markerfacecolor": "none"}  # what lies behind must be seen
            ax.plot(errors[shown], places[shown], marker, color=color, markersize=6.5, label=name, **fill)
        fresh = ax is axes[0] or list(panel["values"]) != first
        ax.set_yticks(places, panel["values"] if fresh else [])
        ax.set(title=title, ylim=(len(places) - 0.5, -0.5), xscale="log")
        ax.grid(axis="x", visible=True)
    if limits is not None:
        axes[0].set_xlim(limits)
    if ticks is not None:
        plain_ticks(axes[0], x=ticks)
    frame(figure, xlabel)
    legend(figure, columns=3)
    return figure


def price(panels, bands, *, xlabel="epochs", ylabel="test error (%)"):
    """Learning curves of short and of full trainings on one logarithmic axis of epochs, with the error to reach.

    `panels`: {title: {kind of training: list of (E,) errors in %, one for each run}}. `bands`: {title: (error of the
    paper, largest one that counts as reached)}.
    """
    figure, axes = grid(len(panels), height=2.2, extra=0.7, sharex=True, sharey=True)
    for ax, (title, kinds) in zip(axes, panels.items()):
        ax.axhspan(*bands[title], color=COLORS[2], alpha=0.35, linewidth=0, label="within 0.15 points of the paper")
        for (label, runs), color in zip(kinds.items(), COLORS):
            for errors in runs:
                ax.plot(np.arange(1, len(errors) + 1), errors, color=color, linewidth=1.1, label=label)
        ax.set(title=title, xscale="log", yscale="log", ylim=(1.3, 10))
        plain_ticks(ax, x=(10, 30, 100, 300, 1000), y=(1.5, 2, 3, 5, 10))
        ax.set_xlim(10, max(20, *(len(errors) for runs in kinds.values() for errors in runs)))
    frame(figure, xlabel, ylabel)
    legend(figure)
    return figure
