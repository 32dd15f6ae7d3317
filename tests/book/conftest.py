"""What the tests of pages share: the built book, served, and a browser."""

import shutil
from pathlib import Path

import pytest
from browser import open_browser, serve

BUILT = Path(__file__).parents[2] / "_build" / "html"


@pytest.fixture(scope="module")
def address():
    """Where the built book is served."""
    if not (BUILT / "index.html").exists():
        pytest.skip("the book is not built: make book")
    with serve(BUILT) as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium, one for the tests of a module: two at a time in a process do not work."""
    if shutil.which("chromium") is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with open_browser() as opened:
        yield opened
