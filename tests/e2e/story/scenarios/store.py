"""The pod of the Redis primary, according to the Sentinels of the cluster."""

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
    """Return the primary, or None if Sentinels are unreachable or disagree."""
    address = await _asked(cluster, NAMED)
    services = await cluster.objects("services", NAMESPACE)
    found = [one["spec"]["selector"] for one in services if one["spec"]["clusterIP"] == address]
    if not found:
        return None
    pods = await cluster.pods(NAMESPACE)
    return next((pod for pod in pods if found[0].items() <= pod.labels.items()), None)


async def hand_over(cluster: Kubernetes) -> bool:
    """Request a failover from the Sentinels; return whether they started it.

    They refuse without a replica in sync, as for some seconds after a first start.
    """
    return await _asked(cluster, FAILOVER) == "OK"


async def has_replicas_in_sync(cluster: Kubernetes) -> bool:
    """Return whether each Sentinel sees two replicas in sync. They check every ten seconds.

    Otherwise another failover has no candidate, or may lose writes that only two of three had.
    """
    said = [await _said(cluster, sentinel, REPLICAS) for sentinel in SENTINELS]
    return all(one.count("flags\nslave\n") == one.count(IN_SYNC) == 2 for one in said)


async def _asked(cluster: Kubernetes, what: str) -> str:
    """Return the output of the first reachable Sentinel, or an empty text."""
    for sentinel in SENTINELS:
        if said := await _said(cluster, sentinel, what):
            return said
    return ""


async def _said(cluster: Kubernetes, sentinel: str, what: str) -> str:
    """Run a line of the component's scripts in a Sentinel's pod.

    Returns an empty text if the pod is missing or its node is lost.
    """
    line = f". /etc/redis/lib.sh && {what}"
    asked = ("exec", sentinel, "-n", NAMESPACE, "--", "sh", "-c", line)
    try:
        return (await cluster.run(*asked, timeout=10)).strip()
    except CommandFailedError:
        return ""
