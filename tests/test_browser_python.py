"""What dam does under the limits of a Python in the browser: no psutil, no threads, no processes, no locks."""

import json
import subprocess
import sys

import pytest

OLD = """
import warnings

warnings.filterwarnings("ignore", category=DeprecationWarning, module="matplotlib")  # 3.9 uses old names of pyparsing
"""
LIMITS = """
import sys, threading, subprocess

MISSING = "psutil", "fcntl", "grp", "pwd", "resource", "syslog", "termios"

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in MISSING:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)

def no_thread(self):
    raise RuntimeError("can't start new thread")

def no_process(*arguments, **options):
    raise OSError(138, "emscripten does not support processes.")

sys.meta_path.insert(0, Missing())
for name in MISSING:
    sys.modules.pop(name, None)
threading.Thread.start = no_thread
subprocess.Popen = no_process
"""

WORK = """
import hashlib, json, sys, tempfile
from dataclasses import replace
import matplotlib
matplotlib.use("agg")
import numpy as np
import dam
from dam.arrays import cores, free_bytes, has_threads
from dam.figures.explorer import Explorer
from dam.lab import experiments
from dam.memory import attention

def digest(*arrays):
    return hashlib.sha256(b"".join(np.ascontiguousarray(x).tobytes() for x in arrays)).hexdigest()

found = {}
xi, sigma = dam.random_patterns(60, 40, 0), dam.random_patterns(200, 40, 1)  # states enough for two batches
found["retrieve"] = digest(dam.retrieve(sigma, xi, dam.Polynomial(3), 2))
found["threads=2"] = digest(dam.retrieve(sigma, xi, dam.Polynomial(3), 2, threads=2))
found["attention"] = digest(attention.retrieve_spins(sigma, xi, 1.0, 2))

data = dam.datasets.mnist()
for form in ("dual", "exact"):
    recipe = replace(dam.Recipe.paper(4), K=30, batch_per_class=10, form=form)
    test = {"x_test": data.x_test[:50], "y_test": data.y_test[:50]}
    test["checkpoint"] = f"{tempfile.mkdtemp()}/state.npz"
    network, _ = dam.train(data.x_train[:500], data.y_train[:500], recipe, **test, epochs=2, progress=False)
    found[form] = digest(network.visible, network.label_weights)

def draw(n):
    figure, ax = matplotlib.pyplot.subplots(figsize=(2, 1))
    ax.plot([0, 1], [0, n])
    return figure

page = Explorer(draw, alt=lambda n: f"slope {n}", n=[1, 2]).to_html()
found["explorer"] = digest(np.frombuffer(page.encode(), "u1"))
result = experiments.run("fig4", scale="demo", seed=3, into=tempfile.mkdtemp())
found["fig4"] = digest(*(result.arrays[name] for name in sorted(result.arrays)))
limits = {"has_threads": has_threads(), "cores": cores(), "free": free_bytes()}
print(json.dumps([found, limits]))
"""


def run(code):
    # old Matplotlib uses old names of pyparsing
    code = (
        "import warnings; warnings.filterwarnings('ignore', category=DeprecationWarning, module='matplotlib')\n" + code
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def limited():
    return run(LIMITS + WORK)


def test_all_numbers_are_those_with_threads(limited):
    found, limits = run(WORK)
    assert limits["has_threads"] and limits["free"] < float("inf")
    assert limited[0] == found


def test_one_core_and_no_limit_of_memory_are_assumed(limited):
    assert limited[1] == {"has_threads": False, "cores": 1, "free": float("inf")}
