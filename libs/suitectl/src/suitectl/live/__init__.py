"""A running service whose configuration is edited: what it serves before and after."""
