"""Screenshots of the built pages, for a person to look at: light, dark and phone, cut to legible pieces.

usage: python tests/screenshots.py BUILT_FOLDER OUTPUT_FOLDER [PAGE ...]
"""

import argparse
import sys
from pathlib import Path

from browser import open_browser, open_page, serve

PIECE = 1600
VIEWS = {"light": ("light", 1280), "dark": ("dark", 1280), "phone": ("light", 390)}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("built", type=Path, help="folder of the built pages")
    parser.add_argument("output", type=Path, help="folder for the pictures, made if missing")
    parser.add_argument("pages", nargs="*", help="names of pages, without .html; all by default")
    options = parser.parse_args(arguments)
    pages = options.pages or sorted(path.stem for path in options.built.glob("*.html"))
    options.output.mkdir(parents=True, exist_ok=True)
    with serve(options.built) as address, open_browser() as browser:
        for name in pages:
            for view, (theme, width) in VIEWS.items():
                with open_page(browser, f"{address}/{name}.html", theme=theme, width=width) as page:
                    shoot(page, options.output / f"{name}-{view}", width)


def shoot(page, stem, width):
    """Write the page in pieces of `PIECE` pixels of height, by scrolling: ``stem-1.png``, ``stem-2.png``, ..."""
    page.set_viewport_size({"width": width, "height": PIECE})
    height = page.evaluate("document.documentElement.scrollHeight")
    for number, top in enumerate(range(0, height, PIECE), start=1):
        page.evaluate(f"window.scrollTo({{top: {top}, behavior: 'instant'}})")
        page.screenshot(path=f"{stem}-{number}.png")


if __name__ == "__main__":
    sys.exit(main())
