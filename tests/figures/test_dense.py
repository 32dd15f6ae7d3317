"""The figures of the chapter on dense memories show the numbers they are given."""

import numpy as np

from dam import figures


def test_landscapes_mark_the_memories_on_each_profile():
    profiles = {"n = 2": np.array([0.0, 1.0, -2.0]), "n = 3": np.array([3.0, 1.0, 5.0])}
    figure = figures.dense.landscapes(
        profiles, {"first": 0, "last": 2}, ["unstable: 3, 1", "unstable: 0, 0"], ylabel="energy"
    )
    for ax, profile in zip(figure.axes, profiles.values()):
        curve, dots = ax.lines
        np.testing.assert_array_equal(curve.get_ydata(), profile)
        np.testing.assert_array_equal(dots.get_ydata(), profile[[0, 2]])
    assert [ax.get_title() for ax in figure.axes] == ["n = 2; unstable: 3, 1", "n = 3; unstable: 0, 0"]
    assert [tick.get_text() for tick in figure.axes[-1].get_xticklabels()] == ["first", "last"]


def test_gap_histograms_draw_every_sample_and_curve():
    curve = np.array([[0.0, 0.1], [1.0, 0.9]])
    panels = {"n = 2": {"power": np.array([0.5, 1.5])}, "n = 3": {"power": np.array([1.5, 1.6])}}
    figure = figures.dense.gap_histograms(panels, np.array([0.0, 1.0, 2.0]), {"theory": curve})
    assert [ax.get_title() for ax in figure.axes] == ["n = 2", "n = 3"]
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xydata(), curve)
    assert figure.axes[1].patches[0].get_path().vertices[:, 1].max() == 1.0


def test_final_overlaps_show_live_shares_as_bars_and_stored_means_as_points():
    bins = np.array([0, 10, 20])
    panels = {"a": (np.array([5, 5, 15, 15]), [np.array([5, 15]), np.array([15, 15])]), "b": (np.array([5]), [[5]])}
    first, second = figures.dense.final_overlaps(panels, bins).axes
    assert [bar.get_height() for bar in first.patches] == [50, 50]
    np.testing.assert_array_equal(first.lines[0].get_ydata(), [25, 75])
    (bars,) = first.containers[1].lines[2]
    np.testing.assert_allclose([np.ptp(segment[:, 1]) / 2 for segment in bars.get_segments()], [50 / 2**0.5] * 2)
    np.testing.assert_array_equal(second.lines[0].get_xydata(), [[5, 100]])


def test_half_capacity_shows_the_numbers_and_their_bars():
    stored = {"power, stored": (np.array([50, 200]), np.array([120.0, 1000.0]), np.array([10.0, 50.0]))}
    live = {"power, live": (np.array([50, 100]), np.array([110.0, 400.0]), np.array([np.nan, np.nan]))}
    line = np.array([50, 200]), np.array([100.0, 1200.0])
    ax = figures.dense.half_capacity(stored, live, {"eq. (6)": line}).axes[0]
    drawn = {text.get_text(): handle for handle, text in zip(*_legend(ax))}
    np.testing.assert_array_equal(drawn["power, stored"].lines[0].get_ydata(), [120, 1000])
    np.testing.assert_array_equal(drawn["power, live"].lines[0].get_ydata(), [110, 400])
    np.testing.assert_array_equal(drawn["eq. (6)"].get_ydata(), line[1])
    (bars,) = drawn["power, stored"].lines[2]
    np.testing.assert_allclose([np.ptp(segment[:, 1]) for segment in bars.get_segments()], [20, 100])


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


def _legend(ax):
    handles, _ = ax.get_legend_handles_labels()
    return handles, ax.get_legend().get_texts()


def test_recalled_pictures_name_their_rows():
    figure = figures.dense.recalled_pictures({"cue": np.ones((2, 4, 4)), "end": -np.ones((2, 4, 4))}, "n = 3")
    assert [ax.get_ylabel() for ax in figure.axes] == ["cue", "", "end", ""]
    np.testing.assert_array_equal(figure.axes[3].images[0].get_array(), -np.ones((4, 4)))
