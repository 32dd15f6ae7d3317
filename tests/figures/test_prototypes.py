"""The figures of the chapter on features and prototypes show the numbers they are given."""

import numpy as np
import pytest

from dam import figures
from dam.figures.prototypes import mosaic


def named(ax):
    return dict(zip(*ax.get_legend_handles_labels()[::-1]))


def test_mosaic_puts_pictures_row_by_row_with_gaps():
    pictures = np.arange(3)[:, None] * np.ones(784)
    whole = mosaic(pictures, columns=2)
    assert whole.shape == (58, 58)
    assert np.all(whole[:28, :28] == 0) and np.all(whole[:28, 30:] == 1) and np.all(whole[30:, :28] == 2)
    assert np.all(np.isnan(whole[30:, 30:])) and np.all(np.isnan(whole[28:30])) and np.all(np.isnan(whole[:, 28:30]))


def test_memory_blocks_show_every_memory_and_the_sleepers_below_on_the_scale_from_minus_to_plus_one():
    rng = np.random.default_rng(0)
    blocks = {name: rng.uniform(-1, 1, (4, 784)) for name in ("n = 2", "n = 30")}
    asleep = {name: rng.uniform(-1, 1, (3, 784)) for name in blocks}
    figure = figures.prototypes.memory_blocks(blocks, asleep=asleep, columns=2)
    drawn = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title() for ax in drawn] == ["n = 2", "asleep", "n = 30", "asleep"]
    for ax, pictures in zip(drawn, (blocks["n = 2"], asleep["n = 2"], blocks["n = 30"], asleep["n = 30"])):
        shown = ax.images[0].get_array()
        place = (slice(30, 58), slice(30, 58)) if len(pictures) == 4 else (slice(0, 28), slice(60, 88))
        np.testing.assert_allclose(shown[place].ravel(), pictures[-1])
        assert ax.images[0].get_clim() == (-1, 1)


def test_speakers_show_a_picture_its_memories_and_their_shares():
    rng = np.random.default_rng(2)
    memories, picture = rng.uniform(-1, 1, (2, 784)), rng.uniform(-1, 1, 784)
    rows = {"n = 2": (picture, memories, ("1 %", "2 %")), "n = 30": (picture, memories, ("37 %", "10 %"))}
    figure = figures.prototypes.speakers(rows)
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array().ravel(), picture)
    np.testing.assert_array_equal(figure.axes[5].images[0].get_array().ravel(), memories[1])
    assert [ax.texts[0].get_text() for ax in figure.axes if ax.texts] == ["1 %", "2 %", "37 %", "10 %"]
    assert [part.get_suptitle() for part in figure.subfigs] == list(rows)


def test_histograms_are_in_percent_and_refuse_samples_outside():
    samples = {2: np.array([-1.0, 1.0, 1.0, 1.0]), 30: np.array([0.0, 0.1])}
    figure = figures.prototypes.histograms(samples, bins=np.linspace(-1, 1, 5), xlabel="x", ylabel="y", marked=0.5)
    left, right = figure.axes
    assert left.get_title() == "n = 2" and right.get_title() == "n = 30"
    assert left.patches[0].get_xy()[:, 1].max() == 75 and left.lines[0].get_xdata()[0] == 0.5
    with pytest.raises(ValueError, match="panel n = 2 has samples from -1.0 to 1.0"):
        figures.prototypes.histograms(samples, bins=np.linspace(0, 1, 3), xlabel="x", ylabel="y")


def test_count_bars_put_the_tail_into_the_last_bar():
    counts = np.array([1, 1, 1, 2, 7, 9, 9, 30])
    marks = {2: {"weighted": np.linspace(0, 70, 8)}}
    figure = figures.prototypes.count_bars(
        {2: counts, 30: counts[:3]}, first=1, last=8, xlabel="x", ylabel="y", marks=marks
    )
    left, right = figure.axes
    assert [bar.get_height() for bar in left.patches] == [37.5, 12.5, 0, 0, 0, 0, 12.5, 37.5]
    assert right.patches[0].get_height() == 100
    np.testing.assert_allclose(
        named(left)["weighted"].get_xydata(), np.stack([np.arange(1, 9), marks[2]["weighted"]], 1)
    )
    assert [text.get_text() for text in left.get_xticklabels()] == ["1", "2", "3", "4", "5", "6", "7", "8+"]
    assert figure.legends[0].get_texts()[0].get_text() == "weighted"


def test_count_bars_without_a_tail_have_no_plus():
    (ax,) = figures.prototypes.count_bars({3: np.array([0, 10])}, last=10, xlabel="x", ylabel="y").axes
    assert [text.get_text() for text in ax.get_xticklabels()] == ["0", "2", "4", "6", "8", "10"]


def test_pairs_show_memories_above_digits():
    rng = np.random.default_rng(1)
    memories, digits = rng.uniform(-1, 1, (3, 784)), rng.uniform(-1, 1, (3, 784))
    figure = figures.prototypes.pairs({"n = 2": (memories, digits, "abc"), "n = 3": (memories, digits, "def")})
    axes = figure.axes
    assert len(axes) == 12
    np.testing.assert_array_equal(axes[1].images[0].get_array().ravel(), memories[1])
    np.testing.assert_array_equal(axes[4].images[0].get_array().ravel(), digits[1])
    assert [ax.texts[0].get_text() for ax in axes if ax.texts] == list("abcdef")


def test_intervals_show_median_and_quantiles_of_each_measure():
    sample = np.arange(11.0)
    figure = figures.panels.intervals(
        {"n = 2": {"digit": sample, "mean": sample + 5}, "test": {"digit": sample, "mean": sample}}, xlabel="x"
    )
    (ax,) = figure.axes
    points = [container.lines[0].get_xdata() for container in ax.containers]
    np.testing.assert_allclose(points, [[5, 5], [10, 5]])
    low, high = ax.containers[1].lines[2][0].get_segments()[0][:, 0]
    assert (low, high) == (6, 14)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["n = 2", "test"]
    assert ax.yaxis_inverted()


def test_likeness_shows_median_and_quantiles_in_the_color_of_the_network():
    sample = np.arange(11.0)
    rows = {2: {"digit": sample, "mean": sample + 5}, "test": {"digit": sample, "mean": sample}}
    (ax,) = (figure := figures.prototypes.likeness(rows, xlabel="x")).axes
    points = [float(container.lines[0].get_xdata()[0]) for container in ax.containers]
    assert points == [5, 10, 5, 5]
    low, high = ax.containers[1].lines[2][0].get_segments()[0][:, 0]
    assert (low, high) == (6, 14)
    assert (
        ax.containers[0].lines[0].get_color() == figures.style.degree_color(2) != ax.containers[2].lines[0].get_color()
    )
    assert [text.get_text() for text in ax.get_yticklabels()] == ["n = 2", "test"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["digit", "mean"] and ax.yaxis_inverted()


def test_pruning_shows_the_mean_of_draws_and_the_share_asleep():
    removed, draws = np.array([0.0, 50.0, 90.0]), np.array([[2.0, 4.0, 30.0], [2.0, 8.0, 50.0]])
    lines = {"at random": (removed, draws), "least first": (removed, draws[0])}
    figure = figures.prototypes.pruning({"n = 2": lines, "n = 3": lines}, asleep={"n = 2": 35.0})
    left, right = figure.axes
    np.testing.assert_allclose(named(left)["at random"].get_ydata(), [2, 6, 40])
    np.testing.assert_allclose(named(right)["least first"].get_ydata(), draws[0])
    assert named(left)["share asleep"].get_xdata()[0] == 35 and "share asleep" not in named(right)
    assert left.get_yscale() == "log"


def test_readings_circle_the_network_s_own_power():
    lines = {2: np.array([10.0, 20.0]), 30: np.array([1.0, 90.0])}
    (ax,) = figures.prototypes.readings((2, 30), lines, ylabel="y").axes
    drawn = {name: list(line.get_ydata()) for name, line in named(ax).items()}
    assert drawn == {"learned at n = 2": [10, 20], "learned at n = 30": [1, 90]}
    circles = [line for line in ax.lines if line.get_fillstyle() == "none"]
    assert [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in circles] == [(2, 10), (30, 90)]


def test_contest_colors_the_memories_that_are_comparable():
    weights = np.array([1.0, 0.95, 0.5])
    figure = figures.prototypes.contest(np.zeros(784), np.ones((6, 784)), weights, title="n = 2", shown=4)
    bars = figure.axes[-1].patches
    assert [bar.get_height() for bar in bars] == [1, 0.95, 0.5]
    assert bars[0].get_facecolor() == bars[1].get_facecolor() != bars[2].get_facecolor()
    assert len(figure.axes) == 6 and figure.get_suptitle() == "n = 2"


def test_trade_shows_shares_over_the_power():
    lines = {"kept": [0, 50, 100], "general": [100, 90, 40]}
    ax = figures.prototypes.trade([2, 10, 30], lines).axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2", "10", "30"]
    for name, line in named(ax).items():
        assert line.get_xdata().tolist() == [2, 10, 30] and line.get_ydata().tolist() == lines[name]
