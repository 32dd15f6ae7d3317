"""Rubbish images: where descents of the objective end that start from noise, and what the networks say of it."""

import numpy as np

from dam import checks, datasets
from dam.arrays import get_namespace, to_numpy
from dam.lab.stored import trained, trained_m
from dam.lab.sweeps import sweep as sweep_here
from dam.network import robustness
from dam.network.classifier import Classifier
from dam.network.prototypes import resemblance

SUMMARY = "Minima of the objective, reached from noise: confidence and likeness to digits"
SCALES = {
    "demo": {"n": (2, 30), "noises": 1, "updates": 60, "known": 3000, "network_seed": 0},
    "paper": {"n": (2, 3, 20, 30), "noises": 8, "updates": 300, "known": 60_000, "network_seed": 0},
}
SECONDS = {"demo": 15, "paper": 140}

STARTS = ("uniform", "shuffled")
"""Noise: pixels drawn from [-1, 1], or those of a training digit in random order, most of them paper."""

UNLIKE = 0.5
"""Rubbish is what a network is confident of and what correlates with no training digit by as much as this.

It was chosen before any outcome was seen, halfway between noise, near 0.1 to 0.2, and test digits, near 0.85.
"""
CONTROLS = 500
"""How many test digits are compared with the training digits."""


def run(*, seed, n, noises, updates, known, network_seed, backend=None, results=None, sweep=sweep_here):
    """Descend from noise to the minimum of the objective of every class, on every network, in float64.

    The objective is (14) with the power m that the network was trained with: see `dam.network.robustness.minima`.

    Parameters
    ----------
    seed : int
        Draws the noise; it is the same for all networks.
    n : sequence of int
        Degrees of the networks.
    noises : int
        Starts of each kind in `STARTS` for each class.
    updates : int
        Of a descent.
    known : int
        Among how many training digits, from the first on, the most similar one is looked for.
    network_seed : int
        Seed of the trainings that made the networks, stored results of the experiment ``mnist``.
    results : path, optional
        Folder to look for these networks in before those shipped with the package.

    Returns
    -------
    values : dict
        For each n, over all starts: ``unlike_percent_n{n}``, how many end at a picture that is like no training digit
        (`UNLIKE`); ``confident_percent_n{n}``, how many at one that the network gives to the class with confidence
        (`dam.network.robustness.CONFIDENT`); ``rubbish_percent_n{n}``, how many at one that is both; the medians
        ``confidence_n{n}``, ``likeness_n{n}`` and ``updates_n{n}``, the last over those that became confident;
        ``named_percent_n{n}``, for how many all other networks answer with the class too; ``network_n{n}``, where the
        network comes from.
    arrays : dict
        ``likeness_test (500,)``, correlation of test digits with the most similar training digit;
        ``likeness_start (starts, noises)``, that of the noise. For each n, ``(starts, noises, 10)``:
        ``likeness_n{n}``; ``alike_n{n}``, the class of that digit; ``confidence_n{n}``, ``ln_C_n{n}``,
        ``updates_n{n}`` (-1: never confident), ``confident_n{n}``; and ``images_n{n} (starts, 10,
        784)``, the ends for the first noise.

    Raises
    ------
    FileNotFoundError
        There is no stored network of a degree.
    ValueError
        A parameter is out of range.
    """
    checks.count("noises", noises)
    checks.number("known", checks.count("known", known), 1, 60_000)
    shared = {"seed": seed, "noises": noises, "updates": updates, "known": known, "others": list(n)}
    shared |= {"network_seed": network_seed, "directory": results and str(results), "backend": backend}
    shared |= {"made": [trained(degree, network_seed, results)[1] for degree in n]}
    m = [trained_m(degree, network_seed, results) for degree in n]
    found = sweep(point, [shared | {"n": degree, "m": power} for degree, power in zip(n, m)])
    xp, data = get_namespace(backend), datasets.mnist()
    x = xp.asarray(data.x_train[:known])
    arrays = {
        "likeness_test": _alike(xp, data.x_test[:CONTROLS], x)[0],
        "likeness_start": _alike(xp, starts(noises, seed).reshape(-1, 784), x)[0].reshape(len(STARTS), noises),
    }
    values = {}
    for degree, made, one in zip(n, shared["made"], found):
        rubbish = one["confident"] & (one["likeness"] < UNLIKE)
        values |= {
            f"network_n{degree}": made,
            f"unlike_percent_n{degree}": 100 * float((one["likeness"] < UNLIKE).mean()),
            f"rubbish_percent_n{degree}": 100 * float(rubbish.mean()),
            f"confident_percent_n{degree}": 100 * float(one["confident"].mean()),
            f"named_percent_n{degree}": 100 * float(one.pop("named").mean()),
            f"confidence_n{degree}": float(np.median(one["confidence"])),
            f"likeness_n{degree}": float(np.median(one["likeness"])),
            f"updates_n{degree}": _median(one["updates"][one["updates"] >= 0]),
        }
        arrays |= {f"{key}_n{degree}": array for key, array in one.items()}
    return values, arrays


def starts(noises, seed):
    """Return the noise ``(len(STARTS), noises, 784)``."""
    rng, x = np.random.default_rng(seed), datasets.mnist().x_train
    uniform = rng.uniform(-1, 1, (noises, x.shape[1]))
    shuffled = rng.permuted(x[rng.permutation(len(x))[:noises]], axis=1)
    return np.stack([uniform, shuffled])


def point(*, n, m, seed, noises, updates, known, others, network_seed, directory, made, backend):
    """Descend on one network; return its arrays as `run` names them, and ``named``. ``made`` as in ``transfer``."""
    xp, data = get_namespace(backend), datasets.mnist()
    shape = len(STARTS), noises, 10
    v = np.repeat(starts(noises, seed)[:, :, None, :], 10, axis=2).reshape(-1, 784)
    target = np.tile(np.arange(10), len(STARTS) * noises)
    networks = {degree: double(trained(degree, network_seed, directory, xp)[0], xp) for degree in others}
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


def double(network, xp):
    """Return a network in float64."""
    weights = (xp.astype(x, xp.float64) for x in (network.visible, network.labels))
    return Classifier(*weights, network.n, network.T, network.kind)


def _alike(xp, pictures, x):
    """Return the correlation with the most similar of the training digits ``x``, and the place of that digit."""
    found = resemblance(xp.asarray(pictures.astype(np.float32)), x)
    return to_numpy(found.correlation).astype(np.float32), to_numpy(found.by_correlation)


def _median(x):
    return float(np.median(x)) if len(x) else float("nan")
