"""Accuracy under attack, minima of the objective, and measures of what an attack changes."""

import array_api_strict
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_attacks import images, network
from test_transfer import folder  # noqa: F401, small networks that classify most digits

from dam import datasets
from dam.lab import experiments
from dam.lab.experiments import rubbish
from dam.lab.stored import RELU, trained
from dam.network import attacks, classifier, robustness

RADII = {"l2": (0, 0.2, 0.5, 1.0), "linf": (0, 0.05, 0.1, 0.3)}


# --- robust accuracy


def inside_ball(change, radius, norm):
    size = np.abs(change).max(axis=1) if norm == "linf" else np.linalg.norm(change, axis=1)
    return np.all(size <= radius * (1 + 1e-9))


@given(seed=st.integers(0, 10**6), radius=st.floats(0.01, 5), norm=st.sampled_from(attacks.NORMS))
def test_a_projection_lies_in_the_ball_and_leaves_what_is_inside(seed, radius, norm):
    rng = np.random.default_rng(seed)
    center, v = rng.uniform(-1, 1, (5, 8)), rng.uniform(-3, 3, (5, 8))
    found = robustness.project(v, center, radius, norm)
    assert inside_ball(found - center, radius, norm) and np.abs(found).max() <= 1
    np.testing.assert_allclose(robustness.project(found, center, radius, norm), found, atol=1e-12)
    np.testing.assert_array_equal(robustness.project(center, center, radius, norm), center)
    far = center + 2 * radius * np.sign(v - center)  # the nearest point of the ball lies in the same direction
    if norm == "linf":
        np.testing.assert_allclose(
            robustness.project(far, center, radius, norm), np.clip(center + radius * np.sign(v - center), -1, 1)
        )


def margin_slope(image, own, wrong, arguments):
    """Finite differences of the own argument minus that of another class."""
    slope = np.empty_like(image)
    for i in range(len(image)):
        sides = np.stack([image, image])
        sides[:, i] += 1e-6, -1e-6
        a = arguments(sides)
        slope[i] = np.subtract(*(a[:, own] - a[:, wrong])) / 2e-6
    return slope


def slow_robust(v, y, net, radii, norm, steps, m, form):
    """One image and one radius at a time, straight from the definition."""
    predict, arguments = (net.predict, net.arguments) if form == "exact" else (net.predict_dual, net.arguments_dual)
    found = np.zeros((len(radii), len(v)), bool)
    for j in range(len(v)):
        held = True
        for r, radius in enumerate(radii):
            image = v[[j]]
            for k in range(steps + 1):
                held = held and predict(image)[0] == y[j]
                if not held or k == steps or radius == 0:
                    break
                a = arguments(image)[0]
                a[y[j]] = -np.inf
                if m is None:
                    slope = margin_slope(image[0], y[j], a.argmax(), arguments)
                else:
                    slope = attacks.gradient(image, np.array([a.argmax()]), net, m, form)[1][0]
                if norm == "linf":
                    change = image[0] - 2.5 * radius / steps * np.sign(slope) - v[j]
                    change = np.clip(np.clip(v[j] + change, -1, 1) - v[j], -radius, radius)
                else:
                    moved = np.clip(image[0] - 2.5 * radius / steps * slope / np.linalg.norm(slope), -1, 1)
                    change = moved - v[j]
                    change *= min(1, radius / np.linalg.norm(change))
                image = np.clip(v[j] + change, -1, 1)[None, :]
            found[r, j] = held
    return found


@pytest.mark.parametrize("norm", attacks.NORMS)
@pytest.mark.parametrize(("form", "m"), [("exact", 1), ("exact", 4), ("dual", 2), ("exact", None), ("dual", None)])
def test_robust_equals_a_slow_loop(norm, form, m):
    net = network(3, N=20, K=30)
    v = images(net, M=30)[0]
    y = net.predict(v) if form == "exact" else net.predict_dual(v)
    y[:3] = (y[:3] + 1) % 4  # misclassified from the start
    found = robustness.robust(v, y, net, RADII[norm], norm=norm, steps=7, m=m, form=form)
    np.testing.assert_array_equal(found, slow_robust(v, y, net, RADII[norm], norm, 7, m, form))
    assert not found[:, :3].any() and found[0, 3:].all()
    assert np.all(found[:-1] >= found[1:]) and 0 < found[1:].sum() < found[1:].size


@pytest.mark.parametrize("norm", attacks.NORMS)
def test_an_image_falls_at_its_distance_to_the_boundary_where_that_is_known(norm):
    """With F(x) = x² and two classes the arguments of eq. (9) are linear in the pixels, and the boundary is a plane."""
    rng = np.random.default_rng(0)
    visible, labels = rng.uniform(-1, 1, (9, 400)), rng.uniform(-1, 1, (9, 2))
    net = classifier.Classifier(visible, labels, 2, 500.0, "power")
    v = rng.uniform(-0.1, 0.1, (40, 400))
    w = 4 / 500**2 * (labels[:, 0] - labels[:, 1]) @ visible
    gap = net.arguments(v) @ [1, -1]
    np.testing.assert_allclose(gap - gap[0], (v - v[0]) @ w, rtol=1e-9, atol=1e-12)
    distance = np.abs(gap) / (np.linalg.norm(w) if norm == "l2" else np.abs(w).sum())
    radii = np.quantile(distance, [0.2, 0.5, 0.8])
    found = robustness.robust(v, net.predict(v), net, radii, norm=norm, steps=10)
    np.testing.assert_array_equal(found, distance > radii[:, None])


def test_robust_under_array_api_strict():
    net = network(3, N=20, K=30)
    v, y = images(net, M=10)
    strict = classifier.Classifier(*(array_api_strict.asarray(w) for w in (net.visible, net.labels)), 3, 6.0)
    for norm in attacks.NORMS:
        found = robustness.robust(
            array_api_strict.asarray(v), array_api_strict.asarray(y), strict, RADII[norm], norm=norm, steps=5
        )
        np.testing.assert_array_equal(np.asarray(found), robustness.robust(v, y, net, RADII[norm], norm=norm, steps=5))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"radii": ()}, r"radii must be a list of numbers that are at least 0 and ascend, got \(\)"),
        ({"radii": 2.0}, "radii must be a list of numbers .* got 2.0"),
        ({"radii": (0.2, 0.1)}, "at least 0 and ascend"),
        ({"radii": (-0.1, 0.1)}, "at least 0 and ascend"),
        ({"steps": 0}, "steps must be an integer of at least 1"),
        ({"norm": "l1"}, "norm must be one of l2, linf"),
        ({"v": np.full((6, 12), 2.0)}, r"v must lie in \[-1, 1\]"),
    ],
)
def test_bad_input(change, message):
    net = network()
    v, y = images(net)
    with pytest.raises(ValueError, match=message):
        robustness.robust(**({"v": v, "y": y, "network": net, "radii": (0.1,)} | change))


# --- minima


@pytest.mark.parametrize("form", attacks.FORMS)
@pytest.mark.parametrize("m", (1, 3))
def test_minima_are_minima(form, m):
    """No nearby image is better."""
    net = network(3, N=20, K=30, classes=3)
    rng = np.random.default_rng(1)
    start, target = rng.uniform(-1, 1, (9, 20)), np.arange(9) % 3
    found = robustness.minima(start, target, net, updates=2000, length=0.2, m=m, form=form)
    assert np.abs(found.images).max() <= 1
    arguments = net.arguments if form == "exact" else net.arguments_dual
    np.testing.assert_allclose(found.ln_C, attacks.log_objective(arguments(found.images), target, m))
    assert np.all(found.ln_C < attacks.log_objective(arguments(start), target, m))
    for _ in range(50):
        near = np.clip(found.images + rng.normal(0, 0.02, start.shape), -1, 1)
        assert np.all(attacks.log_objective(arguments(near), target, m) > found.ln_C - 2e-3)
    scores = np.tanh(arguments(found.images))[np.arange(9), target]
    np.testing.assert_allclose(found.confidence, scores)
    confident = (arguments(found.images).argmax(axis=1) == target) & (scores >= robustness.CONFIDENT)
    assert np.all((found.updates >= 0) >= confident)


def test_a_descent_by_hand():
    net = network(3, N=20, K=30, classes=3)
    net.labels, net.T = 3 * net.labels, 3.0  # a slope that makes it sure of itself
    v, target = np.random.default_rng(1).uniform(-1, 1, (1, 20)), np.array([2])
    found = robustness.minima(v, target, net, updates=8, length=1.5, m=2)
    reached = -1
    for update in range(9):
        a = net.arguments(v)[0]
        if reached < 0 and a.argmax() == 2 and np.tanh(a[2]) >= 0.9:
            reached = update
        if update < 8:
            slope = attacks.gradient(v, target, net, 2)[1]
            slope[(np.abs(v) == 1) & (slope * v < 0)] = 0
            v = np.clip(v - 1.5 * (8 - update) / 8 * slope / np.linalg.norm(slope), -1, 1)
    np.testing.assert_allclose(found.images, v, atol=1e-12)
    assert (np.abs(v) == 1).any() and found.updates[0] == reached >= 0
    np.testing.assert_allclose(found.confidence, np.tanh(net.arguments(v)[:, 2]))


def test_an_image_that_activates_no_memory_stays_where_it_is():
    visible, labels = np.ones((3, 8)), np.eye(3)
    net = classifier.Classifier(visible, labels, 3, 5.0)
    found = robustness.minima(-np.ones((1, 8)), np.array([1]), net)
    np.testing.assert_array_equal(found.images, -np.ones((1, 8)))
    assert found.updates[0] == -1 and found.confidence[0] == 0


def test_minima_under_array_api_strict():
    net = network(3, N=20, K=30, classes=3)
    start, target = np.random.default_rng(1).uniform(-1, 1, (6, 20)), np.arange(6) % 3
    strict = classifier.Classifier(*(array_api_strict.asarray(w) for w in (net.visible, net.labels)), 3, 6.0)
    found = robustness.minima(
        array_api_strict.asarray(start), array_api_strict.asarray(target), strict, updates=20, length=0.2
    )
    for ours, plain in zip(found, robustness.minima(start, target, net, updates=20, length=0.2), strict=True):
        np.testing.assert_allclose(np.asarray(ours), plain, rtol=1e-10)


# --- measures


@given(seed=st.integers(0, 10**6))
def test_strokes_are_ink_and_its_neighbours(seed):
    v = np.random.default_rng(seed).uniform(-1, 0.1, (2, 30))
    found = robustness.strokes(v, (5, 6))
    for one, mask in zip(v.reshape(2, 5, 6), found.reshape(2, 5, 6)):
        for i in range(5):
            for j in range(6):
                around = one[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]
                assert mask[i, j] == (around > 0).any()


def test_the_share_inside_the_strokes():
    v = -np.ones((4, 25))
    v[:, 12] = 0.5  # the strokes are the nine pixels in the middle
    moved = v.copy()
    moved[0, 6] += 0.3
    moved[1, 0] += 0.3
    moved[2] += np.where(np.arange(25) % 2 == 0, 0.5, -0.0)
    np.testing.assert_allclose(robustness.inside_share(v, moved, (5, 5)), [1, 0, 5 / 13, np.nan])


def test_likeness_is_the_largest_correlation_within_the_class():
    rng = np.random.default_rng(0)
    pictures, x = rng.uniform(-1, 1, (7, 12)), rng.uniform(-1, 1, (30, 12))
    classes, y = rng.integers(0, 3, 7), rng.integers(0, 3, 30)
    found = robustness.likeness(pictures, classes, x, y)
    slow = [max(np.corrcoef(p, d)[0, 1] for d in x[y == c]) for p, c in zip(pictures, classes)]
    np.testing.assert_allclose(found, slow)
    with pytest.raises(ValueError, match="no known digit of class 5"):
        robustness.likeness(pictures, np.full(7, 5), x, y)
    with pytest.raises(ValueError, match="classes must hold one for each of the 7 pictures, got 2"):
        robustness.likeness(pictures, classes[:2], x, y)


def test_strokes_need_a_picture():
    with pytest.raises(ValueError, match="v must have 784 columns .*28 by 28"):
        robustness.strokes(np.zeros((1, 25)))


# --- experiments


@pytest.fixture
def few_digits(monkeypatch):
    data = datasets.mnist()
    some = np.concatenate([np.flatnonzero(data.y_train == alpha)[:2] for alpha in range(10)])
    small = datasets.MNIST(data.x_train[some], data.y_train[some], data.x_test, data.y_test)
    monkeypatch.setattr(datasets, "mnist", lambda: small)
    return small


def test_the_experiment_on_accuracy_is_that_of_single_attacks(folder):  # noqa: F811
    radii = {"l2": (0, 1.5), "linf": (0, 0.1)}
    settings = {"n": (2, 3), "images": 25, "radii_l2": radii["l2"], "radii_linf": radii["linf"], "steps": 6}
    result = experiments.run("robustness", "demo", seed=2, backend="numpy", results=folder, **settings)
    data, arrays = datasets.mnist(), result.arrays
    v, y = data.x_test[arrays["digit"]], data.y_test[arrays["digit"]]
    assert len(set(arrays["digit"])) == 25
    for row, (which, tag) in enumerate(((2, "n2"), (3, "n3"), (RELU, "relu"))):
        net = trained(which, 0, folder)[0]
        for norm in attacks.NORMS:
            powers = (None, 1 if which == RELU else which, 1)
            margin, own, one = (robustness.robust(v, y, net, radii[norm], norm=norm, steps=6, m=m) for m in powers)
            np.testing.assert_allclose(arrays[f"accuracy_{norm}_margin"][row], 100 * margin.mean(axis=1))
            np.testing.assert_allclose(arrays[f"accuracy_{norm}_own"][row], 100 * own.mean(axis=1))
            np.testing.assert_allclose(arrays[f"accuracy_{norm}_m1"][row], 100 * one.mean(axis=1))
            np.testing.assert_allclose(arrays[f"accuracy_{norm}"][row], 100 * (margin & own & one).mean(axis=1))
            last = result.values[f"accuracy_percent_{norm}_{radii[norm][1]:g}_{tag}"]
            assert (
                last == arrays[f"accuracy_{norm}"][row, 1] < arrays[f"accuracy_{norm}"][row, 0] == 100 * own[0].mean()
            )
    with pytest.raises(ValueError, match="images must be a number from 1 to 10000"):
        experiments.run("robustness", "demo", results=folder, images=10_001)


def test_the_experiment_on_rubbish_is_that_of_single_descents(folder, few_digits):  # noqa: F811
    settings = {"n": (2, 3), "noises": 2, "updates": 15, "known": 20}
    result = experiments.run("rubbish", "demo", seed=1, backend="numpy", results=folder, **settings)
    arrays, values = result.arrays, result.values
    noise = rubbish.starts(2, 1)
    assert noise.shape == (2, 2, 784) and np.abs(noise).max() <= 1
    assert abs(noise[0].mean()) < 0.1 and any(
        np.array_equal(np.sort(noise[1, 0]), np.sort(d)) for d in few_digits.x_train
    )
    networks = {n: rubbish.double(trained(n, 0, folder)[0], np) for n in (2, 3)}
    correlation = np.corrcoef(noise.reshape(4, 784), few_digits.x_train)[:4, 4:]
    np.testing.assert_allclose(arrays["likeness_start"].ravel(), correlation.max(axis=1), atol=1e-5)
    for n, net in networks.items():
        assert arrays[f"likeness_n{n}"].shape == (2, 2, 10)
        for kind, one, alpha in ((0, 0, 3), (1, 1, 7)):
            found = robustness.minima(noise[kind, [one]], np.array([alpha]), net, updates=15, m=n)
            place = kind, one, alpha
            assert arrays[f"confidence_n{n}"][place] == pytest.approx(found.confidence[0], abs=1e-9)
            assert arrays[f"updates_n{n}"][place] == found.updates[0]
            alike = np.corrcoef(found.images, few_digits.x_train)[0, 1:]
            assert arrays[f"likeness_n{n}"][place] == pytest.approx(alike.max(), abs=1e-5)
            assert arrays[f"alike_n{n}"][place] == few_digits.y_train[alike.argmax()]
            if one == 0:
                np.testing.assert_allclose(arrays[f"images_n{n}"][kind, alpha], found.images[0], atol=1e-3)
            answer = net.predict(found.images)[0]
            confident = answer == alpha and found.confidence[0] >= 0.9
            assert arrays[f"confident_n{n}"][place] == confident
        unlike = arrays[f"likeness_n{n}"] < rubbish.UNLIKE
        assert values[f"unlike_percent_n{n}"] == 100 * unlike.mean()
        assert values[f"rubbish_percent_n{n}"] == 100 * (unlike & arrays[f"confident_n{n}"]).mean()


def test_the_stored_numbers_do_not_depend_on_who_else_is_asked(folder, few_digits):  # noqa: F811
    """All other networks name the class: with one other network, that is its answer."""
    settings = {"noises": 1, "updates": 10, "known": 20}
    both = experiments.run("rubbish", "demo", backend="numpy", results=folder, n=(2, 3), **settings)
    alone = experiments.run("rubbish", "demo", backend="numpy", results=folder, n=(2,), **settings)
    np.testing.assert_array_equal(both.arrays["images_n2"], alone.arrays["images_n2"])
    assert alone.values["named_percent_n2"] == 100 and "likeness_n3" not in alone.arrays
    ends, other = both.arrays["images_n2"].reshape(-1, 784), rubbish.double(trained(3, 0, folder)[0], np)
    named = 100 * np.mean(other.predict(ends.astype(float)) == np.tile(np.arange(10), 2))
    assert abs(both.values["named_percent_n2"] - named) <= 5  # the stored pictures are rounded to float16
