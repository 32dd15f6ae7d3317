"""Robust accuracy of the trained networks under the attack of an independent library, Foolbox"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dam import checks, datasets
from dam.arrays import Array
from dam.lab import paper
from dam.lab.common import accuracies, drawn, library, networks_of, on_cpu, parted, stacked
from dam.lab.experiments import Experiment, Outcome
from dam.lab.stored import trained
from dam.network import attacks
from dam.network import robustness as under_attack
from dam.network.classifier import Classifier
from dam.network.relu import ReLUNetwork

PAPER = {"n": paper.POWERS, "images": 500, "radii_l2": (1, 1.5, 2, 3, 4, 6),
         "radii_linf": (0.05, 0.1, 0.15, 0.2, 0.3, 0.4), "steps": 40, "network_seed": 0}  # fmt: skip
DEMO = PAPER | {"n": (2, 30), "images": 20, "radii_l2": (2, 4), "radii_linf": (0.1, 0.3), "steps": 5}


RANGES = {"radii_l2": (1e-6, 100.0), "radii_linf": (1e-6, 2.0)}


def run(
    *, seed: int, n: Sequence[int], images: int, radii_l2: Sequence[float], radii_linf: Sequence[float], steps: int,
    network_seed: int, sweep: Callable, backend: str | None = None, folder: Path | str | None = None,
) -> Outcome:  # fmt: skip
    """Attack the trained networks, and the ReLU network, with the library's own loss and steps.

    Foolbox climbs the cross-entropy of the image's own class, with gradients by automatic differentiation. Beside it,
    our attack down the margin on the same digits, with the same number and length of steps: an independent check of the
    experiment ``robustness``, whose parameters these are; radii are above 0, and the ReLU network always takes part.

    Values, i being ``n2``, ..., ``relu``: ``network_{i}``; ``accuracy_percent_{norm}_{radius}_{i}`` by the library, and
    ``ours_percent_{norm}_{radius}_{i}``; ``foolbox`` and ``torch``, their versions. Arrays: ``digit (images,)``;
    ``radii_l2``, ``radii_linf``; for each norm ``robust_{norm} (networks, radii, images)`` of bool, that of the ReLU
    network last, and ``ours_{norm}``, the same by `dam.network.robustness.robust`.
    """
    foolbox, torch = _libraries()
    on_cpu(backend, "the attack of the library runs on the CPU here")
    digits = drawn("images", images, 10_000, seed)
    radii, networks = {"l2": list(radii_l2), "linf": list(radii_linf)}, networks_of(n, True, network_seed, folder)
    shared = {"digits": digits.tolist(), "steps": steps, "network_seed": network_seed, "folder": folder and str(folder)}
    tasks = [
        shared | {"n": which, "norm": norm, "radii": radii[norm], "made": made}
        for norm in attacks.NORMS
        for which, made in zip(networks.which, networks.made)
    ]
    found = parted(sweep(point, tasks), attacks.NORMS)
    values = {"foolbox": foolbox.__version__, "torch": torch.__version__}
    values |= {f"network_{tag}": made for tag, made in zip(networks.tags, networks.made)}
    arrays = {"digit": digits.astype(np.int16)} | {f"radii_{norm}": np.array(radii[norm], float) for norm in radii}
    for norm, part in found.items():
        for (key, held), name in zip(stacked(part, len(networks.tags)).items(), ("accuracy", "ours")):
            arrays[f"{key}_{norm}"] = held
            values |= accuracies(name, norm, radii[norm], networks.tags, 100 * held.mean(axis=-1))
    return values, arrays


def point(
    *, n: int | str, norm: str, radii: Sequence[float], digits: Sequence[int], steps: int, network_seed: int,
    folder: Path | str | None, made: str,
) -> dict[str, Any]:  # fmt: skip
    """Attack one network; return ``robust`` and ``ours (radii, images)``. ``made`` is as in ``transfer``."""
    network, data = trained(n, network_seed, folder)[0], datasets.mnist()
    v, y = data.x_test[digits], data.y_test[digits]
    ours = under_attack.robust(v, y, network, radii, norm=norm, steps=steps)
    return {"robust": robust(network, v, y, radii, norm, steps), "ours": ours}


def robust(network: Any, v: Array, y: Array, radii: Sequence[float], norm: str, steps: int) -> np.ndarray:
    """Return which images ``v (M, N)`` of classes ``y (M,)`` the library cannot take out of them ``(R, M)``, by radius.

    ``norm`` is 'l2' or 'linf'; pixels are in [-1, 1].
    """
    foolbox, torch = _libraries()
    checks.choice("norm", norm, attacks.NORMS)
    names = {"l2": "L2ProjectedGradientDescentAttack", "linf": "LinfProjectedGradientDescentAttack"}
    attack = getattr(foolbox.attacks, names[norm])(rel_stepsize=2.5 / steps, steps=steps, random_start=False)
    model = foolbox.PyTorchModel(in_torch(network).eval(), bounds=(-1, 1), device="cpu")
    classes = torch.as_tensor(np.asarray(y), dtype=torch.int64)
    return ~attack(model, torch.as_tensor(v), classes, epsilons=list(radii))[2].numpy()


def in_torch(network: Any) -> Any:
    """Return the arguments of the tanh in eq. (9), or of a ReLU network's softmax, as a module of PyTorch."""
    _libraries()
    import torch

    class Memories(torch.nn.Module):
        def forward(self, v: Any) -> Any:
            visible, labels = torch.as_tensor(network.visible), torch.as_tensor(network.label_weights)
            H, n, T = v @ visible.T - labels.sum(dim=1), network.n, network.T
            F = (lambda x: torch.relu(x) ** n) if network.kind == "rectified" else (lambda x: x**n)
            return torch.stack([(F((H + 2 * own) / T) - F(H / T)).sum(dim=1) for own in labels.T], dim=1)

    class Units(torch.nn.Module):
        def forward(self, v: Any) -> Any:
            hidden = torch.relu(v @ torch.as_tensor(network.visible).T + torch.as_tensor(network.hidden_bias))
            return hidden @ torch.as_tensor(network.label_weights) + torch.as_tensor(network.class_bias)

    return {Classifier: Memories, ReLUNetwork: Units}[type(network)]()


def _libraries():
    return library("foolbox torch", "this needs Foolbox and PyTorch; install them", "foolbox", "torch")


EXPERIMENT = Experiment(__doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 20, "paper": 240}, run, ranges=RANGES)
