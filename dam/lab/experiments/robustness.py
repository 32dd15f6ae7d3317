"""Robust accuracy: how many test digits the trained networks still recognize under attack, by distance."""

import numpy as np

from dam import checks, datasets
from dam.arrays import get_namespace, to_numpy
from dam.lab.stored import RELU, name_of, trained, trained_m
from dam.lab.sweeps import sweep as sweep_here
from dam.network import attacks
from dam.network import robustness as under_attack

SUMMARY = "Robust accuracy of the trained networks under projected gradient descent, by norm and radius"
SCALES = {
    "demo": {
        "n": (2, 30),
        "images": 40,
        "radii_l2": (0, 2, 4),
        "radii_linf": (0, 0.1, 0.3),
        "steps": 10,
        "network_seed": 0,
        "relu": True,
    },
    "paper": {
        "n": (2, 3, 20, 30),
        "images": 1000,
        "radii_l2": (0, 1, 1.5, 2, 3, 4, 6),
        "radii_linf": (0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4),
        "steps": 40,
        "network_seed": 0,
        "relu": True,
    },
}
SECONDS = {"demo": 5, "paper": 400}

ATTACKS = ("margin", "own", "m1")


def run(
    *, seed, n, images, radii_l2, radii_linf, steps, network_seed, relu, backend=None, results=None, sweep=sweep_here
):
    """Attack the trained network of each n within each radius: see `dam.network.robustness.robust`.

    Three attacks: down the margin, down the objective (14) with the power m that the network was trained with, and
    with m = 1, the usual quadratic error. An image counts as robust if it withstands all. For a ReLU network the last
    two are the same, down its cross-entropy.

    Parameters
    ----------
    seed : int
        Draws the images.
    n : sequence of int
        Degrees of the networks.
    images : int
        How many test digits, classified correctly or not.
    radii_l2, radii_linf : sequence of float
        Ascending. Pixels are in [-1, 1].
    steps : int
        Of each attack.
    network_seed : int
        Seed of the trainings that made the networks, stored results of the experiment ``mnist``, and ``baselines``.
    relu : bool
        Whether the ordinary ReLU network of ``baselines`` takes part, as the last one. Its cross-entropy is descended.
    results : path, optional
        Folder to look for these networks in before those shipped with the package.

    Returns
    -------
    values : dict
        For every network, i being ``n2``, ..., ``relu``: ``network_{i}``, where it comes from;
        ``accuracy_percent_{norm}_{radius}_{i}``.
    arrays : dict
        ``digit (images,)``; ``radii_l2``, ``radii_linf``; for each norm ``accuracy_{norm} (networks, radii)``, and
        ``accuracy_{norm}_margin``, ``accuracy_{norm}_own`` and ``accuracy_{norm}_m1``, under one of the attacks alone;
        all in %.

    Raises
    ------
    FileNotFoundError
        There is no stored network of a degree.
    ValueError
        A parameter is out of range.
    """
    checks.number("images", checks.count("images", images), 1, 10_000)
    digits = np.sort(np.random.default_rng(seed).permutation(10_000)[:images])
    shared = {"digits": digits.tolist(), "steps": steps, "network_seed": network_seed}
    shared |= {"directory": results and str(results), "backend": backend}
    radii = {"l2": list(radii_l2), "linf": list(radii_linf)}
    names = [*n, RELU] if relu else list(n)
    made = {name: trained(name, network_seed, results)[1] for name in names}
    own = {name: trained_m(name, network_seed, results) for name in names}
    tasks = [
        shared | {"n": name, "m": m, "norm": norm, "radii": radii[norm], "made": made[name]}
        for norm in attacks.NORMS
        for name in names
        for m in (None, own[name], 1)
    ]
    found = iter(sweep(point, tasks))
    arrays = {"digit": digits.astype(np.int16)} | {f"radii_{norm}": np.array(radii[norm], float) for norm in radii}
    tags = [name_of(which) for which in names]
    values = {f"network_{tag}": made[name] for tag, name in zip(tags, names)}
    for norm in attacks.NORMS:
        withstood = np.stack([[next(found)["robust"] for _ in ATTACKS] for _ in names])
        arrays[f"accuracy_{norm}"] = 100 * withstood.all(axis=1).mean(axis=-1)
        arrays |= {f"accuracy_{norm}_{name}": 100 * withstood[:, k].mean(axis=-1) for k, name in enumerate(ATTACKS)}
        values |= {
            f"accuracy_percent_{norm}_{radius:g}_{tag}": float(x)
            for tag, row in zip(tags, arrays[f"accuracy_{norm}"])
            for radius, x in zip(radii[norm], row)
        }
    return values, arrays


def point(*, n, m, norm, radii, digits, steps, network_seed, directory, made, backend):
    """Attack one network; return ``robust (radii, images)``. ``made`` as in the experiment ``transfer``."""
    xp, data = get_namespace(backend), datasets.mnist()
    network, _ = trained(n, network_seed, directory, xp)
    v, y = xp.asarray(data.x_test[digits]), xp.asarray(data.y_test[digits])
    return {"robust": to_numpy(under_attack.robust(v, y, network, radii, norm=norm, steps=steps, m=m))}
