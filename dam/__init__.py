"""Dense associative memory: the models of Krotov and Hopfield (2016), small enough to read.

Memories ``xi (K, N)``, states ``sigma (S, N)``, an interaction ``F``; see ``dam.memory`` for retrieval and
``dam.classifier`` for the network that recognizes handwritten digits. The command line is ``python -m dam``.
"""

from dam import arrays, classifier, datasets, interactions, memory, results, theory, training
from dam.classifier import Classifier
from dam.datasets import random_patterns
from dam.interactions import (
    Exponential,
    LogCosh,
    Polynomial,
    RectifiedPolynomial,
    RectifiedQuadratic,
    Softplus,
)
from dam.memory import energy, local_fields, retrieve
from dam.training import Recipe, train

__version__ = "0.1.0"

__all__ = [
    "Classifier",
    "Exponential",
    "LogCosh",
    "Polynomial",
    "Recipe",
    "RectifiedPolynomial",
    "RectifiedQuadratic",
    "Softplus",
    "arrays",
    "classifier",
    "datasets",
    "energy",
    "interactions",
    "local_fields",
    "memory",
    "random_patterns",
    "results",
    "retrieve",
    "theory",
    "train",
    "training",
]
