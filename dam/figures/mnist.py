"""Figures of the chapter on MNIST: the network, its learning curves, its mistakes."""

from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.panels import grid, legend, picture, plain_ticks, write
from dam.figures.style import COLORS, HATCHES, LINES
from dam.lab.paper import MEMORIES


def network(digit, answer):
    """Sketch of the network of the paper's Fig. 1A: pixels ``(784,)``, memories, and ten classes, the answer on."""
    figure, ax = plt.subplots(figsize=(6.4, 3.9))
    ax.set(xlim=(0, 10), ylim=(-1.7, 10.4))
    ax.set_axis_off()
    picture(ax.inset_axes([0, 0.33, 0.3, 0.48]), digit.reshape(28, 28))
    memories, classes = (8.4, 6.9, 5.4, 2.4, 0.9), np.linspace(9.6, 0, 10)
    for y in memories:
        ax.plot([3.0, 5.3], [4.65 + 0.45 * (y - 4.65), y], color="0.75", linewidth=1)
        for z in classes:
            ax.plot([5.3, 8.6], [y, z], color="0.85", linewidth=0.6)
        ax.plot(5.3, y, "o", color=COLORS[4], markeredgecolor="black", markersize=17)
    for y in (4.3, 3.9, 3.5):
        ax.plot(5.3, y, ".", color="black", markersize=5)
    for alpha, y in enumerate(classes):
        on = alpha == answer
        ax.plot(8.6, y, "o", color=COLORS[1] if on else "white", markeredgecolor="black", markersize=15)
        ax.text(9.15, y, alpha, va="center", fontsize=11, fontweight="bold" if on else "normal")
    texts = "784 visible\nneurons $v_i$", f"{MEMORIES} memories\n$\\xi^\\mu$", "10 classification\nneurons $c_\\alpha$"
    for x, text in zip((1.5, 5.3, 8.6), texts):
        ax.text(x, -0.7, text, ha="center", va="top", fontsize=11)
    return figure


def learning_curves(curves, *, ax=None, ylabel="test error (%)", log=True, levels=None):
    """Error in percent after each of E epochs, {label: (E,)}, in `ax` or a new figure; returns the axes.

    `levels`: {label: height} of horizontal lines of reference; `log`: whether the errors are on a logarithmic scale.
    """
    ax = ax or plt.subplots()[1]
    for (name, errors), style in zip(curves.items(), cycle(LINES[:4])):
        ax.plot(np.arange(1, len(errors) + 1), errors, linestyle=style, label=name)
    for name, level in (levels or {}).items():
        ax.axhline(level, color="0.4", linestyle=":", linewidth=1.2)
        ax.annotate(name, (1.0, level), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=9)
    if log:
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter("{x:g}")
        ax.tick_params(axis="y", which="minor", labelsize=8)
    ax.set(xlabel="epoch", ylabel=ylabel)
    ax.legend()
    return ax


def confusion(counts):
    """How many digits of each class (rows of ``counts (10, 10)``) got each answer; the diagonal gets no color."""
    right = np.eye(len(counts), dtype=bool)
    wrong = counts * ~right
    figure, ax = plt.subplots(figsize=(5.4, 5.2))
    ax.imshow(wrong, cmap="Oranges", vmin=0)
    write(ax, wrong, lambda count: count and str(count), lambda count: count > 0.65 * wrong.max(), fontsize=9)
    for alpha, count in enumerate(counts.diagonal()):
        if count:
            ax.text(alpha, alpha, count, ha="center", va="center", fontsize=9, color="0.45")
    ax.set(xticks=range(10), yticks=range(10), xlabel="answer of the network", ylabel="true class")
    return figure


def crossings(curves, intervals, level):
    """Test errors against epoch, a panel for each power, with the paper's interval for passing a level: Fig. 1B.

    `curves`: {title: list of (E,) errors in percent, one for each run}. `intervals`: {title: first and last epoch at
    which runs of the paper passed the level}. `level`: in percent; the first epoch below it is marked, and the last
    epoch of a run.
    """
    figure, axes = grid(len(curves), columns=1, height=1.9, extra=0.8, width=5.6, sharex=True)
    below = {"color": "black", "markersize": 7, "zorder": 3}
    end = {"color": COLORS[0], "markerfacecolor": "white", "zorder": 3}
    for ax, (title, runs) in zip(axes, curves.items()):
        ax.axhline(level, color="black", linestyle=":", linewidth=1.2)
        if title in intervals:
            ax.axvspan(*intervals[title], color=COLORS[1], alpha=0.25, linewidth=0, label="paper's runs")
        for errors in runs:
            epochs = np.arange(1, len(errors) + 1)
            ax.plot(epochs, errors, color=COLORS[0], linewidth=1.2)
            first = np.flatnonzero(errors < level)[:1]
            ax.plot(epochs[first], errors[first], "v", label=f"first below {level:g} %", linestyle="none", **below)
            ax.plot(epochs[-1:], errors[-1:], "o", label="end of a run", linestyle="none", **end)
        ax.set(title=title, xscale="log", xlim=(20, None), ylim=(1, 8), yscale="log", ylabel="test error (%)")
        plain_ticks(ax, x=(20, 50, 100, 200, 500, 1000, 3000), y=(1, 2, 3, 5, 8))
    axes[-1].set(xlabel="epoch")
    legend(figure, columns=3)
    return figure


def overlaps(panels, bins):
    """Distributions of the overlaps of memories and digits at the start, {way to start: overlaps in neurons}."""
    figure, ax = plt.subplots(figsize=(5.4, 3.2))
    for (name, values), color, hatch in zip(panels.items(), COLORS, HATCHES):
        look = {"color": color, "alpha": 0.6, "hatch": hatch, "edgecolor": color, "histtype": "stepfilled"}
        weights = np.full(values.size, 100 / values.size)
        ax.hist(values.ravel(), bins, weights=weights, label=name, **look)
    ax.axvline(0, color="black", linewidth=1)
    ax.set(xlabel="overlap $h_\\mu$ of a memory and a digit (neurons)", ylabel="share of pairs (%)")
    legend(figure)
    return figure
