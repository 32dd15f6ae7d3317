"""The numbers of the paper against what the package computes or uses by itself."""

import numpy as np
import pytest

from dam.lab import paper
from dam.memory import theory
from dam.network.recipes import Recipe


@pytest.mark.parametrize("n", paper.POWERS)
def test_the_recipe_lies_in_the_windows_of_appendix_a(n):
    recipe, inside = Recipe.paper(n), lambda name, window: window[0] <= getattr(recipe, name) <= window[1]
    assert (recipe.K, recipe.epochs, recipe.decay) == (paper.MEMORIES, paper.EPOCHS, paper.DECAY)
    assert (
        inside("epsilon0", paper.EPSILON) and inside("momentum", paper.MOMENTUM) and inside("T_final", paper.T_FINAL[n])
    )
    assert inside("T_initial", paper.T_FIRST.get(n, paper.T_FINAL[n])) and recipe.m in paper.POWER_M[n]
    assert recipe.ramp_epochs == (paper.RAMP_EPOCHS if n in paper.T_FIRST else 0)


def test_the_capacities_that_are_printed():
    for n, K in paper.NO_ERRORS.items():
        assert theory.capacity_no_errors(paper.FIG4["N"], n) == pytest.approx(K, rel=0.015)
    assert theory.alpha(2, paper.BIT_ERROR) == pytest.approx(paper.CAPACITY_CLASSICAL, abs=0.015)


def test_the_table_of_the_slides_has_a_place_for_each_network():
    assert np.shape(paper.TRANSFER) == (4, 4) and len(paper.POWERS) == len(paper.TEST_ERROR) == 4
    assert min(np.diag(paper.TRANSFER)) > 98
