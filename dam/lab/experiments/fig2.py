"""Fig. 2: votes of the memories, how many decide, likeness to digits, and what pruning does"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage
from tqdm import tqdm

from dam import checks, datasets
from dam.arrays import Array, array_namespace, get_namespace, to_numpy
from dam.lab import paper
from dam.lab.common import drawn
from dam.lab.experiments import Experiment, Outcome
from dam.lab.stored import stored_network, trained
from dam.lab.verdicts import Claim, value, within
from dam.network import prototypes
from dam.network.recipes import Recipe
from dam.network.training import initial_weights

PAPER = {"n": paper.POWERS, "digits": 10000, "known": 60000, "draws": 5, "network_seed": 0}
DEMO = PAPER | {"digits": 500, "known": 3000, "draws": 2}
RANGES = {"known": (10, 60_000), "draws": (1, 10**6)}
FRACTIONS = (0, 0.025, *np.arange(0.05, 0.95, 0.05).round(2).tolist(), 0.95, 0.975, 0.99, 0.995, 0.9975)
"""Which fractions of the memories are removed: at random, those with the smallest share first, or the largest first."""
JUDGES = 5000
"""From how many training digits the shares are computed."""
HEARD = 10_000
"""Among how many training digits the audience of a memory is counted."""
AGREES = 0.99
"""A label weight above it counts as the +1 of the paper."""
CUTOFFS = (0.5, 0.7, 0.8, 0.9, 0.95)
"""Of the largest term; a memory with a term above it is comparable. The paper's is 0.9."""
WHITE = 0.2
"""A weight within ± this is as good as white on the color scale."""
CONTROLS = 2000
"""How many test digits, and how many random memories, are compared with training digits."""


def run(
    *, seed: int, n: Sequence[int], digits: int, known: int, draws: int, network_seed: int, backend: str | None = None,
    progress: bool = False, folder: Path | str | None = None,
) -> Outcome:  # fmt: skip
    """Measure the trained network of each n, and what the likeness to digits is by chance.

    ``digits`` of the test digits and ``known`` of the training digits are drawn; removal has ``draws`` random orders.

    Values: those of `network_measures`, ``_n{n}`` appended; likewise ``network`` and ``epochs``, how long it was
    trained. Arrays: those of `network_measures`, likewise; ``digit (digits,)`` and ``known (known,)``, places in the
    test and the training set; ``removed (G,)``; and for test digits and untrained memories (``random``) the likeness
    ``{measure}_{to}_test``, ``{measure}_{to}_random``: measure ``cosine`` or ``correlation``, to ``digit`` (the most
    similar training digit) or ``mean`` (the most similar class mean).
    """
    rng, data, xp = np.random.default_rng(seed), datasets.mnist(), get_namespace(backend)
    tests = drawn("digits", digits, 10_000, rng)
    trains = drawn("known", known, 60_000, rng, least=10)
    checks.count("draws", draws)
    x, x_test = xp.asarray(data.x_train[trains]), xp.asarray(data.x_test[tests])
    y_test = xp.asarray(data.y_test[tests])
    means = xp.asarray(class_means(data.x_train, data.y_train))
    values: dict[str, Any] = {}
    arrays: dict[str, Array] = {"digit": tests.astype(np.int16), "known": trains.astype(np.uint16)}
    untrained = xp.asarray(initial_weights(Recipe.paper(n[0], K=CONTROLS), 794, seed, "float32")[:, :784])
    for name, pictures in (("test", x_test[:CONTROLS]), ("random", untrained)):
        alike = likeness(pictures, x, means)
        arrays |= {f"{key}_{name}": array for key, array in alike.items() if key.startswith(("cosine", "correlation"))}
    for degree in tqdm(n, desc="networks", disable=not progress):
        network, values[f"network_n{degree}"] = trained(degree, network_seed, folder, xp)
        K = network.visible.shape[0]
        arrays["removed"] = removed = np.unique([min(round(K * share), K - 1) for share in FRACTIONS])
        orders = np.stack([rng.permutation(K) for _ in range(draws)])
        numbers, found = network_measures(network, x, x_test, y_test, means, n, removed, orders)
        values |= {f"{key}_n{degree}": number for key, number in numbers.items()}
        arrays |= {f"{key}_n{degree}": array for key, array in found.items()}
        values[f"epochs_n{degree}"] = stored_network(degree, network_seed, folder).values["epochs"]
    return values, arrays


def network_measures(
    network: Any, x: Array, x_test: Array, y_test: Array, means: Array, powers: Sequence[int], removed: Array,
    orders: Array,
) -> Outcome:  # fmt: skip
    """Return all numbers and arrays of one network.

    ``x (R, N)`` are training digits, ``x_test (M, N)`` and ``y_test (M,)`` test digits and their classes, ``means (10,
    N)`` class means of training digits, ``powers`` those P with which the overlaps are read, ``removed (G,)`` and
    ``orders (D, K)`` numbers of memories to remove, and random orders to do it in.

    Values: ``error_percent``; ``three_to_five_percent``, ``one_class_percent``, ``no_class_percent`` of the memories
    vote for as many classes, and ``one_class_awake_percent`` of those awake for one with a label weight above 0.99;
    ``votes_mode``, of those awake, the most frequent number of such votes; ``extreme_percent``, label weights beyond
    ±0.9; ``lone_percent``, digits for which a single memory has a term above 0.9 of the largest, for the answer, and
    ``lone_digits``, their number; ``lone_percent_{measure}`` for other `dam.network.prototypes.MEASURES`, and
    ``lone_percent_above_{cutoff}`` for other `CUTOFFS`; ``comparable`` (median over digits); of memories awake
    ``blank``, the mean weight at pixels that no training digit inks, ``white_percent``, weights within ±`WHITE`, and
    ``margin_percent``, those of them that touch a stroke: see `margins`;
    ``asleep_percent`` and ``error_without_asleep_percent``, of inactive memories; ``half_share``, how many memories
    have half of all shares; medians of the likeness, and of the audience at the network's own n.

    Arrays: ``votes (K,)``; ``comparable (M,)`` and ``comparable_{measure} (M,)``; ``share (K,)``, see
    `prototypes.shares`; ``reach (K,)``, the largest overlap with a training digit; ``audience (P, K)``, ``ratio (M,)``,
    ``rivals (P, M)`` and ``effective (P, M)``, see `prototypes.audience` and `prototypes.rivals`; ``{measure}_{to}
    (K,)``, likeness to digits and means, and ``which_{measure}_{to} (K,)``, to which (rows of x, classes);
    ``error_least``, ``error_most (G,)`` and ``error_random (D, G)``, test error in % after removal.
    """
    votes, labels = to_numpy(prototypes.votes(network.label_weights)), to_numpy(network.label_weights)
    counts = {name: to_numpy(c) for name, c in prototypes.comparable_memories(x_test, network).items()}
    share = to_numpy(prototypes.shares(x[:JUDGES], network))
    heard = to_numpy(prototypes.audience(network.visible, x[:HEARD], powers))
    ratio, rivals, effective = (to_numpy(found) for found in prototypes.rivals(x_test, network.visible, powers))
    alike = likeness(network.visible, x, means)
    reach = alike.pop("overlap_digit")
    by_share = np.argsort(share, kind="stable")
    kept = [prototypes.kept_after(order, removed) for order in (by_share, by_share[::-1], *orders)]
    kept = array_namespace(x=x).asarray(np.concatenate([*kept, reach[None, :] > 0]))
    errors = to_numpy(prototypes.errors_kept(x_test, y_test, network, kept))
    curves, without = errors[:-1].reshape(-1, len(removed)), float(errors[-1])
    percent = lambda chosen: float(100 * np.mean(chosen))
    agreeing = to_numpy(prototypes.votes(network.label_weights, AGREES))[reach > 0]
    visible, white = to_numpy(network.visible)[reach > 0], to_numpy(x).max(axis=0) == -1
    least, most = paper.CLASSES_VOTED
    values = {
        "error_percent": float(curves[0, 0]),
        "three_to_five_percent": percent((votes >= least) & (votes <= most)),
        "one_class_percent": percent(votes == 1),
        "one_class_awake_percent": percent(agreeing == 1),
        "votes_mode": int(np.bincount(agreeing, minlength=1).argmax()),
        "no_class_percent": percent(votes == 0),
        "extreme_percent": percent(np.abs(labels) > 0.9),
        "lone_percent": percent(counts["answer"] == 1),
        "lone_digits": int(np.sum(counts["answer"] == 1)),
        "comparable": float(np.median(counts["answer"])),
        "blank": float(visible[:, white].mean(dtype=np.float64)),
        "white_percent": percent(np.abs(visible) < WHITE),
        "margin_percent": percent(np.abs(visible[margins(visible)]) < WHITE),
        "asleep_percent": percent(reach <= 0),
        "error_without_asleep_percent": without,
        "half_share": int(np.sum(np.cumsum(np.sort(share)[::-1]) < 0.5 * share.sum()) + 1),
        "audience": float(np.median(heard[list(powers).index(network.n)])),
    }
    arrays: dict[str, Any] = {"votes": votes.astype(np.uint8), "comparable": counts.pop("answer").astype(np.uint16)}
    values |= {f"lone_percent_{name}": percent(count == 1) for name, count in counts.items()}
    values |= {f"lone_percent_above_{cutoff}": alone for cutoff, alone in lone_percents(x_test, network).items()}
    values |= {key: float(np.median(array)) for key, array in alike.items() if "which" not in key}
    arrays |= {f"comparable_{name}": count.astype(np.uint16) for name, count in counts.items()}
    arrays |= {"share": share, "reach": reach, "audience": heard, "ratio": ratio}
    arrays |= {"rivals": rivals.astype(np.uint16), "effective": effective.astype(np.float16), **alike}
    arrays |= {"error_least": curves[0], "error_most": curves[1], "error_random": curves[2:]}
    return values, {key: a.astype(np.float32) if a.dtype == np.float64 else a for key, a in arrays.items()}


def lone_percents(v: Array, network: Any) -> dict[float, float]:
    """Return, by each of `CUTOFFS`, for how many digits in % a single memory's term is above it, for the answer."""
    lone = dict.fromkeys(CUTOFFS, 0)
    for part in prototypes.parts(v, network.label_weights.size):
        contribution = prototypes.contributions(v[part, :], network)
        for cutoff in CUTOFFS:
            lone[cutoff] += int(np.sum(to_numpy(prototypes.comparable(contribution, cutoff)) == 1))
    return {cutoff: 100 * count / v.shape[0] for cutoff, count in lone.items()}


def margins(visible: Array) -> np.ndarray:
    """Return which weights ``(K, 784)`` touch a stroke, a weight above 0.5, also at a corner, and are not in one."""
    strokes = np.reshape(visible, (-1, 28, 28)) > 0.5
    near = ndimage.binary_dilation(strokes, np.ones((1, 3, 3)))
    return np.reshape(near & ~strokes, (-1, 784))


def likeness(pictures: Array, digits: Array, means: Array) -> dict[str, np.ndarray]:
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


def class_means(x: Array, y: Array) -> np.ndarray:
    """Return the mean picture ``(10, N)`` of each class of digits ``x (M, N)``."""
    return np.stack([x[y == alpha].mean(axis=0) for alpha in range(10)])


LONE, ONE = paper.LONE_DIGITS, paper.ONE_CLASS
STABLE = (0.8, 0.95)
"""The cutoffs with which the count at the paper's 0.9 is compared."""


def sensitivity(result: Any) -> float:
    """Measure by how many points the lone digits of n = 30 change at most between the cutoff 0.9 and `STABLE`."""
    lone = {cutoff: result.values[f"lone_percent_above_{cutoff}_n30"] for cutoff in (*STABLE, paper.COMPARABLE)}
    return max(abs(lone[cutoff] - lone[paper.COMPARABLE]) for cutoff in STABLE)


def more(n: int) -> Callable:
    """Return a measure: by how many points more memories vote for three to five classes than at n = 20 and at 30."""

    def measure(result):
        share = {k: result.values[f"three_to_five_percent_n{k}"] for k in (n, 20, 30)}
        return share[n] - float(np.max([share[20], share[30]]))

    return measure


CLAIMS = (
    *(Claim(f"several-classes-n{n}", "Section 4, Fig. 2, left histogram",
            f"n = {n}: most memories vote for 3 to 5 classes",
            "more than half of all memories have 3, 4 or 5 label weights above 0.5 (each training)",
            value(f"three_to_five_percent_n{n}"), within(50, 100), digits=1, unit=" %", source="paper",
            fixed="2026-11-22") for n in (2, 3)),
    *(Claim(f"more-classes-n{n}", "Section 4, Fig. 2, left histogram",
            f"n = {n}: more memories vote for 3 to 5 classes than at n = 20 and 30",
            "more of all memories have 3, 4 or 5 label weights above 0.5 than at n = 20 and at n = 30 (each training)",
            more(n), lambda numbers: min(numbers) > 0, digits=1, unit=" points", source="paper", fixed="2026-11-28",
            reason="at n = 20 or 30 as many do") for n in (2, 3)),
    Claim("one-class-n30", "Section 4, Fig. 2, left histogram",
          f"n = 30: more than {ONE} % of the memories vote for one class",
          f"more than {ONE} % of the memories that some training digit turns on have exactly one label weight above "
          f"{AGREES}, as near to the paper's +1 as ours come (each training)",
          value("one_class_awake_percent_n30"), within(ONE, 100), digits=1, unit=" %", source="paper",
          fixed="2026-11-28", reason="fewer memories than in the paper have one vote"),
    *(Claim(f"one-vote-n{n}", "Section 4",
            f"n = {n}: as n increases, each memory specializes and votes for only a single class",
            "read of the typical memory: among those that some training digit turns on, 1 is the most frequent number "
            f"of label weights above {AGREES} (each training)",
            value(f"votes_mode_n{n}"), within(1, 1), digits=0, unit=" is most frequent", source="paper",
            fixed="2026-11-28", reason="the largest group votes for two classes, or for three",
            expected="contradicted" if n == 20 else "holds") for n in (20, 30)),
    *(Claim(f"label-ends-n{n}", "Section 4",
            f"n = {n}: in the end most label weights are approximately ±1",
            "more than half of all label weights are beyond ±0.9 (each training)",
            value(f"extreme_percent_n{n}"), within(50, 100), digits=0, unit=" %", source="paper", fixed="2026-11-28")
      for n in paper.POWERS),
    Claim("cutoff", "Section 4", "the number of test images without a second comparable memory is not sensitive to 0.9",
          "n = 30, answer: with the cutoffs 0.8 and 0.95 it is within 10 points of that with 0.9 (each training)",
          sensitivity, within(0, 10), digits=0, unit=" points at most", source="paper", fixed="2026-11-28",
          reason="the lower the cutoff, the more second memories pass; only the order of the powers is the same at all",
          expected="contradicted"),
    Claim("white-margins-n20", "Section 4, Fig. 2",
          "n = 20: the digits in the memories have white margins, of weights near zero",
          f"of the weights that touch a stroke (above 0.5) and are not in one, more than half are within ±{WHITE} "
          "(each training)",
          value("margin_percent_n20"), within(50, 100), digits=0, unit=" %", source="paper", fixed="2026-11-28",
          reason="few weights lie near zero anywhere: from a stroke to the ground, which is at -1, the step is steep",
          expected="contradicted"),
    Claim("lone-memory-n30", "Section 4, Fig. 2, right histogram",
          f"n = 30: more than {LONE} of the 10,000 test images have no other memory comparable to the first",
          f"in eq. (9) for the answer, a single memory has a term above 0.9 of the largest, for more than {LONE} of "
          "10,000",
          value("lone_percent_n30", 100), within(LONE, paper.TEST_DIGITS), digits=0, source="paper",
          fixed="2026-11-22"),
)  # fmt: skip

EXPERIMENT = Experiment(
    __doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 10, "paper": 100}, run, claims=CLAIMS, place=9, ranges=RANGES
)
