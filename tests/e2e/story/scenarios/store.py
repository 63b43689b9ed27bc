"""Which pod is the Redis primary, as the Sentinels of the cluster say."""

from suitectl.errors import CommandFailedError
from suitectl.platform.kubernetes import Kubernetes
from suitectl.platform.pod import Pod

NAMESPACE = "system-server"
SENTINELS = tuple(f"redis-sentinel-{ordinal}" for ordinal in range(3))
NAMED = "named_primary"
REPLICAS = 'ask "$LISTEN" 26379 sentinel replicas "$MASTER"'
IN_SYNC = "master-link-status\nok\n"
FAILOVER = 'ask "$LISTEN" 26379 sentinel failover "$MASTER"'


async def primary(cluster: Kubernetes) -> Pod | None:
    """Return the primary; None where Sentinels cannot be asked, or do not agree."""
    address = await _asked(cluster, NAMED)
    services = await cluster.objects("services", NAMESPACE)
    found = [one["spec"]["selector"] for one in services if one["spec"]["clusterIP"] == address]
    if not found:
        return None
    pods = [Pod(document) for document in await cluster.objects("pods", NAMESPACE)]
    selected = [pod for pod in pods if found[0].items() <= pod.labels.items()]
    return selected[0] if selected else None


async def hand_over(cluster: Kubernetes) -> bool:
    """Have the Sentinels make a replica the primary; tell whether they began.

    They do not while they know of none that is in sync, as for some seconds after a first start.
    """
    return await _asked(cluster, FAILOVER) == "OK"


async def is_whole(cluster: Kubernetes) -> bool:
    """Say whether each Sentinel knows of two replicas in sync; it asks them each ten seconds.

    Before, another failover finds nobody to promote, or may lose what only two of three had.
    """
    said = [await _said(cluster, sentinel, REPLICAS) for sentinel in SENTINELS]
    return all(one.count("flags\nslave\n") == one.count(IN_SYNC) == 2 for one in said)


async def _asked(cluster: Kubernetes, what: str) -> str:
    """Return what the first Sentinel says that can be reached, an empty text where none can be."""
    for sentinel in SENTINELS:
        if said := await _said(cluster, sentinel, what):
            return said
    return ""


async def _said(cluster: Kubernetes, sentinel: str, what: str) -> str:
    """Have a Sentinel run a line of the component's own scripts.

    Returns an empty text where it is not there, or on a node that is lost.
    """
    line = f". /etc/redis/lib.sh && {what}"
    asked = ("exec", sentinel, "-n", NAMESPACE, "--", "sh", "-c", line)
    try:
        return (await cluster.run(*asked, timeout=10)).strip()
    except CommandFailedError:
        return ""
