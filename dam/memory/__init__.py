"""Dense and classical associative memory: Sections 2 and 3 and Appendix B of the paper."""

from dam.memory import attention, interactions, theory
from dam.memory.energy import energy, local_fields, overlaps, trajectory
from dam.memory.hopfield import classical_energy, hebbian, projection, retrieve_classical
from dam.memory.retrieval import batch_fields, gaps, retrieval_bytes, retrieve, unstable_neurons

# ``dam.memory.energy`` is therefore the function; ``from dam.memory.energy import ...`` reads its module all the same.

__all__ = [
    "attention",
    "batch_fields",
    "classical_energy",
    "energy",
    "gaps",
    "hebbian",
    "interactions",
    "local_fields",
    "overlaps",
    "projection",
    "retrieval_bytes",
    "retrieve",
    "retrieve_classical",
    "theory",
    "trajectory",
    "unstable_neurons",
]
