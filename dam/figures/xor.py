"""Figures of the chapter on XOR: ``states (8, 3)`` of ±1, columns x, y, z; ``marked (8,)`` says which are memories."""

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.panels import legend
from dam.figures.style import COLORS


def cube(states, marked, *, labels):
    """The eight states as the corners of a cube, each with its label, and one edge for each flip of a neuron.

    x goes to the right, y into the page, z upwards. Memories are filled circles, the others open squares.
    """
    figure, ax = plt.subplots(figsize=(4.4, 3.6))
    across, up = states[:, 0] + 0.62 * states[:, 1], states[:, 2] + 0.42 * states[:, 1]
    for i, j in zip(*np.nonzero(np.triu(states @ states.T == 1)), strict=True):
        asked = states[i, 2] != states[j, 2]
        ax.plot(across[[i, j]], up[[i, j]], color="0.25" if asked else "0.7", lw=2.6 if asked else 1.0, zorder=1)
    for chosen, marker, face, name in (
        (marked, "o", COLORS[0], "row of the table"),
        (~marked, "s", "white", "not a row"),
    ):
        look = {"marker": marker, "edgecolors": COLORS[0], "lw": 2, "zorder": 2, "label": name}
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


def levels(panels, states, marked, *, ylabel):
    """Energies {title: (8,)} of the states, those of one input (x, y) joined by a line; memories are filled symbols."""
    figure, axes = plt.subplots(1, len(panels), figsize=(4.7, 3.6), sharey=True)
    inputs = np.unique(states[:, :2], axis=0)
    place = (states[:, None, :2] == inputs).all(axis=2).argmax(axis=1) + 0.16 * states[:, 2]
    for ax, (title, energies) in zip(axes, panels.items(), strict=True):
        for x, y in inputs:
            pair = np.flatnonzero((states[:, 0] == x) & (states[:, 1] == y))
            ax.plot(place[pair], energies[pair], color="0.6", lw=1.4, zorder=1)
        for z, marker in ((-1, "v"), (1, "^")):
            for chosen, face, name in ((marked, COLORS[0], "row"), (~marked, "white", "not a row")):
                shown = chosen & (states[:, 2] == z)
                look = {"marker": marker, "edgecolors": COLORS[0], "lw": 1.6, "zorder": 2}
                ax.scatter(place[shown], energies[shown], 75, face, label=f"$z = {z:+d}$, {name}", **look)
        names = ["".join("−+"[int(value > 0)] for value in pair) for pair in inputs]
        ax.set_xticks(range(len(inputs)), names, fontsize=12)
        ax.set_title(title, fontsize=12)
        ax.set(xlim=(-0.5, 3.5), ylim=(-1.65, 1.35))
        ax.tick_params(axis="y", labelsize=11)
        ax.set_xlabel("input $x\\,y$", fontsize=12)
    axes[0].set_ylabel(ylabel, fontsize=12)
    legend(figure, place="lower", fontsize=11)
    return figure


def outcomes(panels, rows, columns, *, xlabel, ylabel, words):
    """What was found for every pair of two numbers: a grid of symbols, which tell the outcomes apart without color.

    `panels`: {title: (R, C) of -1, 0 and +1} for the numbers ``rows (R,)`` and ``columns (C,)``.
    `words`: {outcome: what it means}.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(4.9, 0.36 * len(rows) + 1.5), sharey=True, squeeze=False)
    styles = {1: ("o", COLORS[0], 90), 0: ("_", "0.45", 70), -1: ("x", COLORS[1], 70)}
    for ax, (title, found) in zip(axes.flat, panels.items(), strict=True):
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
    legend(figure, columns=3, place="lower", fontsize=11)
    return figure
