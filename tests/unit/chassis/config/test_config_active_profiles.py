"""docs/design/configuration.md, "Profiles": which source counts, and prod is never dropped."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from chassis.config import ConfigError, ConfigSource, LiveConfig, Snapshot
from chassis.testing import ConfigDirectory
from unit.chassis.config.config_kit import DemoSettings

FLAG, SPRING_FLAG = "--profiles=a", "--spring.profiles.active=b"
ENVIRON = {"PROFILES_ACTIVE": "c", "SPRING_PROFILES_ACTIVE": "d"}
DOCUMENT = "spring.profiles.active: e\n"


def _source(
    path: Path, text: str, argv: list[str] | None = None, environ: dict[str, str] | None = None
) -> ConfigSource:
    config = path / "config"
    config.mkdir(exist_ok=True)
    (config / "application.yaml").write_text(text)
    places = {"CONFIG_DIR": str(config), "SECRETS_DIR": str(path / "secrets")}
    return ConfigSource.from_process("demo-service", argv or [], places | (environ or {}))


def _snapshot(
    path: Path, text: str, argv: list[str] | None = None, environ: dict[str, str] | None = None
) -> Snapshot[DemoSettings]:
    return LiveConfig.load(
        _source(path, f"flag: true\n{text}", argv, environ), DemoSettings
    ).current


def _refusal(
    path: Path, text: str, argv: list[str] | None = None, environ: dict[str, str] | None = None
) -> str:
    with pytest.raises(ConfigError) as raised:
        _snapshot(path, text, argv, environ)
    return str(raised.value)


def test_the_sources_of_active_profiles_have_an_order(tmp_path: Path) -> None:
    spring = {"SPRING_PROFILES_ACTIVE": "d"}
    found = [
        _snapshot(tmp_path, DOCUMENT, [SPRING_FLAG, FLAG], ENVIRON),
        _snapshot(tmp_path, DOCUMENT, [SPRING_FLAG], ENVIRON),
        _snapshot(tmp_path, DOCUMENT, [], ENVIRON),
        _snapshot(tmp_path, DOCUMENT, [], spring),
        _snapshot(tmp_path, DOCUMENT),
        _snapshot(tmp_path, ""),
    ]

    assert [snapshot.profiles for snapshot in found] == [("a",), ("b",), ("c",), ("d",), ("e",), ()]


@pytest.mark.parametrize(
    "written",
    [
        "spring.profiles.active: [dev, test]",
        "spring: {profiles: {active: 'dev,test'}}",
        "spring.profiles.active: ${WHO:dev,test}",
        "who: dev\nspring.profiles.active: ${who},test",
        "spring.profiles.active: ${SET}",
        "spring.profiles: {active: dev, group: {dev: test}}",
        "spring.profiles: {include: dev, active: test}",
        "spring.profiles.default: dev,test",
    ],
)
def test_a_default_document_names_profiles_in_each_way_of_spring(
    tmp_path: Path, written: str
) -> None:
    text = f"{written}\n---\nspring.profiles: dev & test\nversion: both\n"
    snapshot = _snapshot(tmp_path, text, [], {"SET": "dev,test"})

    assert (snapshot.profiles, snapshot.settings.version) == (("dev", "test"), "both")
    assert snapshot.ignored == ()


def test_the_file_of_an_active_profile_applies(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "application-dev.yaml").write_text("version: beside")

    assert _snapshot(tmp_path, "spring.profiles.active: dev").settings.version == "beside"


@pytest.mark.parametrize(
    ("text", "argv", "environ"),
    [
        ("", ["--profiles=dev"], {"PROFILES_ACTIVE": "prod"}),
        ("", ["--profiles=dev"], {"SPRING_PROFILES_ACTIVE": "x, prod"}),
        ("", ["--profiles=dev", "--spring.profiles.active=prod"], {}),
        ("", ["--profiles=dev", "--Spring.Profiles.Active=prod"], {}),
        ("", [], {"PROFILES_ACTIVE": "dev", "SPRING_PROFILES_ACTIVE": "prod"}),
        ("", [], {"PROFILES_ACTIVE": "dev", "SPRING__PROFILES__ACTIVE": "prod"}),
        ("", [], {"PROFILES_ACTIVE": "dev", "DEMO_SERVICE__SPRING__PROFILES__ACTIVE": "prod"}),
        ("", [], {"PROFILES_ACTIVE": "dev", "spring.profiles.active": "prod"}),
        ("spring.profiles.active: prod", [], {"PROFILES_ACTIVE": "dev"}),
        ("spring.profiles.active: ${WHO}", [], {"PROFILES_ACTIVE": "dev", "WHO": "prod"}),
        ("spring.profiles.active: prod\n---\nspring.profiles.active: dev", [], {}),
        ("spring.profiles: {active: p, group.p: prod}", ["--profiles=dev"], {}),
        (
            "spring.profiles.group: {p: q, q: [x, prod]}",
            ["--profiles=dev"],
            {"PROFILES_ACTIVE": "p"},
        ),
    ],
)
def test_a_named_prod_that_would_not_be_active_is_refused(
    tmp_path: Path, text: str, argv: list[str], environ: dict[str, str]
) -> None:
    assert "names prod, but" in _refusal(tmp_path, text, argv, environ)


@pytest.mark.parametrize("name", ["dev-x", "DevX", "dev_x"])
def test_a_group_keeps_the_exact_name_of_its_profile(tmp_path: Path, name: str) -> None:
    text = f"spring.profiles.group: {{{name}: [db, cache]}}"

    assert _snapshot(tmp_path, text, [f"--profiles={name}"]).profiles == (name, "db", "cache")
    assert _snapshot(tmp_path, text, ["--profiles=devx"]).profiles == ("devx",)


@pytest.mark.parametrize("name", ["Prod", "PROD"])
def test_prod_in_capital_letters_is_refused(tmp_path: Path, name: str) -> None:
    assert "is not the profile prod" in _refusal(tmp_path, "", [f"--profiles={name}"])


def test_the_guards_of_prod_apply_when_a_document_names_it(tmp_path: Path) -> None:
    text = "spring.profiles.active: prod\nfaults.error-rate: 0.5"

    assert "faults are refused under the profile prod" in _refusal(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "spring: {config.activate.on-profile: dev, profiles.active: prod}",
        "spring.profiles: {active: prod}\nprofiles: dev",
        "spring.config.activate.on-profile: dev\nspring.profiles.include: prod",
    ],
)
def test_a_selected_document_may_not_name_active_profiles(tmp_path: Path, text: str) -> None:
    said = _refusal(tmp_path, f"---\n{text}")

    assert "belongs in a default document of application.yaml" in said
    assert said.startswith("application.yaml:")


@pytest.mark.parametrize("name", ["spring.profiles.active", "more.yaml"])
def test_a_secret_may_not_name_active_profiles(tmp_path: Path, name: str) -> None:
    (tmp_path / "secrets").mkdir()
    text = "spring.profiles.active: prod" if name.endswith(".yaml") else "prod"
    (tmp_path / "secrets" / name).write_text(text)

    assert "belongs in a default document" in _refusal(tmp_path, "")


def test_the_file_of_a_profile_may_not_name_active_profiles(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "application-dev.yaml").write_text("spring.profiles.active: prod")

    assert "belongs in a default document" in _refusal(tmp_path, "", ["--profiles=dev"])


@pytest.mark.parametrize(
    ("text", "argv", "environ"),
    [
        ("spring.profiles: {'active[0]': prod}", [], {}),
        ("spring.profiles.activ: prod", [], {}),
        ("", ["--spring.profiles.activ=prod"], {}),
        ("", ["--profiles=prod", "--profiles=dev"], {}),
        ("", [], {"SPRING_PROFILES_ACTIVE_0_": "prod"}),
        ("", [], {"SPRING__PROFILES__ACTIV": "prod"}),
        ("spring.profiles.active: {prod: true}", [], {}),
    ],
)
def test_an_invalid_way_of_naming_prod_is_refused_and_not_ignored(
    tmp_path: Path, text: str, argv: list[str], environ: dict[str, str]
) -> None:
    assert _refusal(tmp_path, text, argv, environ)


def test_sources_that_disagree_about_active_profiles_are_logged(tmp_path: Path) -> None:
    with capture_logs() as lines:
        snapshot = _snapshot(tmp_path, DOCUMENT, [FLAG], {"PROFILES_ACTIVE": "a"})

    said = [line["event"] for line in lines if line["log_level"] == "warning"]
    assert said == [
        (
            "Sources of active profiles differ: --profiles (a) overrides environment"
            " variable PROFILES_ACTIVE (a), application.yaml:2 (e)"
        )
    ]
    assert [named.profiles for named in snapshot.profile_sources.active] == [("a",), ("a",), ("e",)]


def test_sources_that_agree_about_active_profiles_are_not_logged(tmp_path: Path) -> None:
    with capture_logs() as lines:
        _snapshot(tmp_path, "spring.profiles.active: a", [FLAG], {"PROFILES_ACTIVE": "a"})

    assert not [line for line in lines if line["log_level"] == "warning"]


@pytest.mark.anyio
async def test_an_edit_may_change_active_profiles_but_not_drop_prod(tmp_path: Path) -> None:
    volume = ConfigDirectory(tmp_path / "v", {"application.yaml": "spring.profiles.active: a"})
    environ = {"CONFIG_DIR": str(volume.path), "SECRETS_DIR": str(tmp_path / "none")}
    live = LiveConfig.load(ConfigSource.from_process("demo", [], environ), DemoSettings)
    volume.swap({"application.yaml": "spring.profiles.active: b,prod"})
    await live.reload_if_changed()
    changed = live.current.profiles
    volume.swap(
        {"application.yaml": "spring.profiles.active: prod\n---\nspring.profiles.active: a"}
    )
    await live.reload_if_changed()

    assert changed == live.current.profiles == ("b", "prod")
    assert not live.status.last_successful
