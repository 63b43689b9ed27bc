"""`make doctor`: what is missing or odd on this machine, and the remedy.

It runs before `setup` has succeeded: the standard library alone, in the syntax of Python 3.8.
"""
