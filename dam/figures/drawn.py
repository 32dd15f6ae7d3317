"""What a figure draws, as data: the points of its lines, markers, error bars and bars, as CSV to download."""

import csv
import io
from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.container import BarContainer, Container, ErrorbarContainer
from matplotlib.patches import Rectangle

HEADS = ("panel", "series", "x axis", "y axis", "x", "y", "low", "high")
"""Columns: the title of the panel (or its number), the name in the legend, the labels of the axes, the values, and
where an error bar or a bar begins and ends."""


def to_csv(figure: plt.Figure) -> str | None:
    """The points that a figure draws, one in a row below `HEADS`, or None where there are none, as in a picture.

    Lines across a whole panel, fills and pictures are left out.
    """
    rows = [row for number, ax in enumerate(figure.axes, start=1) for row in points(ax, number)]
    if not rows:
        return None
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([HEADS, *rows])
    return stream.getvalue()


def points(ax: plt.Axes, number: int) -> Iterator[tuple]:
    """Yield the rows of one panel; ``number`` names it where it has no title."""
    place = (ax.get_title() or str(number),)
    axes = (ax.get_xlabel(), ax.get_ylabel())
    bars = [box for box in ax.containers if isinstance(box, BarContainer)]
    errors = [box for box in ax.containers if isinstance(box, ErrorbarContainer)]
    inside = {part for box in errors for part in [box.lines[0], *box.lines[1]]}
    for line in ax.lines:
        if line not in inside and line.get_transform() == ax.transData:
            for x, y in np.column_stack(line.get_data(orig=False)):
                yield *place, name(line), *axes, x, y, "", ""
    for box in errors:
        yield from ((*place, name(box), *axes, *row) for row in with_errors(box))
    for dots in ax.collections:
        if len(dots.get_offsets()) and dots.get_offset_transform() == ax.transData:
            for x, y in np.asarray(dots.get_offsets()):
                yield *place, name(dots), *axes, x, y, "", ""
    for box in bars:
        for bar in box.patches:
            yield *place, name(box), *axes, *of_bar(bar, box.orientation)


def name(artist: Artist | Container) -> str:
    """What the legend calls it, or nothing."""
    label = str(artist.get_label() or "")
    return "" if label.startswith("_") else label


def with_errors(box: ErrorbarContainer) -> Iterator[tuple]:
    """Yield x, y and the ends of its vertical error bar, for the points of an error bar plot with a line or markers."""
    line, _, bars = box.lines
    if line is not None:
        segments = bars[0].get_segments() if box.has_yerr and not box.has_xerr else []
        ends = [(segment[0][1], segment[-1][1]) if len(segment) else ("", "") for segment in segments]
        xy = np.column_stack(line.get_data(orig=False))
        yield from ((*point, *end) for point, end in zip(xy, ends or [("", "")] * len(xy)))


def of_bar(bar: Rectangle, orientation: str) -> tuple[float, float, float, float]:
    """Return x, y, and where a bar begins and ends."""
    x, y, width, height = bar.get_x(), bar.get_y(), bar.get_width(), bar.get_height()
    if orientation == "horizontal":
        return width, y + height / 2, x, x + width
    return x + width / 2, height, y, y + height
