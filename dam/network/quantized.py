"""Trained networks in a few hundred kilobytes: weights on sixteen levels, without sleeping memories."""

from dataclasses import replace

import numpy as np

from dam import checks
from dam.arrays import to_numpy

LEVELS = 16
"""How many values a weight may have, evenly from -1 to 1: four bits."""


def codes(weights):
    """Return the nearest of the 16 levels as uint8 from 0 to 15, of the shape of ``weights`` in [-1, 1].

    Raises ``ValueError`` if they are not finite, or beyond 1 in size.
    """
    weights = to_numpy(weights)
    checks.finite("weights", weights)
    if np.abs(weights).max(initial=0) > 1:
        raise ValueError(f"weights must lie in [-1, 1], got up to {np.abs(weights).max()}")
    return np.rint((weights + 1) / 2 * (LEVELS - 1)).astype(np.uint8)


def values(codes):
    """Return the weights that codes stand for, float32."""
    return (to_numpy(codes) * (2 / (LEVELS - 1)) - 1).astype(np.float32)


def quantized(network, kept=None):
    """Return a network with its weights on 16 levels, and of its memories only those of ``kept (K,)``, bool."""
    rows = slice(None) if kept is None else to_numpy(kept)
    weights = {name: values(codes(to_numpy(getattr(network, name))[rows])) for name in network.WEIGHTS}
    return replace(network, **weights)
