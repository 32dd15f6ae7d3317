"""Matplotlib figures from NumPy arrays, in one style for the whole book. No numerics."""

from dam.plotting.basins import error_curves, error_ratios, flip_costs, freezing, half_overlaps, recovery
from dam.plotting.classical import breakdown, finite_size, overlap_matrices, recall, transition
from dam.plotting.dense import final_overlaps, gap_histograms, half_capacity, landscapes, recalled_pictures, scaling
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
    "error_curves",
    "error_ratios",
    "final_overlaps",
    "finite_size",
    "flip_costs",
    "freezing",
    "gap_histograms",
    "half_capacity",
    "half_overlaps",
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
    "recovery",
    "scaling",
    "shares",
    "spins",
    "transition",
    "use_style",
]
