"""Build a container's command line and environment, with mount paths replaced by real ones."""

from localkube.api.objects import DEBUG, Object, annotations_of
from localkube.engine.pods.environment import (
    base_environment,
    expand,
    manifest_environment,
    with_platform_profile,
)
from localkube.engine.pods.processes import Launch
from localkube.engine.pods.sandbox import Sandbox
from localkube.engine.pods.volumes import Mounts
from localkube.errors import LocalkubeError
from localkube.images import Images, fill_in


def process_launch(container: Object, sandbox: Sandbox, mounts: Mounts) -> Launch:
    """Return the process to start; raise `LocalkubeError` while a referenced object is missing.

    Mount paths are replaced only in the manifest's values, never in the image's command or
    localkube's own variables: those are paths of this machine.
    """
    pod, platform = sandbox.document, sandbox.platform
    work = sandbox.directory / "work"
    variables = with_platform_profile(manifest_environment(container, pod, platform.store))
    ip = sandbox.ip
    program, *rest = platform.images.entrypoint(container)
    manifest_words, image_words = container.get("args", []), []
    if "command" in container:
        manifest_words = [*rest, *manifest_words]
    else:
        image_words = [fill_in(word, ip, lambda name: real_port(container, name)) for word in rest]
    arguments = [mounts.rewrite(expand(word, variables)) for word in manifest_words]
    debugger = _debugger(container, pod, platform.images)
    before = [fill_in(word, ip, lambda name: real_port(container, name)) for word in debugger]
    argv = [*before, program, *image_words, *arguments]
    of_image = {
        name: fill_in(text, ip, lambda name: real_port(container, name))
        for name, text in platform.images.environment(container["image"]).items()
    }
    rewritten = {name: mounts.rewrite(value) for name, value in variables.items()}
    environment = base_environment(pod, work) | of_image | rewritten | platform.environment
    if platform.addresses.loopback:
        environment["CLIENT__SOURCE_ADDRESS"] = ip
    if temporary := mounts.directories.get("/tmp"):  # noqa: S108  # of the manifest
        environment["TMPDIR"] = str(temporary)
    return Launch(argv, environment, work)


def _debugger(container: Object, pod: Object, images: Images) -> list[str]:
    """Return what comes before the command of a pod's first container that is debugged."""
    debugged = DEBUG in annotations_of(pod) and container == pod["spec"]["containers"][0]
    return images.debugger(container["image"]) if debugged else []


def real_port(container: Object, wanted: int | str) -> int:
    """Return the real port for a container port's number or name, the first one for ''."""
    for port in container.get("ports", []):
        if wanted in {"", port["containerPort"], port.get("name")}:
            return int(port.get("hostPort", port["containerPort"]))
    if isinstance(wanted, int):
        return wanted
    needed = f"a port called {wanted!r}" if wanted else "a port"
    raise LocalkubeError(f"the image's command needs {needed}; add it to the manifest")
