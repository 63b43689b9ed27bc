"""What every cluster refuses, refused here by the rules and in the words of its API server.

The rules are those of Kubernetes' pkg/apis/core/validation and pkg/apis/apps/validation, for the
fields that localkube implements.
"""

from localkube.objects import Object
from localkube.validation.data import check_config_map, check_secret
from localkube.validation.deployment import check_deployment
from localkube.validation.field import Field, shown
from localkube.validation.metadata import check_metadata, check_update
from localkube.validation.service import check_service

__all__ = ["shown", "validate"]

_CHECKS = {
    "ConfigMap": check_config_map,
    "Secret": check_secret,
    "Service": check_service,
    "Deployment": check_deployment,
}


def validate(new: Object, old: Object | None) -> list[str]:
    """Return what is wrong with an object that shall be, beside the one that is."""
    root = Field()
    check_metadata(new, root.child("metadata"))
    if old is not None:
        check_update(new, old, root.child("metadata"))
    if check := _CHECKS.get(new["kind"]):
        check(new, old, root)
    return root.problems
