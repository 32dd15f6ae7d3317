"""Fig. 2: what the trained networks have learned, from features at small n to prototypes at large n."""

import numpy as np
from tqdm import tqdm

from dam import checks, datasets
from dam.arrays import array_namespace, get_namespace, to_numpy
from dam.lab.stored import stored_network, trained
from dam.network import competition, prototypes
from dam.network.recipes import Recipe
from dam.network.training import initial_weights

SUMMARY = "Fig. 2: votes of the memories, how many decide, likeness to digits, and what pruning does"
SCALES = {
    "demo": {"n": (2, 3, 20, 30), "digits": 500, "known": 3000, "draws": 2, "network_seed": 0},
    "paper": {"n": (2, 3, 20, 30), "digits": 10000, "known": 60000, "draws": 5, "network_seed": 0},
}
SECONDS = {"demo": 10, "paper": 80}

FRACTIONS = (0, 0.025, *np.arange(0.05, 0.95, 0.05).round(2).tolist(), 0.95, 0.975, 0.99, 0.995, 0.9975)
"""Which fractions of the memories are removed."""

ORDERS = ("random", "least", "most")
"""In which order: at random, those with the smallest share first, those with the largest share first."""

JUDGES = 5000
"""From how many training digits the shares are computed."""

HEARD = 10_000
"""Among how many training digits the audience of a memory is counted."""

CONTROLS = 2000
"""How many test digits, and how many random memories, are compared with training digits."""


def run(*, seed, n, digits, known, draws, network_seed, backend=None, progress=False, results=None):
    """Measure the trained network of each n: see `network_measures`; and what the likeness to digits is by chance.

    Parameters
    ----------
    seed : int
        Draws the digits, where not all are taken, and the random orders of removal.
    n : sequence of int
    digits, known : int
        How many of the 10,000 test digits, and of the 60,000 training digits.
    draws : int
        Random orders.
    network_seed : int
        Seed of the trainings that made the networks, stored results of the experiment ``mnist``.
    results : path, optional
        Folder to look for these networks in before those shipped with the package.

    Returns
    -------
    values : dict
        The numbers of `network_measures`, ``_n{n}`` appended; likewise ``network``, where it comes from, and
        ``epochs``, how long it was trained.
    arrays : dict
        The arrays of `network_measures`, likewise; ``digit (digits,)`` and ``known (known,)``, places in the test and
        the training set; ``removed (G,)``; and for test digits and untrained memories (``random``) the likeness
        ``{measure}_{to}_test``, ``{measure}_{to}_random``: measure ``cosine`` or ``correlation``, to ``digit`` (the
        most similar training digit) or ``mean`` (the most similar class mean).

    Raises
    ------
    FileNotFoundError
        There is no stored network of a degree.
    ValueError
        A number is out of range.
    """
    checks.number("digits", checks.count("digits", digits), 1, 10_000)
    checks.number("known", checks.count("known", known), 10, 60_000)
    checks.count("draws", draws)
    rng = np.random.default_rng(seed)
    data = datasets.mnist()
    tests = np.sort(rng.permutation(10_000)[:digits])
    trains = np.sort(rng.permutation(60_000)[:known])
    xp = get_namespace(backend)
    x, x_test = xp.asarray(data.x_train[trains]), xp.asarray(data.x_test[tests])
    y_test = xp.asarray(data.y_test[tests])
    means = xp.asarray(class_means(data.x_train, data.y_train))
    arrays = {"digit": tests.astype(np.int16), "known": trains.astype(np.uint16)}
    values = {}
    untrained = xp.asarray(initial_weights(Recipe.paper(n[0], K=CONTROLS), 794, seed, "float32")[:, :784])
    for name, pictures in (("test", x_test[:CONTROLS]), ("random", untrained)):
        alike = likeness(pictures, x, means)
        arrays |= {f"{key}_{name}": array for key, array in alike.items() if key.startswith(("cosine", "correlation"))}
    for degree in tqdm(n, desc="networks", disable=not progress):
        network, values[f"network_n{degree}"] = trained(degree, network_seed, results, xp)
        K = network.visible.shape[0]
        arrays["removed"] = removed = np.unique([min(round(K * share), K - 1) for share in FRACTIONS])
        orders = np.stack([rng.permutation(K) for _ in range(draws)])
        measured = network_measures(network, x, x_test, y_test, means, n, removed, orders)
        for found, target in zip(measured, (values, arrays)):
            target |= {f"{key}_n{degree}": value for key, value in found.items()}
        values[f"epochs_n{degree}"] = stored_network(degree, network_seed, results).values["epochs"]
    return values, arrays


def network_measures(network, x, x_test, y_test, means, powers, removed, orders):
    """Return all numbers and arrays of one network.

    Parameters
    ----------
    network : dam.Classifier
    x, x_test, y_test : (R, N), (M, N) and (M,) arrays
        Training digits, test digits and their classes.
    means : (10, N) array
        Class means of the training digits.
    powers : sequence of int
        Powers with which the overlaps are read.
    removed, orders : (G,) and (D, K) arrays
        Numbers of memories to remove, and random orders to do it in.

    Returns
    -------
    values : dict
        ``error_percent``; ``three_to_five_percent``, ``one_class_percent``, ``no_class_percent`` of the memories vote
        for as many classes; ``extreme_percent``, label weights beyond ±0.9; ``lone_percent``, digits for which a single
        memory has a term above 0.9 of the largest, for the answer, and ``lone_digits``, their number;
        ``lone_percent_{kind}`` for other kinds of `dam.network.prototypes.SUMS`; ``comparable`` (median over digits);
        ``asleep_percent`` and ``error_without_asleep_percent``; ``half_share``, how many memories have half of all
        shares; medians of the likeness, and of the audience at the network's own n.
    arrays : dict
        ``votes (K,)``; ``comparable (M,)`` and ``comparable_{kind} (M,)``; ``share (K,)``, see `prototypes.shares`;
        ``reach (K,)``, the largest overlap with a training digit; ``audience (P, K)``, see `competition.audience`;
        ``ratio (M,)``, ``rivals (P, M)`` and ``effective (P, M)``, see `dam.network.competition.rivals`;
        ``{measure}_{to} (K,)``, likeness to digits and means, and ``which_{measure}_{to} (K,)``, to which (rows of x,
        classes); ``error_least``, ``error_most (G,)`` and ``error_random (D, G)``, test error in % after removal.
    """
    weights = network.visible, network.labels, network.n, network.T
    votes, labels = to_numpy(prototypes.votes(network.labels)), to_numpy(network.labels)
    counts = {kind: to_numpy(c) for kind, c in prototypes.comparable_memories(x_test, *weights).items()}
    share = to_numpy(prototypes.shares(x[:JUDGES], *weights))
    heard = to_numpy(competition.audience(network.visible, x[:HEARD], powers))
    ratio, rivals, effective = (to_numpy(found) for found in competition.rivals(x_test, network.visible, powers))
    alike = likeness(network.visible, x, means)
    reach = alike.pop("overlap_digit")
    by_share = np.argsort(share, kind="stable")
    kept = [prototypes.kept_after(order, removed) for order in (by_share, by_share[::-1], *orders)]
    kept = np.concatenate([*kept, reach[None, :] > 0])
    kept = array_namespace(x=x).asarray(kept)
    errors = to_numpy(prototypes.errors_kept(x_test, y_test, *weights, kept))
    curves, without = errors[:-1].reshape(-1, len(removed)), float(errors[-1])
    lone = {kind: float(100 * np.mean(count == 1)) for kind, count in counts.items()}
    values = {
        "error_percent": float(curves[0, 0]),
        "three_to_five_percent": float(100 * np.mean((votes >= 3) & (votes <= 5))),
        "one_class_percent": float(100 * np.mean(votes == 1)),
        "no_class_percent": float(100 * np.mean(votes == 0)),
        "extreme_percent": float(100 * np.mean(np.abs(labels) > 0.9)),
        "lone_percent": lone["answer"],
        "lone_digits": int(np.sum(counts["answer"] == 1)),
        "comparable": float(np.median(counts["answer"])),
        "asleep_percent": float(100 * np.mean(reach <= 0)),
        "error_without_asleep_percent": without,
        "half_share": int(np.sum(np.cumsum(np.sort(share)[::-1]) < 0.5 * share.sum()) + 1),
        "audience": float(np.median(heard[list(powers).index(network.n)])),
    }
    values |= {f"lone_percent_{kind}": percent for kind, percent in lone.items() if kind != "answer"}
    values |= {key: float(np.median(array)) for key, array in alike.items() if "which" not in key}
    arrays = {"votes": votes.astype(np.uint8), "comparable": counts["answer"].astype(np.uint16)}
    arrays |= {f"comparable_{kind}": count.astype(np.uint16) for kind, count in counts.items() if kind != "answer"}
    arrays |= {"share": share, "reach": reach, "audience": heard, "ratio": ratio}
    arrays |= {"rivals": rivals.astype(np.uint16), "effective": effective.astype(np.float16), **alike}
    arrays |= {"error_least": curves[0], "error_most": curves[1], "error_random": curves[2:]}
    return values, {key: a.astype(np.float32) if a.dtype == np.float64 else a for key, a in arrays.items()}


def likeness(pictures, digits, means):
    """Return NumPy arrays ``(P,)`` by name: likeness of pictures to the training digit and the mean most alike."""
    found = {}
    for to, references in (("digit", digits), ("mean", means)):
        like = prototypes.resemblance(pictures, references)
        for measure in ("cosine", "correlation"):
            found[f"{measure}_{to}"] = to_numpy(getattr(like, measure)).astype(np.float32)
            found[f"which_{measure}_{to}"] = to_numpy(getattr(like, f"by_{measure}")).astype(np.uint16)
        if to == "digit":
            found["overlap_digit"] = to_numpy(like.overlap)
    return found


def class_means(x, y):
    """Return the mean picture ``(10, N)`` of each class of digits ``x (M, N)``."""
    return np.stack([x[y == alpha].mean(axis=0) for alpha in range(10)])
