"""diff-ns-service: a resource service in another namespace, shipped in two versions."""
