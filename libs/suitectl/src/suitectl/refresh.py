"""`suitectl refresh`: have kubelet bring edited ConfigMaps and Secrets into the pods at once.

kubelet looks at a pod's volumes once a minute, or when the pod changes: an annotation does.
"""

import argparse
import time

from suitectl.arguments import add_platform
from suitectl.program import CommandFailedError, Program, program_named
from suitectl.telling import Teller

SERVICES = {
    "cas-server": "system-server",
    "rest-service": "system-server",
    "diff-ns-service": "ns-app",
}
ANNOTATION = "suite/refreshed"


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `refresh`."""
    parser = verbs.add_parser("refresh", help="bring edited configuration into the pods at once")
    add_platform(parser)
    parser.add_argument("--service", help="which service's pods; by default all")
    parser.set_defaults(run=run)


async def run(options: argparse.Namespace) -> int:
    """Annotate the pods; on localkube say that nothing is needed."""
    if options.service and options.service not in SERVICES:
        known = ", ".join(SERVICES)
        raise CommandFailedError(f"SERVICE={options.service}: no such service; there are: {known}")
    program = program_named(options.platform)
    for service in [options.service] if options.service else SERVICES:
        await refresh(program, Teller(program), service)
    return 0


async def refresh(program: Program, tell: Teller, service: str) -> None:
    """Have kubelet look at a service's pods now; raise `CommandFailedError` where it has none."""
    where = ("-n", SERVICES[service], "-l", f"app={service}")
    arguments = ("annotate", "pods", *where, "--overwrite", f"{ANNOTATION}={time.time():.3f}")
    pods = (await program.run("get", "pods", *where, "-o", "name")).split()
    if not pods:
        raise CommandFailedError(f"no pods of {service} in {SERVICES[service]}")
    if program.platform == "kubernetes":
        tell.command(*arguments)
        await program.run(*arguments)
        tell.good(f"{len(pods)} pods of {service} are looked at by kubelet now")
    else:
        tell.good(f"{service}: not needed, localkube brings an edit to {len(pods)} pods at once")
