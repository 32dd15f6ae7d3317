"""The checks of the exercises know the right answer, and say what is off with the usual wrong ones.

The right numbers are those that the solutions in the book find.
"""

import functools

import pytest

from dam.lab import exercises
from dam.lab.exercises import attention, photographs, settings
from dam.network import training

PERCENT = "in percent|for percent|asks for percent|not in percent"
SEVEN = functools.cache(lambda: len(attention._wrong()) / 100)
WALL, WALL_3, MILD = ((20, {"init_mean": -0.6}), (3, {"init_mean": -0.6}), (20, {"init_mean": -0.1}))
CASES = {
    "adversarial-linear": {0.218: "Right", 1 / 0.218: "attack over the guess", 1.173: "at n = 2", 9.0: "short step"},
    "adversarial-m": {0.81: "Right", 81.0: PERCENT, 1.0: "with m = 30", 0.5: "the sum of all ten"},
    "adversarial-random": {0.0: "Right", 40.0: "nearer to 0 %"},
    "attention-labels": {
        7.7: "Right", 0.077: PERCENT, 92.3: "how many answers are right", 31.6: "not divided", 8.3: "nearest neighbor",
        50.0: "pixels from 0 to 2",
    },
    "basins-frozen": {"many": "the answer is a number", 10**6: "far", 350: "Right", 50: "too few", 2000: "too many"},
    "classical-diagonal": {85.5: "Right", 0.855: PERCENT, 59.8: "without the diagonal", 20.0: "probability 0.2"},
    "classical-synchronous": {27.1: "Right", 0.271: PERCENT, 72.9: "end in a fixed point", 50.0: "Subtract"},
    "dense-damage": {72.0: "Right", 0.72: PERCENT, 99.0: "cannot beat it", 20.0: "In our run it is"},
    "dense-variance": {244: "Right", 200: "keeps only the square", 3.5: "an integer", 300: "already", 50: "not yet"},
    "duality-predict": {98.9: "Right", 0.989: PERCENT, 1.5: "what is left over", 60.0: "leave out the class itself"},
    "mnist-start": {6.47: "Right", 1 / 6.47: "predicted over measured", 50.0: "is not 50 times"},
    "mnist-zero": {63.0: "Right", 0.63: PERCENT, 37.0: "did not move", 90.0: "initial ones of seed 0"},
    "own-inverted": {0.096: "Right", 99.904: "as they were", 50.0: "first 64 columns"},
    "own-two": {1.2: "Right", 20.0: "y % 2"},
    "photographs-raw": {
        61.1: "Right", -61.1: "The sign", 140.7: "natural logarithm", 127.7: "largest over the smallest",
        30.0: "double precision",
    },
    "photographs-uncentered": {80.8: "Right", 0.808: "not their share", 3.4: "with centered features", 40.0: "median"},
    "prototypes-agree": {92.0: "Right", 86.7: "sleeping", 0.92: PERCENT, 50.0: "is awake"},
    "prototypes-opposed": {-0.193: "Right", 0.193: "look at the sign", 0.7: "np.corrcoef"},
    "prototypes-specialists": {24.95: "Right", 75.05: "read correctly", 0.2495: PERCENT, 5.0: "exactly one"},
    "settings-copies": {1.71: "Right", 5.0: "to the power -n", 1 / 1.71: "must rise", 3.0: "power of T"},
    "settings-fast": {100.0: "Right", 1.0: PERCENT, 0.0: "These are awake", 50.0: "four epochs"},
    "xor-bias": {14: "Right", 4: "without the constant neuron", 9: "a tie does not count"},
    "xor-free": {33.3: "Right", 0.333: PERCENT, 0.0: "Compare whole states", 70.0: "all three neurons"},
}  # fmt: skip


TRAINED = set(photographs.ANSWERS)  # which take seconds


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] * (name in TRAINED)) for name in CASES])
def test_an_answer_is_right_or_told_what_is_off(name, capsys, monkeypatch):
    train, found = training.train, []

    def once(*args, **options):
        found.extend([] if found else [train(*args, **options)])
        return found[0]

    monkeypatch.setattr(training, "train", once)
    for answer, said in CASES[name].items():
        right = exercises.check(name, answer)
        out = capsys.readouterr().out
        assert right == (said == "Right") and any(part in out for part in said.split("|")), (answer, out)


def test_the_smallest_beta_is_found_and_others_are_told_their_errors(capsys):
    for answer, said in {
        SEVEN(): "Right",
        SEVEN() + 0.01: "smaller β",
        SEVEN() / 2 + 1e-4: "multiple",
        0.01: "pixels",
    }.items():
        exercises.check("attention-seven", answer)
        assert said in capsys.readouterr().out


def test_all_checks_are_tried():
    assert {*CASES, "attention-seven", "settings-wall", "settings-eight"} == set(exercises.answers())


def test_temperatures_of_other_settings_are_recognized(capsys):
    cases = {
        "settings-wall": [(WALL, "Right"), (WALL_3, "n = 3"), (MILD, "mean of -0.1"), ((8, {}), "init_mean")],
        "settings-eight": [((8, {"K": 200}), "Right"), ((8, {}), "2000 memories"), ((20, {}), "K = 200")],
    }
    for name, answers in cases.items():
        for (n, changes), said in answers:
            exercises.check(name, settings.start(n, **changes))
            assert said in capsys.readouterr().out
