"""Manifests of any shape are admitted or refused in one line, and are read back unchanged."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from invalid_objects import SOUND
from localkube.api.admission import admit
from localkube.api.yaml_reader import parse
from localkube.api.yaml_writer import to_yaml
from localkube.errors import UsageError

LETTERS = "aA1-_./ \n:#\"'[]{}&*!|>%@`~=yn0xe\x00é…"
WORDS = (
    "",
    "..",
    "../x",
    "web",
    "None",
    "ClusterIP",
    "25%",
    "metadata.name",
    "1:30",
    "0777",
    "eA==",
)
NUMBERS = (-1, 0, 1, 80, 65536, 2**31, 2**64, 0.5, 1e21)

Place = tuple[Any, Any]
"""A list or mapping, and an index or key of it."""


def _places(value: Any) -> Iterator[Place]:
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


def _any(rng: random.Random) -> Any:
    made: tuple[Callable[[], Any], ...] = (
        lambda: rng.choice(WORDS),
        lambda: "".join(rng.choices(LETTERS, k=rng.randint(0, 8))),
        lambda: rng.choice(NUMBERS),
        lambda: rng.choice((None, True, False, [], {}, [None], [{}], {"": ""}, {"a/b": None})),
    )
    return rng.choice(made)()


def _mutated(rng: random.Random) -> Any:
    document = copy.deepcopy(rng.choice(tuple(SOUND.values())))
    for _ in range(rng.randint(1, 4)):
        inside, key = rng.choice(list(_places(document)))
        change = rng.random()
        if change < 0.5:
            inside[key] = _any(rng)
        elif change < 0.7 and isinstance(inside, dict):
            inside["".join(rng.choices(LETTERS, k=3))] = inside.pop(key)
        elif change < 0.8:
            del inside[key]
        elif isinstance(inside, list):
            inside.append(copy.deepcopy(inside[key]))
        else:
            inside[key] = copy.deepcopy(rng.choice(list(_places(document)))[0])
        if not isinstance(document.get("kind"), str) or document["kind"] not in SOUND:
            document["kind"] = "ConfigMap"
        if not list(_places(document)):
            break
    return document


def test_a_manifest_is_admitted_or_refused_in_one_line(rounds: Iterator[random.Random]) -> None:
    """An admitted manifest is admitted again after `get -o yaml` prints it and `apply` reads it."""
    for rng in rounds:
        document = _mutated(rng)
        old = None
        if rng.random() < 0.5:
            old, _ = admit(copy.deepcopy(SOUND[document["kind"]]), "before", "default")
        try:
            admitted, _ = admit(document, "all.yaml", "default", old)
        except UsageError:
            continue  # anything else would be a traceback
        (read,) = parse(to_yaml(admitted), "again")
        assert read == json.loads(json.dumps(admitted))
        assert admit(read, "again", "default")[0] == admitted
        name, space = (admitted["metadata"][key] for key in ("name", "namespace"))
        assert "/" not in name + space
        assert all("/" not in key for key in admitted.get("data", {}))
