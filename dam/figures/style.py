"""The book's style, said once: colors, markers, line styles, hatches, widths, and Matplotlib parameters."""

import base64
import io
import re
from contextlib import suppress

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from dam.figures import drawn

POWER, RECTIFIED = "#0072B2", "#D55E00"
"""Blue and orange: the two kinds of interaction, power and rectified, and nothing else."""

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
    "image.interpolation": "none",  # a vector picture keeps the pixels of the data as they are
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "savefig.facecolor": "white",
    "svg.hashsalt": "dam",  # the same picture in every build
}
"""Matplotlib parameters of the book."""


MOST_SVG = 150_000
"""Bytes of a vector picture from which its data, not its text and axes, are drawn as dots."""


PHOTOGRAPHS = "photographs"
"""The group id of a figure of photographs: it keeps them as JPEG, a fifth of what they are as PNG."""


def degree_color(n: float) -> tuple:
    """The color of degree n (1 to 100) in every figure: dark violet for small n, through blue, to green for large."""
    return plt.get_cmap("viridis")(0.65 * np.clip(np.log(n) / np.log(30), 0, 1))


def use() -> None:
    """Set the book's style for all figures that follow; a notebook shows them as vector pictures and keeps their data.

    Black on white: the pages of the book turn the lightness round in the dark theme.
    """
    with suppress(ImportError):
        from IPython import get_ipython
        from IPython.core.formatters import BaseFormatter

        shell = get_ipython()
        if shell is not None and "inline" in plt.get_backend():
            shell.run_line_magic("matplotlib", "inline")  # or it would put its own format in the place of ours later
            formatters = shell.display_formatter.formatters
            formatters["image/svg+xml"].for_type(plt.Figure, vector)
            data = BaseFormatter(parent=shell.display_formatter, format_type="text/csv", print_method="_repr_csv_")
            data.for_type(plt.Figure, drawn.to_csv)
            formatters["text/csv"] = data
    plt.rcParams.update(STYLE)


def vector(figure: plt.Figure) -> str:
    """Return a figure as SVG; where the data are so many that it would be large, they are dots at 220 dpi in it."""
    if figure.get_gid() == PHOTOGRAPHS:
        return re.sub('data:image/png;base64,([^"]+)', _jpeg, _svg(figure))
    if len(svg := _svg(figure)) > MOST_SVG:
        for ax in figure.axes:
            ax.set_rasterization_zorder(2.4)  # axes, legends and annotations lie above
        svg = _svg(figure)
    return svg


def _svg(figure):
    stream = io.StringIO()
    figure.savefig(stream, format="svg", bbox_inches="tight", dpi=220, metadata={"Date": None})
    return stream.getvalue()


def _jpeg(png):
    picture = Image.open(io.BytesIO(base64.b64decode(png[1]))).convert("RGB")
    picture.save(stream := io.BytesIO(), format="JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"
