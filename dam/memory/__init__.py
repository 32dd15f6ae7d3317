"""Dense and classical associative memory: Sections 2 and 3 and Appendix B of the paper."""

from dam.memory.retrieval import (
    classical_energy,
    energy,
    hebbian,
    local_fields,
    overlaps,
    retrieval_bytes,
    retrieve,
    retrieve_classical,
    trajectory,
    unstable_spins,
)

__all__ = [
    "classical_energy",
    "energy",
    "hebbian",
    "local_fields",
    "overlaps",
    "retrieval_bytes",
    "retrieve",
    "retrieve_classical",
    "trajectory",
    "unstable_spins",
]
