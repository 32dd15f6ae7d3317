"""Checks for the exercises of the book that end in code: they say that an answer is right, or what is off.

Each chapter has a module here with ``ANSWERS``, which maps the name of an exercise, its label in the notebook without
``ex-``, to a function of the answer; it returns None if the answer is right, or a sentence that says what is off.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any


def check(name: str, answer: Any) -> bool:
    """Say whether an answer to an exercise is right, or what is off; return whether it is right.

    Parameters
    ----------
    name : str
        The exercise, as its cell in the notebook names it: chapter and name, 'classical-synchronous'.
    answer : object
        What the exercise asks for; None for no answer yet.

    Raises ``ValueError`` if there is no such exercise.
    """
    known = answers()
    if name not in known:
        raise ValueError(f"there is no exercise {name!r}; there are {', '.join(sorted(known))}")
    if answer is None:
        print("No answer yet: set answer.")
        return False
    try:
        off = known[name](answer)
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        off = f"The answer cannot be read ({error})."
    print("Right." if off is None else f"Not yet. {off}")
    return off is None


def answers() -> dict[str, Callable]:
    """Return the checking function of each exercise, by its name."""
    modules = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    return {name: function for module in modules for name, function in module.ANSWERS.items()}
