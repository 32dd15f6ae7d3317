"""One update of all memories from one minibatch, eq. (13): in place on NumPy, in pure functions elsewhere.

A step holds the weights ``xi (K, N + N_c)``, visible and label weights of a memory side by side as in
Appendix A's joint index I, and their momentum ``V`` of the same shape. `BlockStep` is the fast one: blocks of
memories go through threads, everything element-wise is done in place, a whole block at a time, and powers are
products; memories that have fallen asleep for good cost nothing. `ArrayStep` is the same in pure functions: for other
array libraries, for the associative form (9), and as the test of `BlockStep`.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from array_api_compat import is_numpy_namespace
from threadpoolctl import threadpool_info, threadpool_limits

from dam import classifier, powers
from dam.arrays import array_namespace, to_numpy

BLOCKS = 4  # of memories; fixed, so that sums and results do not depend on the number of threads
FLOOR = 1e-30  # least max |V| to divide by: a dead memory's momentum vanishes
ROUNDING = 0.01  # overlaps in neurons that rounding could turn into positive ones


def make_step(x, t, xi, V, recipe):
    """Return the step for a recipe and an array library: a context manager, see `ArrayStep`."""
    fast = is_numpy_namespace(array_namespace(x=x)) and recipe.form == "dual"
    return (BlockStep if fast else ArrayStep)(x, t, xi, V, recipe)


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

    Such a memory, with weights ``visible (K, N)``, has no gradient in any form.
    """
    xp = array_namespace(visible=visible, x=x)
    found = np.ones(visible.shape[0], bool)
    for start in range(0, x.shape[0], rows):
        left = np.flatnonzero(found)
        if len(left) == 0:
            break
        h = x[start : start + rows] @ xp.take(visible, xp.asarray(left), axis=0).T
        found[left] = to_numpy(xp.all(powers.size(xp, h, kind) <= above, axis=0))
    return found


class ArrayStep:
    """A training step in pure functions, on any array library.

    Parameters
    ----------
    x : (S, N) array
        All training digits.
    t : (M, N_c) array
        Targets of a minibatch, the same for every one.
    xi, V : (K, N + N_c) arrays
        Weights and momentum.
    recipe : dam.training.Recipe
    """

    def __init__(self, x, t, xi, V, recipe):
        self.xp = array_namespace(x=x, t=t, xi=xi, V=V)
        self.x, self.t, self.xi, self.V, self.recipe = x, t, xi, V, recipe
        self.N = x.shape[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

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

    def rest(self):
        """Leave memories that have fallen asleep for good out of further steps, where that saves time: not here."""

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


class BlockStep:
    """The step of `ArrayStep` for NumPy and the dual form, in place: two matrix products and little else.

    Arrays over (memory, digit) have memories first, so that a block of memories is contiguous. A block's
    forward product, powers, gradient and update stay in one thread, with BLAS on one thread each; only the
    N_c-wide sums over memories meet, in a fixed order. ``xi`` and ``V`` are updated in place, until `rest` finds
    sleepers: from then on those awake are updated in a copy, and `state` puts them back.
    """

    def __init__(self, x, t, xi, V, recipe):
        self.x, self.xi, self.V, self.recipe = x, xi, V, recipe
        self.everyone, self.awake = (xi, V), slice(None)
        K, (M, classes), self.N = len(xi), t.shape, x.shape[1]
        self.t, self.right = t, np.argmax(t, axis=1)
        dtype = self.dtype = xi.dtype.type
        self.buffers = np.empty((3, K, M), dtype)
        roles = {2: (1, 0, 2), 3: (0, 2, 1)}.get(recipe.n, (1, 2, 0))  # see powers_into
        self.p, self.f, self.dh = (self.buffers[i] for i in roles)
        self.on = np.empty((BLOCKS, -(-K // BLOCKS), M), bool)
        self.u = np.empty((M, self.N), dtype)  # digits over T
        self.gradient = np.empty_like(xi)
        self.partial = np.empty((BLOCKS, classes, M), dtype)
        self.size = np.empty((K, 1), dtype)
        self.threshold = dtype(powers.threshold(np, xi.dtype, recipe.n - 1))
        # adding and subtracting this rounds to multiples of the smallest number: it flushes subnormals
        self.flush = dtype(powers.smallest(np, xi.dtype) / np.finfo(dtype).eps)
        self.blocks = self._parts(K)

    def __enter__(self):
        threads = max([p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"], default=1)
        self.limits = threadpool_limits(1, user_api="blas")
        self.pool = ThreadPoolExecutor(min(threads, BLOCKS))
        return self

    def __exit__(self, *_):
        self.pool.shutdown()
        self.limits.restore_original_limits()

    def __call__(self, rows, T, epsilon):
        """See `ArrayStep.__call__`."""
        r = self.recipe
        self._each(lambda part: self._load(rows, part, T), self._parts(len(rows)))
        a = self._forward(len(rows), T, self.xi, self.blocks)
        if not np.isfinite(a).all():
            raise FloatingPointError("the arguments of the tanh are not finite")
        s = self.dtype(2 * r.n / T) * classifier.slope(a, self.t, r.m, r.objective)
        self._each(lambda block: self._backward(block, s, self.dtype(epsilon)), self.blocks)
        return int(np.count_nonzero(np.argmax(a, axis=1) != self.right))

    def rest(self):
        """See `ArrayStep.rest`. Which memories take part depends on the weights and momenta alone.

        A rectified memory without momentum whose overlaps with all training digits are negative has no gradient, now
        or later, whatever the others do.
        """
        if self.recipe.kind != "rectified":
            return
        still = np.flatnonzero(~self.V.any(axis=1))
        sleepers = still[asleep(self.xi[still, : self.N], self.x, -ROUNDING)]
        if 0 < len(sleepers) < len(self.xi):
            xi, V = self.state()
            self.awake = np.delete(np.arange(len(xi))[self.awake], sleepers)
            self.xi, self.V = xi[self.awake], V[self.awake]
            self.blocks = self._parts(len(self.xi))

    def state(self):
        """See `ArrayStep.state`."""
        for whole, part in zip(self.everyone, (self.xi, self.V)):
            if part is not whole:
                whole[self.awake] = part
        return self.everyone

    def is_finite(self):
        """See `ArrayStep.is_finite`."""
        return bool(np.isfinite(self.xi).all() and np.isfinite(self.V).all())

    def arguments(self, v, T):
        """See `ArrayStep.arguments`. Sleepers take part: they may be on for digits that are not for training."""
        xi, M, parts = self.state()[0], len(self.u), []
        for i in range(0, len(v), M):
            rows = min(M, len(v) - i)
            np.multiply(v[i : i + rows], self.dtype(1 / T), out=self.u[:rows])
            parts.append(self._forward(rows, T, xi, self._parts(len(xi))))
        return np.concatenate(parts)

    def _each(self, task, parts):
        for _ in self.pool.map(task, parts):
            pass

    def _parts(self, rows):
        return [slice(rows * b // BLOCKS, rows * (b + 1) // BLOCKS) for b in range(BLOCKS)]

    def _load(self, rows, part, T):
        """Put digits over T into the buffer u: ξ·u is the overlap over T, and u its gradient."""
        np.take(self.x, rows[part], axis=0, out=self.u[part], mode="clip")
        self.u[part] *= self.dtype(1 / T)

    def _forward(self, rows, T, xi, blocks):
        """Return the arguments ``(rows, N_c)`` of the tanh in (11) for the digits in u."""
        self._each(lambda b: self._forward_block(b, rows, xi, blocks[b]), range(BLOCKS))
        a = self.partial[:, :, :rows].sum(axis=0)
        return np.ascontiguousarray(self.dtype(2 * self.recipe.n / T) * a.T)

    def _forward_block(self, b, rows, xi, block):
        """Compute overlaps h / T of a block, their powers n-2 and n-1, and its part of the sum over memories."""
        rectified = self.recipe.kind == "rectified"
        np.matmul(xi[block, : self.N], self.u[:rows].T, out=self.buffers[0, block, :rows])
        h, a, c = self.buffers[:, block, :rows]
        on = self.on[b, : len(h), :rows]
        np.greater(h if rectified else np.abs(h, out=a), self.threshold, out=on)
        np.multiply(h, on, out=h)
        powers.powers_into(h, on, self.recipe.n, a, c)
        np.matmul(xi[block, self.N :].T, self.f[block, :rows], out=self.partial[b, :, :rows])

    def _backward(self, block, s, epsilon):
        """Compute the gradient of a block of memories and update them: Appendix A and eq. (13)."""
        p, f, dh, G = self.p[block], self.f[block], self.dh[block], self.gradient[block]
        xi, V, size = self.xi[block], self.V[block], self.size[block]
        np.matmul(xi[:, self.N :], self.dtype(self.recipe.n - 1) * s.T, out=dh)
        dh *= p
        dh += self.flush
        dh -= self.flush
        np.matmul(f, s, out=G[:, self.N :])
        np.matmul(dh, self.u, out=G[:, : self.N])
        V *= self.dtype(self.recipe.momentum)
        V -= G
        np.abs(V, out=G)
        np.max(G, axis=1, keepdims=True, out=size)
        dead = size < FLOOR
        if dead.any():
            V[dead[:, 0]] = 0
            size[dead] = FLOOR
        np.multiply(V, epsilon / size, out=G)
        xi += G
        np.clip(xi, -1, 1, out=xi)
