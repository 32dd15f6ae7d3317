"""Claims of papers and slides after the one that is reproduced.

Exponential energies, continuous states, adversarial images.
"""

import math

from dam.lab.claims.measures import value
from dam.lab.verdicts import Claim, within

EXPONENTIAL = (
    Claim(
        "all-stable",
        "Demircigil et al. (2017)",
        "F = exp: exp(αN) random memories are all fixed points for every α below (ln 2)/2 = 0.347, in large networks",
        "slope of ln(K √N) against N, where in half of the sets of K every memory is one, is within 0.02 of 0.347",
        value("all_rate"),
        within(math.log(2) / 2 - 0.02, math.log(2) / 2 + 0.02),
    ),
)


def first_update(result):
    """Measure the share in % of states at rest whose signs the first update had, at the largest β, for the worst K."""
    return 100 * float(result.arrays["first"][:, -1].min())


def completed(result):
    """Measure the share in % of half images completed in every pixel at the largest β and the largest K."""
    return 100 * float(result.arrays["complete_given_exp"][-1, -1])


COMPLETION = (
    Claim(
        "one-update",
        "Ramsauer et al. (2021)",
        "a state is retrieved in one update, with exponentially small errors, if memories are well separated",
        "half digits, β = 1: at least 99 % of the states at rest had all signs after one update, for every K",
        first_update,
        within(99, 100),
        digits=1,
        unit=" %",
    ),
    Claim(
        "many-digits",
        "Ramsauer et al. (2021)",
        "softmax retrieval can store very many patterns",
        "half digits, β = 1, the largest K: at least 99 % are completed in every pixel by one update",
        completed,
        within(99, 100),
        digits=1,
        unit=" %",
    ),
)


def transferred(extreme, pairs):
    """Return a measure: the least or largest error in % over the pairs (made on, shown to) of the transfer table."""

    def measure(result):
        found = [result.values.get(f"error_percent_n{i}_n{j}") for i, j in pairs]
        return None if None in found else extreme(found)

    return measure


SLIDES = "Slides of Krotov, table of transfer"
TRANSFER = (
    Claim(
        "white-box",
        SLIDES,
        "every network is fooled by about 99 % of the images that are made on it (98.8 to 99)",
        "at least 98 % of the images that go 1.1 times as far as the boundary, for the worst n",
        transferred(min, [(n, n) for n in (2, 3, 20, 30)]),
        within(98, 100),
        digits=1,
        unit=" %",
        reason="straight on beyond the boundary of large n, some images return to their class",
    ),
    Claim(
        "small-to-large",
        SLIDES,
        "images made at n = 2 and 3 do not transfer to n = 20 and 30 (3.3 to 9.1 %)",
        "all four errors are below 10 %",
        transferred(max, [(i, j) for i in (2, 3) for j in (20, 30)]),
        within(0, 10),
        digits=1,
        unit=" % at most",
    ),
    Claim(
        "large-to-small",
        SLIDES,
        "images made at n = 20 and 30 transfer to n = 2 and 3 (37.6 to 63.7 %)",
        "all four errors are above 30 %",
        transferred(min, [(i, j) for i in (20, 30) for j in (2, 3)]),
        within(30, 100),
        digits=1,
        unit=" % at least",
    ),
    Claim(
        "among-small",
        SLIDES,
        "images made at n = 2 and 3 transfer to the other of the two (33.9 and 50.7 %)",
        "both errors are above 30 %",
        transferred(min, [(2, 3), (3, 2)]),
        within(30, 100),
        digits=1,
        unit=" % at least",
        reason="it depends on how far past the boundary an image is taken, which the slides do not say",
    ),
    Claim(
        "thirty-resists",
        SLIDES,
        "images made on the three other networks do not transfer to n = 30 (3.3 to 5.8 %)",
        "all three errors are below 10 %",
        transferred(max, [(n, 30) for n in (2, 3, 20)]),
        within(0, 10),
        digits=1,
        unit=" % at most",
        reason="images made at n = 20 are near the boundary of n = 30 too",
    ),
    *(
        Claim(
            f"ambiguous-n{n}",
            "Krotov and Hopfield (2018)",
            f"n = {n}: images on the decision boundary share aspects of both classes",
            "half or more of the gap between likeness to the own and to the new class is closed on the boundary",
            value(f"gap_closed_percent_n{n}"),
            within(50, 150),
            digits=0,
            unit=" % closed",
            reason="on the boundary an image is still more like a digit of its own class, if less than it was",
        )
        for n in (20, 30)
    ),
)

RUBBISH = (
    *(
        Claim(
            f"no-rubbish-n{n}",
            "Krotov and Hopfield (2018)",
            f"n = {n}: the minima of the objective are free from rubbish images",
            "from noise, at most 5 % of the descents end at a picture that correlates by less than 0.5 with any digit",
            value(f"unlike_percent_n{n}"),
            within(0, 5),
            digits=1,
            unit=" %",
            reason="some end at pictures like no digit, most of them without confidence",
        )
        for n in (20, 30)
    ),
    *(
        Claim(
            f"rubbish-n{n}",
            "Krotov and Hopfield (2018)",
            f"n = {n}: at small powers the minima of the objective correspond to rubbish images",
            "more than half of the descents end so, and the network gives the class with c of at least 0.9",
            value(f"rubbish_percent_n{n}"),
            within(50, 100),
            digits=1,
            unit=" %",
        )
        for n in (2, 3)
    ),
)

CLAIMS = {"exponential": EXPONENTIAL, "completion": COMPLETION, "transfer": TRANSFER, "rubbish": RUBBISH}
