"""What `make test` hands down to a make that a test runs as a user would."""

OF_MAKE = frozenset(("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS"))
"""With these, make prints what a part of another one prints."""
