"""Settings of all tests."""

from hypothesis import settings

settings.register_profile("book", deadline=None)  # no test is timed: a slow machine is no failure
settings.load_profile("book")
