"""What comes back through the browser: this server sent it, for this session, just now."""

import time
from pathlib import Path

import pytest

from cas_server.authorization.request_macs import RequestMacs
from cas_server.tokens.record_keys import RecordKeys
from unit.cas_server.cas_settings import APP, loaded

REQUEST = {"client_id": "app", "prompt": "login"}


@pytest.fixture
def macs(tmp_path: Path) -> RequestMacs:
    return RequestMacs(RecordKeys(loaded(tmp_path, {"clients": {"app": APP}})))


@pytest.mark.parametrize("session", ["", "ab12"])
def test_a_marker_names_the_session_after_which_a_login_counts(
    macs: RequestMacs, session: str
) -> None:
    """docs/design/code-flow.md, "Nothing is stored before the code"."""
    marker = macs.login_after(session, REQUEST)
    assert macs.asked_after(REQUEST, marker) == session
    assert macs.asked_after(REQUEST | {"prompt": "none"}, marker) is None
    assert macs.asked_after(REQUEST, f"x{marker}") is None


@pytest.mark.parametrize("made_up", ["", "-", "-.1", "-.1.00", "ab12.1.zz", "..", "-.x.00"])
def test_a_made_up_marker_counts_for_nothing(macs: RequestMacs, made_up: str) -> None:
    assert macs.asked_after(REQUEST, made_up) is None
    assert not macs.is_from_form("ab12", REQUEST, made_up)


def test_a_form_is_of_its_session_and_request(macs: RequestMacs) -> None:
    """RFC 6749, 10.12."""
    token = macs.csrf("ab12", REQUEST)
    assert macs.is_from_form("ab12", REQUEST, token)
    assert not macs.is_from_form("other", REQUEST, token)
    assert not macs.is_from_form("ab12", REQUEST | {"scope": "write"}, token)
    assert macs.asked_after(REQUEST, f"ab12.{token}") is None


def test_a_page_that_was_open_for_long_counts_no_more(
    macs: RequestMacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its login would be older than the request allowed."""
    token, marker = macs.csrf("ab12", REQUEST), macs.login_after("ab12", REQUEST)
    # clock: virtual, ten minutes on
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 602)
    assert not macs.is_from_form("ab12", REQUEST, token)
    assert macs.asked_after(REQUEST, marker) is None
