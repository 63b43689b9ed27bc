"""How long pods took to start, as Kubernetes recorded it in whole seconds."""

from collections.abc import Iterable
from datetime import datetime

from suitectl.platform.pod import Pod


def created(pod: Pod) -> float:
    """Return the time when a pod was created."""
    return _time(pod.document["metadata"]["creationTimestamp"])


def ready_since(pod: Pod) -> float:
    """Return the time since when a ready pod has been ready."""
    conditions = pod.document["status"]["conditions"]
    return _time(next(one for one in conditions if one["type"] == "Ready")["lastTransitionTime"])


def slowest_start(pods: Iterable[Pod], since: float) -> float:
    """Return the seconds of the slowest start of those created since a time; 0 if there are none.

    Pods that are not ready do not count.
    """
    fresh = [pod for pod in pods if pod.ready and created(pod) >= int(since)]
    return max((ready_since(pod) - created(pod) for pod in fresh), default=0.0)


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
