"""Figures of the chapter on features and prototypes, from NumPy arrays. No numerics."""

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.style import COLORS, DIVERGING

WIDE = 4.8
"""Width in inches of figures that stay legible on a phone."""

STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
MARKERS = "os^Dv"


def memory_blocks(blocks, *, side=5, columns=2):
    """Blocks of memories on the diverging color scale of the paper's Fig. 2, one block for each network.

    Parameters
    ----------
    blocks : dict of (side², 784) array
        Title of each block and its memories, weights in [-1, 1].
    side : int
        Memories in a row and in a column of a block.
    columns : int
        Blocks in a row.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If a block does not hold side² memories.
    """
    rows = -(-len(blocks) // columns)
    size = 3.15 * columns, 3.4 * rows + 0.5
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, (title, memories) in zip(axes.flat, blocks.items()):
        if len(memories) != side * side:
            raise ValueError(f"block {title!r} has {len(memories)} memories; it needs {side * side}")
        shown = ax.imshow(mosaic(memories, side), cmap=DIVERGING, vmin=-1, vmax=1)
        ax.set_title(title, fontsize=15)
    bar = figure.colorbar(shown, ax=axes, location="bottom", shrink=0.5, aspect=25)
    bar.set_ticks([-1, -0.5, 0, 0.5, 1])
    bar.ax.tick_params(labelsize=13)
    bar.set_label("weight", fontsize=13)
    return figure


def mosaic(pictures, columns, gap=2):
    """One picture of many: ``(P, 784)`` in rows of that many, NaN in the gaps and in what is left over."""
    rows, edge = -(-len(pictures) // columns), 28 + gap
    whole = np.full((rows * edge - gap, columns * edge - gap), np.nan)
    for i, pixels in enumerate(pictures):
        top, left = (i // columns) * edge, (i % columns) * edge
        whole[top : top + 28, left : left + 28] = np.reshape(pixels, (28, 28))
    return whole


def count_bars(panels, *, last, xlabel, ylabel, first=0, marks=None, colors=COLORS):
    """How often each count occurs, in percent, a panel for each network.

    Parameters
    ----------
    panels : dict of (P,) array of int
        Title of each panel and its counts.
    last : int
        Counts from here on share the last bar, labelled with "+" unless no panel exceeds it.
    xlabel, ylabel : str
    first : int
        The count of the first bar.
    marks : dict of dict of (last - first + 1,) array, optional
        Title of a panel, label, and percentages to draw as markers over the bars.
    colors : sequence of str
        Of the bars, and of the markers from the second on.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(panels) // 2)
    figure, axes = plt.subplots(rows, 2, figsize=(WIDE, 2.0 * rows + 0.7), sharex=True, sharey=True, squeeze=False)
    places = np.arange(first, last + 1)
    most = max(int(np.max(counts)) for counts in panels.values())
    for ax, (title, counts) in zip(axes.flat, panels.items()):
        ax.bar(places, _percent(counts, places), 0.8, color=colors[0])
        for (name, percent), color, marker in zip((marks or {}).get(title, {}).items(), colors[1:], MARKERS):
            ax.plot(places, percent, marker, color=color, markersize=5.5, label=name)
        ax.set_title(title, fontsize=11)
        ax.grid(False, axis="x")
        names = [str(place) for place in places]
        if most > last:
            names[-1] += "+"
        step = 1 if len(places) < 9 else 2
        ax.set_xticks(places[::step], names[::step])
    figure.supxlabel(xlabel, fontsize=11)
    figure.supylabel(ylabel, fontsize=11)
    handles, labels = axes.flat[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside upper center", ncols=3, fontsize=10)
    return figure


def _percent(counts, places):
    counts = np.clip(counts, None, places[-1])
    return [100 * np.mean(counts == place) for place in places]


def pairs(groups, *, size=0.85):
    """Memories above the training digits most like them, two rows for each network.

    Parameters
    ----------
    groups : dict of tuple of (P, 784) array, (P, 784) array, and (P,) sequence of str
        Title of each network; its memories, the digits, and what to write below each pair.
    size : float
        Edge of one picture in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = max(len(memories) for memories, _, _ in groups.values())
    figure = plt.figure(figsize=(size * columns + 0.2, len(groups) * (2 * size + 0.7)))
    for part, (title, (memories, digits, texts)) in zip(np.atleast_1d(figure.subfigures(len(groups))), groups.items()):
        part.suptitle(title, fontsize=13)
        axes = part.subplots(2, columns, squeeze=False)
        for ax in axes.flat:
            ax.set_axis_off()
        for ax, below, memory, digit, text in zip(*axes, memories, digits, texts):
            ax.imshow(memory.reshape(28, 28), cmap=DIVERGING, vmin=-1, vmax=1)
            below.imshow(digit.reshape(28, 28), cmap="gray_r", vmin=-1, vmax=1)
            below.text(0.5, -0.06, text, transform=below.transAxes, ha="center", va="top", fontsize=12)
    return figure


def intervals(rows, *, xlabel):
    """Medians with the range from the 10 % to the 90 % quantile, several measures in each row.

    Parameters
    ----------
    rows : dict of dict of (P,) array
        Label of each row, from the top down; in it the label of each measure and its sample, the same in every row.
    xlabel : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(WIDE, 0.55 * len(rows) + 1.2))
    names = list(next(iter(rows.values())))
    for k, (name, color, marker) in enumerate(zip(names, COLORS, MARKERS)):
        low, middle, high = np.array([np.quantile(row[name], (0.1, 0.5, 0.9)) for row in rows.values()]).T
        places = np.arange(len(rows)) + 0.22 * (k - (len(names) - 1) / 2)
        ax.errorbar(
            middle, places, xerr=(middle - low, high - middle), fmt=marker, color=color, markersize=6, label=name
        )
    ax.set_yticks(range(len(rows)), list(rows))
    ax.invert_yaxis()
    ax.set(xlabel=xlabel)
    ax.grid(False, axis="y")
    figure.legend(loc="outside upper center", ncols=2, fontsize=10)
    return figure


def pruning(panels, *, asleep=None):
    """Test error against the share of memories removed, in several orders, on a logarithmic scale.

    Parameters
    ----------
    panels : dict of dict of tuple (removed, errors)
        Title of each panel; label of each order, the percentages (G,) removed, and the errors in % (G,), or (D, G) of
        D draws, of which mean and range are shown.
    asleep : dict of float, optional
        Title of a panel, and the percentage of memories that are asleep: a vertical line.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(panels) // 2)
    figure, axes = plt.subplots(rows, 2, figsize=(WIDE, 2.3 * rows + 0.7), sharex=True, sharey=True, squeeze=False)
    for ax, (title, lines) in zip(axes.flat, panels.items()):
        for (name, (removed, errors)), color, style in zip(lines.items(), COLORS, STYLES):
            errors = np.atleast_2d(errors)
            ax.plot(removed, errors.mean(axis=0), style, color=color, label=name)
            ax.fill_between(removed, errors.min(axis=0), errors.max(axis=0), color=color, alpha=0.25, linewidth=0)
        if title in (asleep or {}):
            ax.axvline(asleep[title], color="0.3", linestyle=(0, (1, 2)), linewidth=1.4, label="share asleep")
        ax.set(yscale="log", ylim=(1, 100), xlim=(0, 100))
        ax.set_yticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
        ax.minorticks_off()
        ax.set_title(title, fontsize=11)
    figure.supxlabel("memories removed (%)", fontsize=11)
    figure.supylabel("test error (%)", fontsize=11)
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, fontsize=10)
    return figure


def readings(powers, lines, *, ylabel, own=True, log=False):
    """What the overlaps of each network give when they are read with one power or another.

    Parameters
    ----------
    powers : (P,) sequence of int
    lines : dict of (P,) array
        Label of each network, in the order of the powers, and its values.
    ylabel : str
    own : bool
        Whether to circle the value of line i at power i, the network's own.
    log : bool
        Whether the vertical axis is logarithmic.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(WIDE, 3.5))
    for i, ((name, values), color, style, marker) in enumerate(zip(lines.items(), COLORS, STYLES, MARKERS)):
        ax.plot(powers, values, style, color=color, marker=marker, markersize=5, label=name)
        if own:
            ax.plot(powers[i], values[i], "o", color="black", markersize=13, fillstyle="none", markeredgewidth=1.4)
    ax.set(xscale="log", xlabel="power $n$ with which the overlaps are read", ylabel=ylabel)
    ax.set_xticks(powers, [str(power) for power in powers])
    ax.minorticks_off()
    if log:
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter("{x:g}")
    figure.legend(loc="outside upper center", ncols=2, fontsize=10)
    return figure


def contest(digit, memories, weights, *, title, shown=5):
    """A digit, the memories that overlap most with it, and their weights in the decision.

    Parameters
    ----------
    digit : (784,) array
    memories : (P, 784) array
        In the order of their overlaps, the largest first.
    weights : (W,) array
        Weight of each memory over the largest, in the same order.
    title : str
    shown : int
        How many memories to draw.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = plt.figure(figsize=(WIDE, 3.3))
    figure.suptitle(title, fontsize=12)
    grid = figure.add_gridspec(2, shown + 1, height_ratios=(1, 1.7))
    for place, pixels in enumerate((digit, *memories[:shown])):
        ax = figure.add_subplot(grid[0, place])
        ax.imshow(np.reshape(pixels, (28, 28)), cmap=DIVERGING if place else "gray_r", vmin=-1, vmax=1)
        ax.set_title("digit" if place == 0 else f"{place}.", fontsize=10)
        ax.set_axis_off()
    ax = figure.add_subplot(grid[1, :])
    places = np.arange(1, len(weights) + 1)
    ax.bar(places, weights, 0.8, color=np.where(np.asarray(weights) > 0.9, COLORS[1], COLORS[0]))
    ax.axhline(0.9, color="black", linestyle=":", linewidth=1.2)
    ax.set(xlabel="memory, by its overlap with the digit", ylabel="weight / largest", ylim=(0, 1.05))
    ax.set_xlim(0.3, len(weights) + 0.7)
    ax.set_xticks([1, *range(5, len(weights) + 1, 5)])
    ax.grid(False, axis="x")
    return figure
