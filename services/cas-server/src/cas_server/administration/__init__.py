"""Administration: who holds what, and ending it; docs/design/administration.md has the rules."""
