"""Properties that hold for every memory and every network, whatever the numbers."""

import math

import numpy as np
from by_loops import FUNCTIONS, problems, slow_energy
from hypothesis import assume, given
from hypothesis import strategies as st
from profiles import at_least_in_long

import dam
from dam.memory import attention, gaps, interactions, theory
from dam.network import objective
from dam.network.classifier import FORMS, Classifier

some = at_least_in_long(30)
EPS = np.finfo(float).eps
F = st.sampled_from(FUNCTIONS)
EVEN = st.sampled_from([dam.Polynomial(n) for n in (2, 4, 6)])


def everything(sigma, xi, F, seed):
    """Energies, fields and final states of a memory."""
    return dam.energy(sigma, xi, F), dam.local_fields(sigma, xi, F), dam.retrieve(sigma, xi, F, seed)


def same(found, expected):
    """Require the same numbers; sums of whole numbers are exact in any order."""
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


# --- memory: descent and fixed points


@some
@given(problems(), F, st.data())
def test_an_update_lowers_the_energy_by_the_field_or_leaves_the_state(problem, F, data):
    xi, sigma, _ = problem
    fields = dam.local_fields(sigma, xi, F)
    i = data.draw(st.integers(0, xi.shape[1] - 1))
    for state, field in zip(sigma, fields[:, i]):
        after = state.copy()
        after[i] = np.sign(field) or state[i]  # a zero field leaves the neuron
        change = slow_energy(after, xi, F) - slow_energy(state, xi, F)
        assert change == (-abs(field) if after[i] != state[i] else 0)


@some
@given(problems(), F)
def test_a_run_never_rises_and_ends_where_no_flip_goes_down(problem, F):
    xi, sigma, seed = problem
    final = dam.retrieve(sigma, xi, F, seed)
    E = dam.energy(final, xi, F)
    assert np.all((E < dam.energy(sigma, xi, F)) | (final == sigma).all(axis=1))
    margins = gaps(final, xi, F)
    assert np.all(margins >= 0)
    for i in range(xi.shape[1]):
        flipped = final.copy()
        flipped[:, i] *= -1
        np.testing.assert_array_equal(dam.energy(flipped, xi, F) - E, margins[:, i])
    np.testing.assert_array_equal(dam.retrieve(final, xi, F, seed + 1), final)


@some
@given(problems(), F)
def test_a_bit_is_stable_where_its_field_has_its_sign(problem, F):
    xi, sigma, _ = problem
    unstable = dam.memory.unstable_neurons(sigma, xi, F)
    np.testing.assert_array_equal(unstable, dam.local_fields(sigma, xi, F) * sigma < 0)
    kept = (dam.retrieve(sigma, xi, F, 0) == sigma).all(axis=1)
    np.testing.assert_array_equal(kept, ~unstable.any(axis=1))


# --- memory: symmetries


@some
@given(problems(), F)
def test_the_order_of_memories_plays_no_role(problem, F):
    xi, sigma, seed = problem
    order = np.random.default_rng(seed).permutation(len(xi))
    same(everything(sigma, xi[order], F, seed), everything(sigma, xi, F, seed))


@some
@given(problems(), F)
def test_neurons_have_no_places(problem, F):
    """Which neuron is drawn depends on their order: so of the final states only that they are stable is the same."""
    xi, sigma, seed = problem
    order = np.random.default_rng(seed).permutation(xi.shape[1])
    E, fields, final = everything(sigma, xi, F, seed)
    found = everything(sigma[:, order], xi[:, order], F, seed)
    same(found[:2], (E, fields[:, order]))
    assert not dam.memory.unstable_neurons(final[:, order], xi[:, order], F).any()


@some
@given(problems(), F)
def test_which_value_of_a_neuron_is_called_up_is_a_gauge(problem, F):
    xi, sigma, seed = problem
    gauge = dam.random_patterns(1, xi.shape[1], seed)
    E, fields, final = everything(sigma, xi, F, seed)
    same(everything(sigma * gauge, xi * gauge, F, seed), (E, fields * gauge, final * gauge))


@some
@given(problems(), EVEN)
def test_at_even_n_a_memory_and_its_inverse_are_the_same(problem, F):
    xi, sigma, seed = problem
    up = dam.random_patterns(1, len(xi), seed).T
    E, fields, final = everything(sigma, xi, F, seed)
    same(everything(sigma, xi * up, F, seed), (E, fields, final))
    same(everything(-sigma, xi, F, seed), (E, -fields, -final))


@some
@given(problems(), st.sampled_from([1, 3, 5]))
def test_at_odd_n_inverted_memories_have_the_inverse_energy(problem, n):
    xi, sigma, _ = problem
    same([dam.energy(sigma, -xi, dam.Polynomial(n))], [-dam.energy(sigma, xi, dam.Polynomial(n))])


@some
@given(problems(), F, st.integers(1, 3))
def test_memories_stored_several_times_change_nothing(problem, F, times):
    """Energies and fields are so many times as large."""
    xi, sigma, seed = problem
    E, fields, final = everything(sigma, xi, F, seed)
    same(everything(sigma, np.tile(xi, (times, 1)), F, seed), (times * E, times * fields, final))


# --- memory: capacities and attention


@some
@given(st.integers(3, 10**4), st.integers(2, 6), st.floats(1e-9, 0.49), st.floats(1e-9, 0.49))
def test_capacities_grow_with_neurons_with_the_error_and_with_n(N, n, p, q):
    assert theory.capacity(N, n, p) < theory.capacity(N + 1, n, p)
    assert theory.capacity_no_errors(N, n) < theory.capacity_no_errors(N + 1, n)
    p, q = min(p, q), max(p, q)
    assert theory.capacity(N, n, p) <= theory.capacity(N, n, q)
    for capacity in (theory.capacity, theory.capacity_no_errors):  # (2n-1)!! / (2n-3)!! = 2n - 1
        assert math.isclose(capacity(N, n + 1) / capacity(N, n), N / (2 * n - 1), rel_tol=1e-12)


@some
@given(st.integers(2, 10**4), st.integers(1, 10**6), st.integers(2, 6))
def test_errors_grow_with_memories_and_fall_with_neurons(N, K, n):
    p = theory.error_probability(N, K, n)
    assert theory.error_probability(N + 1, K, n) <= p <= theory.error_probability(N, K + 1, n) < 0.5
    assert p <= theory.error_tail(N, K, n) * (1 + 1e-12)
    if N > 2 * n - 1:
        assert theory.error_probability(N, K, n + 1) <= p


@some
@given(problems(), st.floats(0.1, 1000))
def test_attention_goes_to_the_nearest_memory_as_beta_grows(problem, beta):
    """The other K - 1 weights are at most exp(-β Δ) each, if the nearest is ahead by Δ; all memories are as long."""
    xi, _, seed = problem
    x = np.random.default_rng(seed).normal(size=(3, xi.shape[1]))
    xi = np.unique(xi, axis=0)
    nearest = np.argmin(((x[:, None] - xi) ** 2).sum(axis=2), axis=1)
    h = x @ xi.T
    ahead = np.sort(h, axis=1)[:, -1] - np.sort(h, axis=1)[:, -2] if len(xi) > 1 else np.full(3, np.inf)
    others = (len(xi) - 1) * np.exp(-beta * ahead) * (1 + 100 * EPS * beta * np.abs(h).max())
    distance = np.abs(attention.update(x, xi, beta) - xi[nearest]).max(axis=1)
    assert np.all(distance <= 2 * others + 4 * len(xi) * EPS)


# --- network


@st.composite
def networks(draw, smallest=1):
    """Weights that are multiples of 1/64, digits, n, T and the form of F."""
    K, N, M, classes = (draw(st.integers(1, 6)) for _ in range(4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    visible, labels, v = (rng.integers(-64, 65, shape) / 64 for shape in ((K, N), (K, classes + 1), (M, N)))
    n, kind = draw(st.integers(smallest, 8)), draw(st.sampled_from(list(interactions.KINDS)))
    return visible, labels, v, n, draw(st.floats(1, 2 * N)), kind


def arguments_and_scale(visible, labels, v, n, T, kind, form):
    """Arguments of the tanh, and for each digit a bound of the sum of their terms in absolute value."""
    largest = np.abs(v) @ np.abs(visible).T + np.abs(labels).sum(axis=1) + 2 * np.abs(labels).max(axis=1)
    terms = (largest / T) ** n * 2 * (1 + n)
    return Classifier(visible, labels, n, T, kind, form).arguments(v), terms.sum(axis=1, keepdims=True)


@some
@given(networks(), st.sampled_from(list(FORMS)), st.integers(0, 2**32))
def test_classes_and_memories_have_no_order(network, form, seed):
    """A sum of K terms in another order, each with n products: K + 2n + 20 roundings."""
    (visible, labels, v, n, T, kind), rng = network, np.random.default_rng(seed)
    a, scale = arguments_and_scale(*network, form)
    classes, memories = rng.permutation(labels.shape[1]), rng.permutation(len(visible))
    moved = Classifier(visible[memories], labels[memories][:, classes], n, T, kind, form).arguments(v)
    assert np.all(np.abs(moved - a[:, classes]) <= (len(visible) + 2 * n + 20) * EPS * scale)


@some
@given(networks(), st.sampled_from(list(FORMS)), st.integers(-2, 3))
def test_temperature_scales_the_arguments_as_its_power_n(network, form, k):
    """By powers of 2, so that nothing is rounded: a(cT) = a(T) / c^n, and c times all weights at cT change nothing."""
    visible, labels, v, n, T, kind = network
    a, c = Classifier(visible, labels, n, T, kind, form).arguments(v), 2.0**k
    np.testing.assert_array_equal(Classifier(visible, labels, n, c * T, kind, form).arguments(v), a / c**n)
    np.testing.assert_array_equal(Classifier(c * visible, c * labels, n, c * T, kind, form).arguments(v), a)


@some
@given(networks(smallest=2), st.integers(0, 20))
def test_both_forms_agree_as_label_weights_shrink_and_as_the_temperature_grows(network, halvings):
    """Eq. (9) is a difference of F at (h + a) / T and (h + b) / T, a - b = 2 ξ_α, and (10) the first term of Taylor.

    What is left out is at most (a² + b²) / 2T² times the largest F'' between them: of second order in the label
    weights, where the arguments are of first; and as all it falls as T^(-n).
    """
    visible, labels, v, n, T, kind = network
    labels = labels / 2**halvings
    found = [arguments_and_scale(visible, labels, v, n, T, kind, form) for form in FORMS]
    s = labels.sum(axis=1, keepdims=True)
    a, b = 2 * labels - s, -s
    reach = np.abs(v @ visible.T) + np.maximum(np.abs(a).max(axis=1), np.abs(b[:, 0]))  # (M, K)
    bound = n * (n - 1) * (reach / T) ** (n - 2) @ ((a**2 + b**2) / (2 * T**2))
    rounding = (len(visible) + 2 * n + 20) * EPS * found[0][1]
    assert np.all(np.abs(found[0][0] - found[1][0]) <= bound + rounding)


@some
@given(networks(smallest=2), st.sampled_from(list(FORMS)), st.sampled_from(objective.OBJECTIVES), st.integers(1, 3))
def test_the_gradient_is_the_slope_of_the_objective(network, form, kind_of_objective, m):
    """By central differences of step h along a direction: wrong by h² of the third derivative, and eps / h by rounding.

    The third derivative of a tanh grows as the third power of the slope, so relative to the slope the two are h² slope²
    and eps / h. With h = 1e-6 / √slope they stay below 1e-7 for slopes up to 1e5. The cross-entropy, a difference of
    terms near 1, keeps eps / h where it and its slope are next to nothing.

    At a zero overlap the rectified F of n = 2 has a second derivative that jumps, so they are wrong by h of it there;
    the activation of its dual has a kink, and no slope. T is such that no tanh is far in saturation.
    """
    visible, labels, v, n, T, kind = network
    assume(n > 2 or form == "exact" or np.all(np.abs(v @ visible.T) > 1e-4))
    T = T / (2 * v.shape[1]) * float((np.abs(v) @ np.abs(visible).T + 3 * np.abs(labels).sum(axis=1)).max()) + 0.1
    rng = np.random.default_rng(len(v))
    y = rng.integers(0, labels.shape[1], len(v))
    t = objective.targets(y, labels.shape[1], np.float64)

    def C(step):
        net = Classifier(visible + step * d_visible, labels + step * d_labels, n, T, kind, form)
        if kind_of_objective == "softmax":
            return float(objective.cross_entropy(net.arguments(v), t)[0].sum())
        return float(objective.loss(net.scores(v), t, m))

    d_visible, d_labels = rng.normal(size=visible.shape), rng.normal(size=labels.shape)
    gradient = Classifier(visible, labels, n, T, kind, form).gradients(v, t, m, kind_of_objective)
    along = sum(float(np.sum(g * d)) for g, d in zip(gradient, (d_visible, d_labels)))
    size = sum(float(np.sum(np.abs(g * d))) for g, d in zip(gradient, (d_visible, d_labels)))
    h = 1e-6 / np.sqrt(max(1, size))
    error = 1e-5 if n == 2 and kind == "rectified" else 1e-7
    assert abs((C(h) - C(-h)) / (2 * h) - along) <= error * (size + C(0)) + EPS / h
