"""The process of a service: from its command line to its exit code."""
