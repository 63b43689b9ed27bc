"""Command lines as people type them on either platform."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

KUBECTL, LOCALKUBE = "kubectl", "./localkube"


class Command(Protocol):
    """A command that people paste into a shell in the checkout."""

    def line(self, client: str) -> str:
        """Return the line for a client: KUBECTL for a cluster, LOCALKUBE for this machine."""
        ...


@dataclass(frozen=True, slots=True)
class Verb:
    """A kubectl verb; localkube takes the same arguments.

    `editor` is the KUBE_EDITOR of an `edit`, so that it runs unattended.
    """

    arguments: tuple[str, ...]
    editor: str | None = None

    def environment(self) -> Mapping[str, str]:
        """Return the variables that the verb runs with."""
        return {"KUBE_EDITOR": self.editor} if self.editor else {}

    def line(self, client: str) -> str:
        """Return the line for a client."""
        variables = [f"{name}={_quoted(value)}" for name, value in self.environment().items()]
        # The user's shell expands $POD.
        words = [word if word.startswith("$") else shlex.quote(word) for word in self.arguments]
        return " ".join([*variables, client, *words])


def verb(line: str, *, editor: str | None = None) -> Verb:
    """Read a verb as it is typed: `verb("get pods -A")`."""
    return Verb(tuple(shlex.split(line)), editor)


def _quoted(text: str) -> str:
    """Quote for a shell, with double quotes where possible: they leave single ones readable."""
    return f'"{text}"' if not set(text) & set('"$`\\!') else shlex.quote(text)


@dataclass(frozen=True, slots=True)
class Shell:
    """A line without a client of the platform."""

    text: str

    def line(self, client: str) -> str:
        """Return the line, the same for each client."""
        del client
        return self.text


@dataclass(frozen=True, slots=True)
class Patch:
    """A `patch` of an object, with what a program prints."""

    verb: Verb
    program: str

    def line(self, client: str) -> str:
        """Return the line for a client."""
        return f'{self.verb.line(client)} -p "$({self.program})"'


@dataclass(frozen=True, slots=True)
class Captured:
    """A shell variable with the first line that a verb prints, for the next command."""

    name: str
    verb: Verb

    def line(self, client: str) -> str:
        """Return the line for a client."""
        return f"{self.name}=$({self.verb.line(client)} | head -1)"


@dataclass(frozen=True, slots=True)
class Curl:
    """A request to a Service: through `kubectl port-forward`, or by name with `localkube curl`.

    `caller` is whose token the line gets: a user's, or with the prefix `client:` a client's.
    """

    service: str
    namespace: str
    port: int
    path: str
    options: str = ""
    caller: str | None = None
    form: Mapping[str, str] = field(default_factory=dict)

    def line(self, client: str) -> str:
        """Return the line for a client; curl retries until a port is forwarded."""
        if client == LOCALKUBE:
            return self._curl("./localkube curl", f"{self.service}.{self.namespace}")
        forward = f"kubectl port-forward -n {self.namespace} svc/{self.service} {self.port} & "
        return forward + self._curl("curl --retry 3 --retry-connrefused", f"127.0.0.1:{self.port}")

    def _curl(self, program: str, host: str) -> str:
        url = shlex.quote(f"http://{host}{self.path}")
        parts = [program, "-s", self.options, self._bearer(), *self._fields(), url]
        return " ".join(part for part in parts if part)

    def _bearer(self) -> str:
        if self.caller is None:
            return ""
        kind, _, name = self.caller.rpartition(":")
        variable = "CLIENT" if kind == "client" else "USER"
        return f'-H "Authorization: Bearer $(make -s token {variable}={name})"'

    def _fields(self) -> list[str]:
        return [f"-d {name}={value}" for name, value in self.form.items()]
