"""What the make targets do to a running suite, on localkube and on Kubernetes."""
