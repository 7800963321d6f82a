"""What staff do with findings in the admin: for each step who may, and the one domain call."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.db import transaction

from findings import operations
from findings.admin_forms import AskForm, AssignForm, DecideForm, NoteForm, ReasonForm
from findings.models import ACTOR_MAX, Finding
from possys.accounts.models import User
from possys.clock import now_ms, utc

# An auditor has the right to view findings and neither of these.
NOTE_RIGHT = "findings.add_findingnote"
DECIDE_RIGHT = "findings.change_finding"

Carried = Callable[[Collection[Finding], User, dict[str, Any]], str]


@dataclass(frozen=True)
class Step:
    """One thing to do with one finding or with many; `carry_out` answers what was done, for people."""

    name: str
    title: str
    button: str
    right: str
    carry_out: Carried
    form: type[forms.Form] = forms.Form
    # As an action on the list: what it is called there, and which form asks for one answer for all of them.
    many: str = ""
    many_form: type[forms.Form] = forms.Form


def actor(user: User) -> str:
    """How a step names one of the staff."""
    return f"staff {user.username}"[:ACTOR_MAX]


def _note(findings: Collection[Finding], user: User, said: dict[str, Any]) -> str:
    with transaction.atomic():
        for one in findings:
            operations.note(
                one, by=actor(user), author=user, text=said["text"], is_internal=not said.get("is_shown", False)
            )
    return f"Noted at {_counted(findings)}."


def _ask(findings: Collection[Finding], user: User, said: dict[str, Any]) -> str:
    due_at = utc(now_ms()) + timedelta(days=said["days"])
    with transaction.atomic():
        for one in findings:
            operations.note(one, by=actor(user), author=user, text=said["text"], is_internal=False)
        operations.ask(findings, due_at, by=actor(user), author=user)
        # What was answered waits for the retailer once more.
        answered = [one for one in findings if one.state == Finding.State.ANSWERED]
        operations.set_state(answered, Finding.State.OPEN, by=actor(user), reason="asked again", author=user)
    return f"The retailer is asked to answer by {due_at:%-d %b %Y}."


def _assign(findings: Collection[Finding], user: User, said: dict[str, Any]) -> str:
    person: User | None = said["assignee"]
    count = operations.assign(findings, person, actor(user), author=user)
    return f"{count} assigned to {person or 'nobody'}."


def _take(findings: Collection[Finding], user: User, said: dict[str, Any]) -> str:
    return _assign(findings, user, {"assignee": user})


def _decide(findings: Collection[Finding], user: User, said: dict[str, Any]) -> str:
    state = Finding.State(said["state"])
    count = operations.set_state(findings, state, by=actor(user), reason=said["reason"], author=user)
    return f"{count} {'opened again' if state == Finding.State.OPEN else state.label}."


def _to(state: str) -> Carried:
    def carry_out(findings: Collection[Finding], user: User, said: dict[str, Any]) -> str:
        return _decide(findings, user, {**said, "state": state})

    return carry_out


def _counted(findings: Collection[Finding]) -> str:
    return "1 finding" if len(findings) == 1 else f"{len(findings)} findings"


TAKE = Step("take", "Take it", "Assign to me", DECIDE_RIGHT, _take, many="Assign to me")
ASSIGN = Step("assign", "Assign", "Assign", DECIDE_RIGHT, _assign, AssignForm, "Assign to …", AssignForm)
NOTE = Step("note", "Note", "Add the note", NOTE_RIGHT, _note, NoteForm, "Add a note …", NoteForm)
ASK = Step("ask", "Ask the retailer", "Ask", DECIDE_RIGHT, _ask, AskForm)
DECIDE = Step("decide", "Decide", "Decide", DECIDE_RIGHT, _decide, DecideForm)
ACCEPT = Step(
    "accept", "Accept", "Accept", DECIDE_RIGHT, _to(Finding.State.ACCEPTED), many="Accept …", many_form=ReasonForm
)
DISMISS = Step(
    "dismiss", "Dismiss", "Dismiss", DECIDE_RIGHT, _to(Finding.State.DISMISSED), many="Dismiss …", many_form=ReasonForm
)
REOPEN = Step(
    "reopen", "Reopen", "Reopen", DECIDE_RIGHT, _to(Finding.State.OPEN), many="Reopen …", many_form=ReasonForm
)
# On a finding's page, and on the list.
STEPS = {step.name: step for step in (DECIDE, ASK, NOTE, ASSIGN, TAKE)}
MANY = {step.name: step for step in (TAKE, ASSIGN, ACCEPT, DISMISS, REOPEN, NOTE)}
