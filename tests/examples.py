"""An example of every public function that takes arrays: a call, and the arrays to call it with.

The arrays are small, and their numbers are multiples of 1/1024, which float32 holds as well.
"""

import numpy as np

import dam
from dam import datasets, fits, memory
from dam.arrays import array_namespace
from dam.memory import attention, hopfield, interactions, retrieval
from dam.network import attacks, classifier, objective, optimizer, prototypes, pulls, quantized, relu, robustness
from dam.network.training import minibatches, train

rng = np.random.default_rng(0)


def numbers(*shape, low=-1):
    """Random numbers from ``low`` to 1."""
    return rng.integers(1024 * low, 1025, shape) / 1024


def signs(*shape):
    """Random numbers -1 and 1."""
    return 2.0 * rng.integers(0, 2, shape) - 1


# --- memory: seven neurons of spins, or six of real values

F = dam.Polynomial(3)
SIGMA, XI = signs(3, 7), signs(4, 7)
STATES, REAL = {"sigma": SIGMA, "xi": XI}, {"x": numbers(3, 6), "xi": numbers(4, 6)}
MATRIX = {"sigma": SIGMA, "T": numbers(7, 7)}

MEMORY = {
    "attention.energy": (lambda x, xi: attention.energy(x, xi, 2.0), REAL),
    "attention.weights": (lambda x, xi: attention.weights(x, xi, 2.0), REAL),
    "attention.update": (lambda x, xi: attention.update(x, xi, 2.0), REAL),
    "attention.attention": (
        lambda queries, keys, values: attention.attention(queries, keys, values, 2.0),
        {"queries": REAL["x"], "keys": REAL["xi"], "values": numbers(4, 2)},
    ),
    "attention.retrieve": (lambda x, xi: attention.retrieve(x, xi, 0.5, 0.1), REAL),
    "attention.perplexity": (lambda x, xi: attention.perplexity(x, xi, 2.0), REAL),
    "attention.retrieve_spins": (lambda sigma, xi: attention.retrieve_spins(sigma, xi, 1.0, 0), STATES),
    "attention.separation": (attention.separation, {"xi": REAL["xi"]}),
    "energy.overlaps": (memory.overlaps, STATES),
    "energy.energy": (lambda sigma, xi: memory.energy(sigma, xi, F), STATES),
    "energy.local_fields": (lambda sigma, xi: memory.local_fields(sigma, xi, F), STATES),
    "energy.trajectory": (lambda sigma, xi: memory.trajectory(sigma[:1, :], xi, F, 0), STATES),
    "hopfield.hebbian": (hopfield.hebbian, {"xi": XI}),
    "hopfield.projection": (hopfield.projection, {"xi": XI}),
    "hopfield.classical_energy": (lambda sigma, T: hopfield.classical_energy(sigma, T + T.T), MATRIX),
    "hopfield.retrieve_classical": (lambda sigma, T: hopfield.retrieve_classical(sigma, T + T.T, 0), MATRIX),
    "retrieval.retrieve": (lambda sigma, xi: retrieval.retrieve(sigma, xi, F, 0), STATES),
    "retrieval.unstable_neurons": (lambda sigma, xi: retrieval.unstable_neurons(sigma, xi, F), STATES),
    "retrieval.gaps": (lambda sigma, xi: retrieval.gaps(sigma, xi, F), STATES),
    "retrieval.batch_fields": (
        lambda sigma, xi: retrieval.batch_fields(sigma, xi, F, "energy", 1)(sigma).gaps(sigma),
        STATES,
    ),
    "interactions.power": (lambda x: interactions.power(x, 5), {"x": 3 * numbers(8)}),
}
for F_ in (F, dam.RectifiedPolynomial(3), dam.Exponential(), dam.LogCosh(), dam.Softplus(), dam.RectifiedQuadratic()):
    name, x = f"interactions.{type(F_).__name__}", {"x": 3 * numbers(8)}
    MEMORY |= {f"{name}.__call__": (F_, x), f"{name}.activation": (F_.activation, x)}

# --- network: three digits of six pixels, five memories, three classes


def net(visible, label_weights):
    """A network of these memories."""
    return classifier.Classifier(visible, label_weights, 3, 2.0)


def ordinary(visible, label_weights, hidden_bias, class_bias):
    """A network of ReLU units."""
    return relu.ReLUNetwork(visible, label_weights, hidden_bias, class_bias)


def halves(form):
    """The two halves of a network of this form: arguments, and what follows from their derivatives."""
    forward, backward = (getattr(classifier, f"{way}_{form}") for way in ("forward", "backward"))

    def call(v, s, **w):
        a, state = forward(v, net(**w))
        return a, backward(state, s, net(**w))

    return call


WEIGHTS = {"visible": numbers(5, 6), "label_weights": numbers(5, 3)}
V, Y, T, S = numbers(3, 6), np.array([0, 2, 1]), 2.0 * np.eye(3)[[0, 2, 1]] - 1, numbers(3, 3)
RIGHT = net(**WEIGHTS).predict(V)
DIGITS, ARGUMENTS, MOVES = {"v": V, **WEIGHTS}, {"a": 2 * numbers(3, 3), "t": T}, {"v": V, "g": numbers(3, 6)}
PICTURES = {"v": V, "visible": WEIGHTS["visible"]}
BIASED = {**DIGITS, "hidden_bias": numbers(5), "class_bias": numbers(3)}
JOINT = {"xi": numbers(5, 9), "V": numbers(5, 9), "gradient": numbers(5, 9)}
RECIPE = dam.Recipe(3, 2, 2, 2, 0, 0.1, 1, 0.5, 2, K=2, batch_per_class=2)
TRAINING = {"x": numbers(4, 4), "y": np.array([0, 1, 0, 1])}

NETWORK = {
    "attacks.gradient": (lambda v, y, **w: attacks.gradient(v, y, net(**w)), {**DIGITS, "y": Y}),
    "attacks.descent": (
        lambda v, t, **w: attacks.descent(v, net(**w), lambda a: objective.log_objective(a, t, 1)),
        {**DIGITS, "t": T},
    ),
    "attacks.move": (lambda v, g: [attacks.move(v, g, 0.5, norm) for norm in attacks.NORMS], MOVES),
    "attacks.attack": (
        lambda v, y, **w: vars(attacks.attack(v, y, net(**w), length=1.0, max_updates=3)),
        {**DIGITS, "y": RIGHT},
    ),
    "attacks.Attack.overshoot": (lambda v, g: attacks.Attack(g, None, None, None).overshoot(v, 1.5), MOVES),
    "attacks.path": (
        lambda v, y, target, **w: attacks.path(v, y, target, net(**w), 2),
        {**DIGITS, "y": Y, "target": (Y + 1) % 3},
    ),
    "attacks.checked_images": (lambda v, y, **w: attacks.checked_images(v, y, net(**w), 1)[1:4], {**DIGITS, "y": Y}),
    "classifier.terms": (lambda v, **w: list(classifier.terms(v, net(**w))[0]), DIGITS),
    "classifier.forward_exact": (halves("exact"), {**DIGITS, "s": S}),
    "classifier.backward_exact": (halves("exact"), {**DIGITS, "s": S}),
    "classifier.forward_dual": (halves("dual"), {**DIGITS, "s": S}),
    "classifier.backward_dual": (halves("dual"), {**DIGITS, "s": S}),
    "classifier.Network.on": (lambda v, **w: net(**w).on(array_namespace(v=v), v.dtype), DIGITS),
    "classifier.Network.prepared": (lambda v, **w: net(**w).prepared(v), DIGITS),
    "classifier.Network.arguments": (lambda v, **w: net(**w).arguments(v), DIGITS),
    "classifier.Network.predict": (lambda v, **w: net(**w).predict(v), DIGITS),
    "classifier.Classifier.dual": (lambda v, **w: net(**w).dual().arguments(v), DIGITS),
    "classifier.Classifier.forward": (lambda v, **w: net(**w).forward(v), DIGITS),
    "classifier.Classifier.backward": (
        lambda v, s, **w: net(**w).backward(net(**w).forward(v)[1], s),
        {**DIGITS, "s": S},
    ),
    "classifier.Classifier.backward_to_weights": (
        lambda v, s, **w: net(**w).backward_to_weights(v, net(**w).forward(v)[1], s),
        {**DIGITS, "s": S},
    ),
    "classifier.Classifier.objective": (lambda a, t, **w: net(**w).objective(a, t, 2), {**ARGUMENTS, **WEIGHTS}),
    "classifier.Classifier.gradients": (lambda v, t, **w: net(**w).gradients(v, t, 2), {**DIGITS, "t": T}),
    "classifier.Classifier.scores": (lambda v, **w: net(**w).scores(v), DIGITS),
    "classifier.error_percent": (lambda v, y, **w: classifier.error_percent(net(**w), v, y), {**DIGITS, "y": Y}),
    "objective.targets": (lambda y: objective.targets(y, 3), {"y": Y}),
    "objective.loss": (lambda a, t: objective.loss(a, t, 2), ARGUMENTS),
    "objective.softmax": (objective.softmax, {"a": ARGUMENTS["a"]}),
    "objective.slope": (lambda a, t: [objective.slope(a, t, 2, kind) for kind in objective.OBJECTIVES], ARGUMENTS),
    "objective.log_objective": (lambda a, t: objective.log_objective(a, t, 2), ARGUMENTS),
    "objective.cross_entropy": (objective.cross_entropy, ARGUMENTS),
    "optimizer.momentum_update": (lambda xi, V, gradient: optimizer.momentum_update(xi, V, gradient, 0.5, 0.1), JOINT),
    "prototypes.votes": (prototypes.votes, {"label_weights": WEIGHTS["label_weights"]}),
    "prototypes.terms": (lambda v, **w: prototypes.terms(v, net(**w)), DIGITS),
    "prototypes.contributions": (
        lambda v, **w: [prototypes.contributions(v, net(**w), measure) for measure in prototypes.MEASURES],
        DIGITS,
    ),
    "prototypes.comparable": (prototypes.comparable, {"contribution": numbers(3, 5)}),
    "prototypes.comparable_memories": (lambda v, **w: prototypes.comparable_memories(v, net(**w), 0.5), DIGITS),
    "prototypes.shares": (lambda v, **w: prototypes.shares(v, net(**w)), DIGITS),
    "prototypes.errors_kept": (
        lambda v, y, kept, **w: prototypes.errors_kept(v, y, net(**w), kept),
        {**DIGITS, "y": Y, "kept": signs(4, 5) > 0},
    ),
    "prototypes.kept_after": (prototypes.kept_after, {"order": rng.permutation(5), "removed": np.array([0, 2, 5])}),
    "prototypes.resemblance": (lambda v, visible: prototypes.resemblance(visible, v), PICTURES),
    "prototypes.participation_ratio": (
        lambda weights: prototypes.participation_ratio(weights, 1),
        {"weights": numbers(3, 5, low=0)},
    ),
    "prototypes.rivals": (lambda v, visible: prototypes.rivals(v, visible, (2, 3)), PICTURES),
    "prototypes.audience": (lambda v, visible: prototypes.audience(visible, v, (2, 4)), PICTURES),
    "prototypes.parts": (lambda x: [x[part, :] for part in prototypes.parts(x, 10**6)], {"x": V}),
    "relu.ReLUNetwork.forward": (lambda v, **w: ordinary(**w).forward(v), BIASED),
    "relu.ReLUNetwork.backward": (
        lambda v, s, **w: ordinary(**w).backward(ordinary(**w).forward(v)[1], s),
        {**BIASED, "s": S},
    ),
    "relu.ReLUNetwork.objective": (
        lambda v, a, t, **w: ordinary(**w).objective(a, t, 1),
        {**BIASED, **ARGUMENTS},
    ),
    "robustness.project": (lambda v, g: [robustness.project(v, g, 0.5, norm) for norm in attacks.NORMS], MOVES),
    "robustness.robust": (
        lambda v, y, **w: [robustness.robust(v, y, net(**w), (0, 0.5, 2), steps=3, m=m) for m in (None, 1)],
        {**DIGITS, "y": RIGHT},
    ),
    "robustness.minima": (lambda v, y, **w: robustness.minima(v, y, net(**w), updates=3), {**DIGITS, "y": Y}),
    "training.train": (lambda x, y: train(x, y, RECIPE, classes=2, progress=False)[0], TRAINING),
}

EXAMPLES = {f"memory.{name}": example for name, example in MEMORY.items()}
EXAMPLES |= {f"network.{name}": example for name, example in NETWORK.items()}
"""Functions that answer in the library of their arrays, and where these lie."""

IN_NUMPY = {
    "datasets.damage": (lambda sigma: datasets.damage(sigma, 0.3, 0), {"sigma": SIGMA}),
    "datasets.held_out_split": (datasets.held_out_split, {"y": rng.integers(0, 3, 12)}),
    "datasets.spins": (datasets.spins, {"x": V}),
    "fits.crossing": (lambda x, y: fits.crossing(x, y, 0.3), {"x": np.arange(4.0), "y": np.array([0.5, 0.25, 1, 0])}),
    "fits.exponent": (fits.exponent, {"x": np.arange(1.0, 4), "y": np.array([[1.0, 2, 5], [4, 3, 1]])}),
    "fits.interval": (fits.interval, {"values": numbers(5)}),
    "fits.limit": (fits.limit, {"N": np.array([1.0, 2, 4, 8]), "y": np.array([2.0, 1.5, 1.25, 1.125])}),
    "network.classifier.inactive": (
        lambda v, visible, above: classifier.inactive(visible, v, above, rows=2),
        {**PICTURES, "above": numbers(5, low=0)},
    ),
    "network.pulls.by_class": (
        lambda w, v, y, visible: pulls.by_class(w, v, y, visible, 3),
        {"w": numbers(3, 5), "y": Y, **PICTURES},
    ),
    "network.pulls.digit_weights": (
        lambda v, y, memories, **w: pulls.digit_weights(net(**w), v, y, 2, memories),
        {**DIGITS, "y": Y, "memories": np.array([1, 4])},
    ),
    "network.quantized.codes": (quantized.codes, {"weights": V}),
    "network.quantized.values": (quantized.values, {"codes": np.arange(16, dtype=np.uint8)}),
    "network.quantized.quantized": (
        lambda kept, **w: quantized.quantized(net(**w), kept),
        {**WEIGHTS, "kept": np.arange(5) > 1},
    ),
    "network.robustness.inside_share": (lambda v, g: robustness.inside_share(v, g, (2, 3)), MOVES),
    "network.robustness.likeness": (
        robustness.likeness,
        {"pictures": V, "classes": Y, "x": WEIGHTS["visible"], "y": np.array([0, 1, 2, 0, 1])},
    ),
    "network.robustness.strokes": (lambda v: robustness.strokes(v, (2, 3)), {"v": V}),
    "network.training.minibatches": (lambda y: minibatches(y, 2, 0, 1, 3), {"y": np.arange(12) % 3}),
}
"""Functions that answer in NumPy arrays, or in numbers, whatever they are given."""

NO_ARRAYS = {
    "datasets": ["damaged_seven", "digits8", "idx", "mnist", "photographs", "random_patterns", "xor_memories"],
    "memory.retrieval": ["retrieval_bytes"],
    "memory.theory": "*",
    "network.checkpoints": "*",  # files
    "network.classifier": ["Network.forward", "Network.backward", "Network.objective"],  # each network has its own
    "network.optimizer": ["momentum_update_in_place"],  # in NumPy arrays, by its name
    "network.recipes": "*",
    "network.training": ["initial_weights"],
}
"""Functions of a module that take none, or only NumPy's; "*" for all."""
