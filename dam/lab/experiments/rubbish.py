"""Minima of the objective, reached from noise: confidence and likeness to digits"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dam import checks, datasets
from dam.arrays import get_namespace, to_numpy
from dam.lab import paper
from dam.lab.common import count_within, networks_of
from dam.lab.experiments import Experiment, Outcome
from dam.lab.stored import trained
from dam.lab.verdicts import Claim, value, within
from dam.network import robustness
from dam.network.classifier import Classifier
from dam.network.prototypes import resemblance

PAPER = {"n": paper.POWERS, "noises": 8, "updates": 300, "known": 60_000, "network_seed": 0}
DEMO = PAPER | {"n": (2, 30), "noises": 1, "updates": 60, "known": 3000}
RANGES = {"noises": (1, 60_000)}
STARTS = ("uniform", "shuffled")
"""Noise: pixels drawn from [-1, 1], or those of a training digit in random order, most of them paper."""
UNLIKE = 0.5
"""Rubbish is what a network is confident of and what correlates with no training digit by as much as this.

It was chosen before any outcome was seen, halfway between noise, near 0.1 to 0.2, and test digits, near 0.85.
"""
CONTROLS = 500
"""How many test digits are compared with the training digits."""


def run(
    *, seed: int, n: Sequence[int], noises: int, updates: int, known: int, network_seed: int, sweep: Callable,
    backend: str | None = None, folder: Path | str | None = None,
) -> Outcome:  # fmt: skip
    """Descend from noise to the minimum of the objective of every class, on every network, in float64.

    The objective is (14) with the power m that the network was trained with: see `dam.network.robustness.minima`. There
    are so many ``noises`` of each kind in `STARTS` for each class, the same for all networks, and so many ``updates``.

    Values, for each n, over all starts: ``unlike_percent_n{n}``, how many end at a picture that is like no training
    digit (`UNLIKE`); ``confident_percent_n{n}``, how many at one that the network gives to the class with confidence
    (`dam.network.robustness.CONFIDENT`); ``rubbish_percent_n{n}``, how many at one that is both; the medians
    ``confidence_n{n}``, ``likeness_n{n}`` and ``updates_n{n}``, the last over those that became confident;
    ``named_percent_n{n}``, for how many all other networks answer with the class too; ``network_n{n}``.

    Arrays: ``likeness_test (500,)``, correlation of test digits with the most similar training digit; ``likeness_start
    (starts, noises)``, that of the noise. For each n, ``(starts, noises, 10)``: ``likeness_n{n}``; ``alike_n{n}``, the
    class of that digit; ``confidence_n{n}``, ``ln_C_n{n}``, ``updates_n{n}`` (-1: never confident),
    ``confident_n{n}``; and ``images_n{n} (starts, 10, 784)``, the ends for the first noise.
    """
    checks.count("noises", noises)
    count_within("known", known, 1, 60_000)
    networks = networks_of(n, False, network_seed, folder)
    shared = {"seed": seed, "noises": noises, "updates": updates, "known": known, "others": networks.which}
    shared |= {"network_seed": network_seed, "folder": folder and str(folder), "made": networks.made}
    tasks = [shared | {"n": degree, "m": m, "backend": backend} for degree, m in zip(n, networks.m)]
    found = sweep(point, tasks)
    xp, data = get_namespace(backend), datasets.mnist()
    x = xp.asarray(data.x_train[:known])
    arrays = {
        "likeness_test": _alike(xp, data.x_test[:CONTROLS], x)[0],
        "likeness_start": _alike(xp, starts(noises, seed).reshape(-1, 784), x)[0].reshape(len(STARTS), noises),
    }
    percent, median = lambda chosen: 100 * float(chosen.mean()), lambda x: float(np.median(x)) if len(x) else np.nan
    values: dict[str, Any] = {}
    for tag, made, one in zip(networks.tags, networks.made, found):
        unlike, confident, became = one["likeness"] < UNLIKE, one["confident"], one["updates"] >= 0
        values |= {
            f"network_{tag}": made,
            f"unlike_percent_{tag}": percent(unlike),
            f"rubbish_percent_{tag}": percent(confident & unlike),
            f"confident_percent_{tag}": percent(confident),
            f"named_percent_{tag}": percent(one.pop("named")),
            f"confidence_{tag}": median(one["confidence"]),
            f"likeness_{tag}": median(one["likeness"]),
            f"updates_{tag}": median(one["updates"][became]),
        }
        arrays |= {f"{key}_{tag}": array for key, array in one.items()}
    return values, arrays


def starts(noises: int, seed: int) -> np.ndarray:
    """Return the noise ``(len(STARTS), noises, 784)``."""
    rng, x = np.random.default_rng(seed), datasets.mnist().x_train
    uniform = rng.uniform(-1, 1, (noises, x.shape[1]))
    shuffled = rng.permuted(x[rng.permutation(len(x))[:noises]], axis=1)
    return np.stack([uniform, shuffled])


def point(
    *, n: int, m: int, seed: int, noises: int, updates: int, known: int, others: list, network_seed: int,
    folder: Path | str | None, made: str, backend: str | None,
) -> dict[str, Any]:  # fmt: skip
    """Descend on one network; return its arrays as `run` names them, and ``named``. ``made`` as in ``transfer``."""
    xp, data = get_namespace(backend), datasets.mnist()
    shape = len(STARTS), noises, 10
    v = np.repeat(starts(noises, seed)[:, :, None, :], 10, axis=2).reshape(-1, 784)
    target = np.tile(np.arange(10), len(STARTS) * noises)
    networks = {degree: double(trained(degree, network_seed, folder, xp)[0], xp) for degree in others}
    end = robustness.minima(xp.asarray(v), xp.asarray(target), networks[n], updates=updates, m=m)
    answers = {degree: to_numpy(network.predict(end.images)) for degree, network in networks.items()}
    named = np.ones(len(target), bool)
    for degree, given in answers.items():
        named &= (given == target) | (degree == n)
    images = to_numpy(end.images)
    likeness, which = _alike(xp, images, xp.asarray(data.x_train[:known]))
    found = {key: to_numpy(getattr(end, key)) for key in ("ln_C", "confidence", "updates")}
    found["updates"] = found["updates"].astype(np.int16)
    found |= {"likeness": likeness, "alike": data.y_train[which].astype(np.int8), "named": named}
    found["confident"] = (answers[n] == target) & (found["confidence"] >= robustness.CONFIDENT)
    found = {key: array.reshape(shape) for key, array in found.items()}
    return found | {"images": images.reshape(*shape, 784)[:, 0].astype(np.float16)}


def double(network: Any, xp: Any) -> Classifier:
    """Return a network in float64."""
    visible, labels = (xp.astype(x, xp.float64) for x in (network.visible, network.label_weights))
    return Classifier(visible, labels, network.n, network.T, network.kind)


def _alike(xp, pictures, x):
    """Return the correlation with the most similar of the training digits ``x``, and the place of that digit."""
    found = resemblance(xp.asarray(pictures.astype(np.float32)), x)
    return to_numpy(found.correlation).astype(np.float32), to_numpy(found.by_correlation)


CLAIMS = (
    *(Claim(f"no-rubbish-n{n}", "Krotov and Hopfield (2018)",
            f"n = {n}: the minima of the objective are free from rubbish images",
            "from noise, at most 5 % of the descents end at a picture that correlates by less than 0.5 with any digit "
            "(each training)",
            value(f"unlike_percent_n{n}"), holds, digits=1, unit=" %",
            source="other paper", fixed="2026-11-28", expected=word, reason=why,
            undecided="a few more do, and of so few descents that is within chance")
      for n, holds, word, why in (
          (20, None, "not judged", ""),
          (30, within(0, 5), "contradicted",
           "most descents from shuffled pixels end at faint traces of a digit that the network is certain of"))),
    *(Claim(f"rubbish-n{n}", "Krotov and Hopfield (2018)",
            f"n = {n}: at small powers the minima of the objective correspond to rubbish images",
            "from noise, more than half of the descents end at a picture that correlates by less than 0.5 with any "
            "digit and that the network gives the class with c of at least 0.9 (each training)",
            value(f"rubbish_percent_n{n}"), within(50, 100), digits=1, unit=" %", source="other paper",
            fixed="2026-11-22") for n in (2, 3)),
)  # fmt: skip

EXPERIMENT = Experiment(
    __doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 15, "paper": 140}, run, claims=CLAIMS, place=14, ranges=RANGES
)
