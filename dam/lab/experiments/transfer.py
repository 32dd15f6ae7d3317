"""Adversarial images made on one network and shown to the others: the table of the slides."""

import numpy as np

from dam import checks, datasets
from dam.arrays import array_namespace, get_namespace, to_numpy
from dam.lab.stored import RELU, name_of, trained, trained_m
from dam.lab.sweeps import sweep as sweep_here
from dam.network import attacks, robustness

SUMMARY = "Transfer of adversarial images between the trained networks, by step, by aim and by overshoot"
SCALES = {
    "demo": {
        "n": (2, 30),
        "images": 40,
        "overshoot": (1.0, 1.1, 2.0),
        "max_updates": 100,
        "known": 3000,
        "network_seed": 0,
        "relu": True,
    },
    "paper": {
        "n": (2, 3, 20, 30),
        "images": 1000,
        "overshoot": (1.0, 1.1, 1.5, 2.0),
        "max_updates": 200,
        "known": 60_000,
        "network_seed": 0,
        "relu": True,
    },
}
SECONDS = {"demo": 10, "paper": 130}

AIMS = ("second", "random")
"""Descend to the second class of the network until it leaves the first, or to a random class until it gives that."""
PICTURES = ("start", "boundary", "control")
MAIN = ("l2", "second", 1.1)
"""The protocol of ``error_percent``. The slides do not give theirs: this one was chosen before its table was seen."""


def run(
    *, seed, n, images, overshoot, max_updates, known, network_seed, relu, backend=None, results=None, sweep=sweep_here
):
    """Make adversarial images on every network, by four kinds of attack, and show them to every network.

    The objective that is descended is (14) with the power m that the network was trained with.

    Parameters
    ----------
    seed : int
        Draws the images and the random targets.
    n : sequence of int
        Degrees of the networks.
    images : int
        How many test digits to start from, all of which every network classifies correctly.
    overshoot : sequence of float
        How far to go, in units of the way to the boundary. 1.1 is among them.
    max_updates : int
        Budget of an attack. An image that has not crossed by then is shown as it is, and counts.
    known : int
        Among how many training digits, from the first on, the most similar ones are looked for.
    network_seed : int
        Seed of the trainings that made the networks, stored results of the experiment ``mnist``, and ``baselines``.
    relu : bool
        Whether the ordinary ReLU network of ``baselines`` takes part, as the last one. Its cross-entropy is descended.
    results : path, optional
        Folder to look for these networks in before those shipped with the package.

    Returns
    -------
    values : dict
        For every network, i and j being ``n2``, ..., ``relu``: ``network_{i}``, where it comes from. For the attack of
        `MAIN`: ``crossed_percent_{i}``; ``distance_{i}``, median Euclidean distance to the boundary, pixels being in
        [-1, 1]; ``error_percent_{i}_{j}``, made on i and shown to j. On the boundary: ``inside_percent_{i}``, median of
        the measure below, and ``area_percent``; ``gap_closed_percent_{i}``, by how much the mean over images of the gap
        ``like_own`` - ``like_new`` has shrunk since the start, and ``gap_closed_control_percent_{i}``.
    arrays : dict
        ``error_percent (n, n)``: rows made on, columns shown to, for `MAIN`, without the ReLU network; ``digit`` and
        ``label (images,)``; ``overshoot``. All others have a place for each network, that of the ReLU network last. For
        every norm and aim: ``error_percent_{norm}_{aim} (overshoot, networks, networks)``; and, ``(networks, images)``,
        ``crossed_{norm}_{aim}``, ``distance_{norm}_{aim}`` and ``largest_{norm}_{aim}``, the largest change of a pixel.
        For `MAIN`: ``same_percent (networks, networks)``, for how many the network shown to gives the wrong class that
        the maker gives; ``area (images,)``, the share of the pixels that lie in the strokes of the start image
        (`robustness.strokes`); and, on the boundary, ``(networks, images)``: ``inside``, the share of the squared
        change that lies there; ``new``, the class descended to; ``like_own_{what}`` and ``like_new_{what}``, the
        correlation with the most similar training digit of the own class and of the new one, for what = ``start``,
        ``boundary``, and ``control``: the start image after a random change of the same Euclidean length.

    Raises
    ------
    FileNotFoundError
        There is no stored network of a degree.
    ValueError
        Fewer test digits than ``images`` are classified correctly by all networks; 1.1 is not among the overshoots.
    """
    checks.count("images", images)
    checks.number("known", checks.count("known", known), 1, 60_000)
    if MAIN[2] not in overshoot:
        raise ValueError(f"overshoot must hold {MAIN[2]}, the factor of the table, got {tuple(overshoot)}")
    names = [*n, RELU] if relu else list(n)
    digits = correct_digits(names, network_seed, results, backend)
    if len(digits) < images:
        raise ValueError(f"images must be at most {len(digits)}, the test digits that all networks classify correctly")
    rng = np.random.default_rng(seed)
    digits = np.sort(rng.permutation(digits)[:images])
    y = datasets.mnist().y_test[digits]
    aimed = (y + rng.integers(1, 10, images)) % 10
    shared = {"digits": digits.tolist(), "others": names, "overshoot": list(overshoot), "max_updates": max_updates}
    shared |= {
        "known": known,
        "seed": seed,
        "network_seed": network_seed,
        "directory": results and str(results),
        "backend": backend,
    }
    shared |= {"made": [trained(name, network_seed, results)[1] for name in names]}
    m = [trained_m(name, network_seed, results) for name in names]
    kinds = [(norm, aim) for norm in attacks.NORMS for aim in AIMS]
    tasks = [
        shared | {"n": name, "m": power, "norm": norm, "target": aimed.tolist() if aim == "random" else None}
        for norm, aim in kinds
        for name, power in zip(names, m)
    ]
    found = sweep(point, tasks)
    arrays = {"digit": digits.astype(np.int16), "label": y.astype(np.int8), "overshoot": np.array(overshoot)}
    for k, (norm, aim) in enumerate(kinds):
        rows = found[k * len(names) : (k + 1) * len(names)]
        arrays[f"error_percent_{norm}_{aim}"] = np.stack([row["error_percent"] for row in rows], axis=1)
        for key in ("crossed", "distance", "largest"):
            arrays[f"{key}_{norm}_{aim}"] = np.stack([row[key] for row in rows])
    norm, aim, factor = MAIN
    rows = found[kinds.index((norm, aim)) * len(names) :][: len(names)]
    arrays |= {key: np.stack([row[key] for row in rows]) for key in rows[0] if key not in found[-1]}
    arrays["area"] = robustness.strokes(datasets.mnist().x_test[digits]).mean(axis=1).astype(np.float32)
    table = arrays[f"error_percent_{norm}_{aim}"][list(overshoot).index(factor)]
    arrays["error_percent"] = table[: len(n), : len(n)]
    crossed, distance = (arrays[f"{key}_{norm}_{aim}"] for key in ("crossed", "distance"))
    tags = [name_of(which) for which in names]
    values = {f"network_{tag}": made for tag, made in zip(tags, shared["made"])}
    values |= {f"crossed_percent_{tag}": 100 * float(row.mean()) for tag, row in zip(tags, crossed)}
    values |= {f"distance_{tag}": float(np.median(row)) for tag, row in zip(tags, distance)}
    values |= {f"inside_percent_{tag}": 100 * float(np.median(row)) for tag, row in zip(tags, arrays["inside"])}
    values["area_percent"] = 100 * float(np.median(arrays["area"]))
    start, *gaps = ((arrays[f"like_own_{x}"] - arrays[f"like_new_{x}"]).mean(axis=1) for x in PICTURES)
    for key, gap in zip(("gap_closed_percent", "gap_closed_control_percent"), gaps):
        values |= {f"{key}_{tag}": 100 * float(x) for tag, x in zip(tags, 1 - gap / start)}
    values |= {f"error_percent_{i}_{j}": float(table[a, b]) for a, i in enumerate(tags) for b, j in enumerate(tags)}
    return values, arrays


def correct_digits(names, network_seed, results, backend):
    """Return the places of the test digits that all networks of these names classify correctly."""
    xp, data = get_namespace(backend), datasets.mnist()
    v, right = xp.asarray(data.x_test), np.ones(len(data.y_test), bool)
    for name in names:
        network, _ = trained(name, network_seed, results, xp)
        right &= to_numpy(network.predict(v)) == data.y_test
    return np.flatnonzero(right)


def point(
    *, n, m, norm, target, digits, others, overshoot, max_updates, known, seed, network_seed, directory, made, backend
):
    """Attack one network and show what came out to all.

    ``made``, where the networks come from, keeps a point that was made with others from being taken for this one.
    Returns ``error_percent (overshoot, others)``, ``crossed``, ``distance`` and ``largest (images,)``; for the attack
    of `MAIN` also the measures that `run` names.
    """
    xp, data = get_namespace(backend), datasets.mnist()
    networks = {name: trained(name, network_seed, directory, xp)[0] for name in others}
    v, y = xp.asarray(data.x_test[digits]), xp.asarray(data.y_test[digits])
    aim = AIMS[target is not None]
    target = None if target is None else xp.asarray(np.array(target))
    found = attacks.attack(v, y, networks[n], target, norm=norm, max_updates=max_updates, m=m)
    change = to_numpy(found.images - v)
    answers = {
        factor: {k: to_numpy(networks[k].predict(found.overshoot(v, factor))) for k in others} for factor in overshoot
    }
    errors = [[np.mean(given != data.y_test[digits]) for given in row.values()] for row in answers.values()]
    measured = {
        "error_percent": 100 * np.array(errors),
        "crossed": to_numpy(found.crossed),
        "distance": np.linalg.norm(change, axis=1).astype(np.float32),
        "largest": np.abs(change).max(axis=1).astype(np.float32),
    }
    if (norm, aim) != MAIN[:2]:
        return measured
    own = answers[MAIN[2]][n]
    wrong = own != data.y_test[digits]
    same = [100 * np.mean((given == own) & wrong) for given in answers[MAIN[2]].values()]
    return (
        measured | {"same_percent": np.array(same)} | measures(v, y, found, data, known, [seed, 0 if n == RELU else n])
    )


def measures(v, y, found, data, known, seed):
    """Return how the images of an attack look beside their start images, as `run` names them."""
    xp = array_namespace(v=v)
    x, classes = xp.asarray(data.x_train[:known]), data.y_train[:known]
    v_numpy, moved = to_numpy(v), to_numpy(found.images)
    target = to_numpy(found.target)
    random = random_change(v_numpy, np.linalg.norm(moved - v_numpy, axis=1), np.random.default_rng(seed))
    pictures = zip(PICTURES, (v, found.images, xp.asarray(random)))
    alike = {
        f"like_{name}_{what}": robustness.likeness(picture, each, x, classes).astype(np.float32)
        for what, picture in pictures
        for name, each in (("own", to_numpy(y)), ("new", target))
    }
    inside = robustness.inside_share(v_numpy, moved).astype(np.float32)
    return alike | {"inside": inside, "new": target.astype(np.int8)}


def random_change(v, length, rng):
    """Return images ``v (M, N)`` after Gaussian changes of given Euclidean lengths ``(M,)``, inward at pixels of ±1."""
    change = rng.normal(size=v.shape).astype(v.dtype)
    change = np.where(np.abs(v) == 1, -np.sign(v) * np.abs(change), change)
    change *= (length / np.linalg.norm(change, axis=1))[:, None]
    return np.clip(v + change, -1, 1)
