"""Notebooks in the reader's browser: what they begin with, and, where they are built, that no host is asked unsaid."""

import importlib
import json
import re
import sys
from pathlib import Path
from urllib.parse import urlparse

import pytest
from browser import open_page

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "_build" / "html"
LINKED = re.compile(r'<p class="to-lite"><a href="(lite/[^"?]+)\?path=([\w-]+)\.ipynb">[^<]+</a> \(asks (\S+) for')

sys.path.insert(0, str(ROOT / "book"))
lite = importlib.import_module("lite")
sys.path.remove(str(ROOT / "book"))


def cell(source, *tags):
    return {"cell_type": "code", "source": source, "metadata": {"tags": list(tags)}, "outputs": []}


def test_notebook_installs_what_it_needs_and_has_no_hidden_cells(tmp_path):
    cells = [cell("import dam"), cell("assert True", "remove-cell"), cell("plot()", "hide-input")]
    for folder, own in (("_sources", cells), ("notebooks", [cell("alone()", "remove-input")])):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.ipynb").write_text(json.dumps({"cells": own, "metadata": {}, "nbformat": 4}))
        found = lite.installing(lite.notebooks(tmp_path)["a"])
        expected = ["import dam", "plot()"] if folder == "_sources" else ["alone()"]  # which stands alone as it is
        assert [c["source"] for c in found["cells"]] == [lite.INSTALL, *expected] and found["nbformat"] == 4


def test_line_names_the_host_and_stands_below_the_title_once(tmp_path):
    page = tmp_path / "xor.html"
    page.write_text("<h1>Book</h1><article><h1>XOR</h1><p>Text.</p></article>")
    line = lite.LINK.format(name="xor", host="example.org")
    for _ in range(2):
        lite.link(page, line)
    assert page.read_text() == f"<h1>Book</h1><article><h1>XOR</h1>\n{line}<p>Text.</p></article>"
    assert LINKED.search(line).groups() == ("lite/notebooks/index.html", "xor", "example.org")


def test_every_link_leads_to_a_notebook():
    """Where JupyterLite is not built, no page leads to it."""
    pages = {path.stem: LINKED.search(path.read_text("utf8")) for path in BUILT.glob("*.html")}
    linked = {name for name, found in pages.items() if found}
    assert linked == {path.stem for path in (BUILT / "lite/files").glob("*.ipynb")}
    for name in linked:
        target, notebook, _ = pages[name].groups()
        assert notebook == name and (BUILT / target).exists()
        first = json.loads((BUILT / f"lite/files/{name}.ipynb").read_text("utf8"))["cells"][0]
        assert first["source"] == lite.INSTALL


@pytest.mark.skipif(not (BUILT / "lite").exists(), reason="JupyterLite is not built: make lite")
def test_notebook_asks_only_the_host_that_its_page_names(address, browser):
    asked = []

    def listen(page):
        page.on("request", lambda request: asked.append(request.url))
        page.route(lambda url: not url.startswith(address), lambda route: route.abort())

    named = LINKED.search((BUILT / "xor.html").read_text("utf8"))[3]
    with open_page(browser, f"{address}/xor.html", prepare=listen) as page:
        page.click(".to-lite a")
        page.wait_for_selector(".jp-Notebook", timeout=120_000)
        for _ in range(60):  # seconds for the kernel to ask for Python
            page.wait_for_timeout(1000)
            hosts = {urlparse(url).netloc for url in asked if url.startswith("http")}
            if named in hosts:
                break
    assert hosts == {urlparse(address).netloc, named}
