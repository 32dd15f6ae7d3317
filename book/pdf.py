"""The whole book as one PDF: all pages in one document that Chromium prints, with outline, tags and inner links.

usage: python book/pdf.py BUILT_FOLDER [--pages NAME ...]

It writes book.pdf into the folder of the built book. It needs Chromium.
"""

import argparse
import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from bs4 import BeautifulSoup

import dam

BOOK = Path(__file__).parent
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]

LINK = '<p class="to-slides"><a href="book.pdf">This book as a PDF</a></p>'

PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light">
<head>
<meta charset="utf-8">
<title>Dense Associative Memory</title>
{head}
</head>
<body>
<main class="bd-main"><div class="bd-content"><div class="bd-article-container"><div class="bd-article">
<div class="pdf-title">
<p class="pdf-name">Dense Associative Memory</p>
<p>A book that teaches and reproduces the paper of D. Krotov and J. J. Hopfield (2016)</p>
<p>{edition}</p>
</div>
<nav class="pdf-contents" aria-label="Contents"><h1>Contents</h1><ul>
{contents}
</ul></nav>
{pages}
</div></div></div></main>
</body>
</html>
"""


def order(toc):
    """Yield the names of the pages of a table of contents, in its order."""
    for key in ("root", "file"):
        if key in toc:
            yield toc[key]
    for key in ("parts", "chapters", "sections"):
        for part in toc.get(key, []):
            yield from order(part)


def document(built, names):
    """Return one HTML document of some pages of a built book; it works in the folder of the book.

    Parameters
    ----------
    built : Path
        The folder of the built book.
    names : list of str
        The names of the pages, in their order.
    """
    soups = {
        name: BeautifulSoup(
            (built / f"{name}.html").read_text(encoding="utf8"), "html.parser"
        )
        for name in names
    }
    articles = {name: page(soup, name, names) for name, soup in soups.items()}
    contents = [
        f'<li><a href="#{name}--">{title(article)}</a></li>'
        for name, article in articles.items()
    ]
    return PAGE.format(
        head=head(soups.values()),
        edition=html.escape(edition()),
        contents="\n".join(contents),
        pages="\n".join(map(str, articles.values())),
    )


def head(soups):
    """Return the style sheets of pages, and what sets their formulas, each once, as HTML."""
    kept = {}
    for soup in soups:
        sheets = soup.find_all("link", rel="stylesheet")
        scripts = [s for s in soup("script") if "mathjax" in str(s).lower()]
        kept |= dict.fromkeys(map(str, sheets + scripts))
    return "\n".join(kept)


def edition():
    """Return the version of the package, and the day of the commit where git knows it."""
    done = subprocess.run(
        ["git", "log", "-1", "--format=%cs, commit %h"],
        cwd=BOOK,
        capture_output=True,
        text=True,
        check=False,
    )
    return f"Version {dam.__version__}" + (
        f", {done.stdout.strip()}" if done.stdout else ""
    )


def title(article):
    """Return the heading of a page as plain text."""
    return html.escape(article.h1.get_text().strip())


def page(soup, name, names):
    """Return the article of a page with its folds open, the first frame of each figure, and links within the PDF."""
    article = soup.find("article")
    article.name = "section"
    for part in article.select(
        "script, noscript, .headerlink, .viewcode-link, .explorer-frame[hidden], details.hide, .to-slides, .downloads"
    ):
        part.decompose()
    for fold in article("details"):
        fold["open"] = ""
    for picture in article("img"):
        picture.attrs.pop("loading", None)
    for part in article.find_all(id=True):
        part["id"] = f"{name}--{part['id']}"
    article["id"] = f"{name}--"
    for part in article(True):
        for key in ("aria-labelledby", "aria-describedby", "for"):
            if key in part.attrs:
                part[key] = f"{name}--{part[key]}"
    for link in article.find_all("a", href=True):
        target = inside(link["href"], name, names)
        if target:
            link["href"] = target
        else:
            link.unwrap()
    return article


def inside(target, name, names):
    """Return where a link of a page leads in the PDF, or None: the pages that are left out are files of a machine."""
    if re.match(r"\w+:", target):
        return target
    path, _, anchor = target.partition("#")
    other = path.removesuffix(".html") or name
    return f"#{other}--{anchor}" if other in names else None


def write(built, names, path):
    """Print some pages of a built book into a PDF."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise FileNotFoundError(
            "a PDF needs Chromium: apt-get install chromium"
        )
    whole = built / f"{path.stem}-as-one-page.html"
    whole.write_text(document(built, names), encoding="utf8")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=FLAGS
            )
            sheet = browser.new_page(color_scheme="light")
            sheet.set_default_timeout(0)  # minutes, for many formulas
            sheet.goto(whole.resolve().as_uri())
            sheet.evaluate("() => window.MathJax?.startup?.promise")
            sheet.evaluate("() => document.fonts.ready.then(() => true)")
            sheet.pdf(
                path=path,
                prefer_css_page_size=True,
                print_background=True,
                outline=True,
                tagged=True,
            )
            browser.close()
    finally:
        whole.unlink()


def link(built):
    """Put a line that leads to the PDF below the title of the first page, once."""
    first = built / "index.html"
    text = first.read_text(encoding="utf8")
    if LINK not in text:
        before, mark, article = text.partition("<article")
        line = article.replace("</h1>", f"</h1>\n{LINK}", 1)
        first.write_text(before + mark + line, encoding="utf8")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("built", type=Path, help="folder of the built book")
    parser.add_argument(
        "--pages", nargs="+", help="names of pages; all by default"
    )
    options = parser.parse_args(arguments)
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf8"))
    names = options.pages or list(order(toc))
    missing = [n for n in names if not (options.built / f"{n}.html").exists()]
    if missing:
        parser.error(
            f"{options.built} has no {', '.join(missing)}: run make book first"
        )
    path = options.built / "book.pdf"
    write(options.built, names, path)
    link(options.built)
    print(f"the book as a PDF: {path}, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(main())
