"""Interactive figures: what the page holds, and that sliders work in a browser without a kernel."""

import re
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from browser import open_browser, open_page, serve

from dam.figures import explorer
from dam.figures.explorer import Explorer

STATIC = Path(__file__).parents[2] / "book" / "_static"


def draw(n, phase=0):
    figure, ax = plt.subplots(figsize=(2, 1.5))
    ax.plot([0, 1], [phase, n])
    return figure


def alt(n, phase=0):
    return f'A line to {n} from {phase}, "quoted" & plain.'


def example(**changes):
    return Explorer(draw, alt=alt, **({"labels": {"n": "slope <n>"}, "n": [1, 2, 3]} | changes))


def test_page_holds_every_frame_with_its_text():
    page = example(phase=[0, 0.25]).to_html()
    assert page.count("<img ") == 6 and page.count('type="range"') == 2
    assert page.count('class="explorer-frame" hidden') == 5
    assert "A line to 3 from 0.25, &quot;quoted&quot; &amp; plain." in page
    assert "slope &lt;n&gt;" in page and "http" not in page
    assert len(set(re.findall(r'src="([^"]+)"', page))) == 6


def test_page_opens_where_it_is_told_to():
    page = example(start={"n": 3, "phase": 0.25}, phase=[0, 0.25, 0.5]).to_html()
    shown = re.findall(r'<div class="explorer-frame"><img [^>]*alt="A line to (\d) from ([\d.]+)', page)
    assert shown == [("3", "0.25")]
    assert re.findall(r' value="(\d)"', page) == ["2", "1"]
    assert example(start={"n": 2}).live().children[0].value == 2


def test_frames_are_sharper_than_they_are_shown():
    width, height = re.search(r'width="(\d+)" height="(\d+)"', example().image(n=1)).groups()
    assert (width, height) == ("200", "150")


def test_bundle_has_both_forms_and_figures_are_closed():
    before = plt.get_fignums()
    bundle = example()._repr_mimebundle_()
    assert "text/html" in bundle and "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == "Explorer(n: 1, 2, 3)"
    assert plt.get_fignums() == before


def test_old_widgets_show_the_frames(monkeypatch):
    import ipywidgets

    monkeypatch.delattr(ipywidgets.Widget, "_repr_mimebundle_")
    assert set(example()._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_live_view_draws_anew():
    box = example().live()
    slider, picture = box.children
    first = picture.value
    slider.value = 3
    assert "A line to 3" in picture.value and picture.value != first


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"n": []}, ValueError, "n has no values"),
        ({"start": {"n": 7}}, ValueError, r"start has n = 7; the values are \[1, 2, 3\]"),
        ({"start": {"m": 1}}, ValueError, "start has m = 1; the values are None"),
        ({"a": [1], "b": [2]}, ValueError, r"got 3 parameters \(n, a, b\); needs 1 or 2"),
        ({"labels": {"k": "size"}}, ValueError, r"labels names \['k'\]; the parameters are \['n'\]"),
    ],
)
def test_bad_parameters(changes, error, message):
    with pytest.raises(error, match=message):
        example(**changes)


def test_bad_functions():
    with pytest.raises(TypeError, match="draw is 3; it needs to be a function"):
        Explorer(3, alt=alt, n=[1])
    with pytest.raises(TypeError, match="draw returned str; it needs to return a Matplotlib figure"):
        Explorer(lambda n: "figure", alt=alt, n=[1]).to_html()
    with pytest.raises(ValueError, match="alt returned no text for {'n': 1}"):
        Explorer(draw, alt=lambda n: " ", n=[1]).to_html()


def test_too_large_a_figure_is_refused(monkeypatch):
    monkeypatch.setattr(explorer, "MAX_BYTES", 2000)
    with pytest.raises(ValueError, match="for 3 frames; it needs to stay under .* MB: use fewer values"):
        example().to_html()


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium: apt-get install chromium")
def test_slider_works_by_keyboard_and_without_javascript(tmp_path):
    head = (
        f"<style>{(STATIC / 'explorer.css').read_text()}</style><script>{(STATIC / 'explorer.js').read_text()}</script>"
    )
    page = (
        f'<!doctype html><html lang="en"><head><title>x</title>{head}</head><body>{example().to_html()}</body></html>'
    )
    (tmp_path / "index.html").write_text(page)
    with serve(tmp_path) as address, open_browser() as browser:
        with open_page(browser, f"{address}/index.html") as opened:
            shown = opened.locator(".explorer-frame:visible img")
            assert shown.get_attribute("alt").startswith("A line to 1")
            slider = opened.get_by_role("slider")
            slider.focus()
            opened.keyboard.press("ArrowRight")
            assert shown.get_attribute("alt").startswith("A line to 2")
            assert slider.get_attribute("aria-valuetext") == opened.locator("output").inner_text() == "2"
            opened.keyboard.press("End")
            assert shown.get_attribute("alt").startswith("A line to 3") and shown.count() == 1
        with open_page(browser, f"{address}/index.html", javascript=False) as opened:
            assert opened.locator(".explorer-frame:visible").count() == 1
            assert opened.locator("input:visible").count() == 0
