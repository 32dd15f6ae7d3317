"""Numbers and words that no function takes: an error that names the argument, at once, and never an answer."""

import math
import re

import numpy as np
import pytest

from dam.network import attacks, checkpoints, classifier, objective, optimizer, prototypes, pulls, robustness, training
from dam.network.classifier import Classifier
from dam.network.recipes import Recipe

BAD = (True, -1, 0, 2.5, math.nan, math.inf, -math.inf, "3", None)
COUNTS, FROM_0 = (), (0,)  # what is allowed of these, beside what never stands among them
POSITIVE, FROM_0_ON = (2.5,), (0, 2.5)

RNG = np.random.default_rng(0)
X, Y = RNG.uniform(-1, 1, (30, 8)), np.arange(30) % 3
WEIGHTS = RNG.uniform(-1, 1, (6, 8)), RNG.uniform(-1, 1, (6, 3))
NET = Classifier(*WEIGHTS, 3, 4.0)
V, T = X[:6], objective.targets(Y[:6], 3, np.float64)
SAID = NET.predict(V)
RECIPE = Recipe.paper(3, K=6, batch_per_class=2, T_initial=5, T_final=5)
XI = RNG.uniform(-1, 1, (6, 11))
ATTACKED = attacks.attack(V, SAID, NET, max_updates=2)


def train(**options):
    return training.train(
        X, Y, RECIPE, **({"epochs": 1, "classes": 3, "progress": False, "backend": "numpy"} | options)
    )


NUMBERS = [
    ("n", COUNTS, lambda n: Classifier(*WEIGHTS, n, 4.0)),
    ("T", POSITIVE, lambda T: Classifier(*WEIGHTS, 3, T)),
    ("m", COUNTS, lambda m: NET.gradients(V, T, m)),
    ("m", COUNTS, lambda m: NET.gradients(V, T, m, "softmax")),
    ("above", (*FROM_0_ON, -1), lambda above: classifier.inactive(WEIGHTS[0], X, above)),
    ("rows", COUNTS, lambda rows: classifier.inactive(WEIGHTS[0], X, rows=rows)),
    ("classes", COUNTS, lambda classes: objective.targets(Y, classes)),
    ("m", COUNTS, lambda m: objective.loss(T / 2, T, m)),
    ("m", COUNTS, lambda m: objective.slope(T / 2, T, m)),
    ("m", COUNTS, lambda m: objective.slope(T / 2, T, m, "softmax")),
    ("m", COUNTS, lambda m: objective.log_objective(T / 2, T, m)),
    ("p", FROM_0, lambda p: optimizer.momentum_update(XI, XI, XI, p, 0.1)),
    ("epsilon", FROM_0_ON, lambda epsilon: optimizer.momentum_update(XI, XI, XI, 0.5, epsilon)),
    ("p", FROM_0, lambda p: optimizer.momentum_update_in_place(*(XI.copy() for _ in "123"), p, 0.1)),
    (
        "epsilon",
        FROM_0_ON,
        lambda epsilon: optimizer.momentum_update_in_place(*(XI.copy() for _ in "123"), 0.5, epsilon),
    ),
    ("batch_per_class", COUNTS, lambda batch_per_class: training.minibatches(Y, batch_per_class, 0, 0, 3)),
    ("seed", FROM_0, lambda seed: training.minibatches(Y, 2, seed, 0, 3)),
    ("epoch", FROM_0, lambda epoch: training.minibatches(Y, 2, 0, epoch, 3)),
    ("classes", COUNTS, lambda classes: training.minibatches(Y, 2, 0, 0, classes)),
    ("columns", COUNTS, lambda columns: training.initial_weights(RECIPE, columns, 0, "float32")),
    ("seed", FROM_0, lambda seed: training.initial_weights(RECIPE, 4, seed, "float32")),
    ("seed", FROM_0, lambda seed: train(seed=seed)),
    ("epochs", (None,), lambda epochs: train(epochs=epochs)),
    ("checkpoint_every", COUNTS, lambda checkpoint_every: train(checkpoint_every=checkpoint_every)),
    ("classes", COUNTS, lambda classes: train(classes=classes)),
    ("epoch", COUNTS, lambda epoch: checkpoints.save("nowhere.npz", {}, epoch, XI, XI, {})),
    ("m", COUNTS, lambda m: attacks.gradient(V, SAID, NET, m)),
    ("length", FROM_0_ON, lambda length: attacks.move(V, V, length, "l2")),
    ("factor", FROM_0_ON, lambda factor: ATTACKED.overshoot(V, factor)),
    ("length", (2.5, None), lambda length: attacks.attack(V, SAID, NET, length=length, max_updates=2)),
    ("max_updates", COUNTS, lambda max_updates: attacks.attack(V, SAID, NET, max_updates=max_updates)),
    ("m", COUNTS, lambda m: attacks.attack(V, SAID, NET, max_updates=2, m=m)),
    ("updates", FROM_0, lambda updates: attacks.path(V, SAID, (SAID + 1) % 3, NET, updates)),
    ("length", (2.5, None), lambda length: attacks.path(V, SAID, (SAID + 1) % 3, NET, 1, length=length)),
    ("steps", COUNTS, lambda steps: robustness.robust(V, SAID, NET, [0.1], steps=steps)),
    ("m", (None,), lambda m: robustness.robust(V, SAID, NET, [0.1], steps=2, m=m)),
    ("radii", (0, 2.5), lambda radius: robustness.robust(V, SAID, NET, [radius], steps=2)),
    ("radii", COUNTS, lambda radii: robustness.robust(V, SAID, NET, radii, steps=2)),
    ("radius", (*FROM_0_ON, math.inf), lambda radius: robustness.project(V, V, radius, "l2")),
    ("updates", COUNTS, lambda updates: robustness.minima(V, SAID, NET, updates=updates)),
    ("length", POSITIVE, lambda length: robustness.minima(V, SAID, NET, updates=1, length=length)),
    ("m", COUNTS, lambda m: robustness.minima(V, SAID, NET, updates=1, m=m)),
    ("shape", COUNTS, lambda side: robustness.strokes(V, (side, 4))),
    ("shape", COUNTS, lambda side: robustness.strokes(V, (2, side))),
    ("shape", COUNTS, lambda shape: robustness.strokes(V, shape)),
    ("threshold", (-1, *FROM_0_ON, math.inf, -math.inf), lambda t: prototypes.votes(WEIGHTS[1], t)),
    ("share", FROM_0, lambda share: prototypes.comparable(V, share)),
    ("share", FROM_0, lambda share: prototypes.comparable_memories(V, NET, share)),
    ("share", FROM_0, lambda share: prototypes.rivals(V, WEIGHTS[0], [2, 3], share)),
    ("powers", COUNTS, lambda n: prototypes.rivals(V, WEIGHTS[0], [2, n])),
    ("powers", COUNTS, lambda n: prototypes.audience(WEIGHTS[0], V, [2, n])),
    ("powers", COUNTS, lambda powers: prototypes.rivals(V, WEIGHTS[0], powers)),
    ("powers", COUNTS, lambda powers: prototypes.audience(WEIGHTS[0], V, powers)),
    ("axis", (-1, 0), lambda axis: prototypes.participation_ratio(V, axis)),
    ("width", COUNTS, lambda width: list(prototypes.parts(V, width))),
    ("m", COUNTS, lambda m: pulls.digit_weights(NET, V, SAID, m, np.arange(2))),
    ("classes", COUNTS, lambda classes: pulls.by_class(np.ones((6, 6)), V, SAID, WEIGHTS[0], classes)),
]
WORDS = [
    ("kind", lambda kind: Classifier(*WEIGHTS, 3, 4.0, kind)),
    ("form", lambda form: Classifier(*WEIGHTS, 3, 4.0, form=form)),
    ("kind", lambda kind: classifier.inactive(WEIGHTS[0], X, kind=kind)),
    ("objective", lambda objective: NET.gradients(V, T, 1, objective)),
    ("objective", lambda word: objective.slope(T / 2, T, 1, word)),
    ("norm", lambda norm: attacks.move(V, V, 0.1, norm)),
    ("norm", lambda norm: attacks.attack(V, SAID, NET, norm=norm)),
    ("norm", lambda norm: attacks.path(V, SAID, (SAID + 1) % 3, NET, 1, norm=norm)),
    ("norm", lambda norm: robustness.robust(V, SAID, NET, [0.1], norm=norm)),
    ("norm", lambda norm: robustness.project(V, V, 0.1, norm)),
    ("measure", lambda measure: prototypes.contributions(V, NET, measure)),
]
OTHERS = [
    ("recipe", lambda recipe: training.train(X, Y, recipe)),
    ("recipe", lambda recipe: training.initial_weights(recipe, 4, 0, "float32")),
    ("network", lambda network: classifier.error_percent(network, V, SAID)),
    ("checkpoint", lambda path: train(checkpoint=0 if path is None else path)),
]


def cases(table, values):
    """Each function of a table, and the values that it must refuse."""
    for number, (name, *allowed, call) in enumerate(table):
        allowed = [(type(x), x) for x in sum(allowed, ())]
        yield pytest.param(name, call, [x for x in values if (type(x), x) not in allowed], id=f"{name}-{number}")


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("name", "call", "values"),
    [*cases(NUMBERS, BAD), *cases(WORDS, ("", "Power", 3, None, ["power"])), *cases(OTHERS, (3, None, 2.5))],
)
def test_it_is_refused_by_name(name, call, values):
    for value in values:
        try:
            call(value)
        except (ValueError, TypeError) as error:
            assert re.search(rf"\b{name}\b", str(error)), f"{value!r}: {error}"
        else:
            pytest.fail(f"{name} = {value!r} is taken")
