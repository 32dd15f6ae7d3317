"""The page to draw on reads digits as the package does, and says what is wrong with a drawing."""

import sys
from pathlib import Path

import numpy as np
import pytest
from browser import open_page, serve

from dam import datasets
from dam.lab import paper, stored
from dam.network import prototypes, quantized

ROOT = Path(__file__).parents[2]
SCRIPT = (ROOT / "book" / "_static" / "reader.js").read_text(encoding="utf8")
sys.path.insert(0, str(ROOT / "book" / "_extensions"))

import drawing  # noqa: E402

READ = """async ([about, text, digits]) => {
    const reader = new DigitReader(about, await DigitReader.unpack(text, true));
    return digits.map((v) => {
        const { a, answer } = reader.read(v), { memories, half } = reader.loudest(answer);
        return [[...a], answer, memories, half, memories.map((mu) => reader.without(mu, a))];
    });
}"""
CENTER = "([ink, size]) => { const found = DigitReader.center(ink, size); return found.problem ?? [...found.v]; }"


@pytest.fixture(scope="module")
def page(browser):
    with serve(ROOT / "book" / "_static") as address:  # streams need a secure context
        page = browser.new_page()
        page.goto(f"{address}/logo.svg")
        page.evaluate(f"() => {{ {SCRIPT}; window.DigitReader = DigitReader; }}")
        yield page


@pytest.mark.parametrize("n", paper.POWERS)
def test_scores_are_those_of_the_package(n, page):
    network, rows = stored.small(n).on(np, np.float64), drawing.samples()
    v = datasets.mnist().x_test[rows].astype(np.float64)
    about = {"n": n, "T": network.T, "K": len(network.visible)}
    found = page.evaluate(READ, [about, drawing.text(drawing.packed(network)), v.tolist()])
    a = network.arguments(v)
    ours = np.array([row[0] for row in found])
    np.testing.assert_allclose(ours, a, rtol=1e-5, atol=1e-5 * np.abs(a).max())
    assert [row[1] for row in found] == a.argmax(axis=1).tolist()
    terms = prototypes.terms(v[:20], network)
    for (_, answer, memories, half, without), a_i, t in zip(found, a, terms):
        said = t[answer]
        order = np.argsort(-said)
        np.testing.assert_allclose(said[memories], said[order[: len(memories)]], rtol=1e-4)
        positive = said[order].clip(0)
        assert abs(half - (np.searchsorted(positive.cumsum(), positive.sum() / 2) + 1)) <= 1
        assert without == [(a_i - t[:, mu]).argmax() for mu in memories]


def test_a_drawing_is_scaled_and_centered_as_mnist_was(page):
    ink = np.zeros((280, 280))
    ink[60:260, 30:50] = 1  # a long bar, far left
    v = np.array(page.evaluate(CENTER, [ink.ravel().tolist(), 280])).reshape(28, 28)
    dark = (v + 1) / 2
    assert dark.sum() == pytest.approx(20 * 2, abs=0.5)  # 200 x 20 pixels, a tenth in length
    rows, columns = np.indices((28, 28)) + 0.5
    assert (dark * rows).sum() / dark.sum() == pytest.approx(14, abs=0.06)
    assert (dark * columns).sum() / dark.sum() == pytest.approx(14, abs=0.06)


@pytest.mark.parametrize(
    ("ink", "problem"),
    [
        (np.zeros((100, 100)), "Draw a digit."),
        (np.pad(np.ones((4, 4)), ((10, 86), (10, 86))), "too small"),
        (np.ones((100, 100)), "mostly ink"),
    ],
)
def test_what_is_wrong_with_a_drawing_is_said(ink, problem, page):
    assert problem in page.evaluate(CENTER, [ink.ravel().tolist(), 100])


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_weights_are_rounded_to_the_nearest_of_sixteen_levels(kind):
    weights = np.random.default_rng(0).uniform(-1, 1, (30, 7)).astype(kind)
    levels = np.linspace(-1, 1, quantized.LEVELS)
    nearest = levels[np.abs(weights[..., None] - levels).argmin(axis=-1)]
    np.testing.assert_allclose(quantized.values(quantized.codes(weights)), nearest, atol=1e-6)
    for bad, message in ((weights * 1.5, r"weights must lie in \[-1, 1\]"), (weights * np.nan, "weights")):
        with pytest.raises(ValueError, match=message):
            quantized.codes(bad)


SAYS = "(text) => document.querySelector('.draw [data-part=status]').textContent.includes(text)"


def with_mouse(page, x, top, bottom):
    """Draw a bar downward with the mouse."""
    page.mouse.move(x, top)
    page.mouse.down()
    page.mouse.move(x, bottom, steps=10)
    page.mouse.up()


def with_finger(page, x, top, bottom):
    """Draw a bar downward with a finger."""
    session = page.context.new_cdp_session(page)
    touch = lambda kind, points: session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch("touchStart", [{"x": x, "y": top}])
    for y in np.linspace(top, bottom, 10):
        touch("touchMove", [{"x": x, "y": float(y)}])
    touch("touchEnd", [])


@pytest.mark.parametrize("draw", [with_mouse, with_finger])
def test_a_drawn_bar_is_read(draw, address, browser):
    context = browser.new_context(has_touch=draw is with_finger, viewport={"width": 400, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/draw.html")
    page.wait_for_function(SAYS, arg="reads a")
    page.locator('[data-part="clear"]').click()
    assert page.locator('[data-part="status"]').inner_text() == "Draw a digit."
    box = page.locator('[data-part="board"]').bounding_box()
    draw(page, box["x"] + box["width"] / 2, box["y"] + 40, box["y"] + box["height"] - 40)
    page.wait_for_function(SAYS, arg="reads a 1")
    assert page.locator(".draw-memories button").count() >= 1
    page.locator('[value="3"]').check()
    page.wait_for_function(SAYS, arg="power 3 reads")
    context.close()


def test_a_network_that_does_not_arrive_is_said(address, browser):
    block = lambda page: page.route("**/network-2.js*", lambda route: route.abort())
    with open_page(browser, f"{address}/draw.html", prepare=block) as page:
        page.locator('[value="2"]').click()
        page.wait_for_function(SAYS, arg="did not arrive")
