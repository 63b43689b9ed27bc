"""`exec`: run a command with the environment, the mounts and the directory of a pod's container."""

import argparse
import os
from typing import Any, NoReturn

from localkube.control.client import Client
from localkube.errors import LocalkubeError, UsageError
from localkube.terminal import print_progress
from localkube.verbs.attachable_pod import owner_and_pod

_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
"""The exit codes of shells."""
_UMASK = 0o022
"""The umask in containers."""


def exec_command(options: argparse.Namespace, client: Client) -> NoReturn:
    """Replace this process by the command, whose exit code it has; raise `LocalkubeError`."""
    words = options.rest[1:]
    if len(options.what) != 1 or not words:
        raise UsageError("write: exec POD or TYPE/NAME -- COMMAND [ARGUMENTS]")
    _, pod = owner_and_pod(options, client, options.what[0])
    place = {"namespace": options.namespace, "name": pod["metadata"]["name"]}
    launch = client.call("launch", **place, container=_container(options, pod), command=words)
    try:
        _become(launch, has_input=options.stdin)
    except FileNotFoundError:
        reason = f'exec: "{words[0]}": executable file not found in $PATH'
        raise LocalkubeError(reason, _NOT_FOUND) from None
    except OSError as error:
        raise LocalkubeError(f'exec: "{words[0]}": {error.strerror}', _NOT_EXECUTABLE) from None


def _container(options: argparse.Namespace, pod: Any) -> str:
    names = [container["name"] for container in pod["spec"]["containers"]]
    if not options.container and len(names) > 1:
        print_progress(f'Defaulted container "{names[0]}" out of: {", ".join(names)}')
    return str(options.container or names[0])


def _become(launch: Any, *, has_input: bool) -> NoReturn:
    """Run the command in place of this process; raise `OSError`."""
    os.umask(_UMASK)
    os.chdir(launch["directory"])
    if not has_input:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # A terminal is the caller's own; only its kind is not among the pod's variables.
    terminal = {"TERM": os.environ["TERM"]} if "TERM" in os.environ else {}
    argv = launch["argv"]
    os.execvpe(argv[0], argv, {**terminal, **launch["environment"]})  # noqa: S606
