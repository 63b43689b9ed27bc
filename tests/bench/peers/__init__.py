"""What others serve, measured beside the suite; docs/design/performance.md says how each is run."""
