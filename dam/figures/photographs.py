"""Figures of the chapter on photographs."""

import html
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from dam.arrays import Array
from dam.datasets import Photograph
from dam.figures.page import Block
from dam.figures.panels import frame, grid, legend
from dam.figures.style import LINES, MARKERS, NARROW, PHOTOGRAPHS, degree_color

TIMES = 10
"""By how much changes are enlarged."""
MIDDLE = 127.5
"""The gray of a pixel that does not change."""
LICENSE = "https://creativecommons.org/licenses/by/2.0/"


def changes(rows: dict, heads: Sequence[str], *, size: float = 1.3) -> plt.Figure:
    """Photographs beside the changes made to them, enlarged `TIMES` times: gray is none.

    `rows` maps a label to what stands in the row, one entry for each of `heads`: a photograph ``(side, side, 3)`` of
    uint8, or a change ``(side, side, 3)`` of floats, of pixels in [-1, 1]. Each is `size` inches wide.
    """
    whole = size * len(heads) + 0.75, size * len(rows) + 0.45
    figure, axes = plt.subplots(len(rows), len(heads), figsize=whole, squeeze=False)
    for line, (label, row) in zip(axes, rows.items()):
        line[0].set_ylabel(label, fontsize=11, rotation=0, ha="right", va="center", labelpad=6)
        for ax, what in zip(line, row):
            _show(ax, enlarged(what) if np.issubdtype(what.dtype, np.floating) else what)
    for ax, head in zip(axes[0], heads):
        ax.set_title(head, fontsize=11)
    return figure


def enlarged(change: Array) -> np.ndarray:
    """Return a change of pixels in [-1, 1] as a picture of uint8: gray, and `TIMES` the change, cut off at the ends."""
    return np.clip(np.rint(MIDDLE + TIMES * MIDDLE * change), 0, 255).astype(np.uint8)


def rows(lines: dict, *, size: float = 1.15) -> plt.Figure:
    """Photographs in rows, {label: (photographs, texts)}, each with its text of one or more lines below it."""
    columns = max(len(pictures) for pictures, _ in lines.values())
    below = [max(text.count("\n") + 1 for text in texts) for _, texts in lines.values()]
    heights = [size + 0.19 * count for count in below]
    labeled = any(lines)
    whole = size * columns + (0.75 if labeled else 0.1), sum(heights) + 0.1
    figure, axes = plt.subplots(len(lines), columns, figsize=whole, squeeze=False, height_ratios=heights)
    figure.set_layout_engine("constrained", w_pad=0.03, h_pad=0.03, wspace=0.02, hspace=0.02)
    for line, (label, (pictures, texts)) in zip(axes, lines.items()):
        line[0].set_ylabel(label, fontsize=10.5, rotation=0, ha="right", va="center", labelpad=6)
        for ax, pixels, text in zip(line, pictures, texts):
            _show(ax, pixels)
            ax.set_anchor("N")
            ax.set_xlabel(text, fontsize=9.5, labelpad=2)
        for ax in line[len(pictures) :]:
            ax.set_axis_off()
    return figure


def _show(ax, pixels):
    ax.figure.set_gid(PHOTOGRAPHS)
    ax.imshow(pixels)
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)


def errors(bars: dict, *, xlabel: str = "test error (%)") -> plt.Figure:
    """Test errors as dots with error bars, {label: (value, half its width)}, from the top down."""
    figure, ax = plt.subplots(figsize=(NARROW, 0.32 * len(bars) + 0.8))
    values, halves = np.array(list(bars.values())).T
    ax.errorbar(values, range(len(bars)), xerr=halves, fmt="o", color="black", markersize=6)
    ax.set_yticks(range(len(bars)), list(bars))
    ax.invert_yaxis()
    ax.set(xlabel=xlabel, xlim=(0, None))
    ax.grid(False, axis="y")
    return figure


def transfer(panels: dict, *, xlabel: str = "way, the boundary being 1", ylabel: str = "error (%)") -> plt.Figure:
    """How many images fool another network, over the way they go, {title: {label: (way, percent, error, n)}}.

    Each curve has the color of the power n that the images were made on.
    """
    figure, axes = grid(len(panels), height=2.3, extra=0.8, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        for (label, (way, percent, error, n)), style, marker in zip(lines.items(), LINES, MARKERS):
            look = {"color": degree_color(n), "linestyle": style, "marker": marker, "markersize": 5, "linewidth": 1.6}
            ax.errorbar(way, percent, error, label=label, **look)
        ax.set(title=title, ylim=(0, 104))
    frame(figure, xlabel, ylabel)
    legend(figure, columns=2)
    return figure


def speakers(points: dict, *, xlabel: str, ylabel: str) -> plt.Figure:
    """Two powers joined for each scaling, {scaling: {n: (x, y)}}: a marker and a color for n, a line for a scaling."""
    figure, ax = plt.subplots(figsize=(NARROW, 3.1))
    for (scaling, ends), style in zip(points.items(), LINES):
        x, y = np.array(list(ends.values())).T
        ax.plot(x, y, color="0.4", linestyle=style, linewidth=1.3, zorder=1, label=scaling)
        for n, (a, b) in ends.items():
            ax.plot(a, b, MARKERS[list(ends).index(n)], color=degree_color(n), markersize=8)
    for n, marker in zip(next(iter(points.values())), MARKERS):
        ax.plot([], [], marker, color=degree_color(n), markersize=8, label=f"n = {n}")
    ax.set(xlabel=xlabel, ylabel=ylabel, xscale="log", xlim=(0.8, 120), ylim=(0, 100))
    ax.set_xticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    ax.minorticks_off()
    legend(figure, columns=3)
    return figure


def moved(pixels: Array, change: Array) -> np.ndarray:
    """Return a photograph of uint8 after a ``change`` of its pixels in [-1, 1], as uint8."""
    return np.clip(np.rint(pixels + MIDDLE * change), 0, 255).astype(np.uint8)


def authors(shipped: Sequence[Photograph], names: Mapping[int, str]) -> Block:
    """The authors of photographs, with a link to the page of each, by their labels."""
    lines: dict = {}
    for one in shipped:
        lines.setdefault(names[one.label], []).append((" ".join(one.author.split()), one.page))
    items = "".join(
        f"<li>{html.escape(name)}: "
        + ", ".join(f'<a href="{html.escape(page)}">{html.escape(author)}</a>' for author, page in found)
        + "</li>"
        for name, found in lines.items()
    )
    license_ = f'<p>All under <a href="{LICENSE}">CC BY 2.0</a>.</p>'
    text = "\n".join(f"{name}: {', '.join(author for author, _ in found)}" for name, found in lines.items())
    return Block(f"<ul>{items}</ul>{license_}", text)
