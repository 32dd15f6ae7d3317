"""Training the classifier by eqs. (12)-(13) and Appendix A, with class-balanced minibatches."""

import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from array_api_compat import is_numpy_array
from tqdm import tqdm

from dam import checks
from dam.arrays import Array, array_namespace, device_name, get_namespace, gpu_errors, thread_pool, to_numpy
from dam.network import _step_cuda, _step_fast, checkpoints, objective
from dam.network._powers import coldest
from dam.network.classifier import Classifier
from dam.network.recipes import Recipe

HISTORY = ("test_error", "train_error", "seconds", "device")


def minibatches(y: Array, batch_per_class: int, seed: int, epoch: int, classes: int = objective.CLASSES) -> np.ndarray:
    """Return the digits of each minibatch: indices ``(batches, classes * batch_per_class)``, class by class.

    There are as many minibatches as fill the data once. Each class is dealt from random orders of its digits:
    one that is too short for the epoch is dealt again in another order, one that is too long leaves some
    digits out. The orders follow from seed and epoch alone.

    Raises ``ValueError`` for labels ``y (S,)`` that are no classes, a class without digits, fewer digits than fill one
    minibatch, and numbers out of range.
    """
    batch_per_class, classes = checks.count("batch_per_class", batch_per_class), checks.count("classes", classes)
    seed, epoch = checks.count("seed", seed, minimum=0), checks.count("epoch", epoch, minimum=0)
    checks.labels("y", y, classes)
    y, batches = to_numpy(y), y.shape[0] // (batch_per_class * classes)
    counts = np.bincount(y.astype(np.int64), minlength=classes)
    if batches == 0 or counts.min() == 0:
        raise ValueError(
            f"y must hold digits of each class, and {batch_per_class * classes} to fill a minibatch, got {len(y)}, "
            f"{counts.min()} of class {counts.argmin()}"
        )
    rng = np.random.default_rng((seed, 1 + epoch))
    parts = []
    for alpha in range(classes):
        members = np.flatnonzero(y == alpha)
        rounds = -(-batches * batch_per_class // len(members))
        dealt = np.concatenate([rng.permutation(members) for _ in range(rounds)])
        parts.append(dealt[: batches * batch_per_class].reshape(batches, batch_per_class))
    return np.concatenate(parts, axis=1)


def initial_weights(recipe: Recipe, columns: int, seed: int, dtype: Any) -> np.ndarray:
    """Return random weights ``(K, columns)`` from the recipe's Gaussian, clipped to [-1, 1].

    Raises ``TypeError`` for what is no recipe, or no type of floating point.
    """
    _check_type(recipe)
    columns, seed = checks.count("columns", columns), checks.count("seed", seed, minimum=0)
    if np.dtype(dtype).kind != "f":
        raise TypeError(f"dtype must be of floating point, got {dtype!r}")
    rng = np.random.default_rng((seed, 0))
    return np.clip(rng.normal(recipe.init_mean, recipe.init_std, (recipe.K, columns)), -1, 1).astype(dtype)


def train(
    x: Array,
    y: Array,
    recipe: Recipe,
    *,
    seed: int = 0,
    x_test: Array | None = None,
    y_test: Array | None = None,
    epochs: int | None = None,
    checkpoint: Path | str | None = None,
    resume: bool = False,
    checkpoint_every: int = 5,
    progress: bool = True,
    backend: str | None = None,
    classes: int = objective.CLASSES,
) -> tuple[Classifier, dict[str, np.ndarray]]:
    """Train a network on digits and return it with its history.

    Parameters
    ----------
    x : (S, N) array
        Digits, pixels in [-1, 1]; computed in float64 if they are, else in float32.
    y : (S,) array of int
        Their classes.
    recipe : Recipe
    seed : int
        Determines initial weights and minibatches.
    x_test, y_test : arrays, optional
        Digits to measure the test error on after every epoch, in the form that is trained.
    epochs : int, optional
        Stop after so many of the recipe's epochs; its schedule stays as it is.
    checkpoint : path, optional
        File to keep the state in, replaced at once every ``checkpoint_every`` epochs and at the end. It is yours to
        delete once what comes of the training is stored: with ``resume`` a finished training is returned at once.
    resume : bool
        Go on from the checkpoint. The outcome is bit for bit that of the uninterrupted training; on another device
        than before, that of a training on both; under other versions of the libraries, of which a warning tells,
        sums may be rounded otherwise from there on.
    progress : bool
        Show a bar of epochs with the errors.
    backend : {'auto', 'numpy', 'cupy'}, optional
        Where to compute if x is a NumPy array; other arrays are computed where they are.
    classes : int
        Their number, at least 2: y holds 0 to classes - 1.

    Warns
    -----
    UserWarning
        The recipe's temperatures are for another number of pixels than x has columns.

    Returns
    -------
    Classifier
        With arrays of the library of x, and the mean of the weights if the recipe asks for it.
    dict
        ``test_error`` (NaN without test digits) and ``train_error`` (over the epoch's minibatches, each before its
        update), both in % and of the weights themselves, never of a mean; ``seconds``, and the ``device``: arrays with
        an entry for each epoch.

    Raises
    ------
    TypeError
        ``recipe`` is not a `Recipe`.
    ValueError
        Wrong shapes, pixels not in [-1, 1], classes out of range, too few digits of a class, a checkpoint of
        another training or a damaged one.
    FileExistsError, FileNotFoundError
        The checkpoint exists and ``resume`` is false, or the other way round, or another training is keeping its state
        there.
    OSError
        The folder of the checkpoint cannot be written.
    FloatingPointError
        A NaN turned up; the last checkpoint is kept.
    MemoryError, RuntimeError
        The GPU has too little memory, or failed; the message says what minibatch fits, and how to go on.
    """
    _check_type(recipe)
    classes = checks.count("classes", classes, minimum=2)
    _check_data("x", x, "y", y, classes)
    if (x_test is None) != (y_test is None):
        raise ValueError("x_test and y_test go together: give both or neither")
    if x_test is not None:
        _check_data("x_test", x_test, "y_test", y_test, classes, x.shape[1])
    seed = checks.count("seed", seed, minimum=0)
    every = checks.count("checkpoint_every", checkpoint_every)
    epochs = checks.count("epochs", recipe.epochs if epochs is None else epochs)
    if epochs > recipe.epochs:
        raise ValueError(f"epochs must be at most the recipe's {recipe.epochs}, got {epochs}")
    origin, place = array_namespace(x=x), None if is_numpy_array(x) else x.device
    xp = get_namespace(backend) if is_numpy_array(x) else origin
    wide = origin.isdtype(x.dtype, "real floating") and origin.finfo(x.dtype).bits >= 64
    dtype = "float64" if wide else "float32"
    y = to_numpy(y).astype(np.int64)
    _check_recipe(recipe, y, x.shape[1], dtype, classes)
    if x.shape[1] != recipe.N:
        warnings.warn(_other_pixels(recipe, x.shape[1]), stacklevel=2)

    key = {"recipe": asdict(recipe), "seed": seed, "classes": classes, "dtype": dtype}
    if checkpoint is not None:
        checkpoints.prepare(checkpoint, resume)
        key["data"] = checkpoints.digest(to_numpy(x), y)
    elif resume:
        raise ValueError("resume needs the checkpoint to go on from, got checkpoint=None")
    tests = [] if x_test is None else [np.asarray(to_numpy(x_test), dtype=dtype), to_numpy(y_test)]
    others = len(tests[1]) if tests else 0
    with checkpoints.claimed(checkpoint):
        if checkpoint is not None and resume:
            first, xi, V, history, total = checkpoints.load(checkpoint, key, x.shape[1] + classes)
        else:
            first, xi = 0, initial_weights(recipe, x.shape[1] + classes, seed, dtype)
            V, history = np.zeros_like(xi), {name: np.empty(0) for name in HISTORY}
            total = np.zeros(xi.shape) if recipe.average else None
        if first > epochs:
            raise ValueError(f"the checkpoint {checkpoint} is at epoch {first}, past the {epochs} asked for")

        t = objective.targets(np.repeat(np.arange(classes), recipe.batch_per_class), classes)
        x, t, xi, V = (np.asarray(to_numpy(a), dtype=dtype) for a in (x, t, xi, V))
        smaller = partial(_smaller, x, t, recipe, others)
        on_gpu, device = gpu_errors("the training", smaller, partial(checkpoints.kept, checkpoint)), device_name(xp)
        bar = tqdm(total=epochs, initial=first, unit="epoch", disable=not progress)
        start: Any = (*(xp.asarray(a, device=place) for a in (x, t, xi, V)), recipe)
        with bar, on_gpu, _step_fast.make_step(*start) as step:
            test = [xp.asarray(a, device=place) for a in tests]
            step.drop_inactive()
            deal = lambda epoch: minibatches(y, recipe.batch_per_class, seed, epoch, classes)
            begun = time.perf_counter()
            for epoch, batches in _ahead(deal, range(first, epochs)):
                train_error = _epoch(step, batches, epoch, checkpoint)
                test_error = 100 * (step.wrong(*test, recipe.temperature(epoch)) / others) if test else np.nan
                begun, seconds = time.perf_counter(), time.perf_counter() - begun
                for name, value in zip(HISTORY, (test_error, train_error, seconds, device), strict=True):
                    history[name] = np.append(history[name], value)
                bar.set_postfix_str(f"test error {test_error:.2f} %, training error {train_error:.2f} %")
                bar.update()
                step.drop_inactive()
                if recipe.averaged(epoch + 1):
                    total += to_numpy(step.state()[0])
                if checkpoint is not None and ((epoch + 1) % every == 0 or epoch + 1 == epochs):
                    xi, V = map(to_numpy, step.state())
                    checkpoints.save(checkpoint, key, epoch + 1, xi, V, history, total)
            taken = recipe.averaged(epochs)
            weights = (total / taken).astype(dtype) if taken else to_numpy(step.state()[0])
    T = float(recipe.temperature(epochs - 1))
    visible, labels = (origin.asarray(w, device=place) for w in (weights[:, : x.shape[1]], weights[:, x.shape[1] :]))
    return Classifier(visible, labels, recipe.n, T, recipe.kind), history


def _smaller(x: np.ndarray, t: np.ndarray, recipe: Recipe, others: int, room: float) -> str:
    """Say what minibatch fits into so many bytes of a GPU."""
    digit, rest = _step_cuda.training_bytes(x, t, recipe, others)
    most = int((0.9 * room - rest) / (digit * t.shape[1]))
    if 0 < most < recipe.batch_per_class:
        return (
            f"a minibatch of about {most} digits of each class fits, not of batch_per_class = {recipe.batch_per_class}"
        )
    return "use fewer digits, or in the recipe a smaller K or batch_per_class"


def _ahead(function: Callable[[int], np.ndarray], items: Iterable[int]) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each item with the function of it, computed in another thread while the one before is made use of."""
    items = list(items)
    with thread_pool(1) as pool:
        coming: Any = pool.submit(function, items[0]) if items else None
        for i, item in enumerate(items):
            found = coming.result()
            if i + 1 < len(items):
                coming = pool.submit(function, items[i + 1])
            yield item, found


def _epoch(step: Any, batches: np.ndarray, epoch: int, checkpoint: Path | str | None) -> float:
    """Train for one epoch and return the training error in %; stop at the first NaN."""
    recipe = step.recipe
    try:
        wrong = step.epoch(batches, recipe.temperature(epoch), recipe.epsilon(epoch))
    except FloatingPointError as error:
        kept = f"; the checkpoint {checkpoint} is kept as it was" if checkpoint is not None else ""
        raise FloatingPointError(f"training broke down in epoch {epoch + 1}, {error} with {recipe}{kept}") from None
    return 100 * wrong / batches.size


def _check_type(recipe: Recipe) -> None:
    if not isinstance(recipe, Recipe):
        raise TypeError(f"recipe must be a dam.Recipe, for example dam.Recipe.paper(3), got {recipe!r}")


def _check_data(name: str, x: Array, name_y: str, y: Array, classes: int, columns: int | None = None) -> None:
    checks.pixels(name, x, columns, " (as x has)")
    checks.labels(name_y, y, classes)
    if y.shape[0] != x.shape[0]:
        raise ValueError(f"{name_y} must hold a class for each of the {x.shape[0]} rows of {name}, got {y.shape[0]}")


def _check_recipe(recipe: Recipe, y: np.ndarray, N: int, dtype: str, classes: int) -> None:
    """Raise ``ValueError`` if the data cannot fill a minibatch, or if powers of overlaps would overflow."""
    counts = np.bincount(y, minlength=classes)
    if counts.min() < recipe.batch_per_class:
        only = f"; if there are no more than {y.max() + 1}, train with classes={y.max() + 1}"
        raise ValueError(
            f"y must hold at least batch_per_class = {recipe.batch_per_class} digits of each of {classes} classes, "
            f"got {counts.min()} of class {counts.argmin()}{only if y.max() + 1 < classes else ''}"
        )
    T, least = (min(recipe.T_initial, recipe.T_final), coldest(np, np.dtype(dtype), recipe.n, N))
    if least > T:
        raise ValueError(
            f"T must be at least {least:.3g} for n = {recipe.n} and {N} pixels in {dtype}, "
            f"or powers of overlaps overflow; the recipe goes down to {T}"
        )


def _other_pixels(recipe: Recipe, N: int) -> str:
    """Say what to do where the temperatures are for another number of pixels."""
    return (
        f"x has {N} columns, but the recipe's T is for N = {recipe.N}: recipe.scaled({N}) or Recipe.paper(n, N={N}) "
        f"has T in proportion; if T is meant as it is, say so with dataclasses.replace(recipe, N={N})"
    )
