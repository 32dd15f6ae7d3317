"""Stored results: a JSON file of scalars and provenance, and an NPZ file of arrays, beside each other.

The JSON file holds the SHA-256 of the NPZ file and, last, that of all its other lines. A result is loaded if both are
right, if it bears its name, and if all that it says has the type and range that it must have.
"""

import hashlib
import io
import json
import math
import pkgutil
import platform
import re
import shlex
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from dam import checks, files
from dam.arrays import cupy_version

PACKAGE = Path(__file__).parents[1]
EXPERIMENTS = tuple(sorted(module.name for module in pkgutil.iter_modules([str(PACKAGE / "lab" / "experiments")])))
SHIPPED = PACKAGE / "data" / "results"
FOLDER = Path("results")
"""Where results are written, unless another folder is given."""
NAMED = {
    "demo": "--scale demo",
    r"([nN])(\d+)": r"--\1 \2",
    r"(epochs|seed|average)(\d+)": r"--\1 \2",
    "compressed|ten-minutes": r"--schedule \g<0>",
    "lite0|vgg16": r"--network \g<0>",
    "m|objective|temperature|ramp|kind|form|memories|unscaled|start": r"--study \g<0>",
}
"""Options of ``run`` by the parts of a result's name."""
MOST = 2**30
"""The most bytes that a file of a result takes, and its arrays unpacked."""


@dataclass
class Result:
    """What an experiment gave, and how: everything needed to run it again."""

    experiment: str
    variant: str
    parameters: dict
    seed: int
    backend: str
    device: str
    versions: dict
    commit: str
    started: str
    wall_seconds: float
    values: dict
    arrays: dict = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """File name without its ending: ``EXPERIMENT[-variant]-seedS``."""
        return file_name(self.experiment, self.variant, self.seed)

    def provenance(self) -> str:
        """Return one line that says how the result was computed, for the caption of a figure.

        Its duration and its devices are those of all trainings, where the result says so: a resumed run took only its
        own part of it, on its own device.
        """
        commit = f"commit {self.commit[:10]}, " if self.commit else ""
        seconds = self.values.get("train_seconds", self.wall_seconds)
        when = f"{self.started[:10]}, {seconds:.0f} s on {self.values.get('devices', self.device)}"
        return f"{self.name}, {commit}{self.backend} {self.versions[self.backend]}, {when}"


def file_name(experiment: str, variant: str, seed: int | str) -> str:
    """Return ``EXPERIMENT[-variant]-seedS``."""
    return f"{experiment}{'-' + variant if variant else ''}-seed{seed}"


def save(result: Result, directory: Path | str = FOLDER) -> Path:
    """Write ``NAME.json`` and ``NAME.npz``, whole or not at all, and return the path of the JSON file.

    A pair of which one was not written is not loaded. Raises ``ValueError`` for what `load` would refuse, and
    ``OSError`` with the path if they cannot be written.
    """
    directory, stream = writable(directory), io.BytesIO()
    if found := [name for name, x in result.arrays.items() if np.asarray(x).dtype.hasobject]:
        raise ValueError(f"arrays must hold numbers or texts, got Python objects in {', '.join(found)}")
    np.savez_compressed(stream, **result.arrays)
    content = {f.name: getattr(result, f.name) for f in fields(result) if f.name != "arrays"}
    content["values"] = {key: _in_json(x) for key, x in result.values.items()}
    content["npz_sha256"] = hashlib.sha256(stream.getbuffer()).hexdigest()
    content = json.loads(json.dumps(content, default=of_python, allow_nan=False))
    _formed(content)
    text = _text(content | {"json_sha256": _digest(content)})
    path = directory / f"{result.name}.json"
    arrays = lambda file: file.write(stream.getbuffer())
    files.write_together({path.with_suffix(".npz"): arrays, path: lambda file: file.write(text.encode())})
    return path


def _in_json(x: Any) -> Any:
    """Return a value as JSON can hold it: NaN as null, an infinity as text."""
    x = x.item() if isinstance(x, np.generic) else x
    return x if not isinstance(x, float) or math.isfinite(x) else None if math.isnan(x) else str(x)


def _text(content: dict) -> str:
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _digest(content: dict) -> str:
    return hashlib.sha256(_text(content).encode()).hexdigest()


def writable(directory: Path | str = FOLDER) -> Path:
    """Return the folder of results, made if need be; raise ``OSError`` if nothing can be written there."""
    try:
        return files.writable(directory)
    except OSError as error:
        raise OSError(f"cannot write results to {directory} ({error}); choose another folder with --results") from error


def existing(directory: Path | str | None) -> Path:
    """Return a folder of results, by default that shipped with the package; raise ``FileNotFoundError`` without it."""
    if directory is not None and not Path(directory).is_dir():
        raise FileNotFoundError(f"there is no folder {directory} to take results from")
    return Path(directory or SHIPPED)


def load(experiment: str, variant: str = "", seed: int = 0, directory: Path | str | None = None) -> Result:
    """Return the stored result, by default one shipped with the package.

    Raises
    ------
    FileNotFoundError
        There is none; the message gives the command that computes it.
    ValueError
        There is no such experiment; the message names those there are. Or a file is damaged, was changed after it was
        stored, is not of one result with the other, bears another's name, or takes more than `MOST` bytes unpacked.
    """
    known(experiment)
    seed = checks.count("seed", seed, minimum=0)
    return read(Path(directory or SHIPPED) / f"{file_name(experiment, variant, seed)}.json")


def load_all(experiment: str, variant: str = "", directory: Path | str | None = None) -> list[Result]:
    """Return the stored results of all seeds, in the order of the seeds; an empty list if there is none."""
    paths = existing(directory).glob(f"{file_name(known(experiment), variant, '*')}.json")
    return sorted((read(path) for path in paths), key=lambda result: result.seed)


def stored(directory: Path | str | None = None) -> list[Result]:
    """Return all stored results of a folder, by default those shipped with the package, in the order of their names."""
    return [read(path) for path in sorted(existing(directory).glob("*.json"))]


def known(experiment: str) -> str:
    """Return the name of an experiment; raise ``ValueError`` with the names there are if there is no such one."""
    if experiment not in EXPERIMENTS:
        raise ValueError(f"unknown experiment {experiment!r}; there are {', '.join(EXPERIMENTS)}")
    return experiment


def read(path: Path | str) -> Result:
    """Return the result in a JSON file and the NPZ file beside it; errors as in `load`."""
    path = Path(path)
    try:
        text, npz = (files.content(each, MOST) for each in (path, path.with_suffix(".npz")))
        content = _verified(text.decode(), hashlib.sha256(npz).hexdigest())
        result = Result(**content, arrays=files.npz_arrays(npz, MOST))
    except FileNotFoundError as error:
        raise FileNotFoundError(f"no stored result {error.filename}; {_command(path)}") from None
    except Exception as error:  # a damaged file shows up as many kinds of error
        remedy = "restore both from the package" if path.parent == SHIPPED else f"remove both; {_command(path)}"
        raise ValueError(f"the stored result {path} or its .npz is damaged ({error}); {remedy}") from error
    if result.name != path.stem:
        raise ValueError(f"{path} holds the result {result.name}: give both its files that name")
    return result


def _verified(text: str, npz_sha256: str) -> dict:
    """Return the fields of a result from its JSON, or raise ``ValueError`` that says what is wrong with it."""
    content = json.loads(text)
    if not isinstance(content, dict):
        raise ValueError("the .json holds no result")
    missing = {*FORMAT, "npz_sha256", "json_sha256"} ^ set(content)
    if missing:
        raise ValueError(f"the .json lacks, or should not have, {', '.join(sorted(missing))}")
    as_written = text.replace("\r\n", "\n") == _text(content)
    if content.pop("json_sha256") != _digest(content) or not as_written:
        raise ValueError("the .json was changed after it was stored")
    if content.pop("npz_sha256") != npz_sha256:
        raise ValueError("the .npz is not the one that was stored with it")
    _formed(content)
    content["values"] = {key: float(x) if x in ("inf", "-inf") else x for key, x in content["values"].items()}
    return content


def _formed(content: dict) -> None:
    """Raise ``ValueError`` if a field of a result is not what `FORMAT` asks."""
    for name, (must, right) in FORMAT.items():
        if not right(content[name]):
            raise ValueError(f"{name} must be {must}, got {content[name]!r}")
    if content["backend"] not in content["versions"]:
        raise ValueError(f"versions must hold that of {content['backend']}, got {content['versions']!r}")


def _named(x: Any, right: Callable) -> bool:
    """Return whether ``x`` is a dict whose values are right; JSON's keys are always texts."""
    return isinstance(x, dict) and all(map(right, x.values()))


def _scalar(x: Any) -> bool:
    return x is None or isinstance(x, str) or (isinstance(x, int | float) and math.isfinite(x))


def _date(x: Any) -> bool:
    try:
        return isinstance(x, str) and bool(datetime.fromisoformat(x))
    except ValueError:
        return False


def _matches(pattern: str) -> Callable:
    return lambda x: isinstance(x, str) and re.fullmatch(pattern, x) is not None


# what each field of a stored result must be, in words and as a test
FORMAT: dict[str, tuple[str, Callable]] = {
    "experiment": ("the name of an experiment", lambda x: x in EXPERIMENTS),
    "variant": ("letters, digits and hyphens", _matches(r"[\w-]*")),
    "parameters": (
        "scalars, or lists of them, by name",
        lambda x: _named(x, lambda value: all(map(_scalar, value)) if isinstance(value, list) else _scalar(value)),
    ),
    "seed": ("an integer of at least 0", lambda x: type(x) is int and x >= 0),
    "backend": ("numpy or cupy", lambda x: x in ("numpy", "cupy")),
    "device": ("a text", _matches("(?s).+")),
    "versions": ("texts by name", lambda x: _named(x, lambda value: isinstance(value, str))),
    "commit": ("a commit of git, '' without one", _matches(r"([0-9a-f]+\+?)?")),
    "started": ("a time as in 2026-01-02T03:04:05+00:00", _date),
    "wall_seconds": ("a number of at least 0", lambda x: type(x) in (int, float) and 0 <= x < math.inf),
    "values": ("scalars by name", lambda x: _named(x, _scalar)),
}


def _command(path: Path) -> str:
    """Return what computes a missing result: a command that makes it as shipped, or from what its name says."""
    results = "" if path.parent == SHIPPED else f" --results {shlex.quote(str(path.parent))}"
    if (SHIPPED / path.name).exists() and results:
        return f"python -m dam again {path.stem}{results} computes it"
    experiment, *parts = re.findall("ten-minutes|[^-]+", path.stem) or [""]
    if experiment not in EXPERIMENTS:
        return f"there is no experiment {experiment!r}, there are {', '.join(EXPERIMENTS)}"
    found = [next(filter(None, (re.fullmatch(pattern, part) for pattern in NAMED)), None) for part in parts]
    options = [match.expand(NAMED[match.re.pattern]) for match in found if match]
    if len(options) < len(parts):
        return f"{experiment} has no results of such a name"
    return f"python -m dam run {' '.join([experiment, *options])}{results} computes it"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that compute."""
    found = {"python": platform.python_version(), "dam": _version("dense-associative-memory"), "numpy": np.__version__}
    cupy = cupy_version()
    return found | ({"cupy": cupy} if cupy else {})


def commit() -> str:
    """Return the git commit of the checkout that this code is of, ``+`` appended if it has changes; '' without one."""
    try:
        _git("ls-files", "--error-unmatch", "dam/__init__.py")  # else another project's, which dam is installed in
        return _git("rev-parse", "HEAD") + ("+" if _git("status", "--porcelain", "--", "dam/*.py") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(*arguments: str) -> str:
    root = PACKAGE.parent
    command = ["git", "-C", str(root), f"--git-dir={root / '.git'}", f"--work-tree={root}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def code_digest() -> str:
    """Return a digest of the package's modules: the same for the same code, in a checkout or not."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def of_python(x: Any) -> Any:
    """Return a NumPy scalar as one of Python, for JSON; raise ``TypeError`` for anything else."""
    if isinstance(x, np.generic):
        return x.item()
    raise TypeError(f"a result's values and parameters must be scalars, strings or lists of them, got {x!r}")


def mean_and_spread(values: Iterable[float]) -> tuple[float, float]:
    """Return the mean and the sample standard deviation over seeds; the spread of a single value is NaN."""
    values = [float(v) for v in values]
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return mean, math.nan
    return mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1))
