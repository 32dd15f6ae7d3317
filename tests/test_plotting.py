"""Figures are drawn from arrays without numerics: sizes, labels, and bad input."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from dam import plotting


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_images_show_the_pixels_they_are_given():
    pictures = np.linspace(-1, 1, 7 * 784).reshape(7, 784)
    figure = plotting.images(pictures, columns=3, titles=[str(i) for i in range(7)])
    shown = [ax for ax in figure.axes if ax.get_images()]
    assert len(shown) >= 7
    for ax, picture in zip(shown, pictures):
        np.testing.assert_array_equal(ax.get_images()[0].get_array(), picture.reshape(28, 28))
        assert ax.get_images()[0].get_clim() == (-1, 1)


def test_learning_curves_are_labelled():
    ax = plotting.learning_curves({"n = 3": [5.0, 3.0, 2.0], "n = 20": [4.0, 2.5]})
    ax = getattr(ax, "axes", [ax])[0] if not hasattr(ax, "get_xlabel") else ax
    assert "epoch" in ax.get_xlabel() and "%" in ax.get_ylabel()
    assert {line.get_label() for line in ax.get_lines()} >= {"n = 3", "n = 20"}


@pytest.mark.parametrize(
    ("pictures", "titles", "message"),
    [(np.zeros((2, 783)), None, "it needs 784 columns"), (np.zeros((2, 784)), ["one"], "one for each of the 2")],
)
def test_bad_images(pictures, titles, message):
    with pytest.raises(ValueError, match=message):
        plotting.images(pictures, titles=titles)


def test_style_is_readable_on_any_page():
    plotting.use_style()
    assert plt.rcParams["figure.facecolor"] == "white" and plt.rcParams["font.size"] >= 9
