"""Who calls: clients by a secret, bearers by a token."""
