"""resourceVersion: a change that was made for another version of an object is refused."""

from localkube.errors import ConflictError, UsageError
from localkube.kinds import resource_of
from localkube.objects import Object, ref_of


def check_current(new: Object, live: Object | None, source: str) -> None:
    """Compare the resourceVersion of a document that has one; raise `ConflictError`."""
    metadata = new.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    version = metadata.get("resourceVersion")
    if not version:
        return
    if live is None:
        reason = "resourceVersion should not be set on objects to be created"
        raise UsageError(f"{source}: {new['kind']} {metadata.get('name')}: {reason}")
    # A document that stands twice in what is applied has no version of its own yet.
    if str(version) != live["metadata"].get("resourceVersion", str(version)):
        raise ConflictError(
            f"Operation cannot be fulfilled on {resource_of(ref_of(live))}: "
            "the object has been modified; "
            "please apply your changes to the latest version and try again"
        )
