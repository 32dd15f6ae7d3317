"""The figures of the chapter on basins show the numbers they are given."""

import numpy as np
import pytest

from dam import figures
from dam.figures.style import POWER, RECTIFIED, degree_color


def lines(ax):
    """Lines of one panel by their names: those written on them, or the first one of a label in the legend."""
    handles, names = ax.get_legend_handles_labels()
    found = {}
    for name, handle in zip(names, handles):
        found.setdefault(name, getattr(handle, "lines", [handle])[0])
    return found | {line.get_gid(): line for line in ax.lines if line.get_gid()}


def words(ax):
    return [text.get_text() for text in ax.texts]


def test_damaged_shades_what_a_basin_stands_beside_the_pictures():
    K, flipped = np.array([10, 100, 1000]), np.array([45.0, 30.0, 0.0])
    pictures = {share: np.ones((28, 28)) for share in (0, 20, 40)}
    figure = figures.basins.damaged(pictures, {"n = 2": (2, K, flipped, (20, 10))})
    ax, insets = figure.axes[0], figure.axes[0].child_axes
    np.testing.assert_array_equal(lines(ax)["n = 2"].get_ydata(), flipped)
    assert words(ax) == ["n = 2"] and lines(ax)["n = 2"].get_color() == degree_color(2)
    assert len(insets) == 3 and list(ax.get_yticks()) == [0, 20, 40]
    for share, inset in zip(pictures, insets):
        box = ax.transData.inverted().transform(inset.get_window_extent())
        assert box[:, 1].mean() == pytest.approx(share, abs=0.5)


def test_valleys_show_one_cue_in_the_basin_of_its_memory_and_outside():
    few, many = figures.basins.valleys().axes
    for ax, home in ((few, True), (many, False)):
        landscape, _, way, place = ax.lines
        start, end = way.get_xdata()[[0, -1]]
        assert (end < start) == home and place.get_xdata()[0] == 6
        assert (np.diff(way.get_ydata()) < 0).all(), "the cue rolls down"
        assert landscape.get_ydata().max() < 0.01


@pytest.mark.parametrize("runs_of", [1, 3])
def test_recovery_shows_means_in_percent_the_baseline_and_the_border(runs_of):
    overlap = np.array([1.0, 0.5, 0.0])
    runs = np.array([[1.0, 0.6, 0.2]] * runs_of) - 0.1 * np.arange(runs_of)[:, None]
    panels = {"few": {"n = 2": (overlap, runs)}, "many": {"n = 2": (overlap, runs)}}
    figure = figures.basins.recovery(panels, nearest={"many": (overlap, runs[0])}, borders={"few": {"n = 2": 0.4}})
    few, many = figure.axes
    np.testing.assert_allclose(lines(few)["n = 2"].get_ydata(), 100 * runs.mean(axis=0))
    np.testing.assert_allclose(lines(many)["nearest memory"].get_ydata(), [100, 60, 20])
    assert lines(few)["border of the first step"].get_xdata()[0] == 0.4
    assert words(few) == words(many) == ["n = 2"]
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["few", "many"]
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(names) == ["border of the first step", "nearest memory"]


def test_names_stand_on_their_lines_and_those_of_empty_lines_together():
    overlap = np.linspace(0, 1, 11)
    shares = {"n = 2": 0 * overlap, "n = 3": 0 * overlap, "n = 4": overlap, "n = 5": overlap**2}
    panel = {name: (overlap, share[None]) for name, share in shares.items()}
    (ax,) = figures.basins.recovery({"all": panel}).axes
    assert sorted(words(ax)) == ["n = 2, 3", "n = 4", "n = 5"]
    for text in ax.texts:
        if text.get_text() in ("n = 4", "n = 5"):
            x, y = text.get_position()
            assert y == pytest.approx(100 * np.interp(x, overlap, shares[text.get_text()]))


def test_kinds_of_interaction_have_their_colors():
    overlap = np.linspace(0, 1, 5)
    (ax,) = figures.basins.recovery({"both": dict.fromkeys(("power", "rectified"), (overlap, overlap[None]))}).axes
    assert [lines(ax)[kind].get_color() for kind in ("power", "rectified")] == [POWER, RECTIFIED]


def test_half_overlaps_leave_out_what_does_not_exist():
    runs = np.array([[np.nan, 0.4, 0.3], [np.nan, 0.6, 0.5]])
    line = ([2, 3, 4], runs, np.array([np.nan, 0.45, 0.35]))
    figure = figures.basins.half_overlaps({"equal": {"100": line}}, nearest={"equal": {"100": 0.25}})
    (ax,) = figure.axes
    np.testing.assert_allclose(lines(ax)["100"].get_ydata(), [np.nan, 0.5, 0.4])
    drawn = [list(artist.get_ydata()) for artist in ax.lines]
    assert [0.25, 0.25] in drawn and any(values[1:] == [0.45, 0.35] for values in drawn)
    assert lines(ax)["border of the first step"].get_linestyle() == ":"
    assert lines(ax)["nearest memory"].get_linestyle() == "--"
    assert words(ax) == ["100"] and list(ax.get_xticks()) == [2, 3, 4]
    names = {text.get_text() for text in figure.legends[0].get_texts()}
    assert names == {"measured", "border of the first step", "nearest memory"}


def test_error_curves_leave_out_points_that_are_all_error():
    load, counted, spread = np.array([0.5, 1.0, 2.0]), np.array([0.0, 1.1, 1.0]), np.array([0.0, 0.1, 0.5])
    curves = {"integral": np.array([0.9, 1.0, 1.1]), "tail": np.array([1.0, 1.2, 1.4])}
    (ax,) = figures.basins.error_curves({"50 neurons": (load, counted, spread, curves)}).axes
    found = lines(ax)
    np.testing.assert_allclose(found["counted"].get_xydata(), [[1.0, 1.1]])
    np.testing.assert_array_equal(found["tail"].get_ydata(), curves["tail"])
    assert set(found) == {"counted", "integral", "tail", "normal, exact moments"}


def test_error_ratios_draw_points_on_their_exact_line():
    load, exact = np.array([0.5, 1.0]), np.array([4.0, 1.2])
    panel = {"N = 25": (load, np.array([0.0, 1.1]), np.array([0.0, 0.2]), exact)}
    panel["N = 50"] = load, np.array([5.0, 1.0]), np.array([4.9, 0.1]), exact
    figure = figures.basins.error_ratios({"power": panel})
    (ax,) = figure.axes
    found = lines(ax)
    np.testing.assert_allclose(found["counted, N = 25"].get_xydata(), [[1.0, 1.1]])
    np.testing.assert_allclose(found["counted, N = 50"].get_xydata(), [[1.0, 1.0]])  # the other is its error
    np.testing.assert_array_equal(found["N = 25"].get_ydata(), exact)
    assert ax.get_ylim()[1] > 4 and "exact law" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_freezing_shows_percent_against_a_logarithm_of_the_memories():
    K, curve = np.array([4, 16]), np.array([4.0, 8.0, 16.0])
    panel = {"field rule": (K, np.array([1.0, 0.25]), curve, np.array([1.0, 0.5, 0.25]))}
    figure = figures.basins.freezing({"n = 2": panel, "n = 4": panel}, ylabel="fixed points (%)")
    for ax in figure.axes:
        predicted, counted, _ = ax.lines
        np.testing.assert_array_equal(predicted.get_ydata(), [100, 50, 25])
        np.testing.assert_array_equal(counted.get_ydata(), [100, 25])
        assert ax.get_xscale() == "log"
    assert figure.get_supylabel() == "fixed points (%)"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["field rule"]


def test_flip_costs_show_the_power_law_through_the_points():
    x = np.array([10, 100, 1000])
    ax, without = figures.basins.flip_costs(
        {"memories": (x, 3.0 * x, 2.0 * x, 1.0), "states": (x, 3.0 * x, 2.0 * x, None)}
    ).axes
    np.testing.assert_allclose(lines(ax)["one flip"].get_ydata(), 3.0 * x)
    np.testing.assert_allclose(lines(ax)["its matrix products"].get_ydata(), 2.0 * x)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), 3.0 * x)
    assert ax.get_xlabel() == "memories" and ax.get_title() == "exponent 1.00"
    assert len(without.lines) == len(ax.lines) - 1 and without.get_title() == "no power law"
