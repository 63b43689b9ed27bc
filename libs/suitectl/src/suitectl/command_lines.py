"""Command lines as people type them on either platform."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

LOCALKUBE = "./localkube"


class Command(Protocol):
    """Something to paste: into a shell beside a cluster, or into one here."""

    def on_kubernetes(self) -> str:
        """Return the line for a shell beside a cluster."""
        ...

    def here(self) -> str:
        """Return the line for this machine."""
        ...


@dataclass(frozen=True, slots=True)
class Verb:
    """A kubectl verb; localkube takes the same arguments.

    `editor` is the KUBE_EDITOR of an `edit`, so that it runs unattended.
    """

    arguments: tuple[str, ...]
    editor: str | None = None

    def on_kubernetes(self) -> str:
        """Return the line for a shell beside a cluster."""
        return self._line("kubectl")

    def here(self) -> str:
        """Return the line for this machine."""
        return self._line(LOCALKUBE)

    def environment(self) -> Mapping[str, str]:
        """Return the variables that the verb runs with."""
        return {"KUBE_EDITOR": self.editor} if self.editor else {}

    def _line(self, program: str) -> str:
        variables = [f"{name}={_quoted(value)}" for name, value in self.environment().items()]
        # A variable of the shell stays one: $POD is filled in where the line is pasted.
        words = [word if word.startswith("$") else shlex.quote(word) for word in self.arguments]
        return " ".join([*variables, program, *words])


def verb(line: str, *, editor: str | None = None) -> Verb:
    """Read a verb as it is typed: `verb("get pods -A")`."""
    return Verb(tuple(shlex.split(line)), editor)


def _quoted(text: str) -> str:
    """Quote for a shell; double quotes where they do, for they leave single ones readable."""
    return f'"{text}"' if not set(text) & set('"$`\\!') else shlex.quote(text)


@dataclass(frozen=True, slots=True)
class Shell:
    """A line that is the same everywhere."""

    line: str

    def on_kubernetes(self) -> str:
        """Return the line for a shell beside a cluster."""
        return self.line

    def here(self) -> str:
        """Return the line for this machine."""
        return self.line


@dataclass(frozen=True, slots=True)
class Captured:
    """The first line a verb prints, kept in a variable for the next command."""

    name: str
    verb: Verb

    def on_kubernetes(self) -> str:
        """Return the line for a shell beside a cluster."""
        return f"{self.name}=$({self.verb.on_kubernetes()} | head -1)"

    def here(self) -> str:
        """Return the line for this machine."""
        return f"{self.name}=$({self.verb.here()} | head -1)"


@dataclass(frozen=True, slots=True)
class Curl:
    """A request to a Service; on a cluster through a port-forward, here by the Service's name.

    The pasted line asks for the token of `caller`, a user or, with `client:`, a client.
    """

    service: str
    namespace: str
    port: int
    path: str
    options: str = ""
    caller: str | None = None
    form: Mapping[str, str] = field(default_factory=dict)

    def on_kubernetes(self) -> str:
        """Return the line for a shell beside a cluster."""
        forward = f"kubectl port-forward -n {self.namespace} svc/{self.service} {self.port} & "
        return forward + self._curl("curl", f"http://127.0.0.1:{self.port}{self.path}")

    def here(self) -> str:
        """Return the line for this machine."""
        return self._curl(f"{LOCALKUBE} curl", f"http://{self.service}.{self.namespace}{self.path}")

    def _curl(self, program: str, url: str) -> str:
        parts = [program, "-s", self.options, self._bearer(), *self._fields(), shlex.quote(url)]
        return " ".join(part for part in parts if part)

    def _bearer(self) -> str:
        if self.caller is None:
            return ""
        kind, _, name = self.caller.rpartition(":")
        variable = "CLIENT" if kind == "client" else "USER"
        return f'-H "Authorization: Bearer $(make -s token {variable}={name})"'

    def _fields(self) -> list[str]:
        return [f"-d {name}={value}" for name, value in self.form.items()]
