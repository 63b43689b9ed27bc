"""Access and refresh tokens: their form, their records, and the keys that seal these."""
