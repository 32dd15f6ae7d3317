"""Figures of the chapter on adversarial images, from NumPy arrays. No numerics."""

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.prototypes import MARKERS, STYLES, WIDE
from dam.figures.style import COLORS


def objectives(panels, *, xlabel="updates of the image", ylabel="ln C", names=("first class", "second class")):
    """ln C of the own class and of the one descended to, while images are moved: they cross at the boundary.

    Parameters
    ----------
    panels : dict of tuple of (U + 1, M) array and (U + 1, M) array
        Title of each panel, and both objectives of M images over U updates.
    xlabel, ylabel : str
    names : tuple of str
        What the first and the second are called.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = _panels(len(panels), 2.1)
    for ax, (title, pair) in zip(axes.flat, panels.items()):
        for curves, name, color, style in zip(pair, names, COLORS, STYLES):
            ax.plot(curves, style, color=color, linewidth=1.2, label=name)
        first, second = (np.asarray(curves) for curves in pair)
        for one, other in zip(first.T, second.T):
            crossed = np.flatnonzero(other < one)
            if len(crossed):
                ax.plot(crossed[0], other[crossed[0]], "o", color="black", markersize=4, label="boundary")
        ax.set_title(title, fontsize=11)
    _frame(figure, axes, xlabel, ylabel, columns=3)
    return figure


def curves(panels, *, xlabel, ylabel, columns=2, height=2.1, sharex=True, **axis):
    """Lines over one quantity, a panel for each case, all with the same axes.

    Parameters
    ----------
    panels : dict of dict of tuple (x, y)
        Title of each panel; label of each line, with its points (P,) and (P,). Of a third array (P,), if there is one,
        the error bars are drawn.
    xlabel, ylabel : str
    columns : int
        Entries in a row of the legend.
    height : float
        Of a panel, in inches.
    sharex : bool
        Whether the panels have the same horizontal axis.
    **axis
        Passed on to ``Axes.set``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = _panels(len(panels), height, sharex=sharex, sharey=True)
    for ax, (title, lines) in zip(axes.flat, panels.items()):
        for (name, (x, y, *error)), color, style, marker in zip(lines.items(), COLORS, STYLES, MARKERS):
            bars = error[0] if error else None
            look = {"color": color, "linestyle": style, "linewidth": 1.5, "marker": marker, "markersize": 4.5}
            ax.errorbar(x, y, bars, label=name, **look)
        ax.set_title(title, fontsize=11)
        ax.set(**axis)
    _frame(figure, axes, xlabel, ylabel, columns)
    return figure


def picture_rows(rows, *, heads=None, texts=None, size=0.62):
    """Pictures in labelled rows, ink black on white.

    Parameters
    ----------
    rows : dict of (P, 784) array
        Label of each row and its pictures, pixels in [-1, 1].
    heads : sequence of str, optional
        What to write above the columns.
    texts : dict of (P,) sequence of str, optional
        Label of a row, and what to write below its pictures.
    size : float
        Edge of one picture in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = max(len(pictures) for pictures in rows.values())
    lines = {label: max(text.count("\n") + 1 for text in below) for label, below in (texts or {}).items()}
    heights = [size + 0.19 * lines.get(label, 0) for label in rows]
    figure, axes = plt.subplots(
        len(rows),
        columns,
        figsize=(size * columns + 0.95, sum(heights) + (0.3 if heads else 0.05)),
        squeeze=False,
        gridspec_kw={"height_ratios": heights},
    )
    figure.set_layout_engine("constrained", w_pad=0.03, h_pad=0.02, wspace=0.01, hspace=0.01)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        ax.set_anchor("N")
        for spine in ax.spines.values():
            spine.set_visible(False)
    for line, (label, pictures) in zip(axes, rows.items()):
        line[0].set_ylabel(label, fontsize=10, rotation=0, ha="right", va="center", labelpad=6)
        for i, (ax, pixels) in enumerate(zip(line, pictures)):
            ax.imshow(np.reshape(np.asarray(pixels, float), (28, 28)), cmap="gray_r", vmin=-1, vmax=1)
            if label in (texts or {}):
                ax.set_xlabel(texts[label][i], fontsize=9.5, labelpad=2)
    for ax, head in zip(axes[0], heads or ()):
        ax.set_title(head, fontsize=10, pad=3)
    return figure


def tables(panels, names, *, xlabel, ylabel, digits=1, limit=100, height=2.35):
    """Tables of percentages as maps with the numbers written in, the darker the larger.

    Parameters
    ----------
    panels : dict of (R, R) array
        Title of each table, and its numbers; NaN is left empty.
    names : (R,) sequence of str
        Of rows and of columns.
    xlabel, ylabel : str
        What columns and rows stand for.
    digits : int
        After the decimal point.
    limit : float
        The number that is darkest.
    height : float
        Of a table, in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = _panels(len(panels), height)
    places = range(len(names))
    for ax, (title, table) in zip(axes.flat, panels.items()):
        ax.imshow(table, cmap="Blues", vmin=0, vmax=1.25 * limit)
        for i in places:
            for j in places:
                if np.isfinite(table[i][j]):
                    color = "white" if table[i][j] > 0.8 * limit else "black"
                    ax.text(j, i, f"{table[i][j]:.{digits}f}", ha="center", va="center", color=color, fontsize=9.5)
        ax.set_xticks(places, names)
        ax.set_yticks(places, names)
        ax.grid(False)
        ax.set_title(title, fontsize=11)
    figure.supxlabel(xlabel, fontsize=11)
    figure.supylabel(ylabel, fontsize=11)
    return figure


def _panels(number, height, **shared):
    """Return a figure with its axes in rows of two, those left over empty."""
    rows = -(-number // 2)
    figure, axes = plt.subplots(rows, min(number, 2), figsize=(WIDE, height * rows + 0.7), squeeze=False, **shared)
    for ax in axes.flat[number:]:
        ax.set_axis_off()
    return figure, axes


def _frame(figure, axes, xlabel, ylabel, columns):
    """Add the labels of the axes, and one legend for all panels."""
    figure.supxlabel(xlabel, fontsize=11)
    figure.supylabel(ylabel, fontsize=11)
    named = dict(zip(*axes.flat[0].get_legend_handles_labels()[::-1]))
    if named:
        figure.legend(named.values(), named.keys(), loc="outside upper center", ncols=columns, fontsize=10)
