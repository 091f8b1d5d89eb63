import io

from rich.console import Console

from restow.core.reasons import Reason
from restow.planning.plan import Plan, TierResult
from restow.report import tables
from tests.support.objects import a_node, a_pod, a_snapshot
from tests.support.plans import a_move, a_place, a_plan, an_eviction, without_node


def printed(plan: Plan, *, picture: bool = False, width: int = 160) -> str:
    stream = io.StringIO()
    nodes = [a_node("n1", gpus=8), a_node("n2", gpus=8)]
    Console(file=stream, width=width).print(
        tables.report(plan, a_snapshot([], nodes) if picture else None)
    )
    return stream.getvalue()


def stripped(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


BIG, SMALL, WEAK = a_pod("big", gpus=8), a_pod("small", node="n1"), a_pod("weak", node="n1")


def test_report_tells_steps_tiers_and_the_unplaced() -> None:
    tier = TierResult(priority=1000, pods=4, placed_before=2, placed=3, bound=3, proven=True)
    plan = a_plan(
        a_move(SMALL, "n2"),
        an_eviction(WEAK),
        a_place(BIG, "n1", wave=1),
        tiers=(tier,),
        unplaced=(without_node(a_pod("late"), message="cpu: 2 short"),),
    )
    text = printed(plan, picture=True)
    assert "places 1 pending pod, moves 1 and evicts 1, in 2 waves (Optimal, 0.25 s, test)" in text
    assert "1000      4     2              3       3        yes" in text
    assert "0     Move    default/small  n1    n2" in text
    assert "1     Place   default/big          n1" in text
    assert "default/late\n  NoRoom, proven\n  cpu: 2 short\n" in stripped(text)
    assert "A default/big" in text


def test_a_plan_without_steps_says_that_it_changes_nothing() -> None:
    text = printed(a_plan(unplaced=(without_node(BIG, reason=Reason.LIMIT_REACHED),)))
    assert "changes nothing" in text
    assert "LimitReached" in text
    assert "Steps" not in text


def test_a_narrow_terminal_breaks_the_message_and_no_name_of_a_pending_pod() -> None:
    long = "inference-server-with-a-name-of-seventy-letters-5df8f549b5-gv7v4-abcde"
    pods = [without_node(a_pod(f"ml/{long}{n}"), message="word " * 30) for n in range(2)]
    text = stripped(printed(a_plan(unplaced=tuple(pods)), width=80))
    assert f"ml/{long}0\nml/{long}1\n  NoRoom, proven\n  word" in text
    assert text.count("word") == 30


def test_steps_are_told_in_words() -> None:
    assert tables.sentence(a_move(SMALL, "n2")) == "default/small moves from n1 to n2"
    assert tables.sentence(a_place(BIG, "n1")) == "default/big starts on n1"
    assert tables.sentence(an_eviction(WEAK)) == "default/weak is evicted from n1 and waits"
