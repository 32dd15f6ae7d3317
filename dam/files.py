"""Writing files whole or not at all, and reading them within bounds."""

import io
import math
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np


def writable(directory):
    """Return the folder as a ``Path``, made if need be; raise ``OSError`` if nothing can be written there."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory):
        return directory


def write_atomically(path, write):
    """Call ``write(file)`` on a temporary file beside ``path``, then put it in the place of ``path``.

    Whatever goes wrong on the way (a full disk, an interrupt), an older ``path`` stays as it was and no
    temporary file stays behind.
    """
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def content(path: Path, most: int) -> bytes:
    """Return the bytes of a file; raise ``ValueError`` if it has more than so many, before it is read."""
    if (size := path.stat().st_size) > most:
        raise ValueError(f"{path.name} has {size / 1e9:.3g} GB, more than the {most / 1e9:.3g} GB that are read")
    return path.read_bytes()


def npz_arrays(packed: bytes, most: int) -> dict[str, np.ndarray]:
    """Return the arrays of an NPZ file; raise ``ValueError`` if it is damaged, or has more than so many bytes unpacked.

    The sizes in its headers are compared before anything is allocated: those of the ZIP file bound what is unpacked,
    those of the arrays what is allocated for them.
    """
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        members = archive.infolist()
        if (size := sum(member.file_size for member in members)) > most:
            raise ValueError(f"its arrays have {size / 1e9:.3g} GB, more than the {most / 1e9:.3g} GB that are read")
        for member in members:
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{member.filename} is compressed in a way that NumPy does not use")
            with archive.open(member) as file:
                if np.lib.format.read_magic(file) != (1, 0):
                    raise ValueError(f"{member.filename} is no array of this format")
                shape, _, dtype = np.lib.format.read_array_header_1_0(file)
                if file.tell() + math.prod(shape) * dtype.itemsize != member.file_size:
                    raise ValueError(f"{member.filename} is not as long as its header says")
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        return dict(arrays)
