"""What checkers say of the manifests and the Dockerfile, compared with what is explained."""
