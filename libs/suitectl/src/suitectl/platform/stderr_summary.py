"""Summarises a client's standard error in one line, with the next step where it is known."""

import re

_KNOWN = (
    (
        "localhost:8080",
        "no kubeconfig: set KUBECONFIG, or write ~/.kube/config; PLATFORM=localkube needs none",
    ),
    ("error: stat ", "no kubeconfig at that path; set KUBECONFIG to one that exists"),
    ("Unable to connect to the server", "the cluster does not respond; is it up?"),
    ("was refused", "the cluster does not respond; is it up?"),
    ('" cannot ', "no right to do that with this kubeconfig"),
)
_NOISE = re.compile(r"Warning:|[IWE]\d{4} ")


def one_line(stderr: str) -> str:
    """Return the line of standard error that matters, with the next step where it is known."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    relevant = [line for line in lines if not _NOISE.match(line)] or lines
    if not relevant:
        return "no message"
    line = relevant[-1]
    advice = next((advice for sign, advice in _KNOWN if sign in stderr), None)
    return f"{advice} ({line})" if advice else line
