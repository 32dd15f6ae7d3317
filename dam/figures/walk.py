"""Pictures that the reader drags across a decision boundary, on a page and in a notebook."""

import base64
import io
import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from dam.arrays import Array

LIMIT = 0.5
"""The change of a pixel from which on its color is darkest."""

MAX_BYTES = 300_000
"""The largest HTML of a walk, in bytes."""

_FILES = Path(__file__).parent  # walk.css and walk.js travel with the HTML: it works wherever a notebook does

BOX = """
<style>{style}</style>
<div class="walk" role="group" aria-label="Interactive figure: a walk to the decision boundary">
<noscript><p>With JavaScript, the picture can be dragged, and the digit and the network be chosen.</p></noscript>
<div class="walk-choices" hidden>
<fieldset><legend>Digit</legend>{digits}</fieldset>
<fieldset><legend>Walk made on</legend>{powers}</fieldset>
</div>
<div class="walk-pictures">
<div><img data-part="picture" width="168" height="168" src="{picture}" alt="{digit} at {way:g} of the way">picture</div>
<div><img data-part="change" width="168" height="168" src="{change}" alt="its change">change</div>
</div>
<div class="walk-track" hidden>
<label><span>way</span><input type="range" max="{last}" value="{place}" autocomplete="off"><output></output></label>
{lanes}
</div>
<div class="walk-outputs">{outputs}</div>
<p role="status"></p>
<script type="application/json">{data}</script>
</div>
<script>{script}</script>
"""


class Walk:
    """Digits, each moved along straight lines; at every place of the way, the outputs of several networks.

    Parameters
    ----------
    v : (D, N) array
        The digits, N = 784 pixels in [-1, 1] that are multiples of 1/255 of the range, as in MNIST.
    y : (D,) array of int
        Their classes; each digit has one of its own.
    ends : dict of (D, N) arrays
        {n: the pictures on the boundary}, where the walk made on the network of power n is at 1 of its way.
    ways : (W,) array
        The places of the way that can be chosen, from 0, the digit, on.
    arguments : dict of (W, D, 10) arrays
        {(n, k): a}, what the network of power k says to the pictures of the walk made on n, for all n and k of `ends`.
    start : tuple
        (class, n, way) that is shown first.

    Raises
    ------
    ValueError
        If an array has another shape than that, two digits have one class, `start` is none of the choices, or the HTML
        exceeds `MAX_BYTES`.
    """

    def __init__(
        self,
        v: Array,
        y: Array,
        ends: dict[int, Array],
        ways: Array,
        arguments: dict[tuple, Array],
        start: tuple[int, int, float],
    ) -> None:
        self.v, self.y, self.ways = np.asarray(v, float), [int(c) for c in y], np.asarray(ways, float)
        self.powers = list(ends)
        if self.v.shape[1:] != (784,) or sorted(set(self.y)) != sorted(self.y) or len(self.y) != len(self.v):
            raise ValueError(f"v must hold pictures of 784 pixels and y a class of its own for each, got {self.y}")
        self.change = np.array([np.asarray(ends[n], float) - self.v for n in self.powers])
        pairs, shape = list(product(self.powers, repeat=2)), (len(self.ways), len(self.v), 10)
        if set(arguments) != set(pairs) or any(np.shape(a) != shape for a in arguments.values()):
            raise ValueError(f"arguments must hold an array {shape} for each of the pairs {pairs}")
        self.arguments = np.array([arguments[pair] for pair in pairs]).reshape(*2 * [len(self.powers)], *shape)
        digit, n, way = start
        if digit not in self.y or n not in self.powers or way not in self.ways:
            raise ValueError(f"start must be a class, a power and a way that can be chosen, got {start}")
        self.start = self.y.index(digit), self.powers.index(n), list(self.ways).index(way)

    def __repr__(self):
        return f"Walk(digits {self.y}, made on n = {self.powers})"

    def data(self) -> dict[str, Any]:
        """What `walk.js` reads: whole numbers as text in base 64, classes as rows of figures."""
        scale = np.abs(self.change).max() / 32767 or 1
        answers = self.arguments.argmax(axis=-1)  # made on, read by, way, digit
        return {
            "classes": self.y,
            "powers": self.powers,
            "ways": [round(way, 6) for way in self.ways.tolist()],
            "digits": _text(np.rint((self.v + 1) * 127.5), np.uint8),
            "scale": scale,
            "changes": _text(np.rint(self.change / scale), "<i2"),
            "outputs": _text(np.rint(127 * np.tanh(self.arguments)), np.int8),
            "answers": [["".join(map(str, np.ravel(one))) for one in made] for made in answers],
            "limit": LIMIT,
        }

    def _repr_html_(self):
        """The first picture, readable without JavaScript, with all data and `walk.js`."""
        j, made, place = self.start
        way = self.ways[place]
        picture = np.clip(self.v[j] + way * self.change[made, j], -1, 1)
        digits = "".join(
            f'<label><input type="radio" name="digit" value="{k}"{_checked(k == j)}>'
            f'<img width="32" height="32" src="{_png(_ink(one))}" alt="{c}"></label>'
            for k, (c, one) in enumerate(zip(self.y, self.v))
        )
        powers = "".join(
            f'<label><input type="radio" name="power" value="{k}"{_checked(k == made)}> n = {n}</label>'
            for k, n in enumerate(self.powers)
        )
        page = BOX.format(
            digits=digits,
            powers=powers,
            picture=_png(_ink(picture)),
            change=_png(_signed(picture - self.v[j])),
            digit=self.y[j],
            way=way,
            place=place,
            last=len(self.ways) - 1,
            lanes="".join(f'<div class="walk-lane"><span>n = {n}</span><b></b></div>' for n in self.powers),
            outputs="".join(_bars(n, a) for n, a in zip(self.powers, self.arguments[made, :, place, j])),
            data=json.dumps(self.data()),
            style=(_FILES / "walk.css").read_text(encoding="utf8"),
            script=(_FILES / "walk.js").read_text(encoding="utf8"),
        )
        if len(page) > MAX_BYTES:
            raise ValueError(f"the walk takes {len(page):,} bytes, at most {MAX_BYTES:,}: use fewer digits or ways")
        return page


def _text(numbers, kind):
    return base64.b64encode(np.asarray(numbers).astype(kind).tobytes()).decode()


def _checked(yes):
    return " checked" if yes else ""


def _bars(n, a):
    """The ten outputs of a network, from -1 at the bottom to 1 at the top."""
    looks = ["answer" if k == a.argmax() else "" for k in range(len(a))]
    bars = "".join(
        f'<span class="{look}"><b><i style="height: {50 * (1 + c):.1f}%"></i></b>{k}</span>'
        for k, (look, c) in enumerate(zip(looks, np.tanh(a)))
    )
    says = ", ".join(f"{k}: {c:.2f}" for k, c in enumerate(np.tanh(a)))
    return (
        f'<div role="img" aria-label="Outputs of n = {n}. {says}"><p>n = {n} reads <strong>{a.argmax()}</strong></p>'
        f'<div class="walk-bars">{bars}</div></div>'
    )


def _ink(v):
    """Pixels in [-1, 1] as black on white: ``(N, 3)`` colors."""
    return np.rint(127.5 * (1 - v))[:, None].repeat(3, axis=1)


def _signed(change):
    """Changes as colors ``(N, 3)``: blue where ink was taken away, red where it was added."""
    part = np.clip(change / LIMIT, -1, 1)[:, None]
    dark = np.where(part < 0, (33, 102, 172), (178, 24, 43))
    return np.rint(255 + (dark - 255) * np.abs(part))


def _png(colors):
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(colors.astype(np.uint8).reshape(28, 28, 3)).save(file, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
