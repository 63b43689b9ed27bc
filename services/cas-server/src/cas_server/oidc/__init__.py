"""OpenID Connect: its scopes, the claims about a user, and what its metadata say."""
