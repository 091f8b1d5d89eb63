"""Random clusters: small nodes, apps with relations among their pods, and some that come too late.

Nothing is placed by hand: kube-scheduler puts the running apps where it likes, which leaves every
node a little room and none of them much, as in life.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from e2e.client import Json
from e2e.nodes import a_node

CASE: Final = "e2e.restow.dev/case"
"""Label of nodes and pods: the clusters of several draws live side by side in one."""
ZONE: Final = "topology.kubernetes.io/zone"
HOST: Final = "kubernetes.io/hostname"
NODE_CPU: Final = 8
FILLED: Final = 0.7
"""Share of the CPUs that the running apps ask for, at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """One random cluster.

    Parameters
    ----------
    name
        Of its namespace and policy, and the value of its label.
    nodes
        Nodes, and the class of the important pods.
    running, late
        Deployments, StatefulSets and disruption budgets: those of the beginning, and those that
        come when the first ones run.
    pods
        How many pods `running` asks for.
    relations
        What the apps ask of each other, and what else is particular about them, sorted.
    priorities
        Whether some pods are more important than others: then fewer of those may run in the end.
    """

    name: str
    nodes: tuple[Json, ...]
    running: tuple[Json, ...]
    late: tuple[Json, ...]
    pods: int
    relations: tuple[str, ...]
    priorities: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A Deployment or StatefulSet in few words.

    `relation` is what it asks of other pods, `of` whom it names; `ends` is how long its pods take
    to terminate, empty for not at all.
    """

    name: str
    replicas: int
    cpu: int
    relation: str
    of: str
    topology: str
    budget: bool
    kind: str
    important: bool
    ends: str


RELATIONS: Final = {
    "none": 6,
    "apart": 3,  # no two of its own pods in one place
    "repels": 3,  # none beside another app's
    "near": 3,  # each beside one of another app's
    "spread": 3,  # its own pods evenly over the places
    "port": 2,  # a port of the host
}
"""With their weights."""
KINDS: Final = {"Deployment": 6, "StatefulSet": 1}
ENDS: Final = {"": 8, "1s": 1, "5s": 1}
"""How long pods take to terminate; a replacement waits behind the gate for 3 s at most."""
PRIORITY: Final = 1000


def draw(seed: int, index: int) -> Draw:
    """Return the cluster of that number; equal numbers give equal clusters."""
    rng = random.Random(f"{seed}/{index}")
    name = f"plan-{seed}-{index}"
    count, zones = rng.randint(3, 6), rng.randint(2, 3)
    nodes = tuple(
        a_node(f"{name}-{n}", cpu=str(NODE_CPU), labels={CASE: name, ZONE: f"z{n % zones}"})
        for n in range(count)
    )
    share = rng.choice((0.0, 0.0, 0.3))  # of the important apps
    apps = tuple(_apps(rng, count, share))
    late = tuple(_late(rng, apps, share))
    everyone = (*apps, *late)
    return Draw(
        name=name,
        nodes=(*nodes, _priority_class(name)),
        running=tuple(each for app in apps for each in _manifests(app, name)),
        late=tuple(each for app in late for each in _manifests(app, name)),
        pods=sum(app.replicas for app in apps),
        relations=tuple(sorted({each for app in everyone for each in _particulars(app)})),
        priorities=len({app.important for app in everyone}) > 1,
    )


def _particulars(app: App) -> Iterator[str]:
    if app.relation != "none":
        yield app.relation
    if app.kind != "Deployment":
        yield app.kind
    if app.important:
        yield "priority"
    if app.ends:
        yield "slow end"
    if app.budget:
        yield "budget"
    if app.replicas == 1:
        yield "single replica"


def _apps(rng: random.Random, nodes: int, share: float) -> Iterator[App]:
    room, asked, names = nodes * NODE_CPU, 0, ["a0"]
    while asked < FILLED * room:
        replicas, cpu = rng.randint(1, 3), rng.choice((1, 1, 2, 2, 3))
        yield _app(rng, names, replicas=replicas, cpu=cpu, share=share)
        asked += replicas * cpu
        names.append(f"a{len(names)}")


def _late(rng: random.Random, apps: tuple[App, ...], share: float) -> Iterator[App]:
    for number in range(rng.randint(1, 2)):
        names = [*(app.name for app in apps), f"late{number}"]
        replicas, cpu = rng.choice((1, 1, 2)), rng.randint(3, 6)
        yield _app(rng, names, replicas=replicas, cpu=cpu, share=share)


def _app(rng: random.Random, names: list[str], *, replicas: int, cpu: int, share: float) -> App:
    """Return an app of the last name; it may ask something of those before it."""
    *others, own = names
    relation = rng.choices(list(RELATIONS), list(RELATIONS.values()))[0]
    if relation in {"repels", "near"} and not others:
        relation = "none"
    return App(
        name=own,
        replicas=replicas,
        cpu=cpu,
        relation=relation,
        of=rng.choice(others) if relation in {"repels", "near"} else own,
        topology=rng.choice((HOST, ZONE)) if relation != "apart" else HOST,
        budget=replicas > 1 and rng.random() < 0.3,
        kind=rng.choices(list(KINDS), list(KINDS.values()))[0],
        important=rng.random() < share,
        ends=rng.choices(list(ENDS), list(ENDS.values()))[0],
    )


def _manifests(app: App, case: str) -> Iterator[Json]:
    meta: Json = {"labels": {"app": app.name, CASE: case}}
    if app.ends:
        meta["annotations"] = {"e2e.restow.dev/terminate-after": app.ends}
    spec: Json = {
        "replicas": app.replicas,
        "selector": {"matchLabels": {"app": app.name}},
        "template": {"metadata": meta, "spec": _pod(app, case)},
    }
    if app.kind == "StatefulSet":
        spec["podManagementPolicy"] = "Parallel"
    yield {
        "apiVersion": "apps/v1",
        "kind": app.kind,
        "metadata": {"name": app.name, "namespace": case},
        "spec": spec,
    }
    if app.budget:
        yield {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": app.name, "namespace": case},
            "spec": {
                "minAvailable": app.replicas - 1,
                "selector": {"matchLabels": {"app": app.name}},
            },
        }


def _priority_class(case: str) -> Json:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": case},
        "value": PRIORITY,
    }


def _pod(app: App, case: str) -> Json:
    container: Json = {
        "name": "c",
        "image": "x",
        "resources": {"requests": {"cpu": str(app.cpu)}},
    }
    if app.relation == "port":
        container["ports"] = [{"containerPort": 80, "hostPort": 8080}]
    spec: Json = {"containers": [container], "nodeSelector": {CASE: case}}
    if app.important:
        spec["priorityClassName"] = case
    term = {"labelSelector": {"matchLabels": {"app": app.of}}, "topologyKey": app.topology}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    match app.relation:
        case "apart" | "repels":
            spec["affinity"] = {"podAntiAffinity": required}
        case "near":
            spec["affinity"] = {"podAffinity": required}
        case "spread":
            spec["topologySpreadConstraints"] = [
                {**term, "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}
            ]
        case _:
            pass
    return spec
