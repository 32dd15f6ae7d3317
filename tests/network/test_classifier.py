"""The classifier against loops straight from (9), (10) and Appendix A, and against finite differences."""

import array_api_strict
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from profiles import at_least_in_long

import dam.network.classifier as dc
from dam.arrays import array_namespace
from dam.memory.interactions import KINDS
from dam.network import _step_fast, optimizer, prototypes, pulls
from dam.network import objective as ob
from dam.network._powers import safe_power
from dam.network.classifier import FORMS, Classifier
from dam.network.recipes import Recipe
from dam.network.relu import ReLUNetwork

DEGREES = (1, 2, 3, 4, 7, 20, 30)


def problem(seed=0, M=5, N=12, K=7, classes=4, dtype=np.float64):
    """Digits, targets and memories whose overlaps are about as large as a temperature of 6."""
    rng = np.random.default_rng(seed)
    v = rng.uniform(-1, 1, (M, N))
    visible, labels = rng.uniform(-1, 1, (K, N)), rng.uniform(-1, 1, (K, classes))
    y = rng.integers(0, classes, M)
    return *(a.astype(dtype) for a in (v, visible, labels)), y


def F(x, n, kind):
    """The rectified polynomial (3), or the power."""
    return x**n if x > 0 or kind == "power" else 0.0


def dF(x, n, kind):
    return n * x ** (n - 1) if x > 0 or kind == "power" else 0.0


def tiled(v, visible, labels):
    """U and V of Appendix A, as nested lists indexed [alpha][A] of vectors over the joint index."""
    classes = labels.shape[1]
    U = [[np.concatenate([row, -np.ones(classes)]) for row in v] for _ in range(classes)]
    V = [[u.copy() for u in row] for row in U]
    for alpha in range(classes):
        for A in range(len(v)):
            V[alpha][A][v.shape[1] + alpha] = 1
    return U, V, np.concatenate([visible, labels], axis=1)


def scores_by_loops(v, visible, labels, n, T, kind="rectified"):
    """Eq. (9) in the tiled form of Appendix A."""
    U, V, xi = tiled(v, visible, labels)
    c = np.zeros((len(v), labels.shape[1]))
    for A in range(c.shape[0]):
        for alpha in range(c.shape[1]):
            terms = [F(m @ V[alpha][A] / T, n, kind) - F(m @ U[alpha][A] / T, n, kind) for m in xi]
            c[A, alpha] = np.tanh(sum(terms))
    return c


def gradient_by_loops(v, t, visible, labels, n, T, m, kind):
    """∂C of Appendix A in the associative form, over the joint index."""
    U, V, xi = tiled(v, visible, labels)
    c = scores_by_loops(v, visible, labels, n, T, kind)
    gradient = np.zeros_like(xi)
    for mu in range(len(xi)):
        for A in range(c.shape[0]):
            for alpha in range(c.shape[1]):
                outer = 2 * m * (c[A, alpha] - t[A, alpha]) ** (2 * m - 1) * (1 - c[A, alpha] ** 2)
                plus, minus = xi[mu] @ V[alpha][A] / T, xi[mu] @ U[alpha][A] / T
                change = dF(plus, n, kind) * V[alpha][A] - dF(minus, n, kind) * U[alpha][A]
                gradient[mu] += outer / T * change
    return gradient[:, : v.shape[1]], gradient[:, v.shape[1] :]


def dual_by_loops(v, t, visible, labels, n, T, m, kind):
    """Scores (10) and the gradients of Appendix A in the dual form, with the activation of power n - 1."""
    c = np.zeros((len(v), labels.shape[1]))
    h = v @ visible.T / T
    f = np.array([[F(x, n - 1, kind) if n > 1 else float(x > 0 or kind == "power") for x in row] for row in h])
    df = np.array([[dF(x, n - 1, kind) / T if n > 1 else 0.0 for x in row] for row in h])
    d_visible, d_labels = np.zeros_like(visible), np.zeros_like(labels)
    for A in range(c.shape[0]):
        for alpha in range(c.shape[1]):
            c[A, alpha] = np.tanh(2 * n / T * sum(labels[mu, alpha] * f[A, mu] for mu in range(len(visible))))
            outer = 2 * m * (c[A, alpha] - t[A, alpha]) ** (2 * m - 1) * (1 - c[A, alpha] ** 2) * 2 * n / T
            for mu in range(len(visible)):
                d_visible[mu] += outer * labels[mu, alpha] * df[A, mu] * v[A]
                d_labels[mu, alpha] += outer * f[A, mu]
    return c, d_visible, d_labels


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", DEGREES)
def test_exact_scores_equal_the_tiled_form(n, kind):
    v, visible, labels, _ = problem()
    slow = scores_by_loops(v, visible, labels, n, 6.0, kind)
    np.testing.assert_allclose(Classifier(visible, labels, n, 6.0, kind).scores(v), slow, atol=1e-13)


@at_least_in_long(40)
@given(
    seed=st.integers(0, 10**6),
    shape=st.tuples(*(st.integers(1, 6) for _ in range(4))),
    n=st.integers(1, 30),
    T=st.floats(2, 20),
)
def test_exact_scores_equal_the_tiled_form_for_any_shape(seed, shape, n, T):
    v, visible, labels, _ = problem(seed, *shape)
    np.testing.assert_allclose(
        Classifier(visible, labels, n, T).scores(v), scores_by_loops(v, visible, labels, n, T), atol=1e-11
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("m", (1, 2, 5))
@pytest.mark.parametrize("n", DEGREES)
def test_gradients_equal_appendix_a(n, m, kind):
    v, visible, labels, y = problem()
    t = ob.targets(y, 4, np.float64)
    network = Classifier(visible, labels, n, 6.0, kind)
    exact = network.gradients(v, t, m)
    for ours, slow in zip(exact, gradient_by_loops(v, t, visible, labels, n, 6.0, m, kind), strict=True):
        np.testing.assert_allclose(ours, slow, rtol=1e-9, atol=1e-12 * max(1, np.abs(slow).max()))
    c, *slow = dual_by_loops(v, t, visible, labels, n, 6.0, m, kind)
    np.testing.assert_allclose(network.dual().scores(v), c, atol=1e-13)
    for ours, one in zip(network.dual().gradients(v, t, m), slow, strict=True):
        np.testing.assert_allclose(ours, one, rtol=1e-9, atol=1e-12 * max(1, np.abs(one).max()))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("objective", ob.OBJECTIVES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("n", "m"), [(2, 1), (3, 3), (4, 2), (20, 1), (20, 30), (30, 30)])
def test_gradients_equal_finite_differences(form, n, m, objective, kind):
    v, visible, labels, y = problem(seed=3)
    T = float(np.abs(v @ visible.T).max()) * (1.8 if (form, kind) == ("exact", "power") else 1)  # no saturated tanh
    t = ob.targets(y, 4, np.float64)

    def cost(visible, labels):
        a = Classifier(visible, labels, n, T, kind, form).arguments(v)
        return float(ob.cross_entropy(a, t)[0].sum() if objective == "softmax" else ob.loss(np.tanh(a), t, m))

    gradients = Classifier(visible, labels, n, T, kind, form).gradients(v, t, m, objective)
    step = 1e-5
    rounding = 1e-15 * abs(cost(visible, labels)) / step
    for which, gradient in enumerate(gradients):
        slow = np.zeros_like(gradient)
        for index in np.ndindex(*gradient.shape):
            sides = []
            for sign in (1, -1):
                weights = [visible.copy(), labels.copy()]
                weights[which][index] += sign * step
                sides.append(cost(*weights))
            slow[index] = (sides[0] - sides[1]) / (2 * step)
        assert np.abs(slow).max() > 1e4 * rounding, "a vanishing gradient tests nothing"
        np.testing.assert_allclose(gradient, slow, rtol=1e-5, atol=1e-6 * np.abs(slow).max() + 2 * rounding)


@pytest.mark.parametrize("n", DEGREES)
def test_dual_is_the_first_order_of_eq_9_in_small_x(n):
    """Label weights times s: the difference of the arguments falls as s², relative to them as s."""
    v, visible, labels, _ = problem(seed=1)
    visible = np.abs(visible) * np.sign(v[0])  # overlaps with the first digit away from the kink at 0
    errors = []
    for s in (1e-3, 5e-4):
        network = Classifier(visible, s * labels, n, 6.0)
        dual = network.dual().arguments(v[:1])
        errors.append(np.abs(network.arguments(v[:1]) - dual).max())
        assert errors[-1] <= 0.02 * n * np.abs(dual).max()
    if n == 1:
        assert max(errors) < 1e-12  # the derivative is constant: no second order
    else:
        assert errors[0] / errors[1] == pytest.approx(4, rel=0.05)


@pytest.mark.parametrize("objective", ob.OBJECTIVES)
def test_pure_functions_run_under_array_api_strict(objective):
    v, visible, labels, y = problem(dtype=np.float32)
    t = ob.targets(y, 4)
    xp = array_api_strict
    strict = [xp.asarray(a) for a in (v, t, visible, labels)]
    for n in (1, 2, 3, 20):
        for form in FORMS:
            network, plain = (Classifier(*weights, n, 6.0, form=form) for weights in (strict[2:], (visible, labels)))
            found = network.scores(strict[0])
            assert found.dtype == xp.float32
            np.testing.assert_allclose(np.asarray(found), plain.scores(v), atol=1e-6)
            cold = Classifier(*strict[2:], n, 0.001, form=form)
            np.testing.assert_array_equal(np.isfinite(np.asarray(cold.scores(strict[0]))), True)
            for a, b in zip(
                network.gradients(*strict[:2], 3, objective), plain.gradients(v, t, 3, objective), strict=True
            ):
                np.testing.assert_allclose(np.asarray(a), b, rtol=1e-4, atol=1e-5)
    ys = xp.asarray(y)
    np.testing.assert_array_equal(np.asarray(ob.targets(ys, 4)), t)
    assert float(ob.loss(strict[1] / 2, strict[1], 3)) == pytest.approx(t.size / 64)
    a = xp.asarray(labels[:5])
    for ours, plain in zip(ob.cross_entropy(a, strict[1]), ob.cross_entropy(labels[:5], t), strict=True):
        np.testing.assert_allclose(np.asarray(ours), plain, rtol=1e-5, atol=1e-6)
    network = Classifier(strict[2], strict[3], 3, 6.0)
    np.testing.assert_array_equal(
        np.asarray(network.predict(strict[0])), Classifier(visible, labels, 3, 6.0).predict(v)
    )
    assert dc.error_percent(network, strict[0], network.predict(strict[0])) == 0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("n", (2, 3, 20, 30))
def test_float32_agrees_with_float64_at_the_size_of_mnist(n, form):
    rng = np.random.default_rng(5)
    v = np.clip(rng.normal(-0.74, 0.4, (8, 784)), -1, 1)
    visible, labels = (np.clip(rng.normal(-0.3, 0.3, (50, 784)), -1, 1), rng.uniform(-1, 1, (50, 10)))
    t = ob.targets(rng.integers(0, 10, 8), dtype=np.float64)
    T = 300.0
    single = [a.astype(np.float32) for a in (v, t, visible, labels)]
    double = [a.astype(np.float64) for a in single]
    one, two = (Classifier(*weights, n, T, form=form) for weights in (single[2:], double[2:]))
    np.testing.assert_allclose(one.scores(single[0]), two.scores(double[0]), rtol=2e-4, atol=2e-6)
    rounding = 4 * n * np.sqrt(784) * np.finfo(np.float32).eps  # of an overlap, a sum of 784 terms, to the power n
    for a, b in zip(one.gradients(*single[:2], 2), two.gradients(*double[:2], 2), strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=0, atol=rounding * np.abs(b).max())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("T", (1e-3, 1.0, 30.0, 3000.0))
@pytest.mark.parametrize("n", (1, 2, 14, 20, 30, 100))
def test_no_overflow_no_nan_no_subnormals(n, T, form):
    rng = np.random.default_rng(6)
    visible, labels = (rng.uniform(-1, 1, (20, c)).astype(np.float32) for c in (784, 10))
    v = np.concatenate([np.sign(visible[:5]), visible[:5] / 1000, np.zeros((1, 784), np.float32)])
    t = ob.targets(np.arange(11) % 10)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        network = Classifier(visible, labels, n, T, form=form)
        c, gradients = network.scores(v), network.gradients(v, t, 30)
    assert np.all(np.abs(c) <= 1)
    assert all(np.all(np.isfinite(g)) for g in gradients)
    powers = safe_power(v @ visible.T / np.float32(max(T, 800)), n)
    assert not np.any((powers != 0) & (powers < np.finfo(np.float32).smallest_normal))


@pytest.mark.parametrize("form", FORMS)
def test_classes_keep_their_order_where_powers_overflow(form):
    """784^30 overflows float32 at low T; the classes are those of a high T, which scales arguments only."""
    rng = np.random.default_rng(7)
    visible, labels = (rng.uniform(-1, 1, (20, c)).astype(np.float32) for c in (784, 10))
    v = np.sign(visible + rng.normal(0, 1, visible.shape).astype(np.float32))
    cold, warm = (Classifier(visible, labels, 30, T, form=form).predict(v) for T in (0.5, 300.0))
    np.testing.assert_array_equal(cold, warm)


def test_large_negative_overlaps_do_not_warm_a_rectified_network():
    """(94/90)^100 is in the range of float32, whatever an overlap of -706 is, which a rectified F ignores."""
    v, visible, labels = np.ones((1, 784)), np.full((8, 784), -0.9), np.zeros((8, 4))
    visible[:4] = 94 / 784
    labels[:4] = np.diag([0.1, 0.4, 0.7, 1.0])
    H = visible.sum(axis=1) - labels.sum(axis=1)
    powers = [np.maximum((H + 2 * own) / 90, 0) ** 100 - np.maximum(H / 90, 0) ** 100 for own in labels.T]
    found = Classifier(*(w.astype(np.float32) for w in (visible, labels)), 100, 90.0).arguments(v.astype(np.float32))
    np.testing.assert_allclose(found, [np.sum(powers, axis=1)], rtol=1e-3)
    assert found.argmax() == 3 and found.max() > 100


@st.composite
def wide_networks(draw):
    """Overlaps of one digit from far below zero to where n-th powers are large but in range; labels, n, T and kind."""
    n, kind = draw(st.integers(1, 100)), draw(st.sampled_from(list(KINDS)))
    overlaps = draw(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=6))
    if kind == "rectified":
        overlaps = [h if h > 0 else draw(st.sampled_from([1, 7, 100])) * h for h in overlaps]
    labels = draw(npst.arrays(np.float32, (len(overlaps), 3), elements=st.floats(-1, 1, width=32)))
    T = draw(st.floats(20, 300, width=32))
    return np.float32(overlaps) * np.float32(1.7 * T), labels, n, T, kind


@given(wide_networks(), st.sampled_from(list(FORMS)))
def test_overlaps_far_below_zero_change_nothing(case, form):
    """Arguments in float32, and those of the fast step, against float64 loops, to float32 rounding of each term.

    No positive power overflows, so that the temperature stays what it is.
    """
    h, labels, n, T, kind = case
    v, visible = np.ones((1, 8), np.float32), np.repeat(h[:, None] / 8, 8, axis=1)
    expected, bound = np.zeros(3), np.zeros(3)
    for overlap, own in zip(h.astype(float), labels.astype(float)):
        base = overlap - own.sum() if form == "exact" else overlap
        rounding = 2.0**-22 * (abs(overlap) + 4) / T
        for alpha in range(3):
            if form == "exact":
                expected[alpha] += F((base + 2 * own[alpha]) / T, n, kind) - F(base / T, n, kind)
                factor, tops, k = 1.0, [(base + 2 * own[alpha]) / T, base / T], n
            else:
                f = F(base / T, n - 1, kind) if n > 1 else float(base > 0 or kind == "power")
                expected[alpha] += 2 * n / T * own[alpha] * f
                factor, tops, k = 2 * n / T * abs(own[alpha]), [base / T], n - 1
            for top in tops:
                size = max(top, 0) if kind == "rectified" else abs(top)
                bound[alpha] += factor * (
                    k * (size + rounding) ** max(k - 1, 0) * rounding + 2.0**-20 * (k + 1) * size**k
                )
    off = 1e-28 * (1 + 2 * n / T) * len(h)  # powers that would be subnormal count as zero
    off += 2 * n / T * len(h) * (n == 1) * np.any(np.abs(h) < 1e-28)  # and so does the power 0 of such an overlap
    found = Classifier(visible, labels, n, T, kind, form).arguments(v)
    assert np.all(np.abs(found[0] - expected) <= bound + off)
    if n > 1:
        recipe = Recipe.paper(n, kind=kind, form=form, K=len(h), batch_per_class=1)
        xi = np.concatenate([visible, labels], axis=1)
        with _step_fast.make_step(v, np.ones((1, 3), np.float32), xi, np.zeros_like(xi), recipe) as step:
            assert np.all(np.abs(step.arguments(v, T)[0] - expected) <= 8 * bound + n * off)


def test_ties_of_a_saturated_tanh_are_decided_by_the_argument():
    visible, labels = np.ones((1, 50)), np.array([[0.5, 1.0, -1.0]])
    network = Classifier(visible, labels, 3, 1.0)
    v = np.ones((1, 50))
    assert network.dual().scores(v)[0, 0] == network.dual().scores(v)[0, 1] == 1
    assert network.predict(v)[0] == network.dual().predict(v)[0] == 1


def test_slope_does_not_vanish_where_the_score_rounds_to_one():
    """A confidently wrong digit keeps its gradient in float32: 1 - tanh²(12) is 1.5e-10, not 0."""
    a, t = np.array([[-12.0]], np.float32), np.array([[1.0]], np.float32)
    assert np.tanh(a) == -1
    assert ob.slope(a, t, 1)[0, 0] == pytest.approx(2 * -2 / np.cosh(12.0) ** 2, rel=1e-5)


FLOATING = (np.float16, np.float32, np.float64, ">f4", ">f8")
WHOLE = (np.int8, np.int16, np.int64, ">i4")


@pytest.mark.parametrize("dtype", (*FLOATING, *WHOLE))
def test_objectives_of_any_type_are_those_of_float64(dtype):
    """Whole arguments and targets, whose sums and powers overflow int8: 101^6, and softmax of 100 and -100."""
    a = np.array([[2, -1, 0], [100, -100, 1]]).astype(dtype)
    t = np.array([[-1, 1, -1], [-1, -1, 1]]).astype(dtype)
    wide = a.astype(np.float64), t.astype(np.float64)
    rtol = 1e-5 if np.dtype(dtype).itemsize <= 4 and np.dtype(dtype).kind == "f" else 1e-14
    for function in (
        lambda a, t: ob.loss(a, t, 3),
        lambda a, t: ob.softmax(a),
        lambda a, t: ob.slope(a, t, 3),
        lambda a, t: ob.slope(a, t, 1, "softmax"),
        lambda a, t: np.column_stack(ob.log_objective(a, t, 3)),
        lambda a, t: np.column_stack(ob.cross_entropy(a, t)),
    ):
        found, expected = function(a, t), function(*wide)
        assert found.dtype == (np.float32 if rtol == 1e-5 else np.float64)
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-30)
    for y in (np.array([0, 2]).astype(kind) for kind in (np.uint8, np.int8, ">u2", np.uint64)):
        np.testing.assert_array_equal(ob.targets(y, 3), [[1, -1, -1], [-1, -1, 1]])


@pytest.mark.parametrize("dtype", (*FLOATING, *WHOLE))
def test_inactive_memories_in_any_type(dtype):
    """Overlaps of 2 · 100², which int8 takes for 32."""
    visible, x = (np.array(rows).astype(dtype) for rows in ([[100, 100], [-100, -100]], [[100, 100], [90, 1]]))
    np.testing.assert_array_equal(dc.inactive(visible, x), [False, True])
    np.testing.assert_array_equal(dc.inactive(visible, x, kind="power"), [False, False])
    np.testing.assert_array_equal(dc.inactive(visible, x, 20_000), [True, True])


ONE = np.ones((4, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ob.slope(ONE, ONE, 1, "hinge"), ValueError, "objective must be one of power, softmax, got 'hinge'"),
        (lambda: ob.slope(ONE, ONE[:1], 1), ValueError, r"t must have the shape \(4, 3\) of a, got \(1, 3\)"),
        (lambda: ob.cross_entropy(ONE, ONE[:1]), ValueError, r"t must have the shape \(4, 3\) of a, got \(1, 3\)"),
        (lambda: ob.log_objective(ONE, ONE[:, :1], 1), ValueError, "t must have the shape"),
        (lambda: ob.loss(ONE[0], ONE, 1), ValueError, "c must have two dimensions"),
        (lambda: ob.loss(ONE, ONE[:2], 1), ValueError, r"t must have the shape \(4, 3\) of c"),
        (lambda: ob.softmax(ONE[0]), ValueError, "a must have two dimensions"),
        (lambda: ob.slope(ONE > 0, ONE, 1), TypeError, "a must hold real numbers, got dtype bool"),
        (lambda: ob.slope(ONE.tolist(), ONE, 1), TypeError, "a is a list"),
        (lambda: ob.slope(ONE, 0 * ONE, 1, "softmax"), ValueError, r"t must hold only -1 and \+1, got 0"),
        (lambda: ob.log_objective(ONE, 0 * ONE, 1), ValueError, r"t must hold only -1 and \+1, got 0"),
        (lambda: ob.cross_entropy(ONE, ONE), ValueError, r"t must hold one \+1 in each row"),
        (lambda: ob.slope(ONE.astype(np.float32), ONE.astype(np.float32), 62), ValueError, "m must .*float32, got 62"),
        (
            lambda: ob.loss(ONE, ONE, 600),
            ValueError,
            "m must be so small that m 4.m does not overflow float64, got 600",
        ),
        (lambda: ob.targets(np.array([0, 1]), 3, np.uint8), TypeError, "dtype must be of floating point, got uint8"),
        (lambda: dc.inactive(ONE, ONE[:, :2]), ValueError, r"x must have 3 columns \(one for each visible weight\)"),
        (lambda: dc.inactive(ONE[0], ONE), ValueError, "^visible must have two dimensions"),
        (lambda: dc.inactive(np.nan * ONE, ONE), ValueError, "^visible must be finite"),
        (lambda: dc.inactive(ONE, ONE, rows=0), ValueError, "^rows must be "),
        (lambda: dc.inactive(ONE, np.nan * ONE), ValueError, "x must be finite"),
        (lambda: dc.inactive(ONE, ONE, np.zeros(3)), ValueError, "above must be a number, or one for each of the 4"),
        (lambda: dc.inactive(ONE, ONE, kind="cubic"), ValueError, "kind must be one of"),
        (
            lambda: optimizer.momentum_update(ONE, ONE, ONE[:1], 0.5, 0.1),
            ValueError,
            "xi, V and gradient must have one",
        ),
        (lambda: optimizer.momentum_update(ONE, ONE > 0, ONE, 0.5, 0.1), TypeError, "V must hold real numbers"),
        (lambda: optimizer.momentum_update_in_place(ONE, ONE, ONE.astype(int), 0.5, 0.1), TypeError, "int64"),
        (lambda: dc.error_percent(None, ONE, np.zeros(4, int)), TypeError, "network must be a dam.Classifier .*None"),
    ],
)
def test_what_the_helpers_refuse(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_largest_power_that_slopes_take():
    """m = 60 of the recipes at its largest, |c - t| = 2, in float32."""
    a, t = np.full((1, 2), -9, np.float32), np.array([[1, -1]], np.float32)
    exact = 120 * -(2.0**119) / np.cosh(9.0) ** 2
    assert ob.slope(a, t, 60)[0, 0] == pytest.approx(exact, rel=1e-4)
    assert ob.loss(np.float32([[-1, -1]]), t, 60) == 2.0**120


def test_momentum_update_of_whole_numbers_is_that_of_float64():
    """V of 100 and a gradient of -100 make 150, beyond int8; p V - gradient of uint8 is below 0."""
    xi, V, gradient = np.zeros((1, 2)), np.array([[100, 50]]), np.array([[100, 20]])
    for sign, dtype in ((-1, np.int8), (1, np.uint8), (1, np.float16), (-1, ">i2")):
        expected = optimizer.momentum_update(xi, V.astype(float), sign * gradient.astype(float), 0.5, 0.1)
        found = optimizer.momentum_update(
            xi.astype(dtype), V.astype(dtype), (sign * gradient).astype(dtype), np.float64(0.5), 0.1
        )
        for ours, slow in zip(found, expected):
            np.testing.assert_allclose(ours, slow, rtol=1e-6)


# --- pixels


def networks():
    _, visible, labels, _ = problem(N=16)
    relu = ReLUNetwork(visible, labels, np.zeros(7), np.zeros(4))
    return {"Classifier": Classifier(visible, labels, 3, 6.0), "ReLUNetwork": relu}


PIXELS = {
    "predict": lambda net, v, y: net.predict(v),
    "arguments": lambda net, v, y: net.arguments(v),
    "scores": lambda net, v, y: net.scores(v),
    "error_percent": dc.error_percent,
    "gradients": lambda net, v, y: net.gradients(v, ob.targets(y, 4), 1)[0],
    "terms": lambda net, v, y: prototypes.terms(v, net),
    "digit_weights": lambda net, v, y: pulls.digit_weights(net, v, y, 1, np.arange(3)),
}
OF_ANY = ("predict", "arguments", "error_percent")


@pytest.mark.parametrize(
    ("name", "call"), [(n, c) for n in networks() for c in (PIXELS if n == "Classifier" else OF_ANY)]
)
def test_pixels_of_another_scale_are_refused(name, call):
    """From 0 to 255, as they are stored, and standardized; in [-1, 1], whatever their type, they are computed with."""
    network, compute = networks()[name], PIXELS[call]
    raw, y = np.random.default_rng(0).integers(0, 256, (4, 16)), np.arange(4)
    raw[0, :2] = 0, 255
    argument = "x" if call == "error_percent" else "v"
    for dtype in (np.uint8, np.int64, np.float32, np.float64):
        message = (
            f"{argument} must lie in .-1, 1., got values from 0 to 255; pixels from 0 to 255 .* {argument} / 127.5 - 1"
        )
        with pytest.raises(ValueError, match=message):
            compute(network, raw.astype(dtype), y)
    scaled = raw / 127.5 - 1
    expected = compute(network, scaled, y)
    with pytest.raises(ValueError, match=f"{argument} must lie in"):
        compute(network, scaled / scaled.std(), y)
    with pytest.raises(ValueError, match=f"{argument} must be finite"):
        compute(network, np.where(raw == 255, np.nan, scaled), y)
    np.testing.assert_array_equal(compute(network, raw.astype(np.uint8) / 127.5 - 1, y), expected)
    rounded = scaled * np.float64(1 + 2e-7)  # a rounding of float32 beyond
    np.testing.assert_allclose(compute(network, rounded, y), expected, rtol=1e-4, atol=1e-6)
    spins = np.where(raw > 127, 1, -1)
    for dtype in (np.int8, np.float16, ">f4"):
        np.testing.assert_allclose(compute(network, spins.astype(dtype), y), compute(network, spins.astype(float), y))


@pytest.mark.parametrize("argument", ["v", "x"])
def test_digits_of_another_size_are_refused_with_that_of_the_network(argument):
    network, v = networks()["Classifier"], np.zeros((3, 15))
    message = rf"{argument} must have 16 columns \(one for each pixel of the network\)"
    with pytest.raises(ValueError, match=message):
        network.predict(v) if argument == "v" else dc.error_percent(network, v, np.zeros(3, int))


def test_labels_that_are_no_classes_are_refused():
    network, v = networks()["Classifier"], np.zeros((3, 16))
    for y, message in (
        (np.array([1, 2, 4]), "y must hold classes from 0 to 3, got 1 to 4"),
        (ONE[:3, 0], "y must hold whole"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            dc.error_percent(network, v, y)


def test_chunks_change_nothing_and_float16_is_computed_in_float32():
    v, visible, labels, _ = problem(M=23, dtype=np.float16)
    network = Classifier(visible, labels, 3, 6.0)
    v32, *weights = (x.astype(np.float32) for x in (v, visible, labels))
    whole = np.tanh(dc.forward_exact(v32, Classifier(*weights, 3, 6.0))[0])
    assert network.scores(v).dtype == network.visible.dtype == np.float32
    np.testing.assert_allclose(network.scores(v), whole, atol=1e-6)
    large = Classifier(np.tile(visible, (2**16, 1)), np.tile(labels, (2**16, 1)), 3, 600.0).dual()  # a digit a chunk
    parts = [large.arguments(v[i : i + 1]) for i in range(3)]
    np.testing.assert_array_equal(large.arguments(v[:3]), np.concatenate(parts))


def test_error_percent_counts_wrong_digits():
    v, visible, labels, _ = problem(M=8)
    network = Classifier(visible, labels, 3, 6.0)
    y = network.predict(v)
    y[:3] = (y[:3] + 1) % 4
    assert dc.error_percent(network, v, y) == 37.5


def test_targets_and_loss_by_hand():
    np.testing.assert_array_equal(ob.targets(np.array([1, 0]), 3), [[-1, 1, -1], [1, -1, -1]])
    assert ob.loss(np.array([[0.5, 0.0]]), np.array([[1.0, -1.0]]), 2) == 0.5**4 + 1
    a, y = np.array([[1.0, 2.0, 3.0], [1e4, 0.0, -1e4]]), np.array([0, 0])
    assert ob.cross_entropy(a, ob.targets(y, 3))[0].sum() == pytest.approx(np.log(np.exp([1, 2, 3]).sum()) - 1)


BAD_INPUT = {
    "v of one dimension": ({"v": np.zeros(12)}, ValueError, r"v must have two dimensions.*v\[None, :\]"),
    "v of other width": ({"v": np.zeros((2, 5))}, ValueError, "v must have 12 columns"),
    "no digits": ({"v": np.zeros((0, 12))}, ValueError, "at least one row"),
    "NaN": ({"v": np.full((1, 12), np.nan)}, ValueError, "v must be finite"),
    "labels of other length": (
        {"label_weights": np.zeros((3, 4))},
        ValueError,
        "a row for each of the 7 memories, got 3",
    ),
    "n of 0": ({"n": 0}, ValueError, "n must be an integer of at least 1, got 0"),
    "n of 2.5": ({"n": 2.5}, ValueError, "n must be an integer"),
    "T of 0": ({"T": 0}, ValueError, "T must be a temperature"),
    "T of NaN": ({"T": float("nan")}, ValueError, "T must be a temperature"),
    "a list": ({"v": [[0.0] * 12]}, TypeError, "v is a list"),
    "complex": ({"v": np.zeros((2, 12), complex)}, TypeError, "v must hold real numbers"),
    "two libraries": ({"v": array_api_strict.zeros((2, 12))}, TypeError, "one library.*v .array_api_strict"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_of_scores(case, form):
    v, visible, labels, _ = problem()
    changes, error, message = BAD_INPUT[case]
    given = {"v": v, "visible": visible, "label_weights": labels, "n": 3, "T": 6.0, "form": form} | changes
    with pytest.raises(error, match=message):
        digits = given.pop("v")
        Classifier(**given).scores(digits)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"m": 0}, "m must be an integer of at least 1"),
        ({"objective": "hinge"}, "objective must be one of power, softmax, got 'hinge'"),
        ({"t": np.zeros((5, 4))}, r"t must hold only -1 and \+1, got 0"),
        ({"t": np.ones((5, 3))}, r"t must have shape \(5, 4\), got \(5, 3\)"),
    ],
)
def test_bad_input_of_gradients(form, changes, message):
    v, visible, labels, y = problem()
    with pytest.raises(ValueError, match=message):
        Classifier(visible, labels, 3, 6.0, form=form).gradients(**({"v": v, "t": ob.targets(y, 4), "m": 2} | changes))


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (np.array([0, 10]), ValueError, "y must hold classes from 0 to 9, got 0 to 10"),
        (np.array([-1, 2]), ValueError, "got -1 to 2"),
        (np.array([0.0]), TypeError, "y must hold whole numbers"),
        (np.zeros((2, 2), int), ValueError, "one dimension"),
        (np.zeros(0, int), ValueError, "at least one entry"),
    ],
)
def test_bad_labels(y, error, message):
    with pytest.raises(error, match=message):
        ob.targets(y)


def test_bad_classifiers():
    _, visible, labels, _ = problem()
    with pytest.raises(ValueError, match="label_weights must be finite"):
        Classifier(visible, np.full_like(labels, np.inf), 3, 6.0)
    with pytest.raises(ValueError, match="a row for each"):
        Classifier(visible, labels[:3], 3, 6.0)
    with pytest.raises(ValueError, match="T must be"):
        Classifier(visible, labels, 3, -1.0)
    with pytest.raises(ValueError, match="form must be one of exact, dual, got 'both'"):
        Classifier(visible, labels, 3, 6.0, form="both")
    with pytest.raises(TypeError, match="visible is a list"):
        Classifier([[1.0]], labels, 3, 6.0)
    with pytest.raises(ValueError, match="y must have shape"):
        dc.error_percent(Classifier(visible, labels, 3, 6.0), visible, np.zeros(3, int))


@pytest.mark.parametrize("n", [2, 3, 20])
def test_terms_and_forms_are_the_formulas(n):
    v, visible, labels, _ = problem()
    net = Classifier(visible, labels, n, 6.0)
    terms = np.stack(list(dc.terms(v, net)[0]), axis=1)
    exact, dual = dc.forward_exact(v, net)[0], dc.forward_dual(v, net)[0]
    np.testing.assert_allclose(terms.sum(axis=2), exact, rtol=1e-12)
    f = np.maximum(v @ visible.T / 6.0, 0) ** (n - 1)
    np.testing.assert_allclose(dual, 2 * n / 6.0 * f @ labels, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("above", [0.0, 0.6, np.linspace(-0.5, 2.5, 40)], ids=["zero", "one", "each"])
def test_inactive_memories_are_those_that_no_digit_turns_on(kind, above):
    v, visible, *_ = problem(seed=5, M=5, N=4, K=40)
    h = [[float(digit @ memory) for digit in v] for memory in visible]
    turned = [[abs(x) if kind == "power" else x for x in row] for row in h]
    expected = [all(x <= bound for x in row) for row, bound in zip(turned, np.broadcast_to(above, 40), strict=True)]
    for rows in (1, 3, 1000):
        assert dc.inactive(visible, v, above, kind, rows).tolist() == expected
    if kind == "rectified":
        assert 0 < sum(expected) < 40 and dc.inactive(visible, v, above).tolist() == expected
    strict = (array_api_strict.asarray(a) for a in (visible, v))
    assert dc.inactive(*strict, above, kind).tolist() == expected


def test_two_libraries_are_refused_by_name():
    v, visible, labels, _ = problem()
    strict = array_api_strict.asarray
    with pytest.raises(TypeError, match=r"one library, got x \(numpy\), y \(array_api_strict\)"):
        dc.error_percent(Classifier(visible, labels, 3, 6.0), v, strict(np.zeros(5, int)))
    with pytest.raises(TypeError, match=r"one library, got visible \(numpy\), x \(array_api_strict\)"):
        dc.inactive(visible, strict(v))


def test_an_overlap_at_the_bound_turns_no_memory_on():
    assert dc.inactive(np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([[1.0, 1.0]])).tolist() == [False, True]
    assert dc.inactive(np.array([[1.0, 1.0]]), np.array([[1.0, 1.0]]), above=2).tolist() == [True]
    found = dc.inactive(np.array([[0.5]]), np.array([[-1.0], [1.0]]), rows=1)  # the last one left is looked at too
    assert found.tolist() == [False] and found.dtype == bool


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("n", (1, 2, 3, 20))
def test_backward_is_the_gradient_by_the_pixels(n, form):
    v, visible, labels, y = problem(seed=2)
    network, t, step = Classifier(visible, labels, n, 6.0, form=form), ob.targets(y, 4, np.float64), 1e-6
    a, state = network.forward(v)
    ln_C, s = network.objective(a, t, 3)
    np.testing.assert_array_equal(ln_C, ob.log_objective(a, t, 3)[0])
    np.testing.assert_array_equal(s, ob.log_objective(a, t, 3)[1])
    found = network.backward(state, s)
    for A, i in np.ndindex(2, v.shape[1]):
        moved = [v.copy(), v.copy()]
        moved[0][A, i] += step
        moved[1][A, i] -= step
        up, down = (network.objective(network.forward(x)[0], t, 3)[0][A] for x in moved)
        assert found[A, i] == pytest.approx((up - down) / (2 * step), rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cold_network_is_warmed_to_the_largest_argument_there_can_be(kind):
    v, visible, labels, _ = problem(dtype=np.float32)
    most = (1e-8 * float(np.finfo(np.float32).max)) ** (1 / 30)
    size = np.abs if kind == "power" else lambda x: x
    net, h = Classifier(visible, labels, 30, 0.001, kind), v @ visible.T
    largest = size(h - labels.sum(axis=1)).max(axis=1, keepdims=True) + 2 * np.abs(labels).max()
    np.testing.assert_allclose(dc.terms(v, net)[3], largest / most, rtol=1e-6)
    np.testing.assert_allclose(dc.forward_dual(v, net)[1][2], size(h).max(axis=1, keepdims=True) / most, rtol=1e-6)


def test_a_network_on_another_library_or_in_another_precision():
    _, visible, labels, _ = problem(dtype=np.float32)
    net = Classifier(visible, labels, 3, 6.0, "power", "dual")
    xp = array_namespace(visible=visible)
    assert net.on(xp) is net and net.on(xp, np.float32) is net
    double, strict = net.on(xp, np.float64), net.on(array_api_strict)
    for other, library, dtype in ((double, np, np.float64), (strict, array_api_strict, array_api_strict.float32)):
        assert (other.n, other.T, other.kind, other.form) == (3, 6.0, "power", "dual")
        for name in ("visible", "label_weights"):
            found = getattr(other, name)
            assert type(found) is type(library.ones(1)) and found.dtype == dtype
            np.testing.assert_array_equal(np.asarray(found), getattr(net, name))


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
def test_digits_and_network_are_prepared_in_the_higher_precision(dtype):
    v, visible, labels, _ = problem(dtype=np.float32)
    x, net = Classifier(visible, labels, 3, 6.0).prepared(v.astype(dtype))
    assert x.dtype == net.visible.dtype == net.label_weights.dtype == dtype
    for whole in (np.int64, np.float16):
        x, net = Classifier(visible, labels, 3, 6.0).prepared(np.ones((1, 12), whole))
        assert x.dtype == net.visible.dtype == np.float32


def test_what_is_prepared_fits_the_network():
    _, visible, labels, _ = problem()
    net = Classifier(visible, labels, 3, 6.0)
    with pytest.raises(
        ValueError, match=r"^v must have 12 columns \(one for each pixel of the network\), got shape \(2, 5\)"
    ):
        net.prepared(np.zeros((2, 5)))
    with pytest.raises(TypeError, match=r"one library, got v \(array_api_strict\), visible \(numpy\)"):
        net.prepared(array_api_strict.zeros((2, 12)))


def test_the_higher_precision_is_that_of_weights_and_digits_together():
    v, visible, labels, _ = problem(dtype=np.float32)
    for wide in ("visible", "label_weights"):
        weights = {"visible": visible, "label_weights": labels}
        net = Classifier(**weights | {wide: weights[wide].astype(np.float64)}, n=3, T=6.0)
        assert net.visible.dtype == net.label_weights.dtype == np.float64
        assert net.prepared(v)[0].dtype == np.float64


def test_what_has_the_right_precision_is_not_copied():
    v, visible, labels, _ = problem(dtype=np.float32)
    net = Classifier(visible, labels, 3, 6.0)
    assert net.visible is visible and net.label_weights is labels and net.prepared(v)[0] is v


def test_an_unknown_kind_is_named():
    _, visible, labels, _ = problem()
    with pytest.raises(ValueError, match=r"^kind must be one of power, rectified, got 'even'"):
        Classifier(visible, labels, 3, 6.0, kind="even")
