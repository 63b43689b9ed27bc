"""docs/design/protocol.md, "Secrets": no token, secret or password in the logs."""

import pytest

from chassis.telemetry.redaction import redact
from eventually import PATIENCE_S


@pytest.mark.parametrize(
    "key",
    [
        "token",
        "access_token",
        "refreshToken",
        "client-secret",
        "password",
        "Authorization",
        "cookie",
    ],
)
def test_values_of_secret_keys_are_redacted(key: str) -> None:
    assert redact(None, "", {key: "s3cret"})[key] == "[redacted]"


def test_secrets_within_values_are_redacted() -> None:
    event = {
        "exception": "headers: Authorization: Bearer abcdefgh12345678",
        "headers": {"authorization": "Basic YWJjZGVmZ2g=", "accept": "text/plain"},
        "url": "redis://user:hunter22@redis:6379",
        "json": '{"access_token": "abcdefgh", "scope": "read"}',
        "form": "grant_type=password&password=hunter22&client_secret=abc&scope=read",
    }
    text = str(redact(None, "", event))

    assert not any(secret in text for secret in ("abcdefgh", "YWJj", "hunter22", "=abc"))
    assert "text/plain" in text
    assert "scope=read" in text


@pytest.mark.parametrize("key", ["token_type", "tokens_checked", "key", "message"])
def test_other_keys_are_not_redacted(key: str) -> None:
    assert redact(None, "", {key: "value"})[key] == "value"


@pytest.mark.timeout(PATIENCE_S)
@pytest.mark.parametrize(
    "text",
    [
        "redis://" + ":" * 200_000,
        "redis://" + "a:" * 100_000,
        "://a:" * 50_000,
        "token" + " " * 200_000,
        "token" * 50_000,
        "Bearer" + " " * 200_000,
        "Bearer " * 40_000,
    ],
)
def test_a_long_line_is_redacted_in_linear_time(text: str) -> None:
    """Regression: the pattern started at each colon of a password; 200,000 colons took minutes."""
    assert redact(None, "", {"message": text})
