"""One finding for its retailer: what it means, the evidence without what is others', and what was said."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import Http404
from django.urls import reverse

from findings.models import Finding
from findings.pages import counts, times
from findings.pages.contents import FindingContents, all_shown
from findings.pages.identities import OTHERS_MAX, SIDES, STEPS
from findings.pages.layout import parts_of
from findings.pages.own import ASKED, own_finding, state_of
from findings.pages.sentence import sentence
from findings.pages.story import story_for_retailer
from findings.pages.texts import words_of
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import Asking
from portal.sheets.pages import Contents, ListShape, Page
from portal.sheets.panels import Column, Kind, Panel, Row

ABOUT = (
    Column("what", "What", Kind.TEXT),
    Column("value", "Value", Kind.PROSE),
)
SAID = (
    Column("at", "When", Kind.MOMENT),
    Column("who", "Who", Kind.TEXT),
    Column("what", "What", Kind.TEXT),
    Column("text", "Text", Kind.PROSE),
)
KEY_MAX = 2**31 - 1


class FindingAsking(Asking):
    """Which one."""

    id = forms.IntegerField(min_value=1, max_value=KEY_MAX, widget=forms.HiddenInput)


def read_finding(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """The finding. Raises Http404 for what is not the person's."""
    finding = own_finding(scope, asked["id"])
    if finding is None:
        raise Http404
    words = words_of(finding.kind)
    store = next(store.name for store in scope.stores if store.id == finding.store)
    said = sentence(finding.kind, finding.evidence, finding.began_at, finding.closed_at or now)
    parts, story = parts_of(finding, now), story_for_retailer(finding)
    may_answer = finding.closed_at is None and scope.may(Right.KEEP_TILLS)
    about: list[Row] = [
        ("What it is", said),
        ("Kind", words.name),
        ("Store", store),
        ("Till", f"{finding.terminal}"),
        ("What it means", words.owner_means),
        ("What to do", words.owner_do),
        ("State", state_of(finding)),
    ]
    told: list[Row] = [(one.at, one.who, one.what, one.text) for one in story]
    return FindingContents(
        title=words.name,
        panels=[
            Panel("about", "What it is", "", ABOUT, about),
            *(part.panel for part in parts),
            Panel("said", "What was said", "", SAID, told, empty="Nothing yet."),
        ],
        sentence=said,
        words=words,
        where=f"{store}, till {finding.terminal}",
        state=state_of(finding),
        due_at=finding.answer_due_at if state_of(finding) == ASKED else None,
        is_due=bool(finding.answer_due_at and finding.answer_due_at < now),
        is_answered=finding.state == Finding.State.ANSWERED,
        is_over=finding.closed_at is not None,
        began_at=finding.began_at,
        answer_url=f"{reverse('findings-answer', args=[scope.retailer_id])}?id={finding.pk}" if may_answer else "",
        parts=all_shown(parts),
        said=story,
    )


FINDING = Page(
    key="finding",
    title="Finding",
    lead="What was found at a till, with the receipts that it rests on.",
    right=Right.SEE_TILLS,
    read=read_finding,
    lists=(
        ListShape("about", ABOUT),
        ListShape("numbers", STEPS),
        *(ListShape(f"contents-{number}", SIDES) for number in range(1, OTHERS_MAX + 1)),
        ListShape("week", times.WEEK_COLUMNS),
        ListShape("others", times.OTHERS),
        ListShape("clock", times.CLOCK_COLUMNS),
        ListShape("refund-shares", counts.BACK_SHARES),
        ListShape("stands-out", counts.STANDS_OUT),
        ListShape("operators", counts.OPERATORS),
        ListShape("receipts", counts.RECEIPTS),
        ListShape("refund-receipts", counts.BACK_RECEIPTS),
        ListShape("refund-days", counts.BACK_DAYS),
        ListShape("late-days", counts.LATE_DAYS),
        ListShape("unknown-shares", counts.UNKNOWN_SHARES),
        ListShape("names", counts.NAMES),
        ListShape("said", SAID),
    ),
    asks=FindingAsking,
    # It holds receipts' codes and what customers bought.
    file_right=Right.EXPORT_RECEIPTS,
    tab="open",
    template="findings/finding.html",
)
