"""One update of all memories from one minibatch, eq. (13), in place on NumPy: matrix products and little else.

Blocks of memories go through threads, with BLAS on one thread each; everything element-wise is done in place, a whole
block at a time, and powers are products. Memories that stay off whatever comes cost nothing. `DualStep` trains
through eq. (10), `ExactStep` through eq. (9); both do what `dam.network._step_plain.ArrayStep` does.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from array_api_compat import is_cupy_namespace, is_numpy_namespace
from threadpoolctl import threadpool_info, threadpool_limits

from dam.arrays import array_namespace
from dam.memory import interactions
from dam.network import _powers, _step_cuda, objective
from dam.network._step_plain import ArrayStep, Step
from dam.network.classifier import inactive
from dam.network.optimizer import momentum_update_in_place

BLOCKS = 4  # of memories; fixed, so that sums and results do not depend on the number of threads
ROUNDING = 0.01  # overlaps in neurons that rounding could turn into positive ones


def make_step(x, t, xi, V, recipe):
    """Return the step for a recipe and an array library: a context manager, see `dam.network._step_plain.ArrayStep`."""
    step, xp = {"dual": DualStep, "exact": ExactStep}[recipe.form], array_namespace(x=x)
    if is_cupy_namespace(xp) and _step_cuda.supports(x, t, recipe):
        step = _step_cuda.FusedStep
    elif not is_numpy_namespace(xp) or recipe.kind not in step.KINDS:
        step = ArrayStep
    return step(x, t, xi, V, recipe)


class BlockStep(Step):
    """What both fast steps share. Parameters as in `dam.network._step_plain.ArrayStep`.

    Arrays over (memory, digit) have memories first, so that a block of memories is contiguous. A block's forward
    product, powers, gradient and update stay in one thread; only the N_c-wide sums over memories meet, in a fixed
    order. ``xi`` and ``V`` are updated in place, until `drop_inactive` drops memories: from then on the others are
    updated in a copy, and `state` puts them back. What a form adds is how a block goes forward and backward, a factor
    of the arguments of the tanh (``_scaled``), and how far its label weights lift an overlap (``_reach``).
    """

    KINDS = interactions.KINDS

    def __init__(self, x, t, xi, V, recipe):
        self.x, self.xi, self.V, self.recipe = x, xi, V, recipe
        self.everyone, self.active = (xi, V), slice(None)
        K, (M, classes), self.N = len(xi), t.shape, x.shape[1]
        self.t, self.right = t, np.argmax(t, axis=1)
        dtype = self.dtype = xi.dtype.type
        self.u = np.empty((M, self.N), dtype)  # digits over T
        self.partial = np.empty((BLOCKS, classes, M), dtype)
        self.threshold = dtype(_powers.threshold(np, xi.dtype, recipe.n - 1))
        # adding and subtracting this rounds to multiples of the smallest number: it flushes subnormals
        self.flush = dtype(_powers.smallest(np, xi.dtype) / np.finfo(dtype).eps)
        self.blocks = self._parts(K)

    def __enter__(self):
        threads = max([p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"], default=1)
        self.limits = threadpool_limits(1, user_api="blas")
        self.own = threading.local()
        self.pool = ThreadPoolExecutor(min(threads, BLOCKS), initializer=self._allocate)
        return self

    def __exit__(self, *_):
        self.pool.shutdown()
        self.limits.restore_original_limits()

    def __call__(self, rows, T, epsilon):
        """See `dam.network._step_plain.ArrayStep.__call__`."""
        r = self.recipe
        self._each(lambda part: self._load(rows, part, T), self._parts(len(rows)))
        a = self._forward(len(rows), T, self.xi, self.blocks)
        if not np.isfinite(a).all():
            raise FloatingPointError("the arguments of the tanh are not finite")
        s = self._scaled(objective.slope(a, self.t, r.m, r.objective), T)
        self._each(lambda block: self._backward(block, s, T, epsilon), self.blocks)
        return int(np.count_nonzero(np.argmax(a, axis=1) != self.right))

    def drop_inactive(self):
        """See `Step.drop_inactive`. Which memories take part depends on the weights and momenta alone.

        A rectified memory without momentum that is off for all training digits has no gradient, now or later,
        whatever the others do.
        """
        if self.recipe.kind != "rectified":
            return
        still = np.flatnonzero(~self.V.any(axis=1))
        visible, label_weights = self.xi[still, : self.N], self.xi[still, self.N :]
        dropped = still[inactive(visible, self.x, -ROUNDING - self._reach(label_weights))]
        if 0 < len(dropped) < len(self.xi):
            xi, V = self.state()
            self.active = np.delete(np.arange(len(xi))[self.active], dropped)
            self.xi, self.V = xi[self.active], V[self.active]
            self.blocks = self._parts(len(self.xi))

    def state(self):
        """See `dam.network._step_plain.ArrayStep.state`."""
        for whole, part in zip(self.everyone, (self.xi, self.V)):
            if part is not whole:
                whole[self.active] = part
        return self.everyone

    def is_finite(self):
        """See `dam.network._step_plain.ArrayStep.is_finite`."""
        return bool(np.isfinite(self.xi).all() and np.isfinite(self.V).all())

    def arguments(self, v, T):
        """See `dam.network._step_plain.ArrayStep.arguments`.

        All memories take part: those dropped may be on for digits that are not for training.
        """
        xi, M, parts = self.state()[0], len(self.u), []
        for i in range(0, len(v), M):
            rows = min(M, len(v) - i)
            np.multiply(v[i : i + rows], self.dtype(1 / T), out=self.u[:rows])
            parts.append(self._forward(rows, T, xi, self._parts(len(xi))))
        return np.concatenate(parts)

    def _allocate(self):
        """Give a thread arrays of its own for one block: the less memory is in use, the more of it is in the cache."""
        shape = (-(-len(self.everyone[0]) // BLOCKS), len(self.u))
        self.own.gradient = np.empty((shape[0], self.xi.shape[1]), self.dtype)
        self.own.scratch = np.empty((self.SCRATCH, *shape), self.dtype)
        self.own.on = np.empty(shape, bool)

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
        """Return the arguments ``(rows, N_c)`` of the tanh for the digits in u."""
        self._each(lambda b: self._forward_block(b, rows, T, xi, blocks[b]), range(BLOCKS))
        return self._scaled(np.ascontiguousarray(self.partial[:, :, :rows].sum(axis=0).T), T)

    def _backward(self, block, s, T, epsilon):
        """Compute the gradient of a block of memories and update them: Appendix A and eq. (13)."""
        xi, V = self.xi[block], self.V[block]
        G = self.own.gradient[: len(xi)]
        self._backward_block(block, s, T, G)
        momentum_update_in_place(xi, V, G, self.recipe.momentum, epsilon)


class DualStep(BlockStep):
    """The step through eq. (10), for NumPy: two matrix products, and the powers n-2 and n-1 of the overlaps."""

    SCRATCH = 1

    def __init__(self, x, t, xi, V, recipe):
        super().__init__(x, t, xi, V, recipe)
        self.powers = np.empty((2, len(xi), len(t)), self.dtype)  # (h / T)^(n-2) and (h / T)^(n-1)

    def _scaled(self, a, T):
        return self.dtype(2 * self.recipe.n / T) * a

    def _reach(self, label_weights):
        """Return how far they lift the overlap that decides whether a memory is on: not in this form."""
        return 0.0

    def _forward_block(self, b, rows, T, xi, block):
        """Compute overlaps h / T of a block, their powers n-2 and n-1, and its part of the sum over memories."""
        p, f = self.powers[:, block, :rows]
        h = {2: f, 3: p}.get(self.recipe.n, self.own.scratch[0, : len(f), :rows])
        on = self.own.on[: len(f), :rows]
        np.matmul(xi[block, : self.N], self.u[:rows].T, out=h)
        _powers.on_into(h, self.threshold, self.recipe.kind, on)
        h *= on
        _powers.powers_into(h, on, self.recipe.n, p, f)
        np.matmul(xi[block, self.N :].T, f, out=self.partial[b, :, :rows])

    def _backward_block(self, block, s, T, G):
        """Put the gradient of a block into G; s is 2n/T times the slope of the objective."""
        p, f = self.powers[:, block]
        dh = self.own.scratch[0, : len(f)]
        np.matmul(self.xi[block, self.N :], self.dtype(self.recipe.n - 1) * s.T, out=dh)
        dh *= p
        dh += self.flush
        dh -= self.flush
        np.matmul(f, s, out=G[:, self.N :])
        np.matmul(dh, self.u, out=G[:, : self.N])


class ExactStep(BlockStep):
    """The step through eq. (9), for NumPy: the same two products, and one power for each class.

    With H = Σ_i ξ_i v_i - Σ_γ ξ_γ the two arguments of F in (9) are H + 2 ξ_α and H. F' of all of them, over n, is
    kept for the way back: N_c + 1 arrays over (memory, digit).
    """

    KINDS = ("rectified",)
    SCRATCH = 4

    def __init__(self, x, t, xi, V, recipe):
        super().__init__(x, t, xi, V, recipe)
        self.f = np.empty((t.shape[1] + 1, len(xi), len(t)), self.dtype)  # (H + 2 ξ_α)^(n-1) over T^(n-1), last H^(n-1)
        least, square = np.empty((2, 1), self.dtype)
        _powers.power_into(np.full(1, self.threshold), recipe.n - 1, least, square)
        self.least = least[0]

    def _scaled(self, a, T):
        return a

    def _reach(self, label_weights):
        """Return how far they lift the overlap that decides whether a memory is on."""
        return 2 * np.maximum(label_weights.max(axis=1), 0) - label_weights.sum(axis=1)

    def _forward_block(self, b, rows, T, xi, block):
        """Compute H / T of a block, the powers n-1 of all arguments, and its part of the sum over memories."""
        *f_up, f = self.f[:, block, :rows]
        H, y, F, square = self.own.scratch[:, : len(f), :rows]
        labels = xi[block, self.N :] * self.dtype(2 / T)
        np.matmul(xi[block, : self.N], self.u[:rows].T, out=H)
        H -= labels.sum(axis=1, keepdims=True) / 2
        self._powers(H, y, f, square)
        np.multiply(y, f, out=F)
        for alpha, f in enumerate(f_up):
            np.add(H, labels[:, alpha, None], out=y)
            self._powers(y, y, f, square)
            y *= f
            y -= F
            np.sum(y, axis=0, out=self.partial[b, alpha, :rows])

    def _powers(self, h, y, f, square):
        """Put max(h, threshold) into y and y^(n-1) into f, exactly 0 at the threshold: no power is subnormal."""
        np.clip(h, self.threshold, np.inf, out=y)  # much faster than np.maximum
        _powers.power_into(y, self.recipe.n - 1, f, square)
        f -= self.least

    def _backward_block(self, block, s, T, G):
        """Put the gradient of a block into G; s is the slope of the objective."""
        *f_up, f = self.f[:, block]
        dh, term = self.own.scratch[:2, : len(f)]
        own, s = G[:, self.N :], np.ascontiguousarray(self.dtype(self.recipe.n) * s.T)
        np.multiply(f, -s.sum(axis=0), out=dh)
        for alpha, f in enumerate(f_up):
            np.multiply(f, s[alpha], out=term)
            dh += term
            np.matmul(f, s[alpha], out=own[:, alpha])
        dh += self.flush
        dh -= self.flush
        own *= 2
        own -= dh.sum(axis=1, keepdims=True)
        own *= self.dtype(1 / T)
        np.matmul(dh, self.u, out=G[:, : self.N])
