"""The pages as readers meet them: from a folder, by keyboard, on a slow phone, in little motion, without JavaScript."""

from itertools import pairwise

import pytest
from browser import open_page
from test_browser import BUILT, PAGES

pytestmark = pytest.mark.skipif(not PAGES, reason="the book is not built: make book")

TYPICAL = [name for name in ("index", "draw", "dense", "mnist", "adversarial", "attention", "claims") if name in PAGES]
"""Pages that have, together, all that pages have: simulations, sliders, folds, formulas, code, filters."""
ENDED = "document.querySelector('.recall [data-part=status]').textContent.includes('after')"


@pytest.mark.parametrize("name", TYPICAL)
def test_page_works_from_a_folder(name, browser):
    errors = []

    def listen(page):
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("requestfailed", lambda request: errors.append(request.url))

    with open_page(browser, (BUILT / f"{name}.html").as_uri(), prepare=listen) as page:
        page.wait_for_timeout(200)
    assert errors == []


def test_first_page_recalls_from_a_folder(browser):
    with open_page(browser, (BUILT / "index.html").as_uri()) as page:
        page.locator('.recall [data-part="recall"]').click()
        page.wait_for_function(ENDED, timeout=60_000)
        assert page.locator('.recall [data-part="status"]').inner_text().startswith("Recalled: the seven")


def test_digit_page_reads_from_a_folder(browser):
    with open_page(browser, (BUILT / "draw.html").as_uri()) as page:
        page.wait_for_function("document.querySelector('.draw [data-part=status]').textContent.includes('reads a')")


REACHABLE = """() => [...document.querySelectorAll(
        ".bd-article :is(a[href], button, input, select, summary, [tabindex='0'])")]
    .filter((control) => !control.disabled && control.checkVisibility({ visibilityProperty: true }))
    .filter((control) => control.type !== "radio" || control.checked)
    .map((control, at) => { control.dataset.at = at; return [at, control.outerHTML.slice(0, 80)]; })"""
FOCUSED = """() => {
    const control = document.activeElement;
    const shows = (style) => style.outlineStyle !== "none" || style.boxShadow !== "none";
    const seen = shows(getComputedStyle(control)) || shows(getComputedStyle(control, "::after"));  // of a whole card
    return [control.dataset.at ?? null, seen, control.outerHTML.slice(0, 80)];
}"""


@pytest.mark.parametrize("name", [name for name in TYPICAL if name in ("index", "draw", "dense", "claims")])
def test_every_control_is_reached_by_keyboard_and_shows_it(name, address, browser):
    with open_page(browser, f"{address}/{name}.html") as page:
        controls = page.evaluate(REACHABLE)
        page.locator(".bd-article").evaluate("article => { article.tabIndex = -1; article.focus(); }")
        reached, unseen = set(), []
        for _ in range(len(controls) + 5):
            page.keyboard.press("Tab")
            at, seen, text = page.evaluate(FOCUSED)
            if at is not None:
                reached.add(int(at))
                unseen += [] if seen else [text]
    assert [text for at, text in controls if at not in reached] == []
    assert unseen == []


def test_recall_by_keyboard(address, browser):
    with open_page(browser, f"{address}/index.html") as page:
        page.emulate_media(reduced_motion="reduce")
        power = page.locator('.recall [data-part="power"]')
        before = power.get_attribute("aria-valuetext")
        power.focus()
        page.keyboard.press("ArrowLeft")
        assert power.get_attribute("aria-valuetext") != before
        page.locator('.recall [data-part="recall"]').focus()
        page.keyboard.press("Enter")
        page.wait_for_function(ENDED, timeout=60_000)


COUNT = """() => {
    window.drawn = [];
    const clear = CanvasRenderingContext2D.prototype.clearRect;
    CanvasRenderingContext2D.prototype.clearRect = function (...box) {
        if (this.canvas.dataset.part === "picture") window.drawn.push(performance.now());
        return clear.apply(this, box);
    };
}"""


def test_a_reader_who_wants_little_motion_sees_only_the_end(address, browser):
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/index.html")
    page.evaluate(COUNT)
    page.locator('.recall [data-part="recall"]').click()
    page.wait_for_function(ENDED, timeout=60_000)
    assert page.evaluate("window.drawn.length") == 1
    context.close()


def test_a_slow_phone_draws_ten_frames_a_second(address, browser):
    with open_page(browser, f"{address}/index.html", width=360, height=800) as page:
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 6})
        page.evaluate(COUNT)
        page.locator('.recall [data-part="recall"]').click()
        page.wait_for_function(ENDED, timeout=60_000)
        drawn = page.evaluate("window.drawn")
    gaps = sorted(b - a for a, b in pairwise(drawn))
    assert len(gaps) > 5 and gaps[len(gaps) // 2] < 100, gaps


@pytest.mark.parametrize("name", TYPICAL)
def test_without_javascript_text_and_first_pictures_are_there(name, address, browser):
    with open_page(browser, f"{address}/{name}.html", javascript=False) as page:
        assert len(page.locator(".bd-article").inner_text()) > 100
        for explorer in page.locator(".explorer").all():
            frame = explorer.locator(".explorer-frame:not([hidden]) img")
            assert frame.count() == 1
        for simulation in page.locator(".simulation").all():
            assert simulation.locator("img").first.is_visible()
        for simulation in page.locator(".recall").all():
            assert simulation.locator("noscript img").is_visible()
