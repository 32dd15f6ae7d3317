"""Every claim of the paper that is reproduced: what it says, where, how ours is measured and judged.

A claim belongs to an experiment and is judged on the results of one or more seeds; "paper against ours" in the book
and ``python -m dam claims`` print the same verdicts.
"""

from pathlib import Path

from dam.lab import results
from dam.lab.claims import capacity, later, networks
from dam.lab.verdicts import Table, text, verdict

__all__ = ["CLAIMS", "Table", "judge", "judge_stored", "of", "table", "text"]

CLAIMS = capacity.CLAIMS | networks.CLAIMS | later.CLAIMS


def of(experiment):
    """Return the claims that an experiment decides."""
    return CLAIMS.get(experiment, ())


def judge(experiment, runs):
    """Return a `Verdict` for each claim of an experiment, from its results over seeds.

    Parameters
    ----------
    experiment : str
    runs : list of dam.lab.results.Result
        One per seed; where the experiment has variants, those of every variant.
    """
    return [verdict(claim, experiment, runs) for claim in of(experiment)]


def judge_stored(directory=None):
    """Return the verdicts of all claims from the stored results at paper scale.

    Raises ``FileNotFoundError`` if there is no such folder.
    """
    if directory and not Path(directory).is_dir():
        raise FileNotFoundError(f"there is no folder {directory} to take results from")
    verdicts = []
    for experiment, claims in CLAIMS.items():
        variants = {claim.variant for claim in claims}
        runs = [run for variant in sorted(variants) for run in results.load_all(experiment, variant, directory)]
        verdicts += judge(experiment, runs)
    return verdicts


def table(verdicts):
    """Return the verdicts as a `Table`: where, the paper, ours, the criterion, the verdict."""
    heads = ("Where", "The paper says", "Ours", "Judged by", "Verdict")
    rows = [(v.claim.where, v.claim.says, v.ours, v.claim.criterion, v.word) for v in verdicts]
    note = "Ours: mean ± standard deviation over seeds, where there are several."
    return Table(heads, rows, "Paper against ours", note)


def provenance(runs):
    """Return a `Table` of how results were computed: name, parameters, provenance."""
    heads = ("Result", "Parameters", "Computed")
    settings = [", ".join(f"{key} = {value}" for key, value in run.parameters.items()) for run in runs]
    rows = [(run.name, text, run.provenance()) for run, text in zip(runs, settings)]
    return Table(heads, rows, "Provenance of results")
