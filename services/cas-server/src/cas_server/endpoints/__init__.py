"""One file per HTTP endpoint."""
