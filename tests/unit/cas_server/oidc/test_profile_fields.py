"""What may be registered about a user."""

from pathlib import Path
from typing import Any

import pytest

from chassis.config import ConfigError
from unit.cas_server.cas_settings import ARGON2, loaded


def _user(directory: Path, **fields: Any) -> Any:
    tree = {"users": {"alice": {"password": ARGON2, **fields}}}
    return loaded(directory, tree).settings.users["alice"]


def test_name_and_address_are_optional(tmp_path: Path) -> None:
    assert _user(tmp_path).email_verified is False
    fields = {"name": "Zoë O'Hara", "email": "zoë@exämple.com", "email-verified": True}
    user = _user(tmp_path, **fields)
    assert (user.name, user.email, user.email_verified) == tuple(fields.values())


@pytest.mark.parametrize("address", ["alice", "a@b@c", "a b@c", "@c", "a@", "a\n@b.c", "a" * 255])
def test_what_is_no_address_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigError, match=r"users\.alice\.email"):
        _user(tmp_path, email=address)


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a" * 257])
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"users\.alice\.name"):
        _user(tmp_path, name=name)


def test_nothing_is_verified_without_an_address(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"email-verified: is set, and there is no email"):
        _user(tmp_path, **{"email-verified": True})
