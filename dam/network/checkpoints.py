"""Checkpoints of a training: an NPZ file with weights, momentum, history, and what training it is of.

Its header, JSON, holds the recipe, the seed, a digest of the data, the epochs done, and the versions that computed.
"""

import hashlib
import json
import os
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from dam import checks, files
from dam.arrays import cupy_version
from dam.network.recipes import Recipe


def digest(x: np.ndarray, y: np.ndarray) -> str:
    """Return a SHA-256 of the training data, types and shapes included."""
    sha = hashlib.sha256()
    for a in (x, y):
        sha.update(f"{a.dtype} {a.shape}".encode())
        sha.update(np.ascontiguousarray(a).data)
    return sha.hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of the libraries that compute, on which the rounding of sums depends."""
    cupy = cupy_version()
    return {"NumPy": np.__version__, "SciPy": scipy.__version__} | ({"CuPy": cupy} if cupy else {})


def prepare(path: Path | str, resume: bool) -> None:
    """Raise before any work is done if the checkpoint could not be read or written.

    Raises
    ------
    FileNotFoundError
        ``resume`` is true and there is no such file.
    FileExistsError
        ``resume`` is false and there is such a file.
    OSError
        Its folder cannot be made or written.
    TypeError
        It is no path.
    """
    if not isinstance(path, str | Path):
        raise TypeError(f"checkpoint must be the path of a file, got {path!r}")
    path = Path(path)
    if resume and not path.exists():
        raise FileNotFoundError(f"there is no checkpoint {path} to go on from; start without resume")
    if not resume and path.exists():
        raise FileExistsError(f"the checkpoint {path} exists; go on from it with resume=True (--resume), or delete it")
    try:
        files.writable(path.parent)
    except OSError as error:
        raise OSError(f"cannot write checkpoints to {path.parent} ({error}); choose another folder") from error


@contextmanager
def claimed(path: Path | str | None) -> Iterator[None]:
    """Keep other trainings from a checkpoint while it lasts; one that is killed lets go of it at once.

    Raises ``FileExistsError`` if another training has it. Does nothing without a path, and where files have no locks.
    """
    if path is None:
        yield
        return
    claim = Path(path).with_name(f".{Path(path).name}.lock")
    with ExitStack() as opened:
        while True:
            file = opened.enter_context(open(claim, "w"))
            if files.lock(file, wait=False) is False:
                raise FileExistsError(
                    f"another training keeps its state in the checkpoint {path} now; let it end, or choose another file"
                )
            with suppress(FileNotFoundError):  # another training removed it before it was locked
                if os.path.samestat(os.fstat(file.fileno()), claim.stat()):
                    break
        try:
            yield
        finally:
            with suppress(OSError):  # Windows removes no open file
                claim.unlink(missing_ok=True)


def save(
    path: Path | str, key: dict, epoch: int, xi: np.ndarray, V: np.ndarray, history: dict, total: Any = None
) -> None:
    """Write a checkpoint, whole or not at all; an older one stays until the new one is complete.

    ``key`` is a dict of what the training is, and ``total`` the sum of the weights that its recipe averages, or None;
    see `load`. Raises ``OSError`` if it cannot be written.
    """
    arrays = {"xi": xi, "V": V, **history} | ({} if total is None else {"total": total})
    content = key | {"epoch": checks.count("epoch", epoch), "versions": versions()}
    header = json.dumps(content | {"sha256": _sha256(content, arrays)})
    Path(path).parent.mkdir(parents=True, exist_ok=True)  # it may have been cleared away meanwhile
    files.write_atomically(path, lambda file: np.savez(file, header=header, **arrays))


def load(path: Path | str, key: dict, columns: int) -> tuple[int, np.ndarray, np.ndarray, dict[str, np.ndarray], Any]:
    """Return what `save` wrote: epochs done, weights and momentum ``(K, columns)``, history, sum of weights or None.

    Raises ``ValueError`` if the file is damaged, or if it belongs to another training than ``key``: the
    message names the fields that differ. Warns if it was written under other versions of the libraries.
    """
    try:
        with zipfile.ZipFile(path) as parts:
            if sum(part.file_size for part in parts.infolist()) > Path(path).stat().st_size:
                raise ValueError("it is compressed, as no checkpoint is")
        arrays = files.npz_arrays(Path(path).read_bytes(), Path(path).stat().st_size)
        found = json.loads(str(arrays.pop("header")))
        told = found.pop("sha256", None)  # files of older versions have none
        whole = told in (None, _sha256(found, arrays))
        epoch, written = checks.count("epoch", found.pop("epoch")), dict(found.pop("versions", {}))
        found["recipe"] = asdict(Recipe(**found["recipe"]))  # with fields that are newer than the file
        arrays.setdefault("device", np.full(epoch, "unknown"))  # files of older versions have none
        _check_arrays(arrays, epoch, found, columns)
        if not whole:
            raise ValueError("its parts are not of one checkpoint")
    except Exception as error:  # a damaged file shows up as many kinds of error
        raise ValueError(
            f"the checkpoint {path} is truncated or damaged ({error}); delete it to start again"
        ) from error
    if differences := _differences(found, key):
        raise ValueError(f"the checkpoint {path} is of another training: {'; '.join(differences)}")
    now = versions()
    if others := [name for name in now if written.get(name, now[name]) != now[name]]:
        text = ", ".join(f"{name} {written[name]}, not {now[name]}" for name in others)
        message = f"the checkpoint {path} was written under {text}: from here on sums may be rounded otherwise"
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    xi, V, total = arrays.pop("xi"), arrays.pop("V"), arrays.pop("total", None)
    return epoch, xi, V, arrays, total


def _sha256(content: dict, arrays: dict[str, np.ndarray]) -> str:
    """Return a digest of a checkpoint, names, types and shapes included: the archive has only one for each part."""
    sha = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for name in sorted(arrays):
        a = np.asarray(arrays[name])
        sha.update(f"{name} {a.dtype} {a.shape}".encode())
        sha.update(np.ascontiguousarray(a).tobytes())
    return sha.hexdigest()


def _check_arrays(arrays: dict[str, np.ndarray], epoch: int, key: dict, columns: int) -> None:
    """Raise ``ValueError`` unless the arrays of a checkpoint fit the training with that key, in shape and type."""
    whole, each = (key["recipe"]["K"], columns), (epoch,)
    expected = {"xi": (whole, key["dtype"]), "V": (whole, key["dtype"]), "device": (each, "str")}
    expected |= dict.fromkeys(("test_error", "train_error", "seconds"), (each, "float64"))
    expected |= {"total": (whole, "float64")} if key["recipe"]["average"] else {}
    if set(arrays) != set(expected):
        raise ValueError(f"it must hold {', '.join(expected)}, got {', '.join(arrays)}")
    for name, (shape, dtype) in expected.items():
        if arrays[name].shape != shape or not arrays[name].dtype.name.startswith(dtype):
            got = f"{arrays[name].dtype} {arrays[name].shape}"
            raise ValueError(f"{name} must be {dtype} {shape}, got {got}")


def kept(path: Path | str | None) -> str:
    """Say what is kept of a training that the GPU broke off, and how to go on."""
    if path is None:
        return "it kept no checkpoint; with checkpoint=FILE a training can go on where it was"
    if not Path(path).exists():
        return f"the checkpoint {path} was not reached; start again in a new process"
    with np.load(path, allow_pickle=False) as content:
        epoch = json.loads(str(content["header"]))["epoch"]
    return (
        f"the checkpoint {path} of epoch {epoch} is kept; go on in a new process with resume=True (--resume), "
        "also on a CPU, with backend='numpy' (--backend numpy)"
    )


def _differences(found: dict, key: dict) -> list[str]:
    """Say in which fields two keys differ."""
    found, key = ({**k, **k.get("recipe", {})} for k in (found, key))
    names = [name for name in {**key, **found} if name != "recipe" and found.get(name) != key.get(name)]
    return [f"{name} is {found.get(name)!r} there and {key.get(name)!r} here" for name in names]
