"""Figures of the chapter on the duality."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator

from dam.arrays import Array
from dam.figures.panels import frame, grid, legend, picture, plain_ticks
from dam.figures.style import LINES, MARKERS, NARROW, degree_color

GRAYS = ("0.0", "0.45", "0.7")
"""Shades of what is compared, where color is kept for n."""


def networks() -> plt.Figure:
    """The network form and the memory form side by side: the same weights, read in two ways."""
    figure, axes = plt.subplots(1, 2, figsize=(NARROW, 3.3))
    rows = (np.linspace(0, 4, 5), np.linspace(0.5, 3.5, 4), np.linspace(1, 3, 3))
    notes = ("signals pass once,\nfrom below to above", "pixels are held, each $x_\\alpha$\nmoves once, downhill")
    kinds = (
        ("network form", "-|>", "soo", ("$v_i$", "$f$", "$c_\\alpha$"), notes[0]),
        ("memory form", "-", "sDo", ("$v_i$", "$F$", "$x_\\alpha$"), notes[1]),
    )
    for ax, (title, arrow, markers, names, note) in zip(axes, kinds, strict=True):
        for low, color, style in ((0, "0.6", "-"), (1, "0.1", "--")):
            line = {"arrowstyle": arrow, "color": color, "linestyle": style, "shrinkA": 9, "shrinkB": 9}
            for a in rows[low]:
                for b in rows[low + 1]:
                    ax.annotate("", (b, low + 1), (a, low), arrowprops=line)
        for level, (row, marker, name) in enumerate(zip(rows, markers, names, strict=True)):
            face = "0.85" if marker == "D" else "white"
            ax.scatter(row, np.full(len(row), level), 260, face, marker=marker, edgecolor="black", zorder=3)
            for x in row:
                ax.text(x, level, name, ha="center", va="center", fontsize=10, zorder=4)
        ax.text(2, -0.35, note, ha="center", va="top", fontsize=10)
        ax.set_title(title, fontsize=11)
        ax.set(xlim=(-0.6, 4.6), ylim=(-0.95, 2.3))
        ax.set_axis_off()
    return figure


def worked(digit: Array, memories: Array, names: Sequence[str], overlaps: Array, weights: dict) -> plt.Figure:
    """One digit ``(784,)``, a few memories ``(K, 784)``, their overlaps, and the weight of each in the vote.

    `names`: what each memory shows; `weights`: {n: (K,) shares in percent}, drawn as bars, those of one n in one color.
    """
    K = len(memories)
    figure, axes = plt.subplots(K, 3, figsize=(NARROW, 1.15 * K + 0.5), width_ratios=(1, 1, 1.7))
    for ax in axes[:, 0]:
        ax.set_axis_off()
    picture(axes[K // 2, 0], digit.reshape(28, 28), "the digit")
    axes[K // 2, 0].set_axis_on()
    height = 0.8 / len(weights)
    for k, (ax, bars) in enumerate(zip(axes[:, 1], axes[:, 2])):
        picture(ax, memories[k].reshape(28, 28), "three memories" if k == 0 and K == 3 else None)
        ax.set_ylabel(names[k], fontsize=10)
        ax.set_xlabel(f"overlap {overlaps[k]:.0f}", fontsize=10)
        for j, (n, shares) in enumerate(weights.items()):
            place = (len(weights) - 1 - j) * height
            bars.barh(place, shares[k], 0.9 * height, color=degree_color(n), edgecolor="black", linewidth=0.5)
            bars.text(shares[k] + 2, place, f"{shares[k]:.0f} %   n = {n}", va="center", fontsize=9)
        bars.set(xlim=(0, 165), ylim=(-0.7 * height, (len(weights) - 0.3) * height), yticks=[], xticks=[])
        bars.spines["bottom"].set_visible(False)
        bars.grid(False)
    axes[0, 2].set_title("weight in the vote")
    return figure


def pairs(x: Array, curves: dict) -> plt.Figure:
    """Interactions with their activations, a panel each.

    ``x (P,)``; `curves`: {title: (F(x), f(x), numerical derivative of F)}, (P,) each, the last as dots at every twelfth
    place.
    """
    figure, axes = grid(len(curves), height=1.9, extra=0.7, sharex=True, sharey=True)
    for ax, (title, (F, f, slope)) in zip(axes, curves.items(), strict=True):
        ax.plot(x, F, color=GRAYS[0], label="interaction $F$")
        ax.plot(x, f, "--", color=GRAYS[1], label="activation $f$")
        ax.plot(x[::12], slope[::12], "o", color=GRAYS[1], markersize=4, label="slope of $F$, measured")
        ax.set(title=title, ylim=(-1.2, 4))
    frame(figure, "overlap $x$")
    legend(figure, columns=3, fontsize=9, handlelength=1.5, columnspacing=1)
    return figure


def powers(x: Array, curves: dict, slopes: dict) -> plt.Figure:
    """Interactions {label: (P,)} of ``x (P,)`` on logarithmic scales, each with its slope at the right end."""
    figure, ax = plt.subplots(figsize=(NARROW, 3.6))
    for k, (name, F) in enumerate(curves.items()):
        ax.loglog(x, F, LINES[k], color=GRAYS[k % 2], label=f"{name}: slope {slopes[name]:.2f}")
    ax.set(xlabel="overlap $x$", ylabel="interaction $F(x)$", ylim=(1e-4, 1e9))
    ax.legend(fontsize=9)
    return figure


def expansions(scales: Array, errors: dict, slopes: dict) -> plt.Figure:
    """Relative errors {title: {expansion: (S,)}} against the values of ε ``(S,)``, with their measured slopes."""
    figure, axes = grid(len(errors), height=2.4, extra=0.7, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, errors.items(), strict=True):
        for k, (name, error) in enumerate(lines.items()):
            label = f"{name}: {slopes[title][name]:.2f}"
            look = {"marker": MARKERS[k], "linestyle": LINES[k], "color": GRAYS[k], "markersize": 4, "linewidth": 1.2}
            ax.loglog(scales, error, label=label, **look)
        ax.set_title(title)
        ax.legend(fontsize=9, title="slope", title_fontsize=9, loc="lower right", handlelength=1.5)
    lowest = min(error.min() for lines in errors.values() for error in lines.values())
    axes[0].set_ylim(lowest / 1e5, 1)
    frame(figure, "starting value $\\epsilon$, with $x_\\alpha = -\\epsilon$", "relative error of the arguments")
    return figure


def scatter(memory: Array, network: Array, n: int, title: str) -> plt.Figure:
    """Arguments of the tanh ``(P,)`` of both forms at degree n, with the diagonal; the axes fit the points."""
    figure, ax = plt.subplots(figsize=(4.4, 4.4))
    low, high = min(memory.min(), network.min()), max(memory.max(), network.max())
    low, high = low - 0.05 * (high - low), high + 0.05 * (high - low)
    ax.plot([low, high], [low, high], color="0.4", linewidth=1)
    ax.annotate("equal", (high, high), (-4, -16), textcoords="offset points", ha="right", color="0.4")
    ax.plot(network, memory, ".", color=degree_color(n), markersize=4, alpha=0.6)
    ax.set(xlim=(low, high), ylim=(low, high), aspect="equal", title=title)
    ax.set(xlabel="network form", ylabel="memory form")
    return figure


def tails(differences: dict, notes: Sequence[tuple] = (), crossing: tuple[float, float] | None = None) -> plt.Figure:
    """How many outputs differ by more than a given amount, from {n: (P,) of |c of one form - c of the other|}.

    `notes`: (text, d, share in percent) written into the figure; `crossing`: where the curves cross, d and the share.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 3.9))
    for k, (n, values) in enumerate(differences.items()):
        share = 100 * np.arange(len(values), 0, -1) / len(values)
        ax.plot(np.sort(values), share, LINES[k], color=degree_color(n), label=f"n = {n}", drawstyle="steps-pre")
    for text, d, share in notes:
        ax.text(d, share, text, fontsize=9, ha="center", va="center")
    if crossing:
        arrow = {"arrowstyle": "-", "color": "0.3"}
        x, y = crossing
        ax.plot(x, y, "o", color="0.3", markerfacecolor="none", markersize=14)
        ax.annotate("the curves cross", crossing, (x / 8, y / 12), fontsize=9, ha="center", arrowprops=arrow)
    ax.set(xscale="log", yscale="log", xlim=(1e-3, 2), ylim=(5e-3, 600))
    ax.set(xlabel="difference $d$ of the two forms' outputs", ylabel="outputs that differ by more (%)")
    plain_ticks(ax, x=(0.001, 0.01, 0.1, 1), y=(0.01, 0.1, 1, 10, 100))
    ax.legend(loc="lower left", handlelength=2.5)
    return figure


def agreement(n: Sequence[int], same: Array, errors: dict) -> plt.Figure:
    """Digits given the same class, and the test errors {form: (R, A)} of both forms, all in %, for each of A values n.

    ``same (R, A)``; drawn as mean and standard deviation over R draws of digits.
    """
    figure, axes = plt.subplots(2, 1, figsize=(NARROW, 4.4), sharex=True)
    place = np.arange(len(n))
    mean = same.mean(0)
    axes[0].errorbar(place, mean, same.std(0, ddof=1), fmt="o", color="black", capsize=4)
    for x, share in zip(place, mean):
        axes[0].annotate(f"{share:.1f} %", (x, share), (9, 0), textcoords="offset points", va="center", fontsize=9)
    axes[0].set(ylabel="same class (%)", ylim=(98.5, 100.1), xlim=(-0.4, len(n) - 0.4))
    for (name, error), shift, marker, face in zip(errors.items(), (-0.08, 0.08), "s^", ("black", "white")):
        look = {"fmt": marker, "color": "black", "markerfacecolor": face, "capsize": 4, "label": name}
        axes[1].errorbar(place + shift, error.mean(0), error.std(0, ddof=1), **look)
    axes[1].set(ylabel="test error (%)", xlabel="degree $n$", xticks=place, xticklabels=n)
    axes[1].set_ylim(0, 1.15 * max(error.max() for error in errors.values()))
    axes[1].legend(loc="lower right")
    return figure


def clouds(points: dict, *, xlabel: str, ylabel: str) -> plt.Figure:
    """Clouds of points {n: (x (P,), y (P,))} on logarithmic scales, with the diagonal."""
    figure, ax = plt.subplots(figsize=(NARROW, 4.0))
    for (n, (x, y)), marker in zip(points.items(), MARKERS):
        ax.loglog(x, y, marker, color=degree_color(n), markersize=3, alpha=0.35, label=f"n = {n}")
    ends = np.array([min(x.min() for x, _ in points.values()), max(x.max() for x, _ in points.values())])
    ax.loglog(ends, ends, color="0.3", linewidth=1, label="equal")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(LogLocator(subs=(2, 5)))
        axis.set_minor_formatter("{x:g}")
    ax.tick_params(which="minor", labelsize=9)
    for handle in ax.legend().legend_handles:
        handle.set(alpha=1, markersize=6)
    return figure


def trained(curves: dict[str, tuple[int, Array]], names: dict[str, str]) -> plt.Figure:
    """Test errors in % after each epoch, a panel for each n, from {activation: (n, (R, epochs))} over R trainings.

    Drawn as the mean over trainings, with all of them between the edges of a band; `names` are those of the legend.
    """
    degrees = sorted({n for n, _ in curves.values()})
    figure, axes = grid(len(degrees), columns=len(degrees), height=2.6, extra=0.6, sharex=True, sharey=True)
    for ax, n in zip(axes, degrees, strict=True):
        own = [(names[name], errors) for name, (degree, errors) in curves.items() if degree == n]
        for k, (name, errors) in enumerate(own):
            epoch = np.arange(1, errors.shape[1] + 1)
            ax.fill_between(epoch, errors.min(0), errors.max(0), color=degree_color(n), alpha=0.2, linewidth=0)
            label = name.replace(" ", "\n")
            ax.semilogy(epoch, errors.mean(0), LINES[k], color=degree_color(n), label=label)
        ax.set_title(f"$n = {n}$")
        ax.set_ylim(top=900)  # above 100 % is room for the names
        ax.legend(fontsize=9, loc="upper right", handlelength=1.4, borderaxespad=0.2)
        plain_ticks(ax, y=(2, 5, 10, 20, 50, 100))
    frame(figure, "epoch", "test error (%)")
    return figure
