"""Dense associative memory: the models of Krotov and Hopfield (2016), small enough to read.

Memories ``xi (K, N)``, states ``sigma (S, N)``, an interaction ``F``. In the order of the paper:

==================  ==========================================================================
eq. (1)             `memory.hebbian`, `memory.classical_energy`, `memory.retrieve_classical`
eq. (2)             `energy`
eq. (3)             `Polynomial`, `RectifiedPolynomial`
eq. (4)             `local_fields`, `retrieve`
eqs. (5), (6)       `theory.capacity`, `theory.capacity_no_errors`
eq. (7)             `datasets.xor_memories`
eqs. (9), (10)      `Classifier`
eqs. (12) to (14)   `Recipe`, `train`
duality, Section 5  `LogCosh`, `Softplus`, `RectifiedQuadratic`
after the paper     `Exponential`, `memory.attention`
==================  ==========================================================================

The command line is ``python -m dam``.
"""

from tqdm import tqdm

from dam import arrays, datasets, memory
from dam.datasets import random_patterns
from dam.lab import results
from dam.memory import interactions, theory
from dam.memory.energy import energy, local_fields
from dam.memory.interactions import Exponential, LogCosh, Polynomial, RectifiedPolynomial, RectifiedQuadratic, Softplus
from dam.memory.retrieval import retrieve
from dam.network import classifier, training
from dam.network.classifier import Classifier
from dam.network.training import Recipe, train

__version__ = "0.1.0"

if not arrays.has_threads():
    tqdm.monitor_interval = 0  # a progress bar would start a thread, and warn

__all__ = [  # noqa: RUF022  in the order of the paper
    "energy",
    "Polynomial",
    "RectifiedPolynomial",
    "local_fields",
    "retrieve",
    "Classifier",
    "Recipe",
    "train",
    "LogCosh",
    "Softplus",
    "RectifiedQuadratic",
    "Exponential",
    "random_patterns",
    "arrays",
    "classifier",
    "datasets",
    "interactions",
    "memory",
    "results",
    "theory",
    "training",
]
