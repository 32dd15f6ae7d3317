"""Trained networks in a few hundred kilobytes: weights on sixteen levels, without sleeping memories."""

from dataclasses import replace
from typing import Any

import numpy as np

from dam import checks
from dam.arrays import to_numpy
from dam.network.classifier import Classifier, Network
from dam.network.relu import ReLUNetwork

LEVELS = 16
"""How many values a weight may have, evenly from -1 to 1: four bits."""


def codes(weights: np.ndarray) -> np.ndarray:
    """Return the nearest of the 16 levels as uint8 from 0 to 15, of the shape of ``weights`` in [-1, 1].

    Raises ``ValueError`` if they are not finite, or beyond 1 in size.
    """
    _, weights = checks.reals(weights=checks.numbers_of("weights", weights, dtype=None))
    if np.abs(weights).max(initial=0) > 1:
        raise ValueError(f"weights must lie in [-1, 1], got up to {np.abs(weights).max()}")
    return np.rint((weights + 1) / 2 * (LEVELS - 1)).astype(np.uint8)


def values(codes: np.ndarray) -> np.ndarray:
    """Return the weights that codes, whole numbers from 0 to 15, stand for, float32."""
    codes = checks.numbers_of("codes", codes, dtype=None)
    if codes.dtype.kind not in "iu":
        raise TypeError(f"codes must hold whole numbers, got dtype {codes.dtype}")
    if np.any((codes < 0) | (codes >= LEVELS)):
        raise ValueError(f"codes must hold numbers from 0 to {LEVELS - 1}, got {codes.min()} to {codes.max()}")
    return (codes * (2 / (LEVELS - 1)) - 1).astype(np.float32)


def quantized(network: Network, kept: np.ndarray | None = None) -> Any:
    """Return a network with its weights on 16 levels, and of its memories only those of ``kept (K,)``, bool.

    Raises ``TypeError`` for another network, such as one of layers and a head, whose head is what to quantize.
    """
    if not isinstance(network, Classifier | ReLUNetwork):
        got = type(network).__name__
        raise TypeError(f"network must be a Classifier or a ReLUNetwork, such as the head of another, got {got}")
    rows: Any = slice(None)
    if kept is not None:
        rows, K = to_numpy(checks.mask("kept", kept)), network.visible.shape[0]
        if tuple(rows.shape) != (K,):
            raise ValueError(f"kept must have shape {(K,)}, one entry for each memory, got {tuple(rows.shape)}")
    kept_of = {name: slice(None) if name == "class_bias" else rows for name in network.WEIGHTS}
    weights = {name: values(codes(to_numpy(getattr(network, name))[part])) for name, part in kept_of.items()}
    whole: Any = network
    return replace(whole, **weights)
