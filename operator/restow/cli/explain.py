"""`restow explain pod`: read a cluster, ask about one pod, print."""

import sys
from dataclasses import dataclass

from rich.console import Console

from restow.app.by_hand import explain_by_hand
from restow.app.worker import Worker
from restow.cli.output import WIDTH, Form, Output, write
from restow.cli.progress import telling
from restow.cli.reading import Source, read_now
from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.errors import InputError
from restow.core.ids import ObjectKey
from restow.explain.document import document
from restow.report.explanation import report


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for.

    Parameters
    ----------
    pod
        NAMESPACE/NAME.
    policy
        Path or name of the only policy to think of, None for all that are read.
    time_limit_s
        Time to look for each change, None for the policy's.
    """

    pod: str
    source: Source
    policy: str | None
    time_limit_s: float | None
    form: Form


def run(request: Request) -> None:
    """Print the answer on stdout.

    Raises
    ------
    RestowError
        InputError for what the caller can correct; SnapshotError and ApiError when the cluster
        cannot be read.
    """
    key = _key(request.pod)
    snapshot, policies, named, now = read_now(request.source, request.policy)
    pod = _found(key, snapshot)
    with telling("solving"), Worker() as worker:
        explanation = explain_by_hand(
            pod,
            snapshot,
            policies,
            named,
            worker=worker,
            time_limit_s=request.time_limit_s,
            now=now,
        )
    if request.form is Form.JSON:
        write(document(explanation), Output.JSON)
    else:
        width = None if sys.stdout.isatty() else WIDTH
        Console(width=width, highlight=False).print(report(explanation, now))


def _key(text: str) -> ObjectKey:
    namespace, _, name = text.partition("/")
    if not namespace or not name or "/" in name:
        raise InputError(
            where="command line",
            field="pod",
            problem=f"{text!r} is not the name of a pod with its namespace",
            remedy="write it like default/web-0",
        )
    return ObjectKey(namespace, name)


def _found(key: ObjectKey, snapshot: Snapshot) -> Pod:
    pod = snapshot.pods.get(key)
    if pod is not None:
        return pod
    elsewhere = sorted(str(each) for each in snapshot.pods if each.name == key.name)
    raise InputError(
        where="command line",
        field="pod",
        problem=f"there is no pod {key} among the {len(snapshot.pods)} that have not finished",
        remedy=f"did you mean {elsewhere[0]}" if elsewhere else "`kubectl get pods -A` lists them",
    )
