"""MNIST: the power n as a dial, from 2 to 30: error, speed, votes, who decides, likeness to digits, robustness"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from dam import checks, datasets
from dam.arrays import get_namespace, to_numpy
from dam.lab import paper
from dam.lab.common import accuracies, drawn, stacked
from dam.lab.experiments import Experiment, Outcome
from dam.lab.experiments.fig2 import class_means, network_measures
from dam.lab.results import Result
from dam.lab.trainings import train_once
from dam.lab.verdicts import Claim, every
from dam.network.recipes import Recipe
from dam.network.robustness import robust
from dam.network.training import train

PAPER = {"n": (2, 3, 4, 5, 6, 8, 10, 14, 20, 30), "K": paper.MEMORIES, "epochs": None, "trial_epochs": 40,
         "images": 200, "radii": (1, 1.5, 2, 3), "steps": 20}  # fmt: skip
DEMO = PAPER | {"n": (2, 5, 30), "K": 30, "epochs": 3, "trial_epochs": 2, "images": 20, "radii": (1, 2), "steps": 3}
RANGES = {"trial_epochs": (2, 10**6)}
CANDIDATES = (
    *(("falling", 3, factor) for factor in (0.8, 1.0, 1.25)),
    *(("falling", m, 1.0) for m in (10, 30)),
    *(("constant", m, 1.0) for m in (3, 10, 30)),
)
"""Settings that are tried for each n: whether T falls, m, and T over `temperature`."""
TRIAL_SEED = 0
"""Of the trainings that settings are chosen by, whatever the seed: seeds of the result differ by chance alone."""
MEASURES = ("error_percent", "asleep_percent", "one_class_percent", "three_to_five_percent", "lone_percent",
            "comparable", "half_share")  # fmt: skip
"""Those of `fig2.network_measures` that are kept."""
OTHERS = ("first_epoch_below_2_percent", "likeness", "train_seconds")


def run(
    *, seed: int, n: Sequence[int], K: int, epochs: int | None, trial_epochs: int, images: int, radii: Sequence[float],
    steps: int, sweep: Callable, backend: str | None = None,
) -> Outcome:  # fmt: skip
    """Choose settings for each n on held-out digits, then train on all 60,000 with them and measure the network.

    Settings are chosen among `CANDIDATES` by trainings of ``trial_epochs`` on 50,000 digits: the lowest error on the
    10,000 others. The network is trained through (9) by `Recipe.ten_minutes`, or, if ``epochs`` are given, by
    `Recipe.compressed` in so many. ``images`` of the test digits are attacked as in the experiment ``robustness``,
    within each of the Euclidean ``radii``. A training that breaks down has NaN throughout.

    Values, ``_n{n}`` appended: ``schedule``, ``m`` and ``T`` that were chosen, and their ``held_out_percent``; of the
    network `MEASURES`, see `fig2.network_measures`; ``first_epoch_below_2_percent``, counted from 1, NaN if there is
    none; ``likeness``, median over the memories that are not asleep of the correlation with the most similar training
    digit; ``train_seconds``; ``accuracy_percent_l2_{radius}``, under attack.

    Arrays: each of these but the texts ``(P,)``, for P powers, with ``n``; ``chosen (P,)``, which of the C candidates,
    ``trial_percent (P, C)``, their errors, ``trial_T (P, C)``, ``trial_m (C,)``, ``trial_schedule (C,)``; ``error`` and
    ``train_error (P, epochs)`` in %; ``votes (P, 11)``, how many memories that are not asleep vote for 0 to 10 classes;
    ``accuracy_l2 (P, radii)`` in %, ``radii``; ``digit (images,)``, those attacked.
    """
    digits = drawn("images", images, len(datasets.mnist().y_test), seed)
    checks.count("trial_epochs", trial_epochs, minimum=2)
    found = sweep(train_once, trials(n, K, trial_epochs, backend))
    trial_percent = np.array([one["error_percent"] for one in found]).reshape(len(n), len(CANDIDATES))
    if np.isnan(trial_percent).all(axis=1).any():
        raise FloatingPointError(f"every trial for one of n = {n} broke down; try more trial_epochs or other n")
    chosen = np.nanargmin(trial_percent, axis=1)
    recipes = [recipe(degree, CANDIDATES[c], epochs, K) for degree, c in zip(n, chosen)]
    attack = {"digits": digits.tolist(), "radii": list(radii), "steps": steps}
    tasks = [attack | {"recipe": asdict(one), "seed": seed, "backend": backend} for one in recipes]
    arrays = stacked(sweep(point, tasks), len(n)) | {
        "n": np.array(n),
        "m": np.array([one.m for one in recipes]),
        "T": np.array([one.T_final for one in recipes]),
        "held_out_percent": np.nanmin(trial_percent, axis=1),
        "chosen": chosen,
        "trial_percent": trial_percent,
        "trial_T": np.array([[factor * temperature(degree) for _, _, factor in CANDIDATES] for degree in n]),
        "trial_m": np.array([m for _, m, _ in CANDIDATES]),
        "trial_schedule": np.array([schedule for schedule, _, _ in CANDIDATES]),
        "radii": np.array(radii, float),
        "digit": digits.astype(np.int16),
    }
    tags = [f"n{degree}" for degree in n]
    values = {f"schedule_{tag}": CANDIDATES[c][0] for tag, c in zip(tags, chosen)}
    for key in ("m", "T", "held_out_percent", *MEASURES, *OTHERS):
        values |= {f"{key}_{tag}": number.item() for tag, number in zip(tags, arrays[key])}
    return values | accuracies("accuracy", "l2", radii, tags, arrays["accuracy_l2"]), arrays


def temperature(n: int) -> float:
    """Return the T in neurons that trials are made around.

    There a memory with overlap ξ·v = 700 with a digit of 784 pixels alone makes 30 of the argument of the tanh in (10),
    2n/T (700/T)^(n-1). At n = 20 and 30 that lies in the paper's windows. At small n many memories add up, and T is
    not below the 60 of `Recipe.paper`.
    """
    return max(60.0, float(np.exp((np.log(2 * n / 30) + (n - 1) * np.log(700)) / n)))


def recipe(n: int, candidate: tuple[str, int, float], epochs: int | None, K: int) -> Recipe:
    """Return the recipe of a candidate: that of n = 3 if T falls, else that of n = 20 or more, with its m and T."""
    (schedule, m, factor), T = candidate, temperature(n)
    like = 3 if schedule == "falling" else max(n, 20)
    base = Recipe.ten_minutes(like) if epochs is None else Recipe.compressed(like, epochs, form="exact")
    first = max(factor * T, min(5 * factor * T, 600)) if schedule == "falling" else factor * T
    return replace(base, n=n, m=m, T_initial=first, T_final=factor * T, K=K)


def trials(n: Sequence[int], K: int, epochs: int, backend: str | None) -> list[dict]:
    """Return the trainings on held-out digits, as tasks for `train_once`: all candidates of each n."""
    recipes = [asdict(recipe(degree, candidate, epochs, K)) for degree in n for candidate in CANDIDATES]
    return [{"recipe": one, "seed": TRIAL_SEED, "held_out": True, "backend": backend} for one in recipes]


def point(
    *, recipe: dict, seed: int, digits: Sequence[int], radii: Sequence[float], steps: int, backend: str | None
) -> dict[str, Any]:
    """Train one network on all digits and measure it: see `run`."""
    settings, xp, data = Recipe(**recipe), get_namespace(backend), datasets.mnist()
    tests: dict[str, Any] = {"x_test": data.x_test, "y_test": data.y_test}
    try:
        trained = train(data.x_train, data.y_train, settings, seed=seed, **tests, progress=False, backend=backend)
    except FloatingPointError:
        sizes = {"error": settings.epochs, "train_error": settings.epochs, "votes": 11, "accuracy_l2": len(radii)}
        return dict.fromkeys((*MEASURES, *OTHERS), np.nan) | {key: np.full(size, np.nan) for key, size in sizes.items()}
    (network, history), K = trained, settings.K
    x, x_test, y_test = map(xp.asarray, (data.x_train, data.x_test, data.y_test))
    network = network.on(xp)
    means, whole, order = class_means(data.x_train, data.y_train), np.array([0]), np.arange(K)[None, :]
    values, arrays = network_measures(network, x, x_test, y_test, xp.asarray(means), (settings.n,), whole, order)
    awake, below = arrays["reach"] > 0, np.flatnonzero(history["test_error"] < paper.BELOW)
    v, y = xp.asarray(data.x_test[digits]), xp.asarray(data.y_test[digits])
    withstood = [to_numpy(robust(v, y, network, radii, steps=steps, m=m)) for m in (None, settings.m, 1)]
    return {key: values[key] for key in MEASURES} | {
        "first_epoch_below_2_percent": int(below[0]) + 1 if len(below) else np.nan,
        "likeness": float(np.median(arrays["correlation_digit"][awake])) if awake.any() else np.nan,
        "train_seconds": float(history["seconds"].sum()),
        "error": history["test_error"].astype(np.float32),
        "train_error": history["train_error"].astype(np.float32),
        "votes": np.bincount(arrays["votes"][awake], minlength=11),
        "accuracy_l2": 100 * np.all(withstood, axis=0).mean(axis=1),
    }


def in_between(result: Result) -> float | None:
    """Measure by how many points the lowest error between the least and the largest n is below that at both ends."""
    errors = np.array([result.values[f"error_percent_n{n}"] for n in sorted(result.parameters["n"])], float)
    ends, inner = errors[[0, -1]], errors[1:-1]
    return None if np.isnan(ends).any() or np.isnan(inner).all() else float(ends.min() - np.nanmin(inner))


CLAIM = Claim(
    "intermediate-n", "Section 2, after eq. (6)",
    "n small: many memories contribute, n large: one does; optimal computation occurs in the intermediate range",
    "n = 2 to 30, K = 2000, 250 epochs: for every seed, the lowest test error in between is at least 0.1 points below "
    "that at both ends",
    in_between, every(0.1, 100), digits=2, unit=" points", source="paper", fixed="2026-11-28", blind=True,
    reason="the lowest error lies at an end",
)  # fmt: skip
"""Written before there was a result; it joins `EXPERIMENT` with the first one that is shipped."""

EXPERIMENT = Experiment(
    __doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 30, "paper": 20_000}, run, place=10.5, ranges=RANGES
)
