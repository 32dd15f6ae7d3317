"""Arrays of any type and layout, and wrong numbers: a function answers as for plain arrays, or says what is wrong.

An error counts only if it is a ``ValueError``, a ``TypeError`` or a ``MemoryError`` that names the argument.
"""

import importlib
import inspect
import math
import pkgutil
import re
import warnings
from dataclasses import fields, is_dataclass

import numpy as np
import pytest

import dam
from dam import datasets, fits
from dam.memory import attention, hopfield, interactions, retrieval, theory
from dam.memory.energy import energy, local_fields, overlaps, trajectory
from dam.network import attacks, classifier, objective, prototypes, pulls, quantized, relu, robustness, training
from dam.vision import coupled, layers, photographs

S, K, N, CLASSES = 3, 5, 9, 4
RNG = np.random.default_rng(0)


def reals(*shape):
    """Numbers that every type can hold and whose products most cannot."""
    return RNG.integers(-100, 101, shape).astype(float)


def signs(*shape):
    return RNG.choice([-1.0, 1.0], shape)


def pixels(*shape):
    return RNG.integers(-8, 9, shape) / 8


def labels(size):
    return RNG.permutation(np.arange(size) % CLASSES)


NETWORK = classifier.Classifier(pixels(K, N), pixels(K, CLASSES), 3, 4.0)
DIGITS, DATA = pixels(S, N), pixels(40, N)
RIGHT = np.asarray(NETWORK.predict(DIGITS))
T = reals(N, N)
T = (T + T.T) / 2
F = dam.Polynomial(3)
RECIPE = training.Recipe.compressed(2, 1, K=4, batch_per_class=2)
CONVOLUTION = layers.Convolution(np.arange(12.0).reshape(1, 1, 3, 4), np.ones(4))
LAYERS = layers.Sequence((CONVOLUTION, layers.Pooled(largest=True)))
GIVEN = attacks.Attack(pixels(S, N), np.ones(S, bool), np.ones(S, int), labels(S))


def spread(function, **options):
    """The function with its options, and a call that gives it arrays by name."""
    return lambda **arrays: function(**arrays, **options)


def network_of(kind, *numbers):
    return lambda **weights: kind(*weights.values(), *numbers)


INTERACTIONS = (
    *(kind(3) for kind in (dam.Polynomial, dam.RectifiedPolynomial)),
    *(kind() for kind in (dam.Exponential, dam.LogCosh, dam.Softplus, dam.RectifiedQuadratic)),
)

STATES = {"sigma": signs(S, N), "xi": signs(K, N)}
REALS = {"x": reals(S, N), "xi": reals(K, N)}
LABELED = {"v": DIGITS, "y": RIGHT}

TABLE = {
    "datasets.damage": (spread(datasets.damage, p=0.3, rng=0), {"sigma": STATES["sigma"]}),
    "datasets.held_out_split": (datasets.held_out_split, {"y": labels(30)}),
    "datasets.spins": (datasets.spins, {"x": REALS["x"]}),
    "fits.crossing": (spread(fits.crossing, level=0.5), {"x": np.arange(5.0), "y": np.array([3.0, 2, 1, 0, 0])}),
    "fits.exponent": (fits.exponent, {"x": np.arange(1.0, 6), "y": np.arange(1.0, 6) ** 2}),
    "fits.interval": (fits.interval, {"values": reals(6)}),
    "fits.limit": (fits.limit, {"N": np.array([25.0, 50, 75, 100]), "y": np.array([40.0, 30, 25, 24])}),
    "memory.attention.attention": (
        spread(attention.attention, beta=1e-4),
        {"queries": reals(S, N), "keys": reals(K, N), "values": reals(K, 2)},
    ),
    "memory.attention.energy": (spread(attention.energy, beta=1e-4), REALS),
    "memory.attention.perplexity": (spread(attention.perplexity, beta=1e-4), REALS),
    "memory.attention.retrieve": (spread(attention.retrieve, beta=0.01), REALS),
    "memory.attention.retrieve_spins": (spread(attention.retrieve_spins, beta=0.5, rng=1), STATES),
    "memory.attention.separation": (attention.separation, {"xi": reals(K, N)}),
    "memory.attention.update": (spread(attention.update, beta=1e-4), REALS),
    "memory.attention.weights": (spread(attention.weights, beta=1e-4), REALS),
    "memory.energy.energy": (spread(energy, F=F), STATES),
    "memory.energy.local_fields": (spread(local_fields, F=F), STATES),
    "memory.energy.overlaps": (overlaps, STATES),
    "memory.energy.trajectory": (
        spread(trajectory, F=F, rng=1),
        {"sigma": signs(1, N), "xi": STATES["xi"]},
    ),
    "memory.hopfield.classical_energy": (hopfield.classical_energy, {"sigma": signs(S, N), "T": T}),
    "memory.hopfield.hebbian": (hopfield.hebbian, {"xi": signs(K, N)}),
    "memory.hopfield.projection": (hopfield.projection, {"xi": signs(K, N)}),
    "memory.hopfield.retrieve_classical": (
        spread(hopfield.retrieve_classical, rng=1),
        {"sigma": signs(S, N), "T": T},
    ),
    **{
        f"memory.interactions.{type(f).__name__}.{name}": (call, {"x": reals(S, K) / 20})
        for f in INTERACTIONS
        for name, call in (("__call__", f), ("activation", f.activation))
    },
    "memory.interactions.power": (spread(interactions.power, n=3), {"x": reals(S, K)}),
    "memory.retrieval.gaps": (spread(retrieval.gaps, F=F), STATES),
    "memory.retrieval.retrieve": (spread(retrieval.retrieve, F=F, rng=1), STATES),
    "memory.retrieval.unstable_neurons": (spread(retrieval.unstable_neurons, F=F), STATES),
    "network.attacks.Attack.overshoot": (spread(GIVEN.overshoot, factor=1.5), {"v": DIGITS}),
    "network.attacks.attack": (spread(attacks.attack, network=NETWORK, max_updates=1), LABELED),
    "network.attacks.gradient": (spread(attacks.gradient, network=NETWORK), LABELED),
    "network.attacks.move": (
        spread(attacks.move, length=0.5, norm="l2"),
        {"v": DIGITS, "gradient": reals(S, N)},
    ),
    "network.attacks.path": (
        spread(attacks.path, network=NETWORK, updates=1),
        {**LABELED, "target": (RIGHT + 1) % CLASSES},
    ),
    "network.classifier.Classifier": (
        network_of(classifier.Classifier, 3, 4.0),
        {"visible": pixels(K, N), "label_weights": pixels(K, CLASSES)},
    ),
    "network.classifier.Classifier.scores": (NETWORK.scores, {"v": DIGITS}),
    "network.classifier.Classifier.gradients": (
        spread(NETWORK.gradients, m=2),
        {"v": DIGITS, "t": 2.0 * np.eye(CLASSES)[RIGHT] - 1},
    ),
    "network.classifier.Network.arguments": (NETWORK.arguments, {"v": DIGITS}),
    "network.classifier.Network.predict": (NETWORK.predict, {"v": DIGITS}),
    "network.classifier.error_percent": (
        spread(classifier.error_percent, network=NETWORK),
        {"x": DIGITS, "y": labels(S)},
    ),
    "network.classifier.inactive": (classifier.inactive, {"visible": reals(K, N), "x": reals(S, N)}),
    "network.objective.cross_entropy": (
        objective.cross_entropy,
        {"a": pixels(S, CLASSES), "t": 2.0 * np.eye(CLASSES)[RIGHT] - 1},
    ),
    "network.objective.log_objective": (
        spread(objective.log_objective, m=2),
        {"a": pixels(S, CLASSES), "t": 2.0 * np.eye(CLASSES)[RIGHT] - 1},
    ),
    "network.objective.loss": (
        spread(objective.loss, m=2),
        {"c": pixels(S, CLASSES), "t": 2.0 * np.eye(CLASSES)[RIGHT] - 1},
    ),
    "network.objective.slope": (
        spread(objective.slope, m=2),
        {"a": pixels(S, CLASSES), "t": 2.0 * np.eye(CLASSES)[RIGHT] - 1},
    ),
    "network.objective.softmax": (objective.softmax, {"a": pixels(S, CLASSES)}),
    "network.objective.targets": (spread(objective.targets, classes=CLASSES), {"y": labels(S)}),
    "network.prototypes.audience": (
        spread(prototypes.audience, powers=[2, 3, 20]),
        {"visible": reals(K, N), "v": reals(S, N)},
    ),
    "network.prototypes.comparable": (prototypes.comparable, {"contribution": reals(S, K)}),
    "network.prototypes.comparable_memories": (
        spread(prototypes.comparable_memories, network=NETWORK),
        {"v": DIGITS},
    ),
    "network.prototypes.contributions": (spread(prototypes.contributions, network=NETWORK), {"v": DIGITS}),
    "network.prototypes.errors_kept": (
        spread(prototypes.errors_kept, network=NETWORK),
        {"v": DIGITS, "y": RIGHT, "kept": np.eye(2, K) > 0},
    ),
    "network.prototypes.kept_after": (
        prototypes.kept_after,
        {"order": np.random.default_rng(0).permutation(K), "removed": np.arange(3)},
    ),
    "network.prototypes.participation_ratio": (
        spread(prototypes.participation_ratio, axis=1),
        {"weights": np.abs(reals(S, K))},
    ),
    "network.prototypes.resemblance": (
        prototypes.resemblance,
        {"pictures": reals(S, N), "references": reals(K, N)},
    ),
    "network.prototypes.rivals": (
        spread(prototypes.rivals, powers=[2, 3, 20]),
        {"v": reals(S, N), "visible": reals(K, N)},
    ),
    "network.prototypes.shares": (spread(prototypes.shares, network=NETWORK), {"v": DIGITS}),
    "network.prototypes.terms": (spread(prototypes.terms, network=NETWORK), {"v": DIGITS}),
    "network.prototypes.votes": (prototypes.votes, {"label_weights": pixels(K, CLASSES)}),
    "network.pulls.by_class": (
        spread(pulls.by_class, classes=CLASSES),
        {"w": reals(S, 2), "v": reals(S, N), "y": labels(S), "xi": reals(2, N)},
    ),
    "network.pulls.digit_weights": (
        spread(pulls.digit_weights, network=NETWORK, m=2),
        {"v": DIGITS, "y": labels(S), "memories": np.array([3, 0, 3])},
    ),
    "network.quantized.codes": (quantized.codes, {"weights": pixels(K, N)}),
    "network.quantized.quantized": (spread(quantized.quantized, network=NETWORK), {"kept": np.arange(K) % 2 > 0}),
    "network.quantized.values": (quantized.values, {"codes": RNG.integers(0, 16, (K, N))}),
    "network.relu.ReLUNetwork": (
        relu.ReLUNetwork,
        dict(zip(relu.ReLUNetwork.WEIGHTS, (pixels(K, N), pixels(K, CLASSES), pixels(K), pixels(CLASSES)))),
    ),
    "network.robustness.inside_share": (
        spread(robustness.inside_share, shape=(3, 3)),
        {"v": DIGITS, "moved": pixels(S, N)},
    ),
    "network.robustness.likeness": (
        robustness.likeness,
        {"pictures": reals(S, N), "classes": labels(S), "x": reals(8, N), "y": labels(8)},
    ),
    "network.robustness.minima": (
        spread(robustness.minima, network=NETWORK, updates=1),
        {"v": DIGITS, "target": labels(S)},
    ),
    "network.robustness.project": (
        spread(robustness.project, radius=0.5, norm="l2"),
        {"v": reals(S, N), "center": DIGITS},
    ),
    "network.robustness.robust": (
        spread(robustness.robust, network=NETWORK, steps=1),
        {**LABELED, "radii": np.array([0.0, 1, 2])},
    ),
    "network.robustness.strokes": (spread(robustness.strokes, shape=(3, 3)), {"v": DIGITS}),
    "network.training.minibatches": (
        spread(training.minibatches, batch_per_class=2, seed=0, epoch=0, classes=CLASSES),
        {"y": labels(40)},
    ),
    "network.training.train": (
        spread(training.train, recipe=RECIPE, classes=CLASSES, progress=False, x_test=DATA, y_test=labels(40)),
        {"x": DATA, "y": labels(40)},
    ),
    "vision.coupled.centered": (spread(coupled.centered, share=0.5), {"h": reals(S, N)}),
    "vision.coupled.features": (spread(coupled.features, layers=LAYERS), {"x": pixels(S, 2, 2, 3)}),
    "vision.coupled.uncentered": (coupled.uncentered, {"h": np.abs(reals(S, N))}),
    "vision.photographs.pixels": (photographs.pixels, {"pictures": RNG.integers(0, 256, (S, 2, 2, 3), dtype=np.uint8)}),
}
"""A call of each public function that takes arrays, and plain arrays: float64, int64 of classes, bool of choices."""

WITHOUT = {  # those that take none
    *("datasets.damaged_seven", "datasets.mnist", "datasets.random_patterns", "datasets.xor_memories"),
    *("datasets.digits8", "datasets.idx", "datasets.photographs"),
    *(f"memory.theory.{name}" for name in ("alpha", "capacity", "capacity_no_errors", "error_probability")),
    *(f"memory.theory.{name}" for name in ("error_probability_exact_moments", "error_tail", "half_stable")),
    "memory.theory.noise_moments",
    "memory.retrieval.retrieval_bytes",
    *(f"network.recipes.Recipe.{name}" for name in ("temperature", "epsilon", "scaled", "averaged")),
    *("network.classifier.Classifier.dual", "network.training.initial_weights"),
    *(f"network.checkpoints.{name}" for name in ("claimed", "prepare", "load", "kept", "versions")),
    *("vision.photographs.photograph", "vision.photographs.classes_of"),
    *(f"vision.weights.{name}" for name in ("lite0", "vgg16", "read_torch")),
    "vision.networks.network",
}
KINDS_OF_LAYERS = {
    "coupled.Squashed",
    *(f"layers.{kind}" for kind in ("Convolution", "Depthwise", "LargestOfFour", "Layer", "Pooled", "Rectifier")),
    *("layers.Scaled", "layers.Sequence", "networks.Torch"),
}
INNER = {  # parts of a computation, whose arrays were checked before it; their docstrings say so
    *(f"network.checkpoints.{name}" for name in ("digest", "save")),
    *("memory.retrieval.batch_fields", "network.attacks.checked_images", "network.attacks.descent"),
    *(f"network.classifier.{name}" for name in ("terms", "forward_exact", "backward_exact", "forward_dual")),
    *("network.classifier.backward_dual", "network.classifier.Network.on", "network.classifier.Network.prepared"),
    *(f"network.classifier.Network.{name}" for name in ("forward", "backward", "objective")),
    *(f"network.classifier.Classifier.{name}" for name in ("forward", "backward", "backward_to_weights", "objective")),
    *(f"network.optimizer.{name}" for name in ("momentum_update", "momentum_update_in_place")),
    "network.prototypes.parts",
    *(f"network.relu.ReLUNetwork.{name}" for name in ("forward", "backward", "objective")),
    *(f"vision.coupled.Coupled.{name}" for name in ("on", "forward", "backward", "objective")),
    *("vision.layers.places", "vision.layers.Layer.on", "vision.layers.Sequence.on", "vision.networks.Torch.on"),
    *(f"vision.{kind}.{name}" for kind in KINDS_OF_LAYERS for name in ("forward", "backward")),
}
CALLED = {"network.classifier.Classifier", "network.relu.ReLUNetwork"}  # classes made of arrays


def public_functions():
    """All public functions and methods of the rooms that compute, by name, from the room on."""
    found = {}
    for room in (datasets, fits, dam.memory, dam.network, dam.vision):
        modules = [room] + [
            importlib.import_module(m.name)
            for m in pkgutil.walk_packages(getattr(room, "__path__", []), f"{room.__name__}.")
            if not m.name.split(".")[-1].startswith("_")
        ]
        for module in modules:
            place = module.__name__.removeprefix("dam.")
            for name, value in vars(module).items():
                value = inspect.unwrap(value) if callable(value) and not inspect.isclass(value) else value
                if name.startswith("_") or getattr(value, "__module__", "") != module.__name__:
                    continue
                if inspect.isfunction(value):
                    found[f"{place}.{name}"] = value
                elif inspect.isclass(value):
                    methods = {k: f for k, f in vars(value).items() if inspect.isfunction(f)}
                    found |= {f"{place}.{name}.{k}": f for k, f in methods.items() if k == "__call__" or k[0] != "_"}
    return found


def test_every_public_function_is_in_the_table():
    assert set(public_functions()) | CALLED == set(TABLE) | WITHOUT | INNER


# arrays


def of_type(x, dtype):
    """The array in a type, its values changed to some that the type can hold."""
    dtype = np.dtype(dtype)
    x = x > 0 if dtype.kind == "b" else np.abs(x) if dtype.kind == "u" else x
    return (np.rint(x) if dtype.kind in "iu" else x).astype(dtype)


def read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


def hidden(x):
    return np.ma.array(x, mask=np.arange(x.size).reshape(x.shape) == 0)


TYPES = ("i1", "u1", "i2", "i8", "?", "f2", "f4", ">f8", ">f4", ">i4")
LAYOUTS = {
    "Fortran": np.asfortranarray,
    "strided": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "reversed": lambda x: x[::-1].copy()[::-1],
    "read-only": read_only,
    "masked, nothing hidden": lambda x: np.ma.array(x, mask=np.zeros(x.shape, bool)),
    "list": lambda x: x.tolist(),
    "objects": lambda x: x.astype(object),
    "complex": lambda x: x.astype(complex),
    "text": lambda x: x.astype(str),
}
REFUSED = {
    "masked": hidden,
    "0-d": lambda x: x.ravel()[0],
    "a dimension more": lambda x: x[None],
    "a dimension less": lambda x: x[0],
}
ANY_SHAPE = re.compile(r"damage|datasets.spins|interactions|quantized.(codes|values)|fits.exponent|participation_ratio")


def variants(x, folder):
    """Yield what an array may come as: what it is, the array, and the plain one that it should count as, if any."""
    for dtype in TYPES:
        typed = of_type(x, dtype)
        yield dtype, typed, typed.astype(x.dtype)
    for name, change in LAYOUTS.items():
        yield name, change(x), x
    mapped = np.memmap(folder / "x", x.dtype, "w+", shape=x.shape)
    mapped[...] = x
    yield "memory-mapped", mapped, x
    for name, change in REFUSED.items():
        yield name, change(x), None


def leaves(found):
    """All numbers of an answer, as arrays."""
    if is_dataclass(found):
        found = [getattr(found, field.name) for field in fields(found)]
    if isinstance(found, dict):
        found = [value for key, value in found.items() if key not in ("seconds", "device")]
    if isinstance(found, (list, tuple)):
        return [leaf for part in found for leaf in leaves(part)]
    return [] if isinstance(found, str) else [np.asarray(found)]


def equal(found, expected, tolerance):
    """Whether two answers agree: numbers within the tolerance, times the largest of them."""
    found, expected = leaves(found), leaves(expected)
    if [x.shape for x in found] != [x.shape for x in expected]:
        return False
    for a, b in zip(found, expected):
        if "c" in (a.dtype.kind, b.dtype.kind):
            return False
        a, b = a.astype(float), b.astype(float)
        largest = np.max(np.abs(b), where=np.isfinite(b), initial=0)
        if not np.allclose(a, b, rtol=0, atol=tolerance * largest, equal_nan=True):
            return False
    return True


def answer(call, arguments):
    """What the call answers, or the error that it raises."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return call(**arguments)
        except Exception as error:
            return error


def is_named(error, name):
    kinds = (ValueError, TypeError, MemoryError)
    return isinstance(error, kinds) and bool(re.search(rf"\b{name}\b", str(error)))


def wrong_answers(function, folder):
    """How many calls were tried, and those that were neither answered as for plain arrays nor refused by name."""
    call, arrays = TABLE[function]
    tried, wrong = 0, []
    at_x = answer(call, arrays)
    assert not isinstance(at_x, Exception), at_x
    for name, x in arrays.items():
        for kind, variant, plain in variants(x, folder):
            if kind in ("0-d", "a dimension more", "a dimension less") and ANY_SHAPE.search(function):
                plain = np.array(variant, order="C")
            if (function, name) == ("network.training.train", "x") and kind in ("i1", "u1", "i2", "i8", ">i4"):
                plain = plain.astype(np.float32)  # it computes in float32 unless x is float64, as it says
            before = np.array(variant, copy=True)
            found = answer(call, arrays | {name: variant})
            expected = at_x if plain is x else None if plain is None else answer(call, arrays | {name: plain})
            tried += 1
            if isinstance(found, Exception):
                right = is_named(found, name)
            else:
                right = plain is not None and not isinstance(expected, Exception)
                right = right and equal(found, expected, 2e-5 if kind in ("f2", "f4", ">f4") else 1e-12)
            if not right or not np.array_equal(before, variant):
                wrong.append(f"{name} as {kind}: {found!r}"[:300])
    return tried, wrong


@pytest.mark.parametrize("function", TABLE)
def test_arrays_of_any_type_and_layout(function, tmp_path):
    _, wrong = wrong_answers(function, tmp_path)
    assert not wrong, "\n".join(wrong)


# numbers

BAD = {
    "True": True,
    "-1": -1,
    "0": 0,
    "2.5": 2.5,
    "nan": math.nan,
    "inf": math.inf,
    "text": "3",
    "None": None,
    "huge": 10**30,
    "beyond float64": 10**400,
    "array": np.array([1, 2]),
    "list": [1, 2],
}
NUMBERS = {
    "datasets.damage": (datasets.damage, {"sigma": STATES["sigma"]}, {"p": 0.3, "rng": 0}),
    "datasets.held_out_split": (datasets.held_out_split, {"y": labels(30)}, {"seed": 0}),
    "datasets.mnist": (datasets.mnist, {}, {"folder": "data"}),
    "datasets.idx": (datasets.idx, {}, {"path": "data"}),
    "datasets.random_patterns": (datasets.random_patterns, {}, {"K": 3, "N": 4, "rng": 0, "dtype": float}),
    "fits.crossing": (fits.crossing, TABLE["fits.crossing"][1], {"level": 0.5}),
    "fits.interval": (fits.interval, {"values": reals(6)}, {"level": 0.9}),
    **{
        f"memory.attention.{f.__name__}": (f, REALS, {"beta": 1e-4})
        for f in (attention.energy, attention.weights, attention.update, attention.perplexity)
    },
    "memory.attention.attention": (attention.attention, TABLE["memory.attention.attention"][1], {"beta": 1e-4}),
    "memory.attention.retrieve": (
        attention.retrieve,
        REALS,
        {"beta": 0.01, "tolerance": 1e-3, "max_updates": 100},
    ),
    "memory.attention.retrieve_spins": (
        attention.retrieve_spins,
        STATES,
        {"beta": 0.5, "rng": 1, "threads": 1, "backend": None},
    ),
    "memory.energy.energy": (energy, STATES, {"F": F}),
    "memory.energy.local_fields": (local_fields, STATES, {"F": F, "rule": "energy"}),
    "memory.energy.trajectory": (
        trajectory,
        {"sigma": signs(1, N), "xi": STATES["xi"]},
        {"F": F, "rng": 1, "rule": "energy"},
    ),
    "memory.hopfield.retrieve_classical": (
        hopfield.retrieve_classical,
        TABLE["memory.hopfield.retrieve_classical"][1],
        {"rng": 1, "backend": None},
    ),
    "memory.interactions.power": (interactions.power, {"x": np.ones(2)}, {"n": 3}),
    "memory.interactions.Polynomial": (interactions.Polynomial, {}, {"n": 3}),
    "memory.interactions.RectifiedPolynomial": (interactions.RectifiedPolynomial, {}, {"n": 3}),
    "memory.retrieval.gaps": (retrieval.gaps, STATES, {"F": F, "rule": "energy", "backend": None}),
    "memory.retrieval.batch_fields": (
        retrieval.batch_fields,
        STATES,
        {"F": F, "rule": "energy", "threads": 1},
    ),
    "memory.retrieval.retrieval_bytes": (retrieval.retrieval_bytes, {}, {"K": 3, "N": 4, "S": 5, "threads": 1}),
    "memory.retrieval.retrieve": (
        retrieval.retrieve,
        STATES,
        {"F": F, "rng": 1, "rule": "energy", "max_flips": 9, "threads": 1, "backend": None},
    ),
    "memory.retrieval.unstable_neurons": (
        retrieval.unstable_neurons,
        STATES,
        {"F": F, "rule": "energy", "backend": None},
    ),
    "memory.theory.alpha": (theory.alpha, {}, {"n": 3, "p_error": 0.01}),
    "memory.theory.capacity": (theory.capacity, {}, {"N": 9, "n": 3, "p_error": 0.01}),
    "memory.theory.capacity_no_errors": (theory.capacity_no_errors, {}, {"N": 9, "n": 3}),
    "memory.theory.error_probability": (theory.error_probability, {}, {"N": 9, "K": 5, "n": 3}),
    "memory.theory.error_probability_exact_moments": (
        theory.error_probability_exact_moments,
        {},
        {"N": 9, "K": 5, "F": F},
    ),
    "memory.theory.error_tail": (theory.error_tail, {}, {"N": 9, "K": 5, "n": 3}),
    "memory.theory.half_stable": (theory.half_stable, {}, {"N": 9, "F": F}),
    "memory.theory.noise_moments": (theory.noise_moments, {}, {"N": 9, "F": F}),
}
"""A call, its arrays, and good numbers for the others of its arguments."""
LARGE = {"huge", "beyond float64"}
FIT = {  # what may be answered; all else is to be refused
    **dict.fromkeys(("K", "N", "n", "S", "max_updates"), LARGE),
    "F": set(),
    "backend": {"None"},
    "beta": {"2.5"},
    "dtype": {"None"},
    "folder": set(),
    "path": set(),
    "level": {"0"},
    "max_flips": {"0", "None"} | LARGE,
    "p": {"0"},
    "p_error": set(),
    "rng": {"0", "None", "array", "list"} | LARGE,
    "rule": set(),
    "seed": {"0"} | LARGE,
    "threads": {"None"} | LARGE,
    "tolerance": {"0", "2.5", "inf"} | LARGE,
    "power: n": {"0"} | LARGE,
    "crossing: level": {"-1", "0", "2.5", "inf"} | LARGE,
}


def wrong_numbers(function):
    """How many calls were tried, and those answered though they should be refused, or refused without a name."""
    call, arrays, numbers = NUMBERS[function]
    tried, wrong = 0, []
    for name in numbers:
        fit = FIT.get(f"{function.split('.')[-1]}: {name}", FIT[name])
        for kind, value in BAD.items():
            found = answer(call, arrays | numbers | {name: value})
            tried += 1
            if isinstance(found, Exception):
                right = is_named(found, name) or (name in ("folder", "path") and isinstance(found, OSError))
            else:
                right = kind in fit and not any(np.isnan(x).any() for x in leaves(found) if x.dtype.kind == "f")
                right |= function == "fits.crossing" and kind in fit  # NaN: the level is never passed
            if not right:
                wrong.append(f"{name} = {kind}: {found!r}"[:300])
    return tried, wrong


@pytest.mark.timeout(60)
@pytest.mark.parametrize("function", NUMBERS)
def test_wrong_numbers_are_refused_by_name(function):
    _, wrong = wrong_numbers(function)
    assert not wrong, "\n".join(wrong)


def test_every_function_of_numbers_is_in_the_table():
    """All of datasets, fits and memory that have an argument beside arrays."""
    made = {f"memory.interactions.{kind}" for kind in ("Polynomial", "RectifiedPolynomial")}
    ours = {name: f for name, f in public_functions().items() if not name.startswith(("network", "vision"))}
    arguments = {name: set(inspect.signature(f).parameters) - {"self"} for name, f in ours.items()}
    with_numbers = {name for name, names in arguments.items() if names - set(TABLE.get(name, ((), ()))[1])}
    assert with_numbers | made == set(NUMBERS)
