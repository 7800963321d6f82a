"""What was said and done about a finding, in the order of time, for staff or for the retailer."""

import re
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from findings.models import Finding, FindingNote

# How operations writes a change of state down.
CHANGED = re.compile(r"(?P<before>[a-z]+) -> (?P<after>[a-z]+)(?:: (?P<reason>.*))?", re.DOTALL)
# A member of the retailer's own people, as an actor.
MEMBER = re.compile(r"member \d+ of retailer \d+")
ANSWER_MARK = "said-answer"
AUTHORITY = "The authority"
SYSTEM = "The system"
FOUND = "Found"
STATES = {
    Finding.State.OPEN: "Opened again",
    Finding.State.ANSWERED: "Answered",
    Finding.State.ACCEPTED: "Accepted as explained",
    Finding.State.DISMISSED: "Dismissed: nothing was odd",
    Finding.State.RESOLVED: "Closed by itself",
}
KINDS = {
    FindingNote.Kind.NOTE: "Note",
    FindingNote.Kind.ANSWER: "The retailer's answer",
    FindingNote.Kind.STATE: "State",
    FindingNote.Kind.ASSIGNED: "Step",
    FindingNote.Kind.EVIDENCE: "New evidence",
}


class Said(NamedTuple):
    """One of them; `mark` is a class of static/css/findings.css."""

    what: str
    who: str
    at: datetime
    text: str
    is_internal: bool
    mark: str


def story_for_staff(finding: Finding) -> list[Said]:
    """All of it: one query."""
    return [_said(one, _who(one)) for one in _notes(finding) if not _is_echo(one)]


def story_for_retailer(finding: Finding) -> list[Said]:
    """Without what is internal, and without the names of staff."""
    shown = (one for one in _notes(finding).filter(is_internal=False) if not _is_echo(one))
    told = [_said(one, _who_outside(one)) for one in shown]
    return [one._replace(what="Your answer") if one.mark == ANSWER_MARK else one for one in told]


def _is_echo(note: FindingNote) -> bool:
    """Whether it only says that an answer, which stands beside it, is one."""
    return note.kind == FindingNote.Kind.STATE and note.text == Finding.State.ANSWERED


def _notes(finding: Finding) -> QuerySet[FindingNote]:
    return finding.notes.select_related("author").order_by("at", "id")


def _said(note: FindingNote, who: str) -> Said:
    what, text = KINDS[FindingNote.Kind(note.kind)], note.text
    if note.kind == FindingNote.Kind.STATE and (found := CHANGED.fullmatch(text)):
        after = found["after"]
        what = STATES[Finding.State(after)] if after in Finding.State.values else after
        text = found["reason"] or ""
    elif note.kind == FindingNote.Kind.STATE and text in Finding.State.values:
        # Nothing was before it: it was just found.
        what, text = FOUND, ""
    elif note.kind == FindingNote.Kind.ASSIGNED:
        what, text = text[:1].upper() + text[1:], ""
    elif note.kind == FindingNote.Kind.NOTE and not note.is_internal:
        what = "Message"
    return Said(what, who, note.at, text, note.is_internal, _mark(note))


def _mark(note: FindingNote) -> str:
    if note.kind == FindingNote.Kind.ANSWER:
        return ANSWER_MARK
    return "said-internal" if note.is_internal and note.kind == FindingNote.Kind.NOTE else ""


def _who(note: FindingNote) -> str:
    return str(note.author) if note.author else note.by


def _who_outside(note: FindingNote) -> str:
    """A colleague by name; staff only as such."""
    if MEMBER.fullmatch(note.by):
        return str(note.author) if note.author else "Somebody of yours"
    return AUTHORITY if note.by.startswith("staff") else SYSTEM
