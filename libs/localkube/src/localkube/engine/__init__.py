"""The supervisor: a store of objects, and controllers that make them real."""
