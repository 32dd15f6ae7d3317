"""Figures of the chapter on features and prototypes."""

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.panels import frame, grid, legend, plain_ticks
from dam.figures.style import COLORS, DIVERGING, INK, LINES, MARKERS, NARROW, WIDTH
from dam.lab.paper import COMPARABLE


def memory_blocks(blocks, *, side=5, columns=2):
    """Blocks of memories on the diverging color scale of the paper's Fig. 2: {title: (side², 784) in [-1, 1]}.

    Raises ``ValueError`` if a block does not hold side² memories.
    """
    figure, axes = grid(len(blocks), columns=columns, height=3.4, extra=0.5, width=3.15 * columns)
    for ax, (title, memories) in zip(axes, blocks.items()):
        if len(memories) != side * side:
            raise ValueError(f"block {title!r} has {len(memories)} memories; it needs {side * side}")
        shown = ax.imshow(mosaic(memories, side), cmap=DIVERGING, vmin=-1, vmax=1)
        ax.set_title(title, fontsize=15)
        ax.set_axis_off()
    bar = figure.colorbar(shown, ax=figure.axes, location="bottom", shrink=0.5, aspect=25)
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


def histograms(panels, *, bins, xlabel, ylabel="share of states (%)", columns=3, sharey=True):
    """Histograms side by side, in percent of their samples: {title: samples}.

    ``bins (B + 1,)``: edges, shared by all panels. Raises ``ValueError`` if a sample lies outside of them.
    """
    figure, axes = grid(len(panels), columns=columns, height=2.1, extra=0.4, width=WIDTH, sharex=True, sharey=sharey)
    for ax, (title, values) in zip(axes, panels.items()):
        low, high = np.min(values), np.max(values)
        if low < bins[0] or high > bins[-1]:
            raise ValueError(f"panel {title!r} has samples from {low} to {high}; bins needs to cover them")
        weights = np.full(len(values), 100 / len(values))
        ax.hist(values, bins, weights=weights, histtype="stepfilled", color=COLORS[0], alpha=0.65)
        ax.set_title(title, fontsize=10)
    figure.supxlabel(xlabel, fontsize=10)
    figure.supylabel(ylabel, fontsize=10)
    return figure


def count_bars(panels, *, last, xlabel, ylabel, first=0, marks=None):
    """How often each count occurs, in percent, a panel for each network: {title: (P,) of int}.

    Counts from `last` on share the last bar, labeled with "+" unless no panel exceeds it. `marks`: {title: {label:
    (last - first + 1,) percentages}}, drawn as markers over the bars.
    """
    figure, axes = grid(len(panels), extra=0.7, sharex=True, sharey=True)
    places = np.arange(first, last + 1)
    names = [str(place) for place in places]
    if max(int(np.max(counts)) for counts in panels.values()) > last:
        names[-1] += "+"
    step = 1 if len(places) < 9 else 2
    for ax, (title, counts) in zip(axes, panels.items()):
        counts = np.clip(counts, None, last)
        ax.bar(places, [100 * np.mean(counts == place) for place in places], 0.8, color=COLORS[0])
        for (name, percent), color, marker in zip((marks or {}).get(title, {}).items(), COLORS[1:], MARKERS):
            ax.plot(places, percent, marker, color=color, markersize=5.5, label=name)
        ax.set_title(title)
        ax.grid(False, axis="x")
        ax.set_xticks(places[::step], names[::step])
    frame(figure, xlabel, ylabel)
    legend(figure, columns=3)
    return figure


def pairs(groups, *, size=0.85):
    """Memories above the training digits most like them, two rows for each network, pictures of `size` inches.

    `groups`: {title: (memories (P, 784), digits (P, 784), what to write below each pair (P,))}.
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
            below.imshow(digit.reshape(28, 28), **INK)
            below.text(0.5, -0.06, text, transform=below.transAxes, ha="center", va="top", fontsize=12)
    return figure


def pruning(panels, *, asleep=None):
    """Test error against the share of memories removed, in several orders, on a logarithmic scale; all in %.

    `panels`: {title: {order: (removed (G,), errors)}}, errors (G,), or (D, G) of D draws, shown as mean and range.
    `asleep`: {title: share of memories that are asleep}, a vertical line.
    """
    figure, axes = grid(len(panels), height=2.3, extra=0.7, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        for (name, (removed, errors)), color, style in zip(lines.items(), COLORS, LINES):
            errors = np.atleast_2d(errors)
            ax.plot(removed, errors.mean(axis=0), style, color=color, label=name)
            ax.fill_between(removed, errors.min(axis=0), errors.max(axis=0), color=color, alpha=0.25, linewidth=0)
        if title in (asleep or {}):
            ax.axvline(asleep[title], color="0.3", linestyle=(0, (1, 2)), linewidth=1.4, label="share asleep")
        ax.set(title=title, yscale="log", ylim=(1, 100), xlim=(0, 100))
        plain_ticks(ax, y=(1, 2, 5, 10, 20, 50, 100))
    frame(figure, "memories removed (%)", "test error (%)")
    legend(figure)
    return figure


def readings(powers, lines, *, ylabel, own=True, log=False):
    """What the overlaps of each network give when they are read with one power or another: {network: (P,)}.

    The networks stand in the order of the powers ``(P,)``; `own` circles the value of line i at power i.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 3.5))
    for i, ((name, values), color, style, marker) in enumerate(zip(lines.items(), COLORS, LINES, MARKERS)):
        ax.plot(powers, values, style, color=color, marker=marker, markersize=5, label=name)
        if own:
            ax.plot(powers[i], values[i], "o", color="black", markersize=13, fillstyle="none", markeredgewidth=1.4)
    ax.set(xscale="log", xlabel="power $n$ with which the overlaps are read", ylabel=ylabel)
    plain_ticks(ax, x=powers)
    if log:
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter("{x:g}")
    legend(figure)
    return figure


def contest(digit, memories, weights, *, title, shown=5):
    """A digit ``(784,)``, the memories ``(P, 784)`` that overlap most with it, and their weights in the decision.

    ``weights (W,)`` are over the largest, in the order of the overlaps; the first `shown` memories are drawn.
    """
    figure = plt.figure(figsize=(NARROW, 3.3))
    figure.suptitle(title)
    cells = figure.add_gridspec(2, shown + 1, height_ratios=(1, 1.7))
    for place, pixels in enumerate((digit, *memories[:shown])):
        ax = figure.add_subplot(cells[0, place])
        ax.imshow(np.reshape(pixels, (28, 28)), **(INK | {"cmap": DIVERGING} if place else INK))
        ax.set_title("digit" if place == 0 else f"{place}.", fontsize=10)
        ax.set_axis_off()
    ax = figure.add_subplot(cells[1, :])
    places = np.arange(1, len(weights) + 1)
    ax.bar(places, weights, 0.8, color=np.where(np.asarray(weights) > COMPARABLE, COLORS[1], COLORS[0]))
    ax.axhline(COMPARABLE, color="black", linestyle=":", linewidth=1.2)
    ax.set(xlabel="memory, by its overlap with the digit", ylabel="weight / largest", ylim=(0, 1.05))
    ax.set_xlim(0.3, len(weights) + 0.7)
    ax.set_xticks([1, *range(5, len(weights) + 1, 5)])
    ax.grid(False, axis="x")
    return figure
