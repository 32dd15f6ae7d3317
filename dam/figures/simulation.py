"""Figures that a script of the page brings to life.

A `Simulation` is a Matplotlib figure and the data that a script in ``book/_static`` computes with. In a notebook, on
slides and without JavaScript the figure is shown; on a page the script puts controls and pictures of its own in its
place.
"""

import base64
import html
import json
from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from dam.arrays import Array
from dam.figures.explorer import encode

DPI = 160


class Simulation:
    """A figure, what a reader who cannot see it must know, and the data for the script that brings it to life.

    Parameters
    ----------
    name : str
        The class of its box, by which the script finds it.
    figure : matplotlib.figure.Figure
        Closed here.
    alt : str
        The text alternative of the figure.
    **data
        What can be written as JSON.
    """

    def __init__(self, name: str, figure: plt.Figure, alt: str, **data: Any) -> None:
        self.name, self.alt, self.data = name, str(alt).strip(), data
        if not self.alt:
            raise ValueError(f"the simulation {name} has no text alternative; it needs to describe the figure")
        self.image, self.mime, self.size = encode(figure, DPI)
        plt.close(figure)

    def __repr__(self):
        return f"Simulation({self.name})"

    def to_html(self) -> str:
        """Return the box: the figure, a place for the controls, and the data."""
        width, height = (round(100 * length / DPI) for length in self.size)
        source = f"data:{self.mime};base64,{base64.b64encode(self.image).decode()}"
        data = json.dumps(self.data, separators=(",", ":"), allow_nan=False).replace("</", "<\\/")
        return (
            f'<div class="simulation {self.name}"><div class="simulation-frame">'
            f'<img src="{source}" width="{width}" height="{height}" alt="{html.escape(self.alt)}"></div>'
            f'<div class="simulation-live" hidden></div><script type="application/json">{data}</script></div>'
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": repr(self), "text/html": self.to_html()}


def text(array: Array) -> str:
    """Return an array's bytes as text for a script."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def crowd(
    figure: plt.Figure,
    alt: str,
    cue: Array,
    stored: Array,
    chosen: int,
    classes: Array,
    interactions: list[dict],
    start: dict,
) -> Simulation:
    """Return the crowd of bars: what each of the memories ``stored (K, N)`` of ±1 contributes to the state ``cue``.

    ``chosen`` is the number of the memory that the cue is a damaged copy of, and ``classes (K,)`` says which digit each
    memory is. ``interactions`` are the positions of the slider, ``{"n": 3}`` for a power, rectified, or ``{"beta":
    0.1}`` for the exponential; the slider begins at the position ``start`` (one of them).
    """
    return Simulation(
        "crowd",
        figure,
        alt,
        stored=text(np.packbits(stored > 0)),
        cue=text(np.packbits(cue > 0)),
        chosen=int(chosen),
        classes="".join(str(c) for c in classes),
        interactions=interactions,
        start=interactions.index(start),
    )


def tug(
    figure: plt.Figure, alt: str, arrays: dict[str, Array], degrees: Iterable[int], after: Sequence[int], start: int
) -> Simulation:
    """Return the tug of war on memories while they learn: pictures, votes and pulls after some epochs.

    ``arrays`` are those of the experiment `dam.lab.experiments.tug` for the powers ``degrees``, ``after`` its epochs;
    the slider begins after ``start`` epochs.
    """
    found = {}
    for n in degrees:
        one = {name: arrays[f"{name}_n{n}"] for name in ("memory", "pull", "push", "along", "votes", "test_error")}
        largest = np.abs(one["along"]).max(axis=2, keepdims=True)
        along = one["along"] / np.where(largest > 0, largest, 1)
        found[str(n)] = {
            **{name: text(one[name]) for name in ("memory", "pull", "push")},
            "along": np.round(along.astype(float), 4).tolist(),
            "votes": np.round(one["votes"].astype(float), 3).tolist(),
            "error": [None, *one["test_error"].astype(float).tolist()],
        }
    return Simulation("tug", figure, alt, networks=found, after=list(after), start=list(after).index(start))
