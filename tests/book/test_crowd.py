"""The crowd of bars: heights, sums, *stored* and the final state are those of the package, at every position."""

import json
from pathlib import Path

import numpy as np
import pytest
from browser import open_page

import dam
from dam import datasets, figures, memory
from dam.memory import attention

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "book" / "_static"
POSITIONS = [{"n": n} for n in (1, 2, 3, 4, 6, 10, 15, 20, 30, 60)]
POSITIONS += [{"beta": beta} for beta in (0.01, 0.02, 0.05, 0.08, 0.1, 0.2, 1)]
CROWD = """([stored, cue, chosen]) => {
    window.crowd = new Crowd(DenseMemory.unpack(stored, 784), DenseMemory.unpack(cue, 784), chosen);
}"""
USE = """(interaction) => {
    crowd.use(interaction);
    const { bars, others } = crowd.heights();
    return [[...bars], others, [...crowd.average()], crowd.unstable(), [...crowd.settle()]];
}"""


def interaction(n=None, beta=None):
    """The interaction of a position, F(N) about 1 for the exponential, so that it does not overflow."""
    return dam.RectifiedPolynomial(n) if n else lambda h: np.exp(beta * (h - 784))


def settle(sigma, xi, F):
    """Update the neurons in their order, eq. (4) as it is written, until a whole round changes none."""
    sigma, h, columns, still = sigma.copy(), xi @ sigma, np.ascontiguousarray(xi.T), 0
    while still < len(sigma):
        for i, xi_i in enumerate(columns):
            rest = h - xi_i * sigma[i]
            D = np.sum(F(rest + xi_i) - F(rest - xi_i))
            still += 1
            if D * sigma[i] < 0:
                sigma[i], still = -sigma[i], 0
                h = rest + xi_i * sigma[i]
    return sigma


@pytest.fixture(scope="module")
def digits():
    seven, cue = datasets.damaged_seven()
    return seven, cue, datasets.spins(datasets.mnist().x_train[:2000])


@pytest.fixture(scope="module")
def page(browser, digits):
    _, cue, stored = digits
    page = browser.new_page()
    page.add_script_tag(
        content="".join((STATIC / name).read_text("utf8") for name in ("memory.js", "crowd.js"))
        + "\nObject.assign(window, { Crowd, DenseMemory });"
    )
    bits = [figures.simulation.text(np.packbits(states > 0)) for states in (stored, cue)]
    page.evaluate(CROWD, [*bits, datasets.SEVEN])
    return page


@pytest.mark.parametrize("position", POSITIONS, ids=str)
def test_crowd_is_that_of_the_package(position, page, digits):
    seven, cue, stored = digits
    F = interaction(**position)
    bars, others, average, unstable, end = page.evaluate(USE, position)
    heights = F(memory.overlaps(cue[None], stored)[0])
    np.testing.assert_allclose(bars, heights / heights[datasets.SEVEN], rtol=1e-11)
    assert others == pytest.approx(heights.sum() / heights[datasets.SEVEN] - 1, rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(average, heights @ stored / heights.sum(), atol=1e-11)
    if "beta" in position:
        weights = attention.weights(cue[None], stored, position["beta"])[0]
        np.testing.assert_allclose(bars / np.sum(bars), weights, rtol=1e-9, atol=1e-300)
    assert unstable == memory.unstable_neurons(seven[None], stored, F).sum()
    assert end == settle(cue, stored, F).tolist()


@pytest.mark.parametrize(("name", "positions"), [("dense", POSITIONS[:10]), ("attention", POSITIONS)])
def test_chapters_have_tested_positions_only(name, positions):
    notebook = json.loads((ROOT / "book" / f"{name}.ipynb").read_text(encoding="utf8"))
    (cell,) = ["".join(c["source"]) for c in notebook["cells"] if "simulation.crowd(" in "".join(c["source"])]
    kept = {}
    exec("\n".join(line for line in cell.splitlines() if line.startswith("positions")), kept)
    assert all(position in positions for position in kept["positions"]) and len(kept["positions"]) >= 8


SAID = "document.querySelector('.crowd [data-part=said]').textContent"


@pytest.mark.parametrize("name", ["dense", "attention"])
def test_reader_moves_the_slider_and_taps_a_bar(name, address, browser):
    with open_page(browser, f"{address}/{name}.html", width=360) as page:
        box = page.locator(".simulation.crowd")
        assert box.locator(".simulation-frame").is_hidden()
        slider = box.locator('[data-part="interaction"]')
        slider.focus()
        page.keyboard.press("Home")
        assert slider.get_attribute("aria-valuetext") == "power 1" and "The seven" not in page.evaluate(SAID)
        assert "is not stored" in page.evaluate(SAID)
        page.keyboard.press("End")
        assert "The 7 is stored: none of its 784 neurons" in page.evaluate(SAID)
        assert "settles on the 7, exact" in page.evaluate(SAID)
        bars = box.locator('[data-part="bars"]')
        shape = bars.bounding_box()
        bars.click(position={"x": shape["width"] - 3, "y": shape["height"] / 2})
        assert box.locator('[data-part="digit"]').input_value() == "40"
        assert "overlap" in box.locator('[data-part="looked"]').inner_text()


def test_first_frame_without_javascript(address, browser):
    with open_page(browser, f"{address}/dense.html", javascript=False) as page:
        assert page.locator(".simulation.crowd img").is_visible()
        assert page.locator(".simulation.crowd input:visible").count() == 0


def test_a_browser_that_cannot_says_so(address, browser):
    lame = lambda page: page.add_init_script("delete window.ImageData")
    with open_page(browser, f"{address}/dense.html", prepare=lame) as page:
        box = page.locator(".simulation.crowd")
        assert "cannot run the simulation" in box.inner_text() and box.locator("img").is_visible()
