"""Matplotlib figures from NumPy arrays, in one style for the whole book. No numerics."""

import matplotlib.pyplot as plt
import numpy as np

COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#000000"]
"""Line colors that color-blind readers can tell apart, darkest first where it matters on white."""

DIVERGING = "RdBu_r"
"""Color map of weights and memories: blue -1, white 0, red +1."""

WIDTH = 6.4
"""Width of a figure in inches, the text column of the book."""

STYLE = {
    "axes.grid": True,
    "axes.prop_cycle": plt.cycler(color=COLORS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "figure.figsize": (WIDTH, 3.6),
    "font.size": 10,
    "grid.alpha": 0.3,
    "image.interpolation": "nearest",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "savefig.facecolor": "white",
}
"""Matplotlib parameters of the book."""


def use_style():
    """Set the book's style for all figures that follow: black on white in light and dark pages alike."""
    plt.rcParams.update(STYLE)


def images(pictures, *, shape=(28, 28), columns=5, titles=None, limit=1.0, label="pixel or weight", size=1.1):
    """Pictures or memories in a grid on the diverging color scale of the paper's Fig 2.

    Parameters
    ----------
    pictures : (P, N) array
        One flattened picture per row; N is the number of pixels of `shape`.
    shape : tuple of int
        Rows and columns of pixels of one picture.
    columns : int
        Pictures in a row of the grid.
    titles : sequence of str, optional
        What to write above each picture.
    limit : float
        The color scale runs from -limit to +limit.
    label : str
        What the color bar shows.
    size : float
        Edge of one picture in inches.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the number of pixels is not that of `shape`, or there is not one title per picture.
    """
    pictures = np.atleast_2d(np.asarray(pictures, dtype=float))
    if pictures.ndim != 2 or pictures.shape[1] != shape[0] * shape[1]:
        raise ValueError(f"pictures has shape {pictures.shape}; it needs {shape[0] * shape[1]} columns for {shape}")
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"titles has {len(titles)} entries; it needs one for each of the {len(pictures)} pictures")
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    height = size * (1.0 if titles is None else 1.25)
    figure, axes = plt.subplots(rows, columns, figsize=(size * columns + 0.9, height * rows), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for i, (ax, picture) in enumerate(zip(axes.flat, pictures)):
        shown = ax.imshow(picture.reshape(shape), cmap=DIVERGING, vmin=-limit, vmax=limit)
        if titles is not None:
            ax.set_title(titles[i], fontsize=9)
    figure.colorbar(shown, ax=axes, label=label, shrink=min(1.0, 2.4 / (height * rows)), aspect=12)
    return figure


def learning_curves(curves, *, ax=None, ylabel="test error (%)", log=True, levels=None):
    """Error against epoch, one line per network.

    Parameters
    ----------
    curves : dict of (E,) array
        Label of each line, and its error in percent after each of E epochs.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    ylabel : str
    log : bool
        Whether the errors are on a logarithmic scale.
    levels : dict of float, optional
        Label and height of horizontal lines of reference, in percent.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = ax or plt.subplots()[1]
    for (name, errors), style in zip(curves.items(), _line_styles()):
        ax.plot(np.arange(1, len(errors) + 1), errors, style, label=name)
    for name, level in (levels or {}).items():
        ax.axhline(level, color="0.4", linestyle=":", linewidth=1.2)
        ax.annotate(name, (1.0, level), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=9)
    if log:
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter("{x:g}")
        ax.tick_params(axis="y", which="minor", labelsize=8)
    ax.set(xlabel="epoch", ylabel=ylabel)
    ax.legend()
    return ax


def histograms(panels, *, bins, xlabel, ylabel="share of states (%)", columns=3, sharey=True):
    """Histograms side by side, in percent of their samples.

    Parameters
    ----------
    panels : dict of array or dict of dict of array
        Title of each panel, and its samples; or, for several histograms in a panel, a dict of label and samples.
    bins : (B + 1,) array
        Edges of the bins, shared by all panels. Samples outside them raise an error rather than vanish.
    xlabel, ylabel : str
    columns : int
        Panels in a row.
    sharey : bool
        Whether all panels have the same vertical scale.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If a sample lies outside the bins.
    """
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, 0.4 + 2.1 * rows), sharex=True, sharey=sharey, squeeze=False
    )
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    for ax, (title, samples) in zip(axes.flat, panels.items()):
        several = samples if isinstance(samples, dict) else {None: samples}
        for (name, values), color in zip(several.items(), COLORS):
            values = np.asarray(values)
            if values.min() < bins[0] or values.max() > bins[-1]:
                raise ValueError(
                    f"panel {title!r} has samples from {values.min()} to {values.max()}; bins needs to cover them"
                )
            weights = np.full(len(values), 100 / len(values))
            ax.hist(values, bins, weights=weights, histtype="stepfilled", color=color, alpha=0.65, label=name)
        ax.set_title(title, fontsize=10)
        if isinstance(samples, dict):
            ax.legend(fontsize=8)
    figure.supxlabel(xlabel, fontsize=10)
    figure.supylabel(ylabel, fontsize=10)
    return figure


def _line_styles():
    """Line styles that stay distinct in gray: one per color, then over again."""
    while True:
        yield from ("-", "--", "-.", ":")


def spins(states, *, shape=(28, 28), columns=4, titles=None, size=1.25):
    """States or memories of ±1 as black-and-white pictures: +1 is ink, -1 is paper.

    Parameters
    ----------
    states : (P, N) array
        One flattened picture of -1 and +1 per row; N is the number of pixels of `shape`.
    shape : tuple of int
        Rows and columns of pixels of one picture.
    columns : int
        Pictures in a row of the grid.
    titles : sequence of str, optional
        What to write above each picture.
    size : float
        Edge of one picture in inches.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the number of pixels is not that of `shape`, or there is not one title per picture.
    """
    states = np.atleast_2d(np.asarray(states, dtype=float))
    if states.ndim != 2 or states.shape[1] != shape[0] * shape[1]:
        raise ValueError(f"states has shape {states.shape}; it needs {shape[0] * shape[1]} columns for {shape}")
    if titles is not None and len(titles) != len(states):
        raise ValueError(f"titles has {len(titles)} entries; it needs one for each of the {len(states)} pictures")
    rows = -(-len(states) // columns)
    height = size + (0 if titles is None else 0.28)
    figure, axes = plt.subplots(rows, columns, figsize=(size * columns, height * rows), squeeze=False)
    for ax in axes.flat[len(states) :]:
        ax.set_axis_off()
    for i, (ax, state) in enumerate(zip(axes.flat, states)):
        picture(ax, state.reshape(shape), None if titles is None else titles[i])
    return figure


def picture(ax, pixels, title=None):
    """One black-and-white picture ``(rows, columns)`` of ±1 in the given axes, framed and without ticks."""
    ax.imshow(pixels, cmap="gray_r", vmin=-1, vmax=1)
    ax.grid(False)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color="0.6")
    if title is not None:
        ax.set_title(title, fontsize=11)


def overlap_matrices(panels):
    """Matrices of normalized overlaps as annotated heat maps, one below the other.

    Parameters
    ----------
    panels : dict of (labels, (K, K) array)
        Title of each panel, its K labels, and the overlaps in [-1, 1].

    Returns
    -------
    matplotlib.figure.Figure
    """
    sizes = [len(labels) for labels, _ in panels.values()]
    heights = [0.36 * size + 0.6 for size in sizes]
    figure, axes = plt.subplots(len(panels), 1, figsize=(4.4, sum(heights)), height_ratios=heights, squeeze=False)
    for ax, (title, (labels, matrix)) in zip(axes.flat, panels.items()):
        ax.imshow(matrix, cmap=DIVERGING, vmin=-1, vmax=1)
        for (row, column), value in np.ndenumerate(matrix):
            color = "white" if abs(value) > 0.6 else "black"
            ax.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=9, color=color)
        ax.set(xticks=range(len(labels)), xticklabels=labels, yticks=range(len(labels)), yticklabels=labels)
        ax.grid(False)
        ax.set_title(title, fontsize=11)
        ax.set(xlabel="digit", ylabel="digit")
    return figure


def breakdown(alpha, overlap, unstable, theory_overlap, theory_unstable):
    """How retrieval fails as the load grows: the overlap kept after settling, and the unstable bits, one panel each.

    Parameters
    ----------
    alpha : (A,) array
        Loads K/N.
    overlap, unstable : dict of (R, A) array
        Label of each line and its R runs: overlap with the memory after settling, share of unstable bits at the
        memory. Markers show the mean over runs, bars the standard deviation.
    theory_overlap, theory_unstable : tuple of two (P,) arrays
        Loads and values of the predicted curves.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(2, 1, figsize=(4.6, 5.6), sharex=True)
    for ax, runs, curve, scale in zip(axes, (overlap, unstable), (theory_overlap, theory_unstable), (1, 100)):
        ax.plot(curve[0], scale * curve[1], color="black", linewidth=1.2, label="theory, large N", zorder=3)
        for (name, values), color, marker in zip(runs.items(), COLORS, "os^Dv"):
            mean, spread = scale * np.mean(values, axis=0), scale * np.std(values, axis=0)
            ax.errorbar(alpha, mean, spread, color=color, marker=marker, markersize=4, linewidth=1.1, label=name)
    end = np.argmax(theory_overlap[0])
    axes[0].plot(theory_overlap[0][end], theory_overlap[1][end], "o", color="black", markersize=7, zorder=3)
    axes[0].axvline(theory_overlap[0][end], color="black", linestyle=":", linewidth=1.2)
    axes[0].set(ylabel="overlap after settling, $m$", ylim=(0, 1.05))
    axes[1].set(ylabel="unstable bits (%)", xlabel="load α = K/N", ylim=(0, None))
    axes[0].legend(loc="lower left")
    return figure


def recall(cue, final, overlaps, title):
    """One cue and where the network takes it, above the histogram of the final overlaps of many such runs.

    Parameters
    ----------
    cue, final : (28, 28) array
        The damaged picture and the state after settling, of ±1.
    overlaps : (S,) array
        Overlap of S final states with the memory that each was started from, in [-1, 1].
    title : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplot_mosaic([["cue", "final"], ["all", "all"]], figsize=(4.6, 4.3), height_ratios=(1.15, 1))
    picture(axes["cue"], cue, "damaged cue")
    picture(axes["final"], final, "where it settles")
    weights = np.full(len(overlaps), 100 / len(overlaps))
    axes["all"].hist(overlaps, np.arange(-20, 21) / 20, weights=weights, color=COLORS[0])
    axes["all"].set(
        xlabel="final overlap with the memory, $m$",
        ylabel="share of runs (%)",
        xlim=(-0.3, 1.02),
        ylim=(0, 100),
    )
    figure.suptitle(title, fontsize=12)
    return figure


def shares(groups, parts, *, xlabel, ylabel="share of starts (%)"):
    """Stacked bars: how each group divides into parts.

    Parameters
    ----------
    groups : sequence of str
        What stands under each of the G bars.
    parts : dict of (G,) array
        Label of each part, from the bottom up, and its share in percent of every group.
    xlabel, ylabel : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(4.6, 3.6))
    bottom = np.zeros(len(groups))
    hatches = ("", "//", "..", "xx", "--", "")
    for (name, values), color, hatch in zip(parts.items(), ("#0072B2", "#56B4E9", "#E69F00", "#D9D9D9"), hatches):
        ax.bar(groups, values, 0.75, bottom, label=name, color=color, hatch=hatch, edgecolor="white")
        bottom += values
    ax.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, 100))
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def landscapes(profiles, marks, *, ylabel):
    """Energies along one path through the states, one panel for each energy function, below each other.

    Parameters
    ----------
    profiles : dict of (P,) array
        Title of each panel, and the energy at each of the P states of the path.
    marks : dict of int
        Name of each memory on the path, and its place there.
    ylabel : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(len(profiles), 1, figsize=(5.4, 1.65 * len(profiles) + 0.5), sharex=True)
    for ax, (title, profile), color in zip(axes, profiles.items(), COLORS):
        ax.plot(profile, color=color)
        ax.plot(list(marks.values()), profile[list(marks.values())], "o", color="black", markersize=5)
        ax.set_title(title, fontsize=11)
        ax.margins(y=0.12)
    axes[-1].set_xticks(list(marks.values()), list(marks))
    figure.supylabel(ylabel, fontsize=11)
    return figure


def gap_histograms(panels, bins, curves):
    """Distributions of energy gaps below each other, with the normal curves that theory predicts.

    Parameters
    ----------
    panels : dict of dict of array
        Title of each panel; in it the label of each histogram and its samples.
    bins : (B + 1,) array
        Edges of the bins.
    curves : dict of (P, 2) array
        Label of each curve, and its points; the same curves in every panel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(len(panels), 1, figsize=(5.4, 1.75 * len(panels) + 0.6), sharex=True, sharey=True)
    for ax, (title, samples) in zip(axes, panels.items()):
        for (name, values), color in zip(samples.items(), COLORS):
            ax.hist(values, bins, density=True, histtype="stepfilled", color=color, alpha=0.5, label=name)
        for (name, points), style in zip(curves.items(), ("-", "--")):
            ax.plot(*points.T, style, color="black", linewidth=1.3, label=name)
        ax.axvline(0, color="0.3", linewidth=1)
        ax.set_title(title, fontsize=11)
    axes[-1].set_xlabel("gap of a bit (1 = $2nN^{n-1}$)")
    figure.supylabel("density", fontsize=11)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=10)
    return figure


def final_overlaps(panels, bins):
    """Where random starts end, as in Fig. 4: stored runs as filled histograms, live runs as points over them.

    Parameters
    ----------
    panels : dict of tuple (stored, live)
        Title of each panel, two in a row. ``stored`` is the array of final overlaps of a stored run, or None;
        ``live`` a list of such arrays, one for each seed.
    bins : (B + 1,) array
        Edges of the bins.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(panels) // 2)
    figure, axes = plt.subplots(rows, 2, figsize=(5.6, 1.75 * rows + 0.7), sharex=True, sharey="row", squeeze=False)
    middle = (bins[1:] + bins[:-1]) / 2
    for ax, (title, (stored, live)) in zip(axes.flat, panels.items()):
        if stored is not None:
            weights = np.full(len(stored), 100 / len(stored))
            ax.hist(stored, bins, weights=weights, color=COLORS[4], alpha=0.7, label="stored run")
        percent = [100 * np.histogram(values, bins)[0] / len(values) for values in live]
        mean, spread = np.mean(percent, axis=0), np.std(percent, axis=0)
        seen = mean > 0
        style = {"fmt": "o", "color": COLORS[1], "markersize": 3.5, "elinewidth": 1.2}
        ax.errorbar(middle[seen], mean[seen], spread[seen], label="live runs", **style)
        ax.set_title(title, fontsize=11)
    for ax in axes.flat:
        ax.set_ylim(bottom=0)
    figure.supxlabel(r"final overlap with the closest memory, $\max_\mu\, \xi^\mu\!\cdot\sigma$", fontsize=11)
    figure.supylabel("share of starts (%)", fontsize=11)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=10)
    return figure


def half_capacity(N, live, stored, curves):
    """K_1/2 against the number of neurons, as in Fig. 5.

    Parameters
    ----------
    N : (D,) array
        Numbers of neurons of the live runs.
    live : dict of (R, D) array
        Label, and K_1/2 of R seeds; drawn as mean and standard deviation.
    stored : dict of tuple of two arrays
        Label, and N and K_1/2 of the stored run, in the order of ``live``.
    curves : dict of tuple of two arrays
        Label, and N and K of each theoretical curve.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(5.4, 4.4))
    for (name, (x, y)), style in zip(curves.items(), ("-", ":")):
        ax.plot(x, y, style, color="black", linewidth=1.5, label=name)
    for (name, values), color, marker in zip(live.items(), COLORS, "os"):
        mean, spread = values.mean(axis=0), values.std(axis=0, ddof=1)
        ax.errorbar(N, mean, spread, fmt=marker, color=color, markersize=6, capsize=3, label=name)
    for (name, (x, y)), color, marker in zip(stored.items(), COLORS, "os"):
        ax.plot(x, y, marker, color=color, markerfacecolor="none", markersize=8, label=name)
    ax.set(xlabel="neurons $N$", ylabel="memories $K_{1/2}$", xscale="log", yscale="log")
    ax.set_xticks([50, 70, 100, 150, 200], labels=["50", "70", "100", "150", "200"])
    ax.set_yticks([100, 200, 500, 1000, 2000], labels=["100", "200", "500", "1000", "2000"])
    ax.minorticks_off()
    ax.legend(fontsize=10, loc="upper left")
    return figure


def recalled_pictures(rows, title):
    """Rows of small pictures with the name of the row at its left.

    Parameters
    ----------
    rows : dict of (P, 28, 28) array
        Name of each row, and its P pictures of ±1.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = len(next(iter(rows.values())))
    figure, axes = plt.subplots(len(rows), columns, figsize=(4.6, 0.35 + 1.05 * len(rows)), squeeze=False)
    for line, (name, pictures) in zip(axes, rows.items()):
        for ax, pixels in zip(line, pictures):
            picture(ax, pixels)
        line[0].set_ylabel(name, fontsize=11)
    figure.suptitle(title, fontsize=12)
    return figure


def cube(states, marked, *, labels):
    """The eight states of three spins as the corners of a cube, one edge for each flip of a spin.

    Parameters
    ----------
    states : (8, 3) array of -1 and +1
        Columns x (to the right), y (into the page) and z (upwards).
    marked : (8,) array of bool
        Which states are memories: filled circles; the others are open squares.
    labels : sequence of str
        What to write at each corner.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(4.4, 3.6))
    across, up = states[:, 0] + 0.62 * states[:, 1], states[:, 2] + 0.42 * states[:, 1]
    for i, j in zip(*np.nonzero(np.triu(states @ states.T == 1)), strict=True):
        asked = states[i, 2] != states[j, 2]
        ax.plot(across[[i, j]], up[[i, j]], color="0.25" if asked else "0.7", lw=2.6 if asked else 1.0, zorder=1)
    for chosen, style, name in ((marked, "o", "row of the table"), (~marked, "s", "not a row")):
        face = COLORS[0] if style == "o" else "white"
        ax.scatter(
            across[chosen], up[chosen], 160, face, marker=style, edgecolors=COLORS[0], lw=2, zorder=2, label=name
        )
    for i, label in enumerate(labels):
        side = 1 if states[i, 0] > 0 else -1
        ax.annotate(label, (across[i], up[i]), (14 * side, 0), textcoords="offset points", fontsize=12,
                    ha="left" if side > 0 else "right", va="center")  # fmt: skip
    for tip, name in (((0.7, 0.0), "x"), ((0.43, 0.29), "y"), ((0.0, 0.7), "z")):
        ax.annotate("", (-3.4 + tip[0], -0.2 + tip[1]), (-3.4, -0.2), arrowprops={"arrowstyle": "->", "lw": 1.4})
        ax.text(-3.4 + 1.22 * tip[0], -0.2 + 1.22 * tip[1], f"${name}$", fontsize=13, ha="center", va="center")
    ax.set(xlim=(-3.6, 2.8), ylim=(-1.75, 1.7), aspect="equal")
    ax.set_axis_off()
    figure.legend(loc="outside lower center", ncols=2, fontsize=11)
    return figure


def levels(panels, states, marked, *, ylabel):
    """The energies of the eight states of three spins, those of one input (x, y) joined by a line.

    Parameters
    ----------
    panels : dict of (8,) array
        Title of each panel, and the energies.
    states : (8, 3) array of -1 and +1
        Columns x, y and z.
    marked : (8,) array of bool
        Which states are memories: filled symbols; the others are open.
    ylabel : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(4.7, 3.6), sharey=True)
    inputs = np.unique(states[:, :2], axis=0)
    for ax, (title, energies) in zip(axes, panels.items(), strict=True):
        for place, (x, y) in enumerate(inputs):
            pair = np.flatnonzero((states[:, 0] == x) & (states[:, 1] == y))
            ax.plot(place + 0.16 * states[pair, 2], energies[pair], color="0.6", lw=1.4, zorder=1)
        for z, style in ((-1, "v"), (1, "^")):
            for chosen in (marked, ~marked):
                shown = np.flatnonzero(chosen & (states[:, 2] == z))
                place = [np.flatnonzero((inputs == states[i, :2]).all(1))[0] + 0.16 * z for i in shown]
                face = COLORS[0] if chosen is marked else "white"
                name = f"$z = {z:+d}$, {'row' if chosen is marked else 'not a row'}"
                ax.scatter(
                    place, energies[shown], 75, face, marker=style, edgecolors=COLORS[0], lw=1.6, zorder=2, label=name
                )
        names = ["".join("−+"[int(spin > 0)] for spin in pair) for pair in inputs]
        ax.set_xticks(range(len(inputs)), names, fontsize=12)
        ax.set_title(title, fontsize=12)
        ax.set(xlim=(-0.5, 3.5), ylim=(-1.65, 1.35))
        ax.tick_params(axis="y", labelsize=11)
        ax.set_xlabel("input $x\\,y$", fontsize=12)
    axes[0].set_ylabel(ylabel, fontsize=12)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=11)
    return figure


def outcomes(panels, rows, columns, *, xlabel, ylabel, words):
    """What was found for every pair of two numbers: a grid of symbols, which tell the outcomes apart without color.

    Parameters
    ----------
    panels : dict of (R, C) array of -1, 0 and +1
        Title of each panel, and the outcomes.
    rows, columns : sequence of int
        The numbers along the vertical and the horizontal axis.
    xlabel, ylabel : str
    words : dict of str
        What each outcome present in a panel means: keys -1, 0 and +1.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(4.9, 0.36 * len(rows) + 1.5), sharey=True, squeeze=False)
    styles = {1: ("o", COLORS[0], 90), 0: ("_", "0.45", 70), -1: ("x", COLORS[1], 70)}
    for ax, (title, found) in zip(axes.flat, panels.items(), strict=True):
        for outcome, (marker, color, size) in styles.items():
            row, column = np.nonzero(np.asarray(found) == outcome)
            ax.scatter(np.asarray(columns)[column], np.asarray(rows)[row], size, color, marker=marker, lw=2.2,
                       label=words[outcome])  # fmt: skip
        ax.set_xticks(columns)
        ax.set_yticks(rows)
        ax.tick_params(labelsize=11)
        ax.set_title(title, fontsize=12)
        ax.set_xlabel(xlabel, fontsize=12)
        ax.margins(0.08, 0.12)
    axes[0, 0].set_ylabel(ylabel, fontsize=12)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=11)
    return figure
