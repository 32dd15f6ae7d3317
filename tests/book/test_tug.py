"""The tug of war on the page: its frames are those of the stored result, and it plays."""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from browser import open_page

from dam.figures import simulation
from dam.lab import results

ROOT = Path(__file__).parents[2]
SCRIPT = (ROOT / "book" / "_static" / "tug.js").read_text(encoding="utf8")
FRAME = """([data, n, mu, stop]) => {
    const frame = new TugOfWar(data).frame(n, mu, stop);
    for (const name of ["memory", "pull", "push"]) frame[name] = [...frame[name]];
    return { ...frame, words: TugOfWar.words(frame) };
}"""


@pytest.fixture(scope="module")
def stored():
    return results.load("tug")


@pytest.fixture(scope="module")
def data(stored):
    found = simulation.tug(plt.figure(), "Bars.", stored.arrays, (3, 20), stored.parameters["after"], 30).data
    return json.loads(json.dumps(found))


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page()
    page.add_script_tag(content=f"{SCRIPT}\nwindow.TugOfWar = TugOfWar;")
    return page


@pytest.mark.parametrize("n", [3, 20])
def test_frames_are_those_of_the_result(n, page, stored, data):
    A, after = stored.arrays, stored.parameters["after"]
    for stop, epoch in enumerate(after):
        for mu in range(stored.parameters["memories"]):
            frame = page.evaluate(FRAME, [data, str(n), mu, stop])
            for name in ("memory", "pull", "push"):
                np.testing.assert_allclose(np.multiply(frame[name], 127), A[f"{name}_n{n}"][stop, mu], atol=1e-9)
            along = A[f"along_n{n}"][stop, mu].astype(float)
            np.testing.assert_allclose(np.array(frame["along"]) * (np.abs(along).max() or 1), along, rtol=0,
                                       atol=1e-4 * np.abs(along).max())  # fmt: skip
            np.testing.assert_allclose(frame["votes"], A[f"votes_n{n}"][stop, mu], atol=1e-3)
            assert frame["epoch"] == epoch
            if along.max() > 1e-3 * np.abs(along).max() > 0:
                assert f"the {along.argmax()}s pull hardest" in frame["words"]
            if along.min() < -1e-3 * np.abs(along).max():
                assert f"the {along.argmin()}s push hardest" in frame["words"]
            assert ("Before training" in frame["words"]) is (epoch == 0)


BOX = ".simulation.tug"


def test_reader_moves_the_slider_and_chooses(address, browser):
    with open_page(browser, f"{address}/mnist.html", width=360) as page:
        box, said = page.locator(BOX), page.locator(f'{BOX} [data-part="said"]')
        assert box.locator(".simulation-frame").is_hidden()
        box.locator('[data-part="stop"]').focus()
        page.keyboard.press("Home")
        assert said.inner_text().startswith("Before training")
        page.keyboard.press("End")
        assert said.inner_text().startswith("After 30 epochs")
        box.locator('[data-part="stop"]').fill("3")
        before = said.inner_text()
        box.get_by_label("n = 20").check()
        assert said.inner_text() != before and said.inner_text().startswith("After 3 epochs")


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_it_plays_or_steps(motion, address, browser):
    with open_page(
        browser, f"{address}/mnist.html", prepare=lambda page: page.emulate_media(reduced_motion=motion)
    ) as page:
        box = page.locator(BOX)
        stop, play = box.locator('[data-part="stop"]'), box.locator('[data-part="play"]')
        stop.fill("0")
        play.click()
        page.wait_for_timeout(2200)
        assert (stop.input_value() == "1") is (motion == "reduce")
        assert play.inner_text() == ("Next" if motion == "reduce" else "Stop")


def test_first_frame_without_javascript(address, browser):
    with open_page(browser, f"{address}/mnist.html", javascript=False) as page:
        assert page.locator(f"{BOX} img").is_visible() and page.locator(f"{BOX} input:visible").count() == 0
