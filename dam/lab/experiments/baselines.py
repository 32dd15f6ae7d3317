"""Three ordinary classifiers of the MNIST digits, by the paper's protocol, to set beside the memory."""

import time

import numpy as np
from tqdm.auto import tqdm

from dam import checks, datasets
from dam.lab.stored import relu_arrays, relu_network

SUMMARY = "Baselines on MNIST: nearest neighbor, logistic regression, and a ReLU network trained with Adam"
SCALES = {
    "demo": {"digits": 1800, "tested": 500, "k": (1, 3, 5), "C": (0.001, 0.01, 0.1), "units": 100,
             "learning_rate": (0.001,), "weight_decay": (0.0001, 0.01), "batch": 100, "epochs": 5, "networks": 2},
    "paper": {"digits": 60_000, "tested": 10_000, "k": tuple(range(1, 11)), "C": (0.001, 0.01, 0.1, 1.0), "units": 2000,
              "learning_rate": (0.0001, 0.0003, 0.001), "weight_decay": (0.0001, 0.01), "batch": 200, "epochs": 20,
              "networks": 3},
}  # fmt: skip
SECONDS = {"demo": 3, "paper": 1200}
CHUNK = 500
"""Digits compared with all stored ones at a time."""
LAST = 5
"""Epochs at the end of a training whose held-out errors are averaged."""


def run(
    *,
    seed,
    digits,
    tested,
    k,
    C,
    units,
    learning_rate,
    weight_decay,
    batch,
    epochs,
    networks,
    backend=None,
    progress=False,
):
    """Choose hyperparameters on a split of the training digits, train on all of them, and test once.

    The split is `dam.datasets.held_out_split`, five sixths against one sixth, the same for every seed: the seed
    determines the initial weights and the minibatches of the ReLU network, and nothing else is random. Equal held-out
    errors are decided for the first of the values tried. The error of a network jumps from epoch to epoch by more than
    the values tried differ, so its mean over the last five epochs is compared. Linear models and networks are
    scikit-learn's.

    Parameters
    ----------
    digits, tested : int
        So many of the training and of the test digits, from the first on.
    k : sequence of int
        Numbers of neighbors to try, Euclidean distance between pixels.
    C : sequence of float
        Inverse strengths of the L2 penalty to try for multinomial logistic regression.
    units : int
        Hidden units of the ReLU network, which minimizes cross-entropy with Adam.
    learning_rate, weight_decay : sequences of float
        To try, every pair: of Adam, and the factor of |w|² / 2 over the size of the minibatch.
    batch, epochs : int
        Digits of a minibatch, and for how long a network is trained.
    networks : int
        ReLU networks that are trained in the end with the chosen values, from independent initial weights.

    Returns
    -------
    values : dict
        For name = nearest, logistic, relu: ``{name}_test_error_percent``; ``{name}_held_out_error_percent``, the
        lowest; ``{name}_parameters``, how many numbers are kept; ``{name}_train_seconds`` on all digits with the
        chosen values, by the wall clock; ``{name}_train_cpu_seconds``, the same summed over the cores that worked at
        it; ``{name}_test_seconds`` for all test digits. For the ReLU network they are means over the networks, and
        ``relu_test_error_spread`` is the sample standard deviation, NaN for one. ``relu_stored_error_percent``, of the
        float16 weights below.
        Chosen: ``nearest_k``, ``logistic_C``, ``relu_learning_rate``, ``relu_weight_decay``.
        ``scikit_learn``: its version.
    arrays : dict
        What was tried, ``k``, ``C``, ``learning_rate``, ``weight_decay``, and the held-out errors in %:
        ``nearest_held_out (len(k),)``, ``logistic_held_out (len(C),)`` and ``relu_held_out (len(learning_rate),
        len(weight_decay), epochs)``. ``relu_test_errors (networks,)`` in %, and ``relu_loss (networks, epochs)``,
        the mean cross-entropy with its penalty while they were trained. Of the network of median error,
        in float16, for `dam.lab.stored`: ``relu_visible (units, 784)``, ``relu_labels (units, 10)``, ``relu_hidden_bias
        (units,)`` and ``relu_class_bias (10,)``.

    Raises
    ------
    RuntimeError
        scikit-learn is missing.
    ValueError
        A parameter is out of range, or the backend is not NumPy.
    """
    sklearn = _sklearn()
    if backend not in (None, "auto", "numpy"):
        raise ValueError(f"the baselines are computed by NumPy and scikit-learn on the CPU, got backend {backend!r}")
    for name, number in (("epochs", epochs), ("networks", networks), ("units", units), ("batch", batch)):
        checks.count(name, number)
    x, y, x_test, y_test = _data(digits, tested)
    kept, held_out = datasets.held_out_split(y)
    if min(k) < 1 or max(k) > len(kept):
        raise ValueError(f"k must be numbers from 1 to {len(kept)}, the digits of the split, got {list(k)}")
    split, final = (x[kept], y[kept], x[held_out], y[held_out]), (x, y, x_test, y_test)
    tried = {"k": k, "C": C, "learning_rate": learning_rate, "weight_decay": weight_decay}
    values, arrays = {}, {name: np.array(numbers) for name, numbers in tried.items()}
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


def nearest_classes(x, y, v, k):
    """Return the classes ``(len(k), M)`` that the k nearest of the stored digits give to digits ``v (M, N)``.

    Pixels are taken as the 256 gray levels that they are. Squared distances are then whole numbers, exact in float64,
    and the outcome is the same on every machine: of digits at the same distance the first stored one counts as nearer,
    and of classes with as many votes the one with the nearest digit wins.

    Parameters
    ----------
    x : (S, N) array
        Stored digits, pixels in [-1, 1].
    y : (S,) array of int
        Their classes, 0 to 9.
    v : (M, N) array
        Digits to classify.
    k : sequence of int
        Numbers of neighbors, 1 to S.
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


def logistic(x, y, C):
    """Return multinomial logistic regression fitted to digits ``x (S, N)`` of classes ``y (S,)``."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=C, max_iter=5000).fit(x, y)


def relu_networks(x, y, learning_rate, weight_decay, epochs, seed, *, units, batch):
    """Train a network of one hidden layer of ReLU units with Adam, and yield it after every epoch."""
    from sklearn.neural_network import MLPClassifier

    random = np.random.RandomState(seed)
    network = MLPClassifier(
        (units,),
        alpha=weight_decay,
        batch_size=min(batch, len(x)),
        learning_rate_init=learning_rate,
        random_state=random,
    )
    for _ in range(epochs):
        yield network.partial_fit(x, y, classes=np.arange(10))


def _sklearn():
    try:
        import sklearn
    except ImportError:
        raise RuntimeError("the baselines need scikit-learn; install it with pip install 'dam[baselines]'") from None
    return sklearn


def _data(digits, tested):
    data = datasets.mnist()
    for name, number, there in (("digits", digits, data.y_train), ("tested", tested, data.y_test)):
        if checks.count(name, number) > len(there):
            raise ValueError(f"{name} must be at most {len(there)}, got {number}")
    return data.x_train[:digits], data.y_train[:digits], data.x_test[:tested], data.y_test[:tested]


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
