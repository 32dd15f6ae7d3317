"""Figures of the chapter on the classical network."""

import matplotlib.pyplot as plt
import numpy as np

from dam.plotting.shared import picture
from dam.plotting.style import COLORS, DIVERGING


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
