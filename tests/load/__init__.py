"""Measurements under hostile load, outside of the tests: `make guesses`."""
