"""What became of a receipt that a till printed while it was offline; its address is in receipts/offline_address.py.

Until the sale arrives the page says by when it must; then it leads to the receipt. An address that nothing signs proves
nothing before that. A signed one proves that this till made it; and when what the till sent in the end says another
total or minute than the paper, it leads to the receipt all the same, and the page says what differs.
"""

from dataclasses import replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest

from possys import clock, receipt_keys
from possys.codes import CodeNotGenuineError, Environment
from receipts.access import check_limits, count_wrong
from receipts.last_sale import last_sale
from receipts.limits import WRONG_FOR_CLIENT, WRONG_TOTAL_FOR_CODE, client_of, count
from receipts.offline_address import OfflineError, OfflineReceipt, Printed, read_offline
from receipts.queries import MISSES, Finding, State, find_receipt
from transactions.capture import PastAwayError, ask_past
from transactions.life import effective
from transactions.models import Life, TerminalKey
from transactions.outages import NEVER, deadline, outages_since
from transactions.signatures import OFFLINE, fingerprint, verify

__all__ = ["OfflineError", "OfflineReceipt", "find_offline", "read_offline"]

# The till's offset from UTC is not on its receipt; no place on earth is further behind, or ahead.
FURTHEST_BEHIND = timedelta(hours=12)
FURTHEST_AHEAD = timedelta(hours=14)
# Between a till's last sale and the paper the clocks may have been set for summer.
CLOCK_CHANGE = timedelta(hours=1)
# Of a till in one of these nothing is taken.
STOPPED = frozenset({Life.SUSPENDED, Life.LOST, Life.RETIRED})


def find_offline(request: HttpRequest, text: str) -> Finding:
    """What became of an offline receipt; of a recorded one its whole finding. Raises LimitReachedError.

    Whoever knows all four facts has the paper, and so has whoever holds a genuine signature over them. A fact that is
    wrong and not signed, and a false signature, are answered as a receipt that never was.
    """
    try:
        paper = read_offline(text)
        code = receipt_keys.table().encode(Environment.PRODUCTION, paper.minute.date(), paper.terminal, paper.sequence)
    except (OfflineError, ValueError):
        return _never_was()
    printed = None
    if paper.signature:
        try:
            printed = _signed_by(paper)
        except (OperationalError, InterfaceError):
            return Finding(State.UNKNOWN, "")
        if printed is None:
            # Nobody guesses a signature, so false ones close the way to nobody else's paper.
            count(WRONG_FOR_CLIENT, client_of(request))
            return _never_was()
    else:
        # Before the facts are looked at: past the limit even right ones must not be told from wrong ones.
        check_limits(request, code, WRONG_TOTAL_FOR_CODE)
    found = _find(paper, code, is_signed=printed is not None)
    if found.receipt is not None:
        sale = found.receipt.sale
        is_same = (sale.issued_at[:16], sale.total) == (paper.minute_text, paper.total)
        if not is_same and printed is None:
            count_wrong(request, code, WRONG_TOTAL_FOR_CODE)
            return _never_was()
        return replace(found, printed=printed)
    if found.state is State.MISSING or (printed is not None and found.state is State.NOT_GENUINE):
        return _awaited(paper, printed)
    # What the address says is for machines.
    return replace(found, code="", printed=printed)


def _never_was() -> Finding:
    return Finding(State.NOT_GENUINE, "", fault=CodeNotGenuineError())


def _signed_by(paper: OfflineReceipt) -> Printed | None:
    """Whose till signed the paper; None when the signature is false, or its key was no longer the till's by then.

    A key that was replaced keeps what it signed before. Whoever got hold of it since can only date papers back, whose
    time to arrive is then over the sooner.
    """
    keys = TerminalKey.objects.filter(terminal=paper.terminal, number__gte=paper.key).order_by("number")
    found = list(keys.select_related("terminal__store__retailer")[:2])
    if not found or found[0].number != paper.key:
        return None
    own, *later = found
    if not verify(bytes(own.public_key), OFFLINE, paper.signed, paper.signature):
        return None
    earliest = paper.minute.replace(tzinfo=UTC) - FURTHEST_AHEAD
    if later and earliest > later[0].registered_at + timedelta(days=settings.CREDENTIAL_OVERLAP_DAYS):
        return None
    store = own.terminal.store
    return Printed(
        paper=paper,
        retailer=store.retailer.name,
        store=store.name,
        address=store.address,
        fingerprint=fingerprint(bytes(own.public_key)),
        is_stopped=effective(store.retailer.status, store.status, own.terminal.status) in STOPPED,
    )


def _find(paper: OfflineReceipt, code: str, *, is_signed: bool) -> Finding:
    """The sale of the paper's day; of a signed paper the one that came under its number, whatever day that says now:
    a till whose clock was wrong corrects the day, too.
    """
    found = find_receipt(code)
    if not is_signed or found.state not in MISSES:
        return found
    try:
        known = ask_past(paper.terminal, paper.sequence, None)
    except PastAwayError:
        return Finding(State.UNKNOWN, "")
    return found if known is None else find_receipt(known.code)


def _awaited(paper: OfflineReceipt, printed: Printed | None) -> Finding:
    """Due or overdue, by the shop's clock: as the till's last sale tells it, else as the site's own is."""
    known = last_sale(paper.terminal, paper.minute.date())
    zone = ZoneInfo(settings.TIME_ZONE) if known is None else known.offset
    hours = settings.OFFLINE_ALLOWED_HOURS
    outages = outages_since(paper.minute.replace(tzinfo=UTC) - FURTHEST_AHEAD)
    issued = paper.minute.replace(tzinfo=zone)
    due = deadline(issued, hours, outages)
    # Called overdue only once it is so whatever the clock was: of a till that is not known, in every time zone.
    latest = paper.minute.replace(tzinfo=UTC) + FURTHEST_BEHIND if known is None else issued + CLOCK_CHANGE
    last = deadline(latest, hours, outages)
    local = None if due == NEVER else due.astimezone(zone).replace(tzinfo=None).isoformat(timespec="minutes")
    return Finding(
        State.OVERDUE if clock.utc(clock.now_ms()) > last else State.DUE,
        "",
        due_at=local,
        is_extended=due != deadline(issued, hours, ()),
        printed=printed and printed._replace(currency=known.currency if known else ""),
    )
