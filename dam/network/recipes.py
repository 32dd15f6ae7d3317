"""The settings of a training: eqs. (12)-(14) and Appendix A."""

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np

from dam import checks
from dam.memory.interactions import KINDS
from dam.network.classifier import FORMS
from dam.network.objective import OBJECTIVES

PIXELS = 784
"""Of an MNIST digit: the paper's temperatures are for these."""

# whole numbers: the least; any numbers: the range, of T for 784 pixels
COUNTS = {"n": 2, "m": 1, "ramp_epochs": 0, "epochs": 1, "K": 1, "batch_per_class": 1, "N": 1, "average": 0}
RANGES = {
    "n": (2, 100),
    "m": (1, 60),
    "T_initial": (1, 5000),
    "T_final": (1, 5000),
    "epsilon0": (1e-6, 1),
    "decay": (0.5, 1),
    "momentum": (0, 0.999),
    "init_mean": (-1, 1),
    "init_std": (1e-6, 1),
}


@dataclass(frozen=True)
class Recipe:
    """All that determines a training but the data and the seed.

    T is compared with the overlap H of a digit and a memory, a sum over the N pixels. Data of another N need T in
    proportion: ``Recipe.paper(3, N=64)`` has T = 300 · 64/784 = 24.5 at the start. T that is given by hand is taken
    as it is. That is where to begin: pixels that are mostly gray make smaller overlaps and want T lower still, which
    held-out digits decide.

    Attributes
    ----------
    n : int
        Degree of the rectified polynomial, 2 to 100.
    m : int
        Power of the objective (14), 1 to 60.
    T_initial, T_final : float
        Temperatures in neurons, 1 to 5000 for 784 pixels, in proportion for others: from the one to the other
        linearly in ``ramp_epochs``, then constant.
    ramp_epochs : int
    epsilon0, decay : float
        ε = epsilon0 · decay^epoch, eq. (12): the largest change of a weight in one update.
    momentum : float
        p of eq. (13), at least 0 and below 1.
    epochs : int
        Length of the whole training.
    K : int
        Number of memories.
    batch_per_class : int
        Digits of each class in a minibatch.
    init_mean, init_std : float
        Gaussian of the initial weights, visible and label weights alike.
    form : {'dual', 'exact'}
        Train through eq. (10) or through eq. (9).
    objective : {'power', 'softmax'}
        Eq. (14), or cross-entropy of the softmax of the arguments of the tanh.
    kind : {'rectified', 'power'}
        Whether F is x^n for positive x only, eq. (3), or for all.
    N : int
        The number of pixels that the temperatures are for. It changes nothing in a training; `train` warns if the
        digits have another number.
    average : int
        The trained weights are the mean of those after each of the last so many of all epochs; 0 or 1: those after the
        last one.

    Raises
    ------
    ValueError
        A value is out of its range; the message gives the range.
    """

    n: int
    m: int
    T_initial: float
    T_final: float
    ramp_epochs: int
    epsilon0: float
    decay: float
    momentum: float
    epochs: int
    K: int = 2000
    batch_per_class: int = 100
    init_mean: float = -0.3
    init_std: float = 0.3
    form: str = "dual"
    objective: str = "power"
    kind: str = "rectified"
    N: int = PIXELS
    average: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            if isinstance(value := getattr(self, field.name), np.generic):  # JSON takes Python numbers only
                object.__setattr__(self, field.name, value.item())
        for name, least in COUNTS.items():
            checks.count(name, getattr(self, name), least)
        for name, (low, high) in RANGES.items():
            scale = self.N / PIXELS if name.startswith("T_") else 1
            checks.number(name, getattr(self, name), scale * low, scale * high)
        checks.number("average", self.average, 0, self.epochs)
        checks.choice("form", self.form, FORMS)
        checks.choice("objective", self.objective, OBJECTIVES)
        checks.choice("kind", self.kind, KINDS)

    def scaled(self, N: int) -> Self:
        """Return the recipe for data of N pixels: both temperatures times N over the number that they were for."""
        if checks.count("N", N) == self.N:
            return self
        return replace(self, N=N, T_initial=self.T_initial * N / self.N, T_final=self.T_final * N / self.N)

    @classmethod
    def paper(cls, n: int, *, N: int = PIXELS, **changes: Any) -> Self:
        """Return settings within the windows of Appendix A: 3000 epochs through eq. (9), ε falling by 0.998 an epoch.

        The paper gives windows only. Small n (below 10): T falls from 300 (n = 2: 400) to 60 in 200 epochs, and
        m = 3. Large n: T = 600 throughout, and m = 30. T is `scaled` to N pixels. ``changes`` replace single fields.
        """
        if checks.degree(n, 2) < 10:
            recipe = cls(n, 3, 400 if n == 2 else 300, 60, 200, 0.02, 0.998, 0.8, 3000, form="exact")
        else:
            recipe = cls(n, 30, 600, 600, 0, 0.04, 0.998, 0.6, 3000, form="exact")
        return replace(recipe.scaled(N), **changes)

    @classmethod
    def compressed(cls, n: int, epochs: int, *, N: int = PIXELS, **changes: Any) -> Self:
        """Return a schedule for a short training of degree n: the paper's equations in tens of epochs.

        Found by trial: ε starts far above the paper's window and falls to a few percent of its start by the last
        epoch, and the ramp of T takes two thirds of the epochs (small n). Trained through eq. (10), the quicker form.
        T is `scaled` to N pixels. ``changes`` replace single fields.
        """
        paper, epochs = cls.paper(n), checks.count("epochs", epochs)
        schedule: dict[str, Any]
        if paper.ramp_epochs:
            schedule = {"ramp_epochs": round(2 * epochs / 3), "epsilon0": 0.1}
            last = 0.08
        else:
            T, epsilon0 = (500, 0.15) if n < 25 else (600, 0.06)  # n = 30 does not survive the larger rate
            schedule, last = {"T_initial": T, "T_final": T, "epsilon0": epsilon0}, 0.04
        rates = {"decay": max(last ** (1 / epochs), 0.5), "epochs": epochs, "form": "dual"}
        return replace(replace(paper, **(schedule | rates)).scaled(N), **changes)

    @classmethod
    def ten_minutes(cls, n: int, *, N: int = PIXELS, **changes: Any) -> Self:
        """Return a schedule of 250 epochs through eq. (9), about twenty minutes on a CPU core.

        The ramp, the decay of ε and the epochs are shortened together; at large n ε starts above the paper's window, as
        far as the weights survive it. Put together from a few trials for each n, judged by the error on held-out
        digits. T is `scaled` to N pixels. ``changes`` replace single fields.
        """
        paper = cls.paper(n)
        schedule: dict[str, Any]
        if paper.ramp_epochs:
            schedule = {"ramp_epochs": 180, "epsilon0": 0.03, "decay": 0.994}
        else:
            T, epsilon0 = (500, 0.1) if n < 25 else (600, 0.06)
            schedule = {"T_initial": T, "T_final": T, "epsilon0": epsilon0, "decay": 0.9845}
        return replace(replace(paper, **schedule, epochs=250).scaled(N), **changes)

    def temperature(self, epoch: int) -> float:
        """Return T in neurons for an epoch counted from 0."""
        if epoch >= self.ramp_epochs:
            return self.T_final
        return self.T_initial + (self.T_final - self.T_initial) * epoch / self.ramp_epochs

    def averaged(self, epochs: int) -> int:
        """Return over how many of the first so many epochs the weights are averaged."""
        return max(0, epochs - self.epochs + self.average)

    def epsilon(self, epoch: int) -> float:
        """Return the learning rate ε of eq. (12) for an epoch counted from 0."""
        return self.epsilon0 * self.decay**epoch
