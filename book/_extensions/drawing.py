"""The page on which a reader draws a digit: its box, and the small networks and test digits that ``draw.js`` reads."""

import base64
import gzip
import json
from pathlib import Path

import numpy as np
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from dam import datasets
from dam.lab import paper, stored
from dam.network import quantized

SAMPLES = 10
"""Test digits of each class to choose from."""

SCORES = "\n".join(
    f'<div class="draw-score" data-part="score-{c}"><span>{c}</span><b><i></i></b><output></output></div>'
    for c in range(10)
)
NETWORKS = "\n".join(
    f'<label><input type="radio" name="network" value="{n}"{" checked" if n == paper.POWERS[-1] else ""}> '
    f'power {n}: <strong data-part="answer-{n}">–</strong></label>'
    for n in paper.POWERS
)
BOX = f"""
<script src="_static/digit-samples.js"></script>
<div class="draw">
<noscript><p>With JavaScript, you could draw a digit here and four networks would read it.</p></noscript>
<div data-part="controls" hidden>
<div class="draw-top"><div>
<canvas data-part="board" width="280" height="280" role="img"
 aria-label="Draw a digit here with mouse or finger, or choose a test digit below"></canvas>
<label>test digit <input data-part="sheet" type="range" min="0" max="99" value="47" autocomplete="off"></label>
<button type="button" data-part="clear">Clear</button>
</div><div>
<p>What the networks see: <canvas data-part="seen" width="28" height="28" role="img"
 aria-label="The digit in 28 by 28 pixels"></canvas></p>
<fieldset><legend>Choose a network</legend>
{NETWORKS}
</fieldset>
<p data-part="status" role="status"></p>
</div></div>
<div class="draw-scores" role="group" aria-label="Scores from -1 to 1 of the ten classes">
{SCORES}
</div>
<p data-part="half"></p>
<ol class="draw-memories" data-part="memories" aria-label="The memories that say most for the answer"></ol>
<p data-part="said" role="status"></p>
</div></div>
"""


def samples():
    """Return the numbers of the first test digits of each class, class by class."""
    y = datasets.mnist().y_test
    return np.concatenate([np.flatnonzero(y == c)[:SAMPLES] for c in range(10)])


def packed(network):
    """Return the codes of all weights, two in a byte, visible ones first: compressed bytes."""
    codes = np.concatenate([quantized.codes(getattr(network, name)).ravel() for name in network.WEIGHTS])
    return gzip.compress((codes[::2] << 4 | codes[1::2]).tobytes(), 9, mtime=0)


def text(data):
    """Return bytes as text for a script."""
    return base64.b64encode(data).decode()


class Drawing(SphinxDirective):
    """The box to draw in."""

    def run(self):
        return [nodes.raw("", BOX, format="html")]


def write_networks(app, exception):
    """Write the networks and the test digits beside the scripts, unless the page is left out."""
    if exception is not None or app.builder.format != "html" or "draw" not in app.env.found_docs:
        return
    folder, networks = Path(app.outdir) / "_static", {}
    for n in paper.POWERS:
        network = stored.small(n)
        networks[n] = {"n": n, "T": network.T, "K": len(network.visible), "file": f"network-{n}.js"}
        script = f'(window.DIGIT_WEIGHTS ??= {{}})[{n}] = "{text(packed(network))}";\n'
        (folder / networks[n]["file"]).write_text(script, encoding="utf8")
    pixels = np.rint((datasets.mnist().x_test[samples()] + 1) * 127.5).astype(np.uint8)
    script = (
        f'const DIGIT_SAMPLES = "{text(gzip.compress(pixels.tobytes(), 9, mtime=0))}";\n'
        f'const DIGIT_FOLDER = "_static/";\nconst DIGIT_NETWORKS = {json.dumps(networks)};\n'
    )
    (folder / "digit-samples.js").write_text(script, encoding="utf8")


def setup(app):
    app.add_directive("drawing", Drawing)
    app.connect("build-finished", write_networks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
