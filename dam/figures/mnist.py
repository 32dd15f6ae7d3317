"""Figures of the chapter on MNIST, from NumPy arrays: the network, its mistakes, its learning curves. No numerics."""

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.panels import picture
from dam.figures.style import COLORS


def network(digit, answer):
    """Sketch of the network of the paper's Fig. 1A: pixels, memories, and ten classification neurons.

    Parameters
    ----------
    digit : (784,) array
        The picture that clamps the visible neurons, pixels in [-1, 1].
    answer : int
        The classification neuron that is drawn as switched on.

    Returns
    -------
    matplotlib.figure.Figure
    """
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
    for x, text in (
        (1.5, "784 visible\nneurons $v_i$"),
        (5.3, "2000 memories\n$\\xi^\\mu$"),
        (8.6, "10 classification\nneurons $c_\\alpha$"),
    ):
        ax.text(x, -0.7, text, ha="center", va="top", fontsize=11)
    return figure


def confusion(counts):
    """How many digits of each class were put into each other class.

    Parameters
    ----------
    counts : (10, 10) array of int
        Rows are the true classes, columns the answers. The diagonal is printed, but gets no color.

    Returns
    -------
    matplotlib.figure.Figure
    """
    wrong = counts * ~np.eye(len(counts), dtype=bool)
    figure, ax = plt.subplots(figsize=(5.4, 5.2))
    ax.imshow(wrong, cmap="Oranges", vmin=0)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "0.45" if row == column else "white" if wrong[row, column] > 0.65 * wrong.max() else "black"
            ax.text(column, row, count, ha="center", va="center", fontsize=9, color=color)
    ax.grid(False)
    ax.set(xticks=range(10), yticks=range(10), xlabel="answer of the network", ylabel="true class")
    return figure


def crossings(curves, intervals, level=2.0):
    """Test errors against epoch, a panel for each power, with the paper's interval for passing a level: Fig. 1B.

    Parameters
    ----------
    curves : dict of list of (E,) array
        Title of each panel, and for each of its runs the error in percent after each of E epochs.
    intervals : dict of (int, int)
        Title of a panel, and the first and last epoch at which runs of the paper passed the level.
    level : float
        In percent.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(len(curves), 1, figsize=(5.6, 0.5 + 1.9 * len(curves)), sharex=True, squeeze=False)
    for ax, (title, runs) in zip(axes.flat, curves.items()):
        ax.axhline(level, color="black", linestyle=":", linewidth=1.2)
        if title in intervals:
            ax.axvspan(*intervals[title], color=COLORS[1], alpha=0.25, linewidth=0)
        for errors in runs:
            ax.plot(np.arange(1, len(errors) + 1), errors, color=COLORS[0], linewidth=1.2)
            if len(below := np.flatnonzero(errors < level)):
                ax.plot(below[0] + 1, errors[below[0]], "v", color="black", markersize=8)
        ax.set(ylim=(1, 8), yscale="log", ylabel="test error (%)")
        ax.set_yticks([1, 2, 3, 5, 8], ["1", "2", "3", "5", "8"])
        ax.minorticks_off()
        ax.set_title(title, fontsize=11)
    axes.flat[-1].set(xlabel="epoch")
    return figure


def overlaps(panels, bins):
    """Overlaps of memories and digits at the start, one distribution for each way to start.

    Parameters
    ----------
    panels : dict of array
        Label and overlaps of each start, in neurons.
    bins : (B + 1,) array

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(5.4, 3.2))
    for (name, values), color, hatch in zip(panels.items(), COLORS, ("", "//")):
        weights = np.full(values.size, 100 / values.size)
        ax.hist(
            values.ravel(),
            bins,
            weights=weights,
            color=color,
            alpha=0.6,
            hatch=hatch,
            edgecolor=color,
            label=name,
            histtype="stepfilled",
        )
    ax.axvline(0, color="black", linewidth=1)
    ax.set(xlabel="overlap $h_\\mu$ of a memory and a digit (neurons)", ylabel="share of pairs (%)")
    figure.legend(loc="outside upper center", ncols=2)
    return figure
