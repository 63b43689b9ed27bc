"""A restored ConfigMap has been served before the next test begins."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from story import followed as module
from story.followed import followed

from suitectl.catalogue import LIVE_SETTING, live_services
from suitectl.live.setting_text import values
from suitectl.platform.http import Reply, Request
from suitectl.platform.localkube import Localkube

LIVE = live_services()[:1]


class Kubelet(Localkube):
    """A platform whose pods mount an edit once it was asked to hasten twice."""

    hastened = 0

    async def object(
        self,
        kind: str,
        name: str,
        namespace: str,
        timeout: float = 0,  # noqa: ARG002, ASYNC109 - as a Platform takes it
    ) -> dict[str, Any]:
        assert kind == "configmap"
        found = next(LIVE[0].of("ConfigMap"))
        assert (found["metadata"]["name"], LIVE[0].namespace) == (name, namespace)
        return found

    async def objects(self, kind: str, namespace: str | None = None) -> Sequence[dict[str, Any]]:
        assert kind == "pods"
        ready = {"podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "True"}]}
        container = {"ports": [{"containerPort": 2001}]}
        metadata = {"name": "web", "namespace": namespace, "labels": {"app": LIVE[0].name}}
        return [{"metadata": metadata, "spec": {"containers": [container]}, "status": ready}]

    async def hasten(self, app: str, namespace: str) -> None:
        assert (app, namespace) == (LIVE[0].name, LIVE[0].namespace)
        self.hastened += 1


@pytest.mark.skipif(not LIVE, reason="no service has a setting that is edited live")
@pytest.mark.anyio
async def test_the_pods_serve_a_text_of_the_restored_config_map(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kubelet = Kubelet()
    config_map = next(LIVE[0].of("ConfigMap"))
    text = values(config_map["data"]["application.yaml"], LIVE[0].annotation(LIVE_SETTING))
    sent: list[str] = []

    class Pods:
        async def send(self, request: Request, *, keep_alive: bool = False) -> Reply:  # noqa: ARG002 - as a Sender takes it
            sent.append("of before" if kubelet.hastened < 2 else text[0])
            return Reply(200, sent[-1], {}, 0, 0)

    @asynccontextmanager
    async def opened(_: object) -> AsyncIterator[Pods]:
        yield Pods()

    monkeypatch.setattr(module, "open_sender", opened)

    await followed(kubelet, LIVE[0])

    assert sent == ["of before", "of before", text[0]]
