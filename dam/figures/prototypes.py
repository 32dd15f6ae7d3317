"""Figures of the chapter on features and prototypes."""

import matplotlib.pyplot as plt
import numpy as np

from dam.arrays import Array
from dam.figures.panels import frame, grid, legend, plain_ticks
from dam.figures.style import DIVERGING, INK, LINES, MARKERS, NARROW, degree_color
from dam.lab.paper import COMPARABLE


def memory_blocks(blocks: dict, *, asleep: dict | None = None, columns: int = 4) -> plt.Figure:
    """Blocks of memories side by side, on the color scale of the paper's Fig. 2: {title: (P, 784) in [-1, 1]}.

    `asleep`: {title: (Q, 784)}, sleeping memories, in a strip of smaller pictures below the block of that title.
    """
    asleep = asleep or {}
    rows = max(-(-len(memories) // columns) for memories in blocks.values())
    edge = (NARROW - 0.2 * (len(blocks) - 1)) / len(blocks)
    strip = edge / 8 + 0.25 if asleep else 0
    figure = plt.figure(figsize=(NARROW, edge * rows / columns + strip + 1.3))
    heights = (edge * rows / columns, strip) if asleep else (1,)
    cells = figure.add_gridspec(len(heights), len(blocks), height_ratios=heights)
    for place, (title, memories) in enumerate(blocks.items()):
        ax = figure.add_subplot(cells[0, place])
        shown = ax.imshow(mosaic(memories, columns), cmap=DIVERGING, vmin=-1, vmax=1)
        ax.set_title(title, fontsize=13)
        ax.set_axis_off()
        if title in asleep:
            ax = figure.add_subplot(cells[1, place])
            ax.imshow(mosaic(asleep[title], len(asleep[title])), cmap=DIVERGING, vmin=-1, vmax=1)
            ax.set_title("asleep", fontsize=11)
            ax.set_axis_off()
    bar = figure.colorbar(shown, ax=figure.axes, location="bottom", shrink=0.6, aspect=25)
    bar.set_ticks([-1, 0, 1], labels=["-1", "0", "+1"])
    bar.set_label("weight")
    return figure


def speakers(rows: dict) -> plt.Figure:
    """Who answers a picture: one row for each, the picture, the loudest memories, and the share of each below it.

    `rows`: {title: (picture (784,), memories (P, 784), what to write below each memory (P,))}.
    """
    columns = 1 + max(len(memories) for _, memories, _ in rows.values())
    size = NARROW / columns
    figure = plt.figure(figsize=(NARROW, len(rows) * (size + 0.62)))
    parts = np.atleast_1d(figure.subfigures(len(rows)))
    for part, (title, (picture, memories, texts)) in zip(parts, rows.items()):
        part.suptitle(title, fontsize=11, x=0.01, ha="left")
        axes = part.subplots(1, columns)
        for ax in axes:
            ax.set_axis_off()
        axes[0].imshow(np.reshape(picture, (28, 28)), **INK)
        for ax, memory, text in zip(axes[1:], memories, texts):
            ax.imshow(np.reshape(memory, (28, 28)), cmap=DIVERGING, vmin=-1, vmax=1)
            ax.text(0.5, -0.06, text, transform=ax.transAxes, ha="center", va="top", fontsize=11)
    return figure


def mosaic(pictures: Array, columns: int, gap: int = 2) -> Array:
    """One picture of many: ``(P, 784)`` in rows of that many, NaN in the gaps and in what is left over."""
    rows, edge = -(-len(pictures) // columns), 28 + gap
    whole = np.full((rows * edge - gap, columns * edge - gap), np.nan)
    for i, pixels in enumerate(pictures):
        top, left = (i // columns) * edge, (i % columns) * edge
        whole[top : top + 28, left : left + 28] = np.reshape(pixels, (28, 28))
    return whole


def histograms(panels: dict, *, bins: Array, xlabel: str, ylabel: str, marked: float | None = None) -> plt.Figure:
    """Histograms of several networks side by side, in percent of their samples: {n: samples}.

    ``bins (B + 1,)``: edges, shared by all panels; `marked`: where a dashed line stands. Raises ``ValueError`` if a
    sample lies outside of them.
    """
    figure, axes = grid(len(panels), height=1.6, extra=0.5, sharex=True, sharey=True)
    for ax, (n, values) in zip(axes, panels.items()):
        low, high = np.min(values), np.max(values)
        if low < bins[0] or high > bins[-1]:
            raise ValueError(f"panel n = {n} has samples from {low} to {high}; bins needs to cover them")
        weights = np.full(len(values), 100 / len(values))
        ax.hist(values, bins, weights=weights, histtype="stepfilled", color=degree_color(n))
        ax.set_title(f"n = {n}")
        if marked is not None:
            ax.axvline(marked, color="black", linestyle="--", linewidth=1)
    frame(figure, xlabel, ylabel)
    return figure


def count_bars(
    panels: dict, *, last: int, xlabel: str, ylabel: str, first: int = 0, marks: dict | None = None
) -> plt.Figure:
    """How often each count occurs, in percent, a panel for each network: {n: (P,) of int}.

    Counts from `last` on share the last bar, labeled with "+" unless no panel exceeds it. `marks`: {n: {label:
    (last - first + 1,) percentages}}, drawn as open circles over the bars.
    """
    figure, axes = grid(len(panels), height=1.7, extra=0.7, sharex=True, sharey=True)
    places = np.arange(first, last + 1)
    names = [str(place) for place in places]
    if max(int(np.max(counts)) for counts in panels.values()) > last:
        names[-1] += "+"
    step = 1 if len(places) < 9 else 2
    for ax, (n, counts) in zip(axes, panels.items()):
        counts = np.clip(counts, None, last)
        ax.bar(places, [100 * np.mean(counts == place) for place in places], 0.8, color=degree_color(n))
        for (name, percent), marker in zip((marks or {}).get(n, {}).items(), MARKERS):
            ax.plot(places, percent, marker, color="black", markerfacecolor="white", markersize=5.5, label=name)
        ax.set_title(f"n = {n}")
        ax.grid(False, axis="x")
        ax.set_xticks(places[::step], names[::step])
    frame(figure, xlabel, ylabel)
    legend(figure)
    return figure


def pairs(groups: dict, *, size: float = 0.75) -> plt.Figure:
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


def likeness(rows: dict, *, xlabel: str) -> plt.Figure:
    """Medians with the range from the 10 % to the 90 % quantile: a row for each network or control, from the top down.

    `rows`: {n or a name: {measure: (P,) sample}}, the same two measures in every row, filled and open.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 0.5 * len(rows) + 1.2))
    for place, (row, measures) in enumerate(rows.items()):
        color = "0.35" if isinstance(row, str) else degree_color(row)
        for k, sample in enumerate(measures.values()):
            low, middle, high = np.quantile(sample, (0.1, 0.5, 0.9))
            look = {"fmt": MARKERS[k], "color": color, "markerfacecolor": "white" if k else color}
            ax.errorbar(middle, place + 0.26 * k - 0.13, xerr=[[middle - low], [high - middle]], markersize=6, **look)
    ax.set_yticks(range(len(rows)), [row if isinstance(row, str) else f"n = {row}" for row in rows])
    ax.invert_yaxis()
    ax.set(xlabel=xlabel)
    ax.grid(False, axis="y")
    marks = [("black", MARKERS[0]), ("white", MARKERS[1])]
    handles = [plt.Line2D([], [], color="black", linestyle="none", marker=m, markerfacecolor=face) for face, m in marks]
    figure.legend(handles, list(measures), loc="outside upper center", ncols=2)
    return figure


def pruning(panels: dict, *, asleep: dict | None = None) -> plt.Figure:
    """Test error against the share of memories removed, in several orders, on a logarithmic scale; all in %.

    `panels`: {title: {order: (removed (G,), errors)}}, errors (G,), or (D, G) of D draws, shown as mean and range.
    `asleep`: {title: share of memories that are asleep}, a vertical line.
    """
    asleep = asleep or {}
    figure, axes = grid(len(panels), height=1.9, extra=0.8, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        for (name, (removed, errors)), color, style in zip(lines.items(), ("black", "0.55", "black"), LINES):
            errors = np.atleast_2d(errors)
            ax.plot(removed, errors.mean(axis=0), style, color=color, label=name)
            ax.fill_between(removed, errors.min(axis=0), errors.max(axis=0), color=color, alpha=0.25, linewidth=0)
        if title in asleep:
            ax.axvline(asleep[title], color="0.3", linestyle=(0, (1, 2)), linewidth=1.4, label="share asleep")
        ax.set(title=title, yscale="log", ylim=(1, 100), xlim=(0, 100))
        plain_ticks(ax, y=(1, 2, 5, 10, 20, 50, 100))
    frame(figure, "memories removed (%)", "test error (%)")
    legend(figure)
    return figure


def readings(powers: Array, lines: dict, *, ylabel: str) -> plt.Figure:
    """What the overlaps of each network give when they are read with one power or another: {n: (P,)}.

    A circle marks the value of each network at its own power.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 3.4))
    for (n, values), style, marker in zip(lines.items(), LINES, MARKERS):
        look = {"color": degree_color(n), "marker": marker, "markersize": 5, "label": f"learned at n = {n}"}
        ax.plot(powers, values, linestyle=style, **look)
        own = values[list(powers).index(n)]
        ax.plot(n, own, "o", color="black", markersize=13, fillstyle="none", markeredgewidth=1.4)
    ax.set(xscale="log", xlabel="power $n$ with which the overlaps are read", ylabel=ylabel)
    plain_ticks(ax, x=powers)
    legend(figure)
    return figure


def trade(powers: Array, lines: dict) -> plt.Figure:
    """Shares in % over the power n, on a logarithmic axis: {label: (P,)}."""
    figure, ax = plt.subplots(figsize=(NARROW, 3.2))
    for (name, values), color, style, marker in zip(lines.items(), ("black", "0.45"), LINES, MARKERS):
        ax.plot(powers, values, style, color=color, marker=marker, markersize=6, label=name)
    ax.set(xscale="log", xlabel="power $n$", ylabel="share (%)", ylim=(-4, 104))
    plain_ticks(ax, x=powers)
    legend(figure, columns=1)
    return figure


def contest(digit: Array, memories: Array, weights: Array, *, title: str, shown: int = 5) -> plt.Figure:
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
    ax.bar(places, weights, 0.8, color=np.where(np.asarray(weights) > COMPARABLE, "black", "0.65"))
    ax.axhline(COMPARABLE, color="black", linestyle=":", linewidth=1.2)
    ax.set(xlabel="memory, by its overlap with the digit", ylabel="weight / largest", ylim=(0, 1.05))
    ax.set_xlim(0.3, len(weights) + 0.7)
    ax.set_xticks([1, *range(5, len(weights) + 1, 5)])
    ax.grid(False, axis="x")
    return figure
