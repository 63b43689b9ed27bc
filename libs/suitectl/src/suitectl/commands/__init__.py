"""One module a command: its options and `run`."""
