"""Figures that more than one chapter needs."""

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.style import COLORS, DIVERGING, WIDTH


def images(pictures, *, shape=(28, 28), columns=5, titles=None, limit=1.0, label="pixel or weight", size=1.1):
    """Pictures or memories in a grid on the diverging color scale of the paper's Fig 2.

    Parameters
    ----------
    pictures : (P, N) array
        One flattened picture per row; N is the number of pixels of `shape`.
    shape : tuple of int
        Rows and columns of pixels of one picture.
    columns : int
        Pictures in a row of the grid.
    titles : sequence of str, optional
        What to write above each picture.
    limit : float
        The color scale runs from -limit to +limit.
    label : str
        What the color bar shows.
    size : float
        Edge of one picture in inches.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the number of pixels is not that of `shape`, or there is not one title per picture.
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


def spins(states, *, shape=(28, 28), columns=4, titles=None, size=1.25):
    """States or memories of ±1 as black-and-white pictures: +1 is ink, -1 is paper.

    Parameters
    ----------
    states : (P, N) array
        One flattened picture of -1 and +1 per row; N is the number of pixels of `shape`.
    shape : tuple of int
        Rows and columns of pixels of one picture.
    columns : int
        Pictures in a row of the grid.
    titles : sequence of str, optional
        What to write above each picture.
    size : float
        Edge of one picture in inches.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the number of pixels is not that of `shape`, or there is not one title per picture.
    """
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
    """Return the pictures as a float matrix, one in each row, after the checks of `images` and `spins`."""
    pictures = np.atleast_2d(np.asarray(pictures, dtype=float))
    if pictures.ndim != 2 or pictures.shape[1] != shape[0] * shape[1]:
        raise ValueError(f"{name} has shape {pictures.shape}; it needs {shape[0] * shape[1]} columns for {shape}")
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"titles has {len(titles)} entries; it needs one for each of the {len(pictures)} pictures")
    return pictures


def picture(ax, pixels, title=None):
    """One black-and-white picture ``(rows, columns)`` of ±1 in the given axes, framed and without ticks."""
    ax.imshow(pixels, cmap="gray_r", vmin=-1, vmax=1)
    ax.grid(False)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color="0.6")
    if title is not None:
        ax.set_title(title, fontsize=11)


def learning_curves(curves, *, ax=None, ylabel="test error (%)", log=True, levels=None):
    """Error against epoch, one line per network.

    Parameters
    ----------
    curves : dict of (E,) array
        Label of each line, and its error in percent after each of E epochs.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    ylabel : str
    log : bool
        Whether the errors are on a logarithmic scale.
    levels : dict of float, optional
        Label and height of horizontal lines of reference, in percent.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = ax or plt.subplots()[1]
    for (name, errors), style in zip(curves.items(), _line_styles()):
        ax.plot(np.arange(1, len(errors) + 1), errors, style, label=name)
    for name, level in (levels or {}).items():
        ax.axhline(level, color="0.4", linestyle=":", linewidth=1.2)
        ax.annotate(name, (1.0, level), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=9)
    if log:
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter("{x:g}")
        ax.tick_params(axis="y", which="minor", labelsize=8)
    ax.set(xlabel="epoch", ylabel=ylabel)
    ax.legend()
    return ax


def histograms(panels, *, bins, xlabel, ylabel="share of states (%)", columns=3, sharey=True):
    """Histograms side by side, in percent of their samples.

    Parameters
    ----------
    panels : dict of array or dict of dict of array
        Title of each panel, and its samples; or, for several histograms in a panel, a dict of label and samples.
    bins : (B + 1,) array
        Edges of the bins, shared by all panels. Samples outside them raise an error rather than vanish.
    xlabel, ylabel : str
    columns : int
        Panels in a row.
    sharey : bool
        Whether all panels have the same vertical scale.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If a sample lies outside the bins.
    """
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, 0.4 + 2.1 * rows), sharex=True, sharey=sharey, squeeze=False
    )
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    for ax, (title, samples) in zip(axes.flat, panels.items()):
        several = samples if isinstance(samples, dict) else {None: samples}
        for (name, values), color in zip(several.items(), COLORS):
            values = np.asarray(values)
            if values.min() < bins[0] or values.max() > bins[-1]:
                raise ValueError(
                    f"panel {title!r} has samples from {values.min()} to {values.max()}; bins needs to cover them"
                )
            weights = np.full(len(values), 100 / len(values))
            ax.hist(values, bins, weights=weights, histtype="stepfilled", color=color, alpha=0.65, label=name)
        ax.set_title(title, fontsize=10)
        if isinstance(samples, dict):
            ax.legend(fontsize=8)
    figure.supxlabel(xlabel, fontsize=10)
    figure.supylabel(ylabel, fontsize=10)
    return figure


def shares(groups, parts, *, xlabel, ylabel="share of starts (%)"):
    """Stacked bars: how each group divides into parts.

    Parameters
    ----------
    groups : sequence of str
        What stands under each of the G bars.
    parts : dict of (G,) array
        Label of each part, from the bottom up, and its share in percent of every group.
    xlabel, ylabel : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(4.6, 3.6))
    bottom = np.zeros(len(groups))
    hatches = ("", "//", "..", "xx", "--", "")
    for (name, values), color, hatch in zip(parts.items(), ("#0072B2", "#56B4E9", "#E69F00", "#D9D9D9"), hatches):
        ax.bar(groups, values, 0.75, bottom, label=name, color=color, hatch=hatch, edgecolor="white")
        bottom += values
    ax.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, 100))
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def _line_styles():
    """Line styles that stay distinct in gray: one per color, then over again."""
    while True:
        yield from ("-", "--", "-.", ":")
