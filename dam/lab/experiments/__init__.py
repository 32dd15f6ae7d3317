"""One module for each figure or table that is reproduced.

Each module has ``SUMMARY``, a line of text; ``SCALES``, the keyword parameters at ``demo`` and at ``paper`` scale;
``SECONDS``, about how long each takes on two CPU cores; and ``run(*, seed, backend, progress, **parameters)``, which
returns a dict of scalar values and a dict of NumPy arrays. One that is a list of independent points takes ``sweep``
instead of ``progress``: `dam.lab.sweeps.sweep` with all but its first two arguments set. ``variant(parameters)``, where
there is one, names the variant of the result's file; ``recorded(parameters)``, where there is one, gives the
parameters to store.
"""

import importlib
import inspect
import pkgutil
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np

from dam import arrays, checks
from dam.lab import results
from dam.lab.sweeps import sweep

NAMES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def module(name):
    """Return the module of an experiment; raise ``ValueError`` with the names there are if it is unknown."""
    if name not in NAMES:
        raise ValueError(f"unknown experiment {name!r}; there are {', '.join(NAMES)}")
    return importlib.import_module(f"dam.lab.experiments.{name}")


def run(name, scale="demo", seed=0, backend=None, progress=False, scheduler=None, **overrides):
    """Run an experiment and return a `dam.lab.results.Result` with its provenance.

    Parameters
    ----------
    name : str
        One of ``dam.lab.experiments.NAMES``.
    scale : {'demo', 'paper'}
        Which of the experiment's sets of parameters to start from.
    seed : int
        All randomness follows from it.
    backend : {'auto', 'numpy', 'cupy'}, optional
    progress : bool
        Show a progress bar.
    scheduler : str, optional
        Address of a Dask scheduler to spread the points over, for an experiment that consists of points.
    **overrides
        Parameters to change, by name; also ``results``, the folder of the results that an experiment starts from and
        of its checkpoints. There a sweep keeps its finished points, in `points_folder`.

    Raises
    ------
    ValueError
        Unknown experiment, scale or parameter, one value where a list is asked for, or a seed that is no integer >= 0.
    """
    experiment = module(name)
    if scale not in experiment.SCALES:
        raise ValueError(f"scale must be one of {', '.join(experiment.SCALES)}, got {scale!r}")
    checks.count("seed", seed, minimum=0)
    defaults = experiment.SCALES[scale]
    takes, directory = inspect.signature(experiment.run).parameters, overrides.get("results")
    accepted = set(defaults) | {"results"}
    if scheduler is not None and "sweep" not in takes:
        raise ValueError(f"{name} is no sweep of points: it has nothing to spread over a scheduler")
    if unknown := sorted(set(overrides) - accepted):
        raise ValueError(f"{name} has no parameter {', '.join(unknown)}; it has {', '.join(defaults)}")
    lists = {
        key for scale in experiment.SCALES.values() for key, value in scale.items() if isinstance(value, tuple | list)
    }
    for key in sorted(lists & set(overrides)):
        if overrides[key] is not None and np.ndim(overrides[key]) == 0:
            raise ValueError(f"{key} must be a list of values, got {overrides[key]!r}")
    parameters = defaults | {key: value for key, value in overrides.items() if key in defaults}
    parts = ["demo" if scale == "demo" else "", getattr(experiment, "variant", lambda _: "")(parameters)]
    variant = "-".join(part for part in parts if part)
    xp = arrays.get_namespace(backend)
    used = arrays.backend_name(xp)
    started, clock = datetime.now(UTC), time.perf_counter()
    options = {"progress": progress, "results": directory}
    if "sweep" in takes:
        folder = directory and points_folder(directory, results.file_name(name, variant, seed))
        options["sweep"] = partial(
            sweep, scheduler=scheduler, folder=folder, version=results.code_digest(), progress=progress, label=name
        )
    options = {key: value for key, value in options.items() if key in takes}
    values, found = experiment.run(seed=seed, backend=used, **options, **parameters)
    recorded = getattr(experiment, "recorded", dict)({key: parameters[key] for key in defaults})
    return results.Result(
        experiment=name,
        variant=variant,
        parameters={key: list(value) if isinstance(value, tuple) else value for key, value in recorded.items()},
        seed=seed,
        backend=used,
        device=arrays.device_name(xp),
        versions=results.versions(),
        commit=results.commit(),
        started=started.isoformat(timespec="seconds"),
        wall_seconds=round(time.perf_counter() - clock, 3),
        values=values,
        arrays=found,
    )


def points_folder(directory, name):
    """Return the folder in which the sweep behind a result of that name keeps its points until it is stored.

    A run that goes on from points kept there gives the time it took itself as the result's ``wall_seconds``.
    """
    return Path(directory) / f".{name}.points"
