"""Which pod is the Redis primary, as the Sentinels of the cluster say."""

from story.kubernetes import Kubernetes
from story.platform import CommandFailedError, Pod

NAMESPACE = "system-server"
SENTINELS = tuple(f"redis-sentinel-{ordinal}" for ordinal in range(3))
ASK = ". /etc/redis/lib.sh && named_primary"


async def primary(cluster: Kubernetes) -> Pod | None:
    """Return the primary; None where Sentinels cannot be asked, or do not agree."""
    address = await _named(cluster)
    services = await cluster.objects("services", NAMESPACE)
    found = [one["spec"]["selector"] for one in services if one["spec"]["clusterIP"] == address]
    if not found:
        return None
    pods = [Pod(document) for document in await cluster.objects("pods", NAMESPACE)]
    selected = [pod for pod in pods if found[0].items() <= pod.labels.items()]
    return selected[0] if selected else None


async def _named(cluster: Kubernetes) -> str:
    """Return the address that a majority of the Sentinels names, empty where there is none."""
    for sentinel in SENTINELS:
        try:
            asked = ("exec", sentinel, "-n", NAMESPACE, "--", "sh", "-c", ASK)
            return (await cluster.program.run(*asked, timeout=10)).strip()
        except CommandFailedError:
            continue  # not there, or on a node that is lost
    return ""
