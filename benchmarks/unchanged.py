"""Did a change of the code change a result? Record what a checkout computes, then compare two records.

    python benchmarks/unchanged.py record OLD --checkout ../before      # another checkout, by default this one
    python benchmarks/unchanged.py record NEW
    python benchmarks/unchanged.py compare OLD NEW
    python benchmarks/unchanged.py pages ../before/_build/html _build/html

A record holds the demo run of every experiment, Fig. 4 and XOR at paper scale, and weights and momenta after 3 epochs
at n = 3 and 20, through eqs. (9) and (10). ``compare`` wants every value and every array equal, bit by bit, and exits
with 1 if one is not; of times it wants that they are there. ``pages`` prints how the text of the built pages differs.
"""

import argparse
import difflib
import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
TIMES = re.compile("seconds|^exponent_[SKNn]$|^ratio_products$|^products_per_flip")
"""Values and arrays that are times, or follow from times."""
OPTIONAL = {"foolbox": "Foolbox", "baselines": "scikit-learn"}


def commands():
    """Yield a name and the arguments of ``python -m dam run`` for each run of a record."""
    yield from ((name, [name, "--scale", "demo"]) for name in experiments())
    yield from ((f"{name} at paper scale", [name]) for name in ("fig4", "xor"))


def experiments():
    """Return the names of all experiments of this checkout."""
    text = subprocess.run([sys.executable, "-m", "dam", "list"], cwd=ROOT, capture_output=True, text=True, check=True)
    return re.findall(r"^(\w+): ", text.stdout, re.MULTILINE)


def record(directory, checkout):
    """Run everything with the code of a checkout; return how many runs failed."""
    directory, checkout, failed = Path(directory).resolve(), Path(checkout).resolve(), 0
    environment = os.environ | {"PYTHONPATH": str(checkout), "DAM_BACKEND": "numpy"}

    def dam(name, arguments):
        command = [sys.executable, "-m", "dam", "run", *arguments, "--quiet", "--results", str(directory)]
        done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
        print(f"{name}: {'done' if done.returncode == 0 else done.stderr.strip()}", flush=True)
        return done.returncode != 0 and not (name in OPTIONAL and OPTIONAL[name] in done.stderr)

    for name, arguments in commands():
        failed += dam(name, arguments)
    for n in (3, 20):
        for form in ("dual", "exact"):
            checkpoint = directory / f"n{n}-{form}.npz"
            arguments = ["mnist", "--n", str(n), "--epochs", "3", "--form", form, "--checkpoint", str(checkpoint)]
            failed += dam(f"training n = {n}, {form}", arguments)
            for left in directory.glob("mnist-n*-seed0.*"):
                left.unlink()
    return failed


def differences(old, new):
    """Return what differs between two records, a line each."""
    old, new = Path(old), Path(new)
    names = sorted({path.name for folder in (old, new) for path in folder.glob("*.*")})
    return [line for name in names for line in _file_differences(name, old / name, new / name)]


def _file_differences(name, old, new):
    missing = [str(path) for path in (old, new) if not path.exists()]
    if missing:
        return [f"{name}: {path} is not there" for path in missing]
    before, after = (_content(path) for path in (old, new))
    found = [f"{name}: {key} is in one of them only" for key in sorted(set(before) ^ set(after))]
    for key in sorted(set(before) & set(after)):
        if not TIMES.search(key) and not _same(before[key], after[key]):
            found.append(f"{name}: {key} was {_short(before[key])} and is {_short(after[key])}")
    return found


def _content(path):
    """Return the numbers of a file by name: values of a result, arrays of a result or of a checkpoint."""
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            return {key: value for key, value in arrays.items() if key != "header"}
    values = json.loads(path.read_text(encoding="utf8"))["values"]
    return {key: value for key, value in values.items() if not key.startswith("network_")}  # says when it was computed


def _same(a, b):
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def _short(x):
    return f"{x.dtype} {x.shape}" if isinstance(x, np.ndarray) else repr(x)


def page_differences(old, new):
    """Return the lines that differ between the text of built pages, as a unified diff."""
    old, new, found = Path(old), Path(new), []
    names = sorted({path.name for folder in (old, new) for path in folder.glob("*.html")})
    for name in names:
        before, after = (_text(folder / name) for folder in (old, new))
        found += difflib.unified_diff(before, after, f"before/{name}", f"after/{name}", lineterm="", n=0)
    return found


def _text(path):
    """Return the words of a page, a line for each element; nothing if there is no such page."""
    if not path.exists():
        return []
    page = path.read_text(encoding="utf8")
    page = re.sub(r"(?s)^.*?<article|</article>.*$|<(script|style)\b.*?</\1>", "", page)
    lines = html.unescape(re.sub(r"<[^>]+>", "\n", re.sub(r"</?(span|code|em|strong|a)\b[^>]*>", "", page))).split("\n")
    return [line.strip() for line in lines if line.strip()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, dest="command")
    one = commands.add_parser("record")
    one.add_argument("directory")
    one.add_argument("--checkout", default=ROOT)
    for name in ("compare", "pages"):
        one = commands.add_parser(name)
        one.add_argument("old")
        one.add_argument("new")
    options = parser.parse_args()
    if options.command == "record":
        return int(record(options.directory, options.checkout) > 0)
    found = (differences if options.command == "compare" else page_differences)(options.old, options.new)
    print("\n".join(found) or "no difference")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
