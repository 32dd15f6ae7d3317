"""Answers to the code exercises of the chapter on exponential memories and attention."""

from functools import cache
from typing import Any

import numpy as np

from dam.datasets import damaged_seven, mnist
from dam.lab.experiments import completion
from dam.memory import attention


@cache
def _wrong():
    """Pixels of the answer that differ from the seven, for β = 0.01, 0.02, ... up to the first without any."""
    seven, damaged = damaged_seven()
    memories, wrong = np.vstack([seven, completion.digits(1999, seed=0)]), []
    while not wrong or wrong[-1]:
        new = attention.update(damaged[None], memories, (len(wrong) + 1) / 100)[0]
        wrong.append(int(np.sum(np.sign(new) != seven)))
    return wrong


def seven(answer: Any) -> str | None:
    """The smallest β, a multiple of 0.01, at which one update brings back the seven in every pixel."""
    wrong, step = _wrong(), 100 * float(answer)
    if abs(step - len(wrong)) < 1e-6:
        return None
    if step > len(wrong):
        return "A smaller β is enough: compare the signs of the answer with the seven, pixel by pixel."
    if abs(step - round(step)) > 1e-6 or step < 1:
        return "The question is for a multiple of 0.01."
    return f"At this β {wrong[round(step) - 1]} pixels of the answer still have the wrong sign."


@cache
def _errors():
    """Errors in percent of 1000 test digits: by attention at β = 100, without the division, and by the nearest."""
    data = mnist()
    keys, asked = data.x_train[:5000] + 1, data.x_test[:1000] + 1
    classes, right = data.y_train[:5000], data.y_test[:1000]
    values = np.eye(10, dtype=keys.dtype)[classes]
    error = lambda found: 100 * float(np.mean(found != right))
    vote = lambda k, q: error(np.argmax(attention.attention(q, k, values, 100.0), axis=1))
    units = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (keys, asked)]
    return vote(*units), vote(keys, asked), error(classes[np.argmax(units[1] @ units[0].T, axis=1)])


def labels(answer: Any) -> str | None:
    """The error of attention at β = 100 with 5000 digits as keys, in percent; half a digit more or less is chance."""
    right, long, nearest = _errors()
    close = lambda value: abs(float(answer) - value) < 0.15
    if close(right):
        return None
    if close(right / 100):
        return "This is the share; the question is for percent."
    if close(100 - right):
        return "This is how many answers are right; the question is for the errors."
    if close(long):
        return "These are the errors of digits that were not divided by their lengths."
    if close(nearest):
        return "This is the error of the nearest neighbor."
    return "Each key and each test digit has pixels from 0 to 2 and the length 1, and the answer is the largest vote."


ANSWERS = {"attention-seven": seven, "attention-labels": labels}
