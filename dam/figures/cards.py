"""The pictures on the cards of the front page: a function for each chapter, its docstring the text alternative."""

import io
from itertools import pairwise, product

import matplotlib.pyplot as plt
import numpy as np

import dam
from dam import datasets
from dam.figures.mnist import square
from dam.figures.photographs import enlarged
from dam.figures.style import DIVERGING, INK, degree_color
from dam.lab import claims, paper, results
from dam.lab.stored import trained, trained_m
from dam.memory import attention as softmax
from dam.network import attacks

SIZE = 3.2, 1.6
"""Inches, wide and high."""

EDGES = {"left": 0.03, "right": 0.97, "bottom": 0.06, "top": 0.94, "wspace": 0.06}
CHANGE = {"cmap": DIVERGING, "vmin": -0.5, "vmax": 0.5}
WEIGHTS = {"cmap": DIVERGING, "vmin": -1, "vmax": 1}


def classical() -> plt.Figure:
    """A seven under noise, and the same seven, recalled."""
    seven, damaged = datasets.damaged_seven()
    xi = np.vstack([seven, datasets.spins(datasets.mnist().x_train[[121, 2019]])])
    return _pictures((damaged, INK), (dam.retrieve(damaged[None], xi, dam.Polynomial(2), rng=0)[0], INK))


def dense() -> plt.Figure:
    """Valleys of the energy around one memory, narrower for each larger power."""
    figure, ax = _plot()
    away = np.linspace(-1, 1, 201)
    for n in (2, 4, 10, 30):
        ax.plot(away, -((1 - np.abs(away)) ** n), color=degree_color(n), linewidth=3)
    return figure


def basins() -> plt.Figure:
    """How often a damaged picture is recalled, falling with the damage: later for each larger power."""
    figure, ax = _plot()
    rng = np.random.default_rng(0)
    xi, shares = dam.random_patterns(12, 100, rng), np.linspace(0, 0.5, 11)
    for n in (2, 3, 5):
        cues = np.vstack([datasets.damage(xi, share, 1) for share in shares])
        same = (dam.retrieve(cues, xi, dam.Polynomial(n), rng=0) == np.tile(xi, (len(shares), 1))).all(axis=1)
        ax.plot(shares, same.reshape(len(shares), -1).mean(axis=1), color=degree_color(n), linewidth=3)
    return figure


def xor() -> plt.Figure:
    """A cube on which every other corner is filled."""
    figure, ax = _plot()
    corners = np.array(list(product((-1, 1), repeat=3)))
    across, up = corners[:, 0] + 0.6 * corners[:, 1], corners[:, 2] + 0.4 * corners[:, 1]
    for i, j in np.argwhere(np.triu(corners @ corners.T == 1)):
        ax.plot(across[[i, j]], up[[i, j]], color="0.5", zorder=1)
    rows = corners.prod(axis=1) == datasets.xor_memories().prod(axis=1)[0]
    ax.scatter(
        across, up, 130, np.where(rows, "black", "white"), edgecolors="black", linewidths=2, zorder=2, clip_on=False
    )
    ax.set_aspect("equal")
    ax.margins(0.2)
    return figure


def duality() -> plt.Figure:
    """Three layers of neurons, each joined to all of the next."""
    figure, ax = _plot()
    layers = [np.column_stack([np.linspace(-k, k, count), np.full(count, y)]) for y, count, k in
              ((0, 5, 2), (1, 4, 1.5), (2, 3, 1))]  # fmt: skip
    for below, above in pairwise(layers):
        for a, b in product(below, above):
            ax.plot(*zip(a, b), color="0.6", linewidth=1, zorder=1)
    ax.scatter(*np.vstack(layers).T, 130, "white", edgecolors="black", linewidths=2, zorder=2, clip_on=False)
    ax.margins(0.12)
    return figure


def mnist() -> plt.Figure:
    """Four test errors that fall in the course of training."""
    figure, ax = _plot()
    for n in paper.POWERS:
        error = results.load("mnist", f"n{n}").arrays["test_error"]
        ax.loglog(np.arange(1, len(error) + 1)[::5], error[::5], color=degree_color(n), linewidth=2)
    return figure


def prototypes() -> plt.Figure:
    """A memory made of strokes, and one that looks like a whole digit."""
    return _pictures(*((_loudest(trained(n)[0]), WEIGHTS) for n in (2, 30)))


def settings() -> plt.Figure:
    """A map of errors over learning rate and temperature, in percent: from dark and large to white and small."""
    figure, ax = _plot()
    errors = results.load("search", "n3").arrays["held_out_percent"]
    ax.pcolormesh(errors, cmap="gray_r", norm="log", edgecolors="0.6", linewidth=1)
    for (row, column), error in np.ndenumerate(errors):
        color = "white" if error > np.sqrt(errors.min() * errors.max()) else "black"
        ax.text(column + 0.5, row + 0.5, f"{error:.2g} %", color=color, ha="center", va="center", fontsize=12)
    ax.invert_yaxis()
    return figure


def own() -> plt.Figure:
    """Three coarse digits, of eight by eight pixels."""
    ink, _ = datasets.digits8()
    return _pictures(*((digit / 8 - 1, INK) for digit in ink[[2, 5, 7]]))


def adversarial() -> plt.Figure:
    """A seven, a change in strokes of red and blue, and the broken seven that they make."""
    v = datasets.mnist().x_train[[datasets.SEVEN]]
    end = attacks.attack(v, np.array([7]), trained(30)[0], m=trained_m(30)).images
    return _pictures((v, INK), (end - v, CHANGE), (end, INK))


def photographs() -> plt.Figure:
    """The changes, many times enlarged, that take a photograph across the boundary of a small and of a large power."""
    found = results.load("pictures").arrays
    figure, axes = plt.subplots(1, 2, figsize=SIZE, layout="none", gridspec_kw=EDGES)
    for ax, change, unit in zip(axes, found["change"][:, 3, 28:84, 28:84], found["unit"][:, 3]):
        ax.imshow(enlarged(unit * change))
        ax.set(xticks=[], yticks=[])
    return figure


def attention() -> plt.Figure:
    """An average of many digits, a mixture of a few, and one digit alone."""
    seven, damaged = datasets.damaged_seven()
    crowd = np.vstack([seven, datasets.spins(datasets.mnist().x_train[:500])])
    return _pictures(*((softmax.weights(damaged[None], crowd, beta)[0] @ crowd, INK) for beta in (0.01, 0.05, 0.3)))


def claims_() -> plt.Figure:
    """A square for each claim, filled where it holds."""
    figure, ax = _plot()
    held = np.array([verdict.holds is True for verdict in claims.judge_stored()])
    places, fill = np.arange(len(held)), np.where(np.sort(~held), "white", "black")
    ax.scatter(places % 14, -(places // 14), 90, fill, marker="s", edgecolors="black")
    ax.margins(0.08)
    return figure


PICTURES = {
    function.__name__.rstrip("_"): function
    for function in (
        classical, dense, basins, xor, duality, mnist, prototypes, settings, own, adversarial, photographs, attention,
        claims_,
    )
}  # fmt: skip
"""{chapter: the function that draws its picture}."""


def png(chapter: str) -> bytes:
    """The picture of a chapter as a small file: bytes."""
    from PIL import Image

    raw = io.BytesIO()
    figure = PICTURES[chapter]()
    figure.savefig(raw, format="png", dpi=120)
    plt.close(figure)
    file = io.BytesIO()
    Image.open(raw).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(file, "png", optimize=True)
    return file.getvalue()


def _plot():
    figure, ax = plt.subplots(figsize=SIZE, layout="none", gridspec_kw=EDGES)
    ax.set_axis_off()
    return figure, ax


def _pictures(*pictures):
    figure, axes = plt.subplots(1, len(pictures), figsize=SIZE, layout="none", gridspec_kw=EDGES)
    for ax, (pixels, look) in zip(axes, pictures):
        ax.imshow(square(np.reshape(pixels, -1)), **look)
        ax.set(xticks=[], yticks=[])
    return figure


def _loudest(network):
    """The memory that overlaps most with the seven of the book."""
    return network.visible[np.argmax(network.visible @ datasets.mnist().x_train[datasets.SEVEN])]
