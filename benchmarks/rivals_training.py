"""A training step as one would otherwise write it: what ``benchmarks/training.py`` compares with ours.

All do the update of `ArrayStep`: eqs. (10), (13) and (14) and Appendix A, with the same minibatches.
"""

import numpy as np

from dam.memory.interactions import power
from dam.network import _powers
from dam.network.optimizer import FLOOR


def tiled_step(v, t, xi, V, recipe, T, epsilon):
    """Do one update in the form of Appendix A: float64, digits tiled ten-fold into U and V, ``**``."""
    M, N = v.shape
    classes, n, m = t.shape[1], recipe.n, recipe.m
    U = np.vstack([np.tile(v.T, (1, classes)), -np.ones((classes, M * classes))])  # (N + N_c, M N_c), class by class
    W = U.copy()
    for alpha in range(classes):
        W[N + alpha, alpha * M : (alpha + 1) * M] = 1
    plus, minus = np.maximum(xi @ W / T, 0), np.maximum(xi @ U / T, 0)
    c = np.tanh((plus**n - minus**n).sum(axis=0))
    d = c - t.T.ravel()
    outer = 2 * m * n / T * d ** (2 * m - 1) * (1 - c**2)
    gradient = (outer * plus ** (n - 1)) @ W.T - (outer * minus ** (n - 1)) @ U.T
    V = recipe.momentum * V - gradient
    size = np.maximum(np.abs(V).max(axis=1, keepdims=True), 1e-30)
    return np.clip(xi + epsilon * V / size, -1, 1), V


class TorchStep:
    """The step in PyTorch: eager, or compiled into fused loops by ``torch.compile``.

    The gradients are written out, because automatic differentiation would keep and compute more; powers are products,
    and small numbers are set to zero before they become subnormal, all as in `dam`. Raises ``ImportError`` without
    PyTorch.

    Parameters
    ----------
    x, t, xi, V, recipe
        As in `dam.network._step_plain.ArrayStep`, NumPy arrays; ``xi`` and ``V`` are copied.
    compiled : bool
    device : str
    """

    def __init__(self, x, t, xi, V, recipe, compiled=False, device="cpu"):
        import torch

        self.torch, self.dtype = torch, xi.dtype
        self.x, self.t, self.xi, self.V = (torch.tensor(a, device=device) for a in (x, t, xi, V))
        update = torch_update if recipe.form == "dual" else torch_update_exact
        self.update = torch.compile(update, dynamic=False) if compiled else update
        self.settings = recipe.n, recipe.m, recipe.momentum, limits(recipe.n, recipe.m, xi.dtype)

    def __call__(self, rows, T, epsilon):
        """Do one update with the digits ``rows``; T and ε are tensors, so that compiled code serves all values."""
        torch = self.torch
        v = self.x[torch.from_numpy(rows).to(self.x.device)]
        T, epsilon = (torch.tensor(number, dtype=self.x.dtype, device=self.x.device) for number in (T, epsilon))
        with torch.no_grad():
            self.xi, self.V = self.update(v, self.t, self.xi, self.V, T, epsilon, *self.settings)


def limits(n, m, dtype):
    """Return below what overlaps, differences c - t and gradients count as zero, as in `dam.network.classifier`."""
    return _powers.threshold(np, dtype, n - 1), _powers.threshold(np, dtype, 2 * m - 1), _powers.smallest(np, dtype)


def torch_update(v, t, xi, V, T, epsilon, n, m, p, limits):
    """Return the tensors ``xi`` and ``V`` after an update; in place only on what is new here."""
    import torch

    low, close, tiny = limits
    N = v.shape[1]
    visible, labels, u = xi[:, :N], xi[:, N:], v / T
    h = u @ visible.T
    h.mul_(h > low)
    below = power(h, n - 2) if n > 2 else (h > 0).to(h.dtype)
    f = below * h
    a = 2 * n / T * (f @ labels)
    s = 2 * n / T * torch_slope(a, t, m, close, tiny)
    dh = ((n - 1) * s) @ labels.T
    dh.mul_(below)
    dh.mul_(dh.abs() > tiny)
    return torch_momentum(xi, V, torch.cat([dh.T @ u, f.T @ s], dim=1), p, epsilon)


def torch_update_exact(v, t, xi, V, T, epsilon, n, m, p, limits):
    """The same through eq. (9), one power for each class."""
    import torch

    low, close, tiny = limits
    N = v.shape[1]
    visible, own, u = xi[:, :N], 2 / T * xi[:, N:], v / T
    H = u @ visible.T - own.sum(dim=1) / 2
    rectified = lambda x: x * (x > low)
    F = power(rectified(H), n)
    a = torch.stack([(power(rectified(H + own[:, b]), n) - F).sum(dim=1) for b in range(t.shape[1])], dim=1)
    s = n * torch_slope(a, t, m, close, tiny)
    dh, labels = -s.sum(dim=1, keepdim=True) * power(rectified(H), n - 1), []
    for b in range(t.shape[1]):
        term = s[:, b, None] * power(rectified(H + own[:, b]), n - 1)
        dh = dh + term
        labels.append(term.sum(dim=0))
    dh = dh * (dh.abs() > tiny)
    labels = (2 * torch.stack(labels, dim=1) - dh.sum(dim=0)[:, None]) / T
    return torch_momentum(xi, V, torch.cat([dh.T @ u, labels], dim=1), p, epsilon)


def torch_slope(a, t, m, close, tiny):
    """Return the slope of the objective, eq. (14), as `dam.network.classifier.slope` does."""
    d = a.tanh() - t
    d = d * (d.abs() > close)
    e = (-2 * a.abs()).exp()
    slope = 2 * m * power(d, 2 * m - 1) * (4 * e / ((1 + e) * (1 + e)))
    return slope * (slope.abs() > tiny)


def torch_momentum(xi, V, gradient, p, epsilon):
    """Return the weights and the momentum after eq. (13)."""
    V = V.mul(p).sub_(gradient)
    size = V.abs().amax(dim=1, keepdim=True)
    V.mul_(size >= FLOOR)
    return (V * (epsilon / size.clamp(min=FLOOR))).add_(xi).clamp_(-1, 1), V
