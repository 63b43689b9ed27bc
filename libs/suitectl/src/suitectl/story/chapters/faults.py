"""A token server is killed and all are rolled while requests go on."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from suitectl.catalogue import services
from suitectl.command_lines import Captured, Command, Verb, verb
from suitectl.platform.http import Request
from suitectl.platform.pod import Pod
from suitectl.story.cast import DIFF_NS_SERVICE, REST, REST_SERVICE
from suitectl.story.chapter import Chapter
from suitectl.story.load import Tally, enough, load
from suitectl.story.suite import Suite, ready_pods
from suitectl.waiting import until

Place = tuple[str, str]
"""A Deployment and its namespace."""


def of_services(*, optional: bool) -> Sequence[Place]:
    """Return the Deployments of all services; of the optional ones only where asked for."""
    return [
        (deployment, service.namespace)
        for service in services().values()
        if optional or not service.optional
        for deployment in service.deployments.values()
    ]


def _kill(pod: str) -> Verb:
    return verb(f"delete {pod} -n system-server --grace-period=0 --force")


def _restart(name: str, namespace: str) -> Verb:
    return verb(f"rollout restart deployment/{name} -n {namespace}")


def _status(name: str, namespace: str) -> Verb:
    return verb(f"rollout status deployment/{name} -n {namespace} --timeout=120s")


COMMANDS: Sequence[Command] = (
    Captured("POD", verb("get pods -n system-server -l app=cas-server -o name")),
    _kill("$POD"),
    *(_restart(*place) for place in of_services(optional=False)),
)


async def play(suite: Suite) -> None:
    """Kill a token server and roll all Deployments under load."""
    requests = await requests_of(suite)
    before = await suite.http.send(requests[0])
    async with load(suite.http, requests) as tally:
        await enough(tally, 50)
        await _killed(suite, tally)
        await rolled(suite, tally)
    after = await suite.http.send(requests[0])
    suite.reporter.changed("GET /api/me before the kill, and after the last rollout", before, after)
    statement = "no request of a resource service failed"
    suite.reporter.check(statement, holds=not tally.failed, seen=tally.summary())


async def requests_of(suite: Suite) -> list[Request]:
    """Return GETs and POSTs by several tokens, so that checks are needed all the time."""
    url = await suite.platform.url(*REST)
    tokens = [(await suite.user_token(user))["access_token"] for user in ("alice", "admin") * 4]
    return [
        request
        for token in tokens
        for request in (
            Request("GET", f"{url}/api/me", bearer=token),
            Request("POST", f"{url}/api/echo", bearer=token, json={"hello": "world"}),
            Request("GET", f"{url}/api/detail/relayed", bearer=token),
            Request("GET", f"{url}/api/detail/own", bearer=token),
        )
    ]


async def _killed(suite: Suite, tally: Tally) -> None:
    pods = await ready_pods(suite.platform, "cas-server", "system-server")
    victim = pods[0].name
    await suite.run(_kill(f"pod/{victim}"), show=True)

    async def replaced() -> list[Pod] | None:
        now = await ready_pods(suite.platform, "cas-server", "system-server")
        whole = len(now) == len(pods) and victim not in {pod.name for pod in now}
        return now if whole else None

    await until(replaced, what="a new cas-server replica", seconds=60)
    suite.reporter.reached(f"{victim} is replaced", seen=tally.summary())


async def rolled(suite: Suite, tally: Tally) -> None:
    """Roll every Deployment of a service, one after the other."""
    for place in deployed(await suite.platform.objects("deployments")):
        await suite.run(_restart(*place), show=True)
        done = "successfully rolled out" in await suite.run(_status(*place))
        suite.reporter.check(f"{place[0]} is rolled", holds=done, seen=tally.summary())


def deployed(objects: Iterable[Mapping[str, Any]]) -> Sequence[Place]:
    """Return the services' Deployments that there are: an optional one may be left out."""
    found = {(one["metadata"]["name"], one["metadata"]["namespace"]) for one in objects}
    return [place for place in of_services(optional=True) if place in found]


CHAPTER = Chapter(
    "A replica is killed, then all are rolled, under load",
    COMMANDS,
    play,
    needs=(REST_SERVICE, DIFF_NS_SERVICE),
)
