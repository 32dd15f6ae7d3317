"""Photographs: features of a convolutional network, and memories that learn them"""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from dam import checks
from dam.arrays import Array
from dam.lab.common import library, on_cpu
from dam.lab.experiments import Experiment, Outcome
from dam.lab.experiments.baselines import logistic, relu_networks
from dam.lab.results import Result
from dam.lab.stored import stored_result
from dam.network.classifier import Network, error_percent
from dam.network.recipes import Recipe
from dam.network.relu import ReLUNetwork
from dam.network.training import train
from dam.vision import coupled, weights
from dam.vision.coupled import Squashed
from dam.vision.layers import Layer
from dam.vision.photographs import ENDINGS, photograph, pixels

PAPER = {"network": "lite0", "side": 112, "per_class": 300, "n": (2, 3, 8, 20), "T": (40.0, 80.0, 160.0, 320.0),
         "epsilon0": (0.1, 0.3), "C": (0.001, 0.01, 0.1, 1.0), "K": 100, "epochs": 30, "heads": 3}  # fmt: skip
DEMO = PAPER | {"per_class": 30, "n": (2, 8), "T": (60.0, 120.0), "epsilon0": (0.3,), "C": (0.01,), "epochs": 10,
                "heads": 1}  # fmt: skip
NETWORKS = ("lite0", "vgg16")
RANGES = {"network": NETWORKS, "side": (32, 1024), "per_class": (24, 900), "T": (1.0, 5000.0), "epsilon0": (1e-6, 1.0),
          "C": (1e-9, 1e9), "heads": (1, 1000)}  # fmt: skip
FOLDER = "DAM_PHOTOGRAPHS"
"""The environment variable that names the folder with the photographs and with VGG16's weights."""
CLASSES = {"n01440764": "tench", "n02102040": "English springer", "n02979186": "cassette player",
           "n03000684": "chain saw", "n03028079": "church", "n03394916": "French horn", "n03417042": "garbage truck",
           "n03425413": "gas pump", "n03445777": "golf ball", "n03888257": "parachute"}  # fmt: skip
"""Of Imagenette, by the names of their folders."""
VALIDATION = "ILSVRC2012_val_"
"""How the names of photographs begin that the convolutional networks were not trained on."""
CHUNK = 50
LAST = 5
"""Epochs at the end of a training whose held-out errors are averaged."""
M, BATCH = 3, 20
"""The power of the objective (14), and how many photographs of a class a minibatch has."""
SCALINGS = ("centered", "half", "positive", "uncentered")
"""tanh((h - s · mean) / deviation) with s = 1, 1/2 and 0, and 2φ/q - 1: see `dam.vision.coupled`."""


def run(
    *, seed: int, network: str, side: int, per_class: int, n: Sequence[int], T: Sequence[float],
    epsilon0: Sequence[float], C: Sequence[float], K: int, epochs: int, heads: int, sweep: Callable,
    backend: str | None = None, progress: bool = False,
) -> Outcome:  # fmt: skip
    """Compute the features of Imagenette's photographs, choose settings on held-out ones, and train memories on them.

    The environment variable DAM_PHOTOGRAPHS names a folder that holds ``imagenette``, the data set with its folders
    ``train`` and ``val``, and, for ``network`` = vgg16, ``vgg16_conv_float16.npz``. All photographs are resized to
    ``side`` pixels. The test set are the 500 that come from the validation set of ImageNet, which the convolutional
    networks have not seen; the training set is drawn from all others, so many ``per_class``. (Imagenette's own ``val``
    is mostly training images of ImageNet.) A fifth of the training set is held out to choose ``T``, constant in a
    training, and ``epsilon0`` for each n, by the mean error of the last five epochs; ``C`` of logistic regression
    likewise. Then so many ``heads`` of each kind are trained on all of the training set.

    Values: ``T_n2``, ``epsilon0_n2``, ... and ``logistic_C``, as chosen; ``held_out_percent_n2``, ... of these;
    ``test_error_percent_n2``, ..., ``_relu`` and ``_logistic``, means over the heads; ``test_error_spread_n2``, ...,
    and ``_relu``, sample standard deviations; ``feature_seconds``, for one photograph.

    Arrays: ``h (S, N)`` of uint8, times ``unit (N,)`` the features; ``y (S,)``; the test set comes first, and
    ``tested`` is its size; ``test_errors (kinds, heads)`` in %; ``held_out (n, T, epsilon0)``.
    """
    sklearn, *_ = library("scikit-learn", "the baselines need scikit-learn; install it", "sklearn")
    on_cpu(backend, "the features are computed by NumPy on the CPU")
    files, y, tested = chosen_files(per_class, seed)
    exact, seconds = features_of(files, network, side, sweep)
    h, unit = packed(exact)
    values: dict[str, Any] = {"feature_seconds": seconds}
    arrays = {"h": h, "unit": unit, "y": y.astype(np.int8), "tested": np.array(tested)}
    data = arrays["h"] * arrays["unit"], y, tested
    held_out = np.empty((len(n), len(T), len(epsilon0)))
    bar = tqdm(total=held_out.size + len(n) * heads, desc="heads", disable=not progress)
    with bar:
        for i, degree in enumerate(n):
            held_out[i] = tuned(data, degree, T, epsilon0, K, epochs, bar.update)
            a, b = np.unravel_index(held_out[i].argmin(), held_out[i].shape)
            values |= {f"T_n{degree}": float(T[a]), f"epsilon0_n{degree}": float(epsilon0[b])}
            values[f"held_out_percent_n{degree}"] = float(held_out[i].min())
        values |= tuned_logistic(data, C)
        errors = []
        for kind in (*n, "relu"):
            made = [_head(data, kind, number, values, K, epochs, "centered")[0] for number in range(heads)]
            x = squashed(data, "centered").forward(data[0][:tested])[0]
            errors.append([error_percent(one, x, y[:tested]) for one in made])
            bar.update(heads)
    tags = [f"n{degree}" for degree in n] + ["relu"]
    values |= {f"test_error_percent_{tag}": float(np.mean(row)) for tag, row in zip(tags, errors)}
    spread = lambda row: float(np.std(row, ddof=1)) if len(row) > 1 else float("nan")
    values |= {f"test_error_spread_{tag}": spread(row) for tag, row in zip(tags, errors)}
    one = _head(data, "logistic", 0, values, K, epochs, "centered")[0]
    values["test_error_percent_logistic"] = error_percent(one, x, y[:tested])
    return values | {"scikit_learn": sklearn.__version__}, arrays | {
        "test_errors": np.array(errors),
        "held_out": held_out,
    }


def folder() -> Path:
    """Return the folder of the photographs; raise ``FileNotFoundError`` with what to do if there is none."""
    named = os.environ.get(FOLDER, "")
    if not named or not Path(named, "imagenette").is_dir():
        raise FileNotFoundError(
            f"set {FOLDER} to a folder that holds imagenette, the data set of that name with its folders train and val "
            f"(it is not ours to ship), got {named or 'nothing'}"
        )
    return Path(named)


def chosen_files(per_class: int, seed: int) -> tuple[list[Path], np.ndarray, int]:
    """Return the photographs, the test set first, their classes ``(S,)``, and the size of the test set."""
    test, rest, rng = [], [], np.random.default_rng(seed)
    for number, name in enumerate(CLASSES):
        files = [
            path
            for part in ("train", "val")
            for path in (folder() / "imagenette" / part / name).glob("*")
            if path.suffix.lower() in ENDINGS
        ]
        files.sort(key=lambda path: path.name)
        new = [path for path in files if path.name.startswith(VALIDATION)]
        old = [path for path in files if not path.name.startswith(VALIDATION)]
        if not new or len(old) < per_class:
            raise ValueError(
                f"Imagenette's class {name} has {len(new)} photographs of ImageNet's validation set and {len(old)} "
                f"others here; per_class = {per_class} needs more, or the copy is not complete"
            )
        test += [(path, number) for path in new]
        rest += [(old[i], number) for i in np.sort(rng.permutation(len(old))[:per_class])]
    both = test + rest
    return [path for path, _ in both], np.array([number for _, number in both]), len(test)


def convolutions(network: str) -> Layer:
    """Return the layers of a network from pixels to features; raise as `dam.vision.weights` does."""
    checks.choice("network", network, NETWORKS)
    return weights.lite0().layers if network == "lite0" else weights.vgg16(folder() / "vgg16_conv_float16.npz")


def features_of(files: Sequence[Path], network: str, side: int, sweep: Callable) -> tuple[np.ndarray, float]:
    """Return the features ``(S, N)`` of photographs, and the seconds for one."""
    chunks = [list(map(str, files[i : i + CHUNK])) for i in range(0, len(files), CHUNK)]
    shared = {"network": network, "side": side}
    found = sweep(point, [shared | {"files": chunk, "sha256": _digest(chunk)} for chunk in chunks])
    return np.concatenate([one["h"] for one in found]), float(np.mean([one["seconds"] for one in found]))


def point(*, network: str, side: int, files: Sequence[str], sha256: str) -> dict[str, Any]:
    """Return the features ``h`` of some photographs, and the seconds for one; ``sha256`` is that of their contents."""
    layers = layers_of(network)
    v = pixels(np.stack([photograph(path, side) for path in files]))
    begun = time.perf_counter()
    return {"h": seen(layers, v, side), "seconds": (time.perf_counter() - begun) / len(files)}


def seen(layers: Layer, v: Array, side: int) -> np.ndarray:
    """Return the features ``(M, N)`` of images ``v (M, 3 side²)``."""
    return coupled.features(layers, v.reshape(-1, side, side, 3).astype(np.float32))


layers_of = lru_cache(maxsize=2)(convolutions)
"""`convolutions`, read once for all callers."""


def _digest(files):
    sha = hashlib.sha256()
    for path in files:
        sha.update(Path(path).read_bytes())
    return sha.hexdigest()


def packed(h: Array) -> tuple[np.ndarray, np.ndarray]:
    """Return features ``h (S, N)``, 0 or more, as uint8, and the ``unit (N,)`` of each: its largest over 255."""
    unit = (np.maximum(h.max(axis=0), coupled.FLOOR) / 255).astype(np.float32)
    return np.rint(h / unit).astype(np.uint8), unit


def squashed(data: tuple, scaling: str) -> Squashed:
    """Return one of the `SCALINGS` for the training set in ``data = (h, y, tested)``."""
    checks.choice("scaling", scaling, SCALINGS)
    h = data[0][data[2] :]
    if scaling == "uncentered":
        return coupled.uncentered(h)
    return coupled.centered(h, {"centered": 1.0, "half": 0.5, "positive": 0.0}[scaling])


def recipe(x: Array, scaling: str, n: int, T: float, epsilon0: float, K: int, epochs: int) -> Recipe:
    """Return how a memory learns features ``x (S, N)`` of a scaling: with a constant T.

    Weights begin around 0 where features are centered, else around 0.4 times their mean: for MNIST, of which the mean
    pixel is -0.74, that is the paper's -0.3.
    """
    mean = 0.0 if scaling == "centered" else 0.4 * float(x.mean())
    rates: dict[str, Any] = {"momentum": 0.6, "epsilon0": epsilon0, "decay": 0.9, "epochs": epochs}
    sizes: dict[str, Any] = {"K": K, "N": x.shape[1], "batch_per_class": BATCH}
    return Recipe(n, M, T, T, 0, **rates, **sizes, init_mean=mean, form="exact")


def tuned(
    data: tuple, n: int, T: Sequence[float], epsilon0: Sequence[float], K: int, epochs: int,
    done: Callable, scaling: str = "centered",
) -> np.ndarray:  # fmt: skip
    """Return the error in % on what `split` holds out, ``(T, epsilon0)``; ``done`` is called after each training."""
    kept, held_out = split(data)
    x, y = squashed(data, scaling).forward(data[0])[0], data[1]
    errors = []
    for warm, rate in product(T, epsilon0):
        how = recipe(x[kept], scaling, n, warm, rate, K, epochs)
        tests = {"x_test": x[held_out], "y_test": y[held_out], "classes": len(CLASSES), "progress": False}
        _, history = train(x[kept], y[kept], how, **tests)
        errors.append(history["test_error"][-LAST:].mean())
        done()
    return np.reshape(errors, (len(T), len(epsilon0)))


def split(data: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Return which of the training set are kept and which are held out, to choose settings by: a fifth."""
    order = data[2] + np.random.default_rng(0).permutation(len(data[1]) - data[2])
    return np.sort(order[len(order) // 5 :]), np.sort(order[: len(order) // 5])


def tuned_logistic(data: tuple, C: Sequence[float]) -> dict[str, float]:
    """Return the strength of the penalty of logistic regression with the least error on the held-out photographs."""
    kept, held_out = split(data)
    x = squashed(data, "centered").forward(data[0])[0]
    errors = [100 * np.mean(logistic(x[kept], data[1][kept], c).predict(x[held_out]) != data[1][held_out]) for c in C]
    return {"logistic_C": float(C[int(np.argmin(errors))]), "held_out_percent_logistic": float(min(errors))}


def data_of(stored: Result) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the features ``(S, N)``, the classes ``(S,)`` and the size of the test set that a result holds."""
    h = stored.arrays["h"] * stored.arrays["unit"]
    return h, stored.arrays["y"].astype(np.int64), int(stored.arrays["tested"])


def head(
    network: str, kind: int | str, number: int, scaling: str = "centered", directory: Path | str | None = None
) -> tuple[Network, Squashed]:
    """Return a head trained on stored features, again, and how its features are squashed.

    ``kind`` is the degree n of a memory, 'relu' or 'logistic'. For other scalings than ``centered`` the settings of a
    memory are chosen anew. Trained once for all callers.
    """
    return _stored_head(network, kind, number, scaling, None if directory is None else str(directory))


@lru_cache(maxsize=100)
def _stored_head(network, kind, number, scaling, directory):
    stored = stored_features(network, directory)
    given, data = stored.parameters, data_of(stored)
    values = dict(stored.values)
    if scaling != "centered" and isinstance(kind, int):
        T, epsilon0 = given["T"], given["epsilon0"]
        held_out = tuned(data, kind, T, epsilon0, given["K"], given["epochs"], lambda: None, scaling)
        a, b = np.unravel_index(held_out.argmin(), held_out.shape)
        values |= {f"T_n{kind}": T[a], f"epsilon0_n{kind}": epsilon0[b]}
    return _head(data, kind, number, values, given["K"], given["epochs"], scaling)


def _head(data, kind, number, values, K, epochs, scaling):
    """Train a head of a kind on the training set with the settings that were chosen."""
    squash = squashed(data, scaling)
    x, y = squash.forward(data[0][data[2] :])[0], data[1][data[2] :]
    if kind == "logistic":
        model = logistic(x, y, values["logistic_C"])
        return linear(model.coef_, model.intercept_), squash
    if kind == "relu":
        *_, model = relu_networks(x, y, 0.001, 0.01, epochs, [number, 1], units=K, batch=10 * BATCH)
        (visible, labels), biases = model.coefs_, model.intercepts_
        return ReLUNetwork(*(w.astype(np.float32) for w in (visible.T, labels, *biases))), squash
    how = recipe(x, scaling, kind, values[f"T_n{kind}"], values[f"epsilon0_n{kind}"], K, epochs)
    return train(x, y, how, seed=number, classes=len(CLASSES), progress=False)[0], squash


def linear(rows: Array, biases: Array) -> ReLUNetwork:
    """Return classes ``rows (N_c, N)`` x + ``biases (N_c,)`` as a ReLU network: the positive part less the negative."""
    both, one = np.concatenate([rows, -rows]), np.eye(len(rows))
    parts = both, np.concatenate([one, -one]), np.concatenate([biases, -biases]), np.zeros(len(rows))
    return ReLUNetwork(*(w.astype(np.float32) for w in parts))


def stored_features(network: str, directory: Path | str | None = None) -> Result:
    """Return the stored result of this experiment with the features of a network: see `stored_result`."""
    return stored_result("photographs", network, 0, directory)


EXPERIMENT = Experiment(
    __doc__,
    {"demo": DEMO, "paper": PAPER},
    {"demo": 60, "paper": 600},
    run,
    lambda parameters, scale: parameters["network"],
    named=("network",),
    ranges=RANGES,
)
