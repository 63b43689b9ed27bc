"""Waits until the pods of a service serve what their ConfigMap says."""

from suitectl.catalogue import Service
from suitectl.live.config_map import Stored
from suitectl.live.live_setting import LiveSetting, texts
from suitectl.live.setting_text import values
from suitectl.live.verdicts import FOLLOWS_WITHIN_S
from suitectl.platform.http import open_sender
from suitectl.platform.platform import Platform
from suitectl.platform.pod import Pod
from suitectl.waiting import until


async def followed(platform: Platform, service: Service) -> None:
    """Wait until each ready pod of a service with a live setting serves a text of its ConfigMap.

    A restored ConfigMap reaches the mounts later than the API server. Raises `TimeoutError`.
    """
    async with open_sender(platform) as http:
        live = LiveSetting(platform, http, service)
        stored = await live.config_map.read()
        for pod in await live.pods():
            await _followed(live, stored, pod)


async def _followed(live: LiveSetting, stored: Stored, pod: Pod) -> None:
    wanted = set(values(stored.valid, live.setting))

    async def follows() -> bool:
        if wanted & set(texts(await live.ask(pod))):
            return True
        # Again each time: kubelet may not have seen the ConfigMap when it looked at the pod.
        await live.platform.hasten(live.service.name, live.service.namespace)
        return False

    what = f"{pod.name} to follow ConfigMap {live.config_map.name}"
    await until(follows, what=what, seconds=FOLLOWS_WITHIN_S, every=0.5)
