"""Keep the numbers in the book as new as the code that makes them.

The execution cache knows the source of a notebook and nothing of the package that the notebook imports. Here the
cache lives in a folder that is named after a fingerprint of everything else that the numbers depend on, so a change
in any of it leads to an empty cache, and Sphinx reads every page again. Caches of other fingerprints are deleted.
"""

import hashlib
import os
import platform
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The repository; the student edition, which is made elsewhere, computes with it too."""

INGREDIENTS = ["dam", "requirements.txt", "pyproject.toml", "_config.yml", "book/_extensions"]
"""What the outputs of a notebook depend on besides the notebook: files and folders, relative to the repository."""

SETTINGS = ["DAM_BACKEND"]
"""Environment variables that change what `dam` computes with."""


def files(root):
    """All files of the ingredients, sorted, without compiled Python.

    Parameters
    ----------
    root : Path
        The repository.

    Returns
    -------
    list of Path
    """
    found = []
    for name in INGREDIENTS:
        path = root / name
        found += [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sorted(p for p in found if "__pycache__" not in p.parts)


def fingerprint(root):
    """Sixteen hexadecimal digits that change when the numbers may change.

    Parameters
    ----------
    root : Path
        The repository.

    Returns
    -------
    str
    """
    digest = hashlib.sha256()
    machine = [platform.python_version(), platform.machine()]
    for text in machine + [f"{name}={os.environ.get(name)}" for name in SETTINGS]:
        digest.update(text.encode() + b"\0")
    for path in files(root):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def fresh_cache(caches):
    """Return the folder of the present fingerprint in a folder of caches, and delete the others.

    Parameters
    ----------
    caches : Path
        Need not exist.

    Returns
    -------
    Path
    """
    key = fingerprint(ROOT)
    for old in caches.glob("*") if caches.is_dir() else []:
        if old.name != key:
            shutil.rmtree(old)
    return caches / key


def use_fresh_cache(app, config):
    """Point the execution cache at the folder of the present fingerprint."""
    cache = fresh_cache(Path(app.outdir).parent / ".cache")
    config.nb_execution_cache_path = str(cache)
    config.dam_fingerprint = cache.name


def setup(app):
    # "env": pages that were read under another fingerprint are read again
    app.add_config_value("dam_fingerprint", "", "env", types=[str])
    app.connect("config-inited", use_fresh_cache)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
