"""Robust accuracy once more, by the projected gradient descent of Foolbox: an independent check of `robustness`."""

import numpy as np

from dam import checks, datasets
from dam.lab.stored import RELU, name_of, trained
from dam.lab.sweeps import sweep as sweep_here
from dam.network import attacks
from dam.network import robustness as under_attack

SUMMARY = "Robust accuracy of the trained networks under the attack of an independent library, Foolbox"
SCALES = {
    "demo": {"n": (2, 30), "images": 20, "radii_l2": (2, 4), "radii_linf": (0.1, 0.3), "steps": 5, "network_seed": 0},
    "paper": {
        "n": (2, 3, 20, 30),
        "images": 500,
        "radii_l2": (1, 1.5, 2, 3, 4, 6),
        "radii_linf": (0.05, 0.1, 0.15, 0.2, 0.3, 0.4),
        "steps": 40,
        "network_seed": 0,
    },
}
SECONDS = {"demo": 20, "paper": 240}


def run(*, seed, n, images, radii_l2, radii_linf, steps, network_seed, backend=None, results=None, sweep=sweep_here):
    """Attack the trained network of each n, and the ReLU network, with the library's own loss and steps.

    Foolbox climbs the cross-entropy of the image's own class, with gradients by automatic differentiation. Beside it,
    our attack down the margin on the same digits, with the same number and length of steps.

    Parameters are of those of the experiment ``robustness``; radii are above 0, and the ReLU network always takes part.

    Returns
    -------
    values : dict
        For every network, i being ``n2``, ..., ``relu``: ``network_{i}``, where it comes from;
        ``accuracy_percent_{norm}_{radius}_{i}`` by the library, and ``ours_percent_{norm}_{radius}_{i}``. ``foolbox``
        and ``torch``: their versions.
    arrays : dict
        ``digit (images,)``; ``radii_l2``, ``radii_linf``; for each norm ``robust_{norm} (networks, radii, images)`` of
        bool, that of the ReLU network last, and ``ours_{norm}``, the same by `dam.network.robustness.robust`.

    Raises
    ------
    RuntimeError
        Foolbox or PyTorch is missing.
    ValueError
        A parameter is out of range, or the backend is not NumPy.
    """
    foolbox, torch = _libraries()
    if backend not in (None, "auto", "numpy"):
        raise ValueError(f"the attack of the library runs on the CPU here, got backend {backend!r}")
    checks.number("images", checks.count("images", images), 1, 10_000)
    digits = np.sort(np.random.default_rng(seed).permutation(10_000)[:images])
    names, radii = [*n, RELU], {"l2": list(radii_l2), "linf": list(radii_linf)}
    made = [trained(name, network_seed, results)[1] for name in names]
    shared = {"digits": digits.tolist(), "steps": steps, "network_seed": network_seed}
    shared |= {"directory": results and str(results)}
    tasks = [
        shared | {"name": name, "norm": norm, "radii": radii[norm], "made": line}
        for norm in attacks.NORMS
        for name, line in zip(names, made)
    ]
    found = sweep(point, tasks)
    tags = [name_of(which) for which in names]
    values = {"foolbox": foolbox.__version__, "torch": torch.__version__}
    values |= {f"network_{tag}": line for tag, line in zip(tags, made)}
    arrays = {"digit": digits.astype(np.int16)} | {f"radii_{norm}": np.array(radii[norm], float) for norm in radii}
    for k, norm in enumerate(attacks.NORMS):
        for key, name in (("robust", "accuracy"), ("ours", "ours")):
            held = np.stack([one[key] for one in found[k * len(names) : (k + 1) * len(names)]])
            arrays[f"{key}_{norm}"] = held
            values |= {
                f"{name}_percent_{norm}_{radius:g}_{tag}": 100 * float(x)
                for tag, row in zip(tags, held.mean(axis=-1))
                for radius, x in zip(radii[norm], row)
            }
    return values, arrays


def point(*, name, norm, radii, digits, steps, network_seed, directory, made):
    """Attack one network; return ``robust`` and ``ours (radii, images)``. ``made`` is as in ``transfer``."""
    network, data = trained(name, network_seed, directory)[0], datasets.mnist()
    v, y = data.x_test[digits], data.y_test[digits]
    ours = under_attack.robust(v, y, network, radii, norm=norm, steps=steps)
    return {"robust": robust(network, v, y, radii, norm, steps), "ours": ours}


def robust(network, v, y, radii, norm, steps):
    """Return which images ``(R, M)`` the attack of the library cannot take out of their class, for each of R radii.

    Parameters
    ----------
    network : Classifier or dam.network.relu.ReLUNetwork
    v, y : (M, N) and (M,) arrays
        Images, pixels in [-1, 1], and their classes.
    radii : (R,) sequence of float
    norm : {'l2', 'linf'}
    steps : int
    """
    foolbox, torch = _libraries()
    checks.choice("norm", norm, attacks.NORMS)
    names = {"l2": "L2ProjectedGradientDescentAttack", "linf": "LinfProjectedGradientDescentAttack"}
    attack = getattr(foolbox.attacks, names[norm])(rel_stepsize=2.5 / steps, steps=steps, random_start=False)
    model = foolbox.PyTorchModel(in_torch(network).eval(), bounds=(-1, 1), device="cpu")
    classes = torch.as_tensor(np.asarray(y), dtype=torch.int64)
    success = attack(model, torch.as_tensor(v), classes, epsilons=list(radii))[2]
    return ~success.numpy()


def in_torch(network):
    """Return the arguments of the tanh in eq. (9), or of a ReLU network's softmax, as a module of PyTorch."""
    _, torch = _libraries()

    class Memories(torch.nn.Module):
        def forward(self, v):
            visible, labels = torch.as_tensor(network.visible), torch.as_tensor(network.labels)
            H, n, T = v @ visible.T - labels.sum(dim=1), network.n, network.T
            off = torch.relu(H / T) ** n
            return torch.stack([(torch.relu((H + 2 * own) / T) ** n - off).sum(dim=1) for own in labels.T], dim=1)

    class Units(torch.nn.Module):
        def forward(self, v):
            hidden = torch.relu(v @ torch.as_tensor(network.visible).T + torch.as_tensor(network.hidden_bias))
            return hidden @ torch.as_tensor(network.labels) + torch.as_tensor(network.class_bias)

    return Memories() if hasattr(network, "T") else Units()


def _libraries():
    try:
        import foolbox
        import torch
    except ImportError:
        raise RuntimeError("this needs Foolbox and PyTorch; install them with pip install 'dam[attacks]'") from None
    return foolbox, torch
