"""Figures of the chapter on the duality, from NumPy arrays. No numerics."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator

from dam.figures.style import COLORS

MARKERS = "os^D"
STYLES = ("-", "--", "-.", ":")


def networks():
    """The feed-forward network and the memory side by side: the same weights, read in two ways.

    Returns
    -------
    matplotlib.figure.Figure
    """
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

    Parameters
    ----------
    x : (P,) array
    curves : dict of tuple of three (P,) arrays
        Title of each panel; F(x), f(x), and the numerical derivative of F, drawn as dots at every twelfth place.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(2, 2, figsize=(5.4, 5.0), sharex=True, sharey=True)
    for ax, (title, (F, f, slope)) in zip(axes.flat, curves.items(), strict=True):
        ax.plot(x, F, color=COLORS[0], label="energy $F$")
        ax.plot(x, f, "--", color=COLORS[1], label="activation $f$")
        ax.plot(x[::12], slope[::12], "o", color=COLORS[1], markersize=4, label="slope of $F$, measured")
        ax.set_title(title, fontsize=11)
        ax.set_ylim(-1.2, 4)
    figure.supxlabel("overlap $x$", fontsize=11)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=11)
    return figure


def powers(x, curves, slopes):
    """Energy functions on logarithmic scales, each with its measured slope at the right end.

    Parameters
    ----------
    x : (P,) array
    curves : dict of (P,) array
        Label of each line, and F(x).
    slopes : dict of float
        Slope of each line at large x.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(5.2, 4.4))
    for (name, F), style, color in zip(curves.items(), [*STYLES, "-"], COLORS, strict=False):
        ax.loglog(x, F, style, color=color, label=f"{name}: slope {slopes[name]:.2f}")
    ax.set(xlabel="overlap $x$", ylabel="energy function $F(x)$", ylim=(1e-4, 1e7))
    ax.legend(fontsize=10)
    return figure


def expansions(scales, errors, slopes):
    """Relative error of each expansion against ε, one panel for each n.

    Parameters
    ----------
    scales : (S,) array
        Values of ε.
    errors : dict of dict of (S,) array
        For each title the relative error of each expansion.
    slopes : dict of dict of float
        Measured slopes, printed in the legends.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(2, 2, figsize=(5.4, 5.4), sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes.flat, errors.items(), strict=True):
        for (name, error), marker, color in zip(lines.items(), MARKERS, COLORS, strict=False):
            label = f"{name}: {slopes[title][name]:.2f}"
            ax.loglog(scales, error, marker + "-", color=color, markersize=4, linewidth=1.2, label=label)
        ax.set_title(title, fontsize=11)
        ax.legend(fontsize=9, title="slope", title_fontsize=9, loc="lower right")
    axes[0, 0].set_ylim(1e-13, 1)
    figure.supxlabel("starting value $\\epsilon$, with $x_\\alpha = -\\epsilon$", fontsize=11)
    figure.supylabel("relative error of the arguments", fontsize=11)
    return figure


def scatter(exact, dual, title, limit):
    """Arguments of the tanh, exact against dual, with the diagonal.

    Parameters
    ----------
    exact, dual : (P,) array
        In units of which only ratios matter: both divided by the typical size of the exact ones.
    title : str
    limit : float
        The axes run from -limit to +limit.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(4.4, 4.4))
    ax.plot([-limit, limit], [-limit, limit], color="0.4", linewidth=1)
    ax.plot(dual, exact, ".", color=COLORS[0], markersize=3, alpha=0.5)
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    ax.set(xlabel="argument, dual (10)", ylabel="argument, exact (9)")
    ax.set_title(title, fontsize=11)
    return figure


def tails(differences):
    """How many outputs differ by more than a given amount, one line for each n.

    Parameters
    ----------
    differences : dict of (P,) array
        Label of each line, and |c exact - c dual| of P outputs.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(5.2, 3.8))
    for (name, values), style, color in zip(differences.items(), STYLES, COLORS, strict=False):
        share = 100 * np.arange(len(values), 0, -1) / len(values)
        ax.plot(np.sort(values), share, style, color=color, label=name, drawstyle="steps-pre")
    ax.set(xscale="log", yscale="log", xlim=(1e-4, 2), ylim=(5e-3, 100))
    ax.set(xlabel="difference $d$ between exact and dual output", ylabel="outputs that differ by more than $d$ (%)")
    ax.yaxis.set_major_formatter("{x:g}")
    ax.legend()
    return figure


def agreement(n, same, errors):
    """Agreement of the classes and the test errors of both forms, for each n, with the spread over draws of digits.

    Parameters
    ----------
    n : sequence of int
    same : (R, A) array
        Digits given the same class in %, for R draws and A values of n.
    errors : dict of (R, A) array
        Label and test error in % of each form.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(2, 1, figsize=(5.0, 4.8), sharex=True)
    place = np.arange(len(n))
    axes[0].errorbar(place, same.mean(0), same.std(0, ddof=1), fmt="o", color=COLORS[0], capsize=4)
    axes[0].set(ylabel="same class (%)")
    for (name, error), shift, marker, color in zip(errors.items(), (-0.08, 0.08), "s^", COLORS[1:], strict=False):
        spread = error.std(0, ddof=1)
        axes[1].errorbar(place + shift, error.mean(0), spread, fmt=marker, color=color, capsize=4, label=name)
    axes[1].set(ylabel="test error (%)", xlabel="degree $n$", xticks=place, xticklabels=n, ylim=(0, None))
    axes[1].legend(loc="lower right")
    return figure


def clouds(points, *, xlabel, ylabel, diagonal=False):
    """One cloud of points for each n on logarithmic scales.

    Parameters
    ----------
    points : dict of tuple of two (P,) arrays
        Label of each cloud, abscissas and ordinates.
    xlabel, ylabel : str
    diagonal : bool
        Whether to draw the line of equal abscissa and ordinate.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(5.2, 4.2))
    for (name, (x, y)), marker, color in zip(points.items(), MARKERS, COLORS, strict=False):
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
