"""The figures of the chapter on attention show the numbers they are given."""

import numpy as np

from dam import figures


def named(ax):
    return dict(zip(*ax.get_legend_handles_labels()[::-1]))


def test_bit_errors_leave_out_zeros_and_draw_limits():
    rate = np.array([0.2, 0.4, 0.6])
    lines = {"N = 20": (rate, np.array([0.0, 0.01, 0.3]), rate / 10), "N = 40": (rate, rate / 2, None)}
    figure = figures.attention.bit_errors(
        {"clean": lines, "cues": {"N = 20": lines["N = 40"]}}, {"clean": 0.67, "cues": 0.3}
    )
    clean, cues = figure.axes
    np.testing.assert_array_equal(named(clean)["N = 20"].get_ydata(), [np.nan, 0.01, 0.3])
    assert any(np.array_equal(line.get_ydata(), rate / 10) for line in clean.lines)
    limits = [named(ax)["limit for many neurons"].get_xdata()[0] for ax in (clean, cues)]
    assert limits == [0.67, 0.3] and len(cues.lines) == 2
    assert clean.get_yscale() == "log" and clean.get_title() == "clean"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "limit for many neurons",
        "N = 20",
        "twins alone",
        "N = 40",
    ]


def test_weighing_shows_weights_in_percent_and_what_is_left():
    cue, likest, average = np.zeros(784), np.stack([np.ones(784), -np.ones(784)]), np.linspace(-1, 1, 784)
    figure = figures.attention.weighing(cue, likest, {"sharp": (np.array([0.6, 0.1]), average)})
    pictures = [ax.images[0].get_array().ravel() for ax in figure.axes if ax.images]
    np.testing.assert_allclose(pictures, [cue, *likest, average])
    (bars,) = (ax for ax in figure.axes if ax.patches)
    np.testing.assert_allclose([bar.get_height() for bar in bars.patches], [60, 10, 30])
    assert [text.get_text() for text in bars.texts] == ["60 %", "10 %", "30 %"]
    assert "sharp" in [text.get_text() for text in figure.texts]


def test_memory_limits_draw_theory_in_the_color_of_its_points():
    N, K = np.array([8, 12]), np.array([10, 100])
    points = {"exp": (N, K), "n = 2": (N, [2, 3])}
    (ax,) = figures.attention.memory_limits(points, {"exp": (N, 2 * K)}, {"n = 2": 2}).axes
    exp, theory, parabola = ax.lines[:3]
    np.testing.assert_array_equal(exp.get_xydata(), [[8, 10], [12, 100]])
    np.testing.assert_array_equal(theory.get_ydata(), 2 * K)
    assert theory.get_color() == exp.get_color() != parabola.get_color() == figures.style.degree_color(2)
    assert [text.get_text() for text in ax.texts] == ["exp", "n = 2"] and set(named(ax)) == {"measured", "theory"}
    assert ax.get_yscale() == "log"


def test_descents_begin_before_the_first_update():
    (ax,) = figures.attention.descents({"a": np.array([3.0, 2.0, 1.5]), "b": np.array([1.0, 0.5])}).axes
    np.testing.assert_array_equal(named(ax)["a"].get_xydata(), [[0, 3], [1, 2], [2, 1.5]])
    np.testing.assert_array_equal(named(ax)["b"].get_ydata(), [1, 0.5])
    assert ax.get_yscale() == "log"


def test_one_update_shows_medians_and_the_range():
    beta = np.array([0.01, 0.1])
    distance, bound = np.array([[0.1, 0.2, 0.9], [1e-3, 1e-2, 0.5]]), np.array([[1.0, 2, 3], [0.1, 0.2, 0.3]])
    figure = figures.attention.one_update({"digits": (beta, distance, bound), "random": (beta, distance / 10, bound)})
    left, right = figure.axes
    np.testing.assert_allclose(named(left)["measured: median, range"].get_ydata(), [0.2, 1e-2])
    np.testing.assert_allclose(named(right)["measured: median, range"].get_ydata(), [0.02, 1e-3])
    np.testing.assert_allclose(named(left)["bound: median"].get_ydata(), [2, 0.2])
    band = left.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == 1e-3 and band[:, 1].max() == 0.9


def test_averaging_shows_every_state_by_its_cues_and_the_edges():
    beta = np.array([0.01, 0.1])
    states = [(np.array([90.0]), np.array([100])), (np.array([20.0, 1.5, 1.0]), np.array([60, 30, 10]))]
    figure = figures.attention.averaging(
        {"digits": (beta, states), "more": (beta, states)}, edges={"more": [0.03, 0.05]}
    )
    ax, more = figure.axes
    circles = named(ax)["memories in a state"]
    np.testing.assert_allclose(circles.get_offsets(), [[0.01, 90], [0.1, 20], [0.1, 1.5], [0.1, 1]])
    assert list(np.argsort(circles.get_sizes())) == [3, 2, 1, 0]
    np.testing.assert_array_equal(named(ax)["different states at rest"].get_ydata(), [1, 3])
    assert "edge by theory" not in named(ax)
    dotted = [line.get_xdata()[0] for line in more.lines if line.get_linestyle() == ":"]
    assert dotted == [0.03, 0.05] and named(more)["edge by theory"].get_xdata()[0] == 0.03


def test_steepness_in_percent():
    lines = {"powers": (np.array([0.01, 0.1]), np.array([0.0, 0.5])), "exp": (np.array([0.1]), np.array([1.0]))}
    figure = figures.attention.steepness({"K = 100": lines, "K = 500": lines, "K = 2000": lines})
    ax = figure.axes[0]
    np.testing.assert_array_equal(named(ax)["powers"].get_xydata(), [[0.01, 0], [0.1, 50]])
    assert ax.get_title() == "K = 100" and ax.get_xscale() == "log"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["powers", "exp"]


def test_attended_shows_a_row_for_each_cue():
    cues, states = np.zeros((2, 784)), np.stack([np.linspace(-1, 1, 784), np.ones(784)])
    memories = np.arange(6).reshape(2, 3, 1) / 3 * np.ones(784) - 1
    weights = np.array([[0.5, 0.25, 0.125], [0.99, 0.006, 0.001]])
    figure = figures.attention.attended(cues, states, np.array([33.2, 1.04]), memories, weights)
    below = [ax.get_xlabel() for ax in figure.axes]
    assert below == ["", "of 33", "50 %", "25 %", "12 %", "", "of 1", "99 %", "1 %", "< 1 %"]
    np.testing.assert_allclose(figure.axes[1].images[0].get_array().ravel(), states[0])
    np.testing.assert_allclose(figure.axes[8].images[0].get_array().ravel(), memories[1, 1])
