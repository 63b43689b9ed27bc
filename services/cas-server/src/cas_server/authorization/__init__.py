"""The authorization code flow: requests, redirect URIs, PKCE, and codes."""
