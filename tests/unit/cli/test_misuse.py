"""Wrong arguments: one line on stderr that says which, exit 2, nothing on stdout."""

import socket
import sys
from pathlib import Path

import pytest

from restow.cli.main import main

CONFIG = """
apiVersion: v1
kind: Config
current-context: one
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: one, context: {cluster: c, user: u}}]
"""


COMMANDS = {"plan", "reschedule", "explain", "run", "pack", "record", "simulate"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plan", "--output", "xml"], ["--output", "'xml'", "'table', 'json', 'yaml'"]),
        (["plan", "--bogus"], ["--bogus", "`restow plan --help`"]),
        (["plan", "dump.json"], ["dump.json"]),
        (["plan", "--from"], ["--from", "argument"]),
        (["plan", "--time-limit", "-1s"], ["--time-limit", "'-1s'", "10s"]),
        (["plan", "--time-limit", "0"], ["--time-limit", "'0'", "10s"]),
        (["plan", "--from", "x", "--context", "prod"], ["--context", "--from", "leave out"]),
        (["plan", "--from", "x", "--kubeconfig", "k"], ["--kubeconfig", "--from", "leave out"]),
        (
            ["explain", "pod", "a/b", "--from", "x", "--prometheus", "http://p"],
            ["--prometheus: ", "a dump's machines", "restow.dev/dirty-rate"],
        ),
        (
            ["reschedule", "--max-migrations", "1", "--prometheus", "p:9090"],
            ["--prometheus: ", "'p:9090'"],
        ),
        (["plan", "--prometheus-token-file", "t"], ["--prometheus-token-file", "by --prometheus"]),
        (
            ["run", "--prometheus", "https://p", "--prometheus-ca-file", "none"],
            ["--prometheus-ca-file: none: No such file"],
        ),
        (["run", "--metrics-port", "many"], ["--metrics-port", "integer", "`restow run --help`"]),
        (["run", "--probe-port", "70000"], ["--probe-port", "65535"]),
        (["record", "t", "--for", "soon"], ["--for", "'soon'", "10s"]),
        (["record", __file__], ["is there already", "name a new file"]),
        (["record"], ["FILE", "`restow record --help`"]),
        (["simulate", "t", "--policy", "worst"], ["'worst'", "'kube-scheduler'", "'bids'"]),
        (["pack"], ["'pack'", "`restow --help`"]),
    ],
    ids=lambda value: " ".join(value) if value[0] in COMMANDS else "",
)
def test_wrong_arguments_are_one_line(
    arguments: list[str],
    says: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["restow", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    out, err = capsys.readouterr()
    assert (end.value.code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("error: command line: ")
    assert [word for word in says if word not in line] == []


def test_the_prometheus_of_the_environment_is_not_asked_about_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RESTOW_PROMETHEUS", "http://p")
    monkeypatch.setattr(sys, "argv", ["restow", "plan", "--from", "nowhere.json"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("error: nowhere.json: ")


@pytest.mark.parametrize("option", ["--metrics-port", "--probe-port"])
def test_port_that_is_taken_is_named_before_anything_starts(
    option: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ports = {"--metrics-port": "0", "--probe-port": "0"}
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(CONFIG)
    with socket.create_server(("", 0)) as taken:
        ports[option] = str(taken.getsockname()[1])
        words = [word for pair in ports.items() for word in pair]
        arguments = ["restow", "run", f"--kubeconfig={kubeconfig}", *words]
        monkeypatch.setattr(sys, "argv", arguments)
        with pytest.raises(SystemExit) as end:
            main()
    out, err = capsys.readouterr()
    assert (end.value.code, out) == (2, "")
    assert err == (
        f"error: command line: {option}: port {ports[option]} cannot be served: "
        "Address already in use; choose a free port, or 0 for none\n"
    )
