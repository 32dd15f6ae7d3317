"""One update of all memories from one minibatch, eq. (13), in place on NumPy: matrix products and little else.

Blocks of memories go through threads, with BLAS on one thread each; everything element-wise is done in place, a whole
block at a time, and powers are products. Memories that stay off whatever comes cost nothing. `DualStep` trains
through eq. (10), `ExactStep` through eq. (9); both do what `dam.network._step_plain.ArrayStep` does.
"""

import math
import threading

import numpy as np
from array_api_compat import is_cupy_namespace, is_numpy_namespace
from scipy.sparse import csc_array
from threadpoolctl import threadpool_info

from dam.arrays import array_namespace, cores, one_blas_thread, thread_pool
from dam.memory.interactions import power
from dam.network import _powers, _step_cuda, objective
from dam.network._powers import safe_power
from dam.network._step_plain import ArrayStep, Step
from dam.network.optimizer import momentum_update_in_place

BLOCKS = 4  # of memories; fixed, so that sums and results do not depend on the number of threads
ROUNDING = 0.01  # overlaps in neurons that rounding could turn into positive ones


def make_step(x, t, xi, V, recipe):
    """Return the step for a recipe and an array library: a context manager, see `dam.network._step_plain.ArrayStep`."""
    step, xp = {"dual": DualStep, "exact": ExactStep}[recipe.form], array_namespace(x=x)
    if is_cupy_namespace(xp) and _step_cuda.supports(x, t, recipe):
        step = _step_cuda.FusedStep
    elif not is_numpy_namespace(xp):
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
        one_blas_thread.__enter__()
        self.own = threading.local()
        self.pool = thread_pool(min(threads, BLOCKS, cores()), self._allocate)
        return self

    def __exit__(self, *_):
        self.pool.shutdown()
        one_blas_thread.__exit__()

    def __call__(self, rows, T, epsilon):
        """See `dam.network._step_plain.ArrayStep.__call__`."""
        r = self.recipe
        self._each(lambda part: self._load(rows, part, T), self._parts(len(rows)))
        a = self._forward(len(rows), T, self.xi, self.blocks)
        if not np.isfinite(a).all():
            raise FloatingPointError("the arguments of the tanh are not finite")
        s = self._scaled(objective.slope(a, self.t, r.m, r.objective), T)
        self._each(lambda b: self._backward(b, s, T, epsilon), range(BLOCKS))
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
        dropped = still[_powers.off(visible, self.x, -ROUNDING - self._reach(label_weights), "rectified")]
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

    def _backward(self, b, s, T, epsilon):
        """Compute the gradient of a block of memories and update them: Appendix A and eq. (13)."""
        block = self.blocks[b]
        xi, V = self.xi[block], self.V[block]
        G = self.own.gradient[: len(xi)]
        self._backward_block(b, block, s, T, G)
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

    def _backward_block(self, b, block, s, T, G):
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
    """The step through eq. (9), for NumPy: the same two products, and a few thin ones in place of ten powers.

    With H = Σ_i ξ_i v_i - Σ_γ ξ_γ and y_α = 2 ξ_α, both over T, the two arguments of F in (9) are H + y_α and H. Where
    both are on,

        F(H + y_α) - F(H) = Σ_k C(n, k) y_α^k H^(n-k),   k = 1 to n ,

    so the sum over memories takes one thin product for each k, of y^k with H^(n-k); the gradient, with the powers n-1,
    likewise. The sums end where all that is left is less than rounding (`_powers.order`): at n = 20 and 30 after four
    to seven terms, since y / H is a percent or two in every memory and every digit that counts. Pairs of memory and
    digit with |H| < max_α |y_α|, where one argument may be off, are summed one by one (`_near`), unless they are
    nothing beside the others.
    """

    SCRATCH = 3

    def __init__(self, x, t, xi, V, recipe):
        super().__init__(x, t, xi, V, recipe)
        self.H = np.empty((len(xi), len(t)), self.dtype)  # over T
        self.largest = np.empty((BLOCKS, len(t)), self.dtype)  # of a block's |H|, for each digit
        self.near = [None] * BLOCKS

    def _scaled(self, a, T):
        return a

    def _reach(self, label_weights):
        """Return how far they lift the overlap that decides whether a memory is on."""
        return 2 * np.maximum(label_weights.max(axis=1), 0) - label_weights.sum(axis=1)

    def _labels(self, xi, block, T):
        return xi[block, self.N :] * self.dtype(2 / T)

    def _forward(self, rows, T, xi, blocks):
        """See `BlockStep._forward`; the order of the sums depends on the overlaps of all memories."""
        n = self.recipe.n
        eps = n * np.finfo(self.dtype).eps / 2  # what rounding its argument does to a power
        found = self.pool.map(lambda b: self._overlaps(b, rows, T, xi, blocks[b]), range(BLOCKS))
        ratios, reach = zip(*found)
        digits = _powers.largest_ratio(max(reach), self.largest[:, :rows].max(axis=0), self.threshold)
        ratio = max(*ratios, digits)
        self.order, self.count_near = _powers.order(n - 1, ratio, eps), (2 * ratio) ** (n - 1) > eps
        return super()._forward(rows, T, xi, blocks)

    def _overlaps(self, b, rows, T, xi, block):
        """Compute H of a block; return the largest y / H of its memories, and its largest y."""
        H, labels = self.H[block, :rows], self._labels(xi, block, T)
        np.matmul(xi[block, : self.N], self.u[:rows].T, out=H)
        H -= labels.sum(axis=1, keepdims=True) / 2
        size, y = _powers.size(np, H, self.recipe.kind), np.abs(labels).max(axis=1)
        np.max(size, axis=0, initial=0, out=self.largest[b, :rows])
        return _powers.largest_ratio(y, size.max(axis=1), self.threshold), y.max(initial=0)

    def _forward_block(self, b, rows, T, xi, block):
        """Compute a block's part of the sum over memories; leave H zero where no power of it counts."""
        H, labels, n = self.H[block, :rows], self._labels(xi, block, T), self.recipe.n
        part, P, on = self.partial[b, :, :rows], self.own.scratch[0, : len(H), :rows], self.own.on[: len(H), :rows]
        self.near[b] = self._near(H, labels, P) if self.count_near else None
        _powers.on_into(H, self.threshold, self.recipe.kind, on)
        H *= on
        part[:] = 0
        for k in self._powers(H, P):
            part += self._coefficients(n, k + 1, labels).T @ P
        if self.near[b] is not None:
            _, digit, F, _ = self.near[b]
            part += _sums(digit, F, rows).T

    def _backward_block(self, b, block, s, T, G):
        """Put the gradient of a block into G; s is the slope of the objective."""
        H, labels, n = self.H[block], self._labels(self.xi, block, T), self.recipe.n
        P, dh, term = self.own.scratch[:, : len(H)]
        own, s = G[:, self.N :], self.dtype(n) * s
        t = np.ascontiguousarray(s.T)
        own[:], dh[:] = 0, 0
        for k in self._powers(H, P):
            c = self._coefficients(n - 1, k, labels)
            own += c * (P @ s)
            if k > 0:  # the first term is the same for H and for H + y: it cancels
                np.matmul(c, t, out=term)
                term *= P
                dh += term
        if self.near[b] is not None:
            memory, digit, _, (f, f_up) = self.near[b]
            f_up *= s.take(digit, axis=0)
            own += _sums(memory, f_up, len(own))
            dh[memory, digit] = f_up.sum(axis=1) - s.sum(axis=1)[digit] * f[:, 0]
        dh += self.flush
        dh -= self.flush
        own *= 2
        own -= dh.sum(axis=1, keepdims=True)
        own *= self.dtype(1 / T)
        np.matmul(dh, self.u, out=G[:, : self.N])

    def _powers(self, H, P):
        """Yield k from the order of the sums down to 0, with H^(n-1-k) in P; H is exactly 0 where it is off."""
        lowest = self.recipe.n - 1 - self.order
        if lowest == 0:
            np.not_equal(H, 0, out=P)
        else:
            _powers.power_into(H, lowest, P, self.own.scratch[2, : len(H), : H.shape[1]])
        yield self.order
        for k in reversed(range(self.order)):
            P *= H
            yield k

    def _coefficients(self, n, k, labels):
        """Return C(n, k) y^k ``(K, N_c)``, no subnormals among them."""
        return _powers.flushed(np, self.dtype(math.comb(n, k)) * power(labels, k))

    def _near(self, H, labels, size):
        """Return the pairs with |H| < max_α |y_α|, whose H is set to 0: memory, digit, their terms in (9), and powers.

        The terms are ``(pairs, N_c)``, the powers n-1 of H and of H + y ``(pairs, 1)`` and ``(pairs, N_c)``; ``size``
        is scratch.
        """
        np.abs(H, out=size)
        memory, digit = np.divmod(np.flatnonzero(size < np.abs(labels).max(axis=1, keepdims=True)), H.shape[1])
        h = H[memory, digit][:, None]
        H[memory, digit] = 0
        up = h + labels.take(memory, axis=0)
        f, f_up = (safe_power(x, self.recipe.n - 1, self.recipe.kind) for x in (h, up))
        return memory, digit, up * f_up - h * f, (f, f_up)


def _sums(index, terms, size):
    """Return the sums ``(size, N_c)`` of the terms ``(pairs, N_c)`` that share an index."""
    pairs = len(index)
    return csc_array((np.ones(pairs, terms.dtype), index, np.arange(pairs + 1)), (size, pairs)) @ terms
