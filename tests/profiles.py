"""How many examples a property gets."""

import os

from hypothesis import settings

NAME = os.environ.get("HYPOTHESIS_PROFILE", "fast")


def at_least_in_long(examples):
    """Settings of so many examples in the profile fast, and of as many as the profile says in any other."""
    return settings(max_examples=examples if NAME == "fast" else max(examples, settings.default.max_examples))
