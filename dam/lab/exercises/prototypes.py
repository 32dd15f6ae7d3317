"""Answers to the exercises of the chapter on features and prototypes."""

from typing import Any

import numpy as np

from dam import datasets
from dam.arrays import Array
from dam.lab import results
from dam.lab.stored import trained
from dam.network import prototypes


def opposed(answer: Any) -> str | None:
    label_weights = trained(3)[0].label_weights
    up = awake(3)
    right = np.corrcoef(label_weights[up].T)[4, 9]
    if abs(answer - right) < 0.006:
        return None
    if abs(answer - np.corrcoef(label_weights.T)[4, 9]) < 0.006:
        return "This counts the sleeping memories, which stopped before they had decided; leave them out."
    if abs(answer + right) < 0.006:
        return "The size is right; look at the sign."
    return "Take the label weights of the memories that are awake, columns 4 and 9, and np.corrcoef."


def specialists(answer: Any) -> str | None:
    network, data = trained(30)[0], datasets.mnist()
    alone = prototypes.votes(network.label_weights) == 1
    (right,) = prototypes.errors_kept(data.x_test[:2000], data.y_test[:2000], network, alone[None, :])
    if abs(answer - right) <= 0.11:
        return None
    if abs(100 - answer - right) <= 0.11:
        return "This is the share that is read correctly; the question is the error."
    if abs(100 * answer - right) <= 0.5:
        return "Give the error in percent."
    return "Keep the memories with exactly one label weight above one half, and read the first 2000 test digits."


def agree(answer: Any) -> str | None:
    stored, network, up = results.load("fig2").arrays, trained(3)[0], awake(3)
    looks = datasets.mnist().y_train[stored["known"][stored["which_correlation_digit_n3"]]]
    right = 100 * (network.label_weights[np.arange(len(looks)), looks] > 0.5)
    if abs(answer - right[up].mean()) < 0.6:
        return None
    if abs(answer - right.mean()) < 0.6:
        return "This counts the sleeping memories; leave them out."
    if abs(100 * answer - right[up].mean()) < 0.6:
        return "Give it in percent."
    return "For each memory that is awake look whether its label weight for the class of its digit is above one half."


def awake(n: int) -> Array:
    return results.load("fig2").arrays[f"reach_n{n}"] > 0


ANSWERS = {"prototypes-opposed": opposed, "prototypes-specialists": specialists, "prototypes-agree": agree}
