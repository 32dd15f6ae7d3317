"""Figures of the chapter on the classical network."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

from dam.arrays import Array
from dam.figures.panels import legend, picture, plain_ticks, write
from dam.figures.style import DIVERGING, LINES, MARKERS, NARROW
from dam.memory import theory

GRAYS = ("0.72", "0.55", "0.4", "0.22", "0")
"""From light to black, for sizes or loads that grow."""


def opening(pattern: Array, T: Array, film: Array, titles: Sequence[str]) -> plt.Figure:
    """What the network is, and what it does: a picture of few pixels and its neurons above, a film of states below.

    ``pattern (3, 3)`` of ±1 and its connections ``T (9, 9)``: pixels and neurons bear the same numbers, connections
    are solid where positive and dashed where negative, and heavy where they reach the neuron in the middle.
    `film`: states ``(P, 784)`` of ±1, with one title each.
    """
    figure = plt.figure(figsize=(NARROW, 4.1))
    upper, lower = figure.subfigures(2, 1, height_ratios=(2.6, 1.25))
    pixels, network = upper.subplots(1, 2, width_ratios=(1, 1.55))
    picture(pixels, pattern, "pixels ...")
    for between in (0.5, 1.5):
        pixels.axhline(between, color="0.6", linewidth=1)
        pixels.axvline(between, color="0.6", linewidth=1)
    for number, ((row, column), value) in enumerate(np.ndenumerate(pattern), start=1):
        pixels.text(column, row, number, ha="center", va="center", fontsize=12, color="white" if value > 0 else "black")
    _ring(network, pattern.ravel(), T)
    network.set_title("... are neurons, all connected")
    for ax, state, title in zip(lower.subplots(1, len(film)), film, titles, strict=True):
        picture(ax, state.reshape(28, 28))
        ax.set_title(title, fontsize=10)
    return figure


def _ring(ax, values, T):
    """Neurons on a circle, numbered from 1 at the top, with a line for each connection."""
    number, chosen = len(values), len(values) // 2
    angle = np.pi / 2 - 2 * np.pi * np.arange(number) / number
    x, y = np.cos(angle), np.sin(angle)
    for i in range(number):
        for j in range(i):
            heavy = chosen in (i, j)
            look = {"color": "0.1" if heavy else "0.7", "lw": 1.8 if heavy else 0.8, "zorder": 1 + heavy}
            ax.plot(x[[i, j]], y[[i, j]], linestyle="-" if T[i, j] > 0 else (0, (3, 2)), **look)
    for i, value in enumerate(values):
        face, text = ("black", "white") if value > 0 else ("white", "black")
        ax.scatter(x[i], y[i], 260, face, edgecolors="black", lw=1.4, zorder=3)
        ax.text(x[i], y[i], i + 1, ha="center", va="center", color=text, fontsize=11, zorder=4)
    ax.set(xlim=(-1.25, 1.25), ylim=(-1.2, 1.2), aspect="equal")
    ax.set_axis_off()


def melted(stored: Array, cue: Array, final: Array) -> plt.Figure:
    """Ten stored digits ``(10, 784)`` of ±1 in two rows; below them a damaged cue, and where the network takes it."""
    mosaic = [list("abcde"), list("fghij"), ["cue", "cue", "arrow", "end", "end"]]
    figure, axes = plt.subplot_mosaic(mosaic, figsize=(NARROW, 4.4), height_ratios=(1, 1, 1.75))
    for name, state in zip("abcdefghij", stored, strict=True):
        picture(axes[name], state.reshape(28, 28))
    picture(axes["cue"], cue.reshape(28, 28), "damaged seven")
    picture(axes["end"], final.reshape(28, 28), "where it ends")
    axes["arrow"].annotate("", (1, 0.5), (0, 0.5), arrowprops={"arrowstyle": "-|>", "lw": 2, "color": "0.2"})
    axes["arrow"].set_axis_off()
    figure.suptitle("ten stored digits", fontsize=11)
    return figure


def landscape() -> plt.Figure:
    """A drawing, not data: the energy over the states as hills and valleys, and a ball that rolls into the nearest."""
    x = np.linspace(0, 10, 600)

    def height(x):
        valleys = ((2.0, 0.9, 3.0), (5.1, 0.6, 1.5), (8.0, 0.9, 3.0))
        return 3.2 - sum(depth * np.exp(-(((x - place) / width) ** 2) / 2) for place, width, depth in valleys)

    figure, ax = plt.subplots(figsize=(NARROW, 2.9))
    ax.plot(x, height(x), color="black", linewidth=2)
    ax.fill_between(x, -0.35, height(x), color="0.9")
    ball = np.array([3.35, height(3.35) + 0.24])
    ax.plot(*ball, "o", markersize=17, markerfacecolor="0.55", markeredgecolor="black")
    route = x[(x > 2.1) & (x < 3.05)][::-1]
    look = {"arrowstyle": "-|>", "lw": 1.6, "color": "0.25", "shrinkA": 0, "shrinkB": 0}
    ax.plot(route, height(route) + 0.42, color="0.25", lw=1.6)
    ax.annotate("", (route[-1] - 0.05, height(route[-1]) + 0.4), (route[-6], height(route[-6]) + 0.42), arrowprops=look)
    ax.text(ball[0] + 0.3, ball[1] + 0.45, "damaged cue", fontsize=11, va="center")
    for place, name in ((2.0, "a memory"), (5.1, "not stored"), (8.0, "another\nmemory")):
        ax.text(place, -0.5, name, ha="center", va="top", fontsize=11)
    ax.set(xlim=(0, 10), ylim=(-0.35, 4), xticks=[], yticks=[], ylabel="energy")
    ax.set_xlabel("states", labelpad=26)
    return figure


def descent(energy: Array, overlaps: Array, names: Sequence[str]) -> plt.Figure:
    """One run flip by flip: the energy ``(S,)`` above, below the normalized overlaps ``(S, K)`` with named memories."""
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(NARROW, 4.2), sharex=True)
    top.plot(energy, color="black")
    top.set(ylabel="energy $E/N^2$")
    for place, (values, line, name) in enumerate(zip(overlaps.T, LINES, names)):
        bottom.plot(values, linestyle=line, color="black")
        rise = 9 * (place - 1) if len(names) > 1 else 0  # overlaps that end close together keep their names apart
        bottom.annotate(name, (len(values) - 1, values[-1]), (5, rise), textcoords="offset points", va="center")
    bottom.set(xlabel="flips", ylabel="overlap $m_\\mu$", ylim=(0, 1.05), xlim=(0, 1.16 * len(energy)))
    return figure


def crosstalk(support: Array, variance: float) -> plt.Figure:
    """Histogram of the support of bits, 1 where there is only signal, on a logarithmic scale, with its normal curve."""
    bins = np.linspace(-1, 3, 81)
    figure, ax = plt.subplots(figsize=(NARROW, 3.2))
    _, _, bars = ax.hist(support, bins, density=True, color="0.75")
    for bar in bars[:40]:
        if bar.get_x() < -1e-9:
            bar.set(facecolor="0.35", hatch="///", edgecolor="white", linewidth=0)
    normal = np.exp(-((bins - 1) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    ax.plot(bins, normal, color="black")
    ax.axvline(0, color="black", linewidth=1)
    ax.annotate("unstable", (-0.12, 0.02), (-0.95, 0.12), arrowprops={"arrowstyle": "-", "color": "0.3"}, fontsize=11)
    ax.text(1.75, 1.0, "normal curve", fontsize=11)
    ax.set(xlabel="support of a bit (1 = signal alone)", ylabel="density", yscale="log", ylim=(1e-4, 3))
    return figure


def feedback(wrong: Array, maps: dict, steps: dict) -> plt.Figure:
    """Error rate in, error rate out: a curve for each load, the diagonal, and a staircase of repeated steps.

    ``wrong (P,)``: share of wrong neurons that goes in. `maps`: {load: (P,)} that comes out. `steps`: {load: (S,)}
    shares from step to step, drawn as a staircase between its curve and the diagonal.
    """
    figure, axes = plt.subplots(1, len(maps), figsize=(NARROW, 2.9), sharey=True, squeeze=False)
    for ax, (load, out) in zip(axes[0], maps.items(), strict=True):
        ax.plot(100 * wrong, 100 * out, color="black")
        ax.plot([0, 100], [0, 100], color="0.6", linewidth=1)
        shares = 100 * np.repeat(steps[load], 2)
        ax.plot(shares[:-1], np.concatenate([[0], shares[2:]]), "--", color="0.35", linewidth=1.4)
        ax.set(title=f"load α = {load}", xlim=(0, 5), ylim=(0, 5), xticks=range(6), aspect="equal")
    figure.supxlabel("wrong neurons in (%)")
    axes[0, 0].set_ylabel("wrong neurons out (%)")
    return figure


def overlap_matrices(panels: dict) -> plt.Figure:
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


def breakdown(alpha: Array, overlap: dict, unstable: dict, theory_overlap: tuple, theory_unstable: tuple) -> plt.Figure:
    """How retrieval fails as the load grows: the overlap kept after settling, and the unstable bits, one panel each.

    ``alpha (A,)``: loads K/N. `overlap`, `unstable`: {label: (R, A)} of R runs, drawn as mean and standard deviation,
    from light to black. `theory_overlap`, `theory_unstable`: loads and values of the predicted curves, dashed; the end
    of the first is marked.
    """
    figure, axes = plt.subplots(2, 1, figsize=(NARROW, 5.8), sharex=True, height_ratios=(1.5, 1))
    for ax, runs, curve, scale in zip(axes, (overlap, unstable), (theory_overlap, theory_unstable), (1, 100)):
        ax.plot(curve[0], scale * curve[1], "--", color="black", linewidth=1.8, label="theory, infinite N", zorder=4)
        for (name, values), color, marker in zip(runs.items(), GRAYS[-len(runs) :], MARKERS):
            mean = scale * np.mean(values, axis=0)
            spread = scale * np.std(values, axis=0, ddof=min(1, len(values) - 1))
            look = {"color": color, "marker": marker, "markersize": 4, "linewidth": 1.1}
            ax.errorbar(alpha, mean, spread, label=name, **look)
    _mark_end(axes[0], theory_overlap)
    axes[0].set(ylabel="overlap after settling, $m$", ylim=(0.2, 1.05), xlim=(0.075, 0.305))
    axes[1].set(ylabel="unstable bits (%)", xlabel="load α = K/N", ylim=(0, None))
    axes[0].legend(loc="upper right")
    return figure


def _mark_end(ax, curve):
    """Mark the largest load of a curve, where the theory ends."""
    end = np.argmax(curve[0])
    ax.plot(curve[0][end], curve[1][end], "o", color="black", markersize=7, zorder=4)
    ax.axvline(curve[0][end], color="black", linestyle=":", linewidth=1.2)


def finite_size(N: Array, falls: Array, widths: Array, curve: tuple, limit: tuple, slope: tuple) -> plt.Figure:
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
        look = {"color": "0.45", "markersize": 5}
        top.plot(N ** (-2 / 3), values, "o", label=None if number else "one set of memories", **look)
        bottom.plot(N, widths[number], "o", **look)
    top.errorbar([0], [mean], [half], fmt="D", color="black", markersize=6, capsize=4, label="limit of the fits")
    top.set(xlabel="$N^{-2/3}$", ylabel="load at the fall", xlim=(-0.001, None), xticks=[0, 0.01, 0.02, 0.03])
    top.legend()
    bottom.plot(*slope, "--", color="0.4")
    bottom.set(xlabel="neurons $N$", ylabel="width of the fall", xscale="log", yscale="log")
    plain_ticks(bottom, x=N, y=[0.01, 0.02, 0.05, 0.1])
    return figure


def recall(cue: Array, final: Array, overlaps: Array, title: str) -> plt.Figure:
    """A damaged picture ``cue`` and where the network takes it, ``final``, both (28, 28) of ±1.

    Below them the histogram of the final overlaps ``(S,)`` in [-1, 1] of S such runs with their memories.
    """
    figure, axes = plt.subplot_mosaic([["cue", "final"], ["all", "all"]], figsize=(4.6, 4.3), height_ratios=(1.15, 1))
    picture(axes["cue"], cue, "damaged cue")
    picture(axes["final"], final, "where it settles")
    weights = np.full(len(overlaps), 100 / len(overlaps))
    axes["all"].hist(overlaps, np.arange(-20, 21) / 20, weights=weights, color="0.45")
    axes["all"].set(xlabel="final overlap with the memory, $m$", ylabel="share of runs (%)")
    axes["all"].set(xlim=(-0.3, 1.02), ylim=(0, 100))
    figure.suptitle(title)
    return figure


def basins(flipped: Array, recalled: dict, nearest: dict) -> plt.Figure:
    """Share of damaged cues that are recalled against the share of flipped bits, for some loads.

    ``flipped (P,)`` in percent. `recalled`, `nearest`: {load: (P,) in percent}, by the network and by the nearest
    memory; the first solid and named at the curve, the second dotted.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 3.6))
    for load, color, marker in zip(recalled, GRAYS[:0:-1], MARKERS):
        share = np.asarray(recalled[load])
        ax.plot(flipped, share, "-", color=color, marker=marker, markersize=5)
        ax.plot(flipped, nearest[load], ":", color=color)
        place = np.interp(-50, -share, flipped)
        ax.annotate(f"{load:.2f}", (place, 50), (-6, -4), textcoords="offset points", ha="right", fontsize=10)
    ax.text(50.5, 88, "nearest\nmemory", fontsize=10, va="center")
    ax.text(1, 47, "load α =", fontsize=10)
    ax.set(xlabel="flipped bits of the cue (%)", ylabel="recalled (%)", ylim=(0, 103), xlim=(0, 50))
    return figure


def reach(alpha: Array, removed: dict, kept: Array) -> plt.Figure:
    """From how many flipped bits half of the cues come back, in percent, against the load, by the projection rule.

    ``alpha (A,)``: loads K/N. `removed`: {label: (A,)} without self-coupling, solid, from light to black.
    ``kept (A,)``: with it, dashed. Where retrieval by Hebb's rule ends is dotted.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 3.4))
    for (name, values), color, marker in zip(removed.items(), GRAYS[-len(removed) :], MARKERS):
        ax.plot(alpha, values, color=color, marker=marker, markersize=5, label=name)
    ax.plot(alpha, kept, "--", color="black", label=f"{name}, self-coupling")
    ax.axvline(theory.CLASSICAL_TRANSITION, color="black", linestyle=":", linewidth=1.2)
    ax.text(theory.CLASSICAL_TRANSITION + 0.01, 2, "Hebb's rule\nbreaks down", fontsize=10)
    ax.set(xlabel="load α = K/N", ylabel="flipped bits repaired (%)", xlim=(0, 1.02), ylim=(0, 50))
    ax.legend(loc="upper right")
    return figure


def shares(groups: dict, parts: dict, *, xlabel: str, ylabel: str = "share of starts (%)") -> plt.Figure:
    """Stacked bars: how each of G groups divides into parts, {label: (G,) in percent}, from the bottom up."""
    figure, ax = plt.subplots(figsize=(4.6, 3.6))
    bottom = np.zeros(len(groups))
    for (name, values), color, hatch in zip(parts.items(), ("0.2", "0.5", "0.72", "0.92"), ("", "//", "..", "")):
        ax.bar(groups, values, 0.75, bottom, label=name, color=color, hatch=hatch, edgecolor="white")
        bottom += values
    ax.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, 100))
    legend(figure)
    return figure
