"""How many examples a property gets."""

from hypothesis import settings


def at_least_in_long(examples):
    """Settings of so many examples in the profile fast, and of as many as the profile says in any other."""
    fast = settings.get_current_profile_name() == "fast"
    return settings(max_examples=examples if fast else max(examples, settings.default.max_examples))
