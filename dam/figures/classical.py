"""Figures of the chapter on the classical network."""

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.panels import legend, picture, plain_ticks, write
from dam.figures.style import COLORS, DIVERGING, FILLS, HATCHES, MARKERS, NARROW


def overlap_matrices(panels):
    """Matrices of normalized overlaps as maps with the numbers in, below each other: {title: (labels, (K, K))}."""
    sizes = [len(labels) for labels, _ in panels.values()]
    heights = [0.36 * size + 0.6 for size in sizes]
    figure, axes = plt.subplots(len(panels), 1, figsize=(4.4, sum(heights)), height_ratios=heights, squeeze=False)
    for ax, (title, (labels, matrix)) in zip(axes.flat, panels.items()):
        ax.imshow(matrix, cmap=DIVERGING, vmin=-1, vmax=1)
        write(ax, matrix, "{:.2f}".format, lambda value: abs(value) > 0.6, fontsize=9)
        ax.set(xticks=range(len(labels)), xticklabels=labels, yticks=range(len(labels)), yticklabels=labels)
        ax.set(title=title, xlabel="digit", ylabel="digit")
    return figure


def breakdown(alpha, overlap, unstable, theory_overlap, theory_unstable):
    """How retrieval fails as the load grows: the overlap kept after settling, and the unstable bits, one panel each.

    ``alpha (A,)``: loads K/N. `overlap`, `unstable`: {label: (R, A)} of R runs, drawn as mean and standard deviation.
    `theory_overlap`, `theory_unstable`: loads and values of the predicted curves; the end of the first is marked.
    """
    figure, axes = plt.subplots(2, 1, figsize=(4.6, 5.6), sharex=True)
    for ax, runs, curve, scale in zip(axes, (overlap, unstable), (theory_overlap, theory_unstable), (1, 100)):
        ax.plot(curve[0], scale * curve[1], color="black", linewidth=1.2, label="theory, large N", zorder=3)
        for (name, values), color, marker in zip(runs.items(), COLORS, MARKERS):
            mean, spread = scale * np.mean(values, axis=0), scale * np.std(values, axis=0)
            ax.errorbar(alpha, mean, spread, color=color, marker=marker, markersize=4, linewidth=1.1, label=name)
    _mark_end(axes[0], theory_overlap)
    axes[0].set(ylabel="overlap after settling, $m$", ylim=(0, 1.05))
    axes[1].set(ylabel="unstable bits (%)", xlabel="load α = K/N", ylim=(0, None))
    axes[0].legend(loc="lower left")
    return figure


def transition(alpha, overlap, theory, window):
    """How the fall of the retrieved overlap sharpens with the size, between the loads of `window`.

    ``alpha (A,)``: loads K/N. `overlap`: {size: (R, A)} after settling, drawn as mean and standard deviation of R runs.
    `theory`: loads and overlaps for infinite size, the end marked.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 4.6))
    ax.plot(*theory, color="black", linewidth=1.5, label="theory, infinite $N$", zorder=3)
    _mark_end(ax, theory)
    for (name, values), color, marker in zip(overlap.items(), COLORS, MARKERS):
        spread = np.std(values, axis=0, ddof=min(1, len(values) - 1))
        style = {"color": color, "marker": marker, "markersize": 4, "linewidth": 1.1, "capsize": 2}
        ax.errorbar(alpha, np.mean(values, axis=0), spread, label=name, **style)
    ax.set(xlabel="load α = K/N", ylabel="overlap after settling, $m$", xlim=window, ylim=(0.2, 1.03))
    legend(figure, columns=3)
    return figure


def _mark_end(ax, curve):
    """Mark the largest load of a curve, where the theory ends."""
    end = np.argmax(curve[0])
    ax.plot(curve[0][end], curve[1][end], "o", color="black", markersize=7, zorder=3)
    ax.axvline(curve[0][end], color="black", linestyle=":", linewidth=1.2)


def finite_size(N, falls, widths, curve, limit, slope):
    """Where the overlap falls, and over how wide a range of loads, against the size; one panel each.

    ``N (A,)``: sizes. ``falls, widths (R, A)``: of R sets of memories. `curve`: N^(-2/3) and load of the fit through
    the falls. `limit`: the load expected for infinite size, then mean and half-width of ours. `slope`: N and width of
    the power law fitted to the widths.
    """
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(4.6, 6))
    expected, mean, half = limit
    top.axhline(expected, color="black", linestyle=":", linewidth=1.2, label=f"theory, {expected}")
    top.plot(*curve, "--", color="0.4", label="fit")
    for number, values in enumerate(falls):
        top.plot(N ** (-2 / 3), values, "o", color=COLORS[0], markersize=5, label=None if number else "one seed each")
        bottom.plot(N, widths[number], "o", color=COLORS[0], markersize=5)
    top.errorbar([0], [mean], [half], fmt="D", color=COLORS[1], markersize=6, capsize=4, label="limit of the fits")
    top.set(xlabel="$N^{-2/3}$", ylabel="load at the fall", xlim=(-0.001, None), xticks=[0, 0.01, 0.02, 0.03])
    top.legend()
    bottom.plot(*slope, "--", color="0.4")
    bottom.set(xlabel="neurons $N$", ylabel="width of the fall", xscale="log", yscale="log")
    plain_ticks(bottom, x=N, y=[0.01, 0.02, 0.05, 0.1])
    return figure


def recall(cue, final, overlaps, title):
    """A damaged picture ``cue`` and where the network takes it, ``final``, both (28, 28) of ±1.

    Below them the histogram of the final overlaps ``(S,)`` in [-1, 1] of S such runs with their memories.
    """
    figure, axes = plt.subplot_mosaic([["cue", "final"], ["all", "all"]], figsize=(4.6, 4.3), height_ratios=(1.15, 1))
    picture(axes["cue"], cue, "damaged cue")
    picture(axes["final"], final, "where it settles")
    weights = np.full(len(overlaps), 100 / len(overlaps))
    axes["all"].hist(overlaps, np.arange(-20, 21) / 20, weights=weights, color=COLORS[0])
    axes["all"].set(xlabel="final overlap with the memory, $m$", ylabel="share of runs (%)")
    axes["all"].set(xlim=(-0.3, 1.02), ylim=(0, 100))
    figure.suptitle(title)
    return figure


def shares(groups, parts, *, xlabel, ylabel="share of starts (%)"):
    """Stacked bars: how each of G groups divides into parts, {label: (G,) in percent}, from the bottom up."""
    figure, ax = plt.subplots(figsize=(4.6, 3.6))
    bottom = np.zeros(len(groups))
    for (name, values), color, hatch in zip(parts.items(), FILLS, HATCHES):
        ax.bar(groups, values, 0.75, bottom, label=name, color=color, hatch=hatch, edgecolor="white")
        bottom += values
    ax.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, 100))
    legend(figure)
    return figure
