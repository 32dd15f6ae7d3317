"""Photographs that may be shown: at the boundary of small and large n, and what a convolutional network calls them"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from dam import datasets
from dam.lab.common import on_cpu
from dam.lab.experiments import Experiment, Outcome
from dam.lab.experiments import photographs as heads_of
from dam.lab.experiments.highres import coupled_to
from dam.network import attacks
from dam.network.objective import softmax
from dam.vision import weights
from dam.vision.photographs import photograph, pixels

PAPER = {"n": (2, 8), "overshoot": 1.1, "max_updates": 60, "length": 0.5, "named": 3}
DEMO = PAPER | {"n": (2,), "max_updates": 10}
RANGES = {"overshoot": (0.0, 1000.0), "length": (1e-9, 1e9), "named": (1, 1000), "max_updates": (1, 10**6)}
IMAGENETTE = (0, 217, 482, 491, 497, 566, 569, 571, 574, 701)
"""The numbers of Imagenette's classes among those of ImageNet."""
NAMES = {405: "airship", 406: "altar", 407: "ambulance", 417: "balloon", 429: "baseball", 437: "lighthouse",
         442: "bell cote", 468: "cab", 483: "castle", 497: "church", 513: "cornet", 517: "crane", 538: "dome",
         540: "drilling platform", 562: "fountain", 566: "French horn", 569: "garbage truck", 571: "gas pump",
         572: "goblet", 599: "honeycomb", 619: "lampshade", 654: "minibus", 656: "minivan", 657: "missile",
         663: "monastery", 668: "mosque", 675: "moving van", 698: "palace", 701: "parachute", 718: "pier",
         722: "ping-pong ball", 727: "planetarium", 734: "police van", 751: "racing car",
         757: "recreational vehicle", 760: "refrigerator", 776: "saxophone", 778: "scale", 800: "slot machine",
         830: "stretcher", 832: "stupa", 852: "tennis ball", 873: "triumphal arch", 927: "trifle", 949: "strawberry",
         952: "fig", 969: "eggnog", 972: "cliff", 978: "seashore"}  # fmt: skip
"""What ImageNet calls those of its classes that the shipped photographs have, or are taken for."""
LARGE = 224
"""The side in pixels of the images that EfficientNet-Lite0 was trained on."""


def run(
    *, seed: int, n: Sequence[int], overshoot: float, max_updates: int, length: float, named: int,
    backend: str | None = None, progress: bool = False, folder: Path | str | None = None,
) -> Outcome:  # fmt: skip
    """Move shipped photographs of Imagenette's classes to the boundary, and name all as EfficientNet-Lite0 does.

    The heads are the first of each power in the experiment ``photographs`` on Lite0's features. Photographs are taken
    that all of them read correctly, and moved as in ``highres``; what is shown to the other heads, and to Lite0's own
    classifier among the classes of Imagenette, is ``overshoot`` times as far away as the boundary.

    Arrays: ``id (P,)``, of all shipped photographs, ``label``, their numbers among ImageNet's classes; ``best (P,
    named)``, the classes that Lite0 gives the largest probabilities at 224 pixels, and ``probability``; ``h (P, N)``,
    features at the side of the heads. Of those that are moved, Q: ``moved (Q,)``, their places among all;
    ``change (n, Q, side, side, 3)`` as int8, times ``unit (n, Q)`` the change at the boundary, pixels being in [-1, 1];
    ``crossed (n, Q)``, ``distance (n, Q)``; ``answer (n, Q, n + 1)``, of the heads and of Lite0, classes of Imagenette.
    """
    on_cpu(backend, "the convolutions are computed by NumPy on the CPU")
    stored, shipped, lite0 = heads_of.stored_features("lite0", folder), datasets.photographs(), weights.lite0()
    side = stored.parameters["side"]
    small, large = (pixels(np.stack([photograph(one.path, size) for one in shipped])) for size in (side, LARGE))
    h = heads_of.seen(lite0.layers, small, side)
    chances = softmax(heads_of.seen(lite0.layers, large, LARGE) @ lite0.rows.T + lite0.biases)
    best = np.argsort(-chances, axis=1)[:, :named]
    label = np.array([one.label for one in shipped])
    networks = {degree: coupled_to("lite0", degree, 0, "centered", side=side, folder=folder) for degree in n}
    y = np.array([IMAGENETTE.index(each) if each in IMAGENETTE else -1 for each in label])
    right = y >= 0
    for degree in n:
        head, squash = heads_of.head("lite0", degree, 0, "centered", folder)
        right &= head.predict(squash.forward(h)[0]) == y
    rows = np.flatnonzero(right)
    v, found = small[rows], []
    for degree in tqdm(n, desc="powers", disable=not progress):
        limits: dict[str, Any] = {"length": length, "max_updates": max_updates, "m": heads_of.M}
        moved = attacks.attack(v, y[rows], networks[degree], **limits)
        beyond = heads_of.seen(lite0.layers, moved.overshoot(v, overshoot), side)
        answers = [heads_of.head("lite0", k, 0, "centered", folder) for k in n]
        given = [head.predict(squash.forward(beyond)[0]) for head, squash in answers]
        own = beyond @ lite0.rows[list(IMAGENETTE)].T + lite0.biases[list(IMAGENETTE)]
        change = moved.images - v
        unit = np.maximum(np.abs(change).max(axis=1), np.finfo(np.float32).tiny) / 127
        found.append(
            {
                "change": np.rint(change / unit[:, None]).astype(np.int8).reshape(-1, side, side, 3),
                "unit": unit.astype(np.float32),
                "crossed": moved.crossed,
                "distance": np.linalg.norm(change, axis=1).astype(np.float32),
                "answer": np.stack([*given, own.argmax(axis=1)], axis=1).astype(np.int8),
            }
        )
    arrays = {key: np.stack([one[key] for one in found]) for key in found[0]}
    arrays |= {"id": np.array([one.id for one in shipped]), "label": label.astype(np.int16), "moved": rows}
    arrays |= {"best": best.astype(np.int16), "h": h.astype(np.float16)}
    arrays["probability"] = np.take_along_axis(chances, best, axis=1).astype(np.float32)
    return {"heads": stored.provenance(), "shipped": len(shipped), "moved": len(rows)}, arrays


EXPERIMENT = Experiment(__doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 30, "paper": 60}, run, ranges=RANGES)
