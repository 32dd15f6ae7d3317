"""The data of a figure are those that were plotted."""

import csv
import io

import matplotlib.pyplot as plt
import numpy as np
import pytest

from dam.figures import drawn


def table(figure):
    text = drawn.to_csv(figure)
    plt.close(figure)
    return list(csv.DictReader(io.StringIO(text)))


def numbers(rows, *heads):
    return np.array([[float(row[head]) for head in heads] for row in rows])


def test_lines_with_labels_and_axes():
    figure, (left, right) = plt.subplots(1, 2)
    x, y = np.arange(3.0), np.array([0.1, 1 / 3, 2e-9])
    left.plot(x, y, label="n = 2")
    left.axhline(0.5)  # across the panel: no data
    left.set(title="power", xlabel="load (1)", ylabel="errors (%)")
    right.plot(y, x)
    rows = table(figure)
    assert len(rows) == 6
    assert [row["panel"] for row in rows] == ["power"] * 3 + ["2"] * 3
    assert rows[0]["series"] == "n = 2" and rows[3]["series"] == ""
    assert (rows[0]["x axis"], rows[0]["y axis"]) == ("load (1)", "errors (%)")
    assert np.array_equal(numbers(rows[:3], "x", "y"), np.column_stack([x, y]))
    assert np.array_equal(numbers(rows[3:], "x", "y"), np.column_stack([y, x]))


def test_a_point_that_is_missing_has_no_error_bar():
    figure, ax = plt.subplots()
    ax.errorbar([0, 1, 2], [1, np.nan, 3], yerr=[0.1, 0.1, np.nan])
    rows = table(figure)
    assert [row["low"] for row in rows][1:] == ["", ""] and float(rows[0]["low"]) == 0.9
    assert [row["x"] for row in rows] == ["0.0", "1.0", "2.0"]


def test_error_bars_and_dots():
    figure, ax = plt.subplots()
    x, y, error = np.arange(3.0), np.array([1.0, 4.0, 9.0]), np.array([0.5, 1.0, 2.0])
    ax.errorbar(x, y, error, capsize=3, label="seeds")
    ax.scatter(y, x, label="dots")
    rows = table(figure)
    assert [row["series"] for row in rows] == ["seeds"] * 3 + ["dots"] * 3
    assert np.allclose(numbers(rows[:3], "x", "y", "low", "high"), np.column_stack([x, y, y - error, y + error]))
    assert np.array_equal(numbers(rows[3:], "x", "y"), np.column_stack([y, x]))


@pytest.mark.parametrize("horizontal", [False, True])
def test_stacked_bars(horizontal):
    figure, ax = plt.subplots()
    draw, stack = (ax.barh, "left") if horizontal else (ax.bar, "bottom")
    draw([0, 1], [2.0, 3.0], label="below")
    draw([0, 1], [1.0, 5.0], **{stack: [2.0, 3.0]}, label="above")
    heads = ("y", "x") if horizontal else ("x", "y")
    rows = table(figure)
    assert [row["series"] for row in rows] == ["below", "below", "above", "above"]
    assert np.allclose(numbers(rows, *heads, "low", "high")[:, :2], [[0, 2], [1, 3], [0, 1], [1, 5]])
    assert np.allclose(numbers(rows, "low", "high"), [[0, 2], [0, 3], [2, 3], [3, 8]])


def test_a_picture_has_no_data():
    figure, ax = plt.subplots()
    ax.imshow(np.eye(3))
    assert drawn.to_csv(figure) is None
    plt.close(figure)
