"""Claims of Section 2 and of Appendix B: how many memories a network keeps."""

import numpy as np

from dam import fits
from dam.lab.claims.measures import at_largest, largest_relative, value
from dam.lab.experiments import fig4, fig5
from dam.lab.verdicts import Claim, covers, every, within
from dam.memory import theory


def recalled(kind, n, either_sign=False):
    """Return a measure: the percentage of final states in Fig. 4 that equal a memory, or its negative if allowed."""
    array = f"{'absolute_' if either_sign else ''}overlap_{kind}_n{n}"
    return lambda result: 100 * float(np.mean(result.arrays[array] == result.parameters["N"]))


def _fig4():
    yield from (
        Claim(
            f"not-recalled-{kind}-n{n}",
            "Appendix B, Fig. 4",
            f"n = {n}, {kind}: 2000 memories are above the capacity, none can be reconstructed",
            "fewer than 1 % of the final states equal a memory up to the sign",
            recalled(kind, n, either_sign=True),
            within(0, 1),
            digits=2,
            unit=" %",
        )
        for n in (2, 3)
        for kind in ("power", "rectified")
    )
    for kind, extra in (("power", " or its negative, as the power energy is even"), ("rectified", "")):
        yield Claim(
            f"peak-{kind}-n4",
            "Appendix B, Fig. 4",
            f"n = 4, {kind}: the distribution sharply peaks at perfect recovery",
            f"more than half of the final states equal a memory{extra}",
            recalled(kind, 4, either_sign=kind == "power"),
            within(50, 100),
            digits=1,
            unit=" %",
        )
        for n in (5, 6):
            yield Claim(
                f"all-recalled-{kind}-n{n}",
                "Appendix B",
                f"n = {n}, {kind}: all 10,000 samples converge to one of the memories",
                "every final state equals a memory" + (" or its negative" if kind == "power" and n == 6 else ""),
                recalled(kind, n, either_sign=kind == "power" and n == 6),
                every(100, 100),
                digits=2,
                unit=" %",
                reason="a few starts in 10,000 end elsewhere; those we looked at are mixtures of three memories",
            )


def _fig5():
    yield Claim(
        "power-follows-theory",
        "Appendix B, Fig. 5",
        "n = 3, power: K_1/2 is consistent with eq. (6)",
        "K_1/2 over eq. (6), averaged over N, lies between 0.8 and 1.25",
        value("ratio_power"),
        within(0.8, 1.25),
        digits=2,
    )
    yield Claim(
        "rectified-above-theory",
        "Appendix B, Fig. 5",
        "n = 3, rectified: K_1/2 is a little above eq. (6), with a similar shape",
        "K_1/2 over eq. (6), averaged over N, lies between 1 and 2, the most that half the noise variance can give",
        value("ratio_rectified"),
        within(1, 2),
        digits=2,
    )
    for kind in ("power", "rectified"):
        yield Claim(
            f"half-exponent-{kind}",
            "Appendix B, Fig. 5",
            f"n = 3, {kind}: K_1/2 behaves with N like eq. (6), N^2 / ln N",
            "the 95 % interval over sets of memories of the exponent of N in K_1/2 · ln N contains 2",
            value(f"exponent_{kind}"),
            covers(2),
            digits=2,
            reason="as N grows, fewer random starts reach the memories that eq. (6) counts, though these are stable",
        )
        for n in (2, 3, 4):
            yield Claim(
                f"stable-exponent-{kind}-n{n}",
                "Section 2, eq. (6)" if kind == "power" else "Appendix B (as for the power energies)",
                f"n = {n}, {kind}: the number of memories that are stable without errors grows as N^{n - 1} / ln N",
                f"the exponent of N in K_stable · ln N is within 0.15 of {n - 1}; at these N the Gaussian gives "
                f"{fits.exponent(*_stable_theory(n, kind)):.2f}",
                value(f"stable_exponent_{kind}"),
                within(n - 1.15, n - 0.85),
                variant="" if n == 3 else f"n{n}",
                digits=2,
            )


def _stable_theory(n, kind):
    """Return the sizes of Fig. 5 (or of its extension) and K_stable · ln N by the Gaussian."""
    N = np.array(fig5.SIZES[n])
    return N, np.log(N) * [theory.half_stable(int(size), fig4.KINDS[kind](n)) for size in N]


def _integral(N, K, n):
    """P_error with the paper's K - 1 sources of noise, where `theory.error_probability` counts K."""
    return theory.error_probability(N, max(K - 1, 1), n)


def _errors():
    for n, digits in ((2, 3), (3, 4), (4, 4)):
        yield Claim(
            f"half-percent-n{n}",
            "Section 2, eq. (5)",
            f"n = {n}: with α_n N^{n - 1} memories 0.5 % of the bits are unstable",
            f"with α = {theory.alpha(n):.{digits}f}, from the Gaussian, at the largest N, power: between 0.4 and 0.6 %",
            value(f"error_power_n{n}", 100),
            within(0.4, 0.6),
            unit=" %",
        )
    yield Claim(
        "gaussian",
        "Section 2, before eq. (5)",
        "for large N and K the noise of one bit is Gaussian: P_error is its tail integral",
        "power, N above 50, loads of at least half of eq. (5): the integral is within 15 % of the measured probability",
        largest_relative(_integral, "error_power"),
        within(0, 15),
        digits=0,
        unit=" % at most",
        reason="with few memories the noise is a discrete sum (n = 2), and heavy-tailed (n = 3 and 4)",
    )
    yield Claim(
        "tail",
        "Section 2, before eq. (6)",
        "for large N and K and small errors P_error is the leading term of that tail",
        "the same, for the leading term: within 25 %",
        largest_relative(theory.error_tail, "error_power"),
        within(0, 25),
        digits=0,
        unit=" % at most",
        reason="with few memories the noise is no Gaussian, and at large loads the leading term is not enough",
    )


def rises(result):
    """Measure the largest share of flips that raise the energy under update (4)."""
    return max((x for key, x in result.values.items() if key.startswith("rises") and "_energy_" in key), default=None)


def _rules():
    yield Claim(
        "energy-falls",
        "Section 2, eq. (4)",
        "the update (4) never raises the energy",
        "no flip from random starts raises it, for n = 2, 3, 4, power and rectified",
        rises,
        every(0, 0),
        digits=0,
    )
    yield from (
        Claim(
            f"twice-n{n}",
            "Ours, from eq. (3); the paper does not say it",
            f"n = {n}: rectification halves the noise variance, so up to twice as many memories are stable",
            "K_stable rectified over power lies between 1.7 and 2.1",
            value(f"gain_energy_n{n}"),
            within(1.7, 2.1),
            digits=2,
        )
        for n in (2, 3, 4)
    )


CLASSICAL = (
    Claim(
        "capacity-half-percent",
        "Section 2, eq. (5)",
        "n = 2: about 0.14 N memories at 0.5 % single-bit error",
        "the load at 0.5 % unstable bits, largest N, is within 0.01 of α = 0.151, for which the paper has 0.14",
        at_largest("alpha_half_percent"),
        within(0.141, 0.161),
    ),
    Claim(
        "transition",
        "Amit, Gutfreund and Sompolinsky (1985)",
        "retrieval breaks down at 0.138 N in the limit of large N",
        "the load at which the overlap falls through 0.7, extrapolated to infinite N, is within 0.01 of 0.138",
        value("alpha_drop_infinite"),
        within(0.128, 0.148),
    ),
    Claim(
        "no-errors",
        "Section 2, eq. (6)",
        "N / (2 ln N) memories are recalled without error",
        "at that load at least 85 % of the memories have no unstable bit, for every N",
        lambda result: 100 * min(result.values[f"intact_N{N}"] for N in result.parameters["N"]),
        within(85, 100),
        digits=1,
        unit=" %",
    ),
)

CLAIMS = {
    "classical": CLASSICAL,
    "fig4": tuple(_fig4()),
    "fig5": tuple(_fig5()),
    "errors": tuple(_errors()),
    "rules": tuple(_rules()),
}
