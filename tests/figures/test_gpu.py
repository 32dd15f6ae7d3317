"""The figures of the page on GPUs show the numbers they are given."""

from dam import figures


def test_sizes_draw_every_line_at_its_places():
    lines = {"products": ([100, 1000, 4000], [0.05, 0.2, 0.6]), "step": ([100, 1000, 4000], [0.1, 0.3, 0.8])}
    figure = figures.gpu.sizes({"digits": lines, "memories": lines})
    assert [ax.get_xlabel() for ax in figure.axes] == ["digits", "memories"]
    for ax in figure.axes:
        drawn = {line.get_label(): tuple(line.get_data()[axis].tolist() for axis in (0, 1)) for line in ax.lines}
        assert drawn == lines and ax.get_xscale() == ax.get_yscale() == "log"
        assert [tick.get_text() for tick in ax.get_xticklabels()] == ["100", "4000"]
        low, high = ax.get_ylim()
        assert low < 0.05 and high > 0.8
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["products", "step"]


def test_libraries_write_every_time_beside_its_row():
    rows = {"(10)": {"dam": 0.25, "other": 0.5}, "(9)": {"dam": 0.3, "other": 4.64}}
    figure = figures.gpu.libraries(rows, {"(9)": 0.2, "(10)": 0.15})
    (ax,) = figure.axes
    assert [(line.get_label(), *line.get_xdata(), *line.get_ydata()) for line in ax.lines] == [
        ("dam", 0.25, 0.3, 0, 1),
        ("other", 0.5, 4.64, 0, 1),
    ]
    assert [(text.get_text(), *text.xy) for text in ax.texts] == [
        ("0.25", 0.25, 0),
        ("0.30", 0.3, 1),
        ("0.50", 0.5, 0),
        ("4.64", 4.64, 1),
    ]
    strokes = [segment.mean(axis=0).tolist() for segment in ax.collections[0].get_segments()]
    assert strokes == [[0.15, 0], [0.2, 1]]
    low, high = ax.get_xlim()
    assert low < 0.15 and high > 4.64 and ax.yaxis_inverted()
