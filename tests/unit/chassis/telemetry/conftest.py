"""The application as its authors test it."""

from chassis.testing import serve

__all__ = ["serve"]
