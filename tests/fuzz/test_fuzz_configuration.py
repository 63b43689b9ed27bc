"""Loading configuration documents that people, editors and attackers might mount.

The rules need no second implementation. A load ends soon, with settings or a `ConfigError`.
Nothing of the Secret appears outside of secret fields. `prod` is never dropped. Names are used as
written. A reload does not lose a file that had settings.
"""

import json
import random
from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import SecretStr

from chassis.config import (
    ConfigError,
    ConfigSource,
    NameList,
    Section,
    ServiceSettings,
    Snapshot,
)
from chassis.config.snapshot import take_snapshot
from chassis.config.source import Mounted
from fuzz.conftest import Rounds

HIDDEN = "hidden-in-the-secret"


class Account(Section):
    password: SecretStr | None = None
    level: int = 0


class Fuzzed(ServiceSettings):
    message: str = ""
    words: NameList = ()
    flag: bool = False
    accounts: dict[str, Account] = {}  # noqa: RUF012 - pydantic copies it
    members: tuple[Account, ...] = ()


PROFILES = ["dev", "prod", "test", "dev,prod", "[dev, test]", "Prod", "a b", "", "${WHO}", "${a0}"]
EXPRESSIONS = [*PROFILES, "!prod", "dev & kubernetes", "(dev | test) & !prod", "((dev", "${token}"]
NAMES = [
    "alice",
    "Al-Ice",
    "al.x",
    "Al.y",
    "my.level",
    "a b",
    "*",
    "#1",
    "@",
    "x[0]",
    "[y]",
    "true",
]
TEXTS = [
    *("x", "true", "off", "~", "1", "0123", "1e3", "2s", "-1", "é", "a,b", "null", " ", "1" * 5000),
    *("${a0}", "${a1}${a1}", "${token}", "x${loose.key}y", "${no:${a0}}", "${no:${token}}", "${no"),
    *("${WHO}", "${message}", "${accounts.alice.password}", "${" * 40, "${deep.words}", "${}"),
]
KEYS: Mapping[str, list[str]] = {
    "message": TEXTS,
    "words": [*TEXTS, "[a, b]", "['${token}']", "[[x], {a: b}]"],
    "flag": TEXTS,
    "a0": TEXTS,
    "a1": TEXTS,
    "members": ["[{password: '${token}'}]", "[{level: '${token}'}]", "[1]", "~", "{}"],
    "accounts": ["{}", "~", "[]", "x"],
    "server.port": TEXTS,
    "client.timeout": TEXTS,
    "spring.application.name": TEXTS,
    "logging.level.root": TEXTS,
    "spring.data.redis.ssl": ["true", "{enabled: on}", "{bundle: x}", "maybe"],
    "spring.profiles.active": PROFILES,
    "spring.profiles.include": PROFILES,
    "spring.profiles.group": ["{dev: prod}", "{dev: [a, dev]}", "x", "{a: {b: c}}"],
    "spring.profiles.activ": PROFILES,
    "spring.profiles": EXPRESSIONS,
    "profiles": EXPRESSIONS,
    "spring.config.activate.on-profile": EXPRESSIONS,
    "spring.config.activate.on-cloud-platform": ["kubernetes", "heroku", "[a]"],
    "spring.config.activate.on-feature": TEXTS,
    "security.path.ignores": [*TEXTS, "[/a, /b]"],
    "foreign": ["{a: {b: c}}", "[1, [2, {c: d}]]", *TEXTS],
    "<<": ["{message: x}", "[{flag: true}, {a0: b}]", "x"],
}
SAFE = ["message", "message", "words", "a0", "a1", "foreign", "spring.profiles.active"]
FILES = ["application.yaml", "application.yml", "application-dev.yaml", "application-prod.yaml"]
OTHERS = ["application-dev.properties", "application-Dev.yaml", "message", ".x"]
SECRET_FILES = [
    "identities.yaml",
    "message",
    "client.crt",
    "security.jks",
    "accounts.al.x.password",
]
SPLICES = [
    "\n---\n",
    "&a ",
    "*a",
    "[",
    "{",
    "}",
    ": ",
    "\t",
    "\ufeff",
    "\x00",
    "'",
    '"',
    "- ",
    "? ",
]


def _line(rng: random.Random) -> str:
    if rng.random() < 0.3:
        name = rng.choice(NAMES)
        key = f"accounts.{name}" if rng.random() < 0.2 else json.dumps(name)
        level = rng.choice(["1", "1", "1", "x", "'${a0}'", "'${token}'"])
        value = f"{{level: {level}, password: '${{token}}'}}"
        return f"{key}: {value}" if key.startswith("accounts") else f"accounts: {{{key}: {value}}}"
    key = rng.choice(SAFE if rng.random() < 0.8 else list(KEYS))
    value = rng.choice(KEYS[key])
    quoted = value if value[:1] in "[{~" or rng.random() < 0.5 else json.dumps(value)
    return f"{_respelt(rng, key)}: {quoted}"


def _respelt(rng: random.Random, key: str) -> str:
    if rng.random() < 0.1:
        return key.upper() if rng.random() < 0.5 else key.replace("-", "_")
    if "." in key and rng.random() < 0.1:
        head, _, rest = key.partition(".")
        return f"{head}:\n  {rest}"
    return key


def _document(rng: random.Random) -> bytes:
    parts = [
        "\n".join(_line(rng) for _ in range(rng.randint(0, 3))) for _ in range(rng.randint(1, 3))
    ]
    text = "\n---\n".join(parts)
    if rng.random() < 0.002:
        text += "\n" + "".join(f"b{n}: ${{b{n - 1}}}${{b{n - 1}}}\n" for n in range(1, 30))
        text += "b0: x\nmessage: ${b29}"
    if rng.random() < 0.1:
        text = yaml.safe_dump(_tree(rng, 0))
    for _ in range(rng.choice([0, 0, 0, 0, 0, 0, 0, 0, 1, 3])):
        at = rng.randint(0, len(text))
        text = text[:at] + rng.choice(SPLICES) * rng.choice([1, 1, 1, 200]) + text[at:]
    content = (text.strip() or "flag: true").encode()
    if rng.random() < 0.02:
        content = rng.choice([b"\xef\xbb\xbf" + content, text.encode("utf-16"), content + b"\xff"])
    return content


def _tree(rng: random.Random, depth: int) -> Any:
    if depth > 4 or rng.random() < 0.3:
        return rng.choice([*TEXTS, 1, 2.5, True, None])
    if rng.random() < 0.3:
        return [_tree(rng, depth + 1) for _ in range(rng.randint(0, 3))]
    names = [*KEYS, *NAMES]
    return {rng.choice(names): _tree(rng, depth + 1) for _ in range(rng.randint(0, 4))}


def _mounted(rng: random.Random) -> Mounted:
    config = {"application.yaml": _document(rng)}
    config |= {name: _document(rng) for name in (*FILES, *OTHERS) if rng.random() < 0.15}
    secrets = {"more.yaml": f"token: {HIDDEN}\ndeep.words: [{HIDDEN}]".encode()}
    secrets |= {"loose.key": HIDDEN.encode()} if rng.random() < 0.7 else {}
    secrets |= {
        name: rng.choice([b"accounts: {}", b"\xff\xfe", b"7"])
        for name in SECRET_FILES
        if rng.random() < 0.15
    }
    return Mounted(config, secrets)


def _source(rng: random.Random) -> ConfigSource:
    argv = [f"--profiles={rng.choice(['dev', 'test', 'prod'])}"] if rng.random() < 0.2 else []
    environ = {"WHO": rng.choice(["dev", "prod"])}
    if rng.random() < 0.2:
        environ["SPRING_PROFILES_ACTIVE"] = rng.choice(["dev", "test"])
    if rng.random() < 0.2:
        environ["FUZZED__MESSAGE"] = rng.choice(TEXTS)
    if rng.random() < 0.1:
        environ["KUBERNETES_SERVICE_HOST"] = "10.0.0.1"
    return ConfigSource.from_process("fuzzed", argv, environ)


def _shown(snapshot: Snapshot[Fuzzed]) -> str:
    """Return everything of a configuration that may be shown. Secret fields are masked."""
    named = (snapshot.name, snapshot.ignored, snapshot.unread, snapshot.profiles)
    return f"{snapshot.settings!r} {named} {snapshot.profile_sources}"


def test_every_load_ends_and_obeys_the_rules(rounds: Rounds) -> None:
    for rng in rounds:
        source, first, second = _source(rng), _mounted(rng), _mounted(rng)
        before = _loaded(source, first, None)
        if before is not None:
            _judge(before, first, None)
            after = _loaded(source, second, before)
            if after is not None:
                _judge(after, second, before)


def _loaded(
    source: ConfigSource, mounted: Mounted, before: Snapshot[Fuzzed] | None
) -> Snapshot[Fuzzed] | None:
    """Return the loaded configuration, or None if it is refused with a loggable reason."""
    said = ""
    try:
        return take_snapshot(source, mounted, Fuzzed, before)
    except ConfigError as error:
        said = str(error)
        return None
    finally:
        assert HIDDEN not in said
        assert len(said) < 20_000


def _judge(snapshot: Snapshot[Fuzzed], mounted: Mounted, before: Snapshot[Fuzzed] | None) -> None:
    assert HIDDEN not in _shown(snapshot)
    names = list(snapshot.settings.accounts)
    assert all(_is_written(name, mounted) for name in names)
    assert len({name.lower().replace("-", "").replace("_", "") for name in names}) == len(names)
    named = [profile for one in snapshot.profile_sources.active for profile in one.profiles]
    assert "prod" not in named or "prod" in snapshot.profiles
    for is_secret, file in before.carried if before else ():
        assert file in (mounted.secrets if is_secret else mounted.config)


def _is_written(name: str, mounted: Mounted) -> bool:
    """Return whether a text contains a name, verbatim or escaped as in JSON or YAML."""
    text = b" ".join([*mounted.config.values(), *map(str.encode, mounted.secrets)])
    return any(form.encode() in text for form in (name, json.dumps(name)[1:-1], repr(name)[1:-1]))
