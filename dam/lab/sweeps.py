"""Sweeps: lists of independent points, run here or spread over a Dask cluster, that survive an interruption."""

import hashlib
import json
from pathlib import Path

import joblib
import numpy as np
from tqdm.auto import tqdm

from dam.files import write_atomically


def sweep(point, tasks, *, scheduler=None, folder=None, version="", progress=False, label="points"):
    """Return what ``point(**task)`` gives for each task, in the order of the tasks.

    Parameters
    ----------
    point : callable
        A function at the top of a module that returns a dict of numbers and NumPy arrays. Its randomness follows from
        its arguments, so that it matters neither where it runs nor after what.
    tasks : list of dict
        Arguments of every point: numbers, strings, and lists of them.
    scheduler : str, optional
        Address of a Dask scheduler, ``tcp://host:port``, whose workers share the points; one that dies is replaced by
        the others. Default: one point after the other, in this process.
    folder : path, optional
        Where every finished point is kept at once. A sweep that finds a point of its own there does not compute it
        again; whoever stores the result may delete the folder.
    version : str
        Of the code that computes. Points of another version are not used.
    progress : bool
        Show a bar of finished points.
    label : str
        Its name.

    Raises
    ------
    RuntimeError
        A scheduler is given, and the package ``distributed`` is not installed.
    OSError
        The scheduler does not answer, or the folder cannot be written.
    """
    files = [_file(folder, point, task, version) for task in tasks]
    outcomes = [_read(file) for file in files]
    todo = [i for i, outcome in enumerate(outcomes) if outcome is None]
    bar = tqdm(total=len(tasks), initial=len(tasks) - len(todo), desc=label, disable=not progress, leave=False)
    with bar, _backend(scheduler):
        run = joblib.Parallel(return_as="generator_unordered", pre_dispatch="all", batch_size=1)
        for i, outcome in run(joblib.delayed(_numbered)(point, i, tasks[i]) for i in todo):
            outcomes[i] = outcome
            if files[i] is not None:
                _keep(files[i], outcome)
            bar.update()
    return outcomes


def _numbered(point, i, task):
    return i, point(**task)


def _backend(scheduler):
    """Return the context in which joblib runs: one call after the other, or on the workers of a Dask scheduler."""
    if scheduler is None:
        return joblib.parallel_config("sequential")
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise RuntimeError("a scheduler needs distributed; install it with pip install 'dam[scale]'") from None
    return joblib.parallel_config("dask", scheduler_host=scheduler)


def _file(folder, point, task, version):
    """Return the file of a point, named by all that it depends on."""
    if folder is None:
        return None
    name = json.dumps([point.__module__, point.__name__, task, version, np.__version__], sort_keys=True)
    return Path(folder) / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.npz"


def _keep(file, outcome):
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, lambda stream: np.savez(stream, **outcome))


def _read(file):
    """Return a kept point, its scalars as numbers of Python; None if there is none, or if it is damaged."""
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return {key: value.item() if value.ndim == 0 else value for key, value in arrays.items()}
    except Exception:  # no folder, no file, or one of the many errors of a damaged one: the point is computed again
        return None
