"""The conditions of a Deployment, which `wait --for=condition=…` reads."""

from localkube.api.objects import Object, timestamp


def conditions(before: list[Object], *, available: bool, complete: bool) -> list[Object]:
    """Return Available and Progressing, with the time at which each last changed."""
    has = "has" if available else "does not have"
    reason = f"MinimumReplicas{'Available' if available else 'Unavailable'}"
    progress = "NewReplicaSetAvailable" if complete else "ReplicaSetUpdated"
    now = timestamp()
    found = [
        {
            "type": "Available",
            "status": str(available),
            "reason": reason,
            "message": f"Deployment {has} minimum availability.",
        },
        {"type": "Progressing", "status": "True", "reason": progress},
    ]
    times = {(one["type"], one["status"]): one["lastTransitionTime"] for one in before}
    return [
        {**one, "lastTransitionTime": times.get((one["type"], one["status"]), now)} for one in found
    ]
