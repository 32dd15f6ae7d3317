"""Figures of the chapter on exponential memories and attention."""

import matplotlib.pyplot as plt
import numpy as np

from dam.arrays import Array
from dam.figures.panels import frame, grid, legend, picture
from dam.figures.style import LINES, MARKERS, NARROW, RECTIFIED, degree_color

GRAYS = ("0.65", "0.4", "0.0")
"""Of many neurons, or of large β, the darker lines."""
DARK, LIGHT = "0.15", "0.6"


def weighing(cue: Array, likest: Array, rows: dict, *, shape: tuple[int, int] = (28, 28)) -> plt.Figure:
    """The weights of the memories most like a cue, from averaging to looking up, and the average that they give.

    `cue` ``(N,)`` and the memories `likest` ``(M, N)`` stand above. `rows`: {label: (weights (M,), average (N,))}; a
    last bar is what is left for all other memories.
    """
    M, size, left, top = len(likest), 0.56, 0.84, 0.95
    height = top + 0.62 * len(rows) + 0.1
    width = left + size * (M + 2) + 0.2
    figure = plt.figure(figsize=(width, height), layout="none")

    def place(x, y, wide, high):
        return figure.add_axes((x / width, 1 - (y + high) / height, wide / width, high / height))

    def write(x, y, text, **style):
        figure.text(x / width, 1 - y / height, text, **({"ha": "center", "fontsize": 9.5} | style))

    write(0.1, 0.2, "cue", ha="left")
    picture(place(0.1, 0.27, size, size), np.reshape(cue, shape))
    write(left + size * M / 2, 0.2, "memories most like it")
    write(left + size * (M + 0.5), 0.62, "all\nothers", va="center")
    write(left + size * (M + 1.5) + 0.1, 0.62, "average", va="center")
    for m, memory in enumerate(likest):
        picture(place(left + size * (m + 0.06), 0.32, 0.88 * size, 0.88 * size), np.reshape(memory, shape))
    for r, (label, (weights, average)) in enumerate(rows.items()):
        y = top + 0.62 * r
        write(left - 0.1, y + 0.4, label, ha="right", fontsize=10)
        ax, shares = place(left, y, size * (M + 1), 0.55), 100 * np.append(weights, 1 - np.sum(weights))
        bars = ax.bar(np.arange(M + 1), shares, 0.7, color=[DARK] * M + [LIGHT])
        ax.bar_label(bars, [f"{share:.0f} %" if share >= 0.5 else "" for share in shares], fontsize=9, padding=1)
        ax.set(xlim=(-0.5, M + 0.5), ylim=(0, 155), xticks=[], yticks=[])
        ax.spines["left"].set_visible(False)
        picture(place(left + size * (M + 1.06) + 0.1, y + 0.02, 0.92 * size, 0.92 * size), np.reshape(average, shape))
    return figure


def bit_errors(panels: dict, limits: dict, *, bottom: float = 1e-05) -> plt.Figure:
    """Share of the neurons of a cue that are turned the wrong way, against the growth rate of the number of memories.

    `panels`: {title: {label: (rate (A,), error (A,), twins)}}, errors drawn where above 0, and the errors (A,) that
    theory gives far below the limit, or None. `limits`: {title: rate at which errors set in for many neurons}.
    """
    figure, axes = grid(len(panels), columns=1, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        ax.axvline(limits[title], color="0.35", linestyle="--", linewidth=1.4, label="limit for many neurons")
        for (name, (rate, error, twins)), color, marker in zip(lines.items(), GRAYS, MARKERS):
            error = np.where(np.asarray(error) > 0, error, np.nan)
            ax.plot(rate, error, marker=marker, markersize=4.5, color=color, label=name)
            if twins is not None:
                ax.plot(rate, twins, ":", color=color, linewidth=1.4, label="twins alone")
        ax.set(title=title, yscale="log", ylim=(bottom, 1))
    frame(figure, r"growth rate $\alpha = \ln K / N$", "share of neurons turned the wrong way")
    legend(figure)
    return figure


def memory_limits(points: dict, curves: dict, degrees: dict) -> plt.Figure:
    """Numbers of memories against the number of neurons, {label: (N, K)} measured and, dotted, by theory.

    `degrees` gives the degree n of a line that belongs to a power.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 4.0))
    for (name, (N, K)), marker in zip(points.items(), MARKERS):
        color = degree_color(degrees[name]) if name in degrees else "black"
        ax.plot(N, K, marker=marker, color=color, markersize=6)
        ax.annotate(name, (N[-1], K[-1]), (8, 0), textcoords="offset points", va="center", fontsize=10)
        if name in curves:
            ax.plot(*curves[name], ":", color=color, linewidth=1.6)
    ax.plot([], [], "-", color="black", label="measured")
    ax.plot([], [], ":", color="black", label="theory")
    last = max(max(N) for N, _ in points.values())
    ax.set(xlabel="neurons $N$", ylabel="memories $K$", yscale="log", xlim=(None, 1.33 * last))
    ax.set_xticks(range(8, last + 1, 4))
    ax.legend(loc="upper left")
    return figure


def descents(lines: dict) -> plt.Figure:
    """Energy above its value at rest, {label: (U + 1,)} before the first and after each update, where above 0."""
    figure, ax = plt.subplots(figsize=(NARROW, 3.2))
    shades = np.linspace(0.65, 0, len(lines))
    for (name, energy), shade, marker, line in zip(lines.items(), shades, MARKERS, LINES):
        ax.plot(np.arange(len(energy)), energy, line, marker=marker, markersize=5, color=str(shade), label=name)
    ax.set(xlabel="updates", ylabel="energy above rest", yscale="log", ylim=(1e-6, None))
    ax.legend()
    return figure


def one_update(panels: dict) -> plt.Figure:
    """Distance from a memory after one update that starts on it, against β: measured and its bound.

    `panels`: {title: (beta (B,), distance (B, S), bound (B, S))} of S memories, over the length of a memory; drawn as
    median and range, and as median.
    """
    figure, axes = grid(len(panels), columns=len(panels), height=3.6, extra=0, width=NARROW + 0.8, sharey=True)
    for ax, (title, (beta, distance, bound)) in zip(axes, panels.items()):
        ax.fill_between(beta, distance.min(axis=1), distance.max(axis=1), color="0.8", linewidth=0)
        ax.plot(beta, np.median(distance, axis=1), color="black", label="measured: median, range")
        ax.plot(beta, np.median(bound, axis=1), "--", color="0.4", label="bound: median")
        ax.set(title=title, xscale="log", yscale="log", ylim=(1e-12, 10))
    frame(figure, r"inverse temperature $\beta$", "distance after one update")
    legend(figure)
    return figure


def averaging(panels: dict, *, edges: dict | None = None) -> plt.Figure:
    """From one average to single memories: how many memories make up a state, and how many states there are.

    `panels`: {title: (beta (B,), [(memories (D,), cues (D,)) for each β])}, for each of D states at rest of how many
    memories it is made, and how many cues end there, the area of its circle. `edges`: {title: values of β by theory}.
    """
    figure, axes = grid(len(panels), columns=1, height=2.5, extra=0.9, sharex=True)
    for ax, (title, (beta, states)) in zip(axes, panels.items()):
        each = [len(cues) for _, cues in states]
        memories, cues = (np.concatenate(parts) for parts in zip(*states))
        ax.scatter(np.repeat(beta, each), memories, 4 + 2 * cues, "0.45", alpha=0.6, label="memories in a state")
        ax.plot(beta, each, "s--", color="black", linewidth=1.2, markersize=4.5, label="different states at rest")
        for number, edge in enumerate((edges or {}).get(title, ())):
            ax.axvline(edge, color="0.35", linestyle=":", linewidth=1.6, label=None if number else "edge by theory")
        ax.set(title=title, xscale="log", yscale="log", ylabel="number")
        ax.yaxis.set_major_formatter("{x:g}")
    frame(figure, r"inverse temperature $\beta$")
    legend(figure)
    return figure


def steepness(panels: dict, *, columns: int = 2) -> plt.Figure:
    """Cues completed in every pixel against how steep the response is.

    `panels`: {title: {label: (steepness, share)}}, in each the rectified powers first and then the exponentials.
    """
    figure, axes = grid(len(panels), columns=columns, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        for (name, (x, share)), color, marker, style in zip(lines.items(), (RECTIFIED, "black"), MARKERS, LINES):
            ax.plot(x, 100 * np.asarray(share), style, marker=marker, markersize=5, color=color, label=name)
        ax.set(title=title, xscale="log", ylim=(-4, 104))
    frame(figure, "steepness of the response (1/neuron)", "completed in every pixel (%)")
    legend(figure)
    return figure


def attended(
    cues: Array, states: Array, made: Array, memories: Array, weights: Array, *, shape: tuple[int, int] = (28, 28)
) -> plt.Figure:
    """What each cue ``(C, N)`` ends in, a row each: the cue, its state at rest, of how many memories it is made.

    Beside them its three heaviest memories ``(C, 3, N)`` with their weights ``(C, 3)``. 0 in a cue is unknown.
    """
    figure, axes = plt.subplots(len(cues), 5, figsize=(NARROW, 1.18 * len(cues) + 0.3), squeeze=False)
    heads = ("cue", "at rest", "", "heaviest memories", "")
    for row, cue, state, count, heaviest, share in zip(axes, cues, states, made, memories, weights):
        below = ("", f"of {count:.0f}", *(f"{100 * weight:.0f} %" if weight >= 0.005 else "< 1 %" for weight in share))
        for ax, pixels, text in zip(row, (cue, state, *heaviest), below):
            picture(ax, np.reshape(pixels, shape))
            ax.set_xlabel(text, fontsize=10, labelpad=2)
    for ax, head in zip(axes[0], heads):
        ax.set_title(head, fontsize=10)
    return figure
