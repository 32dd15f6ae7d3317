"""Dense associative memory: the models of Krotov and Hopfield (2016), small enough to read.

Memories ``xi (K, N)``, states ``sigma (S, N)``, an interaction ``F``; see ``dam.memory`` for retrieval and
``dam.network.classifier`` for the network that recognizes handwritten digits. The command line is ``python -m dam``.
"""

from dam import arrays, datasets, memory
from dam.datasets import random_patterns
from dam.lab import results
from dam.memory import interactions, theory
from dam.memory.interactions import Exponential, LogCosh, Polynomial, RectifiedPolynomial, RectifiedQuadratic, Softplus
from dam.memory.retrieval import energy, local_fields, retrieve
from dam.network import classifier, training
from dam.network.classifier import Classifier
from dam.network.training import Recipe, train

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
