"""The figures of the chapter on the duality show the numbers they are given."""

import numpy as np

from dam import figures
from dam.figures import style

N = (2, 30)


def test_both_forms_have_the_same_neurons():
    left, right = figures.duality.networks().axes
    assert [ax.get_title() for ax in (left, right)] == ["network form", "memory form"]
    for ax in (left, right):
        assert [len(row.get_offsets()) for row in ax.collections] == [5, 4, 3]
        arrows = [text for text in ax.texts if text.get_text() == ""]
        assert len(arrows) == 5 * 4 + 4 * 3


def test_worked_example_has_a_bar_for_each_memory_and_power():
    digit, memories = np.linspace(-1, 1, 784), np.array([[-1.0], [0.0], [1.0]]) * np.ones(784)
    weights = {2: np.array([50.0, 30, 20]), 30: np.array([97.0, 2, 1])}
    figure = figures.duality.worked(digit, memories, ["a", "b", "c"], np.array([300.0, 200, 100]), weights)
    axes = np.array(figure.axes).reshape(3, 3)
    for k in range(3):
        np.testing.assert_array_equal(axes[k, 1].images[0].get_array().ravel(), memories[k])
        assert axes[k, 1].get_xlabel() == f"overlap {300 - 100 * k}"
        assert [bar.get_width() for bar in axes[k, 2].patches] == [shares[k] for shares in weights.values()]
        assert [text.get_text() for text in axes[k, 2].texts] == [f"{w[k]:.0f} %   n = {n}" for n, w in weights.items()]
    np.testing.assert_array_equal(axes[1, 0].images[0].get_array().ravel(), digit)


def test_pairs_show_interaction_activation_and_measured_slope():
    x = np.linspace(-2, 2, 49)
    F, f, slope = x**2 / 2, x, x + 0.01
    (ax,) = figures.duality.pairs(x, {"quadratic": (F, f, slope)}).axes[:1]
    for line, y in zip(ax.lines, (F, f, slope[::12]), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), y)
    np.testing.assert_array_equal(ax.lines[2].get_xdata(), x[::12])


def test_powers_are_labeled_with_their_slopes():
    x = np.array([1.0, 10, 100])
    (ax,) = figures.duality.powers(x, {"a": x**2, "b": x}, {"a": 2.0, "b": 1.0}).axes
    assert ax.get_xscale() == ax.get_yscale() == "log"
    for line, y, label in zip(ax.lines, (x**2, x), ("a: slope 2.00", "b: slope 1.00"), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), y)
        assert line.get_label() == label


def test_expansions_leave_room_for_their_legend():
    scales = np.array([0.1, 0.01])
    errors = {"one": {"first": scales, "second": scales**2}, "two": {"first": scales / 2}}
    axes = figures.duality.expansions(scales, errors, {"one": {"first": 1, "second": 2}, "two": {"first": 1}}).axes
    assert axes[0].get_ylim() == (1e-9, 1)
    assert [line.get_label() for line in axes[0].lines] == ["first: 1.00", "second: 2.00"]
    np.testing.assert_array_equal(axes[1].lines[0].get_ydata(), scales / 2)


def test_scatter_has_the_network_form_across():
    memory, network = np.array([0.0, 2.0]), np.array([1.0, 3.0])
    (ax,) = figures.duality.scatter(memory, network, 2, "title").axes
    diagonal, points = ax.lines
    np.testing.assert_array_equal(points.get_xydata(), [[1, 0], [3, 2]])
    np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    assert points.get_color() == style.degree_color(2) and ax.get_xlim() == ax.get_ylim()


def test_tails_count_the_outputs_that_differ_by_more():
    values = np.array([0.3, 0.1, 0.2, 0.4])
    (ax,) = figures.duality.tails({2: values, 30: values / 2}, [("half", 0.2, 50)], (0.2, 1)).axes
    at, share = ax.lines[0].get_data()
    for d, percent in zip(at, share):
        assert percent == 100 * np.mean(values >= d)
    assert [line.get_label() for line in ax.lines[:2]] == ["n = 2", "n = 30"]
    assert {"half", "the curves cross"} <= {text.get_text() for text in ax.texts}


def test_agreement_has_means_and_spreads_over_draws():
    same, error = np.array([[99.0, 98.8], [99.4, 99.0]]), np.array([[1.5, 1.6], [1.7, 1.8]])
    above, below = figures.duality.agreement(N, same, {"exact": error, "dual": error + 1}).axes
    np.testing.assert_allclose(above.lines[0].get_ydata(), same.mean(0))
    bars = above.containers[0].lines[2][0].get_segments()
    np.testing.assert_allclose([np.ptp(bar[:, 1]) / 2 for bar in bars], same.std(0, ddof=1))
    assert [text.get_text() for text in above.texts] == ["99.2 %", "98.9 %"]
    for container, shift in zip(below.containers, (0, 1), strict=True):
        np.testing.assert_allclose(container.lines[0].get_ydata(), error.mean(0) + shift)


def test_clouds_have_points_and_the_diagonal():
    points = {2: (np.array([1.0, 2]), np.array([3.0, 4])), 30: (np.array([0.5, 8]), np.array([0.5, 9]))}
    (ax,) = figures.duality.clouds(points, xlabel="across", ylabel="up").axes
    for line, (n, (x, y)) in zip(ax.lines, points.items()):
        np.testing.assert_array_equal(line.get_data(), (x, y))
        assert line.get_color() == style.degree_color(n)
    np.testing.assert_array_equal(ax.lines[2].get_data(), ([0.5, 8], [0.5, 8]))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("across", "up")


def test_trained_has_a_panel_for_each_class_and_a_band_of_trainings():
    one, two = np.array([[50.0, 10], [30, 20]]), np.array([[40.0, 8], [40, 8]])
    curves = {"a": (1, one), "b": (1, two), "c": (2, two)}
    first, second = figures.duality.trained(curves, {"a": "first", "b": "other", "c": "third"}).axes
    assert (first.get_title(), second.get_title()) == ("$n = 1$", "$n = 2$")
    assert [line.get_label() for line in first.lines] == ["first", "other"] and len(second.lines) == 1
    np.testing.assert_array_equal(first.lines[0].get_ydata(), [40, 15])
    band = first.collections[0].get_paths()[0].vertices
    assert {tuple(point) for point in band} >= {(1, 30), (1, 50), (2, 10), (2, 20)}
