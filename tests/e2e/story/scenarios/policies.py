"""A foreign pod reaches only the open port."""

import json

from story.scenarios.scenario import Scenario
from suitectl.platform.client_pod import client_pod, remove_client_pod
from suitectl.platform.kubernetes import Kubernetes
from suitectl.story.suite import Suite

NAMESPACE = "suite-stranger"
OPEN = ("rest-service", 2001)
"""The node port is open to all. It proves that the foreign pod's network works."""
CLOSED = (
    ("redis", 6379),
    ("redis-sentinel", 26379),
    ("cas-server", 2000),
    ("cas-server", 12000),
    ("rest-service", 12001),
    ("diff-ns-service", 2001),
    ("diff-ns-service", 12001),
)
CONNECT = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def reached(address):
    try:
        socket.create_connection(tuple(address), timeout=2).close()
    except OSError:
        return False
    return True
with ThreadPoolExecutor(16) as pool:
    print(json.dumps(list(pool.map(reached, json.loads(sys.argv[1])))))
"""


async def play(suite: Suite, platform: Kubernetes) -> str:
    pods = await platform.pods()
    name, seen = await client_pod(platform, NAMESPACE), []
    try:
        for app, port in (OPEN, *CLOSED):
            addresses = [(pod.ip, port) for pod in pods if pod.labels.get("app") == app and pod.ip]
            if not addresses:
                continue  # not part of this overlay
            printed = await platform.run(
                *("exec", name, "-n", NAMESPACE, "--", "python", "-c", CONNECT),
                json.dumps(addresses),
            )
            reached = sum(json.loads(printed))
            wanted = len(addresses) if (app, port) == OPEN else 0
            suite.reporter.check(
                f"a foreign pod reaches {wanted} of {len(addresses)} pods of {app} at {port}",
                holds=reached == wanted,
                seen=reached,
            )
            seen.append(f"{reached} of {len(addresses)} {app}:{port}")
    finally:
        await remove_client_pod(platform, NAMESPACE)
    return "reached " + ", ".join(seen)


SCENARIO = Scenario(
    title="a foreign pod",
    must="cannot reach Redis, Sentinel, cas-server or diff-ns-service",
    play=play,
    smoke=True,
)
