"""What figures share: grids of panels and of pictures, the common legend, plain ticks, numbers written into maps."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from dam.arrays import Array
from dam.figures.style import COLORS, DIVERGING, INK, MARKERS, NARROW


def grid(
    number: int, *, columns: int = 2, height: float = 2.0, extra: float = 1.0, width: float = NARROW, **shared: Any
) -> tuple[plt.Figure, Array]:
    """A figure of that many panels, and its axes ``(number,)``: `columns` in a row, those left over blank.

    It is `width` inches wide, and high by `height` inches a row and `extra` for what stands around; `shared` goes to
    ``plt.subplots``.
    """
    columns = min(columns, number)
    rows = -(-number // columns)
    size = width, height * rows + extra
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, **shared)
    for ax in axes.flat[number:]:
        ax.set_axis_off()
    return figure, axes.ravel()[:number]


def frame(figure: plt.Figure, xlabel: str | None = None, ylabel: str | None = None) -> None:
    """Label the axes of all panels together."""
    if xlabel:
        figure.supxlabel(xlabel)
    if ylabel:
        figure.supylabel(ylabel)


def legend(
    figure: plt.Figure, *, columns: int = 2, points_first: bool = False, place: str = "upper", **style: Any
) -> None:
    """One legend outside of all panels, each label once; `points_first` puts error bars before lines."""
    found: dict = {}
    for ax in figure.axes:
        for handle, name in zip(*ax.get_legend_handles_labels()):
            found.setdefault(name, handle)
    names = sorted(found, key=lambda name: points_first and isinstance(found[name], plt.Line2D))
    handles = [found[name] for name in names]
    if names:
        figure.legend(handles, names, loc=f"outside {place} center", ncols=columns, **style)


def plain_ticks(ax: plt.Axes, *, x: Collection[float] | None = None, y: Collection[float] | None = None) -> None:
    """Label logarithmic axes with plain numbers, and only with these."""
    if x is not None:
        ax.set_xticks(x, [f"{tick:g}" for tick in x])
    if y is not None:
        ax.set_yticks(y, [f"{tick:g}" for tick in y])
    ax.minorticks_off()


def write(ax: plt.Axes, table: Array, text: Callable[[float], str], dark: Callable[[float], bool], **font: Any) -> None:
    """Write ``text(value)`` into each cell of a map, in white where ``dark(value)``; nothing where it is empty."""
    for (row, column), value in np.ndenumerate(table):
        if shown := text(value):
            color = "white" if dark(value) else "black"
            ax.text(column, row, shown, ha="center", va="center", color=color, **font)
    ax.grid(False)


def images(
    pictures: Array,
    *,
    shape: tuple[int, int] = (28, 28),
    columns: int = 5,
    titles: Sequence[str] | None = None,
    limit: float = 1.0,
    label: str = "pixel or weight",
    size: float = 1.1,
) -> plt.Figure:
    """Pictures or memories ``(P, N)`` in a grid on the diverging color scale of the paper's Fig. 2.

    Each is `shape` pixels and `size` inches high and wide; the scale runs from -`limit` to +`limit`.

    Raises ``ValueError`` if the number of pixels is not that of `shape`, or there is not one title per picture.
    """
    pictures = _checked("pictures", pictures, shape, titles)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    height = size * (1.0 if titles is None else 1.25)
    figure, axes = plt.subplots(rows, columns, figsize=(size * columns + 0.9, height * rows), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for i, (ax, picture) in enumerate(zip(axes.flat, pictures)):
        shown = ax.imshow(picture.reshape(shape), cmap=DIVERGING, vmin=-limit, vmax=limit)
        if titles is not None:
            ax.set_title(titles[i], fontsize=9)
    figure.colorbar(shown, ax=axes, label=label, shrink=min(1.0, 2.4 / (height * rows)), aspect=12)
    return figure


def spins(
    states: Array,
    *,
    shape: tuple[int, int] = (28, 28),
    columns: int = 4,
    titles: Sequence[str] | None = None,
    size: float = 1.25,
) -> plt.Figure:
    """States or memories ``(P, N)`` of ±1 as black-and-white pictures: +1 is ink, -1 is paper; errors as `images`."""
    states = _checked("states", states, shape, titles)
    rows = -(-len(states) // columns)
    height = size + (0 if titles is None else 0.28)
    figure, axes = plt.subplots(rows, columns, figsize=(size * columns, height * rows), squeeze=False)
    for ax in axes.flat[len(states) :]:
        ax.set_axis_off()
    for i, (ax, state) in enumerate(zip(axes.flat, states)):
        picture(ax, state.reshape(shape), None if titles is None else titles[i])
    return figure


def _checked(name, pictures, shape, titles):
    """The pictures as a float matrix, one in each row, after the checks of `images` and `spins`."""
    pictures = np.atleast_2d(np.asarray(pictures, dtype=float))
    if pictures.ndim != 2 or pictures.shape[1] != shape[0] * shape[1]:
        raise ValueError(f"{name} has shape {pictures.shape}; it needs {shape[0] * shape[1]} columns for {shape}")
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"titles has {len(titles)} entries; it needs one for each of the {len(pictures)} pictures")
    return pictures


def picture(ax: plt.Axes, pixels: Array, title: str | None = None) -> None:
    """One black-and-white picture ``(rows, columns)`` of ±1 in the given axes, framed and without ticks."""
    ax.imshow(pixels, **INK)
    ax.grid(False)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color="0.6")
    if title is not None:
        ax.set_title(title)


def intervals(rows: dict, *, xlabel: str) -> plt.Figure:
    """Medians with the range from the 10 % to the 90 % quantile.

    `rows` maps the label of each row, from the top down, to {measure: (P,) sample}, the same measures in every row.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 0.55 * len(rows) + 1.2))
    names = list(next(iter(rows.values())))
    for k, (name, color, marker) in enumerate(zip(names, COLORS, MARKERS)):
        low, middle, high = np.array([np.quantile(row[name], (0.1, 0.5, 0.9)) for row in rows.values()]).T
        places = np.arange(len(rows)) + 0.22 * (k - (len(names) - 1) / 2)
        spread = middle - low, high - middle
        ax.errorbar(middle, places, xerr=spread, fmt=marker, color=color, markersize=6, label=name)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.invert_yaxis()
    ax.set(xlabel=xlabel)
    ax.grid(False, axis="y")
    legend(figure)
    return figure
