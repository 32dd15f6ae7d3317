"""The figures of the chapter on settings show the numbers they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from dam import figures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_temperatures_draw_lines_ranges_and_points_at_their_places():
    n = np.array([2, 10, 30])
    lines = {"start": np.array([600.0, 300, 200]), "alone": np.array([56.0, 500, 700])}
    bars = {"first": [(2, 250, 400), (3, 250, 400)]}
    figure = figures.temperatures(n, lines, bars, {"ours": ([2, 30], [90, 630])})
    (ax,) = figure.axes
    drawn = {line.get_label(): line.get_xydata() for line in ax.lines}
    np.testing.assert_array_equal(drawn["start"][:, 1], lines["start"])
    np.testing.assert_array_equal(drawn["first"], [[3, 250], [3, 400]])
    np.testing.assert_array_equal(drawn["ours"], [[2, 90], [30, 630]])
    assert len(ax.lines) == 5 and ax.get_xscale() == ax.get_yscale() == "log"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["start", "alone", "first", "ours"]


def test_windows_write_every_error_and_frame_those_inside():
    errors = np.array([[2.5, 3.0, np.nan], [8.0, 2.6, 4.0]])
    inside = np.array([[True, False, False], [False, True, False]])
    figure = figures.windows(
        {f"n = {n}": (errors, inside, (0.03, 0.06), (30, 60, 90)) for n in (2, 3, 20)}, xlabel="T", ylabel="rate"
    )
    drawn = [ax for ax in figure.axes if ax.get_title()]
    assert [ax.get_title() for ax in drawn] == ["n = 2", "n = 3", "n = 20"] and not figure.axes[3].axison
    for ax in drawn:
        assert [t.get_text() for t in ax.texts] == ["2.50", "3.00", "NaN", "8.00", "2.60", "4.00"]
        assert [tuple(np.round(frame.get_center())) for frame in ax.patches] == [(0, 0), (1, 1)]
        assert [t.get_text() for t in ax.get_xticklabels()] == ["30", "60", "90"]
        assert [t.get_text() for t in ax.get_yticklabels()] == ["0.03", "0.06"]


def test_choices_show_each_measure_at_its_value():
    panel = {"values": ["1", "3"], "test": np.array([3.0, 2.0]), "training": np.array([np.nan, 0.0])}
    panels = {"n = 3": panel, "n = 20": panel, "n = 30": panel | {"values": ["1", "30"]}}
    figure = figures.choices(panels, limits=(1, 10), ticks=(1, 2, 5))
    for ax, labels in zip(figure.axes, (["1", "3"], ["", ""], ["1", "30"]), strict=True):
        test, training = ax.lines
        assert test.get_xdata().tolist() == [3, 2] and test.get_ydata().tolist() == [0, 1]
        assert len(training.get_xdata()) == 0
        assert [t.get_text() for t in ax.get_yticklabels()] == labels and ax.get_xlim() == (1, 10)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["test", "training"]


def test_price_shows_every_run_and_the_band():
    runs = {"short": [np.array([5.0, 2.0]), np.array([6.0, 2.5])], "full": [np.array([7.0, 3.0, 1.5])]}
    figure = figures.price({"n = 2": runs, "n = 3": runs}, {"n = 2": (1.51, 1.66), "n = 3": (1.44, 1.59)})
    for ax, band in zip(figure.axes, ((1.51, 1.66), (1.44, 1.59))):
        assert [line.get_ydata().tolist() for line in ax.lines] == [[5, 2], [6, 2.5], [7, 3, 1.5]]
        assert ax.lines[2].get_xdata().tolist() == [1, 2, 3]
        assert ax.patches[0].get_y() == band[0] and ax.patches[0].get_height() == pytest.approx(band[1] - band[0])
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["within 0.15 points of the paper", "short", "full"]
