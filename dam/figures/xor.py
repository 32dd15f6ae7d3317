"""Figures of the chapter on XOR."""

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.style import COLORS


def cube(states, marked, *, labels):
    """The eight states of three spins as the corners of a cube, one edge for each flip of a spin.

    Parameters
    ----------
    states : (8, 3) array of -1 and +1
        Columns x (to the right), y (into the page) and z (upwards).
    marked : (8,) array of bool
        Which states are memories: filled circles; the others are open squares.
    labels : sequence of str
        What to write at each corner.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(4.4, 3.6))
    across, up = states[:, 0] + 0.62 * states[:, 1], states[:, 2] + 0.42 * states[:, 1]
    for i, j in zip(*np.nonzero(np.triu(states @ states.T == 1)), strict=True):
        asked = states[i, 2] != states[j, 2]
        ax.plot(across[[i, j]], up[[i, j]], color="0.25" if asked else "0.7", lw=2.6 if asked else 1.0, zorder=1)
    for chosen, style, name in ((marked, "o", "row of the table"), (~marked, "s", "not a row")):
        face = COLORS[0] if style == "o" else "white"
        ax.scatter(
            across[chosen], up[chosen], 160, face, marker=style, edgecolors=COLORS[0], lw=2, zorder=2, label=name
        )
    for i, label in enumerate(labels):
        side = 1 if states[i, 0] > 0 else -1
        ax.annotate(label, (across[i], up[i]), (14 * side, 0), textcoords="offset points", fontsize=12,
                    ha="left" if side > 0 else "right", va="center")  # fmt: skip
    for tip, name in (((0.7, 0.0), "x"), ((0.43, 0.29), "y"), ((0.0, 0.7), "z")):
        ax.annotate("", (-3.4 + tip[0], -0.2 + tip[1]), (-3.4, -0.2), arrowprops={"arrowstyle": "->", "lw": 1.4})
        ax.text(-3.4 + 1.22 * tip[0], -0.2 + 1.22 * tip[1], f"${name}$", fontsize=13, ha="center", va="center")
    ax.set(xlim=(-3.6, 2.8), ylim=(-1.75, 1.7), aspect="equal")
    ax.set_axis_off()
    figure.legend(loc="outside lower center", ncols=2, fontsize=11)
    return figure


def levels(panels, states, marked, *, ylabel):
    """The energies of the eight states of three spins, those of one input (x, y) joined by a line.

    Parameters
    ----------
    panels : dict of (8,) array
        Title of each panel, and the energies.
    states : (8, 3) array of -1 and +1
        Columns x, y and z.
    marked : (8,) array of bool
        Which states are memories: filled symbols; the others are open.
    ylabel : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(4.7, 3.6), sharey=True)
    inputs = np.unique(states[:, :2], axis=0)
    for ax, (title, energies) in zip(axes, panels.items(), strict=True):
        for place, (x, y) in enumerate(inputs):
            pair = np.flatnonzero((states[:, 0] == x) & (states[:, 1] == y))
            ax.plot(place + 0.16 * states[pair, 2], energies[pair], color="0.6", lw=1.4, zorder=1)
        for z, style in ((-1, "v"), (1, "^")):
            for chosen in (marked, ~marked):
                shown = np.flatnonzero(chosen & (states[:, 2] == z))
                place = [np.flatnonzero((inputs == states[i, :2]).all(1))[0] + 0.16 * z for i in shown]
                face = COLORS[0] if chosen is marked else "white"
                name = f"$z = {z:+d}$, {'row' if chosen is marked else 'not a row'}"
                ax.scatter(
                    place, energies[shown], 75, face, marker=style, edgecolors=COLORS[0], lw=1.6, zorder=2, label=name
                )
        names = ["".join("−+"[int(spin > 0)] for spin in pair) for pair in inputs]
        ax.set_xticks(range(len(inputs)), names, fontsize=12)
        ax.set_title(title, fontsize=12)
        ax.set(xlim=(-0.5, 3.5), ylim=(-1.65, 1.35))
        ax.tick_params(axis="y", labelsize=11)
        ax.set_xlabel("input $x\\,y$", fontsize=12)
    axes[0].set_ylabel(ylabel, fontsize=12)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=11)
    return figure


def outcomes(panels, rows, columns, *, xlabel, ylabel, words):
    """What was found for every pair of two numbers: a grid of symbols, which tell the outcomes apart without color.

    Parameters
    ----------
    panels : dict of (R, C) array of -1, 0 and +1
        Title of each panel, and the outcomes.
    rows, columns : sequence of int
        The numbers along the vertical and the horizontal axis.
    xlabel, ylabel : str
    words : dict of str
        What each outcome present in a panel means: keys -1, 0 and +1.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(4.9, 0.36 * len(rows) + 1.5), sharey=True, squeeze=False)
    styles = {1: ("o", COLORS[0], 90), 0: ("_", "0.45", 70), -1: ("x", COLORS[1], 70)}
    for ax, (title, found) in zip(axes.flat, panels.items(), strict=True):
        for outcome, (marker, color, size) in styles.items():
            row, column = np.nonzero(np.asarray(found) == outcome)
            ax.scatter(np.asarray(columns)[column], np.asarray(rows)[row], size, color, marker=marker, lw=2.2,
                       label=words[outcome])  # fmt: skip
        ax.set_xticks(columns)
        ax.set_yticks(rows)
        ax.tick_params(labelsize=11)
        ax.set_title(title, fontsize=12)
        ax.set_xlabel(xlabel, fontsize=12)
        ax.margins(0.08, 0.12)
    axes[0, 0].set_ylabel(ylabel, fontsize=12)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=11)
    return figure
