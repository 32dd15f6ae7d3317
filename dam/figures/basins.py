"""Figures of the chapter on basins of attraction, single-bit errors and update rules."""

import numpy as np

from dam.figures.panels import frame, grid, legend, plain_ticks
from dam.figures.style import COLORS, MARKERS

LOAD = r"load $K / (\alpha_n N^{n-1})$"


def recovery(panels, *, nearest=None, borders=None, columns=2, height=2.1):
    """How many cues lead back to their memory, against the overlap of the cue.

    `panels`: {title: {label: (overlaps (P,), share recalled (R, P))}}, drawn as mean and standard deviation of R runs.
    `nearest`: {title: overlaps and shares of the search for the nearest memory}. `borders`: {title: {label of a line:
    overlap at which theory sees its border}}. `height`: of one row of panels, in inches.
    """
    figure, axes = grid(len(panels), columns=columns, height=height, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        for (name, (overlap, runs)), color, marker in zip(lines.items(), COLORS, MARKERS):
            _with_spread(ax, overlap, 100 * np.atleast_2d(runs), color=color, marker=marker, markersize=4, label=name)
            if name in (borders or {}).get(title, {}):
                ax.axvline(borders[title][name], color=color, linestyle=":", linewidth=1.6, label=f"theory, {name}")
        if title in (nearest or {}):
            overlap, share = nearest[title]
            ax.plot(overlap, 100 * share, "--", color="black", linewidth=1.4, label="nearest memory")
        ax.set(title=title, ylim=(-4, 104))
    frame(figure, "overlap of the cue with its memory, $m$", "cues recalled exactly (%)")
    names = {name for ax in axes for name in ax.get_legend_handles_labels()[1]}
    legend(figure, columns=3 if len(names) > 4 else 2, points_first=True)
    return figure


def half_overlaps(panels, *, nearest=None, columns=1):
    """The overlap at which half of the cues are recalled, against the power n.

    `panels`: {title: {label: (n (A,), runs (R, A), predicted (A,))}}, the half-way overlap of R runs, NaN where there
    is none, and the border of theory. `nearest`: {title: {label: half-way overlap of the search for the nearest}}.
    """
    figure, axes = grid(len(panels), columns=columns, height=2.7, extra=0.4, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        for (name, (n, runs, predicted)), color, marker in zip(lines.items(), COLORS, MARKERS):
            _with_spread(ax, n, np.atleast_2d(runs), color=color, marker=marker, markersize=6, label=name)
            ax.plot(n, predicted, ":", color=color, linewidth=1.6)
            if name in (nearest or {}).get(title, {}):
                ax.axhline(nearest[title][name], color=color, linestyle="--", linewidth=1.1)
        ax.plot([], [], ":", color="0.35", label="first step")
        if title in (nearest or {}):
            ax.plot([], [], "--", color="0.35", label="nearest memory")
        ax.set(title=title, ylim=(0, 1), xticks=n)
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    frame(figure, "power $n$", "overlap at which half are recalled")
    return figure


def error_curves(panels):
    """Probability of an unstable bit against the load: measured points, and curves of theory, on logarithmic scales.

    `panels`: {title: (load (L,), measured (R, L), curves)}, the mean of R runs and {label: (L,)}, the same labels in
    every panel.
    """
    figure, axes = grid(len(panels), columns=1, height=1.9, sharex=True, sharey=True)
    for ax, (title, (load, measured, curves)) in zip(axes, panels.items()):
        for (name, values), style, color in zip(curves.items(), ("--", ":", "-"), (COLORS[1], COLORS[3], COLORS[0])):
            ax.plot(load, np.where(np.asarray(values) > 0, values, np.nan), style, color=color, label=name)
        mean = np.mean(np.atleast_2d(measured), axis=0)
        seen = mean > 0
        ax.plot(np.asarray(load)[seen], mean[seen], "o", color="black", markersize=5, label="measured")
        ax.set(title=title, xscale="log", yscale="log", ylim=(1e-7, 0.3))
        plain_ticks(ax, x=(0.25, 0.5, 1, 2))
    frame(figure, LOAD, "probability of an unstable bit")
    legend(figure)
    return figure


def error_ratios(panels, *, top=1000, columns=2):
    """Measured error over the normal estimate, with the exact law, against the load; up to `top`.

    `panels`: {title: {label: (load, ratio, uncertainty, exact)}}, (L,) each. A ratio below twice its error is left out.
    """
    figure, axes = grid(len(panels), columns=columns, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        ax.axhline(1, color="0.4", linewidth=1)
        for (name, (load, ratio, uncertainty, exact)), color, marker in zip(lines.items(), COLORS, MARKERS):
            seen = ratio > 2 * uncertainty
            style = {"fmt": marker, "color": color, "markersize": 4.5, "elinewidth": 1.2, "label": name}
            ax.errorbar(load[seen], ratio[seen], uncertainty[seen], **style)
            ax.plot(load, exact, "-", color=color, linewidth=1.2)
        ax.plot([], [], "-", color="0.35", linewidth=1.2, label="exact law")
        ax.set(title=title, xscale="log", yscale="log", ylim=(0.3, top))
        plain_ticks(ax, x=(0.25, 0.5, 1, 2))
        ax.yaxis.set_major_formatter("{x:g}")
    frame(figure, LOAD, "error over the normal estimate")
    legend(figure)
    return figure


def freezing(panels, *, ylabel):
    """Shares against the number of memories on a logarithmic axis: measured points on predicted curves.

    `panels`: {title: {label: (K (P,), measured (P,), K of the curve (C,), predicted (C,))}}.
    """
    figure, axes = grid(len(panels), columns=1, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        for (name, (K, measured, K_curve, predicted)), color, marker in zip(lines.items(), COLORS, MARKERS):
            ax.plot(K_curve, 100 * predicted, "-", color=color, linewidth=1.3)
            ax.plot(K, 100 * measured, marker, color=color, markersize=5, label=name)
        ax.set(title=title, xscale="log", ylim=(-4, 104))
    frame(figure, "memories $K$", ylabel)
    legend(figure)
    return figure


def flip_costs(panels):
    """Time of one flip against one size at a time, with its fitted power law, beside the matrix products it needs.

    `panels`: {label of the axis: (sizes (P,), µs for one flip (P,), µs for its products (P,), exponent of the flip)};
    the exponent is None where no line is to be drawn.
    """
    figure, axes = grid(len(panels), height=2.3, extra=0.8, sharey=True)
    for ax, (name, (x, flip, products, exponent)) in zip(axes, panels.items()):
        x = np.asarray(x, dtype=float)
        if exponent is not None:
            middle = np.exp(np.mean(np.log(flip)) + exponent * (np.log(x) - np.mean(np.log(x))))
            ax.plot(x, middle, "-", color=COLORS[0], linewidth=1.2)
        ax.plot(x, flip, "o", color=COLORS[0], markersize=5, label="one flip")
        ax.plot(x, products, "s", color=COLORS[1], markersize=4.5, label="its matrix products")
        title = "no power law" if exponent is None else f"exponent {exponent:.2f}"
        ax.set(title=title, xscale="log", yscale="log", xlabel=name)
        plain_ticks(ax, x=x[:: -(-len(x) // 4)])
        ax.yaxis.set_major_formatter("{x:g}")
    frame(figure, ylabel="time (µs)")
    legend(figure)
    return figure


def _with_spread(ax, x, runs, **style):
    """Draw the mean over runs, with the standard deviation as bars where there are several."""
    spread = np.std(runs, axis=0, ddof=1) if len(runs) > 1 else None
    ax.errorbar(x, np.mean(runs, axis=0), spread, linewidth=1.3, elinewidth=1.2, **style)
