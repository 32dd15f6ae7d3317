"""Features of the photographs of a folder, and memories trained on them: what a user does with photographs on disk.

Both are kept in an NPZ file, with the settings as JSON in ``settings``. A file that is there already, of the same
photographs and settings, is taken as it is; of others, it is left alone.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from dam import checks, files
from dam.arrays import Array
from dam.lab.results import code_digest
from dam.lab.sweeps import sweep
from dam.network.classifier import Classifier
from dam.network.recipes import Recipe
from dam.network.training import train
from dam.vision import coupled, networks
from dam.vision import photographs as pictures
from dam.vision.layers import Layer
from dam.vision.layers import Sequence as Layers

CHUNK = 64
"""Photographs whose features are computed, and kept, together."""
SAMPLE = 100_000
"""Photographs, at most, that center and width of the features are of."""
MANY = 50
"""With more classes a head is trained in another way: eq. (9) takes a power of each memory for each class."""
BROKEN = (ValueError, LookupError, TypeError, AttributeError, EOFError, BadZipFile)
"""What reading a damaged file, or another one, may raise."""
LOGISTIC = "logistic regression"


class Features(NamedTuple):
    """Of the photographs of a folder: features ``h (S, N)`` of float16, ``y (S,)``, the class of each, and more.

    ``classes (N_c,)`` are their names, ``files (S,)`` the paths in the folder, ``skipped`` the paths of photographs
    that did not open, and ``settings`` has network, side, and digests of the weights and of the photographs' names,
    sizes and times.
    """

    h: np.ndarray
    y: np.ndarray
    classes: np.ndarray
    files: np.ndarray
    skipped: np.ndarray
    settings: dict


def features(
    folder: Path | str, into: Path | str, *, network: str = "lite0", weights: Path | str | None = None, side: int = 112,
    skip: bool = False, scheduler: str | None = None, progress: bool = False,
) -> Features:  # fmt: skip
    """Return the features of all photographs of a folder that has a folder for each class, and store them.

    What is done is kept in a folder beside the file until this is written, and the same call goes on from there.

    Parameters
    ----------
    folder, into : path
        Of the photographs, and of the file.
    network, weights
        As for `dam.vision.networks.network`.
    side : int
        Of the square of pixels that the network is shown.
    skip : bool
        Leave out photographs that do not open.
    scheduler : str, optional
        Of a Dask cluster, as for `dam.lab.sweeps.sweep`, whose workers see the same files.
    progress : bool

    Raises
    ------
    ValueError
        Photographs do not open, a class has none, or what `dam.vision.networks.network` says.
    FileExistsError
        The file is there, and of other photographs or settings, or of none.
    MemoryError
        The features would not fit.
    OSError, RuntimeError
        A file cannot be read or written; what a network needs is not installed.
    """
    into, (classes, settings) = Path(into), _asked(folder, network, weights, side)
    if into.exists():
        return Features._make([*_stored(into, settings, Features._fields[:-1]), settings])
    files.writable(into.parent)
    weights = None if weights is None else str(Path(weights).absolute())
    N, S = feature_count(network, weights, side), sum(map(len, classes.values()))
    checks.memory(
        S * (4 * N + 1000), f"features of {S} photographs, {N} numbers of float16 each, while they are put together,"
    )
    tasks = [
        {"paths": [str(path.absolute()) for path, _ in part], "seen": [seen for _, seen in part], "side": side}
        | {"network": network, "weights": weights, "origin": settings["weights"]}
        for each in classes.values()
        for part in (each[first : first + CHUNK] for first in range(0, len(each), CHUNK))
    ]
    work = into.with_name(f".{into.name}.unfinished")
    found = sweep(_chunk, tasks, scheduler=scheduler, folder=work, version=code_digest(), progress=progress,
                  label=f"{CHUNK} photographs")  # fmt: skip
    opened = ~np.concatenate([one["broken"] for one in found])
    paths = np.array([f"{name}/{path.name}" for name in classes for path, _ in classes[name]])
    if not skip and not opened.all():
        raise ValueError(_broken([why for one in found for why in one["why"]], work))
    y = np.repeat(np.arange(len(classes)), [len(each) for each in classes.values()])
    h = np.concatenate([one["h"] for one in found])
    outcome = Features(h, y[opened], np.array(list(classes)), paths[opened], paths[~opened], settings)
    _store(into, outcome._asdict())
    shutil.rmtree(work, ignore_errors=True)
    return outcome


def _asked(folder, network, weights, side):
    """Return the photographs of each class, with what was seen of their files, and the settings of their features."""
    side, classes = checks.count("side", side), {}
    for name, paths in pictures.classes_of(folder).items():
        classes[name] = [(path, [path.stat().st_size, path.stat().st_mtime_ns]) for path in paths]
    seen = [(name, path.name, *stat) for name, each in classes.items() for path, stat in each]
    settings = {"photographs": _digest(json.dumps(seen).encode()), "network": network, "side": side}
    return classes, settings | {"weights": _origin(network, weights)}


def feature_count(network: str, weights: Path | str | None, side: int) -> int:
    """Return how many features a network has of images of this side, as it tells of a gray one."""
    layers, gray = _layers(network, weights), np.zeros((1, side, side, 3), np.float32)
    try:
        return layers.forward(gray)[0].shape[1]
    except (RuntimeError, ValueError, AssertionError) as error:
        raise ValueError(f"{network} takes no images of side = {side} ({error}); try 224, as it was trained") from error


def _chunk(paths, seen, network, weights, origin, side):
    """Return the features of some photographs, which are broken, and why: a point of the sweep.

    What was seen of the files, and the origin of the weights, tell this point from one of other contents.
    """
    found, why = [], {}
    for number, path in enumerate(paths):
        try:
            found.append(pictures.photograph(path, side))
        except ValueError as error:
            why[number] = str(error)
    if found:
        x = pictures.pixels(np.array(found)).reshape(-1, side, side, 3)
        h = coupled.features(_layers(network, weights), x)
    else:
        h = np.empty((0, feature_count(network, weights, side)))
    if np.abs(h).max(initial=0) > np.finfo(np.float16).max:
        raise ValueError(f"{network} has features beyond float16, as of {paths[0]}")
    return {"h": h.astype(np.float16), "broken": np.isin(np.arange(len(paths)), list(why)), "why": list(why.values())}


@lru_cache(maxsize=1)
def _layers(network: str, weights: str | None) -> Layer:
    return networks.network(network, weights)


def _origin(network, weights):
    """Return what tells the weights of a network from others."""
    if weights is not None:
        return _digest(Path(weights).read_bytes())
    try:
        return f"torchvision {metadata.version('torchvision')}" if str(network).startswith(networks.TORCHVISION) else ""
    except metadata.PackageNotFoundError:
        return ""  # the network will say so


def _broken(why, work):
    many = f"; and {len(why) - 5} more" if len(why) > 5 else ""
    return (
        f"{'; '.join(why[:5])}{many}. Or leave such photographs out with skip=True (--skip); "
        f"all others are done, and kept in {work}"
    )


def _digest(content):
    return hashlib.sha256(content).hexdigest()[:16]


def _store(path, arrays):
    """Write arrays and settings, whole or not at all."""
    arrays = arrays | {"settings": json.dumps(arrays["settings"])}
    files.write_atomically(path, lambda file: np.savez(file, **arrays))


def _stored(path, settings, names):
    """Return arrays of a file; raise unless it is of these settings."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            there = json.loads(str(arrays["settings"]))
            found = [arrays[name] for name in names] if there == settings else []
    except BROKEN as error:
        raise FileExistsError(
            f"{path} is there, and is damaged or another file ({error}); remove it or choose another"
        ) from error
    if there != settings:
        other = [name for name in {**settings, **there} if settings.get(name) != there.get(name)]
        raise FileExistsError(f"{path} is there, with other {', '.join(other)}; remove it or choose another file")
    return found


# heads


def recipe(n: int, N: int, classes: int, least: int, T: float | None = None, **changes: Any) -> Recipe:
    """Return how a head of degree n is trained on N features, where the smallest class has ``least`` photographs.

    Found by trial on ten classes, with 100 memories. T is constant: a cold one at the end leaves few memories with a
    say at large n. It grows as K^(1/n), so that a sum over K memories stays of the same size. More than `MANY` classes
    go through eq. (10), and with cross-entropy, since in the objective (14) the many classes that are wrong outweigh
    the one that is right. That is untested on photographs; on made-up features of 200 classes n = 2 learned well and
    n = 8 badly, so held-out photographs must decide. ``changes`` replace single fields.
    """
    few, many = checks.degree(n, 2) < 5, classes > MANY
    settings: dict[str, Any] = {"m": 3, "epsilon0": 0.1, "decay": 0.9, "momentum": 0.6, "epochs": 30}
    settings |= {"K": 10 * classes, "batch_per_class": max(1, min(50 // classes, least)), "init_mean": 0.0, "N": N}
    settings |= {"form": "dual", "objective": "softmax"} if many else {"form": "exact"}
    settings |= changes
    if T is None:
        T = N / (32 if few else 10) * (checks.count("K", settings["K"]) / 100) ** (1 / n)
    return Recipe(n, T_initial=T, T_final=T, ramp_epochs=0, **settings)


class Heads(NamedTuple):
    """Test errors of memories on features, and of what is beside them.

    ``names (R,)`` are "n = 2", ..., "logistic regression"; ``error (R,)`` and ``top_five (R,)`` the photographs of
    ``val`` in % whose class is not the first answer, or not among the first five, NaN where there are no more than five
    classes; ``seconds (R,)`` those that the training took; ``photographs (2,)`` how many were trained on, and tested;
    ``classes (N_c,)`` the names; ``skipped`` the paths in the folder of those that did not open.
    """

    names: np.ndarray
    error: np.ndarray
    top_five: np.ndarray
    seconds: np.ndarray
    photographs: np.ndarray
    classes: np.ndarray
    skipped: np.ndarray


def heads(
    folder: Path | str, into: Path | str, *, n: Sequence[int] = (2, 8), network: str = "lite0",
    weights: Path | str | None = None, side: int = 112, skip: bool = False, seed: int = 0, logistic: bool = True,
    scheduler: str | None = None, progress: bool = False, **changes: Any,
) -> Heads:  # fmt: skip
    """Train a head of each degree n on the photographs of ``folder/train``, test it on ``folder/val``, and store both.

    Both have a folder for each class, as ImageNet has them on disk. Their features are stored beside the file, as
    ``STEM-train.npz`` and ``STEM-val.npz``, and taken from there if they are as asked for. A head sees them centered
    (`dam.vision.coupled.centered`), and is stored, and tested, in float16. The file has ``center`` and ``width (N,)``,
    ``classes``, and of each degree ``visible_n2 (K, N)``, ``labels_n2 (K, N_c)`` and so on: see `load`.

    Parameters
    ----------
    folder, into : path
    n : sequence of int
    network, weights, side, skip, scheduler, progress
        As for `features`.
    seed : int
        Of all heads.
    logistic : bool
        Fit logistic regression too, if scikit-learn is installed.
    **changes
        As for `recipe`.

    Raises
    ------
    ValueError
        ``train`` and ``val`` have different classes, a parameter is out of its range, or as for `features`.
    FileExistsError, MemoryError, OSError, RuntimeError
        As for `features`.
    """
    parts, into = [Path(folder) / "train", Path(folder) / "val"], Path(into)
    weights = None if weights is None else str(Path(weights).absolute())
    (classes, asked), (others, asked_val) = (_asked(part, network, weights, side) for part in parts)
    if only := sorted(classes.keys() ^ others.keys()):
        raise ValueError(f"train and val must have the same classes; {', '.join(only[:5])}: only one of them has it")
    settings = {"train": asked, "val": asked_val, "n": [*n], "seed": seed, "logistic": logistic, "changes": changes}
    if into.exists():
        return Heads._make(_stored(into, json.loads(json.dumps(settings)), Heads._fields))
    files.writable(into.parent)
    N, S, V = feature_count(network, weights, side), *(sum(map(len, each.values())) for each in (classes, others))
    recipes = lambda least: {one: recipe(one, N, len(classes), least, **changes) for one in n}
    needed = (
        heads_bytes(S, V, each, len(classes), logistic) for each in recipes(min(map(len, classes.values()))).values()
    )
    checks.memory(max(needed), f"training on {S} photographs, {N} features each,")

    beside = [into.with_name(f"{into.stem}-{part.name}.npz") for part in parts]
    options: dict[str, Any] = {"network": network, "weights": weights, "side": side, "skip": skip}
    options |= {"scheduler": scheduler, "progress": progress}
    of_train, of_val = (features(part, file, **options) for part, file in zip(parts, beside))
    squash = coupled.centered(of_train.h[:: -(-S // SAMPLE)])
    x, x_val = _squashed(squash, of_train.h), _squashed(squash, of_val.h)
    y, y_val, C = of_train.y, of_val.y, len(classes)
    if not (least := np.bincount(y, minlength=C)).all():
        raise ValueError(f"no photograph opens in {parts[0] / of_train.classes[least.argmin()]}; a class needs some")
    chosen = recipes(int(least.min()))
    stored = {"center": squash.center, "width": squash.width}
    stored["recipes"] = json.dumps({one: asdict(each) for one, each in chosen.items()})
    rows, work = [], into.with_name(f".{into.name}.unfinished")
    for one, each in chosen.items():
        file = work / f"n{one}-{_digest(json.dumps([settings, asdict(each)]).encode())}.npz"
        kept: dict[str, Any] = {"checkpoint": file, "resume": file.exists()}
        head, history = train(x, y, each, seed=seed, classes=C, progress=progress, **kept)
        halves = head.visible.astype(np.float16), head.label_weights.astype(np.float16)
        stored |= {f"visible_n{one}": halves[0], f"labels_n{one}": halves[1]}
        rows.append((f"n = {one}", *_errors(_head(*halves, each).arguments(x_val), y_val), history["seconds"].sum()))
    if logistic and (linear := _linear()) is not None:
        begun = time.perf_counter()
        model = linear.LogisticRegression(C=0.01, max_iter=1000).fit(x, y)
        seconds = time.perf_counter() - begun
        rows.append((LOGISTIC, *_errors(model.predict_proba(x_val), y_val), seconds))
    skipped = [f"{part.name}/{path}" for part, each in zip(parts, (of_train, of_val)) for path in each.skipped]
    counts = np.array([len(y), len(y_val)])
    outcome = Heads._make([*map(np.array, zip(*rows)), counts, of_train.classes, np.array(skipped, dtype=str)])
    _store(into, stored | outcome._asdict() | {"settings": settings})
    shutil.rmtree(work, ignore_errors=True)
    return outcome


def heads_bytes(S: int, V: int, chosen: Recipe, classes: int, logistic: bool) -> float:
    """Return about how many bytes `heads` takes for S photographs to train on and V to test.

    Features are there in float16 and, centered, in float32; what they are centered by is computed in float64. A
    training has some arrays like its weights, and some numbers for each memory and image of a minibatch; logistic
    regression has one more copy of the features, and some numbers for each class of each photograph.
    """
    N, K, batch = chosen.N, chosen.K, chosen.batch_per_class * classes
    beside = S * (4 * N + 12 * classes) if logistic else 0
    return 6 * N * (S + V) + max(24 * N * min(S, SAMPLE), 16 * classes * V + 24 * K * (N + classes + batch), beside)


def load(path: Path | str, n: int, weights: Path | str | None = None) -> coupled.Coupled:
    """Return a head of degree n that `heads` stored, coupled to the network whose features it was trained on.

    ``weights`` are those of the network that were given then. Raises ``ValueError`` for others, for a degree that is
    not there, and for a file of something else, and what `dam.vision.networks.network` raises.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            settings, recipes = (json.loads(str(arrays[name])) for name in ("settings", "recipes"))
            if str(n) not in recipes:
                raise LookupError(f"no head of degree {n!r}, only of {', '.join(recipes)}")
            squash = coupled.Squashed(arrays["center"], arrays["width"])
            head = _head(arrays[f"visible_n{n}"], arrays[f"labels_n{n}"], Recipe(**recipes[str(n)]))
            asked = settings["train"]
            name, side, origin = asked["network"], asked["side"], asked["weights"]
    except BROKEN as error:
        raise ValueError(f"{path} does not hold what is asked for: {error}") from error
    if (ours := _origin(name, weights)) != origin:
        told = f"{origin or 'those of its package'}, now {ours or 'those of its package'}"
        raise ValueError(f"the head was trained on features of {name} with other weights ({told}); give the same ones")
    return coupled.Coupled(Layers((networks.network(name, weights), squash)), head, side)


def _head(visible, labels, chosen):
    """Return a network of weights in float16, which answers in the form in which it was trained."""
    return Classifier(visible, labels, chosen.n, chosen.T_final, chosen.kind, chosen.form)


def _squashed(squash: coupled.Squashed, h: Array) -> np.ndarray:
    """Return features brought to [-1, 1] in float32, some rows at a time."""
    x = np.empty(h.shape, np.float32)
    for first in range(0, len(h), 4096):
        rows = slice(first, first + 4096)
        x[rows] = squash.forward(h[rows].astype(np.float32))[0]
    return x


def _errors(a, y):
    """Return how many % of the photographs have another first answer, and none of the first five that is right."""
    right = np.argsort(-a, axis=1, kind="stable")[:, :5] == y[:, None]
    return 100 * np.mean(~right[:, 0]), 100 * np.mean(~right.any(axis=1)) if a.shape[1] > 5 else np.nan


def _linear():
    """Return scikit-learn's linear models, or None."""
    try:
        return import_module("sklearn.linear_model")
    except ImportError:
        return None
