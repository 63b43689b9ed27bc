"""Services found through the API server by list and watch."""

from chassis.discovery.kubernetes.api import ApiServer
from chassis.discovery.kubernetes.directory import CALLS, KubernetesDirectory

__all__ = ["CALLS", "ApiServer", "KubernetesDirectory"]
