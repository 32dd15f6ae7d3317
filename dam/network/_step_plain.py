"""One update of all memories from one minibatch in pure functions, on any array library; and what every step can do.

A step holds the weights ``xi (K, N + N_c)``, visible and label weights of a memory side by side as in
Appendix A's joint index I, and their momentum ``V`` of the same shape. The fast steps on NumPy are in `_step_fast`;
`ArrayStep` is their test.
"""

import numpy as np

from dam.arrays import array_namespace, beside
from dam.network import objective
from dam.network.classifier import Classifier
from dam.network.optimizer import momentum_update

HELD = 9  # numbers for each memory and digit that an update, or a gradient, holds at once


class Step:
    """What a step does by doing one update after the other; it is a context manager."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

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
        """Return how many digits ``v (S, N)`` do not get their class ``y (S,)``; arrays of the step's library."""
        xp = array_namespace(v=v, y=y)
        return int(xp.sum(xp.astype(xp.argmax(self.arguments(v, T), axis=1) != y, xp.int64)))

    def drop_inactive(self):
        """Leave memories that stay off whatever comes out of further steps, where that saves time: not here."""


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
    recipe : dam.network.recipes.Recipe
    """

    def __init__(self, x, t, xi, V, recipe):
        self.xp = array_namespace(x=x, t=t, xi=xi, V=V)
        self.x, self.t, self.xi, self.V, self.recipe = x, t, xi, V, recipe
        self.N, r = x.shape[1], recipe
        self._network = Classifier(xi[:, : self.N], xi[:, self.N :], r.n, r.T_initial, r.kind, r.form)

    def __call__(self, rows, T, epsilon):
        """Do one update with the digits ``rows (M,)`` at temperature T, rate ε; return how many were wrong.

        Raises ``FloatingPointError`` if the arguments of the tanh are not finite.
        """
        xp, r, network = self.xp, self.recipe, self.network(T)
        v = xp.take(self.x, beside(self.x, rows), axis=0)
        a, state = network.forward(v)
        if not xp.all(xp.isfinite(a)):
            raise FloatingPointError("the arguments of the tanh are not finite")
        gradient = network.backward_to_weights(v, state, objective.slope(a, self.t, r.m, r.objective))
        self.xi, self.V = momentum_update(self.xi, self.V, xp.concat(gradient, axis=1), r.momentum, epsilon)
        return int(xp.sum(xp.astype(xp.argmax(a, axis=1) != xp.argmax(self.t, axis=1), xp.int64)))

    def network(self, T):
        """Return the network as it is now, at temperature T: always the same object, and not checked again."""
        network = self._network
        network.visible, network.label_weights, network.T = self.xi[:, : self.N], self.xi[:, self.N :], T
        return network

    def state(self):
        """Return the weights and the momenta, both ``(K, N + N_c)``."""
        return self.xi, self.V

    def is_finite(self):
        """Return whether all weights and momenta are finite."""
        return bool(self.xp.all(self.xp.isfinite(self.xi)) & self.xp.all(self.xp.isfinite(self.V)))

    def arguments(self, v, T):
        """Return the arguments ``(S, N_c)`` of the tanh in the recipe's form for digits ``v (S, N)``."""
        network, rows, S = self.network(T), self.t.shape[0], v.shape[0]
        return self.xp.concat([network.forward(v[i : min(i + rows, S), :])[0] for i in range(0, S, rows)])
