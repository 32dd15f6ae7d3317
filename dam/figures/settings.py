"""Figures of the chapter on settings: temperatures, windows, choices, the price of a training."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from dam.arrays import Array
from dam.figures.panels import frame, grid, legend, plain_ticks, write
from dam.figures.prototypes import mosaic
from dam.figures.style import DIVERGING, LINES, MARKERS, NARROW, degree_color


def readers(rows: dict) -> plt.Figure:
    """What trainings come to: for each a few memories, and its ten outputs for one digit, the largest in black.

    `rows`: {title: (memories (P, 784), outputs (10,))}.
    """
    figure = plt.figure(figsize=(NARROW, 1.45 * len(rows)))
    for part, (title, (memories, outputs)) in zip(np.atleast_1d(figure.subfigures(len(rows))), rows.items()):
        part.suptitle(title, fontsize=11, x=0.01, ha="left")
        left, right = part.subplots(1, 2, width_ratios=(1.5, 1))
        left.imshow(mosaic(memories, len(memories)), cmap=DIVERGING, vmin=-1, vmax=1)
        left.set_axis_off()
        largest = np.asarray(outputs) == np.max(outputs)
        right.bar(np.arange(10), outputs, color=np.where(largest & (np.ptp(outputs) > 0.01), "black", "0.6"))
        right.axhline(0, color="black", linewidth=0.8)
        right.set(ylim=(-1.05, 1.05), yticks=(-1, 0, 1), xticks=range(10))
        right.grid(False, axis="x")
    return figure


def valleys(panels: dict) -> plt.Figure:
    """Test error against a constant temperature, and where the computed temperatures lie: a panel for each degree.

    `panels`: {n: (T (A,), errors (A,) in %, {name: temperature})}.
    """
    figure, axes = grid(len(panels), columns=1, height=1.6, extra=0.6, sharex=True)
    for ax, (n, (T, errors, marks)) in zip(axes, panels.items()):
        ax.plot(T, errors, "o-", color=degree_color(n))
        for (name, place), style in zip(marks.items(), (":", "--", "-.")):
            ax.axvline(place, color="0.3", linestyle=style, linewidth=1.2)
            ax.annotate(name, (place, 1.02), xycoords=("data", "axes fraction"), ha="center", fontsize=10)
        ax.annotate(f"n = {n}", (0.01, 0.08), xycoords="axes fraction", fontsize=11)
        ax.set(xscale="log", ylim=(0, 95))
    plain_ticks(axes[-1], x=(60, 100, 200, 400, 900))
    frame(figure, "temperature T (neurons)", "test error (%)")
    return figure


def temperatures(n: Array, lines: dict, bars: dict, points: dict) -> plt.Figure:
    """Temperatures in neurons against the power n, both on logarithmic axes: lines, ranges and points.

    ``n (A,)``; `lines`: {label: (A,)}; `bars`: {label: list of (power, lowest, highest)}; `points`: {label: (n, T)}.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 4.3))
    for (label, T), style in zip(lines.items(), (":", "--", "-.")):
        ax.plot(n, T, style, color="0.3", linewidth=1.8, label=label)
    for (label, ranges), gray in zip(bars.items(), ("0.8", "0.55")):
        look = {"color": gray, "linewidth": 9, "solid_capstyle": "butt", "label": label, "zorder": 1}
        for power, low, high in ranges:
            ax.plot([power, power], [low, high], **look)
    for (label, (powers, T)), marker in zip(points.items(), MARKERS):
        ax.plot(powers, T, marker, color="black", markersize=7, label=label)
    ax.set(xscale="log", yscale="log", xlabel="power n", ylabel="temperature (neurons)")
    plain_ticks(ax, x=(2, 3, 5, 10, 20, 30), y=(30, 100, 300, 1000, 3000))
    legend(figure)
    return figure


def cooling(panels: dict) -> plt.Figure:
    """Test error after each epoch, for one schedule of the temperature and another: a panel for each degree.

    `panels`: {n: {schedule: (E,) in %}}; each line bears its schedule at its end.
    """
    figure, axes = grid(len(panels), columns=1, height=1.9, extra=0.6, sharex=True)
    for ax, (n, lines) in zip(axes, panels.items()):
        for (name, errors), style in zip(lines.items(), LINES):
            epochs = np.arange(1, len(errors) + 1)
            ax.plot(epochs, errors, linestyle=style, color=degree_color(n))
            ax.annotate(name, (epochs[-1], errors[-1]), (4, 0), textcoords="offset points", va="center", fontsize=10)
        ax.annotate(f"n = {n}", (0.01, 0.06), xycoords="axes fraction", fontsize=11)
        ax.set(yscale="log", ylim=(1.5, 100), xlim=(0, 58))
        plain_ticks(ax, x=(1, 10, 20, 30, 40), y=(2, 5, 10, 20, 50, 90))
    frame(figure, "epochs", "test error (%)")
    return figure


def windows(panels: dict, *, xlabel: str, ylabel: str) -> plt.Figure:
    """Errors at pairs of settings as maps with the numbers written in, the darker the larger; the window is framed.

    `panels`: {title: (errors (R, C) in %, inside (R, C) of bool, settings of the rows (R,), of the columns (C,))},
    NaN where the training broke down.
    """
    figure, axes = grid(len(panels), height=2.1, extra=0.4)
    for ax, (title, (errors, inside, rows, columns)) in zip(axes, panels.items()):
        shade = np.log(np.where(np.isfinite(errors), errors, np.nanmax(errors)))
        ax.imshow(shade, cmap="binary", vmin=np.log(1.5), vmax=np.log(20), aspect="auto")
        text = lambda error: f"{error:.1f}" if np.isfinite(error) else "NaN"
        write(ax, errors, text, lambda error: error > 7, fontsize=10)
        for i, j in np.argwhere(inside):
            ax.add_patch(Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, fill=False, edgecolor="black", linewidth=2))
        ax.set_xticks(range(len(columns)), [f"{value:g}" for value in columns])
        ax.set_yticks(range(len(rows)), [f"{value:g}" for value in rows])
        ax.set_title(title)
    frame(figure, xlabel, ylabel)
    return figure


def choices(
    groups: dict,
    *,
    limits: tuple[float, float] = (1.5, 4),
    chance: tuple[float, float] | None = None,
    ticks: Sequence[float] = (1.5, 2, 2.5, 3, 3.5, 4),
) -> plt.Figure:
    """Errors for each value of each setting, one row a value, a mark for each degree; arrows lead to those beyond.

    `groups`: {setting: {value: {n: error in %}}}. `limits`: of the axis. `chance`: a range that is shaded.
    """
    rows = sum(len(values) + 1 for values in groups.values())
    figure, ax = plt.subplots(figsize=(NARROW, 0.215 * rows + 1.1))
    shape = dict(zip((2, 3, 20, 30), MARKERS))
    places, names, place = [], [], 0
    for setting, values in groups.items():
        ax.annotate(
            setting, (0, place), xycoords=("axes fraction", "data"), va="center", fontweight="bold", fontsize=10
        )
        for value, errors in values.items():
            place += 1
            places.append(place)
            names.append(value)
            beyond = [(n, error) for n, error in errors.items() if not error <= limits[1]]
            for n, error in errors.items():
                look = {"color": degree_color(n), "markersize": 6.5, "label": f"n = {n}", "clip_on": False}
                ax.plot(min(error, limits[1]), place, ">" if (n, error) in beyond else shape[n], **look)
            told = ", ".join(f"{error:.0f}" for _, error in beyond)
            ax.annotate(told, (limits[1], place), (8, 0), textcoords="offset points", va="center", fontsize=9)
        place += 1
    if chance is not None:
        ax.axvspan(*chance, color="0.9", zorder=0)
    ax.set_yticks(places, names)
    ax.set(xlim=limits, ylim=(place - 0.4, -0.6), xlabel="test error (%)")
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.grid(False, axis="y")
    handles = [
        plt.Line2D([], [], color=degree_color(n), marker=shape[n], linestyle="none", label=f"n = {n}")
        for n in sorted({n for values in groups.values() for errors in values.values() for n in errors})
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def memories(lines: dict, control: dict) -> plt.Figure:
    """Test error against the number of memories, temperatures scaled to it, and a control without: {n: (K, errors)}."""
    figure, ax = plt.subplots(figsize=(NARROW, 3.2))
    beyond = 6.0
    for (n, (K, errors)), marker in zip(lines.items(), MARKERS):
        ax.plot(K, errors, marker=marker, color=degree_color(n))
        ax.annotate(f"n = {n}", (K[0], errors[0]), (10, 2), textcoords="offset points", ha="left", fontsize=10)
    for n, (K, errors) in control.items():
        for size, error in zip(K, errors):
            mark = "x" if error <= beyond else "^"
            label = f"T not scaled, n = {n}"
            ax.plot(size, min(error, beyond), mark, color=degree_color(n), markersize=8, label=label, clip_on=False)
            if error > beyond:
                look = {"textcoords": "offset points", "va": "center", "fontsize": 9}
                ax.annotate(f"{error:.0f}", (size, beyond), (8, 0), **look)
    ax.set(xscale="log", ylim=(1.5, beyond), xlabel="memories K", ylabel="test error (%)")
    plain_ticks(ax, x=(50, 100, 200, 500, 1000, 2000, 4000))
    legend(figure)
    return figure


def price(panels: dict, bands: dict, *, xlabel: str = "epochs", ylabel: str = "test error (%)") -> plt.Figure:
    """Learning curves of short and of full trainings on one logarithmic axis of epochs, with the error to reach.

    `panels`: {n: {kind of training: list of (E,) errors in %, one for each run}}. `bands`: {n: (error of the paper,
    largest one that counts as reached)}.
    """
    figure, axes = grid(len(panels), height=1.9, extra=0.8, sharex=True, sharey=True)
    for ax, (n, kinds) in zip(axes, panels.items()):
        ax.axhspan(*bands[n], color="0.85", linewidth=0, label="within 0.15 points of the paper")
        for (label, runs), color in zip(kinds.items(), ("0.5", "black")):
            for errors in runs:
                ax.plot(np.arange(1, len(errors) + 1), errors, color=color, linewidth=1.1, label=label)
        ax.set(title=f"n = {n}", xscale="log", yscale="log", ylim=(1.3, 10))
        plain_ticks(ax, x=(10, 30, 100, 300, 1000), y=(1.5, 2, 3, 5, 10))
        ax.set_xlim(10, max(20, *(len(errors) for runs in kinds.values() for errors in runs)))
    frame(figure, xlabel, ylabel)
    legend(figure)
    return figure
