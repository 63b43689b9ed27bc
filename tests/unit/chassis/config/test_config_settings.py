"""docs/settings.md: Spring's keys that have an effect, and rules between settings."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from chassis.config import (
    ConfigError,
    ConfigSource,
    Duration,
    LiveConfig,
    ServiceSettings,
)
from chassis.config.fields import SpringDuration, milliseconds, seconds
from chassis.config.shapes import model_of
from eventually import PATIENCE_S
from unit.chassis.config.config_kit import DemoSettings, load, refusal, source

PAGE = Path(__file__).parents[4] / "docs" / "settings.md"
SEED = """
spring:
  application: {name: order-service}
  cloud:
    kubernetes:
      ribbon: {mode: SERVICE}
      discovery: {all-namespaces: true}
      reload: {enabled: true, mode: polling, period: 5000, strategy: restart_context}
  redis: {host: redis, port: 6380, timeout: 3000}
server: {port: 2001, servlet.context-path: /}
cas-server-url: http://cas-server-service
security:
  path:
    ignores: /,/index,/static/**,/css/**
  oauth2:
    client:
      client-id: order-service
      client-secret: order-service-123
      user-authorization-uri: ${cas-server-url}/oauth/authorize
      access-token-uri: ${cas-server-url}/oauth/token
    resource:
      loadBalanced: true
      id: order-service
      prefer-token-info: false
      token-info-uri: ${cas-server-url}/oauth/check_token
    authorization:
      check-token-access: ${cas-server-url}/oauth/check_token
management:
  endpoint: {restart.enabled: true, health: {enabled: true}}
  endpoints.web.exposure.include: "*"
logging.level: {org.springframework: INFO}
---
spring:
  profiles: dev
greeting: {message: Hello from dev}
"""


def test_the_configuration_file_of_the_seed_stack_loads_unchanged(tmp_path: Path) -> None:
    settings = load(source(tmp_path, SEED, profiles=("kubernetes", "dev")))
    oauth2, kubernetes = settings.security.oauth2, settings.spring.cloud.kubernetes

    assert settings.greeting.message == "Hello from dev"
    assert settings.security.path.ignores == ("/", "/index", "/static/**", "/css/**")
    assert oauth2.resource.token_info_uri == "http://cas-server-service/oauth/check_token"
    assert oauth2.resource.load_balanced
    assert not oauth2.resource.prefer_token_info
    assert kubernetes.load_balancer_mode == "service"
    assert (kubernetes.reload.strategy, kubernetes.reload.mode) == ("restart", "polling")
    assert (kubernetes.reload.period, settings.spring.redis.timeout) == (5.0, 3.0)
    assert (settings.management_port, settings.management_address) == (12001, "0.0.0.0")  # noqa: S104


@pytest.mark.parametrize(
    ("loadbalancer", "mode"), [("mode: SERVICE", "service"), ("enabled: true", "pod")]
)
def test_both_names_of_the_balancers_mode_are_read_and_the_newer_wins(
    tmp_path: Path, loadbalancer: str, mode: str
) -> None:
    text = f"spring.cloud.kubernetes: {{ribbon: {{mode: POD}}, loadbalancer: {{{loadbalancer}}}}}"
    assert load(source(tmp_path, text)).spring.cloud.kubernetes.load_balancer_mode == mode


def test_both_names_of_redis_are_read_and_the_newer_wins(tmp_path: Path) -> None:
    found = source(
        tmp_path,
        "spring: {redis: {host: old, port: 1}, data: {redis: {host: new}}}",
        secrets={"spring.redis.password": "secret"},
    )
    redis = load(found).spring.redis

    assert (redis.host, redis.port) == ("new", 1)
    assert redis.password is not None
    assert redis.password.get_secret_value() == "secret"


@pytest.mark.parametrize(
    "written", ["0123", "1.10", "no", "1_000", "2026-01-31", "1e3", "0x1F", "42"]
)
def test_text_is_not_converted(tmp_path: Path, written: str) -> None:
    """A numeric password must keep its leading zero, and a version its trailing one."""
    assert load(source(tmp_path, f"version: {written}")).version == written


@pytest.mark.parametrize("written", ["true", "True", "yes", "on", '"true"'])
def test_a_boolean_accepts_the_usual_spellings(tmp_path: Path, written: str) -> None:
    assert load(source(tmp_path, f"flag: {written}")).flag


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (2, 2.0),
        (0.5, 0.5),
        ("2", 2.0),
        ("500ms", 0.5),
        ("2s", 2.0),
        ("10m", 600.0),
        ("1h", 3600.0),
        ("30d", 2_592_000.0),
        ("PT2S", 2.0),
        ("PT1H30M", 5400.0),
        ("P1DT0.5S", 86400.5),
    ],
)
def test_a_duration_is_read_in_seconds(written: object, expected: float) -> None:
    assert TypeAdapter(Duration).validate_python(written) == expected


@pytest.mark.parametrize(("written", "expected"), [(1500, 1.5), ("1500", 1.5), ("2s", 2.0)])
def test_springs_durations_without_a_unit_are_milliseconds(
    written: object, expected: float
) -> None:
    assert TypeAdapter(SpringDuration).validate_python(written) == expected


@pytest.mark.parametrize("written", ["soon", "-1", "P", "PT", "2 weeks", -1, float("inf")])
def test_an_invalid_duration_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Duration).validate_python(written)


@pytest.mark.parametrize(
    "written",
    [
        "\N{ARABIC-INDIC DIGIT THREE}s",
        "1\N{LATIN SMALL LETTER LONG S}",
        "1m\N{COMBINING DOT ABOVE}",
    ],
)
@pytest.mark.parametrize("kind", [Duration, SpringDuration])
def test_a_duration_with_non_ascii_characters_is_refused(kind: Any, written: str) -> None:
    """Regression: a case-insensitive pattern matches U+017F as `s`, and the load crashed."""
    with pytest.raises(ValidationError, match="not a duration"):
        TypeAdapter(kind).validate_python(written)


@pytest.mark.bound("duration")
@pytest.mark.parametrize("written", ["3651d", "P3651D", "1e300", "1" * 65])
def test_a_duration_is_at_most_ten_years(written: str) -> None:
    """A longer duration overflows a clock."""
    assert TypeAdapter(Duration).validate_python("3650d") == 3650 * 86400
    with pytest.raises(ValidationError):
        TypeAdapter(Duration).validate_python(written)


@pytest.mark.timeout(PATIENCE_S)
@pytest.mark.parametrize(
    "written",
    ["1" + " " * 300_000 + "x", " " * 300_000, "1" * 300_000 + "x", "P" + "1" * 300_000],
    ids=["trailing white space", "white space", "digits", "digits of ISO 8601"],
)
def test_a_long_invalid_duration_takes_linear_time(written: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Duration).validate_python(written)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "security.oauth2.resource: {id: orders, token-mode: jwt}",
            (
                "application.yaml:1: security.oauth2.resource.jwk.key-set-uri: is missing, and"
                " token-mode jwt needs it"
            ),
        ),
        (
            "server:\n  port: 60000",
            "management.server.port: server.port + 10000 exceeds 65535; set it",
        ),
        (
            "flag: true\nclient: {timeout: soon}",
            (
                "application.yaml:2: client.timeout: not a duration; write seconds, or 500ms, 2s,"
                " 10m, 1h, 30d, PT2S"
            ),
        ),
    ],
)
def test_the_message_for_an_invalid_value_says_what_to_do(
    tmp_path: Path, text: str, said: str
) -> None:
    assert refusal(source(tmp_path, text)) == said


def test_no_message_quotes_the_value(tmp_path: Path) -> None:
    text = "spring.redis:\n  password: [hidden-1]\n  port: hidden-2\nclient.timeout: hidden-3"

    assert "hidden" not in refusal(source(tmp_path, text))


def test_settings_are_immutable() -> None:
    settings = DemoSettings()

    with pytest.raises(ValidationError, match="frozen"):
        settings.server = DemoSettings().server  # type: ignore[misc]  # what the test is about


def test_faults_are_refused_under_prod_unless_explicitly_allowed(tmp_path: Path) -> None:
    faulty = {"DEMO_SERVICE__FAULTS__ERROR_RATE": "0.5"}
    refused = ConfigSource("demo-service", environ=faulty, profiles=("prod",))
    meant = ConfigSource(
        "demo-service", environ=faulty | {"FAULTS__ALLOW": "true"}, profiles=("prod",)
    )

    assert "faults are refused under the profile prod" in refusal(refused)
    assert load(meant).faults.error_rate == 0.5
    assert tmp_path.is_dir()


def test_a_client_id_without_its_secret_is_refused(tmp_path: Path) -> None:
    said = refusal(source(tmp_path, "security.oauth2.client.client-id: me"))

    assert "security.oauth2.client.client-secret: is missing for the client me" in said


@pytest.mark.parametrize("secret", ["alice-123", "order-service-123", "e\u0301te\u0301-123"])
def test_a_demo_secret_is_refused_under_prod_and_not_repeated(tmp_path: Path, secret: str) -> None:
    """docs/design/identities.md, "Secrets that everyone knows": refused under `prod`."""
    secrets = {"security.oauth2.client.client-secret": secret}
    said = refusal(source(tmp_path, "flag: true", secrets=secrets, profiles=("prod",)))

    assert "a demo secret is refused under the profile prod" in said
    assert secret not in said
    assert load(source(tmp_path, "flag: true", secrets=secrets, profiles=("dev",))).flag


@pytest.mark.parametrize(
    ("flag", "names"),
    [
        ("security.oauth2.client.client-secret", {"security.oauth2.client.client-id": "orders"}),
        ("spring.redis.password", {"spring.redis.username": "orders"}),
        ("spring.data.redis.password", {"spring.data.redis.username": "orders"}),
        ("spring.data.redis.sentinel.password", {"spring.data.redis.sentinel.username": "orders"}),
        ("accounts.me.password", {"security.oauth2.client.client-id": "orders"}),
    ],
)
def test_the_demo_secret_of_any_name_is_refused_whatever_key_it_comes_from(
    tmp_path: Path, flag: str, names: dict[str, str]
) -> None:
    """A demo secret is any name followed by `-123`."""
    enough = {"security.oauth2.client.client-secret": "x"} | names
    secrets = enough | {flag: "orders-123"}
    said = refusal(source(tmp_path, "flag: true", secrets=secrets, profiles=("prod",)))

    assert f"{flag}: a demo secret is refused" in said
    assert "orders-123" not in said
    assert load(source(tmp_path, "flag: true", secrets=secrets, profiles=("dev",))).flag
    other = enough | {flag: "orders-1234"}
    assert load(source(tmp_path, "flag: true", secrets=other, profiles=("prod",))).flag


@pytest.mark.parametrize(
    "uri",
    [
        "cas-server-service/oauth/check_token",
        "http://cas:99999/",
        "http://cas/\u00fc",
        "ftp://cas/",
    ],
)
def test_an_endpoint_with_an_invalid_url_is_refused_at_startup(tmp_path: Path, uri: str) -> None:
    """Regression: the service started, became ready, and returned 500 for each request."""
    said = refusal(source(tmp_path, f"security.oauth2.resource.token-info-uri: {uri}"))

    assert "security.oauth2.resource.token-info-uri" in said
    assert "not an http or https URL" in said


@pytest.mark.parametrize("written", ["true", "True", "false", "FALSE", "on", "1.0", "1e3", "~x"])
def test_a_boolean_where_text_is_expected_keeps_its_text(tmp_path: Path, written: str) -> None:
    """`logging.level.root: false` is what YAML makes of Spring's unquoted OFF."""
    text = f"version: {written}\nlogging.level.root: {written}\nother: {written}\n"
    settings = load(source(tmp_path, text + "greeting.message: is ${other}"))

    assert (settings.version, settings.logging.level["root"]) == (written, written)
    assert settings.greeting.message == f"is {written}"


@pytest.mark.parametrize(
    "key",
    [
        *("server.request-timeout", "client.connect-timeout", "client.timeout"),
        *("spring.redis.timeout", "spring.data.redis.timeout"),
        "spring.cloud.kubernetes.reload.period",
    ],
)
@pytest.mark.parametrize("zero", ["0", "0ms", "PT0S"])
def test_a_timeout_of_zero_is_refused(tmp_path: Path, key: str, zero: str) -> None:
    """Zero would fail every request, and in other systems it means no limit."""
    said = refusal(source(tmp_path, f"{key}: {zero}"))

    assert said.startswith(f"application.yaml:1: {key}: Input should be greater than")


def test_the_meaning_of_zero_is_documented_for_each_duration_that_accepts_it(
    tmp_path: Path,
) -> None:
    page = PAGE.read_text("utf-8")
    for key in _durations(ServiceSettings):
        found = source(tmp_path, f"{key}: 0\nflag: true")
        row = re.search(rf"^\| `{re.escape(key)}` .*$", page, re.MULTILINE)
        if key.startswith("spring.redis"):
            continue  # deprecated names have no rows
        assert row is not None, key
        try:
            load(found)
        except ConfigError:
            assert re.search("more than 0|at least", row[0]), key
        else:
            assert re.search(r"\b0: |0 turns it off", row[0]), key


def _durations(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, info in model.model_fields.items():
        key = f"{prefix}{(info.alias or name).replace('_', '-')}"
        inner = model_of(info.annotation)
        if inner is not None:
            yield from _durations(inner, f"{key}.")
        elif any(getattr(one, "func", None) in (seconds, milliseconds) for one in info.metadata):
            yield key


@pytest.mark.parametrize("name", ["redis", "data.redis"])
@pytest.mark.parametrize(
    ("written", "tls"),
    [
        ("ssl: true", True),
        ("ssl: {enabled: true}", True),
        ("ssl.enabled: on", True),
        ("ssl: {bundle: mine}", True),
        ("ssl: {bundle: mine, enabled: false}", False),
        ("ssl: {enabled: false}", False),
        ("ssl: false", False),
        ("host: redis", False),
    ],
)
def test_tls_to_redis_is_configured_as_in_spring_boot_before_and_after_3_1(
    tmp_path: Path, name: str, written: str, *, tls: bool
) -> None:
    assert load(source(tmp_path, f"spring.{name}: {{{written}}}")).spring.redis.tls is tls


def test_other_settings_of_tls_to_redis_are_listed_as_ignored(tmp_path: Path) -> None:
    text = "spring.data.redis.ssl: {enabled: true, verify: none}"
    current = LiveConfig.load(source(tmp_path, text), DemoSettings).current

    assert current.ignored == ("spring.data.redis.ssl.verify",)
