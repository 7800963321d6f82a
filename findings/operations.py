"""What people do with findings; every step is kept as a note in the same DB transaction."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from findings.models import TEXT_MAX, Finding, FindingNote
from possys.accounts.models import User
from possys.clock import now_ms, utc

# What a person may make of a finding; `resolved` is said by the judges alone.
STATES = frozenset({Finding.State.OPEN, Finding.State.ANSWERED, Finding.State.ACCEPTED, Finding.State.DISMISSED})
OVER = frozenset({Finding.State.ACCEPTED, Finding.State.DISMISSED, Finding.State.RESOLVED})


class FindingRefusedError(ValueError):
    """A step that cannot be made; the message says why, and nothing was changed."""


def note(finding: Finding, *, by: str, author: User | None, text: str, is_internal: bool) -> FindingNote:
    """Adds a note; one that is internal is shown to staff only. Raises FindingRefusedError for an unfit text."""
    return _said(finding, FindingNote.Kind.NOTE, by=by, author=author, text=_checked(text), is_internal=is_internal)


def answer(finding: Finding, *, by: str, author: User | None, text: str) -> FindingNote:
    """Adds the retailer's answer; an open finding is answered by it, one that is over stays as it is.

    Raises FindingRefusedError.
    """
    text = _checked(text)
    with transaction.atomic():
        held = Finding.objects.select_for_update().get(pk=finding.pk)
        said = _said(held, FindingNote.Kind.ANSWER, by=by, author=author, text=text, is_internal=False)
        if held.state == Finding.State.OPEN:
            held.state = Finding.State.ANSWERED
            held.save(update_fields=["state"])
            _said(held, FindingNote.Kind.STATE, by=by, author=author, text="answered", is_internal=False)
    finding.state = held.state
    return said


def assign(findings: Collection[Finding], user: User | None, by: str, *, author: User | None = None) -> int:
    """Gives findings to somebody of the staff, or to nobody; answers how many changed hands."""
    changed = []
    with transaction.atomic():
        for one in _held(findings):
            if one.assignee_id != (user.pk if user else None):
                one.assignee = user
                changed.append(one)
        Finding.objects.bulk_update(changed, ["assignee"])
        text = f"assigned to {user}" if user else "assigned to nobody"
        _all_said(changed, FindingNote.Kind.ASSIGNED, by=by, author=author, text=text, is_internal=True)
    return len(changed)


def ask(findings: Collection[Finding], due_at: datetime | None, *, by: str, author: User | None = None) -> int:
    """Asks the retailers to answer until a moment, or no longer; answers of how many findings that is news.

    Raises FindingRefusedError when one of them is over.
    """
    with transaction.atomic():
        held = _held(findings)
        if due_at is not None and (over := [str(one) for one in held if one.state in OVER]):
            raise FindingRefusedError(f"nobody is asked about what is over: {'; '.join(over)}")
        changed = [one for one in held if one.answer_due_at != due_at]
        for one in changed:
            one.answer_due_at = due_at
        Finding.objects.bulk_update(changed, ["answer_due_at"])
        text = f"an answer is asked for until {due_at:%Y-%m-%d %H:%M} UTC" if due_at else "no answer is asked for"
        _all_said(changed, FindingNote.Kind.ASSIGNED, by=by, author=author, text=text, is_internal=False)
    return len(changed)


def set_state(findings: Collection[Finding], state: str, *, by: str, reason: str, author: User | None = None) -> int:
    """Moves findings to a state, for a reason that the retailer can read; answers how many moved.

    Raises FindingRefusedError for a state that people do not give, and without a reason.
    """
    if state not in STATES:
        raise FindingRefusedError(f"nobody sets the state {state!r}; there are {', '.join(sorted(STATES))}")
    reason = _checked(reason)
    moment = utc(now_ms())
    with transaction.atomic():
        changed = [one for one in _held(findings) if one.state != state]
        notes = []
        for one in changed:
            text = f"{one.state} -> {state}: {reason}"
            notes.append(
                FindingNote(
                    finding=one, at=moment, by=by, author=author, kind=FindingNote.Kind.STATE, text=text,
                    is_internal=False,
                )
            )  # fmt: skip
            one.state = state
            one.closed_at = moment if state in OVER else None
            if state not in OVER:
                one.gone_at = None
        Finding.objects.bulk_update(changed, ["state", "closed_at", "gone_at"])
        FindingNote.objects.bulk_create(notes)
    return len(changed)


def _held(findings: Collection[Finding]) -> list[Finding]:
    """The rows as they are now, locked in one order."""
    keys = [one.pk for one in findings]
    return list(Finding.objects.select_for_update().filter(pk__in=keys).order_by("pk"))


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise FindingRefusedError("say something: the text is empty")
    if len(text) > TEXT_MAX:
        raise FindingRefusedError(f"the text has {len(text)} characters, and {TEXT_MAX} are the most")
    return text


def _said(finding: Finding, kind: str, *, by: str, author: User | None, text: str, is_internal: bool) -> FindingNote:
    return FindingNote.objects.create(
        finding=finding, at=utc(now_ms()), by=by, author=author, kind=kind, text=text, is_internal=is_internal
    )


def _all_said(
    findings: Collection[Finding], kind: str, *, by: str, author: User | None, text: str, is_internal: bool
) -> None:
    moment = utc(now_ms())
    FindingNote.objects.bulk_create(
        FindingNote(finding=one, at=moment, by=by, author=author, kind=kind, text=text, is_internal=is_internal)
        for one in findings
    )
