"""Retrieval as one would otherwise write it, or run it: what ``benchmarks/retrieval.py`` compares with `dam`.

All follow eq. (4), asynchronously and in random order, to a fixed point. Where a rival returns a number, it is the
number of flips that it made.
"""

import numpy as np

from dam.memory.interactions import power


def interaction(kind, n):
    """Return F(x) = x^n, or the same for x > 0 and else 0, of NumPy arrays and of PyTorch tensors."""
    return {"power": lambda x: power(x, n), "rectified": lambda x: power(x.clip(min=0), n)}[kind]


def loop(sigma, xi, F, rng):
    """Eq. (4) as it is first written: over states, sweeps and spins, with one sum over memories a spin."""
    final, flips = sigma.copy(), 0
    for state in final:
        changed = True
        while changed:
            changed = False
            for i in rng.permutation(len(state)):
                rest = xi @ state - xi[:, i] * state[i]
                field = np.sum(F(rest + xi[:, i]) - F(rest - xi[:, i]))
                if field * state[i] < 0:
                    state[i] = -state[i]
                    changed, flips = True, flips + 1
    return final, flips


def numpy_sweep(sigma, xi, F, rng, batch=64):
    """Sweeps over the spins in random order, all states of a batch at once, until a sweep changes nothing.

    The overlaps are kept and updated, and a state leaves once a sweep has not changed it. A spin costs two values of F
    a memory, since F(x + ξ) - F(x - ξ) = ξ [F(x + 1) - F(x - 1)] for ξ = ±1. Batches keep the overlaps in the caches.
    """
    final, columns, flips = sigma.copy(), np.ascontiguousarray(xi.T), 0
    for start in range(0, len(sigma), batch):
        live = np.arange(start, min(start + batch, len(sigma)))
        states, h = sigma[live], sigma[live] @ columns
        while len(live):
            changed = np.zeros(len(live), bool)
            for i in rng.permutation(len(columns)):
                rest = h - states[:, i, None] * columns[i]
                field = (F(rest + 1) - F(rest - 1)) @ columns[i]
                flip = np.flatnonzero(field * states[:, i] < 0)
                states[flip, i] *= -1
                h[flip] += 2 * states[flip, i, None] * columns[i]
                changed[flip] = True
                flips += len(flip)
            final[live] = states
            live, states, h = live[changed], states[changed], h[changed]
    return final, flips


def torch_device(gpu):
    """Return where PyTorch is to compute: on a GPU if asked for and there; ``ImportError`` without PyTorch."""
    import torch

    return "cuda" if gpu and torch.cuda.is_available() else "cpu"


def torch_sweep(sigma, xi, F, rng, batch=64, device="cpu"):
    """`numpy_sweep` in PyTorch, on all of its threads or on a GPU; inside a sweep nothing waits for a result."""
    import torch

    final, columns = torch.tensor(sigma, device=device), torch.tensor(xi.T.copy(), device=device)
    flips = torch.zeros((), dtype=torch.int64, device=device)
    for live in torch.arange(len(sigma), device=device).split(batch):
        states, h = final[live], final[live] @ columns
        while len(live):
            before = states.clone()
            for i in rng.permutation(len(columns)):
                spin, column = states[:, i], columns[i]
                rest = torch.addcmul(h, spin[:, None], column, value=-1)
                change = (F(rest + 1) - F(rest - 1)) @ column * spin < 0
                spin = torch.where(change, -spin, spin)
                h.addcmul_((2 * change * spin)[:, None], column)
                states[:, i] = spin
                flips += change.count_nonzero()
            final[live] = states
            changed = (states != before).any(dim=1)
            live, states, h = live[changed], states[changed], h[changed]
    return final.cpu().numpy(), int(flips)


def classical_sweep(sigma, T, rng):
    """σ_i ← Sign(Σ_{j≠i} T_ij σ_j) in sweeps over all states at once; the fields are kept and updated."""
    final, T, live = sigma.copy(), T - np.diag(np.diag(T)), np.arange(len(sigma))
    states = sigma.copy()
    fields = states @ T
    while len(live):
        changed = np.zeros(len(live), bool)
        for i in rng.permutation(len(T)):
            flip = np.flatnonzero(fields[:, i] * states[:, i] < 0)
            states[flip, i] *= -1
            fields[flip] += 2 * states[flip, i, None] * T[i]
            changed[flip] = True
        final[live] = states
        live, states, fields = live[changed], states[changed], fields[changed]
    return final


def stored_in_hopfieldkit(xi):
    """Return a network of the package hopfieldkit that has stored the memories; ``ImportError`` without it."""
    from hopfieldkit import HopfieldNetwork

    return HopfieldNetwork(xi.shape[1]).fit(xi)


def hopfieldkit_recall(network, sigma, seed):
    """Let hopfieldkit recall each state: it takes one at a time."""
    return np.array([network.recall(state, order="random", seed=seed + s) for s, state in enumerate(sigma)])
