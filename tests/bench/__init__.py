"""Speed and size, as ratios to a limit or a peer measured in the same run."""
