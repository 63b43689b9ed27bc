"""`logs --follow`: print what is added to logs until their pods end."""

from collections.abc import Sequence

from localkube.control.client import Client
from localkube.logs.file_changes import FileChanges
from localkube.logs.log_file import log_directory
from localkube.verbs.log_stream import Stream


def follow(client: Client, streams: Sequence[Stream], namespace: str) -> None:
    """Print what is added, over restarts, until the last of the pods has ended."""
    running = {stream.pod["metadata"]["uid"] for stream in streams}
    with client.watch(["Pod"], namespace) as pods, FileChanges() as files:
        running &= {pod["metadata"]["uid"] for pod in pods.existing()}
        while True:
            for stream in streams:
                if stream.pod["metadata"]["uid"] in running:
                    files.add(log_directory(stream.pod))
            files.clear()
            streams = _printed(streams, running)
            if not streams:
                return
            for change in pods.arrived(files.period, *files.descriptors):
                if change["type"] == "DELETED":
                    running.discard(change["object"]["metadata"]["uid"])


def _printed(streams: Sequence[Stream], running: set[str]) -> list[Stream]:
    """Print what was added; return the streams whose pods run."""
    for stream in streams:
        alive = stream.pod["metadata"]["uid"] in running
        stream.show(stream.log.added() if alive else stream.log.rest())
    return [stream for stream in streams if stream.pod["metadata"]["uid"] in running]
