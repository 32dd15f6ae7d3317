"""What is right in the exercises of the chapter on MNIST."""

from typing import Any

from dam import datasets
from dam.network import training
from dam.network.classifier import Classifier
from dam.network.recipes import Recipe


def start(answer: Any) -> str | None:
    """Measured over predicted mean argument of the tanh in the first minibatch, n = 20 and T = 600."""
    x, y, _, _ = datasets.mnist()
    recipe = Recipe.paper(20, form="dual")
    v = x[training.minibatches(y, recipe.batch_per_class, seed=0, epoch=0)[0]]
    xi = training.initial_weights(recipe, 794, 0, "float32")
    measured = Classifier(xi[:, :784], xi[:, 784:], 20, 600, form="dual").arguments(v).mean()
    predicted = 2 * 20 / 600 * 2000 * -0.3 * ((v @ xi[:, :784].T).mean() / 600) ** 19
    ratio = measured / predicted
    if abs(answer * ratio - 1) < 0.1:
        return "This is predicted over measured; the question is the other way round."
    if not abs(answer / ratio - 1) <= 0.2:
        return f"The measured mean is not {answer:g} times the predicted one. Is the power n - 1 = 19, and T = 600?"
    return None


def zero(answer: Any) -> str | None:
    """Percent of 200 memories that three epochs at n = 20 move, from weights of mean zero."""
    x, y, _, _ = datasets.mnist()
    recipe = Recipe.paper(20, K=200, init_mean=0.0, form="dual")
    network, _ = training.train(x, y, recipe, epochs=3, progress=False)
    moved = network.visible != training.initial_weights(recipe, 794, 0, "float32")[:, :784]
    share = 100 * moved.any(axis=1).mean()
    if 0 < answer <= 1:
        return "This is a share; the question asks for percent."
    if abs(answer - (100 - share)) < min(2, abs(answer - share)):
        return "This is the share of those that did not move."
    if not abs(answer - share) <= 2:
        return "Compare the visible weights with the initial ones of seed 0: a memory moved if any of its weights did."
    return None


ANSWERS = {"mnist-start": start, "mnist-zero": zero}
