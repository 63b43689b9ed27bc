"""The bound on guessing: what is counted, who waits, and who is next."""
