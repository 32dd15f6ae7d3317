"""Figures of the chapter on adversarial images."""

from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.panels import frame, grid, legend, write
from dam.figures.style import DIVERGING, INK, LINES, MARKERS, NARROW, degree_color

OTHER = "0.35"
"""The color of a network that has no degree."""


def changes(rows: dict, heads: Sequence[str], *, limit: float = 0.8, size: float = 1.05) -> plt.Figure:
    """Pictures beside the changes made to them, pixel by pixel.

    `rows` maps a label to what stands in the row, one entry for each of `heads`: a picture ``(784,)`` in [-1, 1], or a
    pair of pictures, whose difference is drawn in red where ink was added and in blue where it was taken away, white at
    0 and darkest from `limit` on. Each is `size` inches wide.
    """
    whole = size * len(heads) + 0.95, size * len(rows) + 0.75
    figure, axes = plt.subplots(len(rows), len(heads), figsize=whole, squeeze=False)
    map_ = None
    for line, (label, row) in zip(axes, rows.items()):
        line[0].set_ylabel(label, fontsize=11, rotation=0, ha="right", va="center", labelpad=6)
        for ax, what in zip(line, row):
            if isinstance(what, tuple):
                change = np.subtract(what[1], what[0], dtype=float).reshape(28, 28)
                map_ = ax.imshow(change, cmap=DIVERGING, vmin=-limit, vmax=limit)
            else:
                ax.imshow(np.reshape(np.asarray(what, float), (28, 28)), **INK)
            ax.set(xticks=[], yticks=[])
            ax.grid(False)
            ax.spines[:].set(visible=True, color="0.8")
    for ax, head in zip(axes[0], heads):
        ax.set_title(head, fontsize=11)
    if map_ is not None:
        bar = figure.colorbar(map_, ax=axes, orientation="horizontal", shrink=0.6, aspect=25, extend="both")
        bar.set_ticks([-limit, 0, limit])
        bar.set_label("change of a pixel: ink taken away, ink added")
    return figure


def objectives(
    panels: dict,
    *,
    shown: int = 0,
    xlabel: str = "updates of the image",
    ylabel: str = "ln C",
    names: Sequence[str] = ("own class", "second class"),
) -> plt.Figure:
    """ln C of the own class and of the one descended to, while images are moved: they cross at the boundary.

    `panels`: {title: (first, second)}, ``(U + 1, M)`` each, of M images over U updates. The image `shown` is drawn in
    black, with a dot where its curves cross, and fits into the panel; the others are in gray behind it.
    """
    figure, axes = grid(len(panels), height=1.9, extra=0.8, sharex=True)
    for ax, (title, pair) in zip(axes, panels.items()):
        for curves, style in zip(pair, LINES):
            others = np.delete(np.asarray(curves), shown, axis=1)
            ax.plot(others, style, color="0.75", linewidth=0.9, label="other digits", zorder=1)
        for curves, name, style in zip(pair, names, LINES):
            ax.plot(np.asarray(curves)[:, shown], style, color="black", linewidth=1.9, label=name)
        first, second = (np.asarray(curves)[:, shown] for curves in pair)
        low, high = min(first.min(), second.min()), max(first.max(), second.max())
        ax.set_ylim(low - 0.15 * (high - low), high + 0.25 * (high - low))
        if len(crossed := np.flatnonzero(second < first)):
            ax.plot(crossed[0], second[crossed[0]], "o", color="black", markersize=7, label="boundary")
        ax.set_title(title)
    frame(figure, xlabel, ylabel)
    legend(figure, columns=2)
    return figure


def curves(
    panels: dict,
    colors: Sequence,
    *,
    xlabel: str,
    ylabel: str,
    columns: int = 2,
    height: float = 2.1,
    sharex: bool = True,
    **axis: Any,
) -> plt.Figure:
    """Lines over one quantity, {title: {label: (x, y)}} or with error bars (x, y, error), (P,) each.

    `colors`: one for each label; `columns`: entries in a row of the legend; `height`: of a panel, in inches; `axis`
    goes to ``Axes.set``.
    """
    figure, axes = grid(len(panels), height=height, extra=0.8, sharex=sharex, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        for (name, (x, y, *error)), color, style, marker in zip(lines.items(), colors, LINES, MARKERS):
            bars = error[0] if error else None
            look = {"color": color, "linestyle": style, "linewidth": 1.6, "marker": marker, "markersize": 5}
            ax.errorbar(x, y, bars, label=name, **look)
        ax.set(title=title, **axis)
    frame(figure, xlabel, ylabel)
    legend(figure, columns=columns)
    return figure


def colors_of(powers: Iterable[int]) -> list:
    """The colors of the networks: those of their degrees, and gray for the network of ReLU units, the last."""
    return [*(degree_color(n) for n in powers), OTHER]


def boundary(rows: dict, gaps: dict[str, tuple[float, float]]) -> plt.Figure:
    """How far the boundary is, and how far toward the other class an image has come on it, for each network.

    `rows` maps the label of each row, from the top down, to {aim: (P,) distances}, whose medians are drawn with the
    range from the 10 % to the 90 % quantile; `gaps` maps it to (closed, closed by a random change), in percent.
    """
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(NARROW, 0.5 * len(rows) + 1.5), sharey=True, width_ratios=(3, 2)
    )
    looks = ({"marker": "o", "color": "black"}, {"marker": "s", "color": "0.55"})
    for k, (name, look) in enumerate(zip(next(iter(rows.values())), looks)):
        low, middle, high = np.array([np.quantile(row[name], (0.1, 0.5, 0.9)) for row in rows.values()]).T
        places = np.arange(len(rows)) + 0.26 * (k - 0.5)
        left.errorbar(
            middle, places, xerr=(middle - low, high - middle), linestyle="none", markersize=6, label=name, **look
        )
    closed, control = np.array([gaps[label] for label in rows]).T
    right.plot(closed, range(len(rows)), "D", color="black", markersize=6, label="gap closed")
    right.plot(control, range(len(rows)), "x", color="0.45", markersize=6, label="by a random change")
    left.set_yticks(range(len(rows)), list(rows))
    left.invert_yaxis()
    left.set(xlabel="distance to the boundary")
    right.set(xlabel="gap closed (%)", xlim=(-4, None))
    for ax in (left, right):
        ax.grid(False, axis="y")
    legend(figure, columns=2)
    return figure


def picture_rows(
    rows: dict, *, heads: Sequence[str] | None = None, texts: dict | None = None, size: float = 0.62
) -> plt.Figure:
    """Pictures in rows, {label: (P, 784) in [-1, 1]}, ink black on white, `size` inches wide.

    `heads` (P,) stand above the columns; `texts`, {label: (P,)}, below the pictures of a row.
    """
    columns, texts = max(len(pictures) for pictures in rows.values()), texts or {}
    lines = {label: max(text.count("\n") + 1 for text in below) for label, below in texts.items()}
    heights = [size + 0.21 * lines.get(label, 0) for label in rows]
    whole = size * columns + (0.95 if any(rows) else 0.1), sum(heights) + (0.3 if heads else 0.05)
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
            if label in texts:
                ax.set_xlabel(texts[label][i], fontsize=9.5, labelpad=2)
    for ax, head in zip(axes[0], heads or ()):
        ax.set_title(head, fontsize=10, pad=3)
    return figure


def tables(
    panels: dict,
    names: Sequence[str],
    *,
    xlabel: str,
    ylabel: str,
    digits: int = 1,
    limit: float = 100,
    height: float = 2.35,
) -> plt.Figure:
    """Tables of percentages, {title: (R, R)}, as maps with the numbers written in; NaN is left empty.

    ``names (R,)`` of rows and columns; `digits` after the decimal point; the number `limit` is darkest; each table is
    `height` inches high.
    """
    figure, axes = grid(len(panels), height=height, extra=0.7)
    for ax, (title, table) in zip(axes, panels.items()):
        ax.imshow(table, cmap="gray_r", vmin=0, vmax=1.7 * limit)
        text = lambda number: f"{number:.{digits}f}" if np.isfinite(number) else ""
        write(ax, table, text, lambda number: number > 0.85 * limit, fontsize=9.5)
        ax.set_xticks(range(len(names)), names)
        ax.set_yticks(range(len(names)), names)
        ax.set_title(title)
    frame(figure, xlabel, ylabel)
    return figure
