"""Read and follow the logs of containers, which are files."""
