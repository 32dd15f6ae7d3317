"""What a published book needs to be found and shared: its address, a card with its picture, a site map, a 404 page.

The address is BOOK_ADDRESS, or the one that GitHub Pages gives to the repository. Without either the pages work all the
same, but have no canonical link, no picture for those who share them, and no site map.
"""

import os
from pathlib import Path
from xml.sax.saxutils import escape

import matplotlib.pyplot as plt
from chapters import chapters
from repository import github_repository

import dam
from dam.datasets import damaged_seven, mnist, spins
from dam.figures import style

CARD = "_static/card.png"
"""The picture of the card: 1200 by 630 dots, as Open Graph asks for."""
STORED, n = 1000, 20
"""Digits that the network of the card stores, beside the seven, and its degree."""


def address(folder):
    """Return the address of the published book, with a slash at its end, or "" where it is not known."""
    if os.environ.get("BOOK_ADDRESS"):
        return os.environ["BOOK_ADDRESS"].rstrip("/") + "/"
    return pages_of(github_repository(folder))


def pages_of(repository):
    """Return the address that GitHub Pages gives to a repository "owner/name", or "" for None."""
    if not repository:
        return ""
    owner, name = repository.split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def draw_card(path):
    """Draw the card: a damaged seven, and what a dense memory of a thousand digits and more makes of it."""
    seven, cue = damaged_seven()
    xi = spins(mnist().x_train[:STORED])
    xi[0] = seven
    final = dam.retrieve(cue[None], xi, dam.RectifiedPolynomial(n), rng=0)[0]
    with plt.rc_context({"figure.constrained_layout.use": False}):
        figure = plt.figure(figsize=(12, 6.3), dpi=100, facecolor="white")
        figure.text(0.06, 0.85, "Dense Associative Memory", fontsize=46, weight="bold", va="center")
        subtitle = "Krotov and Hopfield (2016), taught and reproduced\nin notebooks that run"
        figure.text(0.06, 0.71, subtitle, fontsize=25, va="center")
        for left, state in ((0.06, cue), (0.345, final)):
            axes = figure.add_axes((left, 0.08, 0.24, 0.46))
            axes.imshow(state.reshape(28, 28), **style.INK)
            axes.set(xticks=[], yticks=[])
        figure.text(0.3225, 0.31, "→", fontsize=30, ha="center", va="center")
        formula = r"$E = -\sum_{\mu=1}^{K} F\left(\sum_{i=1}^{N} \xi^\mu_i\, \sigma_i\right)$"
        figure.text(0.63, 0.31, formula, fontsize=30, va="center")
        figure.savefig(path)
    plt.close(figure)


def site_map(base, names):
    """Return the XML of a site map, of the pages ``{base}{name}.html``."""
    places = "".join(f"  <url><loc>{escape(base + name)}.html</loc></url>\n" for name in sorted(names))
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    return f"{head}{places}</urlset>\n"


def set_address(app, config):
    """Tell Sphinx and its extensions where the book is published."""
    base = address(app.srcdir)
    config.notfound_urls_prefix = "/" + base.split("/", 3)[-1] if base else "/"
    if base:
        config.html_baseurl = config.ogp_site_url = base
        config.ogp_image = CARD
        config.ogp_image_alt = "A handwritten seven, damaged and recalled by a dense associative memory"


def describe(app, pagename, templatename, context, doctree):
    """Let a chapter that is shared say its answer, not the first words of the page."""
    about = app.chapters_of_the_book.get(pagename)
    if about:
        context["meta"] = {**(context.get("meta") or {}), "og:description": about["answer"]}


def write_files(app, exception):
    """Draw the card and write the site map."""
    if exception is None and app.builder.format == "html":
        draw_card(Path(app.outdir) / CARD)
        if app.config.html_baseurl:
            names = set(app.env.found_docs) - {"404"}
            (Path(app.outdir) / "sitemap.xml").write_text(site_map(app.config.html_baseurl, names), encoding="utf8")


def setup(app):
    app.chapters_of_the_book = chapters()
    app.connect("config-inited", set_address, priority=100)
    app.connect("html-page-context", describe, priority=100)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
