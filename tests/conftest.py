"""Settings of all tests."""

import profiles
from hypothesis import settings

# no test is timed, for a slow machine is no failure; `make test-long` takes the profile long
settings.register_profile("fast", deadline=None)
settings.register_profile("long", deadline=None, max_examples=2000)
settings.register_profile("mutants", deadline=None, max_examples=10, derandomize=True, database=None)
settings.load_profile(profiles.NAME)
