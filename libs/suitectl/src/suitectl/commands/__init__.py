"""One module a command: `run`, and `add_arguments` where it has options."""
