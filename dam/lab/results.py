"""Stored results: a JSON file of scalars and provenance, and an NPZ file of arrays, beside each other."""

import hashlib
import io
import json
import math
import platform
import re
import shlex
import subprocess
from dataclasses import dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from dam import files

PACKAGE = Path(__file__).parents[1]
SHIPPED = PACKAGE / "data" / "results"
FOLDER = Path("results")
"""Where results are written, unless another folder is given."""
NAMED = {
    "demo": "--scale demo",
    r"([nN])(\d+)": r"--\1 \2",
    r"(epochs|seed)(\d+)": r"--\1 \2",
    "compressed|ten-minutes": r"--schedule \g<0>",
    ".+": r"--study \g<0>",
}
"""Options of ``run`` by the parts of a result's name."""


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

        Its duration and its devices are those of all trainings, where the result says so: a resumed run took only its
        own part of it, on its own device.
        """
        commit = f"commit {self.commit[:10]}, " if self.commit else ""
        seconds = self.values.get("train_seconds", self.wall_seconds)
        when = f"{self.started[:10]}, {seconds:.0f} s on {self.values.get('devices', self.device)}"
        return f"{self.name}, {commit}{self.backend} {self.versions[self.backend]}, {when}"


def file_name(experiment, variant, seed):
    """Return ``EXPERIMENT[-variant]-seedS``."""
    return f"{experiment}{'-' + variant if variant else ''}-seed{seed}"


def save(result, directory=FOLDER):
    """Write ``NAME.json`` and ``NAME.npz``, each at once or not at all, and return the path of the JSON file.

    The JSON file holds the digest of the other: a pair of which one was not written is not loaded. Raises ``OSError``
    if the folder cannot be written.
    """
    directory, stream = writable(directory), io.BytesIO()
    np.savez_compressed(stream, **result.arrays)
    content = {f.name: getattr(result, f.name) for f in fields(result) if f.name != "arrays"}
    content["values"] = {key: None if isinstance(x, float) and math.isnan(x) else x for key, x in result.values.items()}
    content["npz_sha256"] = hashlib.sha256(stream.getbuffer()).hexdigest()
    text = json.dumps(content, indent=2, default=of_python, allow_nan=False) + "\n"
    files.write_atomically(directory / f"{result.name}.npz", lambda file: file.write(stream.getbuffer()))
    path = directory / f"{result.name}.json"
    files.write_atomically(path, lambda file: file.write(text.encode()))
    return path


def writable(directory=FOLDER):
    """Return the folder of results, made if need be; raise ``OSError`` if nothing can be written there."""
    try:
        return files.writable(directory)
    except OSError as error:
        raise OSError(f"cannot write results to {directory} ({error}); choose another folder with --results") from error


def existing(directory):
    """Return a folder of results, by default that shipped with the package; raise ``FileNotFoundError`` without it."""
    if directory is not None and not Path(directory).is_dir():
        raise FileNotFoundError(f"there is no folder {directory} to take results from")
    return Path(directory or SHIPPED)


def load(experiment, variant="", seed=0, directory=None):
    """Return the stored result, by default one shipped with the package.

    Raises
    ------
    FileNotFoundError
        There is none; the message gives the command that computes it.
    ValueError
        A file is truncated or not of this format, or the two files are not of one result, or bear another's name.
    """
    return read(Path(directory or SHIPPED) / f"{file_name(experiment, variant, seed)}.json")


def load_all(experiment, variant="", directory=None):
    """Return the stored results of all seeds, in the order of the seeds; an empty list if there is none."""
    paths = existing(directory).glob(f"{file_name(experiment, variant, '*')}.json")
    return sorted((read(path) for path in paths), key=lambda result: result.seed)


def stored(directory=None):
    """Return all stored results of a folder, by default those shipped with the package, in the order of their names."""
    return [read(path) for path in sorted(existing(directory).glob("*.json"))]


def read(path):
    """Return the result in a JSON file and the NPZ file beside it; errors as in `load`."""
    try:
        content = json.loads(path.read_text(encoding="utf8"))
        npz = path.with_suffix(".npz").read_bytes()
        digest = content.pop("npz_sha256", None)  # results of older versions have none
        if digest not in (None, hashlib.sha256(npz).hexdigest()):
            raise ValueError("the .npz is not the one that was stored with it")
        with np.load(io.BytesIO(npz), allow_pickle=False) as arrays:
            result = Result(**content, arrays=dict(arrays))
    except FileNotFoundError as error:
        raise FileNotFoundError(f"no stored result {error.filename}; {_command(path)} computes it") from None
    except Exception as error:  # a damaged file shows up as many kinds of error
        raise ValueError(f"the stored result {path} or its .npz is damaged ({error}); compute it again") from error
    if result.name != path.stem:
        raise ValueError(f"{path} holds the result {result.name}: give both its files that name")
    return result


def _command(path):
    """Return the command that computes a missing result: as shipped, or from what its name says."""
    results = "" if path.parent == SHIPPED else f" --results {shlex.quote(str(path.parent))}"
    if (SHIPPED / path.name).exists() and results:
        return f"python -m dam again {path.stem}{results}"
    experiment, *parts = re.findall("ten-minutes|[^-]+", path.stem)
    options = (next(re.sub(p, option, part) for p, option in NAMED.items() if re.fullmatch(p, part)) for part in parts)
    return f"python -m dam run {' '.join([experiment, *options])}{results}"


def versions():
    """Return the versions of Python and of the libraries that compute."""
    found = {"python": platform.python_version(), "dam": _version("dense-associative-memory"), "numpy": np.__version__}
    cupy = next((v for name in ("cupy", "cupy-cuda12x", "cupy-cuda13x") if (v := _version(name))), None)
    return found | ({"cupy": cupy} if cupy else {})


def commit():
    """Return the git commit of the checkout that this code is of, ``+`` appended if it has changes; '' without one."""
    try:
        _git("ls-files", "--error-unmatch", "dam/__init__.py")  # else another project's, which dam is installed in
        return _git("rev-parse", "HEAD") + ("+" if _git("status", "--porcelain", "--", "dam/*.py") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(*arguments):
    root = PACKAGE.parent
    command = ["git", "-C", str(root), f"--git-dir={root / '.git'}", f"--work-tree={root}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def code_digest():
    """Return a digest of the package's modules: the same for the same code, in a checkout or not."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def of_python(x):
    """Return a NumPy scalar as one of Python, for JSON; raise ``TypeError`` for anything else."""
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
