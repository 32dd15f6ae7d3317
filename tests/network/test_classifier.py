"""The classifier against loops straight from (9), (10) and Appendix A, and against finite differences."""

import array_api_strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dam.network.classifier as dc
from dam.network._powers import KINDS
from dam.network.classifier import Classifier

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
    np.testing.assert_allclose(dc.scores_exact(v, visible, labels, n, 6.0, kind), slow, atol=1e-13)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    shape=st.tuples(*(st.integers(1, 6) for _ in range(4))),
    n=st.integers(1, 30),
    T=st.floats(2, 20),
)
def test_exact_scores_equal_the_tiled_form_for_any_shape(seed, shape, n, T):
    v, visible, labels, _ = problem(seed, *shape)
    np.testing.assert_allclose(
        dc.scores_exact(v, visible, labels, n, T), scores_by_loops(v, visible, labels, n, T), atol=1e-11
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("m", (1, 2, 5))
@pytest.mark.parametrize("n", DEGREES)
def test_gradients_equal_appendix_a(n, m, kind):
    v, visible, labels, y = problem()
    t = dc.targets(y, 4, np.float64)
    exact = dc.gradients_exact(v, t, visible, labels, n, 6.0, m, kind=kind)
    for ours, slow in zip(exact, gradient_by_loops(v, t, visible, labels, n, 6.0, m, kind), strict=True):
        np.testing.assert_allclose(ours, slow, rtol=1e-9, atol=1e-12 * max(1, np.abs(slow).max()))
    c, *slow = dual_by_loops(v, t, visible, labels, n, 6.0, m, kind)
    np.testing.assert_allclose(dc.scores_dual(v, visible, labels, n, 6.0, kind), c, atol=1e-13)
    for ours, one in zip(dc.gradients_dual(v, t, visible, labels, n, 6.0, m, kind=kind), slow, strict=True):
        np.testing.assert_allclose(ours, one, rtol=1e-9, atol=1e-12 * max(1, np.abs(one).max()))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("objective", dc.OBJECTIVES)
@pytest.mark.parametrize("form", ("exact", "dual"))
@pytest.mark.parametrize(("n", "m"), [(2, 1), (3, 3), (4, 2), (20, 1), (20, 30), (30, 30)])
def test_gradients_equal_finite_differences(form, n, m, objective, kind):
    v, visible, labels, y = problem(seed=3)
    T = float(np.abs(v @ visible.T).max()) * (1.8 if (form, kind) == ("exact", "power") else 1)  # no saturated tanh
    t = dc.targets(y, 4, np.float64)
    arguments = getattr(dc, f"arguments_{form}")

    def cost(visible, labels):
        a = arguments(v, visible, labels, n, T, kind)
        return float(dc.cross_entropy(a, y) if objective == "softmax" else dc.loss(np.tanh(a), t, m))

    gradients = getattr(dc, f"gradients_{form}")(v, t, visible, labels, n, T, m, objective, kind)
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
        dual = dc.arguments_dual(v[:1], visible, s * labels, n, 6.0)
        errors.append(np.abs(dc.arguments_exact(v[:1], visible, s * labels, n, 6.0) - dual).max())
        assert errors[-1] <= 0.02 * n * np.abs(dual).max()
    if n == 1:
        assert max(errors) < 1e-12  # the derivative is constant: no second order
    else:
        assert errors[0] / errors[1] == pytest.approx(4, rel=0.05)


@pytest.mark.parametrize("objective", dc.OBJECTIVES)
def test_pure_functions_run_under_array_api_strict(objective):
    v, visible, labels, y = problem(dtype=np.float32)
    t = dc.targets(y, 4)
    xp = array_api_strict
    strict = [xp.asarray(a) for a in (v, t, visible, labels)]
    for n in (1, 2, 3, 20):
        for form in ("exact", "dual"):
            scores, gradients = (getattr(dc, f"scores_{form}"), getattr(dc, f"gradients_{form}"))
            found = scores(strict[0], strict[2], strict[3], n, 6.0)
            assert found.dtype == xp.float32
            np.testing.assert_allclose(np.asarray(found), scores(v, visible, labels, n, 6.0), atol=1e-6)
            np.testing.assert_array_equal(
                np.isfinite(np.asarray(scores(strict[0], strict[2], strict[3], n, 0.001))), True
            )
            for a, b in zip(
                gradients(*strict, n, 6.0, 3, objective),
                gradients(v, t, visible, labels, n, 6.0, 3, objective),
                strict=True,
            ):
                np.testing.assert_allclose(np.asarray(a), b, rtol=1e-4, atol=1e-5)
    ys = xp.asarray(y)
    np.testing.assert_array_equal(np.asarray(dc.targets(ys, 4)), t)
    assert float(dc.loss(strict[1] / 2, strict[1], 3)) == pytest.approx(t.size / 64)
    a = xp.asarray(labels[:5])
    assert float(dc.cross_entropy(a, ys)) == pytest.approx(float(dc.cross_entropy(labels[:5], y)), rel=1e-5)
    network = Classifier(strict[2], strict[3], 3, 6.0)
    np.testing.assert_array_equal(
        np.asarray(network.predict(strict[0])), Classifier(visible, labels, 3, 6.0).predict(v)
    )
    assert dc.error_percent(network, strict[0], network.predict(strict[0])) == 0


@pytest.mark.parametrize("form", ("exact", "dual"))
@pytest.mark.parametrize("n", (2, 3, 20, 30))
def test_float32_agrees_with_float64_at_the_size_of_mnist(n, form):
    rng = np.random.default_rng(5)
    v = np.clip(rng.normal(-0.74, 0.4, (8, 784)), -1, 1)
    visible, labels = (np.clip(rng.normal(-0.3, 0.3, (50, 784)), -1, 1), rng.uniform(-1, 1, (50, 10)))
    t = dc.targets(rng.integers(0, 10, 8), dtype=np.float64)
    T = 300.0
    single = [a.astype(np.float32) for a in (v, t, visible, labels)]
    double = [a.astype(np.float64) for a in single]
    scores, gradients = getattr(dc, f"scores_{form}"), getattr(dc, f"gradients_{form}")
    np.testing.assert_allclose(
        scores(single[0], *single[2:], n, T), scores(double[0], *double[2:], n, T), rtol=2e-4, atol=2e-6
    )
    for a, b in zip(gradients(*single, n, T, 2), gradients(*double, n, T, 2), strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5 * np.abs(b).max())


@pytest.mark.parametrize("form", ("exact", "dual"))
@pytest.mark.parametrize("T", (1e-3, 1.0, 30.0, 3000.0))
@pytest.mark.parametrize("n", (1, 2, 14, 20, 30, 100))
def test_no_overflow_no_nan_no_subnormals(n, T, form):
    rng = np.random.default_rng(6)
    visible, labels = (rng.uniform(-1, 1, (20, c)).astype(np.float32) for c in (784, 10))
    v = np.concatenate([np.sign(visible[:5]), visible[:5] / 1000, np.zeros((1, 784), np.float32)])
    t = dc.targets(np.arange(11) % 10)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        c = getattr(dc, f"scores_{form}")(v, visible, labels, n, T)
        gradients = getattr(dc, f"gradients_{form}")(v, t, visible, labels, n, T, 30)
    assert np.all(np.abs(c) <= 1)
    assert all(np.all(np.isfinite(g)) for g in gradients)
    powers = dc.safe_power(v @ visible.T / np.float32(max(T, 800)), n)
    assert not np.any((powers != 0) & (powers < np.finfo(np.float32).smallest_normal))


@pytest.mark.parametrize("form", ("", "_dual"))
def test_classes_keep_their_order_where_powers_overflow(form):
    """784^30 overflows float32 at low T; the classes are those of a high T, which scales arguments only."""
    rng = np.random.default_rng(7)
    visible, labels = (rng.uniform(-1, 1, (20, c)).astype(np.float32) for c in (784, 10))
    v = np.sign(visible + rng.normal(0, 1, visible.shape).astype(np.float32))
    cold, warm = (getattr(Classifier(visible, labels, 30, T), f"predict{form}")(v) for T in (0.5, 300.0))
    np.testing.assert_array_equal(cold, warm)


def test_ties_of_a_saturated_tanh_are_decided_by_the_argument():
    visible, labels = np.ones((1, 50)), np.array([[0.5, 1.0, -1.0]])
    network = Classifier(visible, labels, 3, 1.0)
    v = np.ones((1, 50))
    assert network.scores_dual(v)[0, 0] == network.scores_dual(v)[0, 1] == 1
    assert network.predict(v)[0] == network.predict_dual(v)[0] == 1


def test_slope_does_not_vanish_where_the_score_rounds_to_one():
    """A confidently wrong digit keeps its gradient in float32: 1 - tanh²(12) is 1.5e-10, not 0."""
    a, t = np.array([[-12.0]], np.float32), np.array([[1.0]], np.float32)
    assert np.tanh(a) == -1
    assert dc.slope(a, t, 1)[0, 0] == pytest.approx(2 * -2 / np.cosh(12.0) ** 2, rel=1e-5)


def test_chunks_change_nothing_and_float16_is_computed_in_float32():
    v, visible, labels, _ = problem(M=23, dtype=np.float16)
    network = Classifier(visible, labels, 3, 6.0)
    whole = dc.scores_exact(v.astype(np.float32), visible.astype(np.float32), labels.astype(np.float32), 3, 6.0)
    assert network.scores(v).dtype == network.visible.dtype == np.float32
    np.testing.assert_allclose(network.scores(v), whole, atol=1e-6)
    large = Classifier(np.tile(visible, (2**16, 1)), np.tile(labels, (2**16, 1)), 3, 600.0)  # one digit a chunk
    parts = [large.arguments_dual(v[i : i + 1]) for i in range(3)]
    np.testing.assert_array_equal(large.arguments_dual(v[:3]), np.concatenate(parts))


def test_error_percent_counts_wrong_digits():
    v, visible, labels, _ = problem(M=8)
    network = Classifier(visible, labels, 3, 6.0)
    y = network.predict(v)
    y[:3] = (y[:3] + 1) % 4
    assert dc.error_percent(network, v, y) == 37.5


def test_targets_and_loss_by_hand():
    np.testing.assert_array_equal(dc.targets(np.array([1, 0]), 3), [[-1, 1, -1], [1, -1, -1]])
    assert dc.loss(np.array([[0.5, 0.0]]), np.array([[1.0, -1.0]]), 2) == 0.5**4 + 1
    a, y = np.array([[1.0, 2.0, 3.0], [1e4, 0.0, -1e4]]), np.array([0, 0])
    assert dc.cross_entropy(a, y) == pytest.approx(np.log(np.exp([1, 2, 3]).sum()) - 1)


BAD_INPUT = {
    "v of one dimension": ({"v": np.zeros(12)}, ValueError, r"v must have two dimensions.*v\[None, :\]"),
    "v of other width": ({"v": np.zeros((2, 5))}, ValueError, "v must have 12 columns"),
    "no digits": ({"v": np.zeros((0, 12))}, ValueError, "at least one row"),
    "NaN": ({"v": np.full((1, 12), np.nan)}, ValueError, "v must be finite"),
    "labels of other length": (
        {"labels": np.zeros((3, 4))},
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


@pytest.mark.parametrize("function", (dc.scores_exact, dc.scores_dual))
@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_of_scores(case, function):
    v, visible, labels, _ = problem()
    changes, error, message = BAD_INPUT[case]
    with pytest.raises(error, match=message):
        function(**({"v": v, "visible": visible, "labels": labels, "n": 3, "T": 6.0} | changes))


@pytest.mark.parametrize("gradients", (dc.gradients_exact, dc.gradients_dual))
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"m": 0}, "m must be an integer of at least 1"),
        ({"objective": "hinge"}, "objective must be one of power, softmax, got 'hinge'"),
        ({"t": np.ones((5, 3))}, r"t must have shape \(5, 4\), got \(5, 3\)"),
    ],
)
def test_bad_input_of_gradients(gradients, changes, message):
    v, visible, labels, y = problem()
    given = {"v": v, "t": dc.targets(y, 4), "visible": visible, "labels": labels, "n": 3, "T": 6.0, "m": 2}
    with pytest.raises(ValueError, match=message):
        gradients(**(given | changes))


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
        dc.targets(y)


def test_bad_classifiers():
    _, visible, labels, _ = problem()
    with pytest.raises(ValueError, match="labels must be finite"):
        Classifier(visible, np.full_like(labels, np.inf), 3, 6.0)
    with pytest.raises(ValueError, match="a row for each"):
        Classifier(visible, labels[:3], 3, 6.0)
    with pytest.raises(ValueError, match="T must be"):
        Classifier(visible, labels, 3, -1.0)
    with pytest.raises(TypeError, match="visible is a list"):
        Classifier([[1.0]], labels, 3, 6.0)
    with pytest.raises(ValueError, match="y must have shape"):
        dc.error_percent(Classifier(visible, labels, 3, 6.0), visible, np.zeros(3, int))
