"""What is right in the exercises of the chapter on the duality."""

from typing import Any

import numpy as np

from dam import datasets
from dam.lab.stored import trained


def predict(answer: Any) -> str | None:
    """The share of the difference of both forms at n = 2 that its leading term explains, in percent."""
    network, v = trained(2)[0], datasets.mnist().x_test[:150].astype(float)
    own = network.label_weights.astype(float)
    active = v @ network.visible.T.astype(float) > 0
    predicted = -4 / network.T**2 * active @ (own * (own.sum(axis=1, keepdims=True) - own))
    measured = network.arguments(v) - network.dual().arguments(v)
    share = 1 - np.var(measured - predicted) / np.var(measured)
    if 0 < answer <= 1:
        return "This is a share; the question asks for percent."
    if abs(answer - 100 * (1 - share)) < min(5, abs(answer - 100 * share)):
        return "This is what is left over; the question asks for what is explained."
    if not abs(answer - 100 * share) <= 3:  # other digits may be chosen
        return "Does your sum leave out the class itself, and the memories with h < 0? Its factor is -4/T²."
    return None


ANSWERS = {"duality-predict": predict}
