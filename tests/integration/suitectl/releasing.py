"""The two versions of a service on localkube, and a load on their Service."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eventually import PATIENCE_S
from sample_services import VERSIONED
from suitectl.__main__ import main
from suitectl.catalogue import VERSION_PATH
from suitectl.platform.http import Http
from suitectl.release.probes import Probe, probe
from suitectl.release.release import PREVIOUS

ROOT = Path(__file__).parents[3]
LOCALKUBE = Path(sys.executable).with_name("localkube")
SERVICE = VERSIONED
APP, NAMESPACE = SERVICE.name, SERVICE.namespace
_NAMED = f"--service={APP}"
"""A checkout may have more services with versions; options that follow can name another."""
BOTH = {"app": APP}
V1, V2 = {**BOTH, "version": "v1"}, {**BOTH, "version": "v2"}
_PATIENT = f"""
from suitectl.__main__ import main
from suitectl.release import smoke
smoke.SLOWEST_S = {PATIENCE_S}
raise SystemExit(main())
"""
"""The command `suitectl`, with more time for smoke tests on a busy machine."""


class Releasing:
    """The objects that the release commands change."""

    def __init__(self, directory: Path) -> None:
        self._directory, self.state = directory, directory / "state"
        self._faulty = False

    def up(self) -> None:
        """Start only this service, since the release commands need no other service."""
        base = ROOT / "k8s/base"
        resources = [str(base / "namespaces" / f"{NAMESPACE}.yaml"), str(base / APP)]
        manifests = self._directory / "manifests"
        manifests.mkdir()
        (manifests / "kustomization.yaml").write_text(json.dumps({"resources": resources}))
        self.localkube("up", str(manifests), "--config", str(ROOT / "k8s/localkube.yaml"))

    def localkube(self, *arguments: str) -> str:
        """Run localkube, and return its standard output."""
        done = subprocess.run(
            [LOCALKUBE, "--state", str(self.state), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def reset(self) -> None:
        """Restore one healthy replica per version, v1 selected, without a previous release."""
        if self._faulty:
            self.faults("v2", error_rate=0, latency_ms=0)
            self._faulty = False
        self._patch(metadata={"annotations": {PREVIOUS: None}})
        self.select("v1")
        self.scale(v1=1, v2=1)

    def scale(self, **replicas: int) -> None:
        """Scale versions and wait for their pods."""
        for version, count in replicas.items():
            deployment = f"deployment/{SERVICE.deployments[version]}"
            self.localkube("scale", deployment, f"--replicas={count}", "-n", NAMESPACE)
            self.localkube(
                "rollout", "status", deployment, "-n", NAMESPACE, f"--timeout={PATIENCE_S:g}s"
            )

    def select(self, version: str | None) -> None:
        """Select a version in the Service, or both with None."""
        self._patch(spec={"selector": {**BOTH, "version": version}})

    def faults(self, version: str, **faults: float) -> None:
        """Configure faults of a version. It is scaled to zero meanwhile, which avoids a rollout."""
        self._faulty, before = True, self.replicas[version]
        self.scale(**{version: 0})
        deployment = f"deployment/{SERVICE.deployments[version]}"
        prefix = f"{APP.upper().replace('-', '_')}__FAULTS__"
        env = [
            {"name": prefix + name.upper(), "value": str(value)} for name, value in faults.items()
        ]
        pod = {"containers": [{"name": APP, "env": env}]}
        patch = json.dumps({"spec": {"template": {"spec": pod}}})
        self.localkube("patch", deployment, "-n", NAMESPACE, "-p", patch)
        self.scale(**{version: before})

    @property
    def traffic(self) -> tuple[Any, ...]:
        """Return everything that determines the distribution of traffic."""
        return self.replicas, self.selector, self.previous

    @property
    def selector(self) -> dict[str, str]:
        """Return the Service's selector."""
        return dict(self._service()["spec"]["selector"])

    @property
    def previous(self) -> Any:
        """Return the release that `rollback` would restore."""
        text = self._service()["metadata"]["annotations"].get(PREVIOUS)
        return text and json.loads(text)

    @property
    def replicas(self) -> dict[str, int]:
        """Return the desired replicas of each version."""
        found = json.loads(self.localkube("get", "deployments", "-n", NAMESPACE, "-o", "json"))
        return {d["metadata"]["labels"]["version"]: d["spec"]["replicas"] for d in found["items"]}

    @property
    def url(self) -> str:
        """Return the URL of the Service."""
        address = self._service()["status"]["addresses"][str(SERVICE.port)]
        return f"http://{address}{SERVICE.annotation(VERSION_PATH)}"

    def _service(self) -> Any:
        wanted = ("get", "service", SERVICE.service, "-n", NAMESPACE, "-o", "json")
        return json.loads(self.localkube(*wanted))

    def _patch(self, **body: Any) -> None:
        self.localkube("patch", "service", SERVICE.service, "-n", NAMESPACE, "-p", json.dumps(body))


async def under_load(url: str, *arguments: str) -> tuple[int, list[Probe]]:
    """Run a command while requests are sent over fresh connections; return all responses."""
    probes: list[Probe] = []
    async with Http() as http:
        command = asyncio.create_task(asyncio.to_thread(run, *arguments))
        while not command.done():
            probes.append(await probe(http, url))
            await asyncio.sleep(0.005)
        return await command, probes


def run(*arguments: str) -> int:
    """Run a command in a separate process."""
    return subprocess.run(command(*arguments), check=False, timeout=3 * PATIENCE_S).returncode


def command(verb: str, *options: str) -> list[str]:
    """Return the command line of a command about this service."""
    return [sys.executable, "-c", _PATIENT, verb, _NAMED, *options]


def release(verb: str, *options: str) -> int:
    """Run a command about this service in the process of the test."""
    return main([verb, _NAMED, *options])


@contextmanager
def running(*arguments: str, stdout: int | None = None) -> Iterator["subprocess.Popen[str]"]:
    """Run a command with its output on a pipe. It ends with the block."""
    words = command(*arguments)
    with subprocess.Popen(words, stdout=stdout, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


__all__ = ["BOTH", "V1", "V2", "Releasing", "release", "running", "under_load"]
