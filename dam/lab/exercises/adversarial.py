"""Checks for the exercises of the chapter on adversarial images."""

from functools import cache
from typing import Any

import numpy as np

from dam import datasets
from dam.lab import results
from dam.lab.stored import trained, trained_m
from dam.network import attacks


@cache
def _five():
    """The five digits of the chapter and their classes."""
    found, data = results.load("transfer").arrays, datasets.mnist()
    some = [found["digit"][found["label"] == alpha][0] for alpha in (3, 4, 8, 9)]
    return np.vstack([data.x_train[[datasets.SEVEN]], data.x_test[some]]), np.array([7, 3, 4, 8, 9])


@cache
def _attacked(n):
    """A trained network, the power of its objective, and the attack on the five digits."""
    network, m = trained(n)[0], trained_m(n)
    return network, m, attacks.attack(*_five(), network, m=m)


def _ratio(n):
    """The median over the five digits of a straight guess of the distance to the boundary over that of the attack."""
    (v, y), (network, m, found), short, five = _five(), _attacked(n), 0.05, np.arange(5)
    slope = attacks.gradient(v, found.target, network, m)[1]
    first, then = (network.arguments(image) for image in (v, attacks.move(v, slope, short, "l2")))
    gaps = [a[five, y] - a[five, found.target] for a in (first, then)]
    return np.median(short * gaps[0] / (gaps[0] - gaps[1]) / np.linalg.norm(found.images - v, axis=1))


def linear(answer: Any) -> str | None:
    """Check the median ratio of guess and attack at n = 30."""
    right = _ratio(30)
    if abs(answer - right) < 0.1 * right:
        return None
    if abs(answer * right - 1) < 0.1:
        return "This is the attack over the guess; the question is the guess over the attack."
    if abs(answer - _ratio(2)) < 0.1 * _ratio(2):
        return "This is the ratio at n = 2; the question is n = 30."
    return "The gap on a short step of length 0.05 falls by its slope times 0.05; take the median of the five ratios."


def _pull(m):
    """The median over the five digits of the share that own and second class have in the pull at the start, n = 20."""
    (v, y), (network, _, found), five = _five(), _attacked(20), np.arange(5)
    t = np.where(np.arange(10) == found.target[:, None], 1, -1)
    a = network.arguments(v)
    pull = np.abs(network.objective(a, t.astype(a.dtype), m)[1])
    return np.median((pull[five, y] + pull[five, found.target]) / pull.sum(axis=1))


def objective(answer: Any) -> str | None:
    """Check the share of the pull of the two classes at m = 1."""
    right = _pull(1)
    if abs(answer - right) < 0.03:
        return None
    if abs(answer / 100 - right) < 0.03:
        return "Give the share as a number from 0 to 1, not in percent."
    if abs(answer - _pull(30)) < 0.03:
        return "This is the share with m = 30; the question is m = 1."
    return "Take |dlnC/da| of the own and of the second class over the sum of all ten, and the median of five digits."


def random(answer: Any) -> str | None:
    """Check the share in percent of the noisy digits that n = 2 misreads."""
    (v, y), (network, _, found), rng = _five(), _attacked(2), np.random.default_rng(1)
    change = rng.normal(size=(100, *v.shape)).astype(np.float32)
    change = np.where(v == -1, np.abs(change), change)
    length = 3 * np.linalg.norm(found.images - v, axis=1)
    change *= length[:, None] / np.linalg.norm(change, axis=2, keepdims=True)
    wrong = 100 * np.mean(network.predict(np.clip(v + change, -1, 1).reshape(-1, 784)) != np.tile(y, 100))
    if abs(answer - wrong) < 10:
        return None
    return f"It is nearer to {5 * round(wrong / 5)} %. Are the changes three times the way to the boundary of n = 2?"


ANSWERS = {"adversarial-linear": linear, "adversarial-m": objective, "adversarial-random": random}
