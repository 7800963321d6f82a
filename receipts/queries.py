"""What a customer asks: is there a receipt with this code, and what does it say?"""

import logging
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import InterfaceError, OperationalError
from redis.exceptions import RedisError

from ledger.lookup import Found, TakenBack, look_up
from ledger.queries import Recorded, Removed
from ledger.sealed import BlockDamagedError
from possys import clock, receipt_keys
from possys.codes import CodeError, CodeNotGenuineError, CodePlace, Environment, day_number
from receipts.offline_address import Printed
from receipts.receipt import (
    Lateness,
    LedgerPlace,
    Names,
    Receipt,
    lateness_of,
    public_sale,
    till_key_of,
    written_code,
)
from transactions.outages import due_at
from transactions.queries import Standing, standing_of

logger = logging.getLogger(__name__)


class State(StrEnum):
    """What is known of a code; each has its words in templates/receipts/ and a status in `receipts.http`."""

    RECORDED = "recorded"
    LATE = "late"  # Recorded, but more than some minutes after it was issued.
    PARTLY_REFUNDED = "partly-refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    ACCEPTED = "accepted"  # Taken and safe; the ledger has it within seconds.
    DUE = "due"  # Printed while the till was offline; there is time left to send it.
    OVERDUE = "overdue"
    TEST = "test"
    MISTYPED = "mistyped"
    NOT_GENUINE = "not-genuine"  # No terminal of ours was ever given this code.
    MISSING = "missing"  # A terminal can have been given this code, and there is no such sale: an alarm.
    REMOVED = "removed"  # It was recorded; what it said is gone because the law demanded it.
    DAMAGED = "damaged"  # It was recorded, but what is stored is not what was sealed: an alarm for the operator.
    UNKNOWN = "unknown"  # The store or the ledger cannot be reached, so nothing can be said now.


# Each state's colour in static/css (`state-…`) and its icon in templates/receipts (`_icon_….html`).
LOOKS = {
    State.RECORDED: ("ok", "ok"),
    State.LATE: ("late", "late"),
    State.PARTLY_REFUNDED: ("part", "back"),
    State.REFUNDED: ("back", "back"),
    State.VOIDED: ("void", "void"),
    State.ACCEPTED: ("wait", "wait"),
    State.DUE: ("due", "wait"),
    State.OVERDUE: ("overdue", "alarm"),
    State.TEST: ("test", "note"),
    State.MISTYPED: ("note", "note"),
    State.NOT_GENUINE: ("bad", "bad"),
    State.MISSING: ("missing", "alarm"),
    State.REMOVED: ("removed", "void"),
    State.DAMAGED: ("damaged", "alarm"),
    State.UNKNOWN: ("unknown", "wait"),
}
# The states in which there is a receipt to show.
RECORDED_STATES = frozenset({State.RECORDED, State.LATE, State.PARTLY_REFUNDED, State.REFUNDED, State.VOIDED})
# The states that say that there is no such receipt; they take the same time.
MISSES = frozenset({State.NOT_GENUINE, State.MISSING})


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer: `code` as it is printed, or as it was typed where it is none; `fault` says why."""

    state: State
    code: str
    receipt: Receipt | None = None
    fault: CodeError | None = None
    recorded: Recorded | None = None
    taken_back: tuple[TakenBack, ...] = ()
    removed_at: str | None = None
    # The end of an offline receipt's time, in the till's own local time; None while an open outage holds it up.
    due_at: str | None = None
    # Whether a declared outage made that time longer.
    is_extended: bool = False
    # The signed paper that led here.
    printed: Printed | None = None

    @property
    def is_recorded(self) -> bool:
        """Whether there is a receipt to show."""
        return self.state in RECORDED_STATES

    @property
    def tone(self) -> str:
        """The colour; a refund's or void's own receipt has the refunds'."""
        return "back" if self._is_return else LOOKS[self.state][0]

    @property
    def icon(self) -> str:
        """The icon's template."""
        return f"receipts/_icon_{'back' if self._is_return else LOOKS[self.state][1]}.html"

    @property
    def _is_return(self) -> bool:
        return self.receipt is not None and self.receipt.sale.type != "sale"

    @property
    def is_corrected(self) -> bool:
        """Whether the paper that led here says another total or minute than what the till sent in the end."""
        if self.receipt is None or self.printed is None:
            return False
        sale = self.receipt.sale
        return self.printed.differs(sale.issued_at[:16], sale.total)

    @property
    def ending(self) -> str:
        """The end of the link that shows everything; only for whoever may see everything."""
        return receipt_keys.links().ending_of(self.code)

    @property
    def given_back(self) -> int:
        """What was given back of the sale, in minor units."""
        return -sum(one.total for one in self.taken_back)

    @property
    def rest(self) -> int:
        """What is left of the sale's total, in minor units."""
        return (self.receipt.sale.total if self.receipt else 0) - self.given_back


def find_receipt(code_text: str) -> Finding:
    """What is known of a code as somebody typed it: two queries at most, none when it cannot be ours."""
    try:
        code = written_code(code_text)
        place = receipt_keys.table().decode(code)
    except CodeNotGenuineError as fault:
        return Finding(State.NOT_GENUINE, written_code(code_text), fault=fault)
    except CodeError as fault:
        return Finding(State.MISTYPED, code_text, fault=fault)
    if place.environment is not Environment.PRODUCTION:
        return Finding(State.TEST, code)
    try:
        return _find(code, place)
    except BlockDamagedError:
        return Finding(State.DAMAGED, code)
    except (RedisError, OperationalError, InterfaceError):
        return Finding(State.UNKNOWN, code)


def _find(code: str, place: CodePlace) -> Finding:
    found = look_up(place)
    standing = Standing.POSSIBLE
    if found is None:
        standing = standing_of(place.terminal, place.sequence, day_number(place.day))
        if standing is Standing.WAITING:
            return Finding(State.ACCEPTED, code)
        # Between the two questions a flush may have moved it from the store to the ledger.
        found = look_up(place)
    if found is None:
        return _miss(code, place.day, standing)
    if isinstance(found.record, Removed):
        return _removed(code, found, found.record)
    return _recorded(found, found.record)


def _miss(code: str, day: date, standing: Standing) -> Finding:
    """A code that decrypts and is not recorded: one that a terminal can hold is a lost sale."""
    tomorrow = clock.utc(clock.now_ms()).date() + timedelta(days=1)
    if standing is Standing.IMPOSSIBLE or day > tomorrow:
        return Finding(State.NOT_GENUINE, code, fault=CodeNotGenuineError())
    return Finding(State.MISSING, code)


def _removed(code: str, found: Found, removed: Removed) -> Finding:
    """A removal counts only when the log names it; without that somebody has changed the ledger."""
    leaf = found.removal
    if leaf is None or leaf.leaf != removed.leaf.hex():
        place = (removed.shard, removed.block, removed.position)
        logger.error("ALARM shard %d, block %d, position %d was removed and the log does not know of it", *place)
        return Finding(State.UNKNOWN, code)
    return Finding(State.REMOVED, code, removed_at=leaf.at)


def _recorded(found: Found, recorded: Recorded) -> Finding:
    record = recorded.record
    sale = public_sale(record.sale)
    receipt = Receipt(
        code=record.code,
        received_at=record.received_at,
        names=Names(*found.seller),
        place=LedgerPlace(recorded.shard, record.epoch, record.number, recorded.block, recorded.position),
        sale=sale,
        lateness=lateness_of(sale.issued_at, record.received_at, settings.OFFLINE_ALLOWED_HOURS, due_at),
        till_key=till_key_of(record.signature),
    )
    return Finding(
        _state_of(receipt, found.taken_back),
        record.code,
        receipt=receipt,
        recorded=recorded,
        taken_back=found.taken_back,
    )


def _state_of(receipt: Receipt, taken_back: tuple[TakenBack, ...]) -> State:
    """What matters most of a recorded sale to whoever holds it: that it counts no more, then that it came late."""
    if any(one.type == "void" for one in taken_back):
        return State.VOIDED
    if taken_back:
        given_back = -sum(one.total for one in taken_back)
        return State.REFUNDED if given_back >= receipt.sale.total else State.PARTLY_REFUNDED
    return State.RECORDED if receipt.lateness is Lateness.IN_TIME else State.LATE
