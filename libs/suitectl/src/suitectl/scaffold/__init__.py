"""Make a service from the template, and remove one: its own folders and its lines elsewhere."""
