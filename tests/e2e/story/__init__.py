"""The end-to-end tests' own parts beside the story: scenarios of a cluster."""
