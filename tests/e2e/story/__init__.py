"""What tests play on a running suite beside the story: scenarios of a cluster."""
