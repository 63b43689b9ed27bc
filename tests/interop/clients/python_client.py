"""Python's requests or httpx, by the first argument, with their defaults."""

import importlib
import json
import sys
from collections.abc import Iterator
from typing import Any

ECHO = json.dumps({"said": "x" * 40_000}).encode()


def main(library: str, cas: str, rest: str, pair: str, bearer: str) -> None:
    post = importlib.import_module(library).post
    basic = tuple(pair.split(":", 1))
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    form, token = {"grant_type": "client_credentials"}, {"token": bearer}
    say("token", post(f"{cas}/oauth/token", data=form, auth=basic, timeout=20))
    say("introspect", post(f"{cas}/oauth/introspect", data=token, auth=basic, timeout=20))
    say("check_token", post(f"{cas}/oauth/check_token", data=token, auth=basic, timeout=20))
    body = "data" if library == "requests" else "content"
    url, echo = f"{rest}/api/echo", {"headers": headers, "timeout": 20}
    say("echo", post(url, **{body: ECHO}, **echo))
    say("chunked", post(url, **{body: pieces()}, **echo))


def pieces() -> Iterator[bytes]:
    for begin in range(0, len(ECHO), 7_000):
        yield ECHO[begin : begin + 7_000]


def say(call: str, response: Any) -> None:
    print(call, response.status_code, response.text, sep="\t")  # noqa: T201 - its output


if __name__ == "__main__":
    main(*sys.argv[1:])
