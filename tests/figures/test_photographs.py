"""The figures of the chapter on photographs show the numbers they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from dam import datasets, figures
from dam.figures import style
from dam.lab.experiments.pictures import NAMES

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (6, 6, 3), dtype=np.uint8)


def test_changes_are_enlarged_around_gray_and_photographs_are_as_they_are():
    change = RNG.normal(0, 0.05, PIXELS.shape).astype(np.float32)
    change[0, 0], change[0, 1], change[0, 2] = 0, 1, -1
    figure = figures.photographs.changes({"n = 2": (PIXELS, change)}, ("photograph", "change"))
    one, two = figure.axes
    np.testing.assert_array_equal(one.images[0].get_array(), PIXELS)
    shown = np.asarray(two.images[0].get_array(), float)
    assert set(shown[0, 1]) == {255} and set(shown[0, 2]) == {0} and np.all(np.abs(shown[0, 0] - 127.5) <= 0.5)
    small = np.abs(change) < 0.09
    np.testing.assert_allclose(shown[small], 127.5 + 1275 * change[small], atol=0.51)
    assert [ax.get_title() for ax in figure.axes] == ["photograph", "change"] and one.get_ylabel() == "n = 2"


def test_a_moved_photograph_stays_within_its_range():
    change = np.full(PIXELS.shape, 0.1)
    found = figures.photographs.moved(PIXELS, change)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, np.minimum(np.rint(PIXELS + 12.75), 255))
    np.testing.assert_array_equal(figures.photographs.moved(PIXELS, 0 * change), PIXELS)


def test_rows_have_their_texts_and_empty_places():
    lines = {"a": ([PIXELS] * 2, ["one", "two\nlines"]), "b": ([PIXELS], ["three"])}
    figure = figures.photographs.rows(lines)
    assert [ax.get_xlabel() for ax in figure.axes] == ["one", "two\nlines", "three", ""]
    assert not figure.axes[3].axison and figure.axes[2].get_ylabel() == "b"


def test_errors_are_dots_with_bars():
    (ax,) = figures.photographs.errors({"n = 2": (6.0, 1.0), "ReLU": (8.0, 2.0)}).axes
    (bars,) = ax.containers
    np.testing.assert_array_equal(bars.lines[0].get_xdata(), [6, 8])
    np.testing.assert_array_equal([s[:, 0] for s in bars.lines[2][0].get_segments()], [[5, 7], [6, 10]])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["n = 2", "ReLU"]


def test_transfer_has_the_color_of_the_power_that_images_are_made_on():
    way, percent = np.array([1.0, 2.0]), np.array([10.0, 30.0])
    panels = {"other": {"2 to 8": (way, percent, percent / 10, 2), "8 to 2": (way, 2 * percent, percent / 10, 8)}}
    (ax,) = (ax for ax in figures.photographs.transfer(panels).axes if ax.get_title())
    for bars, n, factor in zip(ax.containers, (2, 8), (1, 2)):
        np.testing.assert_array_equal(bars.lines[0].get_ydata(), factor * percent)
        assert bars.lines[0].get_color() == style.degree_color(n)


def test_speakers_are_points_joined_for_each_scaling():
    points = {"centered": {2: (26.0, 25.0), 8: (3.0, 40.0)}, "positive": {2: (10.0, 60.0), 8: (5.0, 27.0)}}
    figure = figures.photographs.speakers(points, xlabel="x", ylabel="y")
    (ax,) = figure.axes
    joined = {line.get_label(): line.get_xydata().tolist() for line in ax.lines if len(line.get_xdata()) == 2}
    assert joined == {name: [list(end) for end in ends.values()] for name, ends in points.items()}
    marks = [(line.get_color(), *line.get_xydata()[0]) for line in ax.lines if len(line.get_xdata()) == 1]
    assert marks == [(style.degree_color(n), *end) for ends in points.values() for n, end in ends.items()]
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(names) == ["centered", "n = 2", "n = 8", "positive"]


def test_every_author_is_named_and_linked():
    shipped = datasets.photographs()
    block = figures.photographs.authors(shipped, NAMES)
    for one in shipped:
        assert f'href="{one.page}"' in block.markup and " ".join(one.author.split()) in repr(block)
    assert figures.photographs.LICENSE in block.markup
    with pytest.raises(KeyError):
        figures.photographs.authors(shipped, {})


def test_photographs_are_kept_as_jpeg_and_other_pictures_as_they_are():
    picture = np.random.default_rng(0).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    svg = style.vector(figures.photographs.changes({"a": [picture, picture]}, ("one", "two")))
    assert svg.count("data:image/jpeg") == 2 and "data:image/png" not in svg
    figure, ax = plt.subplots()
    ax.imshow(picture)
    assert "data:image/png" in style.vector(figure)
