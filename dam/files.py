"""Writing files whole or not at all."""

import os
import tempfile
from pathlib import Path


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
