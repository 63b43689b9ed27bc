"""The bound on guessing: counters of failures, and a fair queue for comparisons."""
