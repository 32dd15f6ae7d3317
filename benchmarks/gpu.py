"""Everything that a GPU is for, measured in one command, in the order of its value, within the minutes that there are.

usage: python benchmarks/gpu.py --minutes M --out DIR [--smoke] [--only LETTERS] [--seeds S ...] [--commit HASH]
                                [--backend numpy]

a  check: every array function of `dam.memory` and `dam.network` against NumPy on the same input, and the
   fused training step against that of the CPU after a few minibatches; then 20 retrievals on both, whose spins
   are drawn differently, and how far apart the fractions of perfect recall are;
b  the paper's training on MNIST, 3000 epochs through eq. (9), n = 2, 3, 20, 30, for the seeds asked for;
c  Fig. 4 at the paper's scale against the stored result, Fig. 5 up to N = 1000, the classical network at N = 8000;
d  time of a training step beside its two matrix products, for every n and form, then for other K and minibatches;
e  the same recipe in PyTorch on the same GPU, eager and compiled;
f  failing well: a training that goes on on the CPU and back, and what is said where the memory does not do;
g  what takes a CPU hours, for the seeds asked for: the ten minutes with averaged weights, the power as a dial.

Each item is tried on its own; what it finds is written to DIR when it is done, results of experiments as
``dam.lab.results`` keeps them, all other numbers into DIR/gpu.json. An item that cannot end in time is not begun; a
training that the time ends leaves its checkpoint in DIR. --smoke does a little of everything. ``--backend numpy`` runs
the same on a CPU, for a test of this program.
"""

import argparse
import functools
import itertools
import json
import platform
import re
import signal
import statistics
import sys
import time
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import dam
from dam import datasets, memory
from dam.arrays import backend_name, device_name, get_namespace, to_numpy, using
from dam.files import write_atomically
from dam.lab import experiments, results
from dam.lab.experiments import mnist as mnist_lab
from dam.network import _step_fast, attacks, classifier, objective, optimizer
from dam.network.recipes import Recipe
from dam.network.training import initial_weights, minibatches

DEGREES = (2, 3, 20, 30)
FORMS = ("exact", "dual")
SEEDS = (0, 1, 2)
RESERVE = 5  # seconds before the end that nothing is begun in
CHECKPOINT_EVERY = 250
PYTORCH_SECONDS = 60
MB = 10**6
TF32_MATH = 3  # CUBLAS_TF32_TENSOR_OP_MATH of cublasMath_t

mnist = functools.cache(datasets.mnist)


class TimeUp(BaseException):
    """The minutes are over; no `Exception`, so that no part of an item takes it for a failure of its own."""


@dataclass
class Bench:
    """What every item is given: array library, folder, how small, and what was found by now."""

    xp: object
    out: Path
    smoke: bool
    commit: str
    end: float
    found: dict

    def left(self):
        """Return the seconds that are left."""
        return self.end - RESERVE - time.monotonic()

    def synchronize(self):
        """Wait until the GPU has done all that it was given."""
        if backend_name(self.xp) == "cupy":
            import cupy

            cupy.cuda.get_current_stream().synchronize()

    def keep(self, result):
        """Store the result of an experiment in the folder and return its values."""
        result.commit = self.commit or result.commit
        experiments.store(result, self.out)
        return result.values | {"wall_seconds": result.wall_seconds}


# --- a: check


def array_functions(xp):
    """Return the calls of array functions to compare, by name: each takes nothing and returns a tuple of arrays."""
    rng = np.random.default_rng(0)
    K, N, S = 500, 80, 60
    xi, sigma = (xp.asarray(dam.random_patterns(rows, N, rng)) for rows in (K, S))
    T = memory.hebbian(xi)
    v = xp.asarray(rng.uniform(-1, 1, (S, N)).astype(np.float32))
    weights = [xp.asarray(rng.normal(0, 0.5, (K, n)).clip(-1, 1).astype(np.float32)) for n in (N, 10)]
    visible = weights[0]
    y = xp.asarray(rng.integers(0, 10, S))
    t = objective.targets(y)
    a = xp.asarray(rng.normal(0, 1, (S, 10)).astype(np.float32))
    calls = {
        "overlaps": lambda: memory.overlaps(sigma, xi),
        "hebbian": lambda: memory.hebbian(xi),
        "classical_energy": lambda: memory.classical_energy(sigma, T),
        "targets": lambda: objective.targets(y),
        "loss": lambda: objective.loss(xp.tanh(a), t, 3),
        "cross_entropy": lambda: objective.cross_entropy(a, t),
        "log_objective": lambda: objective.log_objective(a, t, 3),
        "slope": lambda: objective.slope(a, t, 3),
        "slope softmax": lambda: objective.slope(a, t, 3, "softmax"),
        "inactive": lambda: classifier.inactive(visible, v, 5.0),
    }
    for kind, F in (("power", dam.Polynomial(3)), ("rectified", dam.RectifiedPolynomial(4))):
        calls[f"energy {kind}"] = lambda F=F: memory.energy(sigma, xi, F)
        calls[f"unstable_neurons {kind}"] = lambda F=F: memory.unstable_neurons(sigma, xi, F)
        for rule in ("energy", "field"):
            calls[f"local_fields {kind} {rule}"] = lambda F=F, rule=rule: memory.local_fields(sigma, xi, F, rule)
    for n, kind, form in itertools.product(DEGREES, memory.interactions.KINDS, FORMS):
        network = dam.Classifier(*weights, n, 30.0 if n < 10 else 10.0, kind, form)
        name = f"{form} n{n} {kind}"
        calls[f"arguments {name}"] = lambda network=network: network.arguments(v)
        calls[f"scores {name}"] = lambda network=network: network.scores(v)
        calls[f"gradients {name}"] = lambda network=network: network.gradients(v, t, 3)
        calls[f"attack {name}"] = lambda network=network: attacks.gradient(v, y, network, 3)
    calls["momentum_update"] = lambda: optimizer.momentum_update(visible, 2 * visible, visible, 0.8, 0.1)
    return calls, K + N


def compare_functions(bench):
    """Compare each function with NumPy: the largest deviation over the largest value, beside what rounding allows."""
    (device, length), (host, _) = (array_functions(xp) for xp in (bench.xp, get_namespace("numpy")))
    table = {}
    for name, call in device.items():
        try:
            pairs = zip(_tuple(call()), _tuple(host[name]()))
            table[name] = _deviation([(to_numpy(ours), np.asarray(theirs)) for ours, theirs in pairs], length)
        except Exception as error:
            traceback.print_exc(file=sys.stdout)
            table[name] = {"ok": False, "error": f"{type(error).__name__}: {error}"}
    return table


def _tuple(found):
    return found if isinstance(found, tuple) else (found,)


def _deviation(pairs, length):
    """Return the largest deviation over the largest value, and the tolerance: ε · length · 30, the largest degree."""
    worst = tolerance = 0.0
    for ours, theirs in pairs:
        eps = np.finfo(theirs.dtype).eps if theirs.dtype.kind == "f" else 0.0
        ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
        size = max(np.abs(theirs).max(), 1e-300)
        worst, tolerance = max(worst, float(np.abs(ours - theirs).max() / size)), max(tolerance, 30 * length * eps)
    return {"deviation": worst, "tolerance": float(tolerance), "ok": bool(worst <= tolerance)}


def compare_retrieval(bench):
    """Retrieve from random starts: how many final states are no fixed points of the CPU, and the fractions perfect."""
    rng, table = np.random.default_rng(1), {}
    K, N, starts = (200, 60, 100) if bench.smoke else (1000, 80, 1000)
    xi, sigma = dam.random_patterns(K, N, rng), dam.random_patterns(starts, N, rng)
    for kind, F in (("power", dam.Polynomial(3)), ("rectified", dam.RectifiedPolynomial(4))):
        found = to_numpy(dam.retrieve(bench.xp.asarray(sigma), bench.xp.asarray(xi), F, 0))
        unstable = int(memory.unstable_neurons(found, xi, F).any(axis=1).sum())
        perfect = [float(np.mean((final @ xi.T).max(axis=1) == N)) for final in (found, dam.retrieve(sigma, xi, F, 0))]
        table[kind] = {"no fixed point": unstable, "perfect": perfect[0], "perfect on the CPU": perfect[1]}
    return table


def repeats(bench):
    """Retrieve by the rectified F from random starts, time and again: starts that reach a memory, GPU against CPU.

    Every repetition has memories, starts and a seed of its own, the same on both; ``apart`` is the mean difference in
    its standard errors.
    """
    F, (K, N, starts), count = dam.RectifiedPolynomial(4), (200, 60, 100) if bench.smoke else (1000, 80, 1000), 20
    reached = np.empty((count, 2), int)
    for seed in range(count):
        rng = np.random.default_rng((4, seed))
        xi, sigma = dam.random_patterns(K, N, rng), dam.random_patterns(starts, N, rng)
        for side, xp in enumerate((bench.xp, get_namespace("numpy"))):
            final = to_numpy(dam.retrieve(xp.asarray(sigma), xp.asarray(xi), F, seed))
            reached[seed, side] = np.sum((final @ xi.T).max(axis=1) == N)
    difference = reached[:, 0] - reached[:, 1]
    error = difference.std(ddof=1) / np.sqrt(count)
    found = {"starts": starts, "reached": reached[:, 0].tolist(), "reached on the CPU": reached[:, 1].tolist()}
    found |= {"mean difference": float(difference.mean()), "standard error": float(error)}
    show("repeats", found)
    return found | {"recall apart": float(abs(difference.mean()) / error) if error else 0.0}


def start(bench, recipe, xp=None):
    """Return digits, targets, weights and momenta as arrays of the library, and one epoch's minibatches."""
    xp, data = xp or bench.xp, mnist()
    t = objective.targets(np.repeat(np.arange(10), recipe.batch_per_class))
    xi = initial_weights(recipe, 794, 0, "float32")
    arrays = [xp.asarray(a) for a in (data.x_train, t, xi, np.zeros_like(xi))]
    return arrays, minibatches(data.y_train, recipe.batch_per_class, 0, 0)


def compare_steps(bench):
    """Do a few minibatches on the GPU and on the CPU and compare weights, momenta and wrong digits."""
    table = {}
    for n, form in itertools.product(DEGREES, FORMS):
        recipe = small(bench, Recipe.paper(n, form=form))
        done = []
        for xp in (bench.xp, get_namespace("numpy")):
            arrays, batches = start(bench, recipe, xp)
            with _step_fast.make_step(*arrays, recipe) as step:
                wrong = step.epoch(batches[:3], recipe.temperature(0), recipe.epsilon(0))
                again = step.wrong(arrays[0][:1500], xp.asarray(mnist().y_train[:1500]), recipe.temperature(0))
                done.append((*(np.array(to_numpy(a)) for a in step.state()), wrong, again, type(step).__name__))
        (xi, V, wrong, again, name), (xi_cpu, V_cpu, wrong_cpu, again_cpu, _) = done
        size = np.maximum(np.abs(V_cpu).max(axis=1, keepdims=True), 1e-30)
        weights, momenta = float(np.abs(xi - xi_cpu).max()), float((np.abs(V - V_cpu) / size).max())
        table[f"{form} n{n}"] = {
            "step": name,
            "weights": weights,
            "momenta": momenta,
            "wrong": [wrong, wrong_cpu],
            "wrong afterwards": [again, again_cpu],
            "ok": weights <= 2e-4 and abs(wrong - wrong_cpu) <= 3,
        }
    return table


def check(bench):
    """Item a."""
    found = {}
    for name, part in (("steps", compare_steps), ("functions", compare_functions), ("retrieval", compare_retrieval)):
        try:
            found[name] = part(bench)
        except Exception:
            traceback.print_exc(file=sys.stdout)
            found[name] = {"all": {"ok": False, "error": traceback.format_exc()}}
        bad = {key: row for key, row in found[name].items() if not row.get("ok", True)}
        print(f"  {name}: {len(found[name]) - len(bad)} of {len(found[name])} agree", *bad.items(), sep="\n    ")
    return found


# --- d: time of a step


def seconds(bench, task, repeats):
    """Return the median seconds of a task over three runs of so many, after one of each."""
    task()
    bench.synchronize()
    rounds = []
    for _ in range(3):
        begun = time.perf_counter()
        for _ in range(repeats):
            task()
        bench.synchronize()
        rounds.append((time.perf_counter() - begun) / repeats)
    return statistics.median(rounds)


def products(bench, K, M, N=784):
    """Return the seconds of the two matrix products of a step alone."""
    xp, rng = bench.xp, np.random.default_rng(0)
    visible, u, h = (xp.asarray(rng.normal(0, 0.3, shape).astype(np.float32)) for shape in ((K, N), (M, N), (K, M)))
    gradient, out = xp.empty_like(visible), xp.empty_like(h)

    def both():
        xp.matmul(visible, u.T, out=out)
        xp.matmul(h, u, out=gradient)

    return seconds(bench, both, 2 if bench.smoke else 50)


def step_time(bench, recipe):
    """Return the milliseconds of a step, within an epoch, and of its two products, and the digits in a minibatch."""
    arrays, batches = start(bench, recipe)
    batches = batches[: 3 if bench.smoke else 60]
    with _step_fast.make_step(*arrays, recipe) as step:
        epoch = lambda: step.epoch(batches, recipe.temperature(0), 1e-3)
        step_seconds = seconds(bench, epoch, 1 if bench.smoke else 2) / len(batches)
        test = lambda: step.wrong(arrays[0][:10000], y, recipe.temperature(0))
        y = bench.xp.asarray(mnist().y_train[:10000])
        test_seconds = seconds(bench, test, 1)
    floor = products(bench, recipe.K, batches.shape[1])
    row = {"step ms": 1e3 * step_seconds, "products ms": 1e3 * floor, "ratio": step_seconds / floor}
    return row | {"10,000 test digits ms": 1e3 * test_seconds, "step": type(step).__name__}


def show(name, row):
    """Print a row of numbers."""
    cells = [f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items()]
    print(f"  {name:24}", *cells, sep="  ", flush=True)


def times(bench):
    """Item d, first: a step for every n and form, at the paper's sizes."""
    table = {}
    for form, n in itertools.product(FORMS, DEGREES):
        table[f"{form} n{n}"] = step_time(bench, small(bench, Recipe.paper(n, form=form)))
        show(f"{form} n{n}", table[f"{form} n{n}"])
    return table


def small(bench, recipe):
    """Return the recipe, or in a smoke test on a CPU one with few memories."""
    return recipe if backend_name(bench.xp) == "cupy" else replace(recipe, K=100, batch_per_class=10)


def sizes(bench):
    """Item d, then: other minibatches and numbers of memories; memory in use; what a launch costs; TF32."""
    table = {}
    changes = [{"batch_per_class": size} for size in (10, 25, 50, 200, 400)] + [
        {"K": K} for K in (500, 1000, 4000, 8000)
    ]
    if bench.smoke:
        changes = changes[:1]
    for form, change in itertools.product(FORMS, changes):
        name = f"{form} n3 " + " ".join(f"{key}={value}" for key, value in change.items())
        table[name] = step_time(bench, Recipe.paper(3, form=form, **change))
        show(name, table[name])
    if backend_name(bench.xp) == "cupy":
        for part in (memory_in_use, launches, tf32):
            try:
                table[part.__name__] = part(bench)
                show(part.__name__, table[part.__name__])
            except Exception:
                traceback.print_exc(file=sys.stdout)
    return table


def memory_in_use(bench):
    """Return the megabytes that a training at the paper's sizes holds on the GPU, the digits included."""
    import cupy

    pool = cupy.get_default_memory_pool()
    pool.free_all_blocks()
    before = pool.used_bytes()
    arrays, batches = start(bench, Recipe.paper(3))
    with _step_fast.make_step(*arrays, Recipe.paper(3)) as step:
        step.epoch(batches[:2], 300.0, 0.01)
        return {"MB": (pool.used_bytes() - before) / 1e6}


def launches(bench):
    """Return the microseconds of an empty kernel, launched and waited for one by one, and in a row."""
    import cupy

    kernel = cupy.RawKernel('extern "C" __global__ void nothing(float* x) {}', "nothing")
    x = cupy.zeros(1, dtype=np.float32)

    def waited():
        kernel((1,), (32,), (x,))
        bench.synchronize()

    repeats = 20 if bench.smoke else 1000
    alone = seconds(bench, waited, repeats)
    return {"alone us": 1e6 * alone, "in a row us": 1e6 * seconds(bench, lambda: kernel((1,), (32,), (x,)), repeats)}


@contextmanager
def tensor_floats():
    """Let cuBLAS round the operands of float32 products to TF32 (10 bits of mantissa)."""
    import cupy
    from cupy_backends.cuda.libs import cublas

    handle = cupy.cuda.device.get_cublas_handle()
    before = cublas.getMathMode(handle)
    cublas.setMathMode(handle, TF32_MATH)
    try:
        yield
    finally:
        cublas.setMathMode(handle, before)


def tf32(bench):
    """Return the time of a step with TF32 products, and how far the weights end from those without after an epoch."""
    found, weights = {}, []
    for name, context in (("float32", None), ("TF32", tensor_floats)):
        recipe = Recipe.paper(3)
        arrays, batches = start(bench, recipe)
        batches = batches[: 3 if bench.smoke else 60]
        with (context or _nothing)(), _step_fast.make_step(*arrays, recipe) as step:
            step.epoch(batches, recipe.temperature(0), recipe.epsilon(0))
            weights.append(to_numpy(step.state()[0]))
            epoch = functools.partial(step.epoch, batches, recipe.temperature(0), 1e-3)
            found[f"{name} ms"] = 1e3 * seconds(bench, epoch, 1) / len(batches)
    return found | {"mean deviation of weights": float(np.abs(weights[0] - weights[1]).mean())}


@contextmanager
def _nothing():
    yield


# --- b: the paper's training


def training_seconds(bench, n):
    """Return about how long the paper's training takes, from the measured steps if there are some."""
    row = bench.found.get("d times", {}).get("found", {}).get(f"exact n{n}")
    return 60.0 if row is None else 3 * 1.1 * (60 * row["step ms"] + row["10,000 test digits ms"] + 1) + 6


def train(bench, n, seed):
    """Train by the paper's recipe and store the network; a checkpoint in the folder is gone on from."""
    epochs = 3 if bench.smoke else 3000
    checkpoint = bench.out / f"mnist-n{n}-seed{seed}.ckpt.npz"
    changes = {} if backend_name(bench.xp) == "cupy" else {"K": 60}
    if bench.smoke:
        checkpoint.unlink(missing_ok=True)
    result = experiments.run(
        "mnist",
        "paper",
        seed,
        backend_name(bench.xp),
        n=n,
        epochs=epochs,
        checkpoint=checkpoint,
        resume=True,
        checkpoint_every=2 if bench.smoke else CHECKPOINT_EVERY,
        **changes,
    )
    values = bench.keep(result)
    checkpoint.unlink()
    values["ms an epoch"] = 1e3 * values["train_seconds"] / values["epochs"]
    return values | {"last test error, in training": float(result.arrays["test_error"][-1])}


# --- c: retrieval


def fig4(bench):
    """Run Fig. 4 and compare its fractions with the stored result's, in standard errors of the difference."""
    starts = 200 if bench.smoke else 10000
    result = experiments.run("fig4", "paper", 0, backend_name(bench.xp), starts=starts)
    values, stored = bench.keep(result), results.load("fig4").values
    apart = {}
    for key, there in stored.items():
        if key.startswith(("perfect", "inverted")) and key in values:
            spread = np.sqrt((there * (1 - there) + 1 / starts) * (1 / starts + 1e-4))
            apart[f"{key} apart"] = float(abs(values[key] - there) / spread)
    return values | apart


def fig5(bench):
    """Run Fig. 5 up to N = 1000."""
    N, starts = ((50, 75), 100) if bench.smoke else ((200, 400, 600, 1000), 1000)
    return bench.keep(experiments.run("fig5", "paper", 0, backend_name(bench.xp), n=3, N=N, starts=starts))


def classical(bench):
    """Run the classical network at N = 8000."""
    N, starts = ((250,), 20) if bench.smoke else ((8000,), 200)
    return bench.keep(experiments.run("classical", "paper", 0, backend_name(bench.xp), N=N, starts=starts))


# --- e: PyTorch


def pytorch(bench):
    """Time the recipe in PyTorch on the same GPU, after comparing its first update with that of the CPU."""
    import rivals_training
    import torch

    table = {"torch": {"version": torch.__version__, "cuda": str(torch.version.cuda)}}
    device = "cuda" if torch.cuda.is_available() else "cpu"
    begun = time.monotonic()
    variants = itertools.product(("dual", "exact"), (3, 30), (False, True))
    for form, n, compiled in (("dual", 3, True), ("exact", 3, False)) if bench.smoke else variants:
        if time.monotonic() - begun > PYTORCH_SECONDS:
            break
        name = f"{form} n{n} {'compiled' if compiled else 'eager'}"
        try:
            recipe = small(bench, Recipe.paper(n, form=form))
            arrays, batches = start(bench, recipe, np)
            rival = rivals_training.TorchStep(*arrays, recipe, compiled, device)
            table[name] = time_pytorch(bench, rival, torch, device, arrays, batches, recipe)
            show(name, table[name])
        except Exception as error:
            traceback.print_exc(file=sys.stdout)
            table[name] = {"error": f"{type(error).__name__}: {error}"}
    return table


def time_pytorch(bench, rival, torch, device, arrays, batches, recipe):
    """Return the milliseconds of a step, indices and numbers on the device beforehand, and the first deviation."""
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    T, epsilon = recipe.temperature(0), recipe.epsilon(0)
    rival(batches[0], T, epsilon)
    with _step_fast.make_step(*(a.copy() for a in arrays), recipe) as ours:
        ours(batches[0], T, epsilon)
        deviation = float(np.abs(rival.xi.cpu().numpy() - ours.state()[0]).max())
    rows = torch.from_numpy(batches).to(device)
    numbers = [torch.tensor(number, dtype=torch.float32, device=device) for number in (T, 1e-3)]
    count = 2 if bench.smoke else 60

    def epoch():
        with torch.no_grad():
            for row in rows[:count]:
                v = rival.x[row]
                rival.xi, rival.V = rival.update(v, rival.t, rival.xi, rival.V, *numbers, *rival.settings)
        wait()

    epoch()
    begun = time.perf_counter()
    epoch()
    return {"step ms": 1e3 * (time.perf_counter() - begun) / count, "deviation": deviation}


# --- f: failing well


def moved(bench):
    """Train on the GPU, then on the CPU, then on the GPU again, and compare with a training on the CPU alone."""
    data, recipe, checkpoint = mnist(), Recipe.paper(3, K=500, batch_per_class=10), bench.out / "moved.ckpt.npz"
    name, options = backend_name(bench.xp), {"checkpoint_every": 1, "progress": False}
    checkpoint.unlink(missing_ok=True)
    go_on = lambda epochs, backend, **files: dam.train(
        data.x_train[:1000], data.y_train[:1000], recipe, epochs=epochs, backend=backend, **options, **files
    )
    whole, expected = go_on(3, "numpy")
    for epochs, backend in ((1, name), (2, "numpy"), (3, name)):
        network, history = go_on(epochs, backend, checkpoint=checkpoint, resume=epochs > 1)
    checkpoint.unlink()
    deviation = np.abs(network.visible - whole.visible)
    found = {"largest deviation of weights": float(deviation.max()), "mean": float(deviation.mean())}
    errors = {"training errors": history["train_error"].tolist(), "on the CPU": expected["train_error"].tolist()}
    return found | errors | {"devices": history["device"].tolist(), "ok": bool(deviation.mean() < 1e-3)}


@contextmanager
def room(bench, size):
    """Let CuPy have only so many more bytes of the GPU's memory; on a CPU do nothing."""
    if backend_name(bench.xp) != "cupy":
        yield
        return
    import cupy

    pool = cupy.get_default_memory_pool()
    pool.free_all_blocks()
    before = pool.get_limit()
    pool.set_limit(size=pool.used_bytes() + size)
    try:
        yield
    finally:
        pool.set_limit(size=before)


def said(bench, size, call):
    """Return the message that a call ends with when it has so many bytes, or what it returns."""
    try:
        with room(bench, size):
            return call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def little_memory(bench):
    """Ask for more memory than there is: what is said, and that what is said to fit does."""
    rng, data, name = np.random.default_rng(2), mnist(), backend_name(bench.xp)
    recipe = small(bench, Recipe.paper(3, K=8000, batch_per_class=800))
    x, y = data.x_train[:10000], data.y_train[:10000]

    def train(recipe):
        dam.train(x, y, replace(recipe, epochs=1), backend=name, progress=False)
        return "fits"

    found = {"training": said(bench, 400 * MB, lambda: train(recipe))}
    if fitting := re.search(r"about (\d+) digits of each class", found["training"]):
        smaller = replace(recipe, batch_per_class=int(fitting[1]))
        found["training as said"] = said(bench, 400 * MB, lambda: train(smaller))
    K, S = (200, 20) if name == "numpy" else (2000, 2000)
    xi, sigma = dam.random_patterns(K, 100, rng), dam.random_patterns(S, 100, rng)
    retrieve = lambda: dam.retrieve(sigma, xi, dam.Polynomial(3), 0, backend=name)
    whole = retrieve()
    batches = said(bench, 40 * MB, retrieve)
    found["retrieval in smaller batches"] = "equal" if np.array_equal(batches, whole) else str(batches)
    found["retrieval"] = said(bench, MB, lambda: str(retrieve().shape))
    v, n20 = data.x_test[:1000], Recipe.paper(20)
    weights = [initial_weights(n20, columns, 0, "float32") for columns in (784, 10)]
    network, xp = dam.Classifier(*weights, 20, 600.0), bench.xp
    attack = lambda: str(attacks.gradient(xp.asarray(v), xp.asarray(data.y_test[:1000]), network.on(xp))[0].shape)
    return found | {"attack": said(bench, 40 * MB, attack)}


def failing(bench):
    """Item f."""
    found = {}
    for part in (moved, little_memory):
        try:
            found[part.__name__] = part(bench)
        except Exception as error:
            traceback.print_exc(file=sys.stdout)
            found[part.__name__] = {"error": f"{type(error).__name__}: {error}"}
        show(part.__name__, found[part.__name__])
    return found


# --- g: hours of a CPU


def average(bench, n, seed):
    """Train by the ten minutes and take the mean of the weights of the last epochs."""
    changes = {"epochs": 3, "average": 250, "K": 60} if bench.smoke else {"average": mnist_lab.AVERAGE}
    changes |= {"n": n, "schedule": "ten-minutes", "weights": False}
    return bench.keep(experiments.run("mnist", "paper", seed, backend_name(bench.xp), **changes))


def powers(bench, seed):
    """Run the experiment ``powers``, which goes on from the points that it left in the folder."""
    scale = "demo" if bench.smoke else "paper"
    return bench.keep(experiments.run("powers", scale, seed, backend_name(bench.xp), into=bench.out))


# --- all of it


def schedule(seeds=SEEDS):
    """Return the items in their order: letter, name, seconds that there must be to begin it, function of a `Bench`.

    Of items b and g those with the given seeds; of b the first seed early, the others after all that takes seconds.
    """
    trainings = lambda seed: [
        ("b", f"train n{n} seed{seed}", None, lambda bench, n=n: train(bench, n, seed)) for n in DEGREES
    ]
    return [
        ("a", "check", 25, check),
        ("a", "repeats", 15, repeats),
        ("d", "times", 15, times),
        *trainings(seeds[0]),
        ("c", "fig4", 10, fig4),
        ("f", "failing", 10, failing),
        ("e", "pytorch", 40, pytorch),
        ("d", "sizes", 20, sizes),
        *(item for seed in seeds[1:] for item in trainings(seed)),
        ("c", "fig5", 40, fig5),
        ("c", "classical", 40, classical),
        *(
            ("g", f"average n{n} seed{seed}", 8, lambda bench, n=n, seed=seed: average(bench, n, seed))
            for seed in seeds
            for n in DEGREES[:3]
        ),
        *(("g", f"powers seed{seed}", 60, lambda bench, seed=seed: powers(bench, seed)) for seed in seeds),
    ]


def time_up(*_):
    """Handle the alarm at the end of the minutes."""
    raise TimeUp("the minutes are over")


def attempt(bench, letter, name, least, item):
    """Run one item and return its record, whatever happens."""
    if least is None:  # a training: a part of it is worth a checkpoint
        least = training_seconds(bench, int(name.split()[1][1:])) / 2
    if bench.left() < (1 if bench.smoke else least):
        print(f"[{letter}] {name}: not begun, {bench.left():.0f} s are left", flush=True)
        return {"skipped": f"{bench.left():.0f} s were left"}
    print(f"[{letter}] {name}", flush=True)
    begun, record = time.monotonic(), {}
    try:
        record["found"] = item(bench)
    except (Exception, TimeUp) as error:
        traceback.print_exc(file=sys.stdout)
        record["error"] = f"{type(error).__name__}: {error}"
        record["traceback"] = traceback.format_exc()
    record["seconds"] = round(time.monotonic() - begun, 2)
    print(f"[{letter}] {name}: {record['seconds']} s, {record.get('error', 'done')}", flush=True)
    return record


def machine(xp):
    """Return what the numbers were measured on."""
    found = {"device": device_name(xp), "python": platform.python_version(), "versions": results.versions()}
    if backend_name(xp) == "cupy":
        import cupy

        runtime = cupy.cuda.runtime
        found |= {"driver": runtime.driverGetVersion(), "runtime": runtime.runtimeGetVersion()}
    return found | {"started": datetime.now(UTC).isoformat(timespec="seconds")}


def write(bench, about):
    """Write all that was found by now."""
    text = json.dumps(about | {"items": bench.found}, indent=1, default=_plain) + "\n"
    write_atomically(bench.out / "gpu.json", lambda file: file.write(text.encode()))


def _plain(x):
    return x.item() if isinstance(x, np.generic) else str(x)


def summary(found):
    """Return the lines of the last table: each item with its seconds and its most telling numbers."""
    telling = ("test_error_percent", "train_seconds", "first_epoch_below_2_percent", "alpha_drop_N8000")
    for name, record in found.items():
        numbers = record.get("found") or {}
        parts = [f"{key} {numbers[key]}" for key in telling if numbers.get(key) is not None]
        parts += [
            f"{key} {row['step ms']:.3f} ms" + (f" ({row['ratio']:.2f})" if "ratio" in row else "")
            for key, row in numbers.items()
            if isinstance(row, dict) and "step ms" in row
        ]
        if apart := [value for key, value in numbers.items() if key.endswith(" apart")]:
            parts.append(f"at most {max(apart):.1f} standard errors apart")
        state = "skipped" if "skipped" in record else record.get("error", "done")
        yield f"{name:22} {record.get('seconds', 0):8.1f} s  {state:12} {'; '.join(parts)}"


def main(arguments=None):
    """Run the items and print the summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=9, help="default: 9")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--smoke", action="store_true", help="a little of everything")
    parser.add_argument("--only", default="abcdefg", metavar="LETTERS", help="only these items")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, metavar="S", help="of b and g; default: 0 1 2")
    parser.add_argument("--commit", default="", metavar="HASH", help="the commit, where there is no git")
    parser.add_argument("--backend", default="cupy", choices=("cupy", "numpy"), help="default: cupy")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + 60 * options.minutes
    bench = Bench(get_namespace(options.backend), options.out, options.smoke, options.commit, end, {})
    about = machine(bench.xp) | {"commit": options.commit or results.commit(), "smoke": options.smoke}
    print(json.dumps(about), flush=True)
    signal.signal(signal.SIGALRM, time_up)
    signal.setitimer(signal.ITIMER_REAL, max(60 * options.minutes - RESERVE, 1))
    with using("numpy"):  # NumPy arrays are the CPU's side of a comparison
        for letter, name, least, item in schedule(options.seeds):
            if letter in options.only:
                bench.found[f"{letter} {name}"] = attempt(bench, letter, name, least, item)
                write(bench, about)
    signal.setitimer(signal.ITIMER_REAL, 0)
    print("", *summary(bench.found), sep="\n", flush=True)


if __name__ == "__main__":
    main()
