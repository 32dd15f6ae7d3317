"""The book's style, said once: colors, markers, line styles, hatches, widths, and Matplotlib parameters."""

import matplotlib.pyplot as plt

COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#000000"]
"""Line colors that color-blind readers can tell apart, in the order power, rectified, and n = 2, 3, 20, 30."""

FILLS = ("#0072B2", "#56B4E9", "#E69F00", "#D9D9D9")
"""Colors of stacked bars, from the bottom up."""

DIVERGING = "RdBu_r"
"""Color map of weights and memories: blue -1, white 0, red +1."""

INK = {"cmap": "gray_r", "vmin": -1, "vmax": 1}
"""How ``imshow`` shows digits and states: +1 is ink, -1 is paper."""

MARKERS = "os^Dv"
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
HATCHES = ("", "//", "..", "xx")
"""Markers, line styles and hatches tell apart in gray what the colors tell apart, in the same order."""

WIDTH, NARROW = 6.4, 4.8
"""Width of a figure in inches: the text column of the book, and what stays legible on a phone."""

STYLE = {
    "axes.grid": True,
    "axes.prop_cycle": plt.cycler(color=COLORS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "figure.figsize": (WIDTH, 3.6),
    "figure.labelsize": 11,
    "font.size": 10,
    "grid.alpha": 0.3,
    "image.interpolation": "nearest",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "savefig.facecolor": "white",
}
"""Matplotlib parameters of the book."""


def use():
    """Set the book's style for all figures that follow: black on white in light and dark pages alike."""
    plt.rcParams.update(STYLE)
