"""The figures of the chapter on dense memories show the numbers they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from dam import plotting


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_landscapes_mark_the_memories_on_each_profile():
    profiles = {"n = 2": np.array([0.0, 1.0, -2.0]), "n = 3": np.array([3.0, 1.0, 5.0])}
    figure = plotting.landscapes(profiles, {"first": 0, "last": 2}, ylabel="energy")
    for ax, profile in zip(figure.axes, profiles.values()):
        curve, dots = ax.lines
        np.testing.assert_array_equal(curve.get_ydata(), profile)
        np.testing.assert_array_equal(dots.get_ydata(), profile[[0, 2]])
    assert [tick.get_text() for tick in figure.axes[-1].get_xticklabels()] == ["first", "last"]


def test_gap_histograms_draw_every_sample_and_curve():
    curve = np.array([[0.0, 0.1], [1.0, 0.9]])
    panels = {"n = 2": {"power": np.array([0.5, 1.5])}, "n = 3": {"power": np.array([1.5, 1.6])}}
    figure = plotting.gap_histograms(panels, np.array([0.0, 1.0, 2.0]), {"theory": curve})
    assert [ax.get_title() for ax in figure.axes] == ["n = 2", "n = 3"]
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xydata(), curve)
    assert figure.axes[1].patches[0].get_path().vertices[:, 1].max() == 1.0


def test_final_overlaps_show_stored_shares_as_bars_and_live_means_as_points():
    bins = np.array([0, 10, 20])
    panels = {"a": (np.array([5, 5, 15, 15]), [np.array([5, 15]), np.array([15, 15])]), "b": (None, [np.array([5])])}
    first, second = plotting.final_overlaps(panels, bins).axes
    assert [bar.get_height() for bar in first.patches] == [50, 50]
    np.testing.assert_array_equal(first.lines[0].get_ydata(), [25, 75])
    np.testing.assert_array_equal(second.lines[0].get_xydata(), [[5, 100]])
    assert not second.patches


@pytest.mark.parametrize("seeds", [1, 3])
def test_half_capacity_shows_means_over_seeds(seeds):
    live = np.array([50, 100]), {"power, live": np.array([[100.0, 300.0], [140.0, 500.0]])}
    stored = np.array([50, 200]), {"power, stored": np.array([[120.0, 1000.0]] * seeds)}
    line = np.array([50, 200]), np.array([100.0, 1200.0])
    ax = plotting.half_capacity(live, stored, {"eq. (6)": line}).axes[0]
    drawn = {text.get_text(): handle for handle, text in zip(*_legend(ax))}
    np.testing.assert_array_equal(drawn["power, live"].lines[0].get_ydata(), [120, 400])
    np.testing.assert_array_equal(drawn["power, stored"].lines[0].get_ydata(), [120, 1000])
    np.testing.assert_array_equal(drawn["eq. (6)"].get_ydata(), line[1])


def _legend(ax):
    handles, _ = ax.get_legend_handles_labels()
    return handles, ax.get_legend().get_texts()


def test_recalled_pictures_name_their_rows():
    figure = plotting.recalled_pictures({"cue": np.ones((2, 4, 4)), "end": -np.ones((2, 4, 4))}, "n = 3")
    assert [ax.get_ylabel() for ax in figure.axes] == ["cue", "", "end", ""]
    np.testing.assert_array_equal(figure.axes[3].images[0].get_array(), -np.ones((4, 4)))
