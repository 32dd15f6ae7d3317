"""The figures of the chapter on adversarial images show the numbers they are given."""

import numpy as np

from dam import figures


def test_changes_are_differences_and_pictures_are_pictures():
    rng = np.random.default_rng(0)
    start, end = rng.uniform(-1, 1, (2, 784))
    figure = figures.adversarial.changes({"n = 2": (start, (start, end), end)}, ("start", "change", "end"), limit=0.5)
    one, two, three = figure.axes[:3]
    np.testing.assert_array_equal(one.images[0].get_array().ravel(), start)
    np.testing.assert_allclose(two.images[0].get_array().ravel(), end - start)
    np.testing.assert_array_equal(three.images[0].get_array().ravel(), end)
    assert two.images[0].get_clim() == (-0.5, 0.5) and one.images[0].get_clim() == (-1, 1)
    assert [ax.get_title() for ax in (one, two, three)] == ["start", "change", "end"]
    assert one.get_ylabel() == "n = 2" and "ink added" in figure.axes[3].get_xlabel()


def test_objectives_mark_the_first_update_beyond_the_boundary_of_the_digit_shown():
    first, second = np.array([[-9.0, -8], [-4, -5], [1, -3]]), np.array([[2.0, 2], [-1, 1], [-6, 0]])
    figure = figures.adversarial.objectives({"n = 2": (first, second), "n = 3": (first[:2], second[:2])})
    left, right = figure.axes[:2]
    marks = [line for line in left.lines if line.get_label() == "boundary"]
    assert [(int(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in marks] == [(2, -6.0)]
    assert not [line for line in right.lines if line.get_label() == "boundary"]
    named = {line.get_label(): line.get_ydata() for line in left.lines}
    np.testing.assert_array_equal(named["own class"], first[:, 0])
    np.testing.assert_array_equal(named["second class"], second[:, 0])
    np.testing.assert_array_equal(left.lines[0].get_ydata(), first[:, 1])
    names = ["other digits", "own class", "second class", "boundary"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == names


def test_curves_show_points_and_error_bars_in_the_colors_of_their_networks():
    x, y = np.array([1.0, 2.0, 3.0]), np.array([5.0, 4.0, 1.0])
    lines = {"n = 2": (x, y, 0.1 * y), "n = 3": (x, y + 1)}
    panels, colors = {"a": lines, "b": lines, "c": lines}, figures.adversarial.colors_of((2,))
    figure = figures.adversarial.curves(panels, colors, xlabel="x", ylabel="y", ylim=(0, 10))
    drawn = [ax for ax in figure.axes if ax.get_title()]
    assert len(drawn) == 3 and not figure.axes[3].axison
    for ax in drawn:
        (one, two) = ax.containers
        np.testing.assert_array_equal(two.lines[0].get_ydata(), y + 1)
        np.testing.assert_allclose([s[:, 1] for s in one.lines[2][0].get_segments()], np.stack([0.9 * y, 1.1 * y], 1))
        assert not two.has_yerr and ax.get_ylim() == (0, 10)
        assert one.lines[0].get_color() == figures.style.degree_color(2) and two.lines[0].get_color() == "0.35"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["n = 2", "n = 3"]


def test_boundary_shows_medians_with_their_range_and_gaps():
    near, far = np.linspace(0, 10, 101), np.linspace(10, 20, 101)
    rows = {"n = 2": {"second": near, "random": far}, "n = 30": {"second": far, "random": far + 1}}
    figure = figures.adversarial.boundary(rows, {"n = 2": (10, 1), "n = 30": (25, 0)})
    left, right = figure.axes
    second, random = left.containers
    np.testing.assert_allclose(second.lines[0].get_xdata(), [5, 15])
    np.testing.assert_allclose(random.lines[0].get_xdata(), [15, 16])
    (bars,) = second.lines[2]
    np.testing.assert_allclose([segment[:, 0] for segment in bars.get_segments()], [[1, 9], [11, 19]])
    closed, control = right.lines
    assert list(closed.get_xdata()) == [10, 25] and list(control.get_xdata()) == [1, 0]
    assert [text.get_text() for text in left.get_yticklabels()] == ["n = 2", "n = 30"]


def test_picture_rows_show_each_picture_with_its_text():
    rng = np.random.default_rng(0)
    rows = {"start": rng.uniform(-1, 1, (3, 784)), "n = 2": rng.uniform(-1, 1, (3, 784))}
    figure = figures.adversarial.picture_rows(rows, heads="abc", texts={"n = 2": ["4", "9", "3\n1"]})
    axes = np.reshape(figure.axes, (2, 3))
    for line, pictures in zip(axes, rows.values()):
        for ax, pixels in zip(line, pictures):
            np.testing.assert_array_equal(ax.images[0].get_array().ravel(), pixels)
            assert ax.images[0].get_clim() == (-1, 1)
    assert [ax.get_title() for ax in axes[0]] == ["a", "b", "c"] and axes[1, 1].get_xlabel() == "9"
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["start", "n = 2"] and axes[0, 0].get_xlabel() == ""


def test_tables_write_their_numbers_and_leave_gaps_empty():
    table = np.array([[98.9, 50.7], [np.nan, 3.44]])
    figure = figures.adversarial.tables(
        {"ours": table, "theirs": table - 1}, ("2", "3"), xlabel="shown to", ylabel="made on"
    )
    left, right = figure.axes
    assert [text.get_text() for text in left.texts] == ["98.9", "50.7", "3.4"]
    assert [text.get_position() for text in left.texts] == [(0, 0), (1, 0), (1, 1)]
    assert [text.get_text() for text in right.texts] == ["97.9", "49.7", "2.4"]
    assert left.texts[0].get_color() == "white" and left.texts[2].get_color() == "black"
    assert figure.get_supxlabel() == "shown to" and figure.get_supylabel() == "made on"
