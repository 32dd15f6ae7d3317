"""Robust accuracy of the trained networks under projected gradient descent, by norm and radius"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dam import datasets
from dam.arrays import get_namespace, to_numpy
from dam.lab import paper
from dam.lab.common import accuracies, drawn, networks_of, parted, stacked
from dam.lab.experiments import Experiment, Outcome
from dam.lab.stored import trained
from dam.network import attacks
from dam.network import robustness as under_attack

PAPER = {"n": paper.POWERS, "images": 1000, "radii_l2": (0, 1, 1.5, 2, 3, 4, 6),
         "radii_linf": (0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4), "steps": 40, "network_seed": 0, "relu": True}  # fmt: skip
DEMO = PAPER | {"n": (2, 30), "images": 40, "radii_l2": (0, 2, 4), "radii_linf": (0, 0.1, 0.3), "steps": 10}
ATTACKS = ("margin", "own", "m1")


def run(
    *, seed: int, n: Sequence[int], images: int, radii_l2: Sequence[float], radii_linf: Sequence[float], steps: int,
    network_seed: int, relu: bool, sweep: Callable, backend: str | None = None, folder: Path | str | None = None,
) -> Outcome:  # fmt: skip
    """Attack the trained networks within each radius: see `dam.network.robustness.robust`.

    Three attacks: down the margin, down the objective (14) with the power m that the network was trained with, and
    with m = 1, the usual quadratic error. An image, classified correctly or not, counts as robust if it withstands all.
    For a ReLU network the last two are the same, down its cross-entropy. Radii ascend; pixels are in [-1, 1].

    Values, i being ``n2``, ..., ``relu``: ``network_{i}``; ``accuracy_percent_{norm}_{radius}_{i}``. Arrays: ``digit
    (images,)``; ``radii_l2``, ``radii_linf``; for each norm ``accuracy_{norm} (networks, radii)``, and
    ``accuracy_{norm}_margin``, ``accuracy_{norm}_own`` and ``accuracy_{norm}_m1``, under one attack alone; all in %.
    """
    digits = drawn("images", images, 10_000, seed)
    shared = {"digits": digits.tolist(), "steps": steps, "network_seed": network_seed}
    shared |= {"folder": folder and str(folder), "backend": backend}
    radii, networks = {"l2": list(radii_l2), "linf": list(radii_linf)}, networks_of(n, relu, network_seed, folder)
    tasks = [
        shared | {"n": which, "m": m, "norm": norm, "radii": radii[norm], "made": made}
        for norm in attacks.NORMS
        for which, made, own in zip(networks.which, networks.made, networks.m)
        for m in (None, own, 1)
    ]
    arrays = {"digit": digits.astype(np.int16)} | {f"radii_{norm}": np.array(radii[norm], float) for norm in radii}
    values = {f"network_{tag}": made for tag, made in zip(networks.tags, networks.made)}
    for norm, part in parted(sweep(point, tasks), attacks.NORMS).items():
        withstood = stacked(part, len(networks.tags), len(ATTACKS))["robust"]
        arrays[f"accuracy_{norm}"] = 100 * withstood.all(axis=1).mean(axis=-1)
        arrays |= {f"accuracy_{norm}_{name}": 100 * withstood[:, k].mean(axis=-1) for k, name in enumerate(ATTACKS)}
        values |= accuracies("accuracy", norm, radii[norm], networks.tags, arrays[f"accuracy_{norm}"])
    return values, arrays


def point(
    *, n: int | str, m: int | None, norm: str, radii: Sequence[float], digits: Sequence[int], steps: int,
    network_seed: int, folder: Path | str | None, made: str, backend: str | None,
) -> dict[str, Any]:  # fmt: skip
    """Attack one network; return ``robust (radii, images)``. ``made`` as in the experiment ``transfer``."""
    xp, data = get_namespace(backend), datasets.mnist()
    network, _ = trained(n, network_seed, folder, xp)
    v, y = xp.asarray(data.x_test[digits]), xp.asarray(data.y_test[digits])
    return {"robust": to_numpy(under_attack.robust(v, y, network, radii, norm=norm, steps=steps, m=m))}


EXPERIMENT = Experiment(__doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 5, "paper": 400}, run)
