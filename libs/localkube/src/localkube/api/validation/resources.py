"""Resource requests and limits: without effect here, but a cluster refuses invalid ones.

k8s.io/apimachinery, pkg/api/resource: a quantity is a decimal number with a suffix.
"""

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from localkube.api.validation.field import Field

_FORM = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
_QUANTITY = re.compile(
    r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))([numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]{1,3})?"
)
_DECIMAL = {suffix: Decimal(10) ** (3 * power) for power, suffix in enumerate("kMGTPE", 1)}
_DECIMAL |= {"m": Decimal("1e-3"), "u": Decimal("1e-6"), "n": Decimal("1e-9")}
_BINARY = {f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", 1)}
_STANDARD = {"cpu", "memory", "ephemeral-storage"}


def quantity(value: Any) -> Decimal | None:
    """Return a quantity as a number, None where it is invalid."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    found = _QUANTITY.fullmatch(str(value))
    if found is None:
        return None
    number, suffix = Decimal(found[1]), found[2] or ""
    if suffix in _DECIMAL or suffix in _BINARY:
        return number * (_DECIMAL | _BINARY)[suffix]
    return Decimal(f"{number}{suffix}")


def check_resources(resources: Mapping[str, Any], at: Field) -> None:
    """Check limits and requests, and that no request exceeds its limit."""
    limits = _checked(resources.get("limits", {}), at.child("limits"))
    requests = _checked(resources.get("requests", {}), at.child("requests"))
    for name, wanted in requests.items():
        whole = _is_whole(name)
        if name not in limits:
            if whole and name not in resources.get("limits", {}):
                at.child("limits").required("Limit must be set for non overcommitable resources")
        elif (whole and wanted != limits[name]) or wanted > limits[name]:
            how = "equal to" if whole else "less than or equal to"
            reason = f"must be {how} {name} limit of {resources['limits'][name]}"
            at.child("requests").invalid(str(resources["requests"][name]), reason)


def check_size(value: Any, at: Field) -> None:
    """Check the size limit of an emptyDir."""
    size = quantity(value)
    if size is None:
        at.invalid(value, f"quantities must match the regular expression '{_FORM}'")
    elif size < 0:
        at.forbidden("SizeLimit field must be a valid resource quantity")


def _is_whole(name: str) -> bool:
    """Say whether a resource cannot be overcommitted, such as a device or huge pages."""
    return name.startswith("hugepages-") or ("/" in name and "kubernetes.io/" not in name)


def _checked(quantities: Mapping[str, Any], at: Field) -> dict[str, int]:
    """Return the valid quantities, in thousandths."""
    sound: dict[str, int] = {}
    for name, value in quantities.items():
        place, number = at.key(name), quantity(value)
        if "/" not in name and name not in _STANDARD and not name.startswith("hugepages-"):
            place.invalid(name, "must be a standard resource for containers")
        if number is None:
            place.invalid(value, f"quantities must match the regular expression '{_FORM}'")
        elif number < 0:
            place.invalid(str(value), "must be greater than or equal to 0")
        elif "/" in name and _is_whole(name) and number % 1:
            place.invalid(str(value), "must be an integer")
        else:
            sound[name] = math.ceil(number * 1000)  # the finest resolution
    return sound
