"""Figures of the chapter on the duality."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator

from dam.figures.panels import frame, grid, legend
from dam.figures.style import COLORS, LINES, MARKERS


def networks():
    """The feed-forward network and the memory side by side: the same weights, read in two ways."""
    figure, axes = plt.subplots(1, 2, figsize=(5.6, 3.6))
    rows = (np.linspace(0, 4, 5), np.linspace(0.5, 3.5, 4), np.linspace(1, 3, 3))
    notes = ("signals pass once,\nfrom below to above", "$v$ is held, each $x_\\alpha$ moves\nonce to lower the energy")
    kinds = (
        ("feed-forward network", "-|>", "soo", ("$v_i$", "$f$", "$c_\\alpha$"), notes[0]),
        ("associative memory", "-", "sDo", ("$v_i$", "$F$", "$x_\\alpha$"), notes[1]),
    )
    for ax, (title, arrow, markers, names, note) in zip(axes, kinds, strict=True):
        for low, color in ((0, COLORS[0]), (1, COLORS[1])):
            line = {"arrowstyle": arrow, "color": color, "alpha": 0.6, "shrinkA": 10, "shrinkB": 10}
            for a in rows[low]:
                for b in rows[low + 1]:
                    ax.annotate("", (b, low + 1), (a, low), arrowprops=line)
        for level, (row, marker, name) in enumerate(zip(rows, markers, names, strict=True)):
            face = "0.85" if marker == "D" else "white"
            ax.scatter(row, np.full(len(row), level), 330, face, marker, edgecolor="black", zorder=3)
            for x in row:
                ax.text(x, level, name, ha="center", va="center", fontsize=11, zorder=4)
        ax.text(2, -0.35, note, ha="center", va="top", fontsize=12)
        ax.set_title(title, fontsize=12)
        ax.set(xlim=(-0.5, 4.5), ylim=(-0.95, 2.3))
        ax.set_axis_off()
    return figure


def pairs(x, curves):
    """Energy functions with their activations, a panel each.

    ``x (P,)``; `curves`: {title: (F(x), f(x), numerical derivative of F)}, (P,) each, the last as dots at every twelfth
    place.
    """
    figure, axes = grid(4, height=2.5, extra=0, width=5.4, sharex=True, sharey=True)
    for ax, (title, (F, f, slope)) in zip(axes, curves.items(), strict=True):
        ax.plot(x, F, color=COLORS[0], label="energy $F$")
        ax.plot(x, f, "--", color=COLORS[1], label="activation $f$")
        ax.plot(x[::12], slope[::12], "o", color=COLORS[1], markersize=4, label="slope of $F$, measured")
        ax.set(title=title, ylim=(-1.2, 4))
    frame(figure, "overlap $x$")
    legend(figure, fontsize=11)
    return figure


def powers(x, curves, slopes):
    """Energy functions {label: (P,)} of ``x (P,)`` on logarithmic scales, each with its slope at the right end."""
    figure, ax = plt.subplots(figsize=(5.2, 4.4))
    for (name, F), style, color in zip(curves.items(), LINES, COLORS):
        ax.loglog(x, F, style, color=color, label=f"{name}: slope {slopes[name]:.2f}")
    ax.set(xlabel="overlap $x$", ylabel="energy function $F(x)$", ylim=(1e-4, 1e7))
    ax.legend()
    return figure


def expansions(scales, errors, slopes):
    """Relative errors {title: {expansion: (S,)}} against the values of ε ``(S,)``, with their measured slopes."""
    figure, axes = grid(4, height=2.7, extra=0, width=5.4, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, errors.items(), strict=True):
        for (name, error), marker, color in zip(lines.items(), MARKERS, COLORS):
            label = f"{name}: {slopes[title][name]:.2f}"
            ax.loglog(scales, error, marker + "-", color=color, markersize=4, linewidth=1.2, label=label)
        ax.set_title(title)
        ax.legend(fontsize=9, title="slope", title_fontsize=9, loc="lower right")
    axes[0].set_ylim(1e-13, 1)
    frame(figure, "starting value $\\epsilon$, with $x_\\alpha = -\\epsilon$", "relative error of the arguments")
    return figure


def scatter(exact, dual, title, limit):
    """Arguments of the tanh ``(P,)``, exact against dual, with the diagonal, from -`limit` to +`limit`."""
    figure, ax = plt.subplots(figsize=(4.4, 4.4))
    ax.plot([-limit, limit], [-limit, limit], color="0.4", linewidth=1)
    ax.plot(dual, exact, ".", color=COLORS[0], markersize=3, alpha=0.5)
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    ax.set(title=title, xlabel="argument, dual (10)", ylabel="argument, exact (9)")
    return figure


def tails(differences):
    """How many outputs differ by more than a given amount, from {label: (P,) of |c exact - c dual|}."""
    figure, ax = plt.subplots(figsize=(5.2, 3.8))
    for (name, values), style, color in zip(differences.items(), LINES, COLORS):
        share = 100 * np.arange(len(values), 0, -1) / len(values)
        ax.plot(np.sort(values), share, style, color=color, label=name, drawstyle="steps-pre")
    ax.set(xscale="log", yscale="log", xlim=(1e-4, 2), ylim=(5e-3, 100))
    ax.set(xlabel="difference $d$ between exact and dual output", ylabel="outputs that differ by more than $d$ (%)")
    ax.yaxis.set_major_formatter("{x:g}")
    ax.legend()
    return figure


def agreement(n, same, errors):
    """Digits given the same class, and the test errors {form: (R, A)} of both forms, all in %, for each of A values n.

    ``same (R, A)``; drawn as mean and standard deviation over R draws of digits.
    """
    figure, axes = plt.subplots(2, 1, figsize=(5.0, 4.8), sharex=True)
    place = np.arange(len(n))
    axes[0].errorbar(place, same.mean(0), same.std(0, ddof=1), fmt="o", color=COLORS[0], capsize=4)
    axes[0].set(ylabel="same class (%)")
    for (name, error), shift, marker, color in zip(errors.items(), (-0.08, 0.08), "s^", COLORS[1:]):
        spread = error.std(0, ddof=1)
        axes[1].errorbar(place + shift, error.mean(0), spread, fmt=marker, color=color, capsize=4, label=name)
    axes[1].set(ylabel="test error (%)", xlabel="degree $n$", xticks=place, xticklabels=n, ylim=(0, None))
    axes[1].legend(loc="lower right")
    return figure


def clouds(points, *, xlabel, ylabel, diagonal=False):
    """Clouds of points {label: (x (P,), y (P,))} on logarithmic scales, with the diagonal if asked for."""
    figure, ax = plt.subplots(figsize=(5.2, 4.2))
    for (name, (x, y)), marker, color in zip(points.items(), MARKERS, COLORS):
        ax.loglog(x, y, marker, color=color, markersize=3, alpha=0.35, label=name)
    if diagonal:
        ends = np.array([min(x.min() for x, _ in points.values()), max(x.max() for x, _ in points.values())])
        ax.loglog(ends, ends, color="0.3", linewidth=1, label="equal")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(LogLocator(subs=(2, 3, 5)))
        axis.set_minor_formatter("{x:g}")
    ax.tick_params(which="minor", labelsize=10)
    for handle in ax.legend().legend_handles:
        handle.set(alpha=1, markersize=6)
    return figure
