"""Pod templates: volumes, and the rules for all containers together."""

from collections.abc import Mapping

from localkube.api.objects import Object
from localkube.api.validation import formats
from localkube.api.validation.container import check_container
from localkube.api.validation.field import Field
from localkube.api.validation.resources import check_size

DEFAULT_GRACE_S = 30
_SOURCES = ("emptyDir", "secret", "configMap", "projected")
_MODE = "must be a number between 0 and 0777 (octal), both inclusive"


def check_pod(spec: Object, at: Field) -> None:
    """Check the spec of a pod template."""
    volumes = _check_volumes(spec.get("volumes", []), at.child("volumes"))
    grace = spec.get("terminationGracePeriodSeconds", DEFAULT_GRACE_S)
    _check_containers(spec.get("containers", []), volumes, grace, at.child("containers"))
    if account := spec.get("serviceAccountName"):
        at.child("serviceAccountName").invalid(account, *formats.subdomain(account))


def _check_containers(
    containers: list[Object], volumes: Mapping[str, Object], grace: int, at: Field
) -> None:
    if not containers:
        at.required()
    names: set[str] = set()
    for index, container in enumerate(containers):
        place = at.index(index)
        check_container(container, volumes, grace, place)
        place.child("name").unique(container.get("name", ""), names)


def _check_volumes(volumes: list[Object], at: Field) -> dict[str, Object]:
    """Return the valid volumes by name."""
    sound: dict[str, Object] = {}
    for index, volume in enumerate(volumes):
        place, before = at.index(index), len(at.problems)
        _check_source(volume, place)
        name = volume.get("name", "")
        place.child("name").check(name, formats.label)
        if name in sound:
            place.child("name").duplicate(name)
        if len(at.problems) == before:
            sound[name] = volume
    return sound


def _check_source(volume: Object, at: Field) -> None:
    first, *others = [source for source in _SOURCES if source in volume] or [""]
    for other in others:
        at.child(other).forbidden("may not specify more than 1 volume type")
    if "sizeLimit" in volume.get("emptyDir", {}):
        check_size(volume["emptyDir"]["sizeLimit"], at.child("emptyDir").child("sizeLimit"))
    if first in {"", "emptyDir"}:
        return
    source, place = volume[first], at.child(first)
    if first == "projected":
        _check_projected(source.get("sources", []), place)
    else:
        _check_files(source, "name" if first == "configMap" else "secretName", place)
    mode = source.get("defaultMode", 0)
    if not 0 <= mode <= 0o777:  # noqa: PLR2004  # the bits of a file's mode
        place.child("defaultMode").invalid(mode, _MODE)


def _check_projected(sources: list[Object], at: Field) -> None:
    paths: set[str] = set()
    for index, source in enumerate(sources):
        place = at.child("sources").index(index)
        for kind, reference in source.items():
            _check_files(reference, "name", place.child(kind))
            for path in _paths(reference):
                if path in paths:
                    at.invalid(reference.get("name", ""), "conflicting duplicate paths")
                paths.add(path)
        if len(source) > 1:
            place.forbidden("may not specify more than 1 volume type per source")


def _paths(reference: Object) -> list[str]:
    return [item["path"] for item in reference.get("items", []) if item.get("path")]


def _check_files(reference: Object, name: str, at: Field) -> None:
    """Check the referenced object, its keys and their paths."""
    if not reference.get(name):
        at.child(name).required()
    for index, item in enumerate(reference.get("items", [])):
        place = at.child("items").index(index)
        if not item.get("key"):
            place.child("key").required()
        place.child("path").check(item.get("path"), formats.path_inside)
