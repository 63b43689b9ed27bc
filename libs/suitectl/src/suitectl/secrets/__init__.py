"""The Secrets of the suite: generated, written to files, mounted, rotated."""
