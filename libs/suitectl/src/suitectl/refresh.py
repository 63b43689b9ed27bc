"""Makes kubelet sync edited ConfigMaps and Secrets into the pods at once.

kubelet syncs a pod's volumes once a minute, and when the pod changes: an annotation is enough.
"""

from suitectl.catalogue import service_named
from suitectl.command_lines import Verb
from suitectl.errors import CommandFailedError
from suitectl.platform.kubernetes import hastening
from suitectl.platform.platform import Platform
from suitectl.reporter import Reporter


async def refresh(platform: Platform, reporter: Reporter, service: str) -> None:
    """Make kubelet sync a service's pods now; raise `CommandFailedError` where it has none."""
    namespace = service_named(service).namespace
    asked = ("get", "pods", "-n", namespace, "-l", f"app={service}", "-o", "name")
    pods = (await platform.run(*asked)).split()
    if not pods:
        raise CommandFailedError(f"no pods of {service} in {namespace}")
    if platform.name == "kubernetes":
        annotate = hastening(service, namespace)
        reporter.command(Verb(annotate))
        await platform.run(*annotate)
        reporter.good(f"{len(pods)} pods of {service}: kubelet syncs them now")
    else:
        reporter.good(
            f"{service}: not needed, localkube brings an edit to {len(pods)} pods at once"
        )
