"""docs/design/decisions/signing-keys.md: which key signs, and which files are refused."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from cas_server.settings import CasSettings
from cas_server.signing.key_files import MAX_KEYS
from cas_server.signing.signing_keys import SigningKeys
from chassis import LiveConfig
from chassis.config import ConfigError, ConfigSource
from chassis.jwt.algorithms import Algorithm
from chassis.jwt.keys import private_key
from signing_keys import NEW, OLD, TO_COME, key_file, pem


def load(directory: Path, files: dict[str, str]) -> LiveConfig[CasSettings]:
    config, secrets = directory / "config", directory / "secrets"
    for place in (config, secrets):
        place.mkdir(exist_ok=True)
    (config / "application.yaml").write_text("server: {port: 1}\n")
    for path in secrets.iterdir():
        path.unlink()
    for name, text in files.items():
        (secrets / name).write_text(text)
    source = ConfigSource("cas-server", config_dir=config, secrets_dir=secrets)
    return LiveConfig.load(source, CasSettings)


def signing(directory: Path, *files: dict[str, str], algorithm: Algorithm = "ES256") -> str | None:
    mounted = {name: text for file in files for name, text in file.items()}
    key = SigningKeys(load(directory, mounted)).signing(algorithm)
    return key.id if key else None


def key_id(number: int, algorithm: str = "ES256") -> str:
    return private_key(pem(algorithm, number)).id


def test_the_latest_key_whose_time_has_come_signs(tmp_path: Path) -> None:
    files = key_file(OLD, number=1), key_file(NEW, number=2), key_file(TO_COME, number=3)
    assert signing(tmp_path, *files) == key_id(2)


def test_a_key_that_was_told_to_signs_before_its_time(tmp_path: Path) -> None:
    later = {"signing-keys.29990102T000000Z": pem(number=3)}
    files = key_file(OLD, number=1) | key_file(TO_COME, number=2) | later
    told = {key_id(2): 1_600_000_000.0}
    keys = SigningKeys(load(tmp_path, files), told.get)
    signs = keys.signing("ES256")
    assert signs is not None
    assert signs.id == key_id(2)
    assert [one.key.id for one in keys.following()] == [key_id(3)]
    told[key_id(3)] = told[key_id(2)]
    assert keys.signing("ES256") is keys.mounted[-1].key
    assert keys.following() == ()
    told[key_id(2)] += 1
    assert keys.signing("ES256") is keys.mounted[-2].key


def test_a_key_that_is_mounted_after_one_was_told_signs_when_its_time_comes(tmp_path: Path) -> None:
    files = key_file(OLD, number=1) | key_file(TO_COME, number=2)
    told = {key_id(2): 1_600_000_000.0}
    assert _signs(tmp_path, files, told) == key_id(2)
    assert _signs(tmp_path, files | key_file(NEW, number=3), told) == key_id(3)


def _signs(directory: Path, files: dict[str, str], told: dict[str, float]) -> str:
    key = SigningKeys(load(directory, files), told.get).signing("ES256")
    assert key is not None
    return key.id


def test_the_first_of_keys_to_come_has_none_before_it(tmp_path: Path) -> None:
    later = {"signing-keys.29990102T000000Z": pem(number=2)}
    keys = SigningKeys(load(tmp_path, key_file(TO_COME, number=1) | later))
    assert [one.key.id for one in keys.first_to_come()] == [key_id(1)]
    assert [one.key.id for one in keys.following()] == [key_id(2)]


def test_each_algorithm_has_its_own_order(tmp_path: Path) -> None:
    files = key_file(OLD, "RS256"), key_file(NEW)
    assert signing(tmp_path, *files, algorithm="RS256") == key_id(0, "RS256")
    assert signing(tmp_path, *files, algorithm="EdDSA") is None


def test_a_key_without_a_time_signs_until_one_with_a_time_does(tmp_path: Path) -> None:
    mine = {"signing-keys.mine": pem(number=1)}
    assert signing(tmp_path, mine) == key_id(1)
    assert signing(tmp_path, mine, key_file(TO_COME, number=2)) == key_id(1)
    assert signing(tmp_path, mine, key_file(OLD, number=2)) == key_id(2)


def test_the_first_of_keys_to_come_signs_already(tmp_path: Path) -> None:
    later = {"signing-keys.29990102T000000Z": pem(number=2)}
    assert signing(tmp_path, later, key_file(TO_COME, number=1)) == key_id(1)


def test_every_key_is_published_before_and_while_it_signs(tmp_path: Path) -> None:
    files = key_file(OLD, number=1) | key_file(TO_COME, number=2)
    published = SigningKeys(load(tmp_path, files)).public()
    assert {key["kid"] for key in published} == {key_id(1), key_id(2)}
    for key in published:
        assert (key["use"], key["alg"], key["kty"]) == ("sig", "ES256", "EC")
        assert "d" not in key


@pytest.mark.parametrize(
    ("files", "named", "said"),
    [
        ({"signing-keys.a": "x"}, "signing-keys.a", "no unencrypted private key"),
        ({"signing-keys.a": ""}, "signing-keys.a", "no unencrypted private key"),
        ({"signing-keys.2026-es": "x"}, "signing-keys.2026-es", "begins with no time"),
        ({"signing-keys.20261399T000000Z": "x"}, "signing-keys.20261399T000000Z", "no time"),
        (
            {"signing-keys.a": pem(), "signing-keys.b": pem()},
            "signing-keys.b",
            "has the key of a",
        ),
    ],
)
def test_a_broken_file_is_named_with_its_reason(
    tmp_path: Path, files: dict[str, str], named: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as raised:
        load(tmp_path, files)
    assert raised.value.file == named


@pytest.mark.bound("signing-keys")
def test_the_number_of_keys_is_bounded() -> None:
    keys = {f"k{number}": SecretStr("x") for number in range(MAX_KEYS + 1)}
    with pytest.raises(ConfigError, match="more than 32 keys"):
        CasSettings(signing_keys=keys).check(())


def test_no_key_is_in_a_repr(tmp_path: Path) -> None:
    live = load(tmp_path, key_file(OLD))
    assert "PRIVATE" not in repr(live.settings) + repr(SigningKeys(live)._mounted)


@pytest.mark.parametrize(("files", "is_loaded"), [({}, "False"), (key_file(OLD), "True")])
def test_only_a_mounted_key_loads_the_libraries(
    tmp_path: Path, files: dict[str, str], is_loaded: str
) -> None:
    """They take 11 MiB and a seventh of a start, which opaque tokens do without."""
    load(tmp_path, files)
    code = (
        "import sys; from pathlib import Path;"
        "from cas_server.app import create_app; from cas_server.settings import CasSettings;"
        "from chassis import LiveConfig; from chassis.config import ConfigSource;"
        "place = Path(sys.argv[1]);"
        "create_app(LiveConfig.load(ConfigSource('cas-server', config_dir=place / 'config',"
        "secrets_dir=place / 'secrets'), CasSettings));"
        "print({name in sys.modules for name in ('joserfc', 'cryptography.hazmat')})"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    printed = subprocess.check_output(command, text=True, timeout=60)
    assert printed.splitlines()[-1] == f"{{{is_loaded}}}"
