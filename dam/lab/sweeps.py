"""Sweeps: lists of independent points, run here or spread over a Dask cluster, that survive an interruption."""

import hashlib
import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from dam.arrays import gpu_errors, using
from dam.files import write_atomically
from dam.lab import cluster
from dam.lab.results import of_python


def sweep(
    point: Callable[..., dict],
    tasks: list[dict],
    *,
    scheduler: str | None = None,
    folder: Path | str | None = None,
    version: str = "",
    progress: bool = False,
    label: str = "points",
) -> list[dict]:
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
        the others, one that has other code than this process is refused, with a warning if it joins later. Default: one
        point after the other, in this process.
    folder : path, optional
        Where every finished point is kept at once. A sweep that finds a point of its own there does not compute it
        again, unless the file is damaged; whoever stores the result may delete the folder.
    version : str
        Of the code that computes. Points of another version are not used.
    progress : bool
        Show a bar of finished points.
    label : str
        Its name.

    Raises
    ------
    RuntimeError
        A scheduler is given, and something is missing: the package ``distributed``, on a worker the same code as here,
        a worker that is there and free, the scheduler.
    OSError
        No scheduler answers at the address, or the folder cannot be written.

    Whatever ``point`` raises is raised, with a note that says how many points are kept.
    """
    files = [_file(folder, point, task, version) for task in tasks]
    outcomes = [_read(file) for file in files]
    todo = [i for i, outcome in enumerate(outcomes) if outcome is None]
    bar = tqdm(total=len(tasks), initial=len(tasks) - len(todo), desc=label, disable=not progress, leave=False)
    try:
        with bar:
            for i, outcome in _computed(point, tasks, todo, scheduler):
                if files[i] is not None:
                    _keep(files[i], outcome)
                outcomes[i] = outcome
                bar.update()
    except Exception as error:
        if folder is not None and (kept := sum(outcome is not None for outcome in outcomes)):
            error.add_note(f"{kept} of {len(tasks)} points are kept in {folder}; the same command goes on from them")
        raise
    return outcomes


def _computed(point, tasks, todo, scheduler):
    """Yield the number and the outcome of every point to do: one after the other here, or as the workers finish."""
    calls = [(point, i, tasks[i]) for i in todo]
    if scheduler is None or not calls:
        return (_numbered(*call) for call in calls)
    return cluster.outcomes(scheduler, _numbered, calls)


def _numbered(point, i, task):
    with using(task.get("backend")), gpu_errors("a point of the sweep", "use smaller parameters"):
        return i, point(**task)


def _file(folder, point, task, version):
    """Return the file of a point, named by all that it depends on."""
    if folder is None:
        return None
    name = json.dumps(
        [point.__module__, point.__name__, task, version, np.__version__], sort_keys=True, default=of_python
    )
    return Path(folder) / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.point"


def _keep(file, outcome):
    stream = io.BytesIO()
    np.savez(stream, **outcome)
    content = _digest(file, stream.getbuffer()) + stream.getbuffer()
    for attempt in range(3):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            return write_atomically(file, lambda disk: disk.write(content))
        except OSError as error:  # another run of this sweep has ended, and removed the folder
            if attempt == 2 or not isinstance(error.__cause__, FileNotFoundError):
                raise


def _read(file):
    """Return a kept point, its scalars as numbers of Python; None if there is none, or it is damaged or another's."""
    if file is None or not file.is_file():
        return None
    try:
        content = file.read_bytes()
        if content[:32] != _digest(file, content[32:]):
            raise ValueError("it is not as it was written")
        with np.load(io.BytesIO(content[32:]), allow_pickle=False) as arrays:
            return {key: value.item() if value.ndim == 0 else value for key, value in arrays.items()}
    except Exception as error:  # of many kinds
        warnings.warn(f"the point {file} is damaged ({error}); it is computed again", RuntimeWarning, stacklevel=3)
        return None


def _digest(file, content):
    """Return a digest of what a file holds and of its name, that is of its task."""
    sha = hashlib.sha256(file.name.encode())
    sha.update(content)
    return sha.digest()
