"""What ends a computation from outside: kill -9 at random moments, SIGTERM, SIGINT in the shell and in a notebook.

The outcome is the same for all: what was kept stays, whole; the same command goes on from it, and its outcome is that
of the run that nothing ended, bit for bit.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dam.lab import results

KILLS = Path(__file__).with_name("kills.py")
ENVIRONMENT = os.environ | {"PYTHONPATH": str(results.PACKAGE.parent), "OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize("kills", (3, pytest.param(50, marks=pytest.mark.long)))
def test_kills_at_random_moments(kills, tmp_path):
    seed = str(np.random.SeedSequence().entropy % 2**32)
    command = [sys.executable, KILLS, str(kills), seed, tmp_path]
    found = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    print(counts := json.loads(found.stdout))
    assert all(count["kills"] == kills for count in counts.values())


@pytest.mark.long
def test_signals_to_the_command_line(tmp_path):
    command = [sys.executable, "-m", "dam", "run", "fig4", "--scale", "demo", "--quiet", "--backend", "numpy"]
    command += ["--starts", "1000", "--results"]
    subprocess.run([*command, tmp_path / "whole"], env=ENVIRONMENT, check=True)
    for count, sent, status in ((1, signal.SIGTERM, -signal.SIGTERM), (2, signal.SIGINT, 130)):
        run = subprocess.Popen([*command, tmp_path / "ended"], env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
        while len(list(tmp_path.glob("ended/.*.unfinished/*.point"))) < count:
            assert run.poll() is None
            time.sleep(0.01)
        run.send_signal(sent)
        error = run.communicate()[1]
        assert run.returncode == status
        assert error == ("python -m dam: interrupted\n" if sent == signal.SIGINT else "")
        assert not list(tmp_path.glob("ended/[!.]*"))
    subprocess.run([*command, tmp_path / "ended"], env=ENVIRONMENT, check=True)
    assert sorted(path.name for path in (tmp_path / "ended").iterdir()) == sorted(os.listdir(tmp_path / "whole"))
    one, other = (results.read(next((tmp_path / name).glob("*.json"))) for name in ("whole", "ended"))
    assert one.values == other.values and all(np.array_equal(one.arrays[key], other.arrays[key]) for key in one.arrays)


CELLS = """
import numpy as np
from dam import Recipe
from dam.network.training import train

rng = np.random.default_rng(0)
x, y = rng.uniform(-1, 1, (200, 784)), np.arange(200) % 10
recipe = Recipe.paper(3, K=50, batch_per_class=5, epochs=400)
options = dict(progress=False, backend="numpy", checkpoint="c.npz", checkpoint_every=1)
###
network, _ = train(x, y, recipe, **options)
###
from dam.network import checkpoints
epochs = len(np.load("c.npz")["seconds"])
assert 0 < epochs < 400
resumed, _ = train(x, y, recipe, resume=True, **options)
whole, _ = train(x, y, recipe, progress=False, backend="numpy")
assert np.array_equal(whole.visible, resumed.visible)
assert np.array_equal(whole.label_weights, resumed.label_weights)
"""


@pytest.mark.long
def test_a_cell_of_a_notebook_is_interrupted(tmp_path):
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(env=ENVIRONMENT, cwd=str(tmp_path))

    def reply(message):
        while (found := client.get_shell_msg(timeout=120))["parent_header"].get("msg_id") != message:
            pass
        return found["content"]

    try:
        first, second, third = CELLS.split("###")
        assert reply(client.execute(first))["status"] == "ok"
        message = client.execute(second)
        while not (tmp_path / "c.npz").exists():
            time.sleep(0.02)
        manager.interrupt_kernel()
        found = reply(message)
        assert (found["status"], found["ename"]) == ("error", "KeyboardInterrupt")
        found = reply(client.execute(third))
        assert found["status"] == "ok", "\n".join(found["traceback"])
        assert os.listdir(tmp_path) == ["c.npz"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
