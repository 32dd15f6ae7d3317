"""The figures of the chapter on dense memories show the numbers they are given."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from dam import figures
from dam.figures import style


def test_contributions_are_in_units_of_the_chosen_memory():
    heights = {2: np.array([2.0, 4.0, 3.0]), 30: np.array([0.1, 4.0, 0.2])}
    ends = {2: np.ones((4, 4)), 30: -np.ones((4, 4))}
    shown = {"stored": np.eye(4), "damaged": -np.eye(4)}
    figure = figures.dense.contributions(heights, 1, ends, shown, name="the seven")
    top, _, first, end, second, last = figure.axes[:6]
    assert [picture.get_title() for picture in top.child_axes] == ["stored", "damaged"]
    heights = [segment[:, 1].max() for segment in first.collections[0].get_segments()]
    np.testing.assert_array_equal(heights, [0.5, 1, 0.75])
    (chosen,) = first.collections[1].get_segments()
    np.testing.assert_array_equal(chosen, [[1, 0], [1, 1]])
    assert [ax.get_title(loc="left") for ax in (first, second)] == [
        "n = 2: the others together 1.2",
        "n = 30: the others together 0.1",
    ]
    np.testing.assert_array_equal(end.images[0].get_array(), ends[2])
    np.testing.assert_array_equal(last.images[0].get_array(), ends[30])


def test_landscapes_mark_the_memories_on_each_profile():
    profiles = {2: np.array([0.0, 1.0, -2.0]), 3: np.array([3.0, 1.0, 5.0])}
    figure = figures.dense.landscapes(
        profiles, {"first": 0, "last": 2}, ["unstable: 3, 1", "unstable: 0, 0"], ylabel="energy"
    )
    for ax, (n, profile) in zip(figure.axes, profiles.items()):
        curve, dots = ax.lines
        np.testing.assert_array_equal(curve.get_ydata(), profile)
        np.testing.assert_array_equal(dots.get_ydata(), profile[[0, 2]])
        assert curve.get_color() == style.degree_color(n)
    assert [ax.get_title() for ax in figure.axes] == ["n = 2; unstable: 3, 1", "n = 3; unstable: 0, 0"]
    assert [tick.get_text() for tick in figure.axes[-1].get_xticklabels()] == ["first", "last"]


def test_gap_histograms_draw_every_sample_and_curve():
    curve = np.array([[0.0, 0.1], [1.0, 0.9]])
    panels = {"n = 2": {"power": np.array([0.5, 1.5])}, "n = 3": {"power": np.array([1.5, 1.6])}}
    figure = figures.dense.gap_histograms(panels, np.array([-1.0, 0.0, 1.0, 2.0]), {"power": curve})
    assert [ax.get_title() for ax in figure.axes] == ["n = 2", "n = 3"]
    assert [ax.get_yscale() for ax in figure.axes] == ["log", "log"]
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xydata(), curve)
    unstable, bars = figure.axes[1].patches
    assert (unstable.get_x(), unstable.get_x() + unstable.get_width()) == (-1, 0)
    assert bars.get_path().vertices[:, 1].max() == 1.0
    assert to_hex(bars.get_edgecolor()) == style.POWER.lower()


def test_final_overlaps_show_live_shares_as_bars_and_stored_means_as_points():
    bins = np.array([0, 10, 20])
    panels = {
        ("power", 2): (np.array([5, 5, 15, 15]), [np.array([5, 15]), np.array([15, 15])]),
        ("rectified", 2): (np.array([5]), [[5]]),
    }
    inset = "power", 2, np.array([15, 15, 15, 5])
    first, second = figures.dense.final_overlaps(panels, bins, inset).axes
    assert [ax.get_title() for ax in (first, second)] == ["power, n = 2", "rectified, n = 2"]
    assert [bar.get_height() for bar in first.patches] == [50, 50]
    np.testing.assert_array_equal(first.lines[0].get_ydata(), [25, 75])
    (bars,) = first.containers[1].lines[2]
    np.testing.assert_allclose([np.ptp(segment[:, 1]) / 2 for segment in bars.get_segments()], [50 / 2**0.5] * 2)
    np.testing.assert_array_equal(second.lines[0].get_xydata(), [[5, 100]])
    (small,) = first.child_axes
    assert [bar.get_height() for bar in small.patches] == [25, 75] and not second.child_axes


def test_half_capacity_shows_the_numbers_and_their_bars():
    stored = {
        "power": (np.array([50, 100, 200]), np.array([120.0, 400.0, 1000.0]), np.array([10.0, 20.0, 50.0])),
        "rectified": (np.array([50, 100, 200]), np.array([150.0, 500.0, 1300.0]), np.array([10.0, 20.0, 50.0])),
    }
    live = {"power": (np.array([50, 100]), np.array([110.0, 400.0]), np.array([np.nan, np.nan]))}
    line = np.array([50, 200]), np.array([100.0, 1200.0])
    ax = figures.dense.half_capacity(stored, live, {"capacity": line}).axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), line[1])
    shown = [container.lines[0].get_ydata() for container in ax.containers]
    for drawn, given in zip(shown, (*stored.values(), *live.values())):
        np.testing.assert_array_equal(drawn, given[1])
    (bars,) = ax.containers[0].lines[2]
    np.testing.assert_allclose([np.ptp(segment[:, 1]) for segment in bars.get_segments()], [20, 40, 100])
    places = {text.get_text(): text.xy for text in ax.texts}
    assert places == {"capacity": (200, 1200), "power": (50, 120), "rectified": (200, 1300)}


def test_scaling_has_a_panel_for_each_power_with_its_points_and_predictions():
    N, ratio, half = np.array([50, 100]), np.array([1.5, 1.4]), np.array([0.1, np.nan])
    panels = {"n = 2": ({"stable": (N, ratio, half)}, [(N, ratio + 1)]), "n = 3": ({"stable": (N, ratio, half)}, [])}
    first, second = figures.dense.scaling(panels, [(50, 100), (50,)]).axes
    assert [first.get_title(), second.get_title()] == ["n = 2", "n = 3"]
    one, prediction, points = first.lines[:3]
    assert list(one.get_ydata()) == [1, 1]
    np.testing.assert_array_equal(prediction.get_ydata(), ratio + 1)
    np.testing.assert_array_equal(points.get_ydata(), ratio)
    assert [label.get_text() for label in first.get_xticklabels()] == ["50", "100"]


def test_recalled_pictures_name_their_rows():
    figure = figures.dense.recalled_pictures({"cue": np.ones((2, 4, 4)), "end": -np.ones((2, 4, 4))}, "n = 3")
    assert [ax.get_ylabel() for ax in figure.axes] == ["cue", "", "end", ""]
    np.testing.assert_array_equal(figure.axes[3].images[0].get_array(), -np.ones((4, 4)))


@pytest.mark.parametrize("place", [(3, 20), (40, 70)])
def test_fixed_points_label_what_they_draw(place):
    curves = {"digits": ([2, 30], [0, 80], place), "random": ([2, 30], [0, 100], (5, 90))}
    ax = figures.dense.fixed_points(curves, {"recalled": ([2], [1], (9, 9))}, xlabel="n", ylabel="%").axes[0]
    assert [list(line.get_ydata()) for line in ax.lines] == [[0, 80], [0, 100], [1]]
    assert {text.get_text(): text.get_position() for text in ax.texts} == {
        "digits": place,
        "random": (5, 90),
        "recalled": (9, 9),
    }
