"""Whether a plan holds: every pod booked where it ends, apart from how the plan was found."""

from collections.abc import Sequence

from restow.core.errors import ModelError
from restow.sharing.problem import FULL, Placement, Problem


def check(problem: Problem, plan: Sequence[Placement]) -> int:
    """Return what the plan gains, in thousandths of a device.

    Raises
    ------
    ModelError
        A node or a device is overfilled, a pod is on devices that it did not ask for, is placed
        twice or is lost, or more pods move than the limit allows: a bug.
    """
    where = {p: (pod.node, pod.devices) for p, pod in enumerate(problem.pods)}
    placed, moves = set[int](), 0
    for step in plan:
        if step.pod in placed or step.pod not in where:
            raise ModelError(f"pod {step.pod} is placed twice, or unknown")
        placed.add(step.pod)
        old, devices = where[step.pod]
        if old is not None and (old, sorted(devices)) != (step.node, sorted(step.devices)):
            moves += 1
            if problem.pods[step.pod].fixed:
                raise ModelError(f"pod {step.pod} has to stay, and moves")
        where[step.pod] = (step.node, step.devices)
    if moves > problem.limit:
        raise ModelError(f"{moves} moves exceed the limit of {problem.limit}")
    return _booked(problem, where) - problem.allocated()


def _booked(problem: Problem, where: dict[int, tuple[int | None, tuple[int, ...]]]) -> int:
    cpu = [node.cpu_m for node in problem.nodes]
    memory = [node.memory for node in problem.nodes]
    device = [[FULL] * node.devices for node in problem.nodes]
    total = 0
    for p, (n, devices) in where.items():
        if n is None:
            if problem.pods[p].node is not None:
                raise ModelError(f"pod {p} ran, and is lost")
            continue
        kind = problem.kinds[problem.pods[p].kind]
        if not 0 <= n < len(problem.nodes):
            raise ModelError(f"pod {p} is on a node that there is not")
        _judge(problem, p, n, devices)
        cpu[n] -= kind.cpu_m
        memory[n] -= kind.memory
        for d in devices:
            device[n][d] -= kind.milli
        total += kind.devices * kind.milli
    for n, left in enumerate(device):
        if cpu[n] < 0 or memory[n] < 0:
            raise ModelError(f"node {n} is overfilled")
        if any(milli < 0 for milli in left):
            raise ModelError(f"a device of node {n} is overfilled")
    return total


def _judge(problem: Problem, p: int, n: int, devices: tuple[int, ...]) -> None:
    kind, node = problem.kinds[problem.pods[p].kind], problem.nodes[n]
    if len(devices) != kind.devices:
        raise ModelError(f"pod {p} asks for {kind.devices} devices and is on {len(devices)}")
    if len(set(devices)) != len(devices) or any(not 0 <= d < node.devices for d in devices):
        raise ModelError(f"pod {p} is on devices that node {n} does not have, or twice on one")
    if kind.models is not None and node.model not in kind.models:
        raise ModelError(f"pod {p} may not be on a node of model {node.model}")
