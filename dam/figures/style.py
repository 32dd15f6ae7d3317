"""The book's style: colors, sizes, and Matplotlib parameters."""

import matplotlib.pyplot as plt

COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#000000"]
"""Line colors that color-blind readers can tell apart, darkest first where it matters on white."""

DIVERGING = "RdBu_r"
"""Color map of weights and memories: blue -1, white 0, red +1."""

WIDTH = 6.4
"""Width of a figure in inches, the text column of the book."""

STYLE = {
    "axes.grid": True,
    "axes.prop_cycle": plt.cycler(color=COLORS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "figure.figsize": (WIDTH, 3.6),
    "font.size": 10,
    "grid.alpha": 0.3,
    "image.interpolation": "nearest",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "savefig.facecolor": "white",
}
"""Matplotlib parameters of the book."""


def use_style():
    """Set the book's style for all figures that follow: black on white in light and dark pages alike."""
    plt.rcParams.update(STYLE)
