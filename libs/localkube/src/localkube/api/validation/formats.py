"""The forms of names and keys in Kubernetes; each returns what is wrong with a value, or nothing.

k8s.io/apimachinery, pkg/util/validation and pkg/api/validate/content.
"""

import re

SUBDOMAIN_LENGTH = 253
LABEL_LENGTH = 63
PORT_NAME_LENGTH = 15

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_KEY = "[-._a-zA-Z0-9]+"
_NAME_PART = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_PERCENT = "[0-9]+%"
_HEADER = "[-A-Za-z0-9]+"

_MUST = "must consist of lower case alphanumeric characters"
_ENDS = "and must start and end with an alphanumeric character"
_NAMES = f"must consist of alphanumeric characters, '-', '_' or '.', {_ENDS}"


def subdomain(value: str) -> list[str]:
    """Check a DNS subdomain (RFC 1123), the name of most objects."""
    wrong = _too_long(value, SUBDOMAIN_LENGTH)
    if not re.fullmatch(_SUBDOMAIN, value):
        kind = f"a lowercase RFC 1123 subdomain {_MUST}, '-' or '.', {_ENDS}"
        wrong.append(_pattern(kind, _SUBDOMAIN, "example.com"))
    return wrong


def label(value: str) -> list[str]:
    """Check a DNS label: namespaces, Services and their ports, containers, volumes."""
    wrong = _too_long(value, LABEL_LENGTH)
    if re.fullmatch(_LABEL, value):
        return wrong
    if re.fullmatch(_SUBDOMAIN, value):
        return [*wrong, "must not contain dots"]
    kind = f"a lowercase RFC 1123 label {_MUST} or '-', {_ENDS}"
    return [*wrong, _pattern(kind, _LABEL, "my-name", "123-abc")]


def config_key(value: str) -> list[str]:
    """Check a key of a ConfigMap or Secret, which becomes the name of a file."""
    wrong = _too_long(value, SUBDOMAIN_LENGTH)
    if not re.fullmatch(_KEY, value):
        kind = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        wrong.append(_pattern(kind, _KEY, "key.name", "KEY_NAME", "key-name"))
    if value in {".", ".."}:
        wrong.append(f"must not be '{value}'")
    elif value.startswith(".."):
        wrong.append("must not start with '..'")
    return wrong


def qualified_name(value: str) -> list[str]:
    """Check the name of a label or annotation: a name, or a domain, `/` and a name."""
    prefix, slash, name = value.rpartition("/")
    if "/" in prefix:
        kind = f"a valid label key {_pattern(_NAMES, _NAME_PART, 'MyName', 'my.name', '123-abc')}"
        return [f"{kind} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    wrong = []
    if slash:
        wrong = [
            f"prefix part {w}" for w in (subdomain(prefix) if prefix else ["must be non-empty"])
        ]
    if not name:
        wrong.append("name part must be non-empty")
    wrong += [f"name part {what}" for what in _too_long(name, LABEL_LENGTH, "bytes")]
    if not re.fullmatch(_NAME_PART, name):
        wrong.append(f"name part {_pattern(_NAMES, _NAME_PART, 'MyName', 'my.name', '123-abc')}")
    return wrong


def label_value(value: str) -> list[str]:
    """Check the value of a label."""
    wrong = _too_long(value, LABEL_LENGTH, "bytes")
    if value and not re.fullmatch(_NAME_PART, value):
        kind = (
            "a valid label must be an empty string or consist of alphanumeric characters, "
            f"'-', '_' or '.', {_ENDS}"
        )
        wrong.append(_pattern(kind, f"({_NAME_PART})?", "MyValue", "my_value", "12345"))
    return wrong


def port_name(value: str) -> list[str]:
    """Check the name of a container's port (RFC 6335, 5.1, in lower case)."""
    wrong = _too_long(value, PORT_NAME_LENGTH)
    if not re.fullmatch("[-a-z0-9]+", value):
        wrong.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", value):
        wrong.append("must contain at least one letter (a-z)")
    if "--" in value:
        wrong.append("must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        wrong.append("must not begin or end with a hyphen")
    return wrong


def variable_name(value: str) -> list[str]:
    """Check the name of an environment variable."""
    if all(" " <= letter <= "~" and letter != "=" for letter in value):
        return []
    kind = "a valid environment variable name must consist only of printable ASCII characters"
    return [f"{kind} other than '='"]


def percent(value: str) -> list[str]:
    """Check a percentage."""
    if re.fullmatch(_PERCENT, value):
        return []
    kind = "a valid percent string must be a numeric string followed by an ending '%'"
    return [_pattern(kind, _PERCENT, "1%", "93%")]


def header_name(value: str) -> list[str]:
    """Check the name of an HTTP header."""
    if re.fullmatch(_HEADER, value):
        return []
    kind = "a valid HTTP header must consist of alphanumeric characters or '-'"
    return [_pattern(kind, _HEADER, "X-Header-Name")]


def path_inside(value: str) -> list[str]:
    """Check a path that must stay inside a volume and avoid kubelet's own names."""
    wrong = ["must be a relative path"] if value.startswith("/") else []
    if ".." in value.split("/"):
        wrong.append("must not contain '..'")
    if value.startswith("..") and not value.startswith("../"):
        wrong.append("must not start with '..'")
    return wrong


def segment(value: str) -> list[str]:
    """Check a name that is a segment of a URL's path: those of roles."""
    if value in {".", ".."}:
        return [f"may not be '{value}'"]
    return [f"may not contain '{letter}'" for letter in "/%" if letter in value]


def port_number(value: int) -> list[str]:
    """Check the number of a port."""
    return [] if 1 <= value <= 65535 else ["must be between 1 and 65535, inclusive"]  # noqa: PLR2004  # TCP's


def _too_long(value: str, limit: int, unit: str = "characters") -> list[str]:
    over = len(value.encode()) > limit
    return [f"must be no more than {limit} {unit}"] if over else []


def _pattern(kind: str, pattern: str, *examples: str) -> str:
    named = " or ".join(f"'{example}', " for example in examples)
    return f"{kind} (e.g. {named}regex used for validation is '{pattern}')"
