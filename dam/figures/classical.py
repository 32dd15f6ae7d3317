"""Figures of the chapter on the classical network."""

import matplotlib.pyplot as plt
import numpy as np

from dam.figures.panels import picture
from dam.figures.style import COLORS, DIVERGING


def overlap_matrices(panels):
    """Matrices of normalized overlaps as annotated heat maps, one below the other.

    Parameters
    ----------
    panels : dict of (labels, (K, K) array)
        Title of each panel, its K labels, and the overlaps in [-1, 1].

    Returns
    -------
    matplotlib.figure.Figure
    """
    sizes = [len(labels) for labels, _ in panels.values()]
    heights = [0.36 * size + 0.6 for size in sizes]
    figure, axes = plt.subplots(len(panels), 1, figsize=(4.4, sum(heights)), height_ratios=heights, squeeze=False)
    for ax, (title, (labels, matrix)) in zip(axes.flat, panels.items()):
        ax.imshow(matrix, cmap=DIVERGING, vmin=-1, vmax=1)
        for (row, column), value in np.ndenumerate(matrix):
            color = "white" if abs(value) > 0.6 else "black"
            ax.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=9, color=color)
        ax.set(xticks=range(len(labels)), xticklabels=labels, yticks=range(len(labels)), yticklabels=labels)
        ax.grid(False)
        ax.set_title(title, fontsize=11)
        ax.set(xlabel="digit", ylabel="digit")
    return figure


def breakdown(alpha, overlap, unstable, theory_overlap, theory_unstable):
    """How retrieval fails as the load grows: the overlap kept after settling, and the unstable bits, one panel each.

    Parameters
    ----------
    alpha : (A,) array
        Loads K/N.
    overlap, unstable : dict of (R, A) array
        Label of each line and its R runs: overlap with the memory after settling, share of unstable bits at the
        memory. Markers show the mean over runs, bars the standard deviation.
    theory_overlap, theory_unstable : tuple of two (P,) arrays
        Loads and values of the predicted curves.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(2, 1, figsize=(4.6, 5.6), sharex=True)
    for ax, runs, curve, scale in zip(axes, (overlap, unstable), (theory_overlap, theory_unstable), (1, 100)):
        ax.plot(curve[0], scale * curve[1], color="black", linewidth=1.2, label="theory, large N", zorder=3)
        for (name, values), color, marker in zip(runs.items(), COLORS, "os^Dv"):
            mean, spread = scale * np.mean(values, axis=0), scale * np.std(values, axis=0)
            ax.errorbar(alpha, mean, spread, color=color, marker=marker, markersize=4, linewidth=1.1, label=name)
    end = np.argmax(theory_overlap[0])
    axes[0].plot(theory_overlap[0][end], theory_overlap[1][end], "o", color="black", markersize=7, zorder=3)
    axes[0].axvline(theory_overlap[0][end], color="black", linestyle=":", linewidth=1.2)
    axes[0].set(ylabel="overlap after settling, $m$", ylim=(0, 1.05))
    axes[1].set(ylabel="unstable bits (%)", xlabel="load α = K/N", ylim=(0, None))
    axes[0].legend(loc="lower left")
    return figure


def transition(alpha, overlap, theory, window):
    """How the fall of the retrieved overlap sharpens with the size.

    Parameters
    ----------
    alpha : (A,) array
        Loads K/N.
    overlap : dict of (R, A) array
        Label of each size, and the overlap after settling of its R runs. Markers show the mean over runs, bars the
        standard deviation.
    theory : tuple of two (P,) arrays
        Loads and overlaps of the prediction for infinite size; its last load is marked.
    window : tuple of two float
        Loads at the edges of the figure.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(4.8, 4.6))
    ax.plot(*theory, color="black", linewidth=1.5, label="theory, infinite $N$", zorder=3)
    end = np.argmax(theory[0])
    ax.plot(theory[0][end], theory[1][end], "o", color="black", markersize=7, zorder=3)
    ax.axvline(theory[0][end], color="black", linestyle=":", linewidth=1.2)
    for (name, values), color, marker in zip(overlap.items(), COLORS, "os^Dv"):
        spread = np.std(values, axis=0, ddof=min(1, len(values) - 1))
        style = {"color": color, "marker": marker, "markersize": 4, "linewidth": 1.1, "capsize": 2}
        ax.errorbar(alpha, np.mean(values, axis=0), spread, label=name, **style)
    ax.set(xlabel="load α = K/N", ylabel="overlap after settling, $m$", xlim=window, ylim=(0.2, 1.03))
    figure.legend(loc="outside upper center", ncols=3, fontsize=10)
    return figure


def finite_size(N, falls, widths, curve, limit, slope):
    """Where the overlap falls, and over how wide a range of loads, against the size; one panel each.

    Parameters
    ----------
    N : (A,) array
        Sizes.
    falls, widths : (R, A) array
        Load at the fall and width of the fall, of R sets of memories.
    curve : tuple of two (P,) arrays
        N^(-2/3) and load of the fit through the falls.
    limit : tuple of three float
        The load expected for infinite size; mean and half-width of ours.
    slope : tuple of two (A,) arrays
        N and width of the power law fitted to the widths.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(4.6, 6))
    expected, mean, half = limit
    top.axhline(expected, color="black", linestyle=":", linewidth=1.2, label=f"theory, {expected}")
    top.plot(*curve, "--", color="0.4", label="fit")
    for number, values in enumerate(falls):
        top.plot(N ** (-2 / 3), values, "o", color=COLORS[0], markersize=5, label=None if number else "one seed each")
        bottom.plot(N, widths[number], "o", color=COLORS[0], markersize=5)
    top.errorbar([0], [mean], [half], fmt="D", color=COLORS[1], markersize=6, capsize=4, label="limit of the fits")
    top.set(xlabel="$N^{-2/3}$", ylabel="load at the fall", xlim=(-0.001, None), xticks=[0, 0.01, 0.02, 0.03])
    top.legend(fontsize=10)
    bottom.plot(*slope, "--", color="0.4")
    bottom.set(xlabel="neurons $N$", ylabel="width of the fall", xscale="log", yscale="log")
    bottom.set_xticks(N, labels=[str(size) for size in N])
    bottom.set_yticks([0.01, 0.02, 0.05, 0.1], labels=["0.01", "0.02", "0.05", "0.1"])
    bottom.minorticks_off()
    return figure


def recall(cue, final, overlaps, title):
    """One cue and where the network takes it, above the histogram of the final overlaps of many such runs.

    Parameters
    ----------
    cue, final : (28, 28) array
        The damaged picture and the state after settling, of ±1.
    overlaps : (S,) array
        Overlap of S final states with the memory that each was started from, in [-1, 1].
    title : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplot_mosaic([["cue", "final"], ["all", "all"]], figsize=(4.6, 4.3), height_ratios=(1.15, 1))
    picture(axes["cue"], cue, "damaged cue")
    picture(axes["final"], final, "where it settles")
    weights = np.full(len(overlaps), 100 / len(overlaps))
    axes["all"].hist(overlaps, np.arange(-20, 21) / 20, weights=weights, color=COLORS[0])
    axes["all"].set(
        xlabel="final overlap with the memory, $m$",
        ylabel="share of runs (%)",
        xlim=(-0.3, 1.02),
        ylim=(0, 100),
    )
    figure.suptitle(title, fontsize=12)
    return figure
