"""Citations by author and year tell the works of the bibliography apart."""

import sys
from collections import Counter
from pathlib import Path

import pytest
from pybtex.database import parse_file, parse_string

BOOK = Path(__file__).parents[2] / "book"
sys.path.insert(0, str(BOOK / "_extensions"))

from references import label  # noqa: E402


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("author = {Amari, S.}", "Amari, n.d."),
        (r"author = {L{\"o}we, M. and Ho, J.}, year = {2020}", "Löwe and Ho, 2020"),
        ("author = {A, B. and C, D. and E, F.}, year = {1985a}", "A et al., 1985a"),
        ("author = {{A Society}}, year = {2024}", "A Society, 2024"),
    ],
)
def test_labels_name_one_or_two_authors_or_the_first(fields, expected):
    (entry,) = parse_string(f"@misc{{x, {fields}}}", "bibtex").entries.values()
    assert label(entry) == expected


def test_no_two_works_have_one_label():
    counts = Counter(label(entry) for entry in parse_file(BOOK / "refs.bib").entries.values())
    assert [name for name, count in counts.items() if count > 1] == []
