"""What a customer asks: is there a receipt with this code, and what does it say?"""

import logging
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db import InterfaceError, OperationalError
from redis.exceptions import RedisError

from ledger.log.removals import removal_of
from ledger.queries import Recorded, Removed, find_recorded
from ledger.sealed import BlockDamagedError
from possys import receipt_keys
from possys.codes import CodeError, CodeNotGenuineError, CodePlace, Environment, day_number
from receipts.evidence import Evidence, find_evidence
from receipts.receipt import LedgerPlace, Names, Receipt, public_sale, written_code
from transactions.queries import is_waiting, names_of

logger = logging.getLogger(__name__)


class State(StrEnum):
    """What is known of a code; each has a page in templates/receipts/ and a status in `receipts.http`."""

    RECORDED = "recorded"
    ACCEPTED = "accepted"  # Taken and safe; the ledger has it within seconds.
    TEST = "test"
    MISTYPED = "mistyped"
    NOT_GENUINE = "not-genuine"
    NOT_FOUND = "not-found"  # The code is well made, which proves nothing: there is no such sale.
    REMOVED = "removed"  # It was recorded; what it said is gone because the law demanded it.
    DAMAGED = "damaged"  # It was recorded, but what is stored is not what was sealed: an alarm for the operator.
    UNKNOWN = "unknown"  # The store or the ledger cannot be reached, so nothing can be said now.


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer: `code` as it is printed, or as it was typed where it is none; `fault` says why."""

    state: State
    code: str
    receipt: Receipt | None = None
    fault: CodeError | None = None
    recorded: Recorded | None = None
    evidence: Evidence | None = None
    removed_at: str | None = None

    @property
    def ending(self) -> str:
        """What ends the receipt's link, for whoever came with it."""
        return receipt_keys.links().ending_of(self.code)


def find_receipt(code_text: str) -> Finding:
    """What is known of a code as somebody typed it.

    Three queries when it is recorded or was removed, two when it waits or is missing, none when it cannot be ours.
    """
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
        return _look_up(code, place)
    except BlockDamagedError:
        return Finding(State.DAMAGED, code)
    except (RedisError, OperationalError, InterfaceError):
        return Finding(State.UNKNOWN, code)


def find_receipt_to_check(code_text: str) -> Finding:
    """The same for the receipt's page: a recorded one comes with its evidence, which takes four more queries."""
    finding = find_receipt(code_text)
    if finding.recorded is None:
        return finding
    try:
        return replace(finding, evidence=find_evidence(finding.recorded))
    except BlockDamagedError:
        return Finding(State.DAMAGED, finding.code)


def _look_up(code: str, place: CodePlace) -> Finding:
    recorded = find_recorded(place.terminal, place.sequence, place.day)
    if recorded is None:
        if is_waiting(place.terminal, place.sequence, day_number(place.day)):
            return Finding(State.ACCEPTED, code)
        # Between the two questions a flush may have moved it from the store to the ledger.
        recorded = find_recorded(place.terminal, place.sequence, place.day)
    if recorded is None:
        return Finding(State.NOT_FOUND, code)
    if isinstance(recorded, Removed):
        return _removed(code, recorded)
    return Finding(State.RECORDED, code, receipt=_receipt(recorded), recorded=recorded)


def _removed(code: str, removed: Removed) -> Finding:
    """A removal counts only when the log names it; without that somebody has changed the ledger."""
    leaf = removal_of(removed.shard, removed.block, removed.position)
    if leaf is None or leaf.leaf != removed.leaf.hex():
        place = (removed.shard, removed.block, removed.position)
        logger.error("ALARM shard %d, block %d, position %d was removed and the log does not know of it", *place)
        return Finding(State.UNKNOWN, code)
    return Finding(State.REMOVED, code, removed_at=leaf.at)


def _receipt(recorded: Recorded) -> Receipt:
    record = recorded.record
    return Receipt(
        code=record.code,
        received_at=record.received_at,
        names=Names(*names_of(record.retailer, record.store)),
        place=LedgerPlace(recorded.shard, record.epoch, record.number, recorded.block, recorded.position),
        sale=public_sale(record.sale),
    )
