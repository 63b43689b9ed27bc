"""Kubernetes objects: kinds, manifests, admission, validation and patches."""
