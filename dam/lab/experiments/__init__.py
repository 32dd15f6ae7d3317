"""One module for each figure or table that is reproduced; it ends in ``EXPERIMENT``, an `Experiment`.

Parameters that mean the same in every ``run``: ``seed``, from which all randomness follows; ``n``, degrees of F; ``N``
and ``K``, numbers of neurons and of memories; ``network_seed``, of the trainings that made the networks, stored results
of ``mnist`` and ``baselines``; ``relu``, whether the ordinary ReLU network of ``baselines`` takes part, as the last
one; ``images`` or ``digits``, how many test digits; ``known``, among how many training digits, from the first on, the
most similar one is looked for; ``steps`` and ``updates``, of an attack or a descent. The value ``network_{name}`` says
where a network comes from. ``ValueError`` is raised for a parameter out of range, ``FileNotFoundError`` for a network
that is not stored, ``MemoryError``, before the work starts, for what would not fit.
"""

import importlib
import inspect
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from dam import arrays, checks
from dam.lab import results
from dam.lab.sweeps import sweep
from dam.network.checkpoints import claimed

NAMES = results.EXPERIMENTS
Outcome: TypeAlias = tuple[dict[str, Any], dict[str, arrays.Array]]
"""What a `run` returns: scalar values and arrays, by name."""
SEEDS = (0, 2**32 - 1)
MANY = 10**9
RANGES: dict[str, Any] = {
    "n": (2, 100), "N": (2, 10**7), "K": (1, MANY), "starts": (1, MANY), "cues": (1, MANY), "memories": (1, MANY),
    "samples": (1, MANY), "bits": (1, 10**12), "images": (1, 10**4), "digits": (1, 10**4), "known": (1, 60_000),
    "steps": (1, 10**6), "updates": (1, 10**6), "epochs": (2, 10**6), "tolerance": (0.0, 1.0), "damage": (0.0, 1.0),
    "radii": (0.0, 100.0), "radii_l2": (0.0, 100.0), "radii_linf": (0.0, 2.0), "network_seed": SEEDS, "relu": bool,
}  # fmt: skip
"""What a parameter, or each entry of one that is a list, lies between, unless `Experiment.ranges` has another range.

Two integers stand for whole numbers, two others for any; texts are the choices; a type stands for itself. What has no
range is left to ``recorded``.
"""


@dataclass(frozen=True)
class Experiment:
    """What is computed, at which scales, and what the paper says of it.

    Attributes
    ----------
    summary : str
        One line.
    scales : dict
        The keyword parameters at ``demo`` and at ``paper`` scale, by their names.
    seconds : dict
        About how long each scale takes on two CPU cores.
    run : callable
        ``run(*, seed, backend, **parameters)`` returns a dict of scalar values and a dict of NumPy arrays. It may also
        take ``progress``; ``folder``, of the results that it starts from; ``work``, a folder for what an interrupted
        run goes on from, which goes when the result is stored; and, if it is a list of independent points, ``sweep``,
        `dam.lab.sweeps.sweep` with all but its first two arguments set.
    variant : callable
        ``variant(parameters, scale)`` names the variant of the result's file.
    recorded : callable
        ``recorded(parameters)`` gives the parameters to store, which `run` accepts again.
    claims : tuple of dam.lab.verdicts.Claim
    ranges : dict
        What the parameters lie between, by name, where `RANGES` does not say it.
    named : tuple of str
        The parameters that choose the variant: a result with others of its paper scale is of another size.
    times : str
        Regular expression of the values and arrays that are times, and differ from run to run.
    place : float
        Where its claims stand among those of all experiments: in the order of the book.
    """

    summary: str
    scales: dict
    seconds: dict
    run: Callable
    variant: Callable = lambda parameters, scale: ""
    recorded: Callable = lambda parameters: parameters
    claims: tuple = ()
    ranges: dict = field(default_factory=dict)
    named: tuple[str, ...] = ()
    times: str = "seconds"
    place: float = 100

    def takes(self, option: str) -> bool:
        """Return whether `run` takes this argument."""
        return option in inspect.signature(self.run).parameters

    def check(self, parameters: dict) -> None:
        """Raise ``ValueError`` unless every parameter has the type and lies in the range that it must."""
        for name, value in parameters.items():
            usual = [scale[name] for scale in self.scales.values()]
            limits = self.ranges.get(name, RANGES.get(name))
            if limits is None or (value is None and None in usual):
                continue
            if not any(isinstance(one, tuple) for one in usual):
                _check(name, value, limits)
                continue
            if not isinstance(value, tuple):
                raise ValueError(f"{name} must be a list of values, got {value!r}")
            if not value:
                raise ValueError(f"{name} must hold at least one value")
            for one in value:
                _check(name, one, limits)
        self.stored(parameters)

    def stored(self, parameters: dict) -> dict:
        """Return the parameters as they are stored."""
        return {key: list(x) if isinstance(x, tuple) else x for key, x in self.recorded(parameters).items()}

    def changed(self, parameters: dict) -> dict[str, str]:
        """Return in words, by name, which stored parameters are not those of the paper scale.

        A parameter that is newer than the result is as it was before there was one. ``network_seed`` is never another:
        networks of another training are as much the paper's.
        """
        named = {key: parameters[key] for key in (*self.named, "network_seed") if key in parameters}
        return _changes(parameters, self.stored(self.scales["paper"] | named))


def _check(name, value, limits):
    """Raise ``ValueError`` unless one value is as the limits of `RANGES` say."""
    if not isinstance(limits, tuple):
        if not isinstance(value, limits):
            raise ValueError(f"{name} must be of type {getattr(limits, '__name__', limits)}, got {value!r}")
    elif isinstance(limits[0], str):
        checks.choice(name, value, limits)
    else:
        if isinstance(limits[0], int):
            checks.count(name, value, limits[0])
        checks.number(name, value, *limits)


def get(name: str) -> Experiment:
    """Return the `Experiment` of that name; raise ``ValueError`` with the names there are if it is unknown."""
    return importlib.import_module(f"dam.lab.experiments.{results.known(name)}").EXPERIMENT


def plan(name: str, scale: str, **changes: Any) -> tuple[Experiment, dict, str]:
    """Return an experiment, its parameters at a scale after some changes, and the variant of its result's name."""
    experiment = get(name)
    if scale not in experiment.scales:
        raise ValueError(f"scale must be one of {', '.join(experiment.scales)}, got {scale!r}")
    defaults = experiment.scales[scale]
    if unknown := sorted(set(changes) - set(defaults)):
        raise ValueError(f"{name} has no parameter {', '.join(unknown)}; it has {', '.join(defaults)}")
    parameters = defaults | {key: _plain(value) for key, value in changes.items()}
    experiment.check(parameters)
    parts = ["demo" if scale == "demo" else "", experiment.variant(parameters, scale)]
    return experiment, parameters, "-".join(part for part in parts if part)


def run(
    name: str, scale: str = "demo", seed: int = 0, backend: str | None = None, progress: bool = False,
    scheduler: str | None = None, folder: Path | str | None = None, into: Path | str | None = None, **changes: Any,
) -> results.Result:  # fmt: skip
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
    folder : path, optional
        Where to look for the results that an experiment starts from, before those shipped with the package.
    into : path, optional
        Where the result will be stored, by default the same folder. Until `store` does it, a run keeps there what it
        goes on from after an interruption; its ``wall_seconds``, backend and device are then those of its last part.
    **changes
        Parameters to change, by name.

    Raises
    ------
    ValueError
        Unknown experiment, scale or parameter, or a parameter or seed of another type or out of its range.
    """
    experiment, parameters, variant = plan(name, scale, **changes)
    _check("seed", seed, SEEDS)
    if scheduler is not None and not experiment.takes("sweep"):
        raise ValueError(f"{name} is no sweep of points: it has nothing to spread over a scheduler")
    if experiment.takes("folder") and folder is not None:
        into, folder = into or folder, results.existing(folder).resolve()  # workers may run elsewhere
        if folder == results.SHIPPED or not any(folder.glob("*.json")):
            folder = None
    xp = arrays.get_namespace(backend)
    used = arrays.backend_name(xp)
    started, clock = datetime.now(UTC), time.perf_counter()
    keep = into or folder
    work = None if keep is None else work_folder(keep, results.file_name(name, variant, seed))
    points: dict[str, Any] = {"folder": work, "version": results.code_digest(), "progress": progress, "label": name}
    options: dict[str, Any] = {"progress": progress, "folder": folder, "work": work}
    options["sweep"] = partial(sweep, scheduler=scheduler, **points)
    options = {key: value for key, value in options.items() if experiment.takes(key)}
    with arrays.using(used), arrays.gpu_errors(name, "use smaller parameters"):
        values, found = experiment.run(seed=seed, backend=used, **options, **parameters)
    return results.Result(
        experiment=name,
        variant=variant,
        parameters=experiment.stored(parameters),
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


@contextmanager
def alone(folder: Path | str, name: str) -> Iterator[None]:
    """Keep other runs that would store a result of that name in the folder from it while it lasts.

    Raises ``FileExistsError`` if there is one. One that is killed lets go of it at once.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(claimed(Path(folder) / name))
        except FileExistsError:
            raise FileExistsError(
                f"another run computes {name} for {folder} now; let it end, or choose another folder with --results"
            ) from None
        yield


def store(result: results.Result, folder: Path | str) -> Path:
    """Save a result and remove what its run kept in ``folder``; return the path of its JSON file."""
    path = results.save(result, folder)
    shutil.rmtree(work_folder(folder, result.name), ignore_errors=True)
    return path


def differences(stored: results.Result, again: results.Result) -> list[str]:
    """Return which values and arrays of two loaded results differ, times and texts (versions, origins) aside."""
    times = re.compile(get(stored.experiment).times)
    pairs = [(stored.values, again.values), (stored.arrays, again.arrays)]
    compared = [(key, one.get(key), other.get(key)) for one, other in pairs for key in one | other]
    return [key for key, x, y in compared if not (times.search(key) or isinstance(x, str) or _same(x, y))]


def _same(x, y):
    """Return whether two values are equal, or two arrays bit by bit."""
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
    return x is y or x == y


def check_shipping(name: str, scale: str, seed: int, replace: bool = False, **changes: Any) -> None:
    """Raise ``ValueError`` unless a run would give what the book may ship.

    That is a run of committed code at paper scale, with the scale's own parameters, or those of the shipped result of
    that name or, where there is none, of another seed; with ``replace`` any.
    """
    if scale != "paper" or results.commit()[-1:] in ("", "+"):
        raise ValueError("--ship takes a run at paper scale, by the committed code of a checkout")
    experiment, parameters, variant = plan(name, scale, **changes)
    shipped = {result.seed: result.parameters for result in results.load_all(name, variant)}
    allowed = [shipped[seed]] if seed in shipped else list(shipped.values())
    allowed, ours = [*allowed, experiment.stored(experiment.scales[scale])], experiment.stored(parameters)
    if ours not in allowed and not replace:
        other = ", ".join(_changes(ours, allowed[0]).values())
        raise ValueError(f"what is shipped has other parameters ({other}); --replace ships the run all the same")


def _changes(ours, usual):
    """Return in words which parameters of ours are not the usual ones, by name."""
    return {key: f"{key} = {x}, not {usual.get(key)}" for key, x in ours.items() if x != usual.get(key)}


def work_folder(folder: Path | str, name: str) -> Path:
    """Return where the run behind a result of that name keeps what it goes on from after an interruption."""
    return Path(folder) / f".{name}.unfinished"


def _plain(value):
    """Return a parameter as numbers of Python, a list of them as a tuple."""
    if isinstance(value, list | tuple | np.ndarray):
        return tuple(_plain(each) for each in value)
    return value.item() if isinstance(value, np.generic) else value
