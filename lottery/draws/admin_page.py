"""What the page of a draw in the admin shows: where it is, what is fixed, who approved, its prizes and its charts."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.urls import reverse
from django.utils.html import format_html

from ledger import notices
from lottery.admin_base import at, known
from lottery.draws import operations
from lottery.draws.approvals import approvers
from lottery.draws.beacon import address_of
from lottery.draws.charts import KEPT_S, Chart, charts_of, sums_of
from lottery.draws.drafts import COPIED, DATES
from lottery.draws.models import Approval, Draw
from lottery.draws.statements import SERVICE, subject_of
from lottery.review.models import Suspicion
from possys.money import shown
from transactions.admin_actions import link

# What is stated of a draw, in its order.
EVENTS = ("opened", "postponed", "frozen", "drawn")


@dataclass(frozen=True)
class DrawPage:
    """All of it."""

    facts: list[tuple[str, Any]]
    fixed: list[tuple[str, Any]]
    approved: list[str]
    prizes: dict[str, Any]
    rules_text: str
    charts: list[Chart]
    counted: str


def draw_page(draw: Draw, now: datetime) -> DrawPage:
    """An open draw, or what became of it."""
    sums = sums_of(draw, now)
    counted = (
        f"{sums.receipts:,} receipts with {sums.tickets:,} tickets take part. Added up at {sums.at:%H:%M:%S} UTC; "
        f"this page may be {KEPT_S} seconds behind."
    )
    return DrawPage(
        facts=_facts(draw),
        fixed=_fixed(draw),
        approved=[*approvals_of(opening_approvals(draw)), *approvals_of(publication_approvals(draw))],
        prizes=prizes_table(draw),
        rules_text=draw.rules_text,
        charts=charts_of(sums) if sums.days else [],
        counted=counted,
    )


def prizes_table(draw: Draw) -> dict[str, Any]:
    """The prize table with its sum."""
    prizes = list(draw.prizes.select_related("carried_from").order_by("rank"))
    rows: list[tuple[Any, ...]] = [
        (
            prize.rank,
            prize.name if prize.carried_from is None else f"{prize.name} (from draw {prize.carried_from.number})",
            shown(prize.amount, draw.currency),
            f"{prize.count:,}",
            shown(prize.amount * prize.count, draw.currency),
        )
        for prize in prizes
    ]
    total = shown(sum(prize.amount * prize.count for prize in prizes), draw.currency)
    rows.append(("", "All", "", f"{sum(prize.count for prize in prizes):,}", total))
    return {"headers": ["rank", "prize", "for each winner", "winners", "together"], "rows": rows}


def opening_approvals(draw: Draw) -> list[Approval]:
    """Who said yes to the rules as they are, or were when the draw opened."""
    if draw.state == Draw.State.DRAFT:
        return approvers(operations.opening_subject(draw), operations.opening_digest(draw))
    found = Approval.objects.filter(subject=operations.opening_subject(draw), at__lte=draw.opened_at)
    latest = found.order_by("-at", "-pk").first()
    return [] if latest is None else approvers(latest.subject, bytes(latest.digest))


def publication_approvals(draw: Draw) -> list[Approval]:
    """Who said yes to the result."""
    if not draw.transcript:
        return []
    return approvers(operations.publication_subject(draw), operations.publication_digest(draw))


def approvals_of(approvals: list[Approval]) -> list[str]:
    """A line for each."""
    words = {"open": "the opening", "publish": "the publication"}
    return [
        f"{one.by} approved {words.get(one.subject.rpartition(': ')[2], one.subject)} at {at(one.at)}"
        for one in approvals
    ]


def draft_seen(draw: Draw) -> str:
    """What an approver of a draft looks at, as one hash."""
    columns = [str(getattr(draw, name)) for name in (*DATES, *COPIED, "number")]
    prizes = [str(row) for row in draw.prizes.order_by("rank").values_list("rank", "name", "amount", "count")]
    return sha256("\n".join([*columns, *prizes]).encode()).hexdigest()


def rule_facts(draw: Draw) -> list[tuple[str, Any]]:
    """The rules in words, as an approver reads them."""
    modes = [word for word, takes in (("online", draw.takes_online), ("offline", draw.takes_offline)) if takes]
    each = "" if draw.ticket_each is None else f"one for each {shown(draw.ticket_each, draw.currency)}"
    return known(
        [
            ("Receipts", f"from {draw.first_day} until {draw.last_day}"),
            ("Made", " and ".join(modes) + (", business receipts too" if draw.takes_business else "")),
            ("At least", shown(draw.minimum_total, draw.currency)),
            ("Tickets", each or "one a receipt"),
            ("Most of a receipt", draw.tickets_a_receipt_max),
            ("Most of a player", f"{draw.monthly_tickets_max:,} in a month"),
            ("One a store and day", "yes" if draw.one_a_store_and_day else "no"),
            ("Count double", ", ".join(draw.double_methods) or "none"),
            ("Entries until", at(draw.entries_until)),
            ("List is frozen at", at(draw.freezes_at)),
            ("Draw at", at(draw.draws_at)),
            ("Time to claim", f"{draw.claim_days} days"),
            ("Seed", draw.get_mode_display()),
        ]
    )


def seed_facts(draw: Draw) -> list[tuple[str, Any]]:
    """When the seed of an open draw comes to be, and where to read it."""
    number = operations.round_of(draw)
    facts: list[tuple[str, Any]] = [("Seed known from", f"{operations.seed_time(draw):%Y-%m-%d %H:%M:%S} UTC")]
    if number is not None:
        facts += [("The beacon's round", number), ("Its answer", link(address_of(number), address_of(number)))]
    return facts


def _facts(draw: Draw) -> list[tuple[str, Any]]:
    return known(
        [
            ("State", draw.get_state_display()),
            *rule_facts(draw),
            ("Postponed to", at(draw.postponed_to)),
            *seed_facts(draw),
            ("Opened", at(draw.opened_at)),
            ("Frozen", at(draw.frozen_at)),
            ("Drawn", at(draw.drawn_at)),
            ("Published", at(draw.published_at)),
            ("Closed", at(draw.closed_at)),
            ("To be reviewed", _suspicions(draw)),
        ]
    )


def _suspicions(draw: Draw) -> Any:
    """How many players look like collectors of others' receipts."""
    count = Suspicion.objects.filter(draw=draw, state=Suspicion.State.OPEN).count()
    url = f"{reverse('admin:lottery_suspicion_changelist')}?draw__id__exact={draw.pk}&state__exact=open"
    return link(url, f"{count} players") if count else "nobody"


def _fixed(draw: Draw) -> list[tuple[str, Any]]:
    tickets = "" if draw.ticket_count is None else f"{draw.ticket_count:,}"
    stated = [(f"“{event}” in the log", _leaf(draw, event)) for event in EVENTS]
    facts = [
        ("Hash of the rules", code(draw.rules_hash)),
        ("Tickets in the list", tickets),
        ("Root of the list", code(draw.root)),
        ("Hash of the transcript", code(operations.publication_digest(draw) if draw.transcript else None)),
    ]
    return known([*facts, *stated])


def code(digest: bytes | memoryview | None) -> str:
    """A hash, to be compared symbol by symbol."""
    return "" if digest is None else format_html("<code>{}</code>", bytes(digest).hex())


def _leaf(draw: Draw, event: str) -> Any:
    """Where the log says it: the latest statement's leaf."""
    found = notices.notices_of(SERVICE, subject_of(draw.number, event))
    if not found:
        return ""
    index = found[-1].index
    if index is None:
        return "stated; it enters the log within seconds"
    return link(f"{reverse('admin:ledger_logentry_changelist')}?q={index}", f"leaf {index}")
