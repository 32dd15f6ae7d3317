"""Figures of the page on GPUs: the time of a training step, at other sizes and in PyTorch."""

import matplotlib.pyplot as plt

from dam.figures.panels import frame, grid, legend, plain_ticks
from dam.figures.style import LINES, MARKERS, NARROW

GRAYS = ("0.65", "0.0", "0.4")
TIMES = (0.05, 0.1, 0.2, 0.5, 1, 2, 5)


def sizes(panels: dict, *, ylabel: str = "milliseconds a step") -> plt.Figure:
    """Time of a step against its size on logarithmic axes; `panels`: {what grows: {label: (sizes (P,), ms (P,))}}."""
    figure, axes = grid(len(panels), height=2.6, sharey=True)
    for ax, (xlabel, lines) in zip(axes, panels.items()):
        for (label, (x, ms)), color, marker, style in zip(lines.items(), GRAYS, MARKERS, LINES):
            ax.plot(x, ms, marker=marker, linestyle=style, color=color, markersize=5, label=label)
        ax.set(xscale="log", yscale="log", xlabel=xlabel)
        plain_ticks(ax, x=x[::2], y=TIMES[:-2])
    frame(figure, ylabel=ylabel)
    legend(figure, columns=3)
    return figure


def libraries(rows: dict, floor: dict, *, xlabel: str = "milliseconds a step") -> plt.Figure:
    """Time of a step by library on a logarithmic axis, the numbers written in.

    `rows`: {label of the row, from the top down: {library: ms}}, the same libraries in all; `floor`: {label: ms} of the
    two matrix products, a stroke in each row.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 0.65 * len(rows) + 1.3))
    places = range(len(rows))
    strokes = [floor[name] for name in rows], [y - 0.3 for y in places], [y + 0.3 for y in places]
    ax.vlines(*strokes, color="0.3", linewidth=2, label="two products")
    for k, (name, color, marker) in enumerate(zip(next(iter(rows.values())), GRAYS[1:] + GRAYS[:1], MARKERS)):
        times = [row[name] for row in rows.values()]
        ax.plot(times, places, marker, color=color, markersize=7, label=name)
        for y, ms in zip(places, times):
            offset = 0, -15 if k % 2 else 7  # neighbors must not touch
            ax.annotate(f"{ms:.2f}", (ms, y), offset, textcoords="offset points", ha="center", fontsize=9)
    ax.set_yticks(places, list(rows))
    ax.set(xscale="log", xlim=(0.13, 7), ylim=(len(rows) - 0.5, -0.6), xlabel=xlabel)
    plain_ticks(ax, x=TIMES[1:])
    ax.grid(False, axis="y")
    legend(figure)
    return figure
