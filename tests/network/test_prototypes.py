"""What networks have learned, against loops written straight from eq. (9) and from the definitions, in float64."""

import math

import array_api_strict
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.memory.interactions import KINDS
from dam.network import prototypes
from dam.network.classifier import Classifier, error_percent


def problem(M=7, N=20, K=9, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (M, N)), rng.uniform(-1, 1, (K, N)), rng.uniform(-1, 1, (K, classes))


def F(x, n, kind="rectified"):
    return x**n if x > 0 or kind == "power" else 0.0


def term_by_loops(digit, xi, own, alpha, n, T, kind):
    """One term of the sum in (9), x_α = -1, with the sums over γ ≠ α written out."""
    rest = sum(xi[i] * digit[i] for i in range(len(xi))) - sum(own[g] for g in range(len(own)) if g != alpha)
    return F((own[alpha] + rest) / T, n, kind) - F((-own[alpha] + rest) / T, n, kind)


def terms_by_loops(v, visible, labels, n, T, kind="rectified"):
    classes = range(labels.shape[1])
    return np.array(
        [
            [
                [term_by_loops(digit, xi, own, alpha, n, T, kind) for xi, own in zip(visible, labels)]
                for alpha in classes
            ]
            for digit in v
        ]
    )


@pytest.fixture(autouse=True, params=[1, 2**21], ids=["one row at a time", "all rows"])
def chunks(request, monkeypatch):
    monkeypatch.setattr(prototypes, "TERMS", request.param)


# votes


def test_votes_by_hand():
    labels = np.array([[1.0, 0.51, 0.5, -1.0], [-1, -1, -1, -1], [0.2, 0.9, 0.3, 0.1]])
    assert prototypes.votes(labels).tolist() == [2, 0, 1]
    assert prototypes.votes(labels, 0).tolist() == [3, 0, 4]
    assert prototypes.votes(labels, -2).tolist() == [4, 4, 4]
    with pytest.raises(ValueError, match="label_weights must be finite"):
        prototypes.votes(np.array([[np.nan, 1.0]]))


# terms of eq. (9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1, 2, 3, 20])
def test_terms_against_loops_and_their_sums_against_the_classifier(n, kind):
    v, visible, labels = problem()
    network = Classifier(visible, labels, n, 3.0, kind)
    found = prototypes.terms(v, network)
    np.testing.assert_allclose(found, terms_by_loops(v, visible, labels, n, 3.0, kind), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.sum(axis=2), network.arguments(v), rtol=1e-9, atol=1e-12)


def test_terms_do_not_overflow_in_float32():
    v, visible, labels = (x.astype(np.float32) for x in problem(N=784))
    visible = np.sign(v[:1]) * np.abs(visible)
    found = prototypes.terms(v, Classifier(visible, labels, 30, 1.0))
    assert np.all(np.isfinite(found)) and found[0].any()
    exact = terms_by_loops(v[:1].astype(float), visible.astype(float), labels.astype(float), 30, 100.0)[0]
    np.testing.assert_allclose(found[0] / np.abs(found[0]).max(), exact / np.abs(exact).max(), atol=1e-4)


@pytest.mark.parametrize("n", [2, 3, 20])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_comparable_memories_against_loops(n, share):
    v, visible, labels = problem(M=25, K=40, seed=n)
    labels = np.sign(labels) * 0.9
    network = Classifier(visible, labels, n, 3.0)
    found = prototypes.comparable_memories(v, network, share)
    all_terms = terms_by_loops(v, visible, labels, n, 3.0)
    for A, t in enumerate(all_terms):
        answer = max(range(4), key=lambda alpha: sum(t[alpha]))
        H = [float(xi @ v[A]) - sum(own) for xi, own in zip(visible, labels)]
        measures = {
            "answer": list(t[answer]),
            "absolute": [abs(x) for x in t[answer]],
            "speaker": [max(abs(t[alpha][mu]) for alpha in range(4)) for mu in range(40)],
            "activity": [F(x / 3.0, n) for x in H],
        }
        for measure, values in measures.items():
            assert found[measure][A] == sum(x > share * max(values) for x in values), (measure, A)
            single = prototypes.contributions(v, network, measure)[A]
            np.testing.assert_allclose(single, values, rtol=1e-9, atol=1e-12)
    assert len({tuple(counts) for counts in found.values()}) > 1  # the measures differ


def test_comparable_by_hand():
    c = np.array([[1.0, 0.9, 0.91, -5.0], [-1.0, -2.0, -1.0, -1.0], [0.0, 0.0, 0.0, 0.0], [2.0, 2.0, 2.0, 1.9]])
    assert prototypes.comparable(c).tolist() == [2, 0, 0, 4]
    assert prototypes.comparable(c, 0).tolist() == [3, 0, 0, 4]


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100))
def test_comparable_needs_no_scale_and_no_order(seed, scale):
    rng = np.random.default_rng(seed)
    c = rng.normal(size=(3, 12))
    found = prototypes.comparable(c)
    np.testing.assert_array_equal(prototypes.comparable(4.0 ** round(math.log2(scale)) * c), found)
    np.testing.assert_array_equal(prototypes.comparable(c[:, rng.permutation(12)]), found)


@pytest.mark.parametrize("n", [2, 20])
def test_shares_against_loops(n):
    v, visible, labels = problem()
    t = np.abs(terms_by_loops(v, visible, labels, n, 3.0)).sum(axis=1)
    expected = sum(row / row.sum() for row in t) / len(t)
    found = prototypes.shares(v, Classifier(visible, labels, n, 3.0))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert found.sum() == pytest.approx(1)


def test_shares_leave_out_digits_that_nobody_answers():
    v, visible, labels = np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([[1.0, 1.0], [1.0, 0.5]]), np.full((2, 2), 0.1)
    network = Classifier(visible, labels, 3, 1.0)
    both, first = (prototypes.shares(x, network) for x in (v, v[:1]))
    np.testing.assert_allclose(both, first)
    assert prototypes.shares(v[1:], network).tolist() == [0, 0]


# removal


@pytest.mark.parametrize("n", [2, 3, 20])
def test_errors_kept_against_networks_that_have_only_these_memories(n):
    v, visible, labels = problem(M=40, K=12, seed=5)
    y = Classifier(visible, labels, n, 3.0).predict(v)
    y[:4] = (y[:4] + 1) % 4
    kept = np.random.default_rng(2).random((6, 12)) < 0.5
    kept[0] = True
    found = prototypes.errors_kept(v, y, Classifier(visible, labels, n, 3.0), kept)
    slow = [error_percent(Classifier(visible[rows], labels[rows], n, 3.0), v, y) for rows in kept]
    np.testing.assert_allclose(found, slow)
    for rows, percent in zip(kept[:2], found):
        t = terms_by_loops(v, visible[rows], labels[rows], n, 3.0)
        wrong = sum(max(range(4), key=lambda alpha, t=one: sum(t[alpha])) != answer for one, answer in zip(t, y))
        assert percent == pytest.approx(100 * wrong / 40)
    assert found[0] == 10 and len(set(found)) > 2


def test_kept_after_removes_in_the_order_given():
    order, removed = np.array([2, 0, 3, 1]), np.array([0, 1, 3, 4])
    expected = [[1, 1, 1, 1], [1, 1, 0, 1], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert prototypes.kept_after(order, removed).astype(int).tolist() == expected
    with pytest.raises(ValueError, match="order must hold each number from 0 to 3 once"):
        prototypes.kept_after(np.array([0, 0, 1, 2]), removed)
    with pytest.raises(ValueError, match="removed must hold numbers from 0 to 4, got 0 to 5"):
        prototypes.kept_after(order, np.array([0, 5]))


# likeness


def test_resemblance_against_loops():
    pictures, references, _ = problem(M=6, N=11, K=8, seed=3)
    found = prototypes.resemblance(pictures, references)
    for row, picture in enumerate(pictures):
        assert found.overlap[row] == pytest.approx(max(float(picture @ r) for r in references))
        cosines = [float(picture @ r) / math.sqrt(float(picture @ picture) * float(r @ r)) for r in references]
        correlations = [float(np.corrcoef(picture, r)[0, 1]) for r in references]
        assert found.cosine[row] == pytest.approx(max(cosines))
        assert found.by_cosine[row] == cosines.index(max(cosines))
        assert found.correlation[row] == pytest.approx(max(correlations))
        assert found.by_correlation[row] == correlations.index(max(correlations))
    assert any(found.by_cosine != found.by_correlation)


def test_resemblance_of_constant_pictures_is_zero():
    found = prototypes.resemblance(np.array([[0.5, 0.5, 0.5], [0.0, 0.0, 0.0]]), np.array([[1.0, 0.0, 2.0]]))
    assert found.correlation.tolist() == [0, 0]
    assert found.cosine.tolist() == pytest.approx([3 / math.sqrt(15), 0])


@pytest.mark.parametrize("level", [0.3, -0.999])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_resemblance_of_flat_and_of_faint_pictures(level, dtype):
    """A constant is one whatever its rounding, and what differs little from one is compared by what differs."""
    rng = np.random.default_rng(0)
    references = rng.normal(size=(5, 784)).astype(dtype)
    assert prototypes.resemblance(np.full((1, 784), level, dtype), references).correlation.tolist() == [0]
    faint = (level + 1e-4 * rng.normal(size=(4, 784))).astype(dtype)
    found = prototypes.resemblance(faint, faint[:3])
    np.testing.assert_allclose(found.correlation[:3], 1, rtol=1e-5)
    expected = np.corrcoef(faint.astype(float))[3, :3].max()
    assert found.correlation[3] == pytest.approx(expected, abs=1e-4)


# competition


@given(st.integers(1, 30), st.integers(0, 30), st.floats(1e-6, 1e6))
def test_the_participation_ratio_counts_equal_weights(equal, zeros, scale):
    w = np.concatenate([np.full(equal, scale), np.zeros(zeros)])[None, :]
    assert prototypes.participation_ratio(w, axis=1)[0] == pytest.approx(equal)
    assert prototypes.participation_ratio(0 * w, axis=1)[0] == 0


def test_the_participation_ratio_written_out():
    w = np.array([[3.0, 1.0, 0.0], [2.0, 2.0, 1.0]])
    assert prototypes.participation_ratio(w, axis=1).tolist() == pytest.approx([16 / 10, 25 / 9])
    assert prototypes.participation_ratio(w, axis=0).tolist() == pytest.approx([25 / 13, 9 / 5, 1])


def test_rivals_against_loops():
    v, visible, _ = problem(M=12, K=30, seed=4)
    v[0] = 0
    powers = (2, 3, 20, 30)
    found = prototypes.rivals(v, visible, powers)
    for A, digit in enumerate(v):
        h = [max(float(xi @ digit), 0.0) for xi in visible]
        first, second = sorted(h)[:-3:-1]
        assert found.ratio[A] == pytest.approx(second / first if first else 0)
        for row, n in enumerate(powers):
            w = [x ** (n - 1) for x in h]
            assert found.comparable[row, A] == sum(x > 0.9 * max(w) for x in w)
            expected = sum(w) ** 2 / sum(x**2 for x in w) if first else 0
            assert found.effective[row, A] == pytest.approx(expected)
    assert np.all(np.diff(found.comparable, axis=0) <= 0) and np.all(np.diff(found.effective, axis=0) <= 1e-9)


def test_audience_against_loops():
    v, visible, _ = problem(M=30, K=6, seed=6)
    visible[2] = -10 * np.abs(v).sum(axis=0)
    v = np.abs(v)  # memory 2 now hates every digit
    heard = prototypes.audience(visible, v, (2, 3, 20))
    for mu, xi in enumerate(visible):
        h = [float(xi @ digit) for digit in v]
        for row, n in enumerate((2, 3, 20)):
            w = [x ** (n - 2) if x > 0 else 0.0 for x in h]
            expected = sum(w) ** 2 / sum(x**2 for x in w) if any(w) else 0
            assert heard[row, mu] == pytest.approx(expected)
    assert heard[:, 2].tolist() == [0, 0, 0]


def test_large_powers_of_large_overlaps_stay_finite():
    v, visible = np.ones((2, 784), dtype=np.float32), np.ones((3, 784), dtype=np.float32)
    visible[1] *= 0.5
    found = prototypes.rivals(v, visible, (30,))
    assert found.comparable.tolist() == [[2, 2]] and found.effective[0] == pytest.approx(2)
    assert prototypes.audience(visible, v, (30,))[0] == pytest.approx(2)


# array libraries and bad input


def test_under_another_array_library():
    v, visible, labels = problem(M=12)
    y, order, removed = np.arange(12) % 4, np.arange(9)[::-1], np.array([0, 4])
    kept = prototypes.kept_after(order.copy(), removed)
    strict = [array_api_strict.asarray(x) for x in (v, visible, labels)]
    theirs, network = Classifier(*strict[1:], 3, 3.0), Classifier(visible, labels, 3, 3.0)

    def same(ours, numpys):
        for a, b in zip(ours, numpys, strict=True):
            np.testing.assert_allclose(np.asarray(a), b, rtol=1e-12)

    one, two = (prototypes.comparable_memories(x, net) for x, net in ((strict[0], theirs), (v, network)))
    same(one.values(), two.values())
    same([prototypes.shares(strict[0], theirs)], [prototypes.shares(v, network)])
    same([prototypes.votes(strict[2])], [prototypes.votes(labels)])
    same(prototypes.resemblance(*strict[:2]), prototypes.resemblance(v, visible))
    same(prototypes.rivals(*strict[:2], (2, 20)), prototypes.rivals(v, visible, (2, 20)))
    same([prototypes.audience(strict[1], strict[0], (2, 20))], [prototypes.audience(visible, v, (2, 20))])
    both = [array_api_strict.asarray(x) for x in (order, removed)]
    ours = prototypes.kept_after(*both)
    same([ours], [kept])
    errors = prototypes.errors_kept(strict[0], array_api_strict.asarray(y), theirs, ours)
    same([errors], [prototypes.errors_kept(v, y, network, kept)])


def test_nan_and_negative_weights_are_named():
    pictures, references, _ = problem(M=3, N=5, K=4, seed=1)
    pictures[1, 2] = np.nan
    for function in (prototypes.rivals, prototypes.audience):
        with pytest.raises(ValueError, match="v must be finite"):
            function(v=pictures, visible=references, powers=(3,))
    with pytest.raises(ValueError, match="pictures must be finite"):
        prototypes.resemblance(pictures, references)
    with pytest.raises(ValueError, match="weights must not be negative"):
        prototypes.participation_ratio(np.array([[-1.0, 2.0]]), axis=1)


def test_bad_input_is_named():
    v, visible, labels = problem()
    y, kept = np.zeros(7, dtype=int), np.ones((2, 9), dtype=bool)
    network = Classifier(visible, labels, 3, 3.0)
    with pytest.raises(ValueError, match="label_weights must have a row for each of the 9 memories, got 8"):
        prototypes.terms(v, Classifier(visible, labels[:8], 3, 3.0))
    with pytest.raises(ValueError, match="v must have 20 columns"):
        prototypes.terms(v[:, :5], network)
    with pytest.raises(ValueError, match="measure must be one of answer, absolute, speaker, activity, got 'loudest'"):
        prototypes.contributions(v, network, "loudest")
    with pytest.raises(ValueError, match="share must be a number from 0 to 1, got 1.5"):
        prototypes.comparable(v, 1.5)
    with pytest.raises(ValueError, match=r"y must have shape \(7,\), one class for each digit, got \(6,\)"):
        prototypes.errors_kept(v, y[:6], network, kept)
    with pytest.raises(ValueError, match=r"kept must have shape \(P, 9\), got \(2, 8\)"):
        prototypes.errors_kept(v, y, network, kept[:, :8])
    with pytest.raises(ValueError, match="references must have 20 columns"):
        prototypes.resemblance(v, visible[:, :4])
    for function in (prototypes.rivals, prototypes.audience):
        with pytest.raises(ValueError, match="each of powers must be an integer of at least 2, got 1"):
            function(v, visible[:, :], (3, 1))
    with pytest.raises(ValueError, match="the number of memories must be an integer of at least 2, got 1"):
        prototypes.rivals(v, visible[:1], (3,))
