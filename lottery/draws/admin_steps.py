"""What staff do with a draw, each on a page of its own and with a right of its own."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from lottery.admin_base import at, page_of
from lottery.admin_steps import Done, Step
from lottery.draws import drafts, operations
from lottery.draws.admin_forms import BeaconForm, PostponeForm
from lottery.draws.admin_page import (
    approvals_of,
    code,
    draft_seen,
    opening_approvals,
    prizes_table,
    publication_approvals,
    rule_facts,
    seed_facts,
)
from lottery.draws.errors import DrawError
from lottery.draws.models import Approval, Draw
from lottery.draws.opening import faults_of
from possys.accounts.models import User
from possys.clock import now_ms, utc

TWICE = "you have approved it already; somebody else must approve it, too"


def _open(draw: Draw, by: User, answers: dict[str, Any], now: datetime) -> Done:
    _refuse_twice(opening_approvals(draw), by)
    if operations.approve_opening(draw, by, now):
        return Done(f"{draw} is open: its rules are fixed and stated in the log.")
    return Done(f"You have approved the opening of {draw}. A second person must approve the same rules.")


def _freeze(draw: Draw, by: User, answers: dict[str, Any], now: datetime) -> Done:
    frozen = operations.freeze(draw, now)
    return Done(f"The list of {frozen} is frozen: {frozen.ticket_count:,} tickets.")


def _postpone(draw: Draw, by: User, answers: dict[str, Any], now: datetime) -> Done:
    operations.postpone(draw, answers["draws_at"], by, answers["reason"], now)
    return Done(f"{draw} is postponed to {at(answers['draws_at'])}.")


def _hold(draw: Draw, by: User, answers: dict[str, Any], now: datetime) -> Done:
    operations.draw_winners(draw, now, answers.get("beacon"))
    return Done(f"{draw} was held. Two people approve the result before it is published.")


def _publish(draw: Draw, by: User, answers: dict[str, Any], now: datetime) -> Done:
    _refuse_twice(publication_approvals(draw), by)
    if operations.approve_publication(draw, by, now):
        return Done(f"The result of {draw} is published, and its winners are told.")
    return Done(f"You have approved the result of {draw}. A second person must approve it.")


def _copy(draw: Draw, by: User, answers: dict[str, Any], now: datetime) -> Done:
    draft = drafts.copy(draw, now)
    return Done(f"{draft} is a new draft with the rules and prizes of draw {draw.number}.", page_of(draft))


def _discard(draw: Draw, by: User, answers: dict[str, Any], now: datetime) -> Done:
    drafts.discard(draw)
    return Done(f"The draft {draw} is gone.", reverse("admin:lottery_draw_changelist"))


def _refuse_twice(approvals: list[Approval], by: User) -> None:
    if any(one.by_id == by.pk for one in approvals):
        raise DrawError(TWICE)


def _opening_facts(draw: Draw, by: User) -> list[tuple[str, Any]]:
    faults = faults_of(draw, utc(now_ms()))
    prizes = [f"{name}: {winners} × {amount}" for _, name, amount, winners, _ in prizes_table(draw)["rows"][:-1]]
    return [
        *([("Cannot be opened", "; ".join(faults))] if faults else []),
        *rule_facts(draw),
        ("Prizes", "; ".join(prizes)),
        ("Approved by", "; ".join(approvals_of(opening_approvals(draw))) or "nobody yet"),
    ]


def _publication_facts(draw: Draw, by: User) -> list[tuple[str, Any]]:
    return [
        ("Winners", f"{draw.wins.count():,}"),
        ("Tickets in the list", f"{draw.ticket_count:,}"),
        ("Hash of the transcript", code(operations.publication_digest(draw))),
        ("Approved by", "; ".join(approvals_of(publication_approvals(draw))) or "nobody yet"),
    ]


def _is(state: Draw.State) -> Any:
    return lambda draw, now: draw.state == state


def _can_hold(draw: Draw, now: datetime, mode: Draw.Mode) -> bool:
    return draw.state == Draw.State.FROZEN and draw.mode == mode and now >= operations.seed_time(draw)


STEPS = (
    Step(
        name="open",
        title="Approve the opening",
        explanation="From the second person's approval on, the rules are public and nobody can change them.",
        permission="lottery.open_draw",
        is_due=_is(Draw.State.DRAFT),
        carry_out=_open,
        seen=draft_seen,
        facts=_opening_facts,
    ),
    Step(
        name="freeze",
        title="Freeze the list now",
        explanation="What was refunded or voided drops out, and all tickets become one list whose root is published. "
        "It is done by itself, too, within minutes of its time.",
        permission="lottery.draw_draw",
        is_due=lambda draw, now: draw.state == Draw.State.OPEN and now >= draw.freezes_at,
        carry_out=_freeze,
    ),
    Step(
        name="postpone",
        title="Postpone the draw",
        explanation="For a list that could not be frozen in time: the draw is bound to a later seed that nobody knows "
        "yet. Time and reason are stated in the log.",
        permission="lottery.draw_draw",
        is_due=_is(Draw.State.OPEN),
        carry_out=_postpone,
        form=PostponeForm,
        seen=lambda draw: f"{draw.state} {draw.postponed_to}",
        facts=lambda draw, by: seed_facts(draw),
        is_dangerous=True,
    ),
    Step(
        name="hold-by-beacon",
        title="Hold the draw",
        explanation="Give the beacon's answer for the round to which the draw was bound. Its signature is checked.",
        permission="lottery.draw_draw",
        is_due=lambda draw, now: _can_hold(draw, now, Draw.Mode.DRAND),
        carry_out=_hold,
        form=BeaconForm,
        facts=lambda draw, by: seed_facts(draw),
    ),
    Step(
        name="hold-by-secret",
        title="Hold the draw",
        explanation="Our secret is revealed and mixed with the first checkpoint that was signed after the freeze.",
        permission="lottery.draw_draw",
        is_due=lambda draw, now: _can_hold(draw, now, Draw.Mode.COMMIT_REVEAL),
        carry_out=_hold,
        facts=lambda draw, by: seed_facts(draw),
    ),
    Step(
        name="publish",
        title="Approve the publication",
        explanation="With the second person's approval the result is public, and the winners are told.",
        permission="lottery.publish_draw",
        is_due=_is(Draw.State.DRAWN),
        carry_out=_publish,
        facts=_publication_facts,
    ),
    Step(
        name="copy",
        title="Copy as a new draft",
        explanation="The same rules and prizes over the next month; everything can be changed in the draft.",
        permission="lottery.add_draw",
        is_due=lambda draw, now: True,
        carry_out=_copy,
        is_plain=True,
    ),
    Step(
        name="discard",
        title="Discard the draft",
        explanation="The draft and its prizes are deleted.",
        permission="lottery.delete_draw",
        is_due=_is(Draw.State.DRAFT),
        carry_out=_discard,
        is_dangerous=True,
    ),
)
