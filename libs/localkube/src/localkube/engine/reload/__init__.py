"""Reload on save: watch sources, and replace the pods that run them."""
