"""The platforms that a suite runs on, and how commands reach it there."""
