"""Matplotlib figures from NumPy arrays, in one style for the whole book. No numerics."""

from dam.figures.adversarial import curves, objectives, picture_rows, tables
from dam.figures.attention import attended, averaging, bit_errors, descents, memory_limits, one_update, steepness
from dam.figures.basins import error_curves, error_ratios, flip_costs, freezing, half_overlaps, recovery
from dam.figures.classical import breakdown, finite_size, overlap_matrices, recall, transition
from dam.figures.dense import final_overlaps, gap_histograms, half_capacity, landscapes, recalled_pictures, scaling
from dam.figures.panels import histograms, images, learning_curves, picture, shares, spins
from dam.figures.prototypes import contest, count_bars, intervals, memory_blocks, pairs, pruning, readings
from dam.figures.settings import choices, price, temperatures, windows
from dam.figures.style import COLORS, DIVERGING, STYLE, WIDTH, use_style
from dam.figures.xor import cube, levels, outcomes

__all__ = [
    "COLORS",
    "DIVERGING",
    "STYLE",
    "WIDTH",
    "attended",
    "averaging",
    "bit_errors",
    "breakdown",
    "choices",
    "contest",
    "count_bars",
    "cube",
    "curves",
    "descents",
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
    "intervals",
    "landscapes",
    "learning_curves",
    "levels",
    "memory_blocks",
    "memory_limits",
    "objectives",
    "one_update",
    "outcomes",
    "overlap_matrices",
    "pairs",
    "picture",
    "picture_rows",
    "price",
    "pruning",
    "readings",
    "recall",
    "recalled_pictures",
    "recovery",
    "scaling",
    "shares",
    "spins",
    "steepness",
    "tables",
    "temperatures",
    "transition",
    "use_style",
    "windows",
]
