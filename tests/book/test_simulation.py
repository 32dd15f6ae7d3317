"""The recall on the first page: the same flips and energies as the package, and it works in a browser."""

from pathlib import Path

import numpy as np
import pytest
from browser import open_page

import dam
from dam import datasets, memory

ROOT = Path(__file__).parents[2]
SCRIPT = (ROOT / "book" / "_static" / "memory.js").read_text(encoding="utf8")
RUN = """([memories, K, N, n, sigma, order]) => {
    const network = new DenseMemory(Int8Array.from(memories), K, N, n);
    network.start(sigma);
    const trace = order.map((i) => [network.difference(i), network.update(i), network.energy()]);
    return [trace, [...network.sigma], [...network.h]];
}"""


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page()
    page.add_script_tag(content=f"{SCRIPT}\nwindow.DenseMemory = DenseMemory;")
    return page


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6, 10, 20, 30, "exp"])
def test_updates_are_those_of_the_package_flip_by_flip(n, page):
    K, N, rng = 40, 36, np.random.default_rng(1)
    xi, sigma = dam.random_patterns(K, N, rng), dam.random_patterns(1, N, rng)
    F = dam.Exponential() if n == "exp" else dam.Polynomial(n)
    order = [int(i) for i in rng.integers(0, N, 150)]
    trace, last, overlaps = page.evaluate(RUN, [xi.ravel().tolist(), K, N, n, sigma[0].tolist(), order])
    unit = None if n == "exp" else float(N) ** n
    exact = n != "exp" and K * unit < 2**53
    for i, (difference, flipped, energy) in zip(order, trace):
        field = memory.local_fields(sigma, xi, F)[0, i]
        assert flipped == (field * sigma[0, i] < 0)
        if unit:
            assert difference == (field if exact else pytest.approx(field / unit, rel=1e-9, abs=1e-12))
        if flipped:
            sigma[0, i] *= -1
        E = memory.energy(sigma, xi, F)[0]
        assert energy == pytest.approx(-np.log(-E) / N if n == "exp" else E / unit, rel=1e-9)
    assert last == sigma[0].tolist() and overlaps == (xi @ sigma[0]).tolist()


def test_stored_digits_come_back_from_their_bits(page):
    import base64
    import sys

    sys.path.insert(0, str(ROOT / "book" / "_extensions"))
    import simulation

    text = base64.b64encode(simulation.stored_digits()[: 3 * 98]).decode()
    found = page.evaluate("(text) => [...DenseMemory.unpack(text, 784)]", text)
    first = datasets.spins(datasets.mnist().x_train[list(simulation.FIRST)])
    assert found == first.ravel().tolist()
    assert len(simulation.stored_digits()) == simulation.STORED * 98


@pytest.mark.parametrize(("power", "stored", "recalled"), [(7, 6, True), (1, 1, False)])
def test_first_page_recalls_or_fails_as_the_text_says(power, stored, recalled, address, browser):
    still = lambda page: page.emulate_media(reduced_motion="reduce")
    with open_page(browser, f"{address}/index.html", prepare=still) as page:
        for name, value in (("power", power), ("stored", stored)):
            page.locator(f'[data-part="{name}"]').fill(str(value))
        page.locator('[data-part="recall"]').click()
        ended = "document.querySelector('[data-part=status]').textContent.includes('after')"
        page.wait_for_function(ended, timeout=60_000)
        said = page.locator('[data-part="status"]').inner_text()
    assert said.startswith("Recalled: the seven") is recalled, said


def test_a_finger_damages_the_picture_and_restore_mends_it(address, browser):
    with open_page(browser, f"{address}/index.html") as page:
        page.locator('[data-part="restore"]').click()
        status = page.locator('[data-part="status"]')
        assert status.inner_text().startswith("0 of 784")
        box = page.locator('[data-part="picture"]').bounding_box()
        page.mouse.move(box["x"] + 20, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + 120, box["y"] + 20, steps=12)
        page.mouse.move(box["x"] - 50, box["y"] + 20)
        page.mouse.up()
        assert 10 < int(status.inner_text().split()[0]) < 60
        page.locator('[data-part="restore"]').click()
        assert status.inner_text().startswith("0 of 784")
