"""The recall on the first page: its box, and the stored digits that ``recall.js`` reads."""

import base64
from pathlib import Path

import numpy as np
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from dam import datasets

STORED = 2000
FIRST = (datasets.SEVEN, 121, 2019)
"""Training digits that are stored first: the seven, and the zero and the two of the chapter on classical memory."""

BOX = """
<script src="_static/digits.js"></script>
<div class="recall">
<noscript><p>With JavaScript, this is a network of 784 neurons that recalls a damaged digit.</p>
<img src="_static/card.png" alt="A damaged seven, and the seven that a memory of a thousand digits recalls from it">
</noscript>
<div data-part="controls" hidden>
<canvas data-part="picture" width="280" height="280" role="img" tabindex="-1"
 aria-label="The state of 784 neurons as a picture; a finger or a mouse flips pixels"></canvas>
<div class="recall-side">
<label><span>interaction</span>
<input data-part="power" type="range" min="0" max="8" value="7" autocomplete="off"><output></output></label>
<label><span>stored</span>
<input data-part="stored" type="range" min="0" max="6" value="6" autocomplete="off"><output></output></label>
<div class="recall-buttons"><button type="button" data-part="recall">Recall</button>
<button type="button" data-part="damage">Damage 30 %</button>
<button type="button" data-part="restore">Restore</button></div>
<canvas data-part="curve" width="280" height="90" role="img" aria-label="The energy, flip by flip"></canvas>
<p data-part="status" role="status"></p>
</div></div></div>
"""


def stored_digits():
    """Return the digits to store as packed bits, the seven first: bytes."""
    others = [i for i in range(STORED + len(FIRST)) if i not in FIRST][: STORED - len(FIRST)]
    sigma = datasets.spins(datasets.mnist().x_train[[*FIRST, *others]])
    return np.packbits(sigma > 0).tobytes()


class Simulation(SphinxDirective):
    """The box of the recall."""

    def run(self):
        return [nodes.raw("", BOX, format="html")]


def write_digits(app, exception):
    """Write the stored digits beside the scripts."""
    if exception is None and app.builder.format == "html":
        text = base64.b64encode(stored_digits()).decode()
        (Path(app.outdir) / "_static" / "digits.js").write_text(f'const STORED_DIGITS = "{text}";\n', encoding="utf8")


def setup(app):
    app.add_directive("simulation", Simulation)
    app.connect("build-finished", write_digits)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
