"""Interactive figures that work in a notebook and on a page without a kernel.

An `Explorer` draws one Matplotlib figure per value of a parameter (or per pair of values of two). In a notebook with
a running kernel it shows sliders that draw the figure anew. On a published page it shows native sliders over frames
that were drawn when the page was built, each with its own text alternative.
"""

import base64
import html
import io
import json
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

MAX_BYTES = 1_500_000
"""The largest HTML of one interactive figure, in bytes."""

COLORS = 128
"""Colors in the palette of a frame."""


class Explorer:
    """An interactive figure of one or two parameters.

    Parameters
    ----------
    draw : callable
        ``draw(**values)`` returns a Matplotlib figure for one value of each parameter. The figure is closed after it
        was rendered.
    alt : callable
        ``alt(**values)`` returns the text alternative of that figure: what a reader who cannot see it must know.
    labels : dict of str, optional
        What to call a parameter beside its slider; its name by default.
    start : dict, optional
        The value of each parameter that is shown first; the first of its values by default.
    dpi : float
        Resolution of the frames, in dots per inch; they are shown at 100 dots per inch.
    **parameters : sequence
        The values of each parameter, in the order of the slider. One or two parameters.

    Raises
    ------
    TypeError
        If `draw` or `alt` cannot be called, or `draw` returns something other than a Matplotlib figure.
    ValueError
        If there are no parameters or more than two, if one has no values, if `labels` or `start` name another
        parameter or `start` a value that is none of its values, if `alt` returns no text, or if the HTML exceeds
        `MAX_BYTES`.

    Notes
    -----
    Nothing is drawn before the figure is displayed. Put work that does not depend on the parameters in front of
    `draw`, and let `draw` only look up and plot.

    Examples
    --------
    >>> def draw(n):
    ...     figure, ax = plt.subplots()
    ...     ax.plot([0, 1], [0, n])
    ...     return figure
    >>> alt = lambda n: f"A line of slope {n}."
    >>> Explorer(draw, alt=alt, labels={"n": "slope n"}, n=[1, 2, 3])
    Explorer(n: 1, 2, 3)
    """

    def __init__(
        self,
        draw: Callable[..., Figure],
        *,
        alt: Callable[..., str],
        labels: dict[str, str] | None = None,
        start: dict | None = None,
        dpi: float = 160,
        **parameters: Sequence,
    ) -> None:
        for name, function in (("draw", draw), ("alt", alt)):
            if not callable(function):
                raise TypeError(f"{name} is {function!r}; it needs to be a function of the parameters")
        if not 1 <= len(parameters) <= 2:
            raise ValueError(f"got {len(parameters)} parameters ({', '.join(parameters) or 'none'}); needs 1 or 2")
        self.parameters = {name: list(values) for name, values in parameters.items()}
        for name, values in self.parameters.items():
            if not values:
                raise ValueError(f"{name} has no values; it needs at least one")
        unknown = set(labels or {}) - set(parameters)
        if unknown:
            raise ValueError(f"labels names {sorted(unknown)}; the parameters are {list(parameters)}")
        first = {name: values[0] for name, values in self.parameters.items()} | (start or {})
        for name, value in first.items():
            if value not in self.parameters.get(name, ()):
                raise ValueError(f"start has {name} = {value!r}; the values are {self.parameters.get(name)}")
        self.start = {name: self.parameters[name].index(value) for name, value in first.items()}
        self.labels = {name: name for name in parameters} | (labels or {})
        self.draw, self.alt, self.dpi = draw, alt, dpi

    def __repr__(self):
        values = "; ".join(f"{k}: {', '.join(map(text, v))}" for k, v in self.parameters.items())
        return f"Explorer({values})"

    def image(self, **values: Any) -> str:
        """One frame, for one value of each parameter, as an ``<img>`` element with its text alternative."""
        figure = self.draw(**values)
        if not isinstance(figure, Figure):
            raise TypeError(f"draw returned {type(figure).__name__}; it needs to return a Matplotlib figure")
        alt = str(self.alt(**values) or "").strip()
        if not alt:
            raise ValueError(f"alt returned no text for {values}; it needs to describe the figure")
        data, mime, size = encode(figure, self.dpi)
        width, height = (round(100 * length / self.dpi) for length in size)
        plt.close(figure)
        source = f"data:{mime};base64,{base64.b64encode(data).decode()}"
        return f'<img src="{source}" width="{width}" height="{height}" alt="{html.escape(alt)}">'

    def to_html(self) -> str:
        """Sliders and all frames as HTML that `explorer.js` of the book brings to life.

        Without JavaScript one frame is shown, that of ``start``, and the sliders are hidden.
        """
        names = list(self.parameters)
        first, frames = tuple(self.parameters[name][self.start[name]] for name in names), []
        for combination in product(*self.parameters.values()):
            image = self.image(**dict(zip(names, combination)))
            if combination != first:  # the others wait until they are asked for
                image = image.replace("<img ", '<img loading="lazy" ', 1)
            hidden = "" if combination == first else " hidden"
            frames.append(f'<div class="explorer-frame"{hidden}>{image}</div>')
        sliders = "".join(self._slider(name) for name in names)
        name = html.escape("Interactive figure: " + ", ".join(self.labels.values()))
        page = (
            f'<div class="explorer" role="group" aria-label="{name}">'
            f'<div class="explorer-controls" hidden>{sliders}</div>{"".join(frames)}</div>'
        )
        if len(page) > MAX_BYTES:
            raise ValueError(
                f"the interactive figure takes {len(page) / 1e6:.2f} MB for {len(frames)} frames; it needs to stay "
                f"under {MAX_BYTES / 1e6:.1f} MB: use fewer values, a smaller figure, or a lower dpi (now {self.dpi})"
            )
        return page

    def _slider(self, name):
        texts, start = [text(value) for value in self.parameters[name]], self.start[name]
        return (
            f"<label><span>{html.escape(self.labels[name])}</span>"
            f'<input type="range" min="0" max="{len(texts) - 1}" step="1" value="{start}" autocomplete="off" '
            f'data-texts="{html.escape(json.dumps(texts))}" aria-valuetext="{html.escape(texts[start])}">'
            f'<output aria-hidden="true">{html.escape(texts[start])}</output></label>'
        )

    def live(self) -> Any:
        """Sliders that draw the figure anew, for a notebook with a running kernel: an ``ipywidgets.VBox``."""
        import ipywidgets

        sliders = {
            name: ipywidgets.SelectionSlider(
                options=[(text(value), value) for value in values],
                index=self.start[name],
                description=self.labels[name],
                style={"description_width": "initial"},
            )
            for name, values in self.parameters.items()
        }
        picture = ipywidgets.HTML()

        def update(change=None):
            picture.value = self.image(**{name: slider.value for name, slider in sliders.items()})

        for slider in sliders.values():
            slider.observe(update, "value")
        update()
        return ipywidgets.VBox([*sliders.values(), picture])

    def _repr_mimebundle_(self, include=None, exclude=None):
        """Both forms: Jupyter takes the live one, a published page takes the HTML."""
        bundle = {"text/plain": repr(self), "text/html": self.to_html()}
        try:
            bundle |= self.live()._repr_mimebundle_()
        except (ImportError, AttributeError):
            pass  # without ipywidgets, or with its version 7, the frames are all there is
        return bundle | {"text/plain": repr(self)}


def text(value: object) -> str:
    """A parameter's value as it stands beside the slider: numbers in at most four significant digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def encode(figure: Figure, dpi: float) -> tuple[bytes, str, tuple[int, int]]:
    """A figure as a small image file: its bytes, media type, and width and height in pixels.

    It is the smallest of the formats that keep the figure sharp.
    """
    from PIL import Image, features

    raw = io.BytesIO()
    figure.savefig(raw, format="png", dpi=dpi)
    image = Image.open(raw).convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    files = [("image/png", _save(image, "png", optimize=True))]
    if features.check("webp"):
        files.append(("image/webp", _save(image.convert("RGB"), "webp", lossless=True, method=6)))
    mime, data = min(files, key=lambda item: len(item[1]))
    return data, mime, image.size


def _save(image, ending, **options):
    file = io.BytesIO()
    image.save(file, ending, **options)
    return file.getvalue()
