"""A failover on localkube: its cas-server uses Redis servers with Sentinels beside it."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import yaml

from sentinel_suite import SentinelSuite, sentinel_suite
from story.patience import Patience, Patient
from story.scenarios.failover import RETRIED_S, WRITERS, writes_back
from story.scenarios.ledger import issuing
from story.scenarios.pressure import only_refused
from story.settled import settled
from story.whole_load import whole_load
from suitectl.command_lines import Verb, verb
from suitectl.story.chapters import signed_tokens
from suitectl.story.suite import Suite

CONFIG_MAP = ("configmap", "cas-server", "system-server")
DEPLOYMENT = "deployment/cas-server-deployment -n system-server"
FILE = "application.yaml"


async def failed_over(suite: Suite, directory: Path) -> str:
    """Kill the primary under the whole load; return what was counted."""
    async with _with_sentinels(suite, directory) as servers:
        async with (
            whole_load(suite, Patience(RETRIED_S)) as work,
            signed_tokens.signed(suite),
            issuing(suite, writers=WRITERS) as ledger,
        ):
            await work.goes_on()
            primary = await asyncio.to_thread(servers.primary)
            killed = time.time()
            primary.kill()
            outage = await writes_back(ledger, killed)
            primary.start()
            await asyncio.to_thread(servers.wait_complete)
            await work.goes_on()
        refused = only_refused(suite, ledger.writes, "writes")
        patient = replace(suite, http=Patient(suite.http, Patience(RETRIED_S)))
        counted, audited = await work.verdict(patient), await ledger.audit(patient)
    return f"writes back after {outage:.1f} s; {refused}; {audited}; {counted}"


@asynccontextmanager
async def _with_sentinels(suite: Suite, directory: Path) -> AsyncIterator[SentinelSuite]:
    """Have cas-server use these servers, processes of this machine, during the block."""
    stored = (await suite.platform.object("secret", "cas-server-store", CONFIG_MAP[2]))["data"]
    password = base64.b64decode(stored["spring.data.redis.password"]).decode()
    with sentinel_suite(directory, cas_server=password) as servers:
        before = (await suite.platform.object(*CONFIG_MAP))["data"][FILE]
        await _configure(suite, _pointed_at(servers, before))
        try:
            yield servers
        finally:
            await _configure(suite, before)


def _pointed_at(servers: SentinelSuite, text: str) -> str:
    """Return a configuration as of k8s/components/redis-sentinel, for these servers."""
    config = yaml.safe_load(text)
    who = {"username": "cas-server", "password": servers.passwords["cas-server-password"]}
    nodes = [f"{address}:26379" for address in servers.addresses("sentinel")]
    sentinel = {"master": "suite", "nodes": nodes, **who}
    del config["spring"]["redis"]
    config["spring"]["data"] = {"redis": {**who, "sentinel": sentinel}}
    config["durability"] = {"wait-replicas": 1}
    return yaml.safe_dump(config, sort_keys=False)


async def _configure(suite: Suite, text: str) -> None:
    """Change the file, and replace the pods: connections to Redis are those of the start.

    Callers may have connections to the old ones until these have ended, and another Redis there.
    """
    kind, name, namespace = CONFIG_MAP
    patch = json.dumps({"data": {FILE: text}})
    await suite.run(Verb(("patch", kind, name, "-n", namespace, "--type=merge", "-p", patch)))
    await suite.run(verb(f"rollout restart {DEPLOYMENT}"))
    await suite.run(verb(f"rollout status {DEPLOYMENT} --timeout=120s"))
    await settled(suite.platform)
