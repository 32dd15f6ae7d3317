"""The figures of the chapter on settings show the numbers they are given."""

import numpy as np
import pytest

from dam import figures


def test_temperatures_draw_lines_ranges_and_points_at_their_places():
    n = np.array([2, 10, 30])
    lines = {"start": np.array([600.0, 300, 200]), "alone": np.array([56.0, 500, 700])}
    bars = {"first": [(2, 250, 400), (3, 250, 400)]}
    figure = figures.settings.temperatures(n, lines, bars, {"ours": ([2, 30], [90, 630])})
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
    figure = figures.settings.windows(
        {f"n = {n}": (errors, inside, (0.03, 0.06), (30, 60, 90)) for n in (2, 3, 20)}, xlabel="T", ylabel="rate"
    )
    drawn = [ax for ax in figure.axes if ax.get_title()]
    assert [ax.get_title() for ax in drawn] == ["n = 2", "n = 3", "n = 20"] and not figure.axes[3].axison
    for ax in drawn:
        assert [t.get_text() for t in ax.texts] == ["2.5", "3.0", "NaN", "8.0", "2.6", "4.0"]
        assert [tuple(np.round(frame.get_center())) for frame in ax.patches] == [(0, 0), (1, 1)]
        assert [t.get_text() for t in ax.get_xticklabels()] == ["30", "60", "90"]
        assert [t.get_text() for t in ax.get_yticklabels()] == ["0.03", "0.06"]


def test_choices_show_each_value_and_lead_to_those_beyond():
    groups = {"m": {"1": {3: 70.2, 20: 13.5}, "3": {3: 2.0, 20: 1.9}}, "ramp": {"0": {2: float("nan")}}}
    figure = figures.settings.choices(groups, chance=(1.6, 2.4))
    (ax,) = figure.axes
    drawn = [(line.get_marker(), float(line.get_xdata()[0])) for line in ax.lines]
    assert drawn[:2] == [(">", 4), (">", 4)] and [x for _, x in drawn[2:4]] == [2.0, 1.9] and len(drawn) == 5
    assert [t.get_text() for t in ax.get_yticklabels()] == ["1", "3", "0"]
    assert {"m", "ramp", "70, 14"} <= {t.get_text() for t in ax.texts}
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["n = 2", "n = 3", "n = 20"]


def test_readers_mark_the_largest_output():
    outputs = np.array([-1, 0.5, *[-1.0] * 8])
    rows = {"cold": (np.zeros((3, 784)), -np.ones(10)), "right": (np.ones((3, 784)), outputs)}
    figure = figures.settings.readers(rows)
    cold, right = (ax.patches for ax in (figure.axes[1], figure.axes[3]))
    assert len({bar.get_facecolor() for bar in cold}) == 1
    assert [bar.get_height() for bar in right] == outputs.tolist() and right[1].get_facecolor() == (0, 0, 0, 1)


def test_valleys_cooling_and_memories_draw_what_they_are_given():
    T, errors = [60, 200], [90.0, 15.0]
    (ax,) = figures.settings.valleys({3: (T, errors, {"start": 150.0})}).axes
    assert ax.lines[0].get_xydata().tolist() == [[60, 90], [200, 15]] and ax.lines[1].get_xdata()[0] == 150
    (ax,) = figures.settings.cooling({3: {"60 throughout": np.array([90.0, 80.0])}}).axes
    assert ax.lines[0].get_xydata().tolist() == [[1, 90], [2, 80]] and ax.texts[0].get_text() == "60 throughout"
    sizes = np.array([50, 200])
    (ax,) = figures.settings.memories({3: (sizes, [5.0, 2.5])}, {3: (sizes, [34.0, 5.5])}).axes
    assert [float(line.get_ydata()[0]) for line in ax.lines] == [5, 6, 5.5]
    assert "34" in [text.get_text() for text in ax.texts]


def test_price_shows_every_run_and_the_band():
    runs = {"short": [np.array([5.0, 2.0]), np.array([6.0, 2.5])], "full": [np.array([7.0, 3.0, 1.5])]}
    figure = figures.settings.price({2: runs, 3: runs}, {2: (1.51, 1.66), 3: (1.44, 1.59)})
    for ax, band in zip(figure.axes, ((1.51, 1.66), (1.44, 1.59))):
        assert [line.get_ydata().tolist() for line in ax.lines] == [[5, 2], [6, 2.5], [7, 3, 1.5]]
        assert ax.lines[2].get_xdata().tolist() == [1, 2, 3]
        assert ax.patches[0].get_y() == band[0] and ax.patches[0].get_height() == pytest.approx(band[1] - band[0])
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["within 0.15 points of the paper", "short", "full"]
