"""The trained networks among the stored results, to experiment with."""

from pathlib import Path

import numpy as np

from dam.lab import results
from dam.network.classifier import Classifier
from dam.network.relu import ReLUNetwork

RELU = "relu"
RELU_WEIGHTS = ("visible", "labels", "hidden_bias", "class_bias")


def trained(which, seed=0, directory=None, xp=np):
    """Return a stored trained network on arrays of ``xp``, in float32, and its provenance.

    It is taken from the folder if that holds it, else from the package.

    Parameters
    ----------
    which : int or 'relu'
        The degree n of a `Classifier` that the experiment ``mnist`` trained, or the `ReLUNetwork` of ``baselines``.
    seed : int
        Of the training.
    directory : path, optional

    Raises
    ------
    FileNotFoundError
        Neither the folder nor the package holds it.
    ValueError
        The result was stored without its weights.
    """
    stored = stored_network(which, seed, directory)
    if which == RELU:
        return relu_network(stored.arrays, xp), stored.provenance()
    visible, labels = (xp.asarray(stored.arrays[key].astype(np.float32)) for key in ("visible", "labels"))
    return Classifier(visible, labels, which, stored.values["T"]), stored.provenance()


def stored_network(which, seed=0, directory=None):
    """Return the stored result of the training; parameters and errors as in `trained`."""
    experiment, variant = ("baselines", "") if which == RELU else ("mnist", f"n{which}")
    name = results.file_name(experiment, variant, seed) + ".json"
    own = directory is not None and (Path(directory) / name).exists()
    stored = results.load(experiment, variant, seed, directory if own else None)
    if ("relu_visible" if which == RELU else "visible") not in stored.arrays:
        raise ValueError(f"the stored result {name} holds no weights; run {experiment} again, with them")
    return stored


def name_of(which):
    """Return the name of a network in the keys of results: ``n2``, ..., ``relu``."""
    return RELU if which == RELU else f"n{which}"


def trained_m(which, seed=0, directory=None):
    """Return the power m of the objective (14) that the network was trained with; 1 for the ReLU network."""
    return 1 if which == RELU else stored_network(which, seed, directory).parameters["m"]


def relu_arrays(visible, labels, hidden_bias, class_bias):
    """Return the weights of a ReLU network as float16, by the names that they are stored under."""
    weights = (visible, labels, hidden_bias, class_bias)
    return {f"relu_{name}": w.astype(np.float16) for name, w in zip(RELU_WEIGHTS, weights)}


def relu_network(arrays, xp=np):
    """Return the `ReLUNetwork` in float32 of weights stored as by `relu_arrays`."""
    return ReLUNetwork(*(xp.asarray(arrays[f"relu_{name}"].astype(np.float32)) for name in RELU_WEIGHTS))
