"""The chapters as notebooks that run in the reader's browser, and a line on each page that leads to its own.

usage: python book/lite.py BUILT

BUILT is the folder of the built book. JupyterLite goes into lite/ there, with the notebooks, `dam`, and the packages
that Pyodide, the Python of the browser, does not carry. Pyodide itself with NumPy, SciPy, Matplotlib and Pillow comes
from another host, which a browser asks only for a reader who follows the line: so the line names the host.
"""

import argparse
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlparse

from slides import link

ROOT = Path(__file__).parents[1]
ADDED = ["array-api-compat", "comm", "ipywidgets", "jupyterlab-widgets"]
"""What `dam` and a notebook need and Pyodide does not carry, all of it pure Python."""

INSTALL = "%pip install -q dense-associative-memory ipywidgets"
"""The first cell of every notebook; both lie in lite/."""

SETTINGS = {
    "jupyter-lite-schema-version": 0,
    "jupyter-config-data": {
        "litePluginSettings": {
            "@jupyterlite/pyodide-kernel-extension:kernel": {
                "disablePyPIFallback": True
            }
        }
    },
}
"""No package index is asked."""

LINK = (
    '<p class="to-lite"><a href="lite/notebooks/index.html?path={name}.ipynb">'
    "Run this page in your browser</a> (asks {host} for Python)</p>"
)


def installing(notebook):
    """Return a notebook, as a dict, that installs first what it needs."""
    cell = {"cell_type": "code", "execution_count": None, "id": "install"}
    first = cell | {"metadata": {}, "outputs": [], "source": INSTALL}
    return notebook | {"cells": [first, *notebook["cells"]]}


def shown(notebook):
    """Return a notebook, as a dict, without the cells that the page hides."""
    hidden = {"remove-cell", "remove-input"}
    cells = [
        cell
        for cell in notebook["cells"]
        if hidden.isdisjoint(cell["metadata"].get("tags", []))
    ]
    return notebook | {"cells": cells}


def notebooks(built):
    """Return the notebooks of a built book by name: those that stand alone, or else their sources."""
    alone = sorted((built / "notebooks").glob("*.ipynb"))
    sources = sorted((built / "_sources").glob("*.ipynb"))
    found = {
        path.stem: json.loads(path.read_text(encoding="utf8"))
        for path in alone or sources
    }
    return found if alone else {name: shown(found[name]) for name in found}


def build(built):
    """Build JupyterLite into a built book, and lead there from the page of every notebook; return their names."""
    from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL

    found = notebooks(built)
    with TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "files").mkdir()
        for name, notebook in found.items():
            text = json.dumps(installing(notebook))
            (work / "files" / f"{name}.ipynb").write_text(text)
        (work / "jupyter-lite.json").write_text(json.dumps(SETTINGS))
        pip = [sys.executable, "-m", "pip"]
        wheels = ["--quiet", "--no-deps", "-w", work / "wheels"]
        subprocess.run([*pip, "wheel", *wheels, ROOT], check=True)
        pinned = [f"{name}=={version(name)}" for name in ADDED]
        subprocess.run([*pip, "wheel", *wheels, *pinned], check=True)
        options = ["--lite-dir", work, "--output-dir", built / "lite"]
        options += ["--contents", work / "files", "--apps", "notebooks"]
        for wheel in sorted((work / "wheels").glob("*.whl")):
            options += ["--piplite-wheels", wheel]
        lite = [sys.executable, "-m", "jupyterlite_core", "build"]
        options += ["--no-sourcemaps", "--no-unused-shared-packages"]
        subprocess.run([*lite, *options], check=True, cwd=work)
    host = urlparse(PYODIDE_CDN_URL).hostname
    for name in found:
        link(built / f"{name}.html", LINK.format(name=name, host=host))
    return list(found)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("built", type=Path, help="folder of the built book")
    made = build(parser.parse_args(arguments).built.resolve())
    print(f"in the browser: {', '.join(made)}")


if __name__ == "__main__":
    sys.exit(main())
