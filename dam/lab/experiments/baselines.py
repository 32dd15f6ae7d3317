"""Baselines on MNIST: nearest neighbor, logistic regression, and a ReLU network trained with Adam"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from dam import checks, datasets
from dam.arrays import Array
from dam.lab.common import count_within, library, on_cpu
from dam.lab.experiments import Experiment, Outcome
from dam.lab.stored import relu_arrays, relu_network

PAPER = {"digits": 60_000, "tested": 10_000, "k": tuple(range(1, 11)), "C": (0.001, 0.01, 0.1, 1.0), "units": 2000,
         "learning_rate": (0.0001, 0.0003, 0.001), "weight_decay": (0.0001, 0.01), "batch": 200, "epochs": 20,
         "networks": 3}  # fmt: skip
DEMO = {"digits": 1800, "tested": 500, "k": (1, 3, 5), "C": (0.001, 0.01, 0.1), "units": 100,
        "learning_rate": (0.001,), "weight_decay": (0.0001, 0.01), "batch": 100, "epochs": 5,
        "networks": 2}  # fmt: skip
RANGES = {"digits": (100, 60_000), "tested": (1, 10**4), "k": (1, 60_000), "C": (1e-9, 1e9), "units": (1, 10**5),
          "learning_rate": (1e-9, 1e3), "weight_decay": (0.0, 1e3), "batch": (1, 60_000), "epochs": (1, 10**6),
          "networks": (1, 1000)}  # fmt: skip
CHUNK = 500
"""Digits compared with all stored ones at a time."""
LAST = 5
"""Epochs at the end of a training whose held-out errors are averaged."""


def run(
    *, seed: int, digits: int, tested: int, k: Sequence[int], C: Sequence[float], units: int,
    learning_rate: Sequence[float], weight_decay: Sequence[float], batch: int, epochs: int, networks: int,
    backend: str | None=None, progress: bool=False,
) -> Outcome:  # fmt: skip
    """Choose hyperparameters on a split of the training digits, train on all of them, and test once.

    The split is `dam.datasets.held_out_split`, five sixths against one sixth, the same for every seed: the seed
    determines the initial weights and the minibatches of the ReLU network, and nothing else is random. Equal held-out
    errors are decided for the first of the values tried. The error of a network jumps from epoch to epoch by more than
    the values tried differ, so its mean over the last five epochs is compared. Linear models and networks are
    scikit-learn's.

    ``digits`` of the training and ``tested`` of the test digits are used, from the first on. Tried are: numbers ``k``
    of neighbors, by Euclidean distance between pixels; inverse strengths ``C`` of the L2 penalty of logistic
    regression; every pair of ``learning_rate`` and ``weight_decay``, the factor of |w|² / 2 over the size of the
    minibatch, of a ReLU network that minimizes cross-entropy with Adam. It has so many hidden ``units`` and is trained
    on minibatches of ``batch`` digits for so many ``epochs``; in the end so many ``networks`` are, with the chosen
    values, from independent initial weights.

    Values, for name = nearest, logistic, relu: ``{name}_test_error_percent``; ``{name}_held_out_error_percent``, the
    lowest; ``{name}_parameters``, how many numbers are kept; ``{name}_train_seconds`` on all digits with the chosen
    values, by the wall clock; ``{name}_train_cpu_seconds``, the same summed over the cores that worked at it;
    ``{name}_test_seconds`` for all test digits. For the ReLU network they are means over the networks, and
    ``relu_test_error_spread`` is the sample standard deviation, NaN for one; ``relu_stored_error_percent``, of the
    float16 weights below. Chosen: ``nearest_k``, ``logistic_C``, ``relu_learning_rate``, ``relu_weight_decay``.
    ``scikit_learn``: its version.

    Arrays: what was tried, ``k``, ``C``, ``learning_rate``, ``weight_decay``, and the held-out errors in %:
    ``nearest_held_out (len(k),)``, ``logistic_held_out (len(C),)`` and ``relu_held_out (len(learning_rate),
    len(weight_decay), epochs)``. ``relu_test_errors (networks,)`` in %, and ``relu_loss (networks, epochs)``, the mean
    cross-entropy with its penalty while they were trained. Of the network of median error, in float16, for
    `dam.lab.stored`: ``relu_visible (units, 784)``, ``relu_labels (units, 10)``, ``relu_hidden_bias (units,)`` and
    ``relu_class_bias (10,)``.
    """
    needed = "the baselines need scikit-learn; install it"
    sklearn, *_ = library("scikit-learn", needed, "sklearn", "sklearn.linear_model", "sklearn.neural_network")
    on_cpu(backend, "the baselines are computed by NumPy and scikit-learn on the CPU")
    for name, number in (("epochs", epochs), ("networks", networks), ("units", units), ("batch", batch)):
        checks.count(name, number)
    data = datasets.mnist()
    digits = count_within("digits", digits, 1, len(data.y_train))
    tested = count_within("tested", tested, 1, len(data.y_test))
    x, y, x_test, y_test = data.x_train[:digits], data.y_train[:digits], data.x_test[:tested], data.y_test[:tested]
    kept, held_out = datasets.held_out_split(y)
    if min(k) < 1 or max(k) > len(kept):
        raise ValueError(f"k must be numbers from 1 to {len(kept)}, the digits of the split, got {list(k)}")
    split, final = (x[kept], y[kept], x[held_out], y[held_out]), (x, y, x_test, y_test)
    tried = {"k": k, "C": C, "learning_rate": learning_rate, "weight_decay": weight_decay}
    values: dict[str, Any] = {}
    arrays = {name: np.array(numbers) for name, numbers in tried.items()}
    for found in (
        _nearest(split, final, k),
        _logistic(split, final, C),
        _relu(split, final, seed, learning_rate, weight_decay, epochs, networks, progress, units=units, batch=batch),
    ):
        values |= found[0]
        arrays |= found[1]
    return values | {"scikit_learn": sklearn.__version__}, arrays


def _nearest(split, final, k):
    """Return values and arrays of nearest neighbor, as `run` does."""
    errors = np.array([_percent(classes != split[3]) for classes in nearest_classes(*split[:3], k)])
    best = int(k[errors.argmin()])
    (classes,), seconds = _timed(lambda: nearest_classes(*final[:3], [best]))
    found = _row("nearest", _percent(classes != final[3]), errors, final[0].size, np.zeros(2), seconds)
    return found | {"nearest_k": best}, {"nearest_held_out": errors}


def _logistic(split, final, C):
    """Return values and arrays of logistic regression, as `run` does."""
    errors = np.array([_error(logistic(*split[:2], strength), *split[2:]) for strength in C])
    best = float(C[errors.argmin()])
    model, train_seconds = _timed(lambda: logistic(*final[:2], best))
    error, seconds = _timed(lambda: _error(model, *final[2:]))
    found = _row("logistic", error, errors, model.coef_.size + model.intercept_.size, train_seconds, seconds)
    return found | {"logistic_C": best}, {"logistic_held_out": errors}


def _relu(split, final, seed, rates, decays, epochs, networks, progress, **sizes):
    """Return values and arrays of the ReLU network, as `run` does."""
    errors = np.empty((len(rates), len(decays), epochs))
    bar = tqdm(total=errors.size + networks * epochs, desc="ReLU network", unit="epoch", disable=not progress)
    for i, j in np.ndindex(errors.shape[:2]):
        for epoch, network in enumerate(relu_networks(*split[:2], rates[i], decays[j], epochs, [seed, 0], **sizes)):
            errors[i, j, epoch] = _error(network, *split[2:])
            bar.update()
    late = errors[:, :, -LAST:].mean(axis=-1)
    i, j = np.argwhere(late == late.min())[0].tolist()
    chosen = rates[i], decays[j]
    test_errors, losses, times, trained_networks = [], [], [], []
    for each in range(networks):
        begun = _clock()
        for network in relu_networks(*final[:2], *chosen, epochs, [seed, 1 + each], **sizes):
            bar.update()
        trained = _clock()
        test_errors.append(_error(network, *final[2:]))
        times.append((trained - begun, _clock() - trained))
        losses.append(network.loss_curve_)
        trained_networks.append(network)
    bar.close()
    median = int(np.argsort(test_errors, kind="stable")[(networks - 1) // 2])
    (visible, labels), biases = trained_networks[median].coefs_, trained_networks[median].intercepts_
    weights = relu_arrays(visible.T, labels, *biases)
    parameters = sum(w.size for w in (*network.coefs_, *network.intercepts_))
    values = _row("relu", np.mean(test_errors), late, parameters, *np.mean(times, axis=0))
    values["relu_test_error_spread"] = float(np.std(test_errors, ddof=1)) if networks > 1 else float("nan")
    values |= dict(zip(("relu_learning_rate", "relu_weight_decay"), chosen))
    wrong = relu_network(weights).predict(final[2]) != final[3]
    values["relu_stored_error_percent"] = _percent(wrong)
    arrays = weights | {"relu_test_errors": np.array(test_errors), "relu_loss": np.array(losses)}
    return values, arrays | {"relu_held_out": errors}


def _row(name, test_error, held_out_errors, parameters, train_seconds, test_seconds):
    return {
        f"{name}_test_error_percent": float(test_error),
        f"{name}_held_out_error_percent": float(np.min(held_out_errors)),
        f"{name}_parameters": int(parameters),
        f"{name}_train_seconds": float(train_seconds[0]),
        f"{name}_train_cpu_seconds": float(train_seconds[1]),
        f"{name}_test_seconds": float(test_seconds[0]),
    }


def nearest_classes(x: Array, y: Array, v: Array, k: Sequence[int]) -> np.ndarray:
    """Return the classes ``(len(k), M)`` that the k nearest of the stored digits give to digits ``v (M, N)``.

    ``x (S, N)`` and ``y (S,)`` are the stored digits, pixels in [-1, 1], and their classes. Pixels are taken as the 256
    gray levels that they are. Squared distances are then whole numbers, exact in float64, and the outcome is the same
    on every machine: of digits at the same distance the first stored one counts as nearer, and of classes with as many
    votes the one with the nearest digit wins.
    """
    most = max(k)
    x, v = _gray(x), _gray(v)
    squares = np.sum(x * x, axis=1)
    weight = 1 + 0.5 ** np.arange(2, most + 2)  # a vote, and less than one vote in all to decide between equals
    found = np.empty((len(k), len(v)), np.int64)
    for start in range(0, len(v), CHUNK):
        rows = v[start : start + CHUNK]
        distance = rows @ x.T
        distance *= -2
        distance += squares
        distance += np.sum(rows * rows, axis=1)[:, None]
        distance *= len(x)
        distance += np.arange(len(x))  # one whole number that orders by distance first, then by place
        distance.partition(most - 1, axis=1)
        order = np.sort(distance[:, :most], axis=1).astype(np.int64) % len(x)
        votes = np.cumsum((y[order][:, :, None] == np.arange(10)) * weight[:, None], axis=1)
        for i, neighbors in enumerate(k):
            found[i, start : start + CHUNK] = votes[:, neighbors - 1].argmax(axis=1)
    return found


def logistic(x: Array, y: Array, C: float) -> Any:
    """Return multinomial logistic regression fitted to digits ``x (S, N)`` of classes ``y (S,)``."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=C, max_iter=5000).fit(x, y)


def relu_networks(
    x: Array, y: Array, learning_rate: float, weight_decay: float, epochs: int, seed: Sequence[int], *, units: int,
    batch: int,
) -> Iterator:  # fmt: skip
    """Train a network of one hidden layer of ReLU units with Adam, and yield it after every epoch."""
    from sklearn.neural_network import MLPClassifier

    settings = {"alpha": weight_decay, "batch_size": min(batch, len(x)), "learning_rate_init": learning_rate}
    network = MLPClassifier((units,), **settings, random_state=np.random.RandomState(seed))
    for _ in range(epochs):
        yield network.partial_fit(x, y, classes=np.arange(10))


def _gray(x):
    """Return pixels in [-1, 1] as gray levels 0 to 255 in float64."""
    return np.rint(127.5 * (x.astype(np.float64) + 1))


def _percent(wrong):
    return 100 * float(np.mean(wrong))


def _error(model, x, y):
    return _percent(model.predict(x) != y)


def _clock():
    """Return the seconds of the wall clock, and of all processor cores together."""
    return np.array([time.perf_counter(), time.process_time()])


def _timed(task):
    begun = _clock()
    result = task()
    return result, _clock() - begun


EXPERIMENT = Experiment(__doc__, {"demo": DEMO, "paper": PAPER}, {"demo": 3, "paper": 1200}, run, ranges=RANGES)
