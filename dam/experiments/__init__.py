"""One module for each figure or table that is reproduced.

Each module has ``SUMMARY``, a line of text; ``SCALES``, the keyword parameters at ``demo`` and at ``paper`` scale;
``SECONDS``, about how long each takes on two CPU cores; and ``run(*, seed, backend, progress, **parameters)``, which
returns a dict of scalar values and a dict of NumPy arrays. ``variant(parameters)``, where there is one, names the
variant of the result's file; ``recorded(parameters)``, where there is one, gives the parameters to store.
"""

import importlib
import inspect
import pkgutil
import time
from datetime import UTC, datetime

from dam import arrays, checks, results

NAMES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def module(name):
    """Return the module of an experiment; raise ``ValueError`` with the names there are if it is unknown."""
    if name not in NAMES:
        raise ValueError(f"unknown experiment {name!r}; there are {', '.join(NAMES)}")
    return importlib.import_module(f"dam.experiments.{name}")


def run(name, scale="demo", seed=0, backend=None, progress=False, **overrides):
    """Run an experiment and return a `dam.results.Result` with its provenance.

    Parameters
    ----------
    name : str
        One of ``dam.experiments.NAMES``.
    scale : {'demo', 'paper'}
        Which of the experiment's sets of parameters to start from.
    seed : int
        All randomness follows from it.
    backend : {'auto', 'numpy', 'cupy'}, optional
    progress : bool
        Show a progress bar.
    **overrides
        Parameters to change, by name; ``results``, where an experiment takes it, is the folder of its checkpoints and
        of the results that it starts from.

    Raises
    ------
    ValueError
        Unknown experiment, scale or parameter, or a seed that is no integer >= 0.
    """
    experiment = module(name)
    if scale not in experiment.SCALES:
        raise ValueError(f"scale must be one of {', '.join(experiment.SCALES)}, got {scale!r}")
    checks.count("seed", seed, minimum=0)
    defaults = experiment.SCALES[scale]
    accepted = set(defaults) | ({"results"} & set(inspect.signature(experiment.run).parameters))
    if unknown := sorted(set(overrides) - accepted):
        raise ValueError(f"{name} has no parameter {', '.join(unknown)}; it has {', '.join(defaults)}")
    parameters = defaults | overrides
    xp = arrays.get_namespace(backend)
    used = arrays.backend_name(xp)
    started, clock = datetime.now(UTC), time.perf_counter()
    values, found = experiment.run(seed=seed, backend=used, progress=progress, **parameters)
    recorded = getattr(experiment, "recorded", dict)({key: parameters[key] for key in defaults})
    parts = ["demo" if scale == "demo" else "", getattr(experiment, "variant", lambda _: "")(parameters)]
    return results.Result(
        experiment=name,
        variant="-".join(part for part in parts if part),
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
