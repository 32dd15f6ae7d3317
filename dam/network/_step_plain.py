"""One update of all memories from one minibatch, eq. (13), in pure functions: on any array library.

A step holds the weights ``xi (K, N + N_c)``, visible and label weights of a memory side by side as in
Appendix A's joint index I, and their momentum ``V`` of the same shape. The fast steps on NumPy are in `_step_fast`;
`ArrayStep` is their test.
"""

import numpy as np

from dam.arrays import array_namespace, to_numpy
from dam.network import _powers, classifier

FLOOR = 1e-30  # least max |V| to divide by: a dead memory's momentum vanishes


def momentum_update(xi, V, gradient, p, epsilon):
    """Return the weights and the momentum after eq. (13), all ``(K, N + N_c)``.

    V ← pV - ∂C; ξ ← ξ + ε V / max_J |V_J| for each memory, over the joint index J; weights clipped to [-1,
    1].
    """
    xp = array_namespace(xi=xi, V=V, gradient=gradient)
    V = p * V - gradient
    size = xp.max(xp.abs(V), axis=1, keepdims=True)
    V = V * xp.astype(~(size < FLOOR), V.dtype)
    size = xp.where(size < FLOOR, FLOOR * xp.ones_like(size), size)
    return xp.clip(xi + epsilon * V / size, -1, 1), V


def asleep(visible, x, above=0.0, kind="rectified", rows=1000):
    """Return which memories ``(K,)`` are off for all of the digits ``x (S, N)``: no overlap is larger than ``above``.

    Such a memory, with weights ``visible (K, N)``, has no gradient in the dual form; ``above`` is a number, or one for
    each memory.
    """
    xp = array_namespace(visible=visible, x=x)
    found, above = np.ones(visible.shape[0], bool), np.broadcast_to(above, visible.shape[0])
    for start in range(0, x.shape[0], rows):
        left = np.flatnonzero(found)
        if len(left) == 0:
            break
        h = x[start : start + rows] @ xp.take(visible, xp.asarray(left), axis=0).T
        found[left] = to_numpy(xp.all(_powers.size(xp, h, kind) <= xp.asarray(above[left], dtype=h.dtype), axis=0))
    return found


class Step:
    """What a step can do by doing one update after the other."""

    def epoch(self, batches, T, epsilon):
        """Do one update with each of the minibatches ``(B, M)``; return how many digits were wrong, before its update.

        Raises ``FloatingPointError`` if arguments of the tanh, or weights or momenta in the end, are not finite; the
        message begins with the minibatch.
        """
        wrong, number = 0, 0
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # looked for below
                for number, rows in enumerate(batches, 1):
                    wrong += self(rows, T, epsilon)
            if not self.is_finite():
                raise FloatingPointError("the weights are not finite")
        except FloatingPointError as error:
            raise FloatingPointError(f"minibatch {number} of {len(batches)} ({error})") from None
        return wrong

    def wrong(self, v, y, T):
        """Return how many of the digits ``v (S, N)`` do not get their class ``y (S,)``."""
        xp = array_namespace(v=v, y=y)
        wrong = xp.argmax(self.arguments(v, T), axis=1) != y
        return int(xp.sum(xp.astype(wrong, xp.int64)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def rest(self):
        """Leave memories that have fallen asleep for good out of further steps, where that saves time: not here."""


class ArrayStep(Step):
    """A training step in pure functions, on any array library.

    Parameters
    ----------
    x : (S, N) array
        All training digits.
    t : (M, N_c) array
        Targets of a minibatch, the same for every one.
    xi, V : (K, N + N_c) arrays
        Weights and momentum.
    recipe : dam.network.training.Recipe
    """

    def __init__(self, x, t, xi, V, recipe):
        self.xp = array_namespace(x=x, t=t, xi=xi, V=V)
        self.x, self.t, self.xi, self.V, self.recipe = x, t, xi, V, recipe
        self.N = x.shape[1]

    def __call__(self, rows, T, epsilon):
        """Do one update with the digits ``rows (M,)`` at temperature T, rate ε; return how many were wrong.

        Raises ``FloatingPointError`` if the arguments of the tanh are not finite.
        """
        xp, r = self.xp, self.recipe
        backward = classifier.backward_dual if r.form == "dual" else classifier.backward_exact
        v = xp.take(self.x, xp.asarray(rows), axis=0)
        visible, labels = self.xi[:, : self.N], self.xi[:, self.N :]
        a, *gradient = backward(xp, v, self.t, visible, labels, r.n, T, r.m, r.objective, r.kind)
        if not xp.all(xp.isfinite(a)):
            raise FloatingPointError("the arguments of the tanh are not finite")
        self.xi, self.V = momentum_update(self.xi, self.V, xp.concat(gradient, axis=1), r.momentum, epsilon)
        wrong = xp.argmax(a, axis=1) != xp.argmax(self.t, axis=1)
        return int(xp.sum(xp.astype(wrong, xp.int64)))

    def state(self):
        """Return the weights and the momenta, both ``(K, N + N_c)``."""
        return self.xi, self.V

    def is_finite(self):
        """Return whether all weights and momenta are finite."""
        return bool(self.xp.all(self.xp.isfinite(self.xi)) & self.xp.all(self.xp.isfinite(self.V)))

    def arguments(self, v, T):
        """Return the arguments ``(S, N_c)`` of the tanh in the recipe's form for digits ``v (S, N)``."""
        r = self.recipe
        network = classifier.Classifier(self.xi[:, : self.N], self.xi[:, self.N :], r.n, T, r.kind)
        return network.arguments_dual(v) if r.form == "dual" else network.arguments(v)
