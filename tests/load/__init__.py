"""Measurements under hostile load, separate from the tests: `make guesses`."""
