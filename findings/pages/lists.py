"""The retailer's lists: what they are asked about, what else is open, and what is settled."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django import forms
from django.db.models import F, Q, QuerySet
from django.utils.timezone import localtime

from findings.models import Finding
from findings.pages.contents import ListContents
from findings.pages.own import ASKED, judged_at, own_findings, state_of
from findings.pages.sentence import sentence
from findings.pages.texts import WORDS, words_of
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import StoreAsking
from portal.sheets.pages import Contents, ListShape, Page
from portal.sheets.panels import Column, Figure, Kind, Panel, Row

# More than anybody is asked about at once; what is beyond stands in the list of the others.
ASKED_MAX = 50

COLUMNS = (
    Column("sentence", "What it is", Kind.PROSE),
    Column("name", "Kind", Kind.ID),
    Column("store", "Store", Kind.TEXT),
    Column("terminal", "Till", Kind.TEXT),
    Column("since", "Since", Kind.DATE),
    Column("state", "State", Kind.TEXT),
    Column("answer_by", "Answer by", Kind.DATE),
    Column("id", "Number", Kind.ID),
    Column("kind", "Kind", Kind.ID),
)
CLOSED_COLUMNS = (
    *COLUMNS[:6],
    Column("settled_on", "Settled", Kind.DATE),
    *COLUMNS[7:],
)
EMPTY = "Nothing of this kind."
MANY = "Nobody asks you yet; you may answer all the same. Many close by themselves."
ASKED_LIST = Panel(
    "asked", "Please answer", "What you are asked about, the most urgent first.", COLUMNS, [], empty=EMPTY
)
OPEN_LIST = Panel("open", "Open", MANY, COLUMNS, [], empty=EMPTY)
CLOSED_LIST = Panel(
    "closed", "Settled", "What was explained, dismissed, or closed itself.", CLOSED_COLUMNS, [], empty=EMPTY
)


class OpenAsking(StoreAsking):
    """Which store, which kind."""

    kind = forms.ChoiceField(
        label="Kind", required=False, choices=[("", "All kinds"), *((key, words.name) for key, words in WORDS.items())]
    )
    field_order = ("store", "kind")


def read_open(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """What waits for the retailer's answer first, then what else is open."""
    limit, after = asked["limit"], _number(asked["after"])
    found = _asked_for(scope, asked).filter(closed_at__isnull=True)
    is_asked = Q(answer_due_at__isnull=False, state=Finding.State.OPEN)
    waiting = list(found.filter(is_asked).order_by("answer_due_at", "pk")[:ASKED_MAX])
    others = found.exclude(pk__in=[one.pk for one in waiting]).order_by("-pk")
    rows = list((others.filter(pk__lt=after) if after else others)[: limit + 1])
    shown, is_more = rows[:limit], len(rows) > limit
    due = sum(one.answer_due_at < now for one in waiting if one.answer_due_at)
    panels = [
        _panel(ASKED_LIST, waiting, scope, now),
        _panel(replace(OPEN_LIST, title="Also open") if waiting else OPEN_LIST, shown, scope, now),
    ]
    is_empty = not waiting and not shown and not after and not asked["kind"] and not asked["store"]
    figures = [
        Figure("asked", "To answer", "Findings that you are asked about.", len(waiting), Kind.COUNT,
               needs_look=bool(waiting)),
        Figure("overdue", "Overdue", "Of these, whose day is over.", due, Kind.COUNT, needs_look=bool(due)),
    ]  # fmt: skip
    return ListContents(
        panels=[panel for panel in panels if panel.rows or (panel.key == "open" and not waiting)],
        figures=figures if waiting else [],
        after=str(shown[-1].pk) if is_more else "",
        is_empty=is_empty,
        judged_at=judged_at(),
    )


def read_closed(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """What is over, the newest first."""
    limit, after = asked["limit"], _place(asked["after"])
    found = _asked_for(scope, asked).filter(closed_at__isnull=False).order_by(F("closed_at").desc(), "-pk")
    if after:
        moment, key = after
        found = found.filter(Q(closed_at__lt=moment) | Q(closed_at=moment, pk__lt=key))
    rows = list(found[: limit + 1])
    shown, last = rows[:limit], rows[limit - 1] if len(rows) > limit else None
    panel = _panel(CLOSED_LIST, shown, scope, now)
    return Contents(panels=[panel], after=f"{last.closed_at.isoformat()},{last.pk}" if last and last.closed_at else "")


def _asked_for(scope: Scope, asked: Mapping[str, Any]) -> QuerySet[Finding]:
    found = own_findings(scope, asked["stores"])
    return found.filter(kind=asked["kind"]) if asked["kind"] else found


def _panel(empty: Panel, findings: list[Finding], scope: Scope, now: datetime) -> Panel:
    """The panel with findings as its rows, each leading to its own page."""
    names = {store.id: store.name for store in scope.stores}
    is_closed = empty.key == CLOSED_LIST.key
    rows: list[Row] = [
        (
            sentence(one.kind, one.evidence, one.began_at, one.closed_at or now),
            words_of(one.kind).name,
            names[one.store],
            f"{one.terminal}",
            localtime(one.began_at).date(),
            state_of(one),
            _day(one.closed_at if is_closed else one.answer_due_at if state_of(one) == ASKED else None),
            f"{one.pk}",
            one.kind,
        )
        for one in findings
    ]
    links = [f"finding?id={one.pk}" for one in findings]
    return replace(empty, rows=rows, links=links)


def _day(moment: datetime | None) -> date | None:
    return localtime(moment).date() if moment else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def _place(text: str) -> tuple[datetime, int] | None:
    """Where the list of what is over goes on; nothing that was made up leads anywhere but to its beginning."""
    moment, _, key = text.partition(",")
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (found, _number(key)) if found.tzinfo else None


LISTS = (ListShape("asked", COLUMNS), ListShape("open", COLUMNS))
OPEN = Page(
    key="open",
    title="Findings",
    lead="What is odd about your tills: what it means, and what you can say about it.",
    right=Right.SEE_TILLS,
    read=read_open,
    lists=LISTS,
    asks=OpenAsking,
    template="findings/list.html",
)
CLOSED = Page(
    key="closed",
    title="Settled",
    lead="Findings that are over: explained, dismissed, or closed by themselves.",
    right=Right.SEE_TILLS,
    read=read_closed,
    lists=(ListShape("closed", CLOSED_COLUMNS),),
    asks=OpenAsking,
)
