"""Kill a training and a sweep at random moments, each goes on after each; print how often, and stop at a difference.

``python kills.py KILLS SEED FOLDER``, for test_kills. Each attempt is a process forked from this one, which has
imported all but computed nothing: it costs what it computes, and no more.
"""

import json
import os
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path

import numpy as np

from dam import Recipe, files
from dam.__main__ import main
from dam.lab import results, sweeps
from dam.network.training import train

RECIPE = Recipe.paper(3, K=50, batch_per_class=3, epochs=12)
FIG4 = ["run", "fig4", "--scale", "demo", "--starts", "10", "--n", "2", "3", "4", "5", "--quiet", "--backend", "numpy"]


def training(folder):
    """Train on random digits from where the checkpoint is, and keep what comes out."""
    rng, path = np.random.default_rng(0), folder / "checkpoint.npz"
    x, y = rng.uniform(-1, 1, (150, 784)), np.arange(150) % 10
    options = {"checkpoint": path, "resume": path.exists(), "checkpoint_every": 1, "progress": False, "seed": 1}
    network, history = train(x, y, RECIPE, x_test=x[:50], y_test=y[:50], backend="numpy", **options)
    errors = {key: history[key] for key in ("test_error", "train_error")}
    outcome = {"visible": network.visible, "labels": network.label_weights, "T": network.T} | errors
    files.write_atomically(folder / "outcome.npz", lambda file: np.savez(file, **outcome))


def sweep(folder):
    """Compute Fig. 4, small."""
    assert main([*FIG4, "--results", str(folder)]) == 0


def read_training(folder):
    with np.load(folder / "outcome.npz") as outcome:
        return dict(outcome)


def read_sweep(folder):
    result = results.read(next(folder.glob("*.json")))
    return result.arrays | {key: np.array(value) for key, value in result.values.items()}


def check_training(folder):
    """Raise unless the checkpoint, if there is one, is whole."""
    if (folder / "checkpoint.npz").exists():
        with np.load(folder / "checkpoint.npz") as checkpoint:
            assert len(dict(checkpoint)["seconds"]) == json.loads(str(checkpoint["header"]))["epoch"]


def check_sweep(folder):
    """Raise unless every kept point is whole."""
    for path in folder.glob(".*.unfinished/*.point"):
        assert sweeps._read(path)


KINDS = {
    "training": (training, read_training, check_training),
    "sweep": (sweep, read_sweep, check_sweep),
}


def forked(work, folder):
    """Do the work in a process of its own and return its number."""
    if pid := os.fork():
        return pid
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        work(folder)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def ended(pid, seconds=None):
    """Return whether a process was killed, by us after so many seconds unless it ends before; raise if it failed."""
    end = time.monotonic() + (seconds or 0)
    while not (found := os.waitpid(pid, os.WNOHANG if seconds else 0))[0]:
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
            seconds = None
        else:
            time.sleep(0.001)
    status = os.waitstatus_to_exitcode(found[1])
    assert status in (0, -signal.SIGKILL), f"ended with {status}"
    return status != 0


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def same(one, other):
    return one.keys() == other.keys() and all(one[key].tobytes() == other[key].tobytes() for key in one)


def killed(kind, kills, rng, folder):
    """Kill so many attempts; return how many were, in how many whole runs, and how many left a temporary file."""
    work, read, check = KINDS[kind]
    count = {"kills": 0, "runs": 0, "temporary files": 0}
    whole = folder / kind / "whole"
    whole.mkdir(parents=True)
    begun = time.monotonic()
    assert not ended(forked(work, whole))
    seconds, expected = time.monotonic() - begun, read(whole)
    while count["kills"] < kills:
        here = folder / kind / str(count["runs"])
        here.mkdir()
        while True:
            pid = forked(work, here)
            died = ended(pid, rng.uniform(0, seconds) if count["kills"] < kills else None)
            seconds *= 1.1 if died else 0.7  # the machine may be busier, or less, than at first
            check(here)
            if not died:
                break
            count["kills"] += 1
            count["temporary files"] += any(here.rglob(".*.tmp"))
        assert same(read(here), expected), f"{here} is not what the run without a kill gives"
        assert names(here) == names(whole), names(here)
        count["runs"] += 1
    return count


if __name__ == "__main__":
    warnings.simplefilter("error")  # a damaged point is computed again with a warning
    warnings.filterwarnings("ignore", "dam runs on NumPy")
    kills, seed = map(int, sys.argv[1:3])
    random = np.random.default_rng(seed)
    print(json.dumps({kind: killed(kind, kills, random, Path(sys.argv[3])) for kind in KINDS}))
