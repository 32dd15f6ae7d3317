"""Figures of the chapter on exponential memories and attention."""

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.panels import frame, grid, legend, picture
from dam.figures.style import COLORS, LINES, MARKERS, NARROW


def bit_errors(panels, limits, *, bottom=1e-5):
    """Probability that one bit of a cue is turned the wrong way, against the growth rate of the number of memories.

    `panels`: {title: {label: (rate (A,), error (A,), twins)}}, errors drawn where above 0, and the errors (A,) that
    theory gives far below the limit, or None. `limits`: {title: rate at which errors set in for many neurons}.
    """
    figure, axes = grid(len(panels), columns=1, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        ax.axvline(limits[title], color="0.35", linestyle="--", linewidth=1.4, label="limit for many neurons")
        for (name, (rate, error, twins)), color, marker in zip(lines.items(), COLORS, MARKERS):
            error = np.where(np.asarray(error) > 0, error, np.nan)
            ax.plot(rate, error, marker=marker, markersize=4.5, color=color, label=name)
            if twins is not None:
                ax.plot(rate, twins, ":", color=color, linewidth=1.4)
        ax.set(title=title, yscale="log", ylim=(bottom, 1))
    frame(figure, r"growth rate $\alpha = \ln K / N$", "share of bits turned the wrong way")
    legend(figure)
    return figure


def memory_limits(points, curves):
    """Numbers of memories against the number of neurons, {label: (N, K)} measured and, dotted, by theory."""
    figure, ax = plt.subplots(figsize=(NARROW, 4.2))
    for (name, (N, K)), color, marker in zip(points.items(), COLORS, MARKERS):
        ax.plot(N, K, marker=marker, color=color, markersize=6, label=name)
        if name in curves:
            ax.plot(*curves[name], ":", color=color, linewidth=1.6)
    ax.set(xlabel="neurons $N$", ylabel="memories $K$", yscale="log")
    legend(figure)
    return figure


def descents(lines):
    """Energy above its value at rest, {label: (U + 1,)} before the first and after each update, where above 0."""
    figure, ax = plt.subplots(figsize=(NARROW, 3.2))
    for (name, energy), color, marker in zip(lines.items(), COLORS, MARKERS):
        ax.plot(np.arange(len(energy)), energy, marker=marker, markersize=4, color=color, label=name)
    ax.set(xlabel="updates", ylabel="energy above rest", yscale="log", ylim=(1e-6, None))
    ax.legend()
    return figure


def one_update(panels):
    """Distance from a memory after one update that starts on it, against β: measured and its bound.

    `panels`: {title: (beta (B,), distance (B, S), bound (B, S))} of S memories, over the length of a memory; drawn as
    median and range, and as median.
    """
    figure, axes = grid(len(panels), columns=len(panels), height=3.6, extra=0, width=NARROW + 0.8, sharey=True)
    for ax, (title, (beta, distance, bound)) in zip(axes, panels.items()):
        ax.fill_between(beta, distance.min(axis=1), distance.max(axis=1), color=COLORS[0], alpha=0.25, linewidth=0)
        ax.plot(beta, np.median(distance, axis=1), color=COLORS[0], label="measured: median, range")
        ax.plot(beta, np.median(bound, axis=1), "--", color=COLORS[1], label="bound: median")
        ax.set(title=title, xscale="log", yscale="log", ylim=(1e-12, 10))
    frame(figure, r"inverse temperature $\beta$", "distance after one update")
    legend(figure)
    return figure


def averaging(panels, *, edges=None):
    """From one average to single memories: how many memories make up a state, and how many states there are.

    `panels`: {title: (beta (B,), [(memories (D,), cues (D,)) for each β])}, for each of D states at rest of how many
    memories it is made, and how many cues end there, the area of its circle. `edges`: {title: values of β by theory}.
    """
    figure, axes = grid(len(panels), columns=1, height=2.5, extra=0.9, sharex=True)
    for ax, (title, (beta, states)) in zip(axes, panels.items()):
        each = [len(cues) for _, cues in states]
        memories, cues = (np.concatenate(parts) for parts in zip(*states))
        ax.scatter(np.repeat(beta, each), memories, 4 + 2 * cues, COLORS[0], alpha=0.5, label="memories in a state")
        ax.plot(beta, each, "s--", color=COLORS[1], markersize=5, label="different states at rest")
        for number, edge in enumerate((edges or {}).get(title, ())):
            ax.axvline(edge, color="0.35", linestyle=":", linewidth=1.6, label=None if number else "edge by theory")
        ax.set(title=title, xscale="log", yscale="log", ylabel="number")
        ax.yaxis.set_major_formatter("{x:g}")
    frame(figure, r"inverse temperature $\beta$")
    legend(figure)
    return figure


def steepness(panels, *, columns=2):
    """Cues completed in every pixel against how steep the response is: {title: {label: (steepness, share)}}."""
    figure, axes = grid(len(panels), columns=columns, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        for (name, (x, share)), color, marker, style in zip(lines.items(), COLORS, MARKERS, LINES):
            ax.plot(x, 100 * np.asarray(share), style, marker=marker, markersize=5, color=color, label=name)
        ax.set(title=title, xscale="log", ylim=(-4, 104))
    frame(figure, "steepness of the response (1/neuron)", "completed in every pixel (%)")
    legend(figure)
    return figure


def attended(cue, state, memories, weights, classes, *, shape=(28, 28)):
    """One retrieval: ``cue`` and ``state`` at rest ``(N,)``, the three heaviest memories ``(3, N)`` with their weights.

    Below them the weight ``(10,)`` of all memories of each class. 0 in the cue is unknown.
    """
    figure, axes = plt.subplot_mosaic([["cue", "state", "m0", "m1", "m2"], ["bars"] * 5], figsize=(NARROW + 0.6, 3.4))
    for name, pixels, title in (("cue", cue, "cue"), ("state", state, "at rest")):
        picture(axes[name], np.reshape(pixels, shape), title)
    for i, (memory, weight) in enumerate(zip(memories, weights)):
        picture(axes[f"m{i}"], np.reshape(memory, shape), f"{100 * weight:.1f} %")
    axes["bars"].bar(np.arange(10), 100 * np.asarray(classes), color=COLORS[0])
    axes["bars"].set(xlabel="class of the memories", ylabel="weight (%)", ylim=(0, 100), xticks=np.arange(10))
    return figure
