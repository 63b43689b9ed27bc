"""Runs Kubernetes manifests as processes on one machine; a supervisor, not a cluster."""

from localkube.errors import AlreadyRunningError, LocalkubeError, UsageError

__all__ = ["AlreadyRunningError", "LocalkubeError", "UsageError"]
