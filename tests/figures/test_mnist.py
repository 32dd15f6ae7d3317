"""The figures of the chapter on MNIST show the numbers they are given."""

import numpy as np

from dam import figures


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_network_marks_the_answer():
    figure = figures.mnist.network(np.zeros(784), 7)
    bold = [t.get_text() for t in figure.axes[0].texts if t.get_fontweight() == "bold"]
    assert bold == ["7"]


def test_confusion_colors_only_mistakes():
    counts = 900 * np.eye(10, dtype=int)
    counts[4, 9] = 12
    figure = figures.mnist.confusion(counts)
    colored = figure.axes[0].images[0].get_array()
    assert colored[4, 9] == 12 and colored.sum() == 12
    assert sorted(texts(figure)) == ["12"] + ["900"] * 10


def triangles(ax):
    return [line.get_xdata().tolist() for line in ax.lines if line.get_marker() == "^"]


def test_crossings_marks_the_first_epoch_below():
    runs = [np.array([9.0, 4.0, 1.9, 2.1, 1.8]), np.array([8.0, 1.5])]
    ax = figures.mnist.crossings({3: runs}, {3: (2, 4)}, level=2.0, epochs=(1, 5)).axes[0]
    assert triangles(ax) == [[3], [2]]
    heights = [line.get_ydata()[0] for line in ax.lines if line.get_marker() == "^"]
    assert 2 > heights[0] > heights[1] > ax.get_ylim()[0]
    names = [text.get_text() for text in ax.figure.legends[0].texts]
    assert names == ["paper's runs", "run 1", "run 2"]


def test_crossings_without_a_crossing():
    ax = figures.mnist.crossings({30: [np.array([9.0, 4.0])]}, {}, level=2.0).axes[0]
    assert triangles(ax) == [[]]


def test_every_training_is_drawn_to_its_end():
    runs = {2: [np.full(30, 1.6), np.full(9, 1.8)], 30: [np.full(30, 1.7)]}
    figure = figures.mnist.to_the_end(runs)
    assert [[len(line.get_xdata()) for line in ax.lines] for ax in figure.axes] == [[30, 9], [30]]
    assert figure.axes[0].lines[1].get_xdata()[-1] == 9 and figure.axes[0].get_xlim() == (0, 30)


def test_final_errors_of_every_training():
    ax = figures.mnist.final_errors({2: [1.6, 1.7], 30: [1.8]}, {2: [1.65], 30: [1.9]}, {2: 1.5, 30: 1.8}).axes[0]
    heights = [sorted(line.get_ydata()) for line in ax.lines]
    assert heights == [[1.5], [1.6, 1.7], [1.65], [1.8], [1.8], [1.9]]


def test_tug_shows_memory_and_classes_for_each_epoch():
    pulls = np.array([2.0, -4, 0, 0, 0, 0, 0, 0, 0, 1])
    frames = {0: (np.zeros(784), np.zeros(10)), 3: (np.ones(784), pulls)}
    figure = figures.mnist.tug({"n = 3": frames, "n = 20": frames})
    assert [ax.get_title() for ax in figure.axes[:2]] == ["epoch 0", "epoch 3"] and len(figure.axes) == 8
    heights = [bar.get_height() for bar in figure.axes[3].patches]
    np.testing.assert_allclose(heights, pulls / 4)


def test_histograms_are_shares():
    rng = np.random.default_rng(0)
    ax = figures.mnist.overlaps({"a": rng.uniform(-10, 10, (5, 40))}, np.arange(-10, 11, 5)).axes[0]
    assert ax.patches[0].get_xy()[:, 1].max() <= 100
