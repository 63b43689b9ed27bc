"""Applies Secrets in a cluster, and waits until kubelet has mounted them and pods use them."""

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping

from localkube.progress import step
from suitectl.catalogue import service_named
from suitectl.errors import CommandFailedError
from suitectl.platform.platform import Platform
from suitectl.refresh import refresh
from suitectl.reporter import Reporter
from suitectl.secrets.in_cluster import data_of
from suitectl.secrets.signing_keys import SECRET
from suitectl.secrets.stored import Secret

CAS = "cas-server"
_PATH = "/etc/suite/secrets"
_WITHIN_S = 120.0
_PAUSE_S = 0.5
# RFC 7009, 2.2: an authenticated client gets 200 also for an unknown token, any other 401.
_PROVE = """
import base64, http.client, sys
basic = base64.b64encode(sys.stdin.buffer.read()).decode()
cas = http.client.HTTPConnection("127.0.0.1", 2000, timeout=5)
form = "application/x-www-form-urlencoded"
cas.request("POST", "/oauth/revoke", "token=none",
            {"Authorization": "Basic " + basic, "Content-Type": form})
print(cas.getresponse().status)
"""


_COUNT_KEYS = """
import json, urllib.request
keys = json.load(urllib.request.urlopen("http://127.0.0.1:2000/oauth/jwks", timeout=5))["keys"]
print(len(keys))
"""


class MountedSecrets:
    """The Secrets of the suite in the cluster that `platform` talks to."""

    def __init__(self, platform: Platform, reporter: Reporter) -> None:
        self._platform, self._reporter = platform, reporter

    async def is_deployed(self) -> bool:
        """Say whether cas-server runs; raise `CommandFailedError` where the cluster is down."""
        return bool(await self._pods(CAS))

    async def signing_keys(self) -> Mapping[str, str]:
        """Return the files of the keys that sign tokens; none where there is no such Secret."""
        return await data_of(self._platform, SECRET) or {}

    async def apply(self, secret: Secret) -> None:
        """Replace a Secret."""
        await self._platform.run("apply", "-f", "-", stdin=json.dumps(secret))

    async def await_mounted(self, service: str, key: str, text: str) -> None:
        """Make kubelet sync now, and return once every pod has this text.

        The pods report its digest, so the secret itself is not printed.
        """
        await refresh(self._platform, self._reporter, service)
        wanted = hashlib.sha256(text.encode()).hexdigest()

        async def has_it(pod: str) -> bool:
            printed = await self._exec(service, pod, "sha256sum", f"{_PATH}/{key}")
            return printed.startswith(wanted)

        await self._every_pod(service, has_it, f"has {key}")

    async def await_accepted(self, client: str, secret: str) -> None:
        """Return once every cas-server accepts the secret; a request inside its pod checks it."""

        async def accepts_it(pod: str) -> bool:
            proof = f"{client}:{secret}"
            printed = await self._exec(CAS, pod, "python", "-c", _PROVE, stdin=proof)
            return printed.strip() == "200"

        await self._every_pod(CAS, accepts_it, f"accepts the new secret of {client}")

    async def await_published(self, number: int) -> None:
        """Return once every cas-server publishes so many keys for signatures.

        One that refuses the new ones goes on publishing those before: its log says why.
        """

        async def publishes_all(pod: str) -> bool:
            printed = await self._exec(CAS, pod, "python", "-c", _COUNT_KEYS)
            return printed.strip() == str(number)

        await self._every_pod(CAS, publishes_all, f"publishes {number} keys")

    async def _every_pod(
        self, service: str, holds: Callable[[str], Awaitable[bool]], what: str
    ) -> None:
        """Poll until it holds for all pods: one that starts meanwhile may have the old mount."""
        deadline, held = time.monotonic() + _WITHIN_S, set[str]()
        with step(f"waiting for {service}") as say:
            while missing := set(await self._pods(service)) - held:
                say(f"{len(missing)} pods to go")
                for pod in sorted(missing):
                    if await holds(pod):
                        held.add(pod)
                if missing - held:
                    if time.monotonic() > deadline:
                        late = ", ".join(sorted(missing - held))
                        raise CommandFailedError(f"not within {_WITHIN_S:g} s: {late} {what}")
                    await asyncio.sleep(_PAUSE_S)

    async def _pods(self, service: str) -> list[str]:
        pods = await self._platform.pods(service_named(service).namespace, service)
        live = [pod for pod in pods if pod.document["status"]["phase"] in {"Pending", "Running"}]
        return [pod.name for pod in live if not pod.terminating]

    async def _exec(self, service: str, pod: str, *command: str, stdin: str = "") -> str:
        """Run a command in a pod and return its output, empty where the pod no longer exists."""
        where = ("exec", "-i", pod, "-n", service_named(service).namespace, "--")
        try:
            return await self._platform.run(*where, *command, stdin=stdin)
        except CommandFailedError:
            return ""
