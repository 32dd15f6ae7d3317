"""Figures of the chapter on XOR: ``states (8, 3)`` of ±1, columns x, y, z; ``marked (8,)`` says which are memories."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

from dam.arrays import Array
from dam.figures.panels import legend
from dam.figures.style import NARROW, POWER, RECTIFIED, degree_color

KIND = {"power": POWER, "rectified": RECTIFIED}
"""The color of each kind of interaction."""


def cube(states: Array, marked: Array, *, labels: Sequence[str]) -> plt.Figure:
    """The eight states as the corners of a cube, each with its label, and one edge for each flip of a neuron.

    x goes to the right, y into the page, z upwards. Memories are filled circles, the others open squares.
    """
    figure, ax = plt.subplots(figsize=(4.4, 3.6))
    across, up = states[:, 0] + 0.62 * states[:, 1], states[:, 2] + 0.42 * states[:, 1]
    for i, j in zip(*np.nonzero(np.triu(states @ states.T == 1)), strict=True):
        asked = states[i, 2] != states[j, 2]
        ax.plot(across[[i, j]], up[[i, j]], color="0.25" if asked else "0.7", lw=2.6 if asked else 1.0, zorder=1)
    for chosen, marker, face, name in (
        (marked, "o", "black", "row of the table"),
        (~marked, "s", "white", "not a row"),
    ):
        look = {"marker": marker, "edgecolors": "black", "lw": 2, "zorder": 2, "label": name}
        ax.scatter(across[chosen], up[chosen], 160, face, **look)
    for i, label in enumerate(labels):
        side = 1 if states[i, 0] > 0 else -1
        look = {"textcoords": "offset points", "ha": "left" if side > 0 else "right", "va": "center", "fontsize": 12}
        ax.annotate(label, (across[i], up[i]), (14 * side, 0), **look)
    for tip, name in (((0.7, 0.0), "x"), ((0.43, 0.29), "y"), ((0.0, 0.7), "z")):
        ax.annotate("", (-3.4 + tip[0], -0.2 + tip[1]), (-3.4, -0.2), arrowprops={"arrowstyle": "->", "lw": 1.4})
        ax.text(-3.4 + 1.22 * tip[0], -0.2 + 1.22 * tip[1], f"${name}$", fontsize=13, ha="center", va="center")
    ax.set(xlim=(-3.6, 2.8), ylim=(-1.75, 1.7), aspect="equal")
    ax.set_axis_off()
    legend(figure, place="lower", fontsize=11)
    return figure


def levels(panels: dict, states: Array, marked: Array, *, ylabel: str) -> plt.Figure:
    """Energies {kind: (8,)} of the states, those of one input (x, y) joined by a line; memories are filled symbols.

    The kinds are 'power' and 'rectified'; others are drawn in gray.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(NARROW, 3.7), sharey=True)
    inputs = np.unique(states[:, :2], axis=0)
    place = (states[:, None, :2] == inputs).all(axis=2).argmax(axis=1) + 0.16 * states[:, 2]
    for ax, (kind, energies) in zip(axes, panels.items(), strict=True):
        color = KIND.get(kind, "0.4")
        for x, y in inputs:
            pair = np.flatnonzero((states[:, 0] == x) & (states[:, 1] == y))
            ax.plot(place[pair], energies[pair], color="0.6", lw=1.4, zorder=1)
        for z, marker in ((-1, "v"), (1, "^")):
            for chosen, face in ((marked, color), (~marked, "white")):
                shown = chosen & (states[:, 2] == z)
                look = {"marker": marker, "edgecolors": color, "lw": 1.6, "zorder": 2}
                ax.scatter(place[shown], energies[shown], 75, face, **look)
        names = ["".join("−+"[int(value > 0)] for value in pair) for pair in inputs]
        ax.set_xticks(range(len(inputs)), names, fontsize=12)
        ax.set_title(kind, fontsize=12)
        ax.set(xlim=(-0.5, 3.5), ylim=(-1.65, 1.35))
        ax.tick_params(axis="y", labelsize=11)
        ax.set_xlabel("question $x\\,y$", fontsize=12)
    axes[0].set_ylabel(ylabel, fontsize=12)
    look = {"linestyle": "", "markersize": 9, "markeredgecolor": "black"}
    handles = [
        Line2D([], [], marker=marker, markerfacecolor=face, label=f"$z = {z}1$, {name}", **look)
        for z, marker in (("-", "v"), ("+", "^"))
        for face, name in (("black", "row"), ("white", "not a row"))
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=11)
    return figure


def noise(T: Array, right: dict, T_tried: Array, shares: dict, edge: float) -> plt.Figure:
    """Share of correct answers in percent against the temperature, one curve {n: (P,)} for each degree.

    ``T (P,)``, ``T_tried (Q,)``: temperatures of the curves, and of what was measured, {n: (Q,)}. `edge`: a
    temperature that is marked.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 3.5))
    for (n, curve), marker in zip(right.items(), "os^D"):
        color = degree_color(n)
        ax.plot(T, curve, color=color)
        ax.plot(T_tried, shares[n], marker, color=color, markersize=6, label=f"n = {n}")
    ax.axvline(edge, color="0.5", linewidth=1)
    ax.set_xlabel("temperature $T$ (neurons)", fontsize=12)
    ax.set_ylabel("correct answers (%)", fontsize=12)
    ax.set(xlim=(T[0], T[-1]), ylim=(45, 102))
    ax.legend(fontsize=11)
    ax.tick_params(labelsize=11)
    return figure


def gates(n: Array, counts: dict, total: int) -> plt.Figure:
    """How many of `total` truth tables the memory answers in full: {kind: (P,)} against the degrees ``n (P,)``."""
    figure, ax = plt.subplots(figsize=(NARROW, 3))
    for (kind, values), marker in zip(counts.items(), "os"):
        ax.plot(n, values, marker=marker, color=KIND.get(kind, "0.4"), markersize=7)
        ax.text(n[-1] + 0.2, values[-1], kind, va="center", fontsize=12)
    ax.set(xticks=n, yticks=range(0, total + 1, 4), ylim=(0, 1.06 * total), xlim=(n[0] - 0.2, n[-1] + 1.9))
    ax.set_xlabel("degree $n$", fontsize=12)
    ax.set_ylabel(f"tables stored, of {total}", fontsize=12)
    ax.tick_params(labelsize=11)
    return figure


def outcomes(panels: dict, rows: Array, columns: Array, *, xlabel: str, ylabel: str, words: dict) -> plt.Figure:
    """What was found for every pair of two numbers: a grid of symbols, which tell the outcomes apart without color.

    `panels`: {title: (R, C) of -1, 0 and +1} for the numbers ``rows (R,)`` and ``columns (C,)``.
    `words`: {outcome: what it means}.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(4.9, 0.36 * len(rows) + 1.5), sharey=True, squeeze=False)
    for ax, (title, found) in zip(axes.flat, panels.items(), strict=True):
        styles = {1: ("o", KIND.get(title, "0.4"), 90), 0: ("_", "0.45", 70), -1: ("x", "black", 70)}
        for outcome, (marker, color, size) in styles.items():
            row, column = np.nonzero(np.asarray(found) == outcome)
            look = {"marker": marker, "lw": 2.2, "label": words[outcome]}
            ax.scatter(np.asarray(columns)[column], np.asarray(rows)[row], size, color, **look)
        ax.set_xticks(columns)
        ax.set_yticks(rows)
        ax.tick_params(labelsize=11)
        ax.set_title(title, fontsize=12)
        ax.set_xlabel(xlabel, fontsize=12)
        ax.margins(0.08, 0.12)
    axes[0, 0].set_ylabel(ylabel, fontsize=12)
    look = {"linestyle": "", "markersize": 8, "color": "black", "markeredgewidth": 2}
    handles = [Line2D([], [], marker=m, label=words[o], **look) for o, m in ((1, "o"), (0, "_"), (-1, "x"))]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=11)
    return figure
