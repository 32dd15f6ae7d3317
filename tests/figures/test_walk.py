"""The walk to a boundary: what the page shows at each place is what the package says to the picture that is shown."""

import base64
import io
import json
import re
import shutil
from itertools import product

import numpy as np
import pytest
from browser import open_browser, open_page, serve
from PIL import Image

from dam import datasets
from dam.figures import walk
from dam.network.classifier import Classifier

WAYS = np.linspace(0, 2, 21).tolist()
ENDS = {2: [5, 6, 7], 30: [8, 9, 10]}


def digits():
    return datasets.mnist().x_test[:11].astype(float)


def networks():
    rng, v = np.random.default_rng(0), datasets.mnist().x_test[:60].astype(float)
    votes = np.where(np.arange(10) == datasets.mnist().y_test[:60, None], 1.0, -1.0)
    return {
        n: Classifier(np.clip(v + rng.normal(size=v.shape) / 4, -1, 1), votes, n, T) for n, T in ((2, 2e3), (30, 700))
    }


def pictures(made, way):
    """What is shown at a place of the way, the slow and obvious way."""
    v = digits()
    return np.clip(v[:3] + way * (v[ENDS[made]] - v[:3]), -1, 1)


def example(**changes):
    v, nets = digits(), networks()
    arguments = {
        (i, k): np.stack([nets[k].arguments(pictures(i, way)) for way in WAYS]) for i, k in product(nets, repeat=2)
    }
    ends = {n: v[rows] for n, rows in ENDS.items()}
    given = {"v": v[:3], "y": datasets.mnist().y_test[:3], "ends": ends, "ways": WAYS, "arguments": arguments}
    return walk.Walk(**(given | {"start": (7, 30, 1.0)} | changes))


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    if shutil.which("chromium") is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    folder = tmp_path_factory.mktemp("walk")
    page = f'<!doctype html><html lang="en"><head><title>x</title></head><body>{example()._repr_html_()}</body></html>'
    (folder / "index.html").write_text(page, encoding="utf8")
    with serve(folder) as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    with open_browser() as opened:
        yield opened


def shown(page):
    """The picture in gray levels, the change in colors, the outputs and the answers that a page shows."""
    sources = [page.locator(f"[data-part={name}]").get_attribute("src") for name in ("picture", "change")]
    images = [Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))).convert("RGB") for source in sources]
    boxes = page.locator(".walk-outputs > div").all()
    heights = "(bars) => bars.map((bar) => parseFloat(bar.style.height))"
    outputs = [np.array(box.locator("i").evaluate_all(heights)) / 50 - 1 for box in boxes]
    answers = [int(box.locator("strong").inner_text()) for box in boxes]
    return np.asarray(images[0])[..., 0].ravel(), np.asarray(images[1]).reshape(784, 3), outputs, answers


def choose(page, name, value):
    page.locator(f"input[name={name}][value='{value}']").check()


@pytest.mark.parametrize(("digit", "made", "place"), [(0, 0, 0), (0, 1, 10), (1, 0, 7), (2, 1, 20), (2, 0, 13)])
def test_page_shows_what_the_package_says_to_its_picture(digit, made, place, address, browser):
    n, start = list(ENDS)[made], digits()[digit]
    v = pictures(n, WAYS[place])[digit]
    with open_page(browser, f"{address}/index.html") as page:
        choose(page, "digit", digit)
        choose(page, "power", made)
        page.get_by_role("slider").fill(str(place))
        picture, change, outputs, answers = shown(page)
    assert np.abs(picture - 127.5 * (1 - v)).max() <= 0.51
    inked, taken = change[v > start + 0.01], change[v < start - 0.01]
    assert np.all(inked[:, 0] > inked[:, 2]) and np.all(taken[:, 2] > taken[:, 0])
    assert np.all(change[v == start] == 255)
    for network, c, answer in zip(networks().values(), outputs, answers):
        np.testing.assert_allclose(c, network.scores(v[None])[0], atol=0.5 / 127 + 1e-3)
        assert answer == network.predict(v[None])[0]


def test_lanes_begin_where_the_answers_change(address, browser):
    with open_page(browser, f"{address}/index.html") as page:
        for made, n in enumerate(ENDS):
            choose(page, "power", made)
            for lane, network in zip(page.locator(".walk-lane b").all(), networks().values()):
                read = np.array([network.predict(pictures(n, way)[:1])[0] for way in WAYS])
                turns = np.flatnonzero(np.diff(read)) + 0.5
                widths = lane.locator("i").evaluate_all("(all) => all.map((one) => parseFloat(one.style.width))")
                np.testing.assert_allclose(np.cumsum(widths)[:-1], 100 * turns / (len(WAYS) - 1), atol=0.01)
                other = lane.locator("i").evaluate_all("(all) => all.map((one) => one.classList.contains('other'))")
                assert other == (read[[0, *(turns + 0.5).astype(int)]] != 7).tolist()


def test_keyboard_mouse_and_touch_move_it(address, browser):
    context = browser.new_context(has_touch=True, viewport={"width": 360, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/index.html")
    slider, way = page.get_by_role("slider"), page.locator(".walk-track output")
    assert way.inner_text() == "1.00"
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert way.inner_text() == "1.10" and slider.get_attribute("aria-valuetext").startswith("1.10 of the way")
    page.keyboard.press("Home")
    assert way.inner_text() == "0.00" and "n = 30 still reads 7" in page.locator("[role=status]").inner_text()
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, y, steps=5)
    page.mouse.up()
    assert 1.3 < float(way.inner_text()) < 1.7
    page.touchscreen.tap(box["x"] + box["width"] * 0.25, y)
    assert 0.3 < float(way.inner_text()) < 0.7
    choose(page, "digit", 1)
    assert page.locator("[data-part=picture]").get_attribute("alt").startswith("2 at")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


def test_status_names_who_errs_and_who_does_not(address, browser):
    with open_page(browser, f"{address}/index.html") as page:
        said = set()
        for place in range(len(WAYS)):
            page.get_by_role("slider").fill(str(place))
            said.add(page.locator("[role=status]").inner_text())
            answers = shown(page)[3]
            one = lambda n, c: f"n = {n} {'still ' * (c == 7)}reads {c}"
            parts = "; ".join(one(n, c) for n, c in zip(ENDS, answers))
            alike = f"All networks read {answers[0]}."
            assert page.locator("[role=status]").inner_text() == (alike if len(set(answers)) == 1 else f"{parts}.")
    assert len(said) > 1


def test_first_picture_is_there_without_javascript(address, browser):
    with open_page(browser, f"{address}/index.html", javascript=False) as page:
        assert page.locator("input:visible").count() == 0
        still = shown(page)
    with open_page(browser, f"{address}/index.html") as page:
        moving = shown(page)
    assert np.abs(still[0].astype(int) - moving[0]).max() <= 1 and still[3] == moving[3]
    np.testing.assert_allclose(still[2], moving[2], atol=0.006)


def test_page_is_accessible(address, browser):
    from axe_playwright_python.sync_playwright import Axe

    with open_page(browser, f"{address}/index.html") as page:
        rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
        assert [found["id"] for found in Axe().run(page, options=rules).response["violations"]] == []


def test_way_and_data_are_exact():
    data = json.loads(re.search(r"json\">(.*?)</script>", example()._repr_html_())[1])
    codes = np.frombuffer(base64.b64decode(data["changes"]), "<i2").reshape(2, 3, 784)
    for k, rows in enumerate(ENDS.values()):
        np.testing.assert_allclose(data["scale"] * codes[k], digits()[rows] - digits()[:3], atol=4e-5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": (7, 4, 1.0)}, "start must be a class, a power and a way"),
        ({"start": (7, 2, 0.55)}, "start must be"),
        ({"y": [7, 7, 1]}, "a class of its own for each"),
        ({"v": np.zeros((3, 100))}, "784 pixels"),
        ({"ways": WAYS[:5]}, r"arguments must hold an array \(5, 3, 10\)"),
        ({"arguments": {}}, "arguments must hold"),
    ],
)
def test_bad_input_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        example(**changes)


def test_too_large_a_walk_is_refused(monkeypatch):
    monkeypatch.setattr(walk, "MAX_BYTES", 1000)
    with pytest.raises(ValueError, match=r"the walk takes .* bytes, at most 1,000"):
        example()._repr_html_()
