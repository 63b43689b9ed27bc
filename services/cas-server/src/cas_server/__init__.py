"""The authorization server of the suite: OAuth 2.0, tokens in Redis."""
