"""Who is logged in at a browser, and what they allowed to which client."""
