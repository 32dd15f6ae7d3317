"""The walk of the chapter on adversarial images: on the built page, the outputs are those of the trained networks."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from browser import open_page

from dam import datasets
from dam.figures import walk
from dam.lab.stored import trained

PAGE = Path(__file__).parents[2] / "_build" / "html" / "adversarial.html"
SHOWN = """(root) => [...root.querySelectorAll(".walk-outputs > div")].map((box) => [
    Number(box.querySelector("strong").textContent),
    [...box.querySelectorAll("i")].map((bar) => parseFloat(bar.style.height) / 50 - 1)])"""


@pytest.mark.skipif(
    not PAGE.exists() or 'class="walk"' not in PAGE.read_text(encoding="utf8"),
    reason="the book is not built: make book",
)
def test_outputs_are_those_of_the_trained_networks(address, browser):
    with open_page(browser, f"{address}/adversarial.html") as page:
        root = page.locator(".walk")
        assert len(root.evaluate("(root) => root.outerHTML")) < walk.MAX_BYTES
        data = json.loads(root.locator("script[type='application/json']").text_content())
        places = {"digit": (0, 0, 3, 7), "power": (3, 0, 2, 1), "range": (20, 40, 11, 25)}
        found = []
        for digit, power, place in zip(*places.values()):
            root.locator(f"input[name=digit][value='{digit}']").check()
            root.locator(f"input[name=power][value='{power}']").check()
            root.get_by_role("slider").fill(str(place))
            found.append(root.evaluate(SHOWN))
    pixels = np.frombuffer(base64.b64decode(data["digits"]), np.uint8).reshape(-1, 784) / 127.5 - 1
    codes = np.frombuffer(base64.b64decode(data["changes"]), "<i2").reshape(len(data["powers"]), *pixels.shape)
    np.testing.assert_allclose(pixels[0], datasets.mnist().x_train[datasets.SEVEN], atol=1e-6)
    for digit, power, place, boxes in zip(*places.values(), found):
        v = np.clip(pixels[digit] + data["ways"][place] * data["scale"] * codes[power, digit], -1, 1)
        for n, (answer, outputs) in zip(data["powers"], boxes):
            network = trained(n)[0]
            np.testing.assert_allclose(outputs, network.scores(v[None].astype(np.float32))[0], atol=0.5 / 127 + 2e-3)
            if data["ways"][place] != 1:  # on the boundary itself, rounding may tip the answer
                assert answer == network.predict(v[None].astype(np.float32))[0]
