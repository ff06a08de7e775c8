"""For the unit tests: how long an example takes says something of the machine, not of the code."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
