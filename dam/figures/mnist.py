"""Figures of the chapter on MNIST: the network, its memories, its learning curves, its mistakes."""

import math
from collections.abc import Sequence
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np

from dam.arrays import Array
from dam.figures.panels import grid, legend, picture, plain_ticks, write
from dam.figures.style import DIVERGING, HATCHES, LINES, NARROW, degree_color
from dam.lab.paper import MEMORIES

PULL, PUSH = "#B2182B", "#2166AC"
"""The ends of the color scale of weights: what makes a memory more like a digit, and what makes it less so."""

PERCENT = (0.5, 1, 2, 3, 5, 10, 20, 50, 100)
"""Ticks of an error in percent on a logarithmic scale."""


def square(pixels: Array) -> Array:
    """The pixels ``(N,)`` of a square picture, row below row."""
    return pixels.reshape(math.isqrt(len(pixels)), -1)


def weights(ax: plt.Axes, memory: Array) -> None:
    """One memory, a square of pixels, on the color scale of the paper's Fig. 2: red +1, white 0, blue -1."""
    ax.imshow(square(memory), cmap=DIVERGING, vmin=-1, vmax=1)
    ax.grid(False)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color="0.6")


def rows(memories: Array, *, size: float = 0.85) -> plt.Figure:
    """Memories in rows, {label: (P, N)}, square pictures, the same number in each row."""
    P = len(next(iter(memories.values())))
    shape = size * P + 0.9, size * len(memories) + 0.5
    figure, axes = plt.subplots(len(memories), P, figsize=shape, squeeze=False)
    for row, (label, shown) in zip(axes, memories.items()):
        row[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=10)
        for ax, memory in zip(row, shown):
            weights(ax, memory)
    _scale(figure, axes)
    return figure


def _scale(figure, axes):
    bar = figure.colorbar(axes.flat[0].images[0], ax=axes, location="bottom", shrink=0.6, aspect=30, ticks=(-1, 0, 1))
    bar.set_label("weight: −1 paper, 0 indifferent, +1 ink", fontsize=9)
    bar.ax.tick_params(labelsize=9)


def answers(digit: Array, speakers: dict) -> plt.Figure:
    """A digit ``(N,)`` and the memories that speak for its class.

    `speakers`: {label of a row: (memories (P, N), texts of P memories)}.
    """
    P = max(len(memories) for memories, _ in speakers.values())
    figure, axes = plt.subplots(len(speakers), P + 1, figsize=(NARROW, 1.3 * len(speakers) + 0.2))
    for ax in axes[:, 0]:
        ax.set_axis_off()
    picture(figure.add_subplot(axes[0, 0].get_gridspec()[:, 0]), square(digit), "shown")
    for row, (label, (memories, texts)) in zip(axes, speakers.items()):
        row[1].set_ylabel(label, fontsize=10)
        for ax, memory, text in zip(row[1:], memories, texts):
            weights(ax, memory)
            ax.set_xlabel(text, fontsize=9)
    return figure


def tug(rows: dict) -> plt.Figure:
    """Memories while they learn, and what the digits of each class do to them.

    `rows`: {label: {epoch: (memory (784,), pulls (10,))}}; pulls are drawn in units of the largest of each epoch.
    """
    columns = max(map(len, rows.values()))
    shape, heights = (1.05 * columns + 0.9, 2.1 * len(rows) + 0.2), [1, 0.8] * len(rows)
    figure, axes = plt.subplots(2 * len(rows), columns, figsize=shape, squeeze=False, height_ratios=heights)
    for r, (label, frames) in enumerate(rows.items()):
        for ax, below, (epoch, (memory, pulls)) in zip(axes[2 * r], axes[2 * r + 1], frames.items()):
            weights(ax, memory)
            ax.set_title(f"epoch {epoch}", fontsize=10)
            size = np.abs(pulls).max() or 1
            below.bar(np.arange(10), pulls / size, color=np.where(pulls > 0, PULL, PUSH))
            below.axhline(0, color="black", linewidth=0.8)
            below.grid(False)
            below.set(ylim=(-1.1, 1.1), yticks=(), xticks=(0, 9), xlim=(-0.7, 9.7))
        axes[2 * r, 0].set_ylabel(label, fontsize=11)
        axes[2 * r + 1, 0].set_ylabel("push   pull", fontsize=9)
    figure.supxlabel("class of the digits", fontsize=10)
    return figure


def network(digit: Array, answer: int) -> plt.Figure:
    """Sketch of the network of the paper's Fig. 1A: pixels ``(784,)``, memories, and ten classes, the answer on."""
    figure, ax = plt.subplots(figsize=(NARROW, 3.4))
    ax.set(xlim=(0, 10), ylim=(-2.3, 10.4))
    ax.set_axis_off()
    picture(ax.inset_axes([0, 0.36, 0.3, 0.48]), digit.reshape(28, 28))
    memories, classes = (8.4, 6.9, 5.4, 2.4, 0.9), np.linspace(9.6, 0, 10)
    for y in memories:
        ax.plot([3.0, 5.3], [4.65 + 0.45 * (y - 4.65), y], color="0.6", linewidth=1)
        for z in classes:
            ax.plot([5.3, 8.6], [y, z], "--", color="0.6", linewidth=0.6)
        ax.plot(5.3, y, "D", color="0.85", markeredgecolor="black", markersize=12)
    for y in (4.3, 3.9, 3.5):
        ax.plot(5.3, y, ".", color="black", markersize=4)
    for alpha, y in enumerate(classes):
        on = alpha == answer
        ax.plot(8.6, y, "o", color="black" if on else "white", markeredgecolor="black", markersize=11)
        ax.text(9.15, y, alpha, va="center", fontsize=10, fontweight="bold" if on else "normal")
    texts = "784 visible\nneurons $v_i$", f"{MEMORIES} memories\n$\\xi^\\mu$", "10 classification\nneurons $c_\\alpha$"
    for x, text in zip((1.5, 5.0, 8.4), texts):
        ax.text(x, -0.8, text, ha="center", va="top", fontsize=10)
    return figure


def objective(powers: Sequence[int]) -> plt.Figure:
    """The contribution x^(2m) of one output to the objective against its discrepancy, for some powers m."""
    x = np.linspace(0.01, 2, 400)
    figure, ax = plt.subplots(figsize=(NARROW, 3.2))
    for m, style, shade in zip(powers, (":", "--", "-"), ("0.5", "0.3", "0.0")):
        ax.plot(x, x ** (2 * m), style, color=shade, label=f"m = {m}")
    ax.axvline(1, color="0.6", linewidth=1)
    ax.text(1.04, 3e-6, "undecided", fontsize=9)
    ax.text(0.03, 1e5, "right side", fontsize=9)
    ax.text(1.97, 1e-4, "wrong side", fontsize=9, ha="right")
    ax.set(yscale="log", ylim=(1e-6, 1e6), xlabel="discrepancy $|c - t|$ of one output", ylabel="contribution")
    ax.legend(loc="upper left", bbox_to_anchor=(0, 0.9))
    return figure


def learning_curves(
    curves: dict,
    *,
    ax: plt.Axes | None = None,
    ylabel: str = "test error (%)",
    log: bool = True,
    levels: dict | None = None,
    colors: Sequence = (),
) -> plt.Axes:
    """Error in percent after each of E epochs, {label: (E,)}, in `ax` or a new figure; returns the axes.

    `levels`: {label: height} of horizontal lines of reference; `log`: whether the errors are on a logarithmic scale;
    `colors`: of the curves, grays by default.
    """
    ax = ax or plt.subplots(figsize=(NARROW, 3.4))[1]
    shades = cycle(colors or ("0.0", "0.4", "0.6"))
    for (name, errors), style, color in zip(curves.items(), cycle(LINES[:4]), shades):
        ax.plot(np.arange(1, len(errors) + 1), errors, linestyle=style, color=color, label=name)
    for name, level in (levels or {}).items():
        ax.axhline(level, color="0.4", linestyle=":", linewidth=1.2)
        ax.annotate(name, (1.0, level), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=9)
    if log:
        ax.set_yscale("log")
        low, high = ax.get_ylim()
        plain_ticks(ax, y=[tick for tick in PERCENT if low <= tick <= high])
    ax.set(xlabel="epoch", ylabel=ylabel)
    ax.legend()
    return ax


def confusion(counts: Array) -> plt.Figure:
    """How many digits of each class (rows of ``counts (10, 10)``) got each answer; the diagonal gets no color."""
    right = np.eye(len(counts), dtype=bool)
    wrong = counts * ~right
    figure, ax = plt.subplots(figsize=(NARROW, 4.6))
    ax.imshow(wrong, cmap="gray_r", vmin=0)
    write(ax, wrong, lambda count: str(count) if count else "", lambda count: count > 0.5 * wrong.max(), fontsize=9)
    for alpha, count in enumerate(counts.diagonal()):
        if count:
            ax.text(alpha, alpha, count, ha="center", va="center", fontsize=9, color="0.45")
    ax.set(xticks=range(10), yticks=range(10), xlabel="answer of the network", ylabel="true class")
    return figure


def crossings(curves: dict, intervals: dict, level: float, *, epochs: tuple[int, int] = (80, 320)) -> plt.Figure:
    """Test errors against epoch, a panel for each n, with the paper's interval for passing a level: Fig. 1B.

    `curves`: {n: list of (E,) errors in percent, one for each run}. `intervals`: {n: first and last epoch at which runs
    of the paper passed the level}. `level`: in percent; below the curves a triangle for each run marks the first epoch
    below it. `epochs`: the first and the last one drawn.
    """
    figure, axes = grid(len(curves), height=2.0, extra=0.8, sharex=True, sharey=True)
    for ax, (n, runs) in zip(axes, curves.items()):
        ax.axhline(level, color="black", linestyle=":", linewidth=1)
        if n in intervals:
            ax.axvspan(*intervals[n], color="0.88", linewidth=0, label="paper's runs")
        for k, errors in enumerate(runs):
            place, shade = np.arange(1, len(errors) + 1), str(min(0.25 * k, 0.75))
            look = {"linewidth": 1, "color": shade, "linestyle": LINES[k % len(LINES)]}
            ax.plot(place, errors, label=f"run {k + 1}", **look)
            first = place[errors < level][:1]
            ax.plot(first, np.full(len(first), level - 0.25 - 0.16 * k), "^", color=shade, markersize=6)
        ax.set(title=f"n = {n}", xlim=epochs, ylim=(level - 0.45 - 0.16 * len(runs), 2 * level))
    figure.supxlabel("epoch")
    figure.supylabel("test error (%)")
    legend(figure, columns=4, fontsize=9, handlelength=1.6, columnspacing=1)
    return figure


def to_the_end(curves: dict, *, errors: tuple[float, float] = (1.3, 2.3)) -> plt.Figure:
    """Test errors after each epoch of whole trainings, a panel for each n, a thin line for each: {n: list of (E,)}.

    `errors`: the lowest and the highest one drawn, in percent.
    """
    figure, axes = grid(len(curves), height=2.0, extra=0.8, sharex=True, sharey=True)
    for ax, (n, runs) in zip(axes, curves.items()):
        for k, each in enumerate(runs):
            shade = str(min(0.4 * k, 0.75))
            ax.plot(np.arange(1, len(each) + 1), each, color=shade, linewidth=0.6, label=f"run {k + 1}")
        ax.set(title=f"n = {n}", xlim=(0, max(map(len, runs))), ylim=errors)
    figure.supxlabel("epoch")
    figure.supylabel("test error (%)")
    legend(figure, columns=3, fontsize=9, handlelength=1.6, columnspacing=1)
    return figure


def final_errors(ours: dict, networks: dict, papers: dict) -> plt.Figure:
    """Test errors at the end of training for each n: {n: errors of our runs}, {n: network form}, {n: the paper's}."""
    figure, ax = plt.subplots(figsize=(NARROW, 3.4))
    for place, n in enumerate(ours):
        look = {"zorder": 3, "linestyle": "none"}
        ax.plot(place - 0.15, papers[n], "x", color="0.3", markersize=8, markeredgewidth=2, label="paper", **look)
        ax.plot([place] * len(ours[n]), ours[n], "o", color=degree_color(n), markeredgecolor="black", markersize=7,
                label="ours, memory form" if place == 0 else None, **look)  # fmt: skip
        ax.plot(place + 0.15, networks[n], "o", color="white", markeredgecolor="black", markersize=7,
                label="ours, network form" if place == 0 else None, **look)  # fmt: skip
    ax.set(xticks=range(len(ours)), xticklabels=list(ours), xlim=(-0.5, len(ours) - 0.5))
    ax.set(xlabel="degree $n$", ylabel="test error (%)")
    ax.set_ylim(1.3, None)
    legend(figure, columns=3, fontsize=9, handletextpad=0.3, columnspacing=1)
    return figure


def overlaps(panels: dict, bins: Array) -> plt.Figure:
    """Distributions of the overlaps of memories and digits at the start, {way to start: overlaps in neurons}."""
    figure, ax = plt.subplots(figsize=(NARROW, 3.0))
    for (name, values), color, hatch in zip(panels.items(), ("0.6", "0.0"), HATCHES):
        look = {"facecolor": color, "alpha": 0.6, "hatch": hatch, "edgecolor": color, "histtype": "stepfilled"}
        shares = np.full(values.size, 100 / values.size)
        ax.hist(values.ravel(), bins, weights=shares, label=name, **look)
    ax.axvline(0, color="black", linewidth=1)
    ax.set(xlabel="overlap $h_\\mu$ of a memory and a digit (neurons)", ylabel="share of pairs (%)")
    legend(figure)
    return figure
