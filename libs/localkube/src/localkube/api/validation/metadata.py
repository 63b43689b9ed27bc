"""metadata: names, labels, annotations, and immutable fields."""

from collections.abc import Callable, Mapping

from localkube.api.kinds import is_namespaced
from localkube.api.objects import Object
from localkube.api.validation import formats
from localkube.api.validation.field import Field

ANNOTATIONS_BYTES = 256 * 1024
_NAMES: dict[str, Callable[[str], list[str]]] = {
    "Namespace": formats.label,
    "Service": formats.label,
    **dict.fromkeys(("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"), formats.segment),
}


def check_metadata(document: Object, at: Field) -> None:
    """Check the metadata of an object, which needs a name."""
    metadata, kind = document["metadata"], document["kind"]
    form = _NAMES.get(kind, formats.subdomain)
    at.child("name").check(metadata.get("name"), form, "name or generateName is required")
    namespace = metadata.get("namespace", "")
    if not is_namespaced(kind):
        if namespace:
            at.child("namespace").forbidden("not allowed on this type")
    else:
        at.child("namespace").invalid(namespace, *formats.label(namespace))
    check_words(metadata, at)


def check_words(metadata: Object, at: Field) -> None:
    """Check labels and annotations, of an object or of a pod template."""
    check_labels(metadata.get("labels", {}), at.child("labels"))
    annotations, place = metadata.get("annotations", {}), at.child("annotations")
    for name in annotations:
        place.invalid(name, *formats.qualified_name(name.lower()))
    size = sum(len(name.encode()) + len(text.encode()) for name, text in annotations.items())
    if size > ANNOTATIONS_BYTES:
        place.too_long(ANNOTATIONS_BYTES)


def check_labels(labels: Mapping[str, str], at: Field) -> None:
    """Check labels, or a selector of them."""
    for name, value in labels.items():
        at.invalid(name, *formats.qualified_name(name))
        at.invalid(value, *formats.label_value(value))


def check_update(new: Object, old: Object, at: Field) -> None:
    """Check that an update leaves immutable metadata unchanged."""
    uid = new["metadata"].get("uid", "")
    if uid and uid != old["metadata"].get("uid", uid):
        at.child("uid").invalid(uid, "field is immutable")
