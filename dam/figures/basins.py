"""Figures of the chapter on basins of attraction, single-bit errors and update rules."""

import matplotlib.patheffects as effects
import matplotlib.pyplot as plt
import numpy as np

from dam.figures.panels import frame, grid, legend, picture, plain_ticks
from dam.figures.style import MARKERS, NARROW, POWER, RECTIFIED, degree_color

LOAD = r"memories over the half-percent capacity"


def damaged(pictures, curves):
    """What a basin stands: damaged pictures above the share of such copies that is recalled.

    `pictures`: {share flipped in percent: (28, 28) of ±1}. `curves`: {label: (n, line style, shares flipped in percent
    (P,), shares recalled (P,), where the label stands)}; the last is a point of the axes and the side of it, "left" or
    "right", that the text begins or ends at.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 4.0), layout=None)
    figure.subplots_adjust(left=0.13, right=0.99, bottom=0.13, top=0.76)
    ax.set(
        xlim=(-5, 55), ylim=(-4, 104), xticks=list(pictures), xlabel="pixels flipped (%)", ylabel="copies recalled (%)"
    )
    for place, pixels in pictures.items():
        picture(ax.inset_axes((place - 4.6, 110, 9.2, 30), transform=ax.transData), pixels)
    for name, (n, style, flipped, recalled, (x, y, side)) in curves.items():
        color = degree_color(n)
        ax.plot(flipped, 100 * np.asarray(recalled), style, color=color, label=name, marker="o", markersize=3.5)
        ax.text(x, y, name, color=color, ha=side, va="center", path_effects=[_halo()])
    return figure


def valleys():
    """A drawing: an energy with three wide basins, one with seven narrow ones, and a cue as a ball in each."""
    figure, axes = grid(2, columns=1, height=1.25, extra=0.2)
    x = np.linspace(0, 12, 1200)
    for ax, (title, middles, width) in zip(
        axes,
        (
            ("few memories: wide basins", (2, 6, 10), 1.15),
            ("many memories: narrow basins", (1, 3.1, 4.4, 6, 7.4, 9.3, 11), 0.3),
        ),
    ):
        depths = [np.exp(-((x - middle) ** 2) / (2 * width**2)) for middle in middles]
        y = 0.12 * np.sin(2.4 * x + 0.5) * (width < 1) - np.sum(depths, axis=0)
        ax.plot(x, y, color="black")
        ball = 7.3
        at = np.interp(ball, x, y)
        own = int(np.argmin(np.abs(x - 6)))
        ax.plot(ball - 0.02, at + 0.17, "o", color="0.35", markersize=10)
        ax.plot(x[own], y[own] - 0.02, "v", color="black", markersize=6, clip_on=False)
        ax.annotate("cue", (ball, at + 0.22), (ball + 0.55, at + 0.62), va="center")
        ax.text(6, y[own] - 0.36, "its memory", ha="center", va="center")
        ax.set_title(title, loc="left")
        ax.set(xlim=(0, 12), ylim=(-1.6, 0.75))
        ax.set_axis_off()
    return figure


def recovery(panels, *, nearest=None, borders=None, columns=1, height=1.9, levels=None):
    """How many cues lead back to their memory, against the overlap of the cue; each line has its name on it.

    `panels`: {title: {label: (overlaps (P,), share recalled (R, P))}}, drawn as mean and standard deviation of R runs.
    `nearest`: {title: overlaps and shares of the search for the nearest memory}. `borders`: {title: {label of a line:
    overlap at which theory sees its border}}. `height`: of one row of panels, in inches. `levels`: percent at which
    the names stand, one for each line. A label "n = 3" has the color of its power, "power" and "rectified" have theirs.
    """
    figure, axes = grid(len(panels), columns=columns, height=height, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        if title in (nearest or {}):
            overlap, share = nearest[title]
            ax.plot(overlap, 100 * share, "--", color="black", linewidth=1.4, label="nearest memory")
        heights = levels or np.linspace(82, 18, len(lines)) if len(lines) > 1 else [50]
        for (name, (overlap, runs)), marker, level in zip(lines.items(), MARKERS, heights):
            runs = 100 * np.atleast_2d(runs)
            style = {"color": _color(name), "marker": marker, "markersize": 3.5}
            _with_spread(ax, overlap, runs, gid=name, **style)
            if name in (borders or {}).get(title, {}):
                ax.axvline(
                    borders[title][name], color="0.35", linestyle=":", linewidth=1.6, label="border of the first step"
                )
            _name(ax, name, overlap, runs.mean(axis=0), level)
        ax.set_title(title, loc="left")
        ax.set(ylim=(-4, 104), xlim=(-0.03, 1.03))
    frame(figure, "overlap of the cue with its memory, $m$", "cues recalled exactly (%)")
    legend(figure)
    return figure


def half_overlaps(panels, *, nearest=None):
    """The overlap at which half of the cues are recalled, against the power n; each line has its name at its end.

    `panels`: {title: {label: (n (A,), runs (R, A), predicted (A,))}}, the half-way overlap of R runs, NaN where there
    is none, and the border of theory. `nearest`: {title: {label: half-way overlap of the search for the nearest}}.
    """
    figure, axes = grid(len(panels), columns=1, height=2.3, extra=1.1, sharex=True, sharey=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        shades = _grays(len(lines))
        for (name, (n, runs, predicted)), color, marker in zip(lines.items(), shades, MARKERS):
            runs = np.atleast_2d(runs)
            _with_spread(ax, n, runs, color=color, marker=marker, markersize=6, label="measured", gid=name)
            ax.plot(n, predicted, ":", color=color, linewidth=1.8, label="border of the first step")
            if name in (nearest or {}).get(title, {}):
                ax.axhline(nearest[title][name], color=color, linestyle="--", linewidth=1.1, label="nearest memory")
            end = np.mean(runs, axis=0)[-1]
            ax.annotate(name, (n[-1], end), (9, 0), textcoords="offset points", va="center", path_effects=[_halo()])
        ax.set_title(title, loc="left")
        ax.set(ylim=(0, 1), xlim=(n[0] - 0.15, n[-1] + 1.1), xticks=n)
    frame(figure, "power $n$", "overlap at which half are recalled")
    legend(figure, columns=3, columnspacing=1.2, handlelength=1.8)
    return figure


def error_curves(panels):
    """Probability of an unstable bit over one estimate of it, against the load: counted points, and other estimates.

    `panels`: {title: (load (L,), counted over the estimate (L,), its standard error (L,), {label: other estimate over
    it (L,)})}, the same labels in every panel. A point whose error is more than a third of it is left out.
    """
    figure, axes = grid(len(panels), columns=1, height=1.7, sharex=True)
    for ax, (title, (load, counted, spread, curves)) in zip(axes, panels.items()):
        ax.axhline(1, color="0.6", linewidth=2.5, label="normal, exact moments")
        for (name, values), style in zip(curves.items(), ("--", ":")):
            ax.plot(load, values, style, color="black", label=name)
        seen = counted > 3 * spread
        ax.errorbar(
            load[seen],
            counted[seen],
            spread[seen],
            fmt="o",
            color="black",
            markersize=4.5,
            elinewidth=1.2,
            label="counted",
        )
        ax.set_title(title, loc="left")
        ax.set(xscale="log")
        plain_ticks(ax, x=(0.25, 0.5, 1, 2))
    frame(figure, LOAD, "over the normal estimate")
    legend(figure)
    return figure


def error_ratios(panels, *, top=300):
    """Counted error over the normal estimate, with the exact law, against the load; up to `top`.

    `panels`: {title: {label: (load, ratio, uncertainty, exact)}}, (L,) each. A point whose error is more than a third
    of it is left out.
    """
    figure, axes = grid(len(panels), columns=1, height=1.9, sharex=True)
    for ax, (title, lines) in zip(axes, panels.items()):
        ax.axhline(1, color="0.6", linewidth=2.5, label="normal estimate")
        for (name, (load, ratio, uncertainty, exact)), color, marker in zip(
            lines.items(), _grays(len(lines))[::-1], MARKERS
        ):
            ax.plot(load, exact, "-", color=color, linewidth=1.2, gid=name, label="exact law")
            seen = ratio > 3 * uncertainty
            style = {"fmt": marker, "color": color, "markersize": 4.5, "elinewidth": 1.2, "label": f"counted, {name}"}
            ax.errorbar(load[seen], ratio[seen], uncertainty[seen], **style)
        highest = max(np.nanmax(exact) for _, _, _, exact in lines.values())
        ax.set_title(title, loc="left")
        ax.set(xscale="log", yscale="log")
        ax.set_ylim(0.4, min(top, 1.3 * highest) if highest > 3 else 2.5)
        plain_ticks(ax, x=(0.25, 0.5, 1, 2), y=(1, 10, 100) if highest > 3 else (0.5, 1, 2))
    frame(figure, LOAD, "error over the normal estimate")
    legend(figure)
    return figure


def freezing(panels, *, ylabel):
    """Shares against the number of memories on a logarithmic axis: measured points on predicted curves.

    `panels`: {title: {label: (K (P,), measured (P,), K of the curve (C,), predicted (C,))}}.
    """
    figure, axes = grid(len(panels), columns=1, height=1.7, sharex=True, sharey=True)
    looks = (("black", "-", "o", "black"), ("0.45", "-", "s", "0.45"), ("black", "--", "^", "white"))
    for ax, (title, lines) in zip(axes, panels.items()):
        for (name, (K, measured, K_curve, predicted)), (color, line, marker, face) in zip(lines.items(), looks):
            ax.plot(K_curve, 100 * predicted, line, color=color, linewidth=1.3)
            style = {"color": color, "markerfacecolor": face, "markersize": 5, "linestyle": line, "linewidth": 1.3}
            ax.plot(K, 100 * measured, marker=marker, **(style | {"linestyle": ""}))
            ax.plot([], [], marker=marker, label=name, **style)
        ax.set_title(title, loc="left")
        ax.set(xscale="log", ylim=(-4, 104))
    frame(figure, "memories $K$", ylabel)
    legend(figure, columns=1)
    return figure


def flip_costs(panels):
    """Time of one flip against one size at a time, with its fitted power law, beside the matrix products it needs.

    `panels`: {label of the axis: (sizes (P,), µs for one flip (P,), µs for its products (P,), exponent of the flip)};
    the exponent is None where no line is to be drawn.
    """
    figure, axes = grid(len(panels), height=2.2, extra=0.8, sharey=True)
    for ax, (name, (x, flip, products, exponent)) in zip(axes, panels.items()):
        x = np.asarray(x, dtype=float)
        if exponent is not None:
            middle = np.exp(np.mean(np.log(flip)) + exponent * (np.log(x) - np.mean(np.log(x))))
            ax.plot(x, middle, "-", color="black", linewidth=1.2)
        ax.plot(x, flip, "o", color="black", markersize=5, label="one flip")
        ax.plot(x, products, "s", color="0.55", markersize=4.5, label="its matrix products")
        title = "no power law" if exponent is None else f"exponent {exponent:.2f}".replace("-", "−")
        ax.set(title=title, xscale="log", yscale="log", xlabel=name)
        plain_ticks(ax, x=x[:: -(-len(x) // 4)])
        ax.yaxis.set_major_formatter("{x:g}")
    frame(figure, ylabel="time (µs)")
    legend(figure)
    return figure


def _with_spread(ax, x, runs, *, gid=None, **style):
    """Draw the mean over runs, with the standard deviation as bars where there are several."""
    spread = np.std(runs, axis=0, ddof=1) if len(runs) > 1 else None
    drawn = ax.errorbar(x, np.mean(runs, axis=0), spread, linewidth=1.3, elinewidth=1.2, **style)
    drawn.lines[0].set_gid(gid)


def _name(ax, name, x, y, level):
    """Write the name of a line of percentages on it, where it reaches a level; at its end if it stays below."""
    order = np.argsort(x)
    x, y = np.asarray(x, dtype=float)[order], y[order]
    above = np.flatnonzero(y >= level)
    if len(above) and above[0]:
        i = above[0]
        place = np.interp(level, y[i - 1 : i + 1], x[i - 1 : i + 1]), level
    else:
        place = x[-1] - 0.06, y[-1] + 9
    ax.text(*place, name, color=_color(name), ha="center", va="center", fontsize=9, path_effects=[_halo()])


def _color(name):
    """The color of a line by its name: that of its power or of its kind of interaction."""
    kinds = {"power": POWER, "rectified": RECTIFIED}
    return kinds[name] if name in kinds else degree_color(int(name.removeprefix("n = ")))


def _grays(number):
    """Grays from light to black, for what grows."""
    return [f"{shade:.2f}" for shade in np.linspace(0.62, 0, number)]


def _halo():
    """A white rim around letters that lie on a line."""
    return effects.withStroke(linewidth=3.5, foreground="white")
