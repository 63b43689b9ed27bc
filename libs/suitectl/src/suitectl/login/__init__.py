"""The authorization code flow from a terminal: as a browser goes through it, or beside one."""
