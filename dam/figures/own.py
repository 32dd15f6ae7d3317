"""The figure of the chapter on data of one's own; `mnist` and `panels` have the others."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from dam.figures.mnist import PERCENT
from dam.figures.panels import legend, plain_ticks
from dam.figures.style import LINES, MARKERS, NARROW, degree_color


def temperatures(errors: dict[int, dict[float, float]], *, unscaled: float) -> Figure:
    """Errors in percent over T, in units of the T in proportion: {n: {T: error}}; a line at T as for MNIST."""
    figure, ax = plt.subplots(figsize=(NARROW, 3.6))
    for (n, found), marker, line in zip(errors.items(), MARKERS, LINES):
        look = {"color": degree_color(n), "marker": marker, "linestyle": line, "label": f"n = {n}", "clip_on": False}
        ax.loglog(list(found), list(found.values()), zorder=3, **look)
    ax.axvline(unscaled, color="0.5", linewidth=1)
    ax.annotate(
        "T for 784 pixels", (unscaled, 2), (-4, 0), textcoords="offset points", ha="right", va="bottom", rotation=90
    )
    ax.set(ylim=(1, 100), xlabel="T over the T in proportion", ylabel="held-out error (%)")
    plain_ticks(ax, x=(0.5, 1, 2, 5, 12), y=[tick for tick in PERCENT if tick >= 1])
    legend(figure, columns=4)
    return figure
