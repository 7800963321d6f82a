"""The steps of a life that the admin offers: for each what it does, and a reason that is kept."""

from typing import Any

from transactions import operations
from transactions.admin_actions import Change, Issued, Registered
from transactions.admin_forms import ReasonForm
from transactions.life import may_follow
from transactions.models import Life

_LIVES = list(Life)
# What a step is called, and whether it stops sales.
_NAMES = {
    Life.TESTING: ("Set to testing", False),
    Life.ACTIVE: ("Make active", False),
    Life.SUSPENDED: ("Suspend", True),
    Life.LOST: ("Report lost", True),
    Life.RETIRED: ("Retire", True),
}
_TERMINAL = {
    Life.TESTING: "Only training sales are taken, with the credential that it has, until it is made active.",
    Life.ACTIVE: "Its sales are taken. A lost one needs a new enrolment code besides: its old credential is void.",
    Life.SUSPENDED: "Its sales are refused from the next one on, until it is made active again. What it sent stays.",
    Life.LOST: "Its sales are refused from the next one on, and its credential is void for ever.",
    Life.RETIRED: "It never sells again, and its number is never given out again. What it has sent stays.",
}
_PREMISES = {
    Life.ACTIVE: "Its terminals may send again, each as its own life allows.",
    Life.SUSPENDED: "The sales of all its terminals are refused from the next one on. What they have sent stays.",
    Life.RETIRED: "None of its terminals ever sells again. What they have sent stays.",
}


def said(target: Registered, life: Life, reason: str) -> str:
    """What was done, for the message and for the admin's log."""
    return f"{str(target._meta.verbose_name).capitalize()} {target} is {life.label} now: {reason}"


def step(kind: str, life: Life) -> Change:
    """The change of a retailer's, store's or terminal's life to this one."""
    name, stops = _NAMES[life]

    def carry_out(target: Any, answers: dict[str, Any], by: str) -> Issued:
        operations.change_status(target, life, reason=answers["reason"], by=by)
        return Issued(said(target, life, answers["reason"]))

    def is_due(target: Any) -> bool:
        return may_follow(target.status, life) and not (life == Life.ACTIVE and target.status == Life.ENROLLED)

    return Change(
        name=name,
        title=f"{name}: {kind}",
        explanation=(_TERMINAL if kind == "terminal" else _PREMISES)[life],
        button=name,
        permission=f"transactions.change_{kind}",
        without_store="Until the store knows of it, sales go on being taken or refused as before.",
        state=lambda target: _LIVES.index(Life(target.status)),
        carry_out=carry_out,
        is_due=is_due,
        form=ReasonForm,
        is_dangerous=stops,
    )
