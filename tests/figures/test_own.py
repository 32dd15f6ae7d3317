"""The figure of the chapter on data of one's own shows the numbers it is given."""

from dam import figures


def test_temperatures_are_drawn_with_the_unscaled_one():
    errors = {2: {0.5: 3.0, 1: 2.0, 12.25: 16.0}, 30: {0.5: 90.0, 1: 6.0, 12.25: 90.0}}
    (ax,) = figures.own.temperatures(errors, unscaled=12.25).axes
    *lines, mark = ax.lines
    assert {line.get_label(): dict(zip(*map(list, line.get_data()))) for line in lines} == {
        f"n = {n}": found for n, found in errors.items()
    }
    assert list(mark.get_xdata()) == [12.25, 12.25]
