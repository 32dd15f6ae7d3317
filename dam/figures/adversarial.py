"""Figures of the chapter on adversarial images."""

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.panels import frame, grid, legend, write
from dam.figures.style import COLORS, INK, LINES, MARKERS


def objectives(panels, *, xlabel="updates of the image", ylabel="ln C", names=("first class", "second class")):
    """ln C of the own class and of the one descended to, while images are moved: they cross at the boundary.

    `panels`: {title: (first, second)}, ``(U + 1, M)`` each, of M images over U updates.
    """
    figure, axes = grid(len(panels), height=2.1, extra=0.7)
    for ax, (title, pair) in zip(axes, panels.items()):
        for curves, name, color, style in zip(pair, names, COLORS, LINES):
            ax.plot(curves, style, color=color, linewidth=1.2, label=name)
        first, second = (np.asarray(curves) for curves in pair)
        for one, other in zip(first.T, second.T):
            crossed = np.flatnonzero(other < one)
            if len(crossed):
                ax.plot(crossed[0], other[crossed[0]], "o", color="black", markersize=4, label="boundary")
        ax.set_title(title)
    frame(figure, xlabel, ylabel)
    legend(figure, columns=3)
    return figure


def curves(panels, *, xlabel, ylabel, columns=2, height=2.1, sharex=True, **axis):
    """Lines over one quantity, {title: {label: (x, y)}} or with error bars (x, y, error), (P,) each.

    `columns`: entries in a row of the legend; `height`: of a panel, in inches; `axis` goes to ``Axes.set``.
    """
    figure, axes = grid(len(panels), height=height, extra=0.7, sharex=sharex, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        for (name, (x, y, *error)), color, style, marker in zip(lines.items(), COLORS, LINES, MARKERS):
            bars = error[0] if error else None
            look = {"color": color, "linestyle": style, "linewidth": 1.5, "marker": marker, "markersize": 4.5}
            ax.errorbar(x, y, bars, label=name, **look)
        ax.set(title=title, **axis)
    frame(figure, xlabel, ylabel)
    legend(figure, columns=columns)
    return figure


def picture_rows(rows, *, heads=None, texts=None, size=0.62):
    """Pictures in rows, {label: (P, 784) in [-1, 1]}, ink black on white, `size` inches wide.

    `heads` (P,) stand above the columns; `texts`, {label: (P,)}, below the pictures of a row.
    """
    columns = max(len(pictures) for pictures in rows.values())
    lines = {label: max(text.count("\n") + 1 for text in below) for label, below in (texts or {}).items()}
    heights = [size + 0.19 * lines.get(label, 0) for label in rows]
    whole = size * columns + 0.95, sum(heights) + (0.3 if heads else 0.05)
    figure, axes = plt.subplots(len(rows), columns, figsize=whole, squeeze=False, height_ratios=heights)
    figure.set_layout_engine("constrained", w_pad=0.03, h_pad=0.02, wspace=0.01, hspace=0.01)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        ax.set_anchor("N")
        ax.spines[:].set_visible(False)
    for line, (label, pictures) in zip(axes, rows.items()):
        line[0].set_ylabel(label, fontsize=10, rotation=0, ha="right", va="center", labelpad=6)
        for i, (ax, pixels) in enumerate(zip(line, pictures)):
            ax.imshow(np.reshape(np.asarray(pixels, float), (28, 28)), **INK)
            if label in (texts or {}):
                ax.set_xlabel(texts[label][i], fontsize=9.5, labelpad=2)
    for ax, head in zip(axes[0], heads or ()):
        ax.set_title(head, fontsize=10, pad=3)
    return figure


def tables(panels, names, *, xlabel, ylabel, digits=1, limit=100, height=2.35):
    """Tables of percentages, {title: (R, R)}, as maps with the numbers written in; NaN is left empty.

    ``names (R,)`` of rows and columns; `digits` after the decimal point; the number `limit` is darkest; each table is
    `height` inches high.
    """
    figure, axes = grid(len(panels), height=height, extra=0.7)
    for ax, (title, table) in zip(axes, panels.items()):
        ax.imshow(table, cmap="Blues", vmin=0, vmax=1.25 * limit)
        text = lambda number: f"{number:.{digits}f}" if np.isfinite(number) else ""
        write(ax, table, text, lambda number: number > 0.8 * limit, fontsize=9.5)
        ax.set_xticks(range(len(names)), names)
        ax.set_yticks(range(len(names)), names)
        ax.set_title(title)
    frame(figure, xlabel, ylabel)
    return figure
