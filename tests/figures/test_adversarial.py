"""The figures of the chapter on adversarial images show the numbers they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from dam import figures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_objectives_mark_the_first_update_beyond_the_boundary():
    first, second = np.array([[-9.0, -8], [-4, -5], [1, -3]]), np.array([[2.0, 2], [-1, 1], [-6, 0]])
    figure = figures.objectives({"n = 2": (first, second), "n = 3": (first[:2], second[:2])})
    left, right = figure.axes[:2]
    marks = [line for line in left.lines if line.get_label() == "boundary"]
    assert [(int(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in marks] == [(2, -6.0)]
    assert not [line for line in right.lines if line.get_label() == "boundary"]
    np.testing.assert_array_equal(left.lines[1].get_ydata(), first[:, 1])
    np.testing.assert_array_equal(left.lines[3].get_ydata(), second[:, 1])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["first class", "second class", "boundary"]


def test_curves_show_points_and_error_bars():
    x, y = np.array([1.0, 2.0, 3.0]), np.array([5.0, 4.0, 1.0])
    lines = {"n = 2": (x, y, 0.1 * y), "n = 3": (x, y + 1)}
    figure = figures.curves({"a": lines, "b": lines, "c": lines}, xlabel="x", ylabel="y", ylim=(0, 10))
    drawn = [ax for ax in figure.axes if ax.get_title()]
    assert len(drawn) == 3 and not figure.axes[3].axison
    for ax in drawn:
        (one, two) = ax.containers
        np.testing.assert_array_equal(two.lines[0].get_ydata(), y + 1)
        np.testing.assert_allclose([s[:, 1] for s in one.lines[2][0].get_segments()], np.stack([0.9 * y, 1.1 * y], 1))
        assert not two.has_yerr and ax.get_ylim() == (0, 10)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["n = 2", "n = 3"]


def test_picture_rows_show_each_picture_with_its_text():
    rng = np.random.default_rng(0)
    rows = {"start": rng.uniform(-1, 1, (3, 784)), "n = 2": rng.uniform(-1, 1, (3, 784))}
    figure = figures.picture_rows(rows, heads="abc", texts={"n = 2": ["4", "9", "3\n1"]})
    axes = np.reshape(figure.axes, (2, 3))
    for line, pictures in zip(axes, rows.values()):
        for ax, pixels in zip(line, pictures):
            np.testing.assert_array_equal(ax.images[0].get_array().ravel(), pixels)
            assert ax.images[0].get_clim() == (-1, 1)
    assert [ax.get_title() for ax in axes[0]] == ["a", "b", "c"] and axes[1, 1].get_xlabel() == "9"
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["start", "n = 2"] and axes[0, 0].get_xlabel() == ""


def test_tables_write_their_numbers_and_leave_gaps_empty():
    table = np.array([[98.9, 50.7], [np.nan, 3.44]])
    figure = figures.tables({"ours": table, "theirs": table - 1}, ("2", "3"), xlabel="shown to", ylabel="made on")
    left, right = figure.axes
    assert [text.get_text() for text in left.texts] == ["98.9", "50.7", "3.4"]
    assert [text.get_position() for text in left.texts] == [(0, 0), (1, 0), (1, 1)]
    assert [text.get_text() for text in right.texts] == ["97.9", "49.7", "2.4"]
    assert left.texts[0].get_color() == "white" and left.texts[2].get_color() == "black"
    assert figure.get_supxlabel() == "shown to" and figure.get_supylabel() == "made on"
