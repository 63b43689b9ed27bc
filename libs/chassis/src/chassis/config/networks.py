"""Networks in settings, by their CIDR."""

import ipaddress
from typing import Annotated

from pydantic import BeforeValidator

from chassis.config.section import listed

_HINT = (
    "has what is no network, or one with bits set behind its prefix; write a network as 10.0.0.0/8"
    " or fd00::/8, one address as 10.1.2.3"
)
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: object) -> IPNetwork:
    try:
        return ipaddress.ip_network(str(text))
    except ValueError as error:
        raise ValueError(_HINT) from error


def _networks(value: object) -> object:
    value = listed(value)
    return tuple(map(_network, value)) if isinstance(value, list | tuple) else value


NetworkList = Annotated[tuple[IPNetwork, ...], BeforeValidator(_networks)]
"""A YAML list of CIDRs, or CIDRs with commas between them."""
