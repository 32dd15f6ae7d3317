"""Execute the notebooks of a book, two at a time, into the cache from which Sphinx takes their outputs.

usage: python book/execute.py BOOK

Sphinx by itself executes what is not in the cache, one notebook after another. A notebook that fails is named, with
its cell and the traceback, and the exit status is 1; the others are executed all the same.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import nbclient
import nbformat
import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from sphinx_external_toc.parsing import parse_toc_yaml

from dam.limits import cpus

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))
import freshness

AT_ONCE = 2

LONG = ["mnist", "settings", "dense", "adversarial"]
"""These begin first, so that none of them is left alone at the end."""


def notebooks(book):
    """Return the paths of the notebooks in a book's table of contents, the long ones first."""
    pages = {
        Path(page).name: book / f"{page}.ipynb"
        for page in parse_toc_yaml(book / "_toc.yml")
    }
    names = [name for name in LONG if name in pages] + [
        name for name in pages if name not in LONG
    ]
    return [pages[name] for name in names if pages[name].exists()]


def run(path, timeout):
    """Return a notebook with its outputs, the seconds that it took, and what went wrong or None."""
    notebook, start, error = nbformat.read(path, 4), time.perf_counter(), None
    try:
        nbclient.execute(
            notebook,
            cwd=str(path.parent),
            timeout=timeout,
            record_timing=False,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
        )
        error = shown_error(notebook)
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}"
    return notebook, time.perf_counter() - start, error


def shown_error(notebook):
    """Return the traceback that a cell shows though it ended well, as when a figure cannot be drawn; else None."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return "\n".join(output.traceback)
    return None


def execute(paths, folder, timeout):
    """Execute the notebooks that a cache lacks; return the names of those that failed.

    Parameters
    ----------
    paths : list of Path
        Notebooks, in the order in which they begin.
    folder : Path
        The cache.
    timeout : int
        Seconds for one cell.

    Returns
    -------
    list of str
    """
    cache, failed = get_cache(folder), []
    todo = [path for path in paths if seconds(cache, path) is None]
    print(
        f"{len(todo)} notebooks to execute, {len(paths) - len(todo)} are in the cache",
        flush=True,
    )
    with ProcessPoolExecutor(AT_ONCE) as pool:
        running = {pool.submit(run, path, timeout): path for path in todo}
        for count, done in enumerate(as_completed(running), 1):
            path, (notebook, took, error) = running[done], done.result()
            print(
                f"[{count}/{len(todo)}] {path.name}: {took:.0f} s", flush=True
            )
            if error:
                failed.append(path.name)
                print(f"{path} failed: {error}", file=sys.stderr, flush=True)
            else:
                bundle = CacheBundleIn(
                    notebook, str(path), data={"execution_seconds": took}
                )
                cache.cache_notebook_bundle(
                    bundle, check_validity=False, overwrite=True
                )
    return failed


def seconds(cache, path):
    """Return how long a notebook took whose outputs are in a cache, None if they are not."""
    try:
        return cache.match_cache_notebook(nbformat.read(path, 4)).data[
            "execution_seconds"
        ]
    except KeyError:
        return None


def main(book):
    """Execute a book's notebooks, print how long each took, and return the exit status."""
    for library in ("OMP", "OPENBLAS", "MKL"):  # the cores are shared
        os.environ.setdefault(
            f"{library}_NUM_THREADS",
            str(max(1, cpus() // AT_ONCE)),
        )
    book = book.resolve()
    settings = yaml.safe_load(
        (freshness.ROOT / "_config.yml").read_text(encoding="utf8")
    )["execute"]
    folder = freshness.fresh_cache(book.parent / "_build" / ".cache")
    paths, start = notebooks(book), time.perf_counter()
    failed = execute(paths, folder, settings["timeout"])
    took = {
        path.stem: seconds(get_cache(folder), path) or 0
        for path in paths
        if path.name not in failed
    }
    for name in sorted(took, key=took.get, reverse=True):
        print(f"{name:16}{took[name]:6.0f} s")
    print(
        f"{'all':16}{sum(took.values()):6.0f} s, now {time.perf_counter() - start:.0f} s"
    )
    if failed:
        print(
            f"These notebooks failed, see above: {', '.join(failed)}",
            file=sys.stderr,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("book", type=Path, help="folder of the book")
    sys.exit(main(parser.parse_args().book))
