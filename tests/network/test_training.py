"""Training: the step against the pure functions and float64, the recipe, checkpoints that survive a kill."""

import json
import math
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
import types
import warnings
from dataclasses import asdict, fields, replace

import array_api_strict
import cupy_stub
import numpy as np
import pytest
from elsewhere import elsewhere
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from profiles import at_least_in_long
from threadpoolctl import threadpool_limits

from dam import datasets
from dam.lab import experiments, results
from dam.lab.experiments import mnist
from dam.memory.interactions import KINDS
from dam.network import (
    _powers,
    _step_cuda,
    _step_fast,
    _step_plain,
    checkpoints,
    classifier,
    objective,
    optimizer,
    training,
)
from dam.network.classifier import FORMS, Classifier, inactive
from dam.network.training import Recipe, train

SMALL = {"K": 60, "batch_per_class": 10}


@pytest.fixture(scope="module")
def digits():
    """2,000 training digits and 500 test digits of MNIST."""
    x, y, x_test, y_test = datasets.mnist()
    return x[:2000], y[:2000], x_test[:500], y_test[:500]


def quiet(x, y, recipe, **options):
    return train(x, y, recipe, **({"progress": False, "backend": "numpy", "checkpoint_every": 1} | options))


def start(recipe, x, dtype, seed=0):
    """Data, targets, weights and momentum for a step, as arrays of their own."""
    t = objective.targets(np.repeat(np.arange(10), recipe.batch_per_class), dtype=dtype)
    xi = training.initial_weights(recipe, x.shape[1] + 10, seed, dtype)
    return x.astype(dtype), t, xi, np.zeros_like(xi)


# --- the step


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("loss", objective.OBJECTIVES)
@pytest.mark.parametrize("n", (2, 3, 4, 5, 6, 9, 20, 30))
def test_the_step_in_place_equals_the_pure_step_and_float64(digits, n, loss, form, kind):
    x, y, *_ = digits
    changes = {"objective": loss, "form": form, "kind": kind, "init_mean": -0.3 if kind == "rectified" else 0.3}
    recipe = replace(Recipe.paper(n), **SMALL, **changes)
    batches = training.minibatches(y, recipe.batch_per_class, seed=0, epoch=0)[:6]
    with _step_fast.make_step(*start(recipe, x, np.float32), recipe) as fast:
        assert isinstance(fast, _step_fast.BlockStep)
        pure = _step_plain.ArrayStep(*start(recipe, x, np.float32), recipe)
        double = _step_plain.ArrayStep(*start(recipe, x, np.float64), recipe)
        before = fast.xi.copy()
        for rows in batches:
            wrong = [step(rows, recipe.temperature(150), 0.01) for step in (fast, pure, double)]
            assert max(wrong) - min(wrong) <= 1
        v, T = x[:137], 200.0
        a = fast.arguments(v, T)
        np.testing.assert_allclose(a, pure.arguments(v, T), rtol=1e-4, atol=1e-5 * np.abs(a).max())
    assert np.abs(fast.xi - before).max() > 0.02
    for step in (pure, double):
        np.testing.assert_allclose(fast.xi, step.xi, atol=2e-5)
        size = np.abs(step.V).max(axis=1, keepdims=True)
        np.testing.assert_allclose(fast.V / size, step.V / size, atol=1e-3)


@st.composite
def small_networks(draw):
    """Weights, digits, n and T in which overlaps lie on both sides of the kink, on it, or far away from it."""
    K, N, M, n = (draw(st.integers(1, top)) for top in (9, 12, 5, 29))
    weights = st.sampled_from([-1, -0.5, 0, 0.25, 1]) | st.floats(-1, 1, width=32)
    xi = draw(npst.arrays(np.float32, (K, N + 3), elements=weights))
    x = draw(npst.arrays(np.float32, (M, N), elements=st.sampled_from([-1, 0, 1]) | st.floats(-1, 1, width=32)))
    return xi, x, n + 1, draw(st.floats(max(1, N / 4), 2 * N))


@at_least_in_long(300)
@given(small_networks(), st.sampled_from(list(KINDS)), st.integers(0, 2**32 - 1))
def test_the_binomial_sums_of_the_exact_step_equal_the_two_powers(case, kind, seed):
    """Arguments and gradients against float64 sums of the plain formula, to float32 rounding of the largest power."""
    (xi, x, n, T), wide = case, lambda array: array.astype(np.float64)
    (M, N), K = x.shape, len(xi)
    t = np.where(np.random.default_rng(seed).random((M, 3)) < 0.5, np.float32(-1), np.float32(1))
    recipe = Recipe.paper(n, kind=kind, momentum=0, m=1)
    network = Classifier(wide(xi[:, :N]), wide(xi[:, N:]), n, T, kind)
    a, state = network.forward(wide(x))
    gradient = np.concatenate(
        network.backward_to_weights(wide(x), state, objective.slope(a, wide(t), 1, "softmax")), axis=1
    )
    labels = np.abs(wide(xi[:, N:]))
    top = (np.abs(x) @ np.abs(wide(xi[:, :N])).T + labels.sum(axis=1) + 2 * labels.max(axis=1)) / T  # (M, K)
    rounding = 2.0**-24 * (N + K + M + 8 * n)
    with _step_fast.make_step(x, t, xi.copy(), V := np.zeros_like(xi), replace(recipe, objective="softmax")) as step:
        found = step.arguments(x, T)
        step(np.arange(M), T, 1e-6)
    assert np.all(np.abs(found - a) <= 4 * n * rounding * (top**n).sum(axis=1, keepdims=True) + 1e-28)
    error = 20 * n**2 / T * rounding * (1 + (top**n).sum(axis=1).max()) * (top ** (n - 1)).sum(axis=0)
    assert np.all(np.abs(-V - gradient).max(axis=1) <= error + 1e-28)


def test_the_pairs_near_the_kink_are_what_the_binomial_gets_wrong(digits):
    """Where most pairs are near, arguments of (9) that take them for far ones are off by a percent and more."""
    x = digits[0]
    recipe = Recipe.paper(2, **SMALL, init_mean=0)
    x, t, xi, V = start(recipe, x, np.float32)
    xi[:, :784] = 0.02 * xi[:, :784]
    expected = Classifier(xi[:, :784].astype(np.float64), xi[:, 784:].astype(np.float64), 2, 20.0).forward(x[:100])[0]
    with _step_fast.make_step(x, t, xi, V, recipe) as step:
        found = step.arguments(x[:100], 20.0)
        assert step.count_near and sum(len(pairs[0]) for pairs in step.near) > 3000
        np.testing.assert_allclose(found, expected, atol=2e-6 * np.abs(expected).max())
        step._near = lambda *_: None
        assert np.abs(step.arguments(x[:100], 20.0) - expected).max() > 0.01 * np.abs(expected).max()


@given(st.integers(1, 40), st.floats(0, 1), st.sampled_from([2.0**-24, 1e-3, 2.0**-53]))
def test_the_order_of_the_sums_is_the_lowest_that_will_do(n, ratio, eps):
    left_out = lambda k: sum(math.comb(n, i) * ratio**i for i in range(n, k, -1))
    k = _powers.order(n, ratio, eps)
    assert 0 <= k <= n and left_out(k) <= eps and (k == 0 or left_out(k - 1) > eps)


def test_the_largest_ratio_by_hand():
    y, top = np.array([1.0, 2, 1, 1, 0]), np.array([10.0, 8, -0.5, -3, 0])
    assert _powers.largest_ratio(y[:2], top[:2], 0.0) == 0.25
    assert _powers.largest_ratio(y, top, 0.0) == 1  # the third is on only with its label
    assert _powers.largest_ratio(y[3:], top[3:], 0.0) == 0  # these are off
    assert _powers.largest_ratio(y[:0], top[:0], 0.0) == 0


@pytest.mark.parametrize("form", FORMS)
def test_the_step_under_array_api_strict(digits, form):
    x, y, *_ = digits
    recipe = replace(Recipe.paper(3), **SMALL, form=form)
    strict = [array_api_strict.asarray(a) for a in start(recipe, x, np.float32)]
    general, numpy = (
        _step_fast.make_step(*strict, recipe),
        _step_plain.ArrayStep(*start(recipe, x, np.float32), recipe),
    )
    assert isinstance(general, _step_plain.ArrayStep)
    for rows in training.minibatches(y, recipe.batch_per_class, seed=0, epoch=0)[:3]:
        assert general(rows, 200.0, 0.01) == numpy(rows, 200.0, 0.01)
    np.testing.assert_allclose(np.asarray(general.xi), numpy.xi, atol=1e-5)
    assert general.is_finite()


@pytest.mark.parametrize("kind", KINDS)
def test_inactive_memories_by_loops(kind):
    rng = np.random.default_rng(0)
    x, visible = rng.uniform(-1, 0.3, (8, 6)), rng.uniform(-0.3, 1, (30, 6))
    size = (lambda h: h) if kind == "rectified" else abs
    slow = {above: [all(size(row @ memory) <= above for row in x) for memory in visible] for above in (-0.1, 0.0, 1.2)}
    assert 0 < sum(slow[1.2 if kind == "power" else 0.0]) < 30
    for rows in (1, 7, 1000):
        for above, expected in slow.items():
            np.testing.assert_array_equal(inactive(visible, x, above, kind, rows), expected)


def test_memories_inactive_above_a_level_of_their_own():
    visible = np.array([[1.0, 0], [1, 0], [0, 1]])
    found = inactive(visible, np.array([[0.5, -0.5], [0.2, 0.3]]), np.array([0.5, 0.4, 0.3]))
    np.testing.assert_array_equal(found, [True, False, True])


def partly_inactive(x, classes=10, K=40):
    """Weights and momenta: a third active; a third that every digit leaves off, without and with momentum left."""
    rng = np.random.default_rng(0)
    xi = rng.normal(-0.3, 0.3, (K, x.shape[1] + classes)).clip(-1, 1).astype(np.float32)
    off = np.arange(K) % 3 > 0
    xi[off, : x.shape[1]] = 1.0  # most pixels are paper, -1
    V = np.zeros_like(xi)
    V[np.arange(K) % 3 == 2] = rng.normal(0, 1e-3, (np.sum(np.arange(K) % 3 == 2), xi.shape[1]))
    return xi, V, np.flatnonzero(np.arange(K) % 3 == 1)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("n", (2, 20))
def test_inactive_memories_are_left_out_and_nothing_else_changes(digits, n, form):
    x, y, *_ = digits
    xi, V, dropped = partly_inactive(x)
    recipe = replace(Recipe.paper(n), **SMALL, form=form)
    t = objective.targets(np.repeat(np.arange(10), recipe.batch_per_class))
    assert inactive(xi[dropped, :784], x, -_step_fast.ROUNDING).all()
    batches = training.minibatches(y, recipe.batch_per_class, seed=0, epoch=0)[:5]
    pure = _step_plain.ArrayStep(x, t, xi.copy(), V.copy(), recipe)
    with _step_fast.make_step(x, t, xi.copy(), V.copy(), recipe) as fast:
        fast.drop_inactive()
        assert len(fast.xi) == len(fast.V) == len(xi) - len(dropped)
        for rows in batches:
            assert abs(fast(rows, 200.0, 0.01) - pure(rows, 200.0, 0.01)) <= 1
        np.testing.assert_allclose(fast.state()[0], pure.state()[0], atol=2e-5)
        ink = np.ones((3, 784), np.float32) - 0.1 * x[:3]  # the dropped ones are on for it
        assert np.all(ink @ xi[dropped, :784].T > 0)
        a = pure.arguments(ink, 900.0)
        np.testing.assert_allclose(fast.arguments(ink, 900.0), a, rtol=1e-4, atol=1e-5 * np.abs(a).max())
        fast.drop_inactive()
        fast(batches[0], 200.0, 0.01)
        for now, then in zip(fast.state(), (xi, V)):
            assert now.shape == then.shape
            np.testing.assert_array_equal(now[dropped], then[dropped])
        assert np.abs(fast.state()[0] - xi).max(axis=1)[np.setdiff1d(np.arange(len(xi)), dropped)].min() > 0.01


def test_label_weights_can_keep_a_memory_active_in_the_exact_form(digits):
    """Off at every digit by its visible weights, on with one class's label: a gradient in eq. (9), none in (10)."""
    x, y, *_ = digits
    recipe = replace(Recipe.paper(3), **SMALL)
    t, xi, V = start(recipe, x, np.float32)[1:]
    xi[:2, :784] = 1 / 784  # overlaps between -1 and -0.1: most pixels are paper
    xi[0, 784:], xi[1, 784:] = 1, -1
    assert inactive(xi[:2, :784], x, -0.1).all()
    for form, active in (("dual", []), ("exact", [1])):
        with _step_fast.make_step(x, t, xi.copy(), V.copy(), replace(recipe, form=form)) as step:
            step.drop_inactive()
            assert len(step.xi) == 58 + len(active)
            step(training.minibatches(y, 10, seed=0, epoch=0)[0], 60.0, 0.01)
            moved = np.flatnonzero(np.abs(step.state()[0] - xi).max(axis=1)[:2] > 0)
            np.testing.assert_array_equal(moved, active)


@pytest.mark.parametrize("form", FORMS)
def test_a_training_that_drops_memories_is_resumed_bit_for_bit(digits, tmp_path, form):
    x, y, *_ = digits
    recipe = Recipe.paper(2, **(SMALL | {"K": 60}), init_mean=0.0, epsilon0=0.2, momentum=0.3, epochs=40, form=form)
    whole, _ = quiet(x, y, recipe)
    still = inactive(whole.visible, x, -_step_fast.ROUNDING)
    assert 0 < still.sum() < 60
    path = tmp_path / "c.npz"
    quiet(x, y, recipe, epochs=31, checkpoint=path)
    with np.load(path) as kept:
        assert (~kept["V"].any(axis=1) & still).sum() > 0  # some are left out by then
    resumed, _ = quiet(x, y, recipe, checkpoint=path, resume=True)
    np.testing.assert_array_equal(resumed.visible, whole.visible)
    np.testing.assert_array_equal(resumed.label_weights, whole.label_weights)


@pytest.mark.parametrize("form", FORMS)
def test_the_result_does_not_depend_on_the_number_of_threads(digits, form):
    x, y, *_ = digits
    recipe = replace(Recipe.paper(4), **SMALL, form=form)
    found = []
    for threads in (1, 2, 3):
        with threadpool_limits(threads, user_api="blas"):
            found.append(quiet(x, y, recipe, epochs=1)[0])
    for network in found[1:]:
        np.testing.assert_array_equal(network.visible, found[0].visible)
        np.testing.assert_array_equal(network.label_weights, found[0].label_weights)


def test_momentum_update_by_loops():
    """Eq. (13), with a dead memory, one that is nearly so, and weights that run against their bounds."""
    rng = np.random.default_rng(0)
    xi, V, gradient = (rng.uniform(-1, 1, (6, 5)), rng.normal(0, 3, (6, 5)), rng.normal(0, 3, (6, 5)))
    V[0] = gradient[0] = 0
    V[1], gradient[1] = 1e-39, 0
    xi[2] = 0.999
    expected, momentum = xi.copy(), np.zeros_like(V)
    for mu in range(6):
        momentum[mu] = 0.7 * V[mu] - gradient[mu]
        largest = max(abs(momentum[mu]))
        for index in range(5):
            change = 0.1 * momentum[mu, index] / max(largest, 1e-30)
            expected[mu, index] = min(1, max(-1, xi[mu, index] + change))
    momentum[1] = 0
    new_xi, new_V = optimizer.momentum_update(xi, V, gradient, 0.7, 0.1)
    np.testing.assert_allclose(new_xi, expected, atol=1e-9)
    np.testing.assert_allclose(new_V, momentum, atol=1e-15)
    np.testing.assert_array_equal(new_xi[0], xi[0])
    moved = np.abs(new_xi - xi)[3:].max(axis=1)
    assert np.all(moved <= 0.1 + 1e-12)


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
def test_the_update_in_place_is_the_pure_one(dtype):
    rng = np.random.default_rng(1)
    xi, V, gradient = (rng.normal(0, 1, (6, 5)).clip(-1, 1).astype(dtype) for _ in range(3))
    V[0], gradient[0], V[1], gradient[1] = 0, 0, 1e-35, 0  # dead and dying
    expected = optimizer.momentum_update(xi, V, gradient, dtype(0.7), dtype(0.1))
    optimizer.momentum_update_in_place(xi, V, gradient, 0.7, 0.1)
    for found, pure in zip((xi, V), expected, strict=True):
        np.testing.assert_allclose(found, pure, rtol=4 * np.finfo(dtype).eps)
    assert np.all(V[:2] == 0) and xi.dtype == V.dtype == dtype


@pytest.mark.parametrize("make", (_step_fast.make_step, _step_plain.ArrayStep))
def test_an_epoch_is_one_update_after_the_other(digits, make):
    x, y, *_ = digits
    recipe = replace(Recipe.paper(3), **SMALL)
    batches = training.minibatches(y, recipe.batch_per_class, seed=0, epoch=0)[:4]
    with make(*start(recipe, x, np.float32), recipe) as one, make(*start(recipe, x, np.float32), recipe) as whole:
        wrong = sum(one(rows, 200.0, 0.01) for rows in batches)
        assert whole.epoch(batches, 200.0, 0.01) == wrong
        np.testing.assert_array_equal(whole.state(), one.state())
        a = one.arguments(x[:137], 200.0)
        assert whole.wrong(x[:137], y[:137], 200.0) == np.sum(a.argmax(axis=1) != y[:137])
        whole.V[0, 0] = np.nan
        with pytest.raises(FloatingPointError, match="^minibatch 2 of 4 .the arguments of the tanh are not finite.$"):
            whole.epoch(batches, 200.0, 0.01)
        one.V[0, 0] = np.nan
        with pytest.raises(FloatingPointError, match="^minibatch 1 of 1 .the weights are not finite.$"):
            one.epoch(batches[:1], 200.0, 0.01)


@pytest.mark.parametrize("form", FORMS)
def test_dead_memories_stay_where_they_are(digits, form):
    """A memory that no digit turns on has no gradient: its weights stay and nothing divides by zero."""
    x, y, *_ = digits
    recipe = replace(Recipe.paper(3), **SMALL, form=form)
    data, t, xi, V = start(recipe, x, np.float32)
    xi[:3, :784] = 1  # overlaps near -600
    xi[:3, 784:] = 0.5
    V[1] = 1e-38
    with _step_fast.make_step(data, t, xi, V, recipe) as step, np.errstate(all="raise", under="ignore"):
        for rows in training.minibatches(y, recipe.batch_per_class, seed=0, epoch=0)[:3]:
            step(rows, 100.0, 0.01)
        np.testing.assert_array_equal(step.xi[:3], np.repeat([[1.0] * 784 + [0.5] * 10], 3, axis=0))
        assert np.all(step.V[:3] == 0) and step.is_finite()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("n", (2, 3, 7, 30))
def test_the_step_allocates_nothing_large_and_leaves_no_subnormals(digits, n, form):
    x, y, *_ = digits
    recipe = replace(Recipe.paper(n), K=400, batch_per_class=20, form=form)
    rows = training.minibatches(y, 20, seed=0, epoch=0)
    with _step_fast.make_step(*start(recipe, x, np.float32), recipe) as step:
        for batch in rows[:3]:
            step(batch, recipe.temperature(0), 0.04)
        tracemalloc.start()
        step(rows[3], recipe.temperature(0), 0.04)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 150_000, "a (K, batch) buffer has 320,000 bytes"
        gradient = step.pool.submit(lambda step: step.own.scratch[0].copy(), step).result()  # of a thread's last block
        for operand in (step.powers if form == "dual" else step.H, gradient):
            assert not np.any((operand != 0) & (np.abs(operand) < np.finfo(np.float32).smallest_normal))


@pytest.mark.parametrize("n", range(2, 34))
def test_powers_in_place(n):
    h = np.random.default_rng(0).uniform(0, 1.2, (3, 5)) * [1, 1, 0, 1, 1]
    p, f = np.full((2, *h.shape), np.nan)
    base = {2: f, 3: p}.get(n, h.copy())
    np.copyto(base, h)
    _powers.powers_into(base, h > 0, n, p, f)
    np.testing.assert_allclose(p, np.where(h > 0, h ** (n - 2.0), 0), rtol=1e-13)
    np.testing.assert_allclose(f, h ** (n - 1.0), rtol=1e-13)


# --- recipe and minibatches


def test_the_schedule_follows_appendix_a():
    r = Recipe.paper(3)
    assert (r.temperature(0), r.temperature(100), r.temperature(200), r.temperature(999)) == (
        300,
        180,
        60,
        60,
    )
    assert r.epsilon(0) == 0.02
    assert r.epsilon(100) == pytest.approx(0.02 * 0.998**100)
    for n in (2, 3, 5, 9):
        r = Recipe.paper(n)
        assert 250 <= r.T_initial <= 400 and 30 <= r.T_final <= 100 and r.ramp_epochs == 200 and r.m in (2, 3, 4)
    for n in (10, 20, 30):
        r = Recipe.paper(n)
        assert 500 <= r.T_initial == r.T_final <= 700 and r.m == 30
    for n in (2, 3, 20, 30):
        r = Recipe.paper(n)
        assert 0.01 <= r.epsilon0 <= 0.04 and 0.6 <= r.momentum <= 0.95 and r.decay == 0.998
        assert (r.K, r.batch_per_class, r.init_mean, r.init_std, r.epochs) == (2000, 100, -0.3, 0.3, 3000)
        assert r.form == "exact"


@pytest.mark.parametrize("n", (2, 3, 20, 30))
def test_a_compressed_schedule_fits_its_epochs(n):
    r = Recipe.compressed(n, 40)
    assert r.epochs == 40 and r.form == "dual" and r.temperature(39) == r.T_final < r.T_initial + (n > 10)
    assert r.epsilon(39) < r.epsilon0 / 10


@pytest.mark.parametrize(
    ("n", "ramp_epochs", "T", "epsilon0"),
    [(2, 180, 60, 0.03), (3, 180, 60, 0.03), (20, 0, 500, 0.1), (30, 0, 600, 0.06)],
)
def test_ten_minutes_shorten_everything_together(n, ramp_epochs, T, epsilon0):
    r, paper = Recipe.ten_minutes(n), Recipe.paper(n)
    assert r.epochs == 250 and r.form == "exact" and (r.n, r.m, r.K) == (n, paper.m, 2000) and 0.6 <= r.momentum <= 0.95
    assert (r.ramp_epochs, r.T_final, r.epsilon0) == (ramp_epochs, T, epsilon0)
    assert r.temperature(249) == T and r.T_initial == (paper.T_initial if ramp_epochs else T)
    assert r.epsilon(249) < r.epsilon0 / 4
    assert Recipe.ten_minutes(n, K=50).K == 50


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 1}, "n must be an integer of at least 2, got 1"),
        ({"n": 2.5}, "n must be an integer"),
        ({"n": 101}, "n must be a number from 2 to 100, got 101"),
        ({"m": 0}, "m must be an integer of at least 1"),
        ({"m": 61}, "m must be a number from 1 to 60"),
        ({"T_final": 0}, "T_final must be a number from 1 to 5000, got 0"),
        ({"T_initial": float("nan")}, "T_initial must be a number"),
        ({"epsilon0": 0}, "epsilon0 must be"),
        ({"decay": 1.1}, "decay must be a number from 0.5 to 1"),
        ({"momentum": 1}, "momentum must be"),
        ({"epochs": 0}, "epochs must be an integer of at least 1"),
        ({"K": 0}, "K must be"),
        ({"batch_per_class": 0}, "batch_per_class must be"),
        ({"average": -1}, "average must be an integer of at least 0"),
        ({"average": 11, "epochs": 10}, "average must be a number from 0 to 10, got 11"),
        ({"form": "both"}, "form must be one of exact, dual, got 'both'"),
        ({"objective": "hinge"}, "objective must be one of power, softmax"),
        ({"kind": "cubic"}, "kind must be one of power, rectified, got 'cubic'"),
    ],
)
def test_a_bad_recipe(change, message):
    with pytest.raises(ValueError, match=message):
        replace(Recipe.paper(3), **change)


RECIPES = {
    "paper": Recipe.paper,
    "compressed": lambda n, **changes: Recipe.compressed(n, 40, **changes),
    "ten minutes": Recipe.ten_minutes,
}


@pytest.mark.parametrize("n", (2, 3, 20, 30))
@pytest.mark.parametrize("name", RECIPES)
def test_temperatures_are_in_proportion_to_the_number_of_pixels(name, n):
    usual, small = RECIPES[name](n), RECIPES[name](n, N=64)
    assert usual == RECIPES[name](n, N=784) and usual.N == 784 and type(usual.T_final) is int
    for epoch in range(0, usual.epochs, 10):
        assert small.temperature(epoch) == pytest.approx(usual.temperature(epoch) * 64 / 784, rel=1e-12)
    assert replace(small, N=784, T_initial=usual.T_initial, T_final=usual.T_final) == usual  # nothing else changes
    assert usual.scaled(64) == small and small.scaled(784).T_final == pytest.approx(usual.T_final)
    assert RECIPES[name](n, N=64, T_final=30.0).T_final == 30  # what is given is taken as it is
    assert type(RECIPES[name](n, N=np.int64(64)).N) is int


def test_the_range_of_the_temperature_is_in_proportion_too():
    assert Recipe.paper(3, N=64, T_final=0.09).T_final == 0.09
    assert Recipe.paper(20, N=50_176).T_final == 600 * 64
    with pytest.raises(ValueError, match="T_final must be a number from 0.0816.* to 408.163.*, got 409"):
        Recipe.paper(3, N=64, T_final=409)
    for N in (0, 64.0, True):
        with pytest.raises(ValueError, match="N must be an integer of at least 1"):
            Recipe.paper(3, N=N)


@pytest.fixture(scope="module")
def shapes():
    """300 noisy copies of three patterns of 64 pixels, and which pattern each is of."""
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    return np.clip(datasets.random_patterns(3, 64, rng)[y] + rng.normal(0, 0.8, (300, 64)), -1, 1), y


def test_temperatures_for_another_number_of_pixels_are_warned_of(shapes):
    x, y = shapes
    recipe = Recipe.compressed(20, 10, K=30, batch_per_class=10, T_initial=400, T_final=400)
    with pytest.warns(UserWarning, match=r"x has 64 columns, but the recipe's T is for N = 784: recipe.scaled\(64\)"):
        cold, _ = quiet(x, y, recipe, classes=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warm, _ = quiet(x, y, recipe.scaled(64), classes=3)
        same, _ = quiet(x, y, replace(recipe, N=64), classes=3)
    np.testing.assert_array_equal(same.visible, cold.visible)  # N alone changes nothing
    assert warm.T == pytest.approx(cold.T * 64 / 784)
    assert classifier.error_percent(warm, x, y) < 5 < classifier.error_percent(cold, x, y)


def test_a_checkpoint_from_before_recipes_had_all_fields_goes_on(shapes, tmp_path):
    x, y = shapes
    recipe, path = Recipe.compressed(3, 4, K=30, batch_per_class=10), tmp_path / "state.npz"
    with pytest.warns(UserWarning, match="for N = 784"):
        quiet(x, y, recipe, epochs=2, checkpoint=path, classes=3)
        whole, _ = quiet(x, y, recipe, classes=3)
    with np.load(path) as content:
        arrays = dict(content)
    header = json.loads(str(arrays["header"]))
    del header["recipe"]["N"], header["recipe"]["average"], header["sha256"]
    np.savez(path, **(arrays | {"header": json.dumps(header)}))
    with pytest.raises(ValueError, match="N is 784 there and 64 here"):
        quiet(x, y, recipe.scaled(64), checkpoint=path, resume=True, classes=3)
    with pytest.warns(UserWarning, match="for N = 784"):
        resumed, _ = quiet(x, y, recipe, checkpoint=path, resume=True, classes=3)
    np.testing.assert_array_equal(resumed.visible, whole.visible)


@pytest.mark.parametrize("classes", (2, 3, 17))
def test_any_number_of_classes(classes, tmp_path):
    rng = np.random.default_rng(1)
    y = np.arange(30 * classes) % classes
    x = np.clip(datasets.random_patterns(classes, 100, rng)[y] + rng.normal(0, 0.5, (len(y), 100)), -1, 1)
    recipe = Recipe.compressed(3, 20, K=60, batch_per_class=10, N=100)
    network, history = quiet(
        x, y, recipe, x_test=x, y_test=y, classes=np.int64(classes), seed=np.int64(1), checkpoint=tmp_path / "c.npz"
    )
    assert network.label_weights.shape == (60, classes) and network.scores(x).shape == (len(y), classes)
    assert history["test_error"][-1] == classifier.error_percent(network.dual(), x, y) < 20
    wanted = f"of each of {classes + 1} classes, got 0 of class {classes}; .* train with classes={classes}"
    with pytest.raises(ValueError, match=wanted):
        quiet(x, y, recipe, classes=classes + 1)
    for wrong in (1, 2.5, None, True):
        with pytest.raises(ValueError, match="classes must be an integer of at least 2"):
            quiet(x, y, recipe, classes=wrong)


def test_a_recipe_of_numpy_numbers_can_be_stored(digits, tmp_path):
    x, y, *_ = digits
    plain = Recipe.paper(3, **SMALL)
    given = {name: np.array(value)[()] for name, value in asdict(plain).items()}
    recipe = Recipe(**given)
    assert recipe == plain and json.dumps(asdict(recipe)) == json.dumps(asdict(plain))
    assert type(Recipe.paper(np.int64(3), K=np.int32(60)).K) is int
    quiet(x, y, recipe, epochs=1, checkpoint=tmp_path / "c.npz")


def test_minibatches_are_balanced_and_follow_from_seed_and_epoch():
    y = np.repeat(np.arange(3), (40, 25, 60))
    batches = training.minibatches(y, 5, seed=1, epoch=4, classes=3)
    assert batches.shape == (125 // 15, 15)
    for rows in batches:
        np.testing.assert_array_equal(y[rows], np.repeat(np.arange(3), 5))
    for alpha, members in ((0, 40), (1, 25), (2, 60)):
        dealt = batches[:, 5 * alpha : 5 * alpha + 5].ravel()
        assert len(set(dealt[:members])) == min(members, len(dealt))  # no digit twice before all had their turn
    np.testing.assert_array_equal(batches, training.minibatches(y, 5, seed=1, epoch=4, classes=3))
    for seed, epoch in ((2, 4), (1, 5)):
        assert np.any(batches != training.minibatches(y, 5, seed=seed, epoch=epoch, classes=3))


# --- training


@pytest.mark.parametrize(
    ("n", "changes"),
    [
        (3, {}),
        (20, {"T_initial": 450, "T_final": 450, "epsilon0": 0.08}),
        (3, {"form": "exact"}),
        (20, {"form": "exact", "T_initial": 450, "T_final": 450, "epsilon0": 0.08}),
        (3, {"objective": "softmax"}),
        (3, {"form": "exact", "objective": "softmax"}),
        (3, {"kind": "power"}),
    ],
)
def test_it_learns(digits, n, changes):
    x, y, x_test, y_test = digits
    recipe = replace(Recipe.compressed(n, 20), K=100, batch_per_class=10, **changes)
    network, history = quiet(x, y, recipe, x_test=x_test, y_test=y_test)
    assert {name: len(curve) for name, curve in history.items()} == dict.fromkeys(training.HISTORY, 20)
    assert history["test_error"][-1] < 30 and history["train_error"][-1] < 25
    assert np.abs(network.visible).max() <= 1 and np.abs(network.label_weights).max() <= 1
    if recipe.form == "exact":
        assert history["test_error"][-1] == pytest.approx(classifier.error_percent(network, x_test, y_test))
    else:
        assert history["test_error"][-1] == pytest.approx(100 * np.mean(network.dual().predict(x_test) != y_test))


@pytest.mark.parametrize("n", (2, 3, 20))
def test_training_in_float32_follows_float64(digits, n):
    x, y, *_ = digits
    recipe = replace(Recipe.compressed(n, 10), **SMALL)
    single, _ = quiet(x, y, recipe, epochs=1)
    double, _ = quiet(x.astype(np.float64), y, recipe, epochs=1)
    assert (single.visible.dtype, double.visible.dtype) == (np.float32, np.float64)
    assert np.abs(single.visible - double.visible).max() < 0.02
    assert np.abs(single.visible - double.visible).mean() < 1e-4


def test_training_on_another_array_library_stays_there(digits):
    x, y, *_ = digits
    xp, recipe = (array_api_strict, replace(Recipe.compressed(3, 4), K=30, batch_per_class=10))
    network, history = quiet(xp.asarray(x[:500]), xp.asarray(y[:500]), recipe)
    assert network.visible.__array_namespace__() is xp
    assert np.all(np.isnan(history["test_error"])) and np.all(np.isfinite(history["train_error"]))
    numpy, _ = quiet(x[:500], y[:500], recipe)
    assert np.abs(np.asarray(network.visible) - numpy.visible).mean() < 1e-3


def test_a_shorter_training_is_the_start_of_a_longer_one(digits):
    x, y, *_ = digits
    recipe = replace(Recipe.paper(3), **SMALL)
    _, short = quiet(x, y, recipe, epochs=2)
    _, long = quiet(x, y, recipe, epochs=3)
    np.testing.assert_array_equal(short["train_error"], long["train_error"][:2])
    assert np.any(quiet(x, y, recipe, epochs=2, seed=1)[1]["train_error"] != short["train_error"])


@pytest.mark.parametrize("average", (1, 3, 5))
def test_averaged_weights_are_the_mean_of_all_that_were_kept(digits, average):
    x, y, *_ = digits
    x, y, recipe = x[:600], y[:600], Recipe.compressed(3, 5, **SMALL)
    after = [quiet(x, y, recipe, epochs=epochs)[0] for epochs in range(1, 6)]
    for epochs in range(1, 6):
        found, history = quiet(x, y, replace(recipe, average=average), epochs=epochs)
        kept = after[5 - average : epochs] or [after[epochs - 1]]
        for name in ("visible", "label_weights"):
            weights = getattr(found, name)
            mean = np.mean([getattr(one, name).astype(np.float64) for one in kept], axis=0)
            assert weights.dtype == np.float32 and np.array_equal(weights, mean.astype(np.float32))
        np.testing.assert_array_equal(history["train_error"], quiet(x, y, recipe, epochs=epochs)[1]["train_error"])
    assert average == 1 or np.any(found.visible != after[-1].visible)


@pytest.mark.parametrize("stop", (1, 3, 4))
def test_an_averaging_training_is_resumed_bit_for_bit(digits, tmp_path, stop):
    x, y, *_ = digits
    x, y, path, recipe = x[:600], y[:600], tmp_path / "state.npz", Recipe.compressed(3, 5, **SMALL, average=3)
    whole, _ = quiet(x, y, recipe)
    quiet(x, y, recipe, epochs=stop, checkpoint=path, checkpoint_every=2)
    with pytest.raises(ValueError, match="average is 3 there and 2 here"):
        quiet(x, y, replace(recipe, average=2), checkpoint=path, resume=True)
    resumed, _ = quiet(x, y, recipe, checkpoint=path, resume=True)
    np.testing.assert_array_equal(resumed.visible, whole.visible)
    rewritten(path, total=None)
    with pytest.raises(ValueError, match="it must hold .*total"):
        quiet(x, y, recipe, checkpoint=path, resume=True)


def test_progress_is_silent_when_it_should_be(digits, capfd):
    x, y, *_ = digits
    recipe = replace(Recipe.paper(3), **SMALL)
    quiet(x, y, recipe, epochs=1)
    assert capfd.readouterr() == ("", "")
    quiet(x, y, recipe, epochs=1, progress=True, x_test=x[:10], y_test=y[:10])
    assert "test error" in capfd.readouterr().err


# --- checkpoints

KILLED = """
import sys
import numpy as np
from dam import datasets
from dam.network.training import Recipe, train
x, y, x_test, y_test = datasets.mnist()
recipe = Recipe.paper(3, K=60, batch_per_class=10, average=int(sys.argv[2]))
train(x[:2000], y[:2000], recipe, epochs=400, x_test=x_test[:500], y_test=y_test[:500], backend="numpy",
      checkpoint=sys.argv[1], checkpoint_every=2, progress=False)
"""


@pytest.mark.parametrize("average", (0, pytest.param(2999, marks=pytest.mark.long)))
def test_resuming_after_a_kill_gives_the_uninterrupted_training_bit_for_bit(digits, tmp_path, average):
    x, y, x_test, y_test = digits
    path = tmp_path / "folder" / "state.ckpt.npz"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path), str(average)])
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if path.exists() and np.load(path)["train_error"].size >= 4:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the training must be killed while it runs"
    recipe = Recipe.paper(3, K=60, batch_per_class=10, average=average)
    done = np.load(path)["train_error"].size
    options = {"x_test": x_test, "y_test": y_test, "epochs": done + 3}
    resumed, history = quiet(x, y, recipe, checkpoint=path, resume=True, **options)
    whole, expected = quiet(x, y, recipe, **options)
    np.testing.assert_array_equal(resumed.visible, whole.visible)
    np.testing.assert_array_equal(resumed.label_weights, whole.label_weights)
    for name in ("test_error", "train_error"):
        np.testing.assert_array_equal(history[name], expected[name])
    again, _ = quiet(x, y, recipe, checkpoint=path, resume=True, **options)  # nothing left to do
    np.testing.assert_array_equal(again.visible, whole.visible)
    with pytest.raises(ValueError, match=f"is at epoch {done + 3}, past the 1 asked for"):
        quiet(x, y, recipe, checkpoint=path, resume=True, epochs=1)


def test_a_checkpoint_of_another_training_is_refused(digits, tmp_path):
    x, y, *_ = digits
    path = tmp_path / "state.npz"
    recipe = replace(Recipe.paper(3), **SMALL)
    quiet(x, y, recipe, epochs=1, checkpoint=path)
    before = path.read_bytes()
    for changes, message in (
        (
            {"recipe": replace(recipe, m=2, T_final=70)},
            "T_final is 60 there and 70 here.*|m is 3 there and 2 here",
        ),
        ({"recipe": replace(recipe, K=50)}, "K is 60 there and 50 here"),
        ({"seed": 4}, "seed is 0 there and 4 here"),
        ({"x": x[::-1].copy()}, "data is"),
        ({"y": y[::-1].copy()}, "data is"),
        ({"x": x.astype(np.float64)}, "dtype is 'float32' there and 'float64' here"),
    ):
        given = {"x": x, "y": y, "recipe": recipe, "epochs": 2, "checkpoint": path, "resume": True} | changes
        with pytest.raises(ValueError, match=message):
            quiet(**given)
    with pytest.raises(FileExistsError, match="resume=True .*or delete it"):
        quiet(x, y, recipe, epochs=2, checkpoint=path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ("truncated", "altered", "empty", "other"))
def test_a_damaged_checkpoint_is_refused(digits, tmp_path, damage):
    x, y, *_ = digits
    path = tmp_path / "state.npz"
    recipe = replace(Recipe.paper(3), **SMALL)
    quiet(x, y, recipe, epochs=1, checkpoint=path)
    content = bytearray(path.read_bytes())
    if damage == "altered":
        content[len(content) // 2] ^= 255
    path.write_bytes({"truncated": content[: len(content) // 2], "altered": content, "empty": b""}.get(damage, b""))
    if damage == "other":
        np.savez(path, a=np.zeros(3))
    with pytest.raises(ValueError, match="truncated or damaged.*delete it to start again"):
        quiet(x, y, recipe, epochs=2, checkpoint=path, resume=True)


def rewritten(path, **changes):
    """Write a checkpoint again with other arrays, or without those that are None; a header's fields as a dict."""
    with np.load(path) as content:
        arrays = dict(content)
    header = json.loads(str(arrays["header"])) | {"sha256": None} | changes.pop("header", {})
    arrays |= {"header": json.dumps(header)} | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda xi: {"xi": xi[:50]}, r"xi must be float32 \(60, 794\), got float32 \(50, 794\)"),
        (lambda xi: {"V": xi[:1]}, r"V must be float32 \(60, 794\), got float32 \(1, 794\)"),
        (lambda xi: {"xi": xi[:, :793]}, r"got float32 \(60, 793\)"),
        (lambda xi: {"xi": xi.ravel()}, r"got float32 \(47640,\)"),
        (lambda xi: {"V": xi.astype(np.float64)}, r"V must be float32 .*, got float64"),
        (lambda xi: {"V": (100 * xi).astype(np.int8)}, r"V must be float32 .*, got int8"),
        (lambda xi: {"V": None}, "it must hold xi, V, .*got"),
        (lambda xi: {"seconds": None}, "it must hold .*seconds"),
        (lambda xi: {"extra": xi}, "got .*extra"),
        (lambda xi: {"train_error": np.zeros(1)}, r"train_error must be float64 \(2,\), got float64 \(1,\)"),
        (lambda xi: {"device": np.zeros(2)}, r"device must be str \(2,\), got float64"),
        (lambda xi: {"header": {"epoch": 3}}, r"\(3,\), got .* \(2,\)"),
        (lambda xi: {"header": {"epoch": -1}}, "epoch must be an integer of at least 1, got -1"),
        (lambda xi: {"header": {"epoch": True}}, "epoch must be an integer of at least 1, got True"),
        (lambda xi: {"header": {"versions": "2.0"}}, "dictionary"),
    ],
)
def test_a_checkpoint_whose_arrays_do_not_fit_is_refused(digits, tmp_path, change, message):
    x, y, *_ = digits
    path, recipe = tmp_path / "state.npz", Recipe.paper(3, **SMALL)
    xi = training.initial_weights(recipe, 794, 0, np.float32)
    key = {"recipe": asdict(recipe), "seed": 0, "classes": 10, "dtype": "float32"}
    key["data"] = checkpoints.digest(x, y.astype(np.int64))
    history = dict.fromkeys(("test_error", "train_error", "seconds"), np.ones(2)) | {"device": np.full(2, "CPU")}
    checkpoints.save(path, key, 2, xi, xi, history)
    np.testing.assert_array_equal(checkpoints.load(path, key, 794)[1], xi)
    rewritten(path, **change(xi))
    before = path.read_bytes()
    with pytest.raises(ValueError, match=f"truncated or damaged .*{message}.*delete it to start again"):
        quiet(x, y, recipe, epochs=4, checkpoint=path, resume=True)
    assert path.read_bytes() == before


def test_a_checkpoint_that_unpacks_to_more_than_it_holds_is_refused_unread(digits, tmp_path, monkeypatch):
    x, y, *_ = digits
    path = tmp_path / "state.npz"
    np.savez_compressed(path, xi=np.zeros((1000, 1000)))
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("it is read"))
    with pytest.raises(ValueError, match="truncated or damaged .it is compressed"):
        quiet(x, y, Recipe.paper(3, **SMALL), checkpoint=path, resume=True)


def test_other_versions_of_the_libraries_are_told(digits, tmp_path, monkeypatch, recwarn):
    x, y, *_ = digits
    path, recipe = tmp_path / "state.npz", Recipe.paper(3, **SMALL)
    quiet(x, y, recipe, epochs=1, checkpoint=path)
    quiet(x, y, recipe, epochs=2, checkpoint=path, resume=True)
    assert not recwarn.list
    now = checkpoints.versions()
    assert now["NumPy"] == np.__version__ and "SciPy" in now
    rewritten(path, header={"versions": now | {"NumPy": "2.0.0", "CuPy": "13.0"}})
    with pytest.warns(RuntimeWarning, match=f"was written under NumPy 2.0.0, not {np.__version__}: from here on sums"):
        quiet(x, y, recipe, epochs=3, checkpoint=path, resume=True)
    with np.load(path) as content:
        header = json.loads(str(content["header"]))
    assert header["versions"] == now  # of those who wrote last
    rewritten(path, header={"versions": {}})  # as older files
    quiet(x, y, recipe, epochs=4, checkpoint=path, resume=True)
    assert not recwarn.list


def test_two_trainings_do_not_share_a_checkpoint(digits, tmp_path):
    """The second is refused while the first is at work, and neither leaves a lock behind."""
    x, y, *_ = digits
    path, recipe = tmp_path / "state.npz", Recipe.paper(3, **SMALL)
    with checkpoints.claimed(path):
        for resume in (False, True):
            with pytest.raises(FileExistsError, match="another training keeps its state in .*state.npz now"):
                quiet(x, y, recipe, epochs=1, checkpoint=path, resume=resume)
            quiet(x, y, recipe, epochs=1, checkpoint=tmp_path / "other.npz", resume=resume)
            path.touch()
        path.unlink()
    quiet(x, y, recipe, epochs=1, checkpoint=path)
    assert sorted(os.listdir(tmp_path)) == ["other.npz", "state.npz"]


def test_a_claim_that_was_given_up_meanwhile_is_made_anew(tmp_path, monkeypatch):
    """Another training ends between the opening of its claim and the lock on it: the file is then nobody's."""
    path, lock, calls = tmp_path / "state.npz", checkpoints.files.lock, []

    def late(file, wait=True):
        if not calls:
            os.unlink(file.name)  # as a training does that ends now
        calls.append(file.name)
        return lock(file, wait)

    monkeypatch.setattr(checkpoints.files, "lock", late)
    with checkpoints.claimed(path):
        assert len(calls) == 2
        with pytest.raises(FileExistsError, match="another training"), checkpoints.claimed(path):
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_training_outlives_its_folder(digits, tmp_path, monkeypatch):
    """Another run that stores its result may clear the folder away: the next checkpoint makes it again."""
    x, y, *_ = digits
    path, work = tmp_path / "work" / "state.npz", training._epoch

    def clear(*arguments):
        shutil.rmtree(path.parent)
        return work(*arguments)

    monkeypatch.setattr(training, "_epoch", clear)
    quiet(x, y, Recipe.paper(3, **SMALL), epochs=2, checkpoint=path)
    assert os.listdir(path.parent) == ["state.npz"]


def test_numbers_of_numpy_train_like_those_of_python(digits, tmp_path):
    """They go into the checkpoint, which is JSON, and the outcome is the same bit for bit."""
    x, y, *_ = digits
    recipe, numbers = Recipe.paper(3, **SMALL), {"seed": 1, "epochs": 2, "checkpoint_every": 1, "classes": 10}
    whole, _ = quiet(x, y, recipe, **numbers)
    for kind in (np.int64, np.uint8, np.int16):
        path, given = tmp_path / f"{kind.__name__}.npz", {name: kind(value) for name, value in numbers.items()}
        quiet(x, y, recipe, **(given | {"epochs": kind(1)}), checkpoint=path)
        network, _ = quiet(x, y, recipe, **given, checkpoint=path, resume=True)
        np.testing.assert_array_equal(network.visible, whole.visible)
    for T in (np.float64(60), np.float32(60), np.int64(60)):
        network = Classifier(whole.visible, whole.label_weights, np.int64(3), T)
        assert (type(network.n), type(network.T)) == (int, float) and json.dumps([network.n, network.T])
        assert network.arguments(x[:9]).dtype == np.float32


def test_data_of_any_type_and_layout_train_like_the_same_numbers(digits):
    x, y = (a[:500] for a in digits[:2])
    recipe = Recipe.paper(3, K=20, batch_per_class=5)
    ink = np.where(x > 0, 1, -1)
    expected = quiet(ink.astype(np.float32), y, recipe, epochs=1)[0].visible
    for dtype in (np.int8, np.int64, np.float16, ">f4", ">i2"):
        np.testing.assert_array_equal(quiet(ink.astype(dtype), y.astype(">u2"), recipe, epochs=1)[0].visible, expected)
    for layout in (np.asfortranarray(ink), np.repeat(ink, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(quiet(layout, y, recipe, epochs=1)[0].visible, expected)
    double = quiet(ink.astype(float), y, recipe, epochs=1)[0].visible
    found = quiet(ink.astype(">f8"), y, recipe, epochs=1)[0].visible
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, double)


def test_resume_without_a_checkpoint_is_refused(digits, tmp_path):
    x, y, *_ = digits
    recipe = replace(Recipe.paper(3), **SMALL)
    with pytest.raises(FileNotFoundError, match="there is no checkpoint .*missing.npz"):
        quiet(x, y, recipe, checkpoint=tmp_path / "missing.npz", resume=True)
    with pytest.raises(ValueError, match="resume needs the checkpoint"):
        quiet(x, y, recipe, resume=True)


def test_an_unwritable_folder_is_refused_before_training(digits, tmp_path, monkeypatch):
    x, y, *_ = digits
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(training, "_epoch", lambda *_: pytest.fail("training started"))
    with pytest.raises(OSError, match="cannot write checkpoints to .*choose another folder"):
        quiet(x, y, Recipe.paper(3, **SMALL), checkpoint=tmp_path / "file" / "state.npz")


def test_a_full_disk_leaves_the_old_checkpoint_whole(digits, tmp_path):
    """The limit on the size of a file stops the writing half-way, like a full disk."""
    x, y, *_ = digits
    path = tmp_path / "state.npz"
    recipe = replace(Recipe.paper(3), **SMALL)
    quiet(x, y, recipe, epochs=2, checkpoint=path)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(OSError):
            quiet(x, y, recipe, epochs=4, checkpoint=path, resume=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert os.listdir(tmp_path) == ["state.npz"] and path.read_bytes() == before
    quiet(x, y, recipe, epochs=3, checkpoint=path, resume=True)


@pytest.mark.parametrize("form", FORMS)
def test_a_nan_stops_training_and_keeps_the_checkpoint(digits, tmp_path, form):
    x, y, *_ = digits
    path = tmp_path / "state.npz"
    recipe = replace(Recipe.paper(3), **SMALL, form=form)
    key = {"recipe": None, "seed": 0, "classes": 10, "dtype": "float32"}
    quiet(x, y, recipe, epochs=1, checkpoint=path)
    with np.load(path) as content:
        arrays = dict(content)
    header = json.loads(str(arrays.pop("header")))
    key, epoch = {k: v for k, v in header.items() if k not in ("epoch", "sha256")}, header["epoch"]
    arrays["V"][0, 0] = np.nan
    xi, V = arrays.pop("xi"), arrays.pop("V")
    checkpoints.save(path, key, epoch, xi, V, arrays)
    before = path.read_bytes()
    with pytest.raises(FloatingPointError, match=r"epoch 2, minibatch 2 of 20 .*Recipe\(n=3, .*checkpoint .* kept"):
        quiet(x, y, recipe, epochs=3, checkpoint=path, resume=True)
    assert path.read_bytes() == before


# --- bad data


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda x, y: {"x": x[0]}, ValueError, "x must have two dimensions"),
        (
            lambda x, y: {"x": 127.5 * (x + 1)},
            ValueError,
            r"x must lie in \[-1, 1\], got values from 0 to 255; pixels from 0 to 255 .* by x / 127.5 - 1",
        ),
        (lambda x, y: {"x": np.where(x > 0, np.nan, x)}, ValueError, "x must be finite"),
        (lambda x, y: {"x": x.tolist()}, TypeError, "x is a list"),
        (lambda x, y: {"y": y[:5]}, ValueError, "y must hold a class for each of the 2000 rows of x, got 5"),
        (lambda x, y: {"y": y + 1}, ValueError, "y must hold classes from 0 to 9, got 1 to 10"),
        (lambda x, y: {"y": y / 2}, TypeError, "y must hold whole numbers"),
        (
            lambda x, y: {"y": np.minimum(y, 8)},
            ValueError,
            "at least batch_per_class = 10 .*got 0 of class 9",
        ),
        (lambda x, y: {"x_test": x}, ValueError, "go together"),
        (lambda x, y: {"x_test": x[:, :9], "y_test": y}, ValueError, "x_test must have 784 columns"),
        (lambda x, y: {"recipe": 3}, TypeError, r"recipe must be a dam.Recipe, .* got 3"),
        (lambda x, y: {"epochs": 0}, ValueError, "epochs must be an integer of at least 1, got 0"),
        (lambda x, y: {"epochs": 3001}, ValueError, "at most the recipe's 3000, got 3001"),
        (lambda x, y: {"seed": -1}, ValueError, "seed must be"),
        (lambda x, y: {"checkpoint_every": 0}, ValueError, "checkpoint_every must be"),
        (lambda x, y: {"checkpoint": 3}, TypeError, "checkpoint must be the path of a file, got 3"),
        (lambda x, y: {"classes": 0}, ValueError, "classes must be an integer of at least 2, got 0"),
        (lambda x, y: {"backend": "torch"}, ValueError, "backend is 'torch'"),
        (
            lambda x, y: {"recipe": Recipe.paper(30, T_final=30.0, **SMALL)},
            ValueError,
            "T must be at least .* powers of overlaps overflow; the recipe goes down to 30",
        ),
    ],
)
def test_bad_data(digits, change, error, message):
    x, y, *_ = digits
    with pytest.raises(error, match=message):
        quiet(**({"x": x, "y": y, "recipe": Recipe.paper(3, **SMALL)} | change(x, y)))


# --- the experiment


@pytest.fixture
def small_mnist(digits, monkeypatch):
    monkeypatch.setattr(datasets, "mnist", lambda: datasets.MNIST(*digits))
    return {"n": 3, "epochs": 3, "K": 60, "batch_per_class": 10}


def test_the_experiment_stores_what_it_says(small_mnist, digits, tmp_path):
    result = experiments.run("mnist", "demo", backend="numpy", folder=tmp_path, **small_mnist)
    assert {field.name for field in fields(Recipe)} - {"N", "average"} <= set(result.parameters)
    assert (result.variant, result.parameters["epochs"], result.parameters["K"]) == ("demo-n3-compressed", 3, 60)
    experiments.store(result, tmp_path)
    assert len(os.listdir(tmp_path)) == 2  # no checkpoint stays behind
    stored = results.load("mnist", "demo-n3-compressed", 0, tmp_path)
    assert stored.arrays["visible"].dtype == stored.arrays["labels"].dtype == np.float16
    network = classifier.Classifier(stored.arrays["visible"], stored.arrays["labels"], 3, stored.values["T"])
    assert classifier.error_percent(network, *digits[2:]) == stored.values["test_error_percent"]
    assert stored.values["first_epoch_below_2_percent"] is None
    assert len(stored.arrays["test_error"]) == len(stored.arrays["train_error"]) == 3
    again = experiments.run("mnist", "demo", backend="numpy", **stored.parameters)
    np.testing.assert_array_equal(again.arrays["visible"], stored.arrays["visible"])
    curves = experiments.run("mnist", "demo", backend="numpy", **(stored.parameters | {"weights": False}))
    assert set(curves.arrays) == {"test_error", "train_error"} and curves.values["epochs"] == 3


def test_only_an_average_over_epochs_is_stored(small_mnist):
    """A result that is older than the field has the same parameters as one without an average."""
    given = small_mnist | {"schedule": "ten-minutes", "backend": "numpy"}
    plain = experiments.run("mnist", "paper", **given)
    assert "average" not in plain.parameters and experiments.run("mnist", "paper", **plain.parameters) is not None
    result = experiments.run("mnist", "paper", **(given | {"average": 250}))
    assert result.parameters == plain.parameters | {"average": 250}
    assert result.variant == f"{plain.variant}-average250"
    assert (
        experiments.get("mnist").changed(result.parameters).keys()
        == experiments.get("mnist").changed(plain.parameters).keys()
    )
    again = experiments.run("mnist", "paper", backend="numpy", **result.parameters)
    np.testing.assert_array_equal(again.arrays["visible"], result.arrays["visible"])
    assert np.any(result.arrays["visible"] != plain.arrays["visible"])
    np.testing.assert_array_equal(result.arrays["test_error"], plain.arrays["test_error"])


@pytest.mark.parametrize(
    ("schedule", "name"), [("paper", "n3"), ("compressed", "n3-compressed"), ("ten-minutes", "n3-ten-minutes")]
)
def test_the_experiment_keeps_a_checkpoint_beside_its_results(small_mnist, tmp_path, monkeypatch, schedule, name):
    """It survives an interrupt, is not overwritten unasked, and goes when the training is done."""
    options = small_mnist | {"schedule": schedule, "backend": "numpy", "folder": tmp_path}
    checkpoint = tmp_path / f".mnist-{name}-seed0.unfinished" / "training.ckpt.npz"
    save = checkpoints.save

    def stop_after_saving(*arguments):
        save(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(checkpoints, "save", stop_after_saving)
        experiments.run("mnist", "paper", **(options | {"epochs": 6}))
    assert checkpoint.exists()
    with pytest.raises(FileExistsError, match="--resume"):
        experiments.run("mnist", "paper", **(options | {"epochs": 6}))
    result = experiments.run("mnist", "paper", **(options | {"epochs": 6}), resume=True)
    assert result.values["epochs"] == 6 and checkpoint.exists()  # until the result is stored
    experiments.store(result, tmp_path)
    assert not checkpoint.exists()


WINDOW = """
import os, shutil, signal, sys
from dam import datasets
from dam.lab import experiments, results
x, y, x_test, y_test = datasets.mnist()
datasets.mnist = lambda: datasets.MNIST(x[:2000], y[:2000], x_test[:500], y_test[:500])
module, name = {"save": (results, "save"), "remove": (shutil, "rmtree")}[sys.argv[1]]
setattr(module, name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
result = experiments.run("mnist", "paper", backend="numpy", folder=sys.argv[2], n=3, epochs=3, K=60, batch_per_class=10)
experiments.store(result, sys.argv[2])
"""


@pytest.mark.parametrize("killed_at", ("save", pytest.param("remove", marks=pytest.mark.long)))
def test_a_kill_between_the_last_epoch_and_the_end_loses_nothing(small_mnist, tmp_path, monkeypatch, killed_at):
    """Right before the result is saved, and right before the checkpoint goes: no epoch is computed again."""
    whole = experiments.run("mnist", "paper", backend="numpy", **small_mnist)
    killed = subprocess.run([sys.executable, "-c", WINDOW, killed_at, str(tmp_path)], check=False, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert (tmp_path / ".mnist-n3-seed0.unfinished").exists()
    assert len(list(tmp_path.glob("mnist-n3-seed0.*"))) == {"save": 0, "remove": 2}[killed_at]
    monkeypatch.setattr(training, "_epoch", lambda *_: pytest.fail("an epoch is computed again"))
    result = experiments.run("mnist", "paper", backend="numpy", folder=tmp_path, resume=True, **small_mnist)
    experiments.store(result, tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["mnist-n3-seed0.json", "mnist-n3-seed0.npz"]
    stored = results.load("mnist", "n3", 0, tmp_path)
    for name, array in whole.arrays.items():
        np.testing.assert_array_equal(stored.arrays[name], array)


def test_ten_minutes_end_by_themselves_and_a_longer_paper_is_refused(small_mnist):
    given = {**dict.fromkeys(mnist.CHANGES), **small_mnist, "weights": False}
    assert mnist.recorded(given | {"schedule": "ten-minutes", "epochs": 3000})["epochs"] == 250
    assert mnist.recorded(given | {"schedule": "ten-minutes", "epochs": 7})["epochs"] == 7
    with pytest.raises(ValueError, match="epochs must be at most the recipe's 3000, got 3001"):
        experiments.run("mnist", "paper", backend="numpy", **(small_mnist | {"epochs": 3001}))


def test_the_experiment_resumes(small_mnist, tmp_path):
    path = tmp_path / "state.npz"
    options = small_mnist | {"schedule": "paper", "backend": "numpy"}
    whole = experiments.run("mnist", "paper", **options)
    experiments.run("mnist", "paper", **(options | {"epochs": 1}), checkpoint=path, resume=True)
    resumed = experiments.run("mnist", "paper", **options, checkpoint=path, resume=True)
    for name, array in whole.arrays.items():
        np.testing.assert_array_equal(resumed.arrays[name], array)
    assert whole.variant == "n3" and whole.parameters["epochs"] == 3
    with pytest.raises(ValueError, match="resume needs a checkpoint"):
        experiments.run("mnist", "paper", **options, resume=True)
    with pytest.raises(ValueError, match="m must be of type int, got 'two'"):
        experiments.run("mnist", "paper", **options, m="two")
    with pytest.raises(ValueError, match="schedule must be"):
        experiments.run("mnist", "paper", **(options | {"schedule": "fast"}))


# --- on a GPU that fails, and on two devices


def failing_from(epoch, error, step_of=_step_fast.make_step):
    """Return what makes a step that raises the error in the given epoch, counted from 0 in this training."""

    def make(*arguments):
        step, done = step_of(*arguments), []
        work = step.epoch

        def until(*minibatches):
            done.append(1)
            if len(done) > epoch:
                raise error
            return work(*minibatches)

        step.epoch = until
        return step

    return make


def test_a_gpu_that_is_lost_leaves_the_checkpoint_to_go_on_from(digits, tmp_path, monkeypatch):
    x, y, *_ = digits
    recipe, path = Recipe.paper(3, **SMALL), tmp_path / "state.npz"
    options = {"epochs": 5, "checkpoint": path, "checkpoint_every": 2}
    whole, _ = quiet(x, y, recipe, epochs=5)
    lost = cupy_stub.runtime_error(700)
    with monkeypatch.context() as patch:
        patch.setattr(_step_fast, "make_step", failing_from(3, lost))
        with pytest.raises(RuntimeError) as caught:
            quiet(x, y, recipe, **options)
    assert str(caught.value) == (
        f"the GPU failed during the training (CUDARuntimeError: {lost}); the checkpoint {path} of epoch 2 is kept; "
        "go on in a new process with resume=True (--resume), also on a CPU, with backend='numpy' (--backend numpy)"
    )
    resumed, _ = quiet(x, y, recipe, **options, resume=True, backend="numpy")
    np.testing.assert_array_equal(resumed.visible, whole.visible)


def test_a_gpu_that_is_lost_without_a_checkpoint(digits, tmp_path, monkeypatch):
    x, y, *_ = digits
    monkeypatch.setattr(_step_fast, "make_step", failing_from(0, cupy_stub.runtime_error(700)))
    with pytest.raises(RuntimeError, match="GPU failed .*; it kept no checkpoint; with checkpoint=FILE"):
        quiet(x, y, Recipe.paper(3, **SMALL), epochs=2)
    with pytest.raises(RuntimeError, match="GPU failed .*; the checkpoint .*c.npz was not reached; start again"):
        quiet(x, y, Recipe.paper(3, **SMALL), epochs=2, checkpoint=tmp_path / "c.npz")


def test_a_training_that_does_not_fit_says_which_minibatch_does(digits, tmp_path, monkeypatch):
    x, y, x_test, y_test = digits
    recipe, path = Recipe.paper(3, K=2000, batch_per_class=100, form="dual"), tmp_path / "state.npz"
    options = {"epochs": 1, "x_test": x_test, "y_test": y_test, "checkpoint": path}
    digit, rest = _step_cuda.training_bytes(x, np.zeros((1, 10)), recipe, len(y_test))
    assert digit == pytest.approx(4 * (784 + (1 + 10 / 32) * 2000)) and rest == 4 * (2500 * 784 + 8 * 2000 * 794)
    monkeypatch.setattr(_step_fast, "make_step", failing_from(0, cupy_stub.no_memory()))
    for fitting, message in (
        (30.5, "a minibatch of about 30 digits of each class fits, not of batch_per_class = 100"),
        (0.5, "use fewer digits, or in the recipe a smaller K or batch_per_class"),
        (500, "use fewer digits, or in the recipe a smaller K or batch_per_class"),
    ):
        free = round((rest + 10 * fitting * digit) / 0.9) - 10**8
        stub = cupy_stub.memory(types.ModuleType("cupy"), free, used=10**8)
        monkeypatch.setitem(sys.modules, "cupy", stub)
        with pytest.raises(MemoryError) as caught:
            quiet(x, y, recipe, **options)
        assert "allocating 8,000,000 bytes" in str(caught.value) and f"{free / 1e9:.3g} GB are free" in str(
            caught.value
        )
        assert message in str(caught.value) and f"the checkpoint {path} was not reached" in str(caught.value)


Strict = elsewhere(_step_plain.ArrayStep, array_api_strict.asarray)


@pytest.mark.parametrize("form", ("dual", "exact"))
@pytest.mark.parametrize(("before", "after"), [(Strict, None), (None, Strict)], ids=("to the CPU", "from the CPU"))
def test_a_training_goes_on_with_another_library(digits, tmp_path, monkeypatch, form, before, after):
    """The weights are those of a whole training within the rounding of a few minibatches, and so is its history."""
    x, y, x_test, y_test = digits
    x, y, path = x[:300], y[:300], tmp_path / "state.npz"
    recipe = Recipe.paper(3, **SMALL, form=form)
    options = {"x_test": x_test, "y_test": y_test, "checkpoint": path}
    makers = [make or _step_fast.make_step for make in (before, after)]
    whole, expected = quiet(x, y, recipe, epochs=4, x_test=x_test, y_test=y_test)
    for make, name, epochs in zip(makers, ("A", "B"), (2, 4)):
        with monkeypatch.context() as patch:
            patch.setattr(_step_fast, "make_step", make)
            patch.setattr(training, "device_name", lambda _, name=name: name)
            resumed, history = quiet(x, y, recipe, epochs=epochs, resume=path.exists(), **options)
    for name in ("visible", "label_weights"):
        found, weights = getattr(resumed, name), getattr(whole, name)
        assert found.dtype == np.float32 and np.abs(found - weights).max() < 2e-5 and np.any(found != weights)
    np.testing.assert_allclose(history["test_error"], expected["test_error"], atol=0.5)
    assert history["device"].tolist() == ["A", "A", "B", "B"]


def test_a_result_names_the_devices_that_it_was_trained_on(small_mnist, tmp_path, monkeypatch):
    options = small_mnist | {"schedule": "paper", "backend": "numpy", "checkpoint": tmp_path / "c.npz", "resume": True}
    monkeypatch.setattr(training, "device_name", lambda _: "NVIDIA H200")
    first = experiments.run("mnist", "paper", **(options | {"epochs": 1}))
    assert "devices" not in first.values
    monkeypatch.setattr(training, "device_name", lambda _: "CPU, 2 cores")
    resumed = experiments.run("mnist", "paper", **options)
    assert resumed.values["devices"] == "NVIDIA H200, then CPU, 2 cores"
    assert resumed.provenance().endswith(" s on NVIDIA H200, then CPU, 2 cores")


def test_a_checkpoint_without_devices_is_gone_on_from(digits, tmp_path):
    x, y, *_ = digits
    recipe, path = Recipe.paper(3, **SMALL), tmp_path / "state.npz"
    quiet(x, y, recipe, epochs=2, checkpoint=path)
    content = dict(np.load(path))
    del content["device"]
    header = json.loads(str(content["header"]))
    del header["sha256"]  # as files were that had no devices
    np.savez(path, **(content | {"header": json.dumps(header)}))
    _, history = quiet(x, y, recipe, epochs=3, checkpoint=path, resume=True)
    assert history["device"][:2].tolist() == ["unknown"] * 2 and "cores" in history["device"][2]


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
def test_a_momentum_at_the_floor_still_moves(dtype):
    xi, V, zero = (
        np.zeros((1, 2), dtype),
        np.array([[1, -1]]).astype(dtype) * dtype(optimizer.FLOOR),
        np.zeros((1, 2), dtype),
    )
    new_xi, new_V = optimizer.momentum_update(xi, V, zero, dtype(1), dtype(0.25))
    assert new_xi.tolist() == [[0.25, -0.25]] and new_V.tolist() == V.tolist()
    assert new_xi.dtype == new_V.dtype == dtype
    strict = optimizer.momentum_update(*map(array_api_strict.asarray, (xi, V, zero)), 1.0, 0.25)
    assert [np.asarray(a).tolist() for a in strict] == [new_xi.tolist(), new_V.tolist()]
    optimizer.momentum_update_in_place(xi, V, zero, 1, 0.25)
    assert xi.tolist() == [[0.25, -0.25]] and V.tolist() == new_V.tolist()


def test_an_update_takes_arrays_of_one_library():
    same = dict.fromkeys(("xi", "V", "gradient"), np.ones((1, 2)))
    for name in same:
        with pytest.raises(TypeError, match=f"one library, got .*{name} .array_api_strict"):
            optimizer.momentum_update(**same | {name: array_api_strict.ones((1, 2))}, p=0.5, epsilon=0.1)
