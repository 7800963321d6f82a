"""The pages of tills: all of them, and one with its life."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404
from django.utils import timezone

from fleet import queries, telling
from fleet.asking import TillAsking, TillsAsking
from fleet.queries import Till, Wanted
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.pages import Action, Contents, Hint, ListShape, Page
from portal.sheets.panels import Column, Figure, Kind, Panel, Row
from transactions.life import steps_from
from transactions.models import Life, Terminal
from transactions.signatures import fingerprint

TILLS = (
    Column("name", "Till", Kind.TEXT),
    Column("till", "Number", Kind.TEXT),
    Column("store", "Store", Kind.TEXT),
    Column("status", "State", Kind.TEXT),
    Column("last_sale", "Last sale", Kind.MOMENT),
    Column("key", "Key", Kind.TEXT),
    Column("expires_on", "Token ends", Kind.DATE),
    Column("changed_at", "Last change", Kind.MOMENT),
)
FACTS = (Column("what", "What", Kind.TEXT), Column("value", "Value", Kind.TEXT))
TILLS_ARE = (
    "Each till by its own name or serial number. Last sale: when we got it, as far as is remembered; dashes where the "
    "till sent nothing since the last restart. Key: the fingerprint that its receipts show. A till fetches its next "
    "token by itself, from two months before the end on."
)
WAITING = "Tills that have no credential yet: each needs a one-time code, which it exchanges when it is set up."
KEEPING = (
    Action("add-tills", "Add tills"),
    Action("codes", "Enrolment codes"),
    Action("till-status", "Change states"),
)
STATES: dict[str, str] = {
    Life.ENROLLED: "It has no credential yet and takes nothing: give it an enrolment code.",
    Life.TESTING: "It may only send training sales. Make it active when it is set up.",
    Life.ACTIVE: "It sells.",
    Life.SUSPENDED: "Its sales are refused until it is made active again.",
    Life.LOST: "Its sales are refused. Found or replaced, it needs a new enrolment code.",
    Life.RETIRED: "It is out of service for ever; its receipts stay.",
}


def read_tills(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Five queries."""
    limit = asked["limit"]
    wanted = Wanted(asked["stores"], asked["status"], asked["search"], asked["after"])
    found = queries.tills(wanted, limit + 1)
    shown = found[:limit]
    retailer = queries.retailer_status(scope.retailer_id)
    heard = queries.last_sales(till.number for till in shown)
    panel = Panel(
        "tills", "Tills", TILLS_ARE, TILLS,
        [_row(till, retailer, heard.get(till.number)) for till in shown],
        links=[f"till?{urlencode({'till': till.number})}" for till in shown],
        empty="There is no such till. Ask for less above, or look at all stores.",
    )  # fmt: skip
    is_all = not any(asked[name] for name in ("status", "search", "after", "store"))
    counts = queries.counts(scope.store_ids)
    until = now.date() + timedelta(days=settings.CREDENTIAL_NOTICE_DAYS)
    return Contents(
        panels=[panel] if counts else [],
        figures=_figures(counts, queries.expiring(scope.store_ids, until)) if counts and is_all else [],
        hints=_hints(scope) if not counts else (),
        notes=_notes(retailer),
        actions=KEEPING if counts and scope.may(Right.KEEP_TILLS) else (),
        after=queries.place_of(shown[-1]) if len(found) > limit else "",
    )


def read_till(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """One till: what is known of it, and its steps. Raises Http404."""
    terminal = queries.till_of(scope.store_ids, asked["till"])
    if terminal is None:
        raise Http404
    steps = telling.rows(queries.steps_of_till(terminal), scope.retailer_id)
    number = {"till": terminal.number}
    actions = []
    if steps_from(terminal.status):
        actions.append(Action(f"till-status?{urlencode({'tills': terminal.number})}", "Change its state"))
        actions.append(Action(f"rename?{urlencode(number)}", "Rename"))
    if scope.may(Right.KEEP_TILLS) and terminal.status not in {Life.SUSPENDED, Life.RETIRED}:
        actions.append(Action(f"codes?{urlencode({'tills': terminal.number})}", "New enrolment code"))
    return Contents(
        panels=[
            Panel("facts", "What is known", "As the registry has it now.", FACTS, _facts(terminal)),
            Panel("steps", "Its life", telling.STEPS_ARE, telling.STEPS, steps, empty="No step is known."),
        ],
        notes=(_told(terminal),),
        actions=tuple(actions),
        title=telling.till_name(terminal.label, terminal.number),
    )


def _row(till: Till, retailer: str, heard: datetime | None) -> Row:
    return (
        till.name, str(till.number), till.store_name, queries.status_told(till.status, till.store_status, retailer),
        heard, till.fingerprint or None, till.expires_on, till.changed_at or till.enrolled_at,
    )  # fmt: skip


def _figures(counts: dict[str, int], expiring: int) -> list[Figure]:
    active, waiting = counts.get(Life.ACTIVE, 0), counts.get(Life.ENROLLED, 0)
    stopped = counts.get(Life.SUSPENDED, 0) + counts.get(Life.LOST, 0)
    days = settings.CREDENTIAL_NOTICE_DAYS
    return [
        Figure("selling", "Active", "Tills that may sell.", active, Kind.COUNT, link="tills?status=active"),
        Figure("waiting", "Wait for their code", WAITING, waiting, Kind.COUNT, link="tills?status=enrolled"),
        Figure("stopped", "Suspended or lost", "Tills whose sales are refused.", stopped, Kind.COUNT),
        Figure(
            "expiring", "Tokens that end soon",
            f"Active tills whose token ends within {days} days. They fetch the next one themselves when they sell; one "
            "that stands idle must be switched on before then.",
            expiring, Kind.COUNT, needs_look=expiring > 0,
        ),
    ]  # fmt: skip


def _hints(scope: Scope) -> tuple[Hint, ...]:
    """What to do first: only what this person may do."""
    if not scope.may(Right.KEEP_TILLS):
        return (Hint("There are no tills yet. Owners and store managers add them.", "stores", "Stores"),)
    file = Hint("Or bring stores and tills in one CSV file, a line a till.", "import-new", "Upload a file")
    if scope.stores:
        first = Hint("Your stores have no tills yet: add them store by store.", "add-tills", "Add tills")
    else:
        first = Hint("Begin with your stores: every till stands in one.", "add-store", "Add a store")
    return (first, file) if scope.sees_all_stores else (first,)


def _notes(retailer: str) -> tuple[str, ...]:
    if retailer == Life.ACTIVE:
        return ()
    return (f"This retailer is {retailer}: no till of it takes a sale. Ask the operator of this site.",)


def _told(terminal: Terminal) -> str:
    told = queries.status_told(terminal.status, terminal.store.status, terminal.store.retailer.status)
    if "but" in told:
        return f"This till is {told}, so its sales are refused."
    return f"This till is {terminal.status}. {STATES[terminal.status]}"


def _facts(terminal: Terminal) -> list[Row]:
    heard = queries.last_sales([terminal.number]).get(terminal.number)
    key = terminal.keys.filter(number=terminal.signing_key).first() if terminal.signing_key else None
    overlap = terminal.overlap_until
    facts: list[tuple[str, str]] = [
        ("Number", str(terminal.number)),
        ("Label", terminal.label or "none"),
        ("Store", terminal.store.name),
        ("State", str(terminal.status)),
        ("Last sale", f"{timezone.localtime(heard):%-d %b %Y, %H:%M:%S}" if heard else "none that is remembered"),
        ("Token", f"good until {terminal.expires_on:%-d %B %Y}" if terminal.expires_on else "none was fetched yet"),
        ("Signs its sales", f"yes, with key {fingerprint(bytes(key.public_key))}" if key else "no"),
    ]
    if overlap is not None and overlap > timezone.now():
        facts.append(("Old token and key", f"work until {timezone.localtime(overlap):%-d %b %Y, %H:%M}"))
    return list(facts)


TILLS_PAGE = Page(
    key="tills",
    title="Tills",
    lead="Every till with its state, its key and when it was last heard of.",
    right=Right.SEE_TILLS,
    read=read_tills,
    asks=TillsAsking,
    lists=(ListShape("tills", TILLS),),
)
TILL_PAGE = Page(
    key="till",
    title="Till",
    lead="What is known of a till, and every step of its life.",
    right=Right.SEE_TILLS,
    read=read_till,
    asks=TillAsking,
    lists=(ListShape("facts", FACTS), ListShape("steps", telling.STEPS)),
    tab="tills",
)
