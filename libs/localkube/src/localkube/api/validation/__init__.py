"""Validate objects with the rules and messages of Kubernetes' API server.

The rules are those of pkg/apis/core/validation and pkg/apis/apps/validation, for the fields that
localkube implements.
"""

from localkube.api.objects import Object
from localkube.api.validation.data import check_config_map, check_secret
from localkube.api.validation.deployment import check_deployment
from localkube.api.validation.field import Field, quoted
from localkube.api.validation.metadata import check_metadata, check_update
from localkube.api.validation.service import check_service

__all__ = ["quoted", "validate"]

_CHECKS = {
    "ConfigMap": check_config_map,
    "Secret": check_secret,
    "Service": check_service,
    "Deployment": check_deployment,
}


def validate(new: Object, old: Object | None) -> list[str]:
    """Return the errors of a new object, as an update of the old one where there is one."""
    root = Field()
    check_metadata(new, root.child("metadata"))
    if old is not None:
        check_update(new, old, root.child("metadata"))
    if check := _CHECKS.get(new["kind"]):
        check(new, old, root)
    return root.problems
