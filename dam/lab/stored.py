"""The trained networks among the stored results, to experiment with."""

import numbers
from pathlib import Path
from typing import Any

import numpy as np

from dam import checks
from dam.arrays import Array
from dam.datasets import mnist
from dam.lab import results
from dam.lab.results import Result
from dam.network.classifier import Classifier, inactive
from dam.network.quantized import quantized
from dam.network.relu import ReLUNetwork

RELU = "relu"
RELU_WEIGHTS = ("visible", "labels", "hidden_bias", "class_bias")


def trained(which: int | str, seed: int = 0, directory: Path | str | None = None, xp: Any = np) -> tuple[Any, str]:
    """Return a stored trained network on arrays of ``xp``, in float32, and its provenance.

    ``which`` is the degree n of a `Classifier` that the experiment ``mnist`` trained, or 'relu', the `ReLUNetwork` of
    ``baselines``; ``seed`` is that of the training. It is taken from the folder if that holds it, else as shipped.

    Raises
    ------
    FileNotFoundError
        Neither the folder nor the package holds it, or there is no such folder.
    ValueError
        The result was stored without its weights, or ``which`` is neither.
    """
    stored = stored_network(which, seed, directory)
    if which == RELU:
        return relu_network(stored.arrays, xp), stored.provenance()
    visible, labels = (xp.asarray(stored.arrays[key].astype(np.float32)) for key in ("visible", "labels"))
    return Classifier(visible, labels, int(which), stored.values["T"], stored.parameters["kind"]), stored.provenance()


def stored_network(which: int | str, seed: int = 0, directory: Path | str | None = None) -> Result:
    """Return the stored result of the training; parameters and errors as in `trained`."""
    if which != RELU and (isinstance(which, bool) or not isinstance(which, numbers.Integral) or which < 2):
        raise ValueError(f"which must be the degree n of a network, 2 or more, or {RELU!r}, got {which!r}")
    experiment, variant = ("baselines", "") if which == RELU else ("mnist", f"n{which}")
    found = stored_result(experiment, variant, seed, directory)
    if ("relu_visible" if which == RELU else "visible") not in found.arrays:
        raise ValueError(f"the stored result {found.name}.json holds no weights; run {experiment} again, with them")
    return found


def stored_result(experiment: str, variant: str, seed: int, directory: Path | str | None = None) -> Result:
    """Return a result from the folder if that holds it, else as shipped.

    Raises ``FileNotFoundError`` if neither has it, or there is no such folder.
    """
    name = results.file_name(experiment, variant, seed) + ".json"
    folders = results.existing(directory), results.SHIPPED
    return results.load(experiment, variant, seed, next((one for one in folders if (one / name).exists()), directory))


def name_of(which: int | str) -> str:
    """Return the name of a network in the keys of results: ``n2``, ..., ``relu``."""
    return RELU if which == RELU else f"n{which}"


def trained_m(which: int | str, seed: int = 0, directory: Path | str | None = None) -> int:
    """Return the power m of the objective (14) that the network was trained with; 1 for the ReLU network."""
    return 1 if which == RELU else stored_network(which, seed, directory).parameters["m"]


def relu_arrays(visible: Array, labels: Array, hidden_bias: Array, class_bias: Array) -> dict[str, np.ndarray]:
    """Return the weights of a ReLU network as float16, by the names that they are stored under."""
    weights = (visible, labels, hidden_bias, class_bias)
    return {f"relu_{name}": w.astype(np.float16) for name, w in zip(RELU_WEIGHTS, weights)}


def relu_network(arrays: dict[str, Array], xp: Any = np) -> ReLUNetwork:
    """Return the `ReLUNetwork` in float32 of weights stored as by `relu_arrays`."""
    return ReLUNetwork(*(xp.asarray(arrays[f"relu_{name}"].astype(np.float32)) for name in RELU_WEIGHTS))


def small(n: int, seed: int = 0) -> Any:
    """Return the stored network of degree n with its weights on 16 levels and without its sleeping memories.

    A memory sleeps if its overlap with every training digit is at most 0. It takes no part in the network form, and
    hardly any in the memory form, where label weights add to the overlap.
    """
    network, _ = trained(checks.degree(n, 2), seed)
    return quantized(network, ~inactive(network.visible, mnist().x_train, kind=network.kind))
