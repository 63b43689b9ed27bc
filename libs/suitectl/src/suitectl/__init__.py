"""The commands behind make, on localkube and on Kubernetes."""
