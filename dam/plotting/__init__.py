"""Matplotlib figures from NumPy arrays, in one style for the whole book. No numerics."""

from dam.plotting.classical import breakdown, overlap_matrices, recall
from dam.plotting.dense import final_overlaps, gap_histograms, half_capacity, landscapes, recalled_pictures
from dam.plotting.shared import histograms, images, learning_curves, picture, shares, spins
from dam.plotting.style import COLORS, DIVERGING, STYLE, WIDTH, use_style
from dam.plotting.xor import cube, levels, outcomes

__all__ = [
    "COLORS",
    "DIVERGING",
    "STYLE",
    "WIDTH",
    "breakdown",
    "cube",
    "final_overlaps",
    "gap_histograms",
    "half_capacity",
    "histograms",
    "images",
    "landscapes",
    "learning_curves",
    "levels",
    "outcomes",
    "overlap_matrices",
    "picture",
    "recall",
    "recalled_pictures",
    "shares",
    "spins",
    "use_style",
]
