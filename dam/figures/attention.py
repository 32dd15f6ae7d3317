"""Figures of the chapter on exponential memories and attention."""

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.panels import picture
from dam.figures.style import COLORS

MARKERS = "os^Dv"
STYLES = ("-", "--", "-.", ":")
MINIMUM = 4.8
"""Width in inches of figures that stay legible on a phone."""


def bit_errors(panels, limits, *, bottom=1e-5):
    """Probability that one bit of a cue is turned the wrong way, against the growth rate of the number of memories.

    Parameters
    ----------
    panels : dict of dict of tuple (rate, error, twins)
        Title of each panel; label of each line, its rates (A,), errors (A,), drawn as points where above 0, and the
        errors (A,) that theory gives far below the limit, or None.
    limits : dict of float
        Title of a panel, and the rate at which errors set in for many neurons: a vertical line.
    bottom : float
        Lower end of the vertical axis.

    Returns
    -------
    matplotlib.figure.Figure
    """
    size = MINIMUM, 2.0 * len(panels) + 1.0
    figure, axes = plt.subplots(len(panels), 1, figsize=size, sharex=True, sharey=True, squeeze=False)
    for ax, (title, lines) in zip(axes.flat, panels.items()):
        ax.axvline(limits[title], color="0.35", linestyle="--", linewidth=1.4, label="limit for many neurons")
        for (name, (rate, error, twins)), color, marker in zip(lines.items(), COLORS, MARKERS):
            error = np.where(np.asarray(error) > 0, error, np.nan)
            ax.plot(rate, error, marker=marker, markersize=4.5, color=color, label=name)
            if twins is not None:
                ax.plot(rate, twins, ":", color=color, linewidth=1.4)
        ax.set(yscale="log", ylim=(bottom, 1))
        ax.set_title(title, fontsize=11)
    figure.supxlabel(r"growth rate $\alpha = \ln K / N$", fontsize=11)
    figure.supylabel("share of bits turned the wrong way", fontsize=11)
    _common_legend(figure, axes)
    return figure


def memory_limits(points, curves):
    """Numbers of memories against the number of neurons, on a logarithmic scale.

    Parameters
    ----------
    points : dict of tuple (N, K)
        Label of each line, its sizes and the numbers measured.
    curves : dict of tuple (N, K)
        Some of the same labels, and what theory gives for them: dotted lines in the same color.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(MINIMUM, 4.2))
    for (name, (N, K)), color, marker in zip(points.items(), COLORS, MARKERS):
        ax.plot(N, K, marker=marker, color=color, markersize=6, label=name)
        if name in curves:
            ax.plot(*curves[name], ":", color=color, linewidth=1.6)
    ax.set(xlabel="neurons $N$", ylabel="memories $K$", yscale="log")
    figure.legend(loc="outside upper center", ncols=2, fontsize=10)
    return figure


def descents(lines):
    """Energy of a state above its value at rest against the number of updates, one line per inverse temperature.

    Parameters
    ----------
    lines : dict of (U + 1,) array
        Label of each line, and the excess before the first and after each of the updates; a logarithmic scale, which
        shows what is above 0.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(MINIMUM, 3.2))
    for (name, energy), color, marker in zip(lines.items(), COLORS, MARKERS):
        ax.plot(np.arange(len(energy)), energy, marker=marker, markersize=4, color=color, label=name)
    ax.set(xlabel="updates", ylabel="energy above rest", yscale="log", ylim=(1e-6, None))
    ax.legend(fontsize=10)
    return figure


def one_update(panels):
    """Distance from a memory after one update that starts on it, against β: measured and its bound.

    Parameters
    ----------
    panels : dict of tuple (beta, distance, bound)
        Title of each panel; inverse temperatures (B,), distances over the length of a memory (B, S) of S memories,
        drawn as the median and the range, and the bounds (B, S) on them, drawn as their median.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(MINIMUM + 0.8, 3.6), sharey=True, squeeze=False)
    for ax, (title, (beta, distance, bound)) in zip(axes.flat, panels.items()):
        ax.fill_between(beta, distance.min(axis=1), distance.max(axis=1), color=COLORS[0], alpha=0.25, linewidth=0)
        ax.plot(beta, np.median(distance, axis=1), color=COLORS[0], label="measured: median, range")
        ax.plot(beta, np.median(bound, axis=1), "--", color=COLORS[1], label="bound: median")
        ax.set(xscale="log", yscale="log", ylim=(1e-12, 10))
        ax.set_title(title, fontsize=11)
    figure.supxlabel(r"inverse temperature $\beta$", fontsize=11)
    figure.supylabel("distance after one update", fontsize=11)
    _common_legend(figure, axes)
    return figure


def averaging(panels, *, edges=None):
    """From one average to single memories: how many memories make up a state, and how many states there are.

    Parameters
    ----------
    panels : dict of tuple (beta, effective, different)
        Title of each panel; inverse temperatures (B,), effective numbers of memories in a state at rest (B, S) of S
        states, drawn as their median and the middle half, and the number of different states at rest (B,).
    edges : dict of float, optional
        Title of a panel, and the β at which theory sees the average end: a vertical line.

    Returns
    -------
    matplotlib.figure.Figure
    """
    size = MINIMUM, 2.5 * len(panels) + 0.9
    figure, axes = plt.subplots(len(panels), 1, figsize=size, sharex=True, squeeze=False)
    for ax, (title, (beta, effective, different)) in zip(axes.flat, panels.items()):
        low, middle, high = np.percentile(effective, [25, 50, 75], axis=1)
        ax.fill_between(beta, low, high, color=COLORS[0], alpha=0.25, linewidth=0)
        ax.plot(beta, middle, "o-", color=COLORS[0], markersize=5, label="memories in a state")
        ax.plot(beta, different, "s--", color=COLORS[1], markersize=5, label="different states at rest")
        if title in (edges or {}):
            ax.axvline(edges[title], color="0.35", linestyle=":", linewidth=1.6, label="edge by theory")
        ax.set(xscale="log", yscale="log", ylabel="number")
        ax.yaxis.set_major_formatter("{x:g}")
        ax.set_title(title, fontsize=11)
    figure.supxlabel(r"inverse temperature $\beta$", fontsize=11)
    _common_legend(figure, axes)
    return figure


def steepness(panels, *, columns=2):
    """Share of cues completed in every pixel, against how steep the response is, for powers and for exponentials.

    Parameters
    ----------
    panels : dict of dict of tuple (steepness, share)
        Title of each panel; label of each line, its steepness (P,) and shares completed (P,).
    columns : int
        Panels in a row.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    size = MINIMUM, 2.0 * rows + 1.0
    figure, axes = plt.subplots(rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False)
    for ax, (title, lines) in zip(axes.flat, panels.items()):
        for (name, (x, share)), color, marker, style in zip(lines.items(), COLORS, MARKERS, STYLES):
            ax.plot(x, 100 * np.asarray(share), style, marker=marker, markersize=5, color=color, label=name)
        ax.set(xscale="log", ylim=(-4, 104))
        ax.set_title(title, fontsize=11)
    figure.supxlabel("steepness of the response (1/neuron)", fontsize=11)
    figure.supylabel("completed in every pixel (%)", fontsize=11)
    _common_legend(figure, axes)
    return figure


def attended(cue, state, memories, weights, classes, *, shape=(28, 28)):
    """One retrieval: the cue, the state at rest, the memory with the largest weight, and the weight of each class.

    Parameters
    ----------
    cue, state : (N,) array
        On a scale from -1 to 1; 0 in the cue is unknown.
    memories : (3, N) array
        The memories with the largest weights.
    weights : (3,) array
        Their weights.
    classes : (10,) array
        Weight of all memories of each class.
    shape : tuple of int
        Rows and columns of pixels.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplot_mosaic([["cue", "state", "m0", "m1", "m2"], ["bars"] * 5], figsize=(MINIMUM + 0.6, 3.4))
    for name, pixels, title in (("cue", cue, "cue"), ("state", state, "at rest")):
        picture(axes[name], np.reshape(pixels, shape), title)
    for i, (memory, weight) in enumerate(zip(memories, weights)):
        picture(axes[f"m{i}"], np.reshape(memory, shape), f"{100 * weight:.1f} %")
    axes["bars"].bar(np.arange(10), 100 * np.asarray(classes), color=COLORS[0])
    axes["bars"].set(xlabel="class of the memories", ylabel="weight (%)", ylim=(0, 100), xticks=np.arange(10))
    return figure


def _common_legend(figure, axes):
    """One legend above all panels, every label once."""
    found = {}
    for ax in axes.flat:
        for handle, name in zip(*ax.get_legend_handles_labels()):
            found.setdefault(name, handle)
    figure.legend(found.values(), found.keys(), loc="outside upper center", ncols=2, fontsize=10)
