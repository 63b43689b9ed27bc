"""Run one command line, and print its error in one line."""

import importlib
import sys
from collections.abc import Sequence

from localkube.control.client import Client
from localkube.control.state_directory import state_of
from localkube.errors import LocalkubeError
from localkube.terminal import discard_output, print_error
from localkube.verbs.parser import Parser, parser_and_verbs

_FOLLOWING = {"-w", "--watch", "--watch-only", "-f", "--follow"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 1 failed, 2 usage or manifest, 3 already running."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(words)
    except LocalkubeError as error:
        print_error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        if not _runs_until_ctrl_c(words):
            print_error("interrupted")
        return 130
    except BrokenPipeError:
        discard_output()
        return 0


def _run(words: list[str]) -> int:
    end = _end_of_options(words)
    parser, verbs = parser_and_verbs()
    known: dict[str, Parser] = dict(verbs.choices)
    own = next((known[word] for word in words[:end] if word in known), parser)
    options, others = parser.parse_known_args(_without_values_of_switches(words[:end], own))
    for word in others:
        # argparse gives up where names and options alternate: `get pod -n ns NAME`.
        if (word.startswith("-") and word != "-") or not hasattr(options, "what"):
            raise own.unknown_flag(word)
        options.what.append(word)
    options.rest = words[end:]
    # A command imports only its own verb.
    module = importlib.import_module(f"localkube.verbs.{options.module}")
    return int(getattr(module, options.function)(options, Client(state_of(options.state))))


def _runs_until_ctrl_c(words: list[str]) -> bool:
    if {"watch", "port-forward"} & set(words):
        return True
    return bool({"get", "logs", "events"} & set(words) and _FOLLOWING & set(words))


def _without_values_of_switches(words: list[str], parser: Parser) -> list[str]:
    """Read `--watch=true` as `--watch`, and leave `--watch=false` out."""
    result = []
    for word in words:
        name, _, value = word.partition("=")
        if value in {"true", "false"} and parser.is_switch(name):
            result += [name] if value == "true" else []
        else:
            result.append(word)
    return result


def _end_of_options(words: list[str]) -> int:
    """Return the end of localkube's own options.

    All words after `curl` are curl's, and those from `--` on the command of `exec`.
    """
    verb = 2 if words[:1] == ["--state"] else sum(w.startswith("--state=") for w in words[:1])
    if words[verb : verb + 1] == ["curl"]:
        return verb + 1
    end = words.index("--") if "--" in words else len(words)
    return end if "exec" in words[:end] else len(words)
