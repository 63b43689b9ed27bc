"""`none` (RFC 7591, 2): a public client says who it is, and proves nothing (RFC 6749, 2.3.1)."""

from cas_server.authentication.basic_credentials import readings
from cas_server.forms import Form
from cas_server.identities.clients import Client
from cas_server.identities.identities import Identities
from chassis.normal_form import nfc


def public_client(identities: Identities, form: Form) -> Client | None:
    """Return the public client that a request names; None where it has credentials.

    An empty secret counts as none, because libraries send a header with one.
    """
    if "client_secret" in form.parameters:
        return None
    if form.authorization is None:
        return _public(identities, nfc(form.parameters.get("client_id", "")))
    names = {name for name, secret in readings(form.authorization) if not secret}
    in_body = form.parameters.get("client_id")
    if in_body is not None and nfc(in_body) not in names:
        return None
    found = (_public(identities, name) for name in sorted(names))
    return next((client for client in found if client is not None), None)


def _public(identities: Identities, client_id: str) -> Client | None:
    client = identities.client(client_id)
    return client if client is not None and client.public else None
