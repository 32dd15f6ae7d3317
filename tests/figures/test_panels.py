"""Figures are drawn from arrays without numerics: sizes, labels, and bad input."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from dam import figures


def test_images_show_the_pixels_they_are_given():
    pictures = np.linspace(-1, 1, 7 * 784).reshape(7, 784)
    figure = figures.panels.images(pictures, columns=3, titles=[str(i) for i in range(7)])
    shown = [ax for ax in figure.axes if ax.get_images()]
    assert len(shown) >= 7
    for ax, picture in zip(shown, pictures):
        np.testing.assert_array_equal(ax.get_images()[0].get_array(), picture.reshape(28, 28))
        assert ax.get_images()[0].get_clim() == (-1, 1)


def test_learning_curves_are_labelled():
    ax = figures.mnist.learning_curves({"n = 3": [5.0, 3.0, 2.0], "n = 20": [4.0, 2.5]})
    ax = getattr(ax, "axes", [ax])[0] if not hasattr(ax, "get_xlabel") else ax
    assert "epoch" in ax.get_xlabel() and "%" in ax.get_ylabel()
    assert {line.get_label() for line in ax.get_lines()} >= {"n = 3", "n = 20"}


@pytest.mark.parametrize(
    ("pictures", "titles", "message"),
    [(np.zeros((2, 783)), None, "it needs 784 columns"), (np.zeros((2, 784)), ["one"], "one for each of the 2")],
)
def test_bad_images(pictures, titles, message):
    with pytest.raises(ValueError, match=message):
        figures.panels.images(pictures, titles=titles)


def test_style_is_readable_on_any_page():
    figures.style.use()
    assert plt.rcParams["figure.facecolor"] == "white" and plt.rcParams["font.size"] >= 9


def test_spins_show_the_states_they_are_given():
    states = np.random.default_rng(0).choice([-1.0, 1.0], size=(5, 784))
    figure = figures.panels.spins(states, columns=3, titles=list("abcde"))
    shown = [ax for ax in figure.axes if ax.get_images()]
    assert [ax.get_title() for ax in shown] == list("abcde")
    for ax, state in zip(shown, states):
        np.testing.assert_array_equal(ax.get_images()[0].get_array(), state.reshape(28, 28))


@pytest.mark.parametrize(
    ("states", "titles", "message"),
    [(np.ones((2, 783)), None, "it needs 784 columns"), (np.ones((2, 784)), ["one"], "one for each of the 2")],
)
def test_bad_spins(states, titles, message):
    with pytest.raises(ValueError, match=message):
        figures.panels.spins(states, titles=titles)


def test_overlap_matrices_write_every_overlap():
    figure = figures.classical.overlap_matrices({"two": ("ab", np.array([[1, 0.25], [0.25, 1]]))})
    assert [text.get_text() for text in figure.axes[0].texts] == ["1.00", "0.25", "0.25", "1.00"]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["a", "b"]


def test_breakdown_draws_means_over_runs():
    alpha, runs = np.array([0.1, 0.2]), {"N = 10": np.array([[1.0, 0.4], [0.8, 0.2]])}
    curve = (np.array([0.1, 0.15]), np.array([1.0, 0.9]))
    top, bottom = figures.classical.breakdown(alpha, runs, runs, curve, curve).axes
    mean = next(np.asarray(line.get_ydata()) for line in top.get_lines() if line.get_marker() == "o")
    np.testing.assert_allclose(mean, [0.9, 0.3])
    assert top.get_ylabel().startswith("overlap") and "%" in bottom.get_ylabel()
    assert {text.get_text() for text in top.get_legend().get_texts()} == {"N = 10", "theory, infinite N"}


def test_opening_numbers_pixels_and_neurons_and_draws_every_connection():
    pattern = np.array([[1.0, 1, 1], [-1, -1, 1], [-1, 1, -1]])
    T = np.outer(pattern, pattern)
    figure = figures.classical.opening(pattern, T, np.ones((2, 784)), ["a", "b"])
    pixels, network, *film = figure.axes
    for ax in (pixels, network):
        assert [text.get_text() for text in ax.texts] == [str(number) for number in range(1, 10)]
    solid = sum(line.get_linestyle() == "-" for line in network.lines)
    assert len(network.lines) == 36 and solid == (T[np.triu_indices(9, 1)] > 0).sum()
    assert sum(line.get_linewidth() > 1 for line in network.lines) == 8
    assert [ax.get_title() for ax in film] == ["a", "b"]


def test_melted_shows_ten_digits_a_cue_and_an_end():
    figure = figures.classical.melted(np.ones((10, 784)), np.ones(784), -np.ones(784))
    assert sum(len(ax.get_images()) for ax in figure.axes) == 12


def test_landscape_has_a_valley_at_each_name():
    ax = figures.classical.landscape().axes[0]
    x, y = ax.lines[0].get_data()
    valleys = x[1:-1][(y[1:-1] < y[:-2]) & (y[1:-1] < y[2:])]
    np.testing.assert_allclose(valleys, [2, 5.1, 8], atol=0.05)


def test_descent_names_its_overlaps():
    top, bottom = figures.classical.descent(np.array([0.0, -1]), np.eye(2), ["one", "two"]).axes
    assert list(top.lines[0].get_ydata()) == [0, -1] and [text.get_text() for text in bottom.texts] == ["one", "two"]


def test_crosstalk_hatches_the_unstable_bits():
    ax = figures.classical.crosstalk(np.array([-0.5, 0.5, 1, 1.5]), 0.15).axes[0]
    assert {bar.get_x() < -1e-9 for bar in ax.patches if bar.get_hatch()} == {True}
    assert sum(bar.get_height() * bar.get_width() for bar in ax.patches) == pytest.approx(1)


def test_feedback_draws_a_staircase_between_curve_and_diagonal():
    ax = figures.classical.feedback(np.array([0, 0.05]), {0.1: np.array([0.01, 0.03])}, {0.1: [0, 0.01, 0.014]}).axes[0]
    np.testing.assert_allclose(ax.lines[2].get_xydata(), [[0, 0], [0, 1], [1, 1], [1, 1.4], [1.4, 1.4]])


def test_basins_name_each_load():
    ax = figures.classical.basins(np.array([0, 50]), {0.1: [100, 0], 0.2: [90, 0]}, {0.1: [100, 50], 0.2: [100, 50]})
    names = [text.get_text() for text in ax.axes[0].texts]
    assert names[:2] == ["0.10", "0.20"] and len(ax.axes[0].lines) == 4


def test_finite_size_draws_every_set_and_the_limit_at_infinite_size():
    N, falls, widths = np.array([8, 1000]), np.array([[0.2, 0.15], [0.21, 0.16]]), np.array([[0.1, 0.02], [0.2, 0.03]])
    curve, slope = (np.array([0, 0.25]), np.array([0.14, 0.2])), (N, np.array([0.1, 0.01]))
    top, bottom = figures.classical.finite_size(N, falls, widths, curve, (0.138, 0.14, 0.01), slope).axes
    dots = [line for line in top.lines if line.get_marker() == "o"]
    np.testing.assert_allclose([dot.get_xdata() for dot in dots], [[0.25, 0.01]] * 2)
    np.testing.assert_array_equal([dot.get_ydata() for dot in dots], falls)
    np.testing.assert_array_equal([line.get_ydata() for line in bottom.lines if line.get_marker() == "o"], widths)
    ((segment,),) = (bars.get_segments() for bars in top.containers[0].lines[2])
    np.testing.assert_allclose(segment, [[0, 0.13], [0, 0.15]])


def test_recall_counts_every_run():
    picture = np.ones((28, 28))
    figure = figures.classical.recall(picture, -picture, np.array([1.0, 0.9, 0.31, -0.1]), "title")
    histogram = next(ax for ax in figure.axes if ax.patches)
    assert sum(bar.get_height() for bar in histogram.patches) == pytest.approx(100)


def test_shares_are_stacked():
    figure = figures.classical.shares(
        ["a", "b"], {"one": np.array([30, 60]), "two": np.array([70, 40])}, xlabel="group"
    )
    tops = {round(bar.get_y() + bar.get_height()) for bar in figure.axes[0].patches}
    assert tops == {30, 60, 100}


CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])


def test_cube_has_twelve_edges_and_a_marker_for_each_corner():
    marked = CORNERS.prod(axis=1) < 0
    ax = figures.xor.cube(CORNERS, marked, labels=[str(i) for i in range(8)]).axes[0]
    assert len(ax.get_lines()) == 12
    assert [len(points.get_offsets()) for points in ax.collections] == [4, 4]
    assert {text.get_text() for text in ax.texts} >= {str(i) for i in range(8)}


def test_levels_place_every_state_at_its_energy_beside_the_other_answer():
    energies, marked = np.arange(8.0), CORNERS.prod(axis=1) < 0
    ax, _ = figures.xor.levels({"a": energies, "b": -energies}, CORNERS, marked, ylabel="energy").axes
    for points, z, chosen in zip(ax.collections, (-1, -1, 1, 1), (marked, ~marked, marked, ~marked), strict=True):
        np.testing.assert_array_equal(points.get_offsets()[:, 1], energies[chosen & (CORNERS[:, 2] == z)])
    places = np.sort(np.concatenate([points.get_offsets()[:, 0] for points in ax.collections]))
    np.testing.assert_array_equal(np.round(places), [0, 0, 1, 1, 2, 2, 3, 3])
    assert [sorted(line.get_ydata()) for line in ax.get_lines()] == [[0, 1], [2, 3], [4, 5], [6, 7]]


def test_outcomes_put_each_symbol_where_it_was_found():
    found, rows, columns = [[1, 0, -1], [1, 1, 0]], (2, 3), (5, 6, 7)
    words = {1: "right", 0: "tie", -1: "wrong"}
    ax = figures.xor.outcomes({"a": found}, rows, columns, xlabel="n", ylabel="N", words=words).axes[0]
    places = {points.get_label(): points.get_offsets().tolist() for points in ax.collections}
    assert places == {"right": [[5, 2], [5, 3], [6, 3]], "tie": [[6, 2], [7, 3]], "wrong": [[7, 2]]}


def test_noise_names_each_curve():
    T, tried = np.array([1.0, 2, 3]), np.array([1.5])
    ax = figures.xor.noise(T, {2: [100, 80, 60], 8: [100, 99, 50]}, tried, {2: [90], 8: [100]}, 3).axes[0]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["n = 2", "n = 8"]
    assert ax.lines[0].get_color() == figures.style.degree_color(2) != ax.lines[2].get_color()


def test_gates_are_counted_for_each_kind():
    ax = figures.xor.gates([1, 2], {"power": [2, 4], "rectified": [6, 16]}, 16).axes[0]
    assert [list(line.get_ydata()) for line in ax.lines] == [[2, 4], [6, 16]]
    assert [line.get_color() for line in ax.lines[:2]] == [figures.style.POWER, figures.style.RECTIFIED]
