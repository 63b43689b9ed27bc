"""The suite in a cluster, by `kubectl`."""

import shlex
import shutil
import time
from collections.abc import Sequence

from suitectl.errors import CommandFailedError
from suitectl.platform.platform import Platform
from suitectl.platform.pod import Pod

REFRESHED = "suite/refreshed"
"""The annotation that makes kubelet look at a pod's volumes now."""


class Kubernetes(Platform):
    """A suite in the cluster of a kubeconfig's context, by default the current one."""

    name = "kubernetes"
    kinds = (
        *("deployments", "statefulsets", "services", "configmaps"),
        *("networkpolicies", "horizontalpodautoscalers"),
    )

    def __init__(
        self, command: Sequence[str] = ("kubectl",), *, context: str | None = None
    ) -> None:
        if shutil.which(command[0]) is None:
            raise CommandFailedError(
                "kubectl is not on the PATH; install it, or take PLATFORM=localkube"
            )
        options = [f"--context={context}"] if context else []
        super().__init__((*command, *options), shlex.join(("kubectl", *options)), profile="prod")

    async def swapped_at(self, pod: Pod) -> float:
        """Ask the pod."""
        printed = await self.run(
            *("exec", pod.name, "-n", pod.namespace, "--"),
            *("stat", "--format=%.Y", "/etc/suite/config/..data"),
        )
        return float(printed)

    async def hasten(self, app: str, namespace: str) -> None:
        """Annotate the pods: kubelet then looks at their volumes."""
        await self.run(*hastening(app, namespace))


def hastening(app: str, namespace: str) -> tuple[str, ...]:
    """Return the verb that makes kubelet look at a service's pods."""
    which = ("annotate", "pods", "-n", namespace, "-l", f"app={app}")
    return (*which, "--overwrite", f"{REFRESHED}={time.time():.3f}")
