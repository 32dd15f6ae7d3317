"""Citations by author and year tell the works of the bibliography apart."""

import sys
from collections import Counter
from pathlib import Path

from pybtex.database import parse_file, parse_string

BOOK = Path(__file__).parents[2] / "book"
sys.path.insert(0, str(BOOK / "_extensions"))

from references import label  # noqa: E402


def test_labels_name_one_or_two_authors_or_the_first():
    entries = {"Amari, S.": "Amari, n.d.", "L{\\"o}we, M. and Ho, J.": "Löwe and Ho, n.d.", "A and B and C": "A et al., n.d."}
    for authors, expected in entries.items():
        (entry,) = parse_string(f"@misc{{x, author = {{{authors}}}, title = {{T}}}}", "bibtex").entries.values()
        assert label(entry) == expected
    (entry,) = parse_string("@misc{x, author = {{A Society}}, year = {1985a}}", "bibtex").entries.values()
    assert label(entry) == "A Society, 1985a"


def test_no_two_works_have_one_label():
    counts = Counter(label(entry) for entry in parse_file(BOOK / "refs.bib").entries.values())
    assert [name for name, count in counts.items() if count > 1] == []
