"""Checkpoints of a training: an NPZ file with weights, momentum, history, and what training it is of."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from dam import files
from dam.network.recipes import Recipe


def digest(x, y):
    """Return a SHA-256 of the training data, types and shapes included."""
    sha = hashlib.sha256()
    for a in (x, y):
        sha.update(f"{a.dtype} {a.shape}".encode())
        sha.update(np.ascontiguousarray(a))
    return sha.hexdigest()


def prepare(path, resume):
    """Raise before any work is done if the checkpoint could not be read or written.

    Raises
    ------
    FileNotFoundError
        ``resume`` is true and there is no such file.
    FileExistsError
        ``resume`` is false and there is such a file.
    OSError
        Its folder cannot be made or written.
    """
    path = Path(path)
    if resume and not path.exists():
        raise FileNotFoundError(f"there is no checkpoint {path} to go on from; start without resume")
    if not resume and path.exists():
        raise FileExistsError(f"the checkpoint {path} exists; go on from it with resume=True (--resume), or delete it")
    try:
        files.writable(path.parent)
    except OSError as error:
        raise OSError(f"cannot write checkpoints to {path.parent} ({error}); choose another folder") from error


def save(path, key, epoch, xi, V, history):
    """Write a checkpoint, whole or not at all; an older one stays until the new one is complete.

    ``key`` is a dict of what the training is; see `load`. Raises ``OSError`` if it cannot be written.
    """
    header = json.dumps(key | {"epoch": epoch})
    files.write_atomically(path, lambda file: np.savez(file, header=header, xi=xi, V=V, **history))


def load(path, key):
    """Return the epochs done, weights, momentum and history of a checkpoint.

    Raises ``ValueError`` if the file is damaged, or if it belongs to another training than ``key``: the
    message names the fields that differ.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            arrays = dict(content)
        found = json.loads(str(arrays.pop("header")))
        epoch, xi, V = found.pop("epoch"), arrays.pop("xi"), arrays.pop("V")
        found["recipe"] = asdict(Recipe(**found["recipe"]))  # with fields that are newer than the file
    except Exception as error:  # a damaged file shows up as many kinds of error
        raise ValueError(
            f"the checkpoint {path} is truncated or damaged ({error}); delete it to start again"
        ) from error
    if differences := _differences(found, key):
        raise ValueError(f"the checkpoint {path} is of another training: {'; '.join(differences)}")
    arrays.setdefault("device", np.full(epoch, "unknown"))  # files of older versions have none
    return epoch, xi, V, arrays


def kept(path):
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


def _differences(found, key):
    """Say in which fields two keys differ."""
    found, key = ({**k, **k.get("recipe", {})} for k in (found, key))
    names = [name for name in {**key, **found} if name != "recipe" and found.get(name) != key.get(name)]
    return [f"{name} is {found.get(name)!r} there and {key.get(name)!r} here" for name in names]
