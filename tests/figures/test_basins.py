"""The figures of the chapter on basins show the numbers they are given."""

import numpy as np
import pytest

from dam import figures


def named(ax):
    """Lines of one panel by the label in its legend; of error bars, the line of means."""
    handles, names = ax.get_legend_handles_labels()
    return {name: getattr(handle, "lines", [handle])[0] for name, handle in zip(names, handles)}


@pytest.mark.parametrize("seeds", [1, 3])
def test_recovery_shows_means_in_percent_the_baseline_and_the_border(seeds):
    overlap = np.array([1.0, 0.5, 0.0])
    runs = np.array([[1.0, 0.6, 0.2]] * seeds) - 0.1 * np.arange(seeds)[:, None]
    panels = {"few": {"n = 2": (overlap, runs)}, "many": {"n = 2": (overlap, runs)}}
    figure = figures.basins.recovery(panels, nearest={"many": (overlap, runs[0])}, borders={"few": {"n = 2": 0.4}})
    few, many = (named(ax) for ax in figure.axes)
    np.testing.assert_allclose(few["n = 2"].get_ydata(), 100 * runs.mean(axis=0))
    np.testing.assert_allclose(many["nearest memory"].get_ydata(), [100, 60, 20])
    assert set(few) == {"n = 2", "theory, n = 2"} and set(many) == {"n = 2", "nearest memory"}
    assert few["theory, n = 2"].get_xdata()[0] == 0.4
    assert [ax.get_title() for ax in figure.axes] == ["few", "many"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["n = 2", "theory, n = 2", "nearest memory"]


def test_half_overlaps_leave_out_what_does_not_exist():
    runs = np.array([[np.nan, 0.4, 0.3], [np.nan, 0.6, 0.5]])
    line = ([2, 3, 4], runs, np.array([np.nan, 0.45, 0.35]))
    figure = figures.basins.half_overlaps({"equal": {"K = 100": line}}, nearest={"equal": {"K = 100": 0.25}})
    (ax,) = figure.axes
    np.testing.assert_allclose(named(ax)["K = 100"].get_ydata(), [np.nan, 0.5, 0.4])
    drawn = [list(artist.get_ydata()) for artist in ax.lines]
    assert [0.25, 0.25] in drawn and any(values[1:] == [0.45, 0.35] for values in drawn)
    styles = {name: line.get_linestyle() for name, line in named(ax).items()}
    assert styles["first step"] == ":" and styles["nearest memory"] == "--"
    assert list(ax.get_xticks()) == [2, 3, 4]


def test_error_curves_drop_points_without_any_error():
    load, measured = np.array([0.5, 1.0, 2.0]), np.array([[0.0, 0.004, 0.03], [0.0, 0.006, 0.05]])
    curves = {"integral": np.array([1e-4, 0.005, 0.04]), "tail": np.array([2e-4, 0.006, 0.05])}
    (ax,) = figures.basins.error_curves({"n = 3": (load, measured, curves)}).axes
    found = named(ax)
    np.testing.assert_allclose(found["measured"].get_xydata(), [[1.0, 0.005], [2.0, 0.04]])
    np.testing.assert_array_equal(found["tail"].get_ydata(), curves["tail"])
    assert ax.get_yscale() == "log"


def test_error_ratios_draw_points_on_their_exact_line():
    load, exact = np.array([0.5, 1.0]), np.array([3.0, 1.2])
    lines = {"N = 25": (load, np.array([0.0, 1.1]), np.array([0.0, 0.2]), exact)}
    lines["N = 50"] = load, np.array([5.0, 1.0]), np.array([4.9, 0.1]), exact
    (ax,) = figures.basins.error_ratios({"power": lines}, columns=1).axes
    np.testing.assert_allclose(named(ax)["N = 25"].get_xydata(), [[1.0, 1.1]])
    np.testing.assert_allclose(named(ax)["N = 50"].get_xydata(), [[1.0, 1.0]])  # the other is its error
    assert "exact law" in named(ax)
    assert any(np.array_equal(line.get_ydata(), exact) for line in ax.lines)


def test_freezing_shows_percent_against_a_logarithm_of_the_memories():
    K, curve = np.array([4, 16]), np.array([4.0, 8.0, 16.0])
    lines = {"field rule": (K, np.array([1.0, 0.25]), curve, np.array([1.0, 0.5, 0.25]))}
    figure = figures.basins.freezing({"n = 2": lines, "n = 4": lines}, ylabel="fixed points (%)")
    for ax in figure.axes:
        np.testing.assert_array_equal(named(ax)["field rule"].get_ydata(), [100, 25])
        assert ax.get_xscale() == "log"
    assert figure.get_supylabel() == "fixed points (%)"


def test_flip_costs_show_the_power_law_through_the_points():
    x = np.array([10, 100, 1000])
    ax, without = figures.basins.flip_costs(
        {"memories K": (x, 3.0 * x, 2.0 * x, 1.0), "states S": (x, 3.0 * x, 2.0 * x, None)}
    ).axes
    np.testing.assert_allclose(named(ax)["one flip"].get_ydata(), 3.0 * x)
    np.testing.assert_allclose(named(ax)["its matrix products"].get_ydata(), 2.0 * x)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), 3.0 * x)
    assert ax.get_xlabel() == "memories K" and ax.get_title() == "exponent 1.00"
    assert len(without.lines) == len(ax.lines) - 1 and without.get_title() == "no power law"
