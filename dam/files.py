"""Writing files whole or not at all, and reading them within bounds."""

import hashlib
import io
import math
import os
import platform
import re
import secrets
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

try:
    import fcntl
except ImportError:  # on Windows and in the browser
    fcntl = None  # type: ignore[assignment]

OLD = 86_400
"""Seconds after which a temporary file is abandoned, where no lock says whether somebody writes it."""
_WRITING: set[str] = set()


def writable(directory: Path | str) -> Path:
    """Return the folder as a ``Path``, made if need be; raise ``OSError`` if nothing can be written there."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory):
        return directory


def write_atomically(path: Path | str, write: Callable[[BinaryIO], object]) -> None:
    """Call ``write(file)`` on a temporary file beside ``path``, then put it in the place of ``path``.

    Whatever goes wrong on the way (a full disk, an interrupt), an older ``path`` stays as it was and no temporary file
    stays behind; that of a process that was killed is removed by the next one that writes to the folder. Raises
    ``OSError`` with the path if it cannot be written.
    """
    write_together({path: write})


def write_together(contents: Mapping[Path | str, Callable[[BinaryIO], object]]) -> None:
    """Write files as by `write_atomically`; all are on the disk before the first takes its place."""
    with ExitStack() as stack:
        temporaries = {Path(path): stack.enter_context(_temporary(Path(path))) for path in contents}
        for (path, (_, file)), write in zip(temporaries.items(), contents.values()):
            with _named(path):
                write(file)
                file.flush()
                os.fsync(file.fileno())
        for path, (temporary, file) in temporaries.items():
            with _named(path):
                if sys.platform == "win32":
                    file.close()  # an open file cannot be moved there
                os.replace(temporary, path)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OSError(
            f"cannot write {path} ({error.strerror or error}); make room there or choose another folder; "
            "what was stored before is kept"
        ) from error


@contextmanager
def _temporary(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Give the name of a new file beside ``path``, and the file, locked while open; it goes unless it was moved."""
    temporary, file = _created(path)
    try:
        _remove_abandoned(temporary)
        yield temporary, file
    finally:
        with suppress(OSError):  # what is not on the disk by now is given up
            file.close()
        temporary.unlink(missing_ok=True)
        _WRITING.discard(temporary.name)


def _created(path: Path) -> tuple[Path, BinaryIO]:
    while True:
        temporary = path.with_name(f".{path.name[:50]}-{KERNEL}-{secrets.token_hex(4)}.tmp")
        _WRITING.add(temporary.name)
        with _named(path):
            file = open(temporary, "xb")  # noqa: SIM115  # its mode follows the umask
        lock(file)
        if temporary.exists():
            return temporary, file
        file.close()  # another process removed it before it was locked


def _remove_abandoned(ours: Path) -> None:
    """Remove the temporary files beside ours that nobody writes any more.

    Who writes one holds a lock on it, which the kernel drops when the process ends, in whatever container. A file of
    another kernel (another machine, or before a restart), or on a disk or a system without such locks, is abandoned
    when it is a day older than ours, by the clock of the disk.
    """
    for path in ours.parent.glob(".*.tmp"):
        name = re.fullmatch(r"\..*-([0-9a-f]{8})-[0-9a-f]{8}\.tmp", path.name)
        if name and path.name not in _WRITING:
            # another process may be first, and a file may not be ours to remove; Windows removes no open file
            with suppress(OSError), nullcontext() if sys.platform == "win32" else open(path, "r+b") as file:
                free = lock(file, wait=False)
                old = ours.stat().st_mtime - path.stat().st_mtime > OLD
                if (free and name[1] == KERNEL) or (free is not False and old):
                    path.unlink()


def lock(file: IO | None, wait: bool = True) -> bool | None:
    """Lock a file until it is closed and return True, or False if another has locked it; None without locks."""
    if file is None or fcntl is None:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    except OSError:
        return None


def _kernel() -> str:
    """Return a name of the running kernel: a lock tells nothing of processes under another one."""
    try:
        name = Path("/proc/sys/kernel/random/boot_id").read_text()
    except OSError:
        name = platform.node()
    return hashlib.sha256(name.encode()).hexdigest()[:8]


KERNEL = _kernel()


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
