"""The command line: kubectl's verbs, and `up`, `down` and `curl`; imports no engine."""
