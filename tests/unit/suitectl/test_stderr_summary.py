"""The standard error of a client becomes one line with the next step."""

import pytest

from suitectl.platform.stderr_summary import one_line


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "The connection to the server localhost:8080 was refused",
            "no kubeconfig: set",
        ),
        ("error: stat /nowhere: no such file or directory", "no kubeconfig at that path"),
        (
            "Unable to connect to the server: dial tcp 10.0.0.1: i/o timeout",
            "does not respond",
        ),
        (
            'Error from server (Forbidden): pods is forbidden: User "x" cannot list',
            "no right to do that",
        ),
        ('Error from server (NotFound): services "a" not found', 'services "a" not found'),
        (
            'Error from server (Forbidden): pods "a" is forbidden: violates PodSecurity',
            "Error from server",
        ),
        ("", "no message"),
    ],
)
def test_the_next_step_is_named(said: str, expected: str) -> None:
    assert expected in one_line(said)


def test_warnings_and_logs_do_not_hide_the_error() -> None:
    said = "error: no such thing\nWarning: version skew\nE1125 06:36:30.464036 1 x.go:7] no\n"
    assert one_line(said) == "error: no such thing"
