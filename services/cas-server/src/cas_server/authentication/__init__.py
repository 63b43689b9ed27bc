"""Authentication of callers: clients by a secret, bearers by a token."""
