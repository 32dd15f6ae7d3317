"""The starter code of the project briefs runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "book" / "teaching.md"
STARTERS = re.findall(r"(?s)\*\*(\d\. [^*]*?)\.\*\*(?:(?!\*\*).)*?```python\n(.*?)```", PAGE.read_text(encoding="utf8"))


@pytest.mark.parametrize(("title", "source"), STARTERS, ids=[title for title, _ in STARTERS])
def test_starter_code_runs(title, source, tmp_path):
    done = subprocess.run([sys.executable, "-c", source], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_project_has_starter_code():
    assert [title[0] for title, _ in STARTERS] == list("123456")
