"""Stored results: a JSON file of scalars and provenance, and an NPZ file of arrays, beside each other."""

import hashlib
import json
import math
import platform
import re
import subprocess
from dataclasses import dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from dam import files
from dam.files import write_atomically

PACKAGE = Path(__file__).parents[1]
SHIPPED = PACKAGE / "data" / "results"


def default_directory():
    """Return where results are written: the package's own folder in a checkout, ``./results`` where it is installed."""
    return SHIPPED if (PACKAGE.parent / ".git").exists() else Path("results")


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
    def name(self):
        """File name without its ending: ``EXPERIMENT[-variant]-seedS``."""
        return file_name(self.experiment, self.variant, self.seed)

    def provenance(self):
        """Return one line that says how the result was computed, for the caption of a figure.

        Its duration is that of all trainings, where the result says so: a resumed run took only its own part of it.
        """
        commit = f"commit {self.commit[:10]}, " if self.commit else ""
        seconds = self.values.get("train_seconds", self.wall_seconds)
        when = f"{self.started[:10]}, {seconds:.0f} s on {self.device}"
        return f"{self.name}, {commit}{self.backend} {self.versions[self.backend]}, {when}"


def file_name(experiment, variant, seed):
    """Return ``EXPERIMENT[-variant]-seedS``."""
    return f"{experiment}{'-' + variant if variant else ''}-seed{seed}"


def save(result, directory=None):
    """Write ``NAME.json`` and ``NAME.npz``, each at once or not at all, and return the path of the JSON file.

    Raises ``OSError`` if the folder cannot be written.
    """
    directory = writable(directory)
    content = {f.name: getattr(result, f.name) for f in fields(result) if f.name != "arrays"}
    content["values"] = {key: None if _is_nan(value) else value for key, value in result.values.items()}
    text = json.dumps(content, indent=2, default=_scalar, allow_nan=False) + "\n"
    write_atomically(directory / f"{result.name}.npz", lambda file: np.savez_compressed(file, **result.arrays))
    path = directory / f"{result.name}.json"
    write_atomically(path, lambda file: file.write(text.encode()))
    return path


def writable(directory=None):
    """Return the folder of results, made if need be; raise ``OSError`` if nothing can be written there.

    Called before the work starts, so that no result is lost for want of a place.
    """
    directory = Path(directory) if directory is not None else default_directory()
    try:
        return files.writable(directory)
    except OSError as error:
        raise OSError(f"cannot write results to {directory} ({error}); choose another folder with --results") from error


def load(experiment, variant="", seed=0, directory=None):
    """Return the stored result, by default one shipped with the package.

    Raises
    ------
    FileNotFoundError
        There is none; the message gives the command that computes it.
    ValueError
        A file is truncated or not of this format.
    """
    return _read(Path(directory or SHIPPED) / f"{file_name(experiment, variant, seed)}.json")


def stored(directory=None):
    """Return all stored results of a folder, by default those shipped with the package, in the order of their names."""
    return [_read(path) for path in sorted(Path(directory or SHIPPED).glob("*.json"))]


def _read(path):
    try:
        with open(path, encoding="utf8") as file:
            content = json.load(file)
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
            return Result(**content, arrays=dict(arrays))
    except FileNotFoundError as error:
        raise FileNotFoundError(f"no stored result {error.filename}; {_command(path.stem)} computes it") from None
    except Exception as error:  # a damaged file shows up as many kinds of error
        raise ValueError(f"the stored result {path} or its .npz is damaged ({error}); compute it again") from error


def _command(name):
    """Return the command that computes the result of that name, see `file_name`."""
    experiment, *parts = name.replace("ten-minutes", "ten_minutes").split("-")
    options = ""
    for part in parts:
        if degree := re.fullmatch(r"([nN])(\d+)", part):
            options += f" --{degree[1]} {degree[2]}"
        elif seed := re.fullmatch(r"seed(\d+)", part):
            options += f" --seed {seed[1]}"
        elif part in ("compressed", "ten_minutes"):
            options += f" --schedule {part.replace('_', '-')}"
        else:
            options += " --scale demo" if part == "demo" else f" --study {part}"
    return f"python -m dam run {experiment}{options}"


def load_all(experiment, variant="", directory=None):
    """Return the stored results of all seeds, in the order of the seeds; an empty list if there is none."""
    directory = Path(directory or SHIPPED)
    pattern = re.compile(re.escape(file_name(experiment, variant, 0)[:-1]) + r"(\d+)\.json")
    matches = [pattern.fullmatch(path.name) for path in directory.glob("*.json")]
    seeds = sorted(int(match[1]) for match in matches if match)
    return [load(experiment, variant, seed, directory) for seed in seeds]


def versions():
    """Return the versions of Python and of the libraries that compute."""
    found = {"python": platform.python_version(), "dam": _version("dam"), "numpy": np.__version__}
    cupy = next((v for name in ("cupy", "cupy-cuda12x", "cupy-cuda13x") if (v := _version(name))), None)
    return found | ({"cupy": cupy} if cupy else {})


def commit():
    """Return the git commit of the checkout that runs, ``+`` appended if ``dam`` has changes; '' outside a checkout."""
    try:
        head = _git("rev-parse", "HEAD")
        return head + ("+" if _git("status", "--porcelain", "--", "*.py") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def code_digest():
    """Return a digest of the package's modules: the same for the same code, in a checkout or not."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _git(*arguments):
    command = ["git", "-C", str(PACKAGE), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _is_nan(value):
    return isinstance(value, float) and math.isnan(value)


def _scalar(x):
    """Turn a NumPy scalar into one of Python for JSON."""
    if isinstance(x, np.generic):
        return x.item()
    raise TypeError(f"a result's values and parameters must be scalars, strings or lists of them, got {x!r}")


def mean_and_spread(values):
    """Return the mean and the sample standard deviation over seeds; the spread of a single value is NaN."""
    values = [float(v) for v in values]
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return mean, math.nan
    return mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1))
