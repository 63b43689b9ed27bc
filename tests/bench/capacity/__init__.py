"""What one Redis primary and N replicas of cas-server carry: `make capacity`."""
