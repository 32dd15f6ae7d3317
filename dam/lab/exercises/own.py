"""What is right in the exercises of the chapter on data of one's own."""

import numpy as np

from dam import checks, datasets
from dam.network import training
from dam.network.classifier import error_percent
from dam.network.recipes import Recipe


def short(n: int) -> Recipe:
    """The recipe of the chapter for its 64 pixels."""
    return Recipe.compressed(n, 40, K=100, batch_per_class=20, epsilon0=0.05, N=64)


def digits() -> tuple[np.ndarray, np.ndarray]:
    """The digits of the chapter, from -1 to 1, and their classes."""
    ink, y = datasets.digits8()
    return (ink / 8 - 1).astype("float32"), y


def inverted(answer: float) -> str | None:
    """Percent of the overlaps of the digits, ink -1 and paper +1, with the initial memories that are positive."""
    answer, (x, _) = checks.number("answer", answer, 0, 100), digits()
    memories = training.initial_weights(short(20), 74, 0, "float32")[:, :64]
    share = 100 * np.mean(-x @ memories.T > 0)
    if abs(answer - (100 - share)) < 0.05:
        return "This is the share for the digits as they were."
    if abs(answer - share) < 0.05:
        return None
    return (
        "Take all 1797 digits, turned round, and the first 64 columns of the 74: which share of -x @ memories.T is > 0?"
    )


def two(answer: float) -> str | None:
    """Percent of the held-out digits that a network of two classes, even and odd, misreads at n = 3."""
    answer, (x, y) = checks.number("answer", answer, 0, 100), digits()
    (kept, held_out), odd = datasets.held_out_split(y[:1500]), y % 2
    network, _ = training.train(x[kept], odd[kept], short(3), classes=2, progress=False)
    error = error_percent(network, x[held_out], odd[held_out])
    if abs(answer - error) <= 200 / len(held_out):  # two digits more or less
        return None
    return "Number the classes by y % 2, train on kept with seed 0, and take the error on held_out."


ANSWERS = {"own-inverted": inverted, "own-two": two}
