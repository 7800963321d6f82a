"""What the public sees of a recorded sale: the receipt as it was printed, without what is private. Pure."""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, NamedTuple

import msgspec

from possys.codes import CODE_LENGTH, GROUP_LENGTH, normalise
from transactions.sale import LATE_AFTER, Line, Payment, Tax
from transactions.signatures import fingerprint


class PublicSale(msgspec.Struct, frozen=True):
    """The fields of a sale that anyone may see who holds its code; the fields of `transactions.sale.Sale`.

    `buyer`, `operator` and `lottery` name people; `sequence` would tell a rival how much a till sells.
    What is not listed is not shown, so that a new field of the sale stays private until somebody lists it.
    """

    terminal: int
    type: Literal["sale", "refund", "void"]
    mode: Literal["online", "offline", "training"]
    issued_at: str
    currency: str
    total: int
    rounding: int
    taxes_included: bool
    lines: list[Line]
    taxes: list[Tax]
    payments: list[Payment]
    tendered: int | None
    refers_to: str | None
    reason: str | None

    @property
    def lines_total(self) -> int:
        """The lines' amounts together, in minor units."""
        return sum(line.amount for line in self.lines)

    @property
    def taxes_added(self) -> int | None:
        """The taxes that come on top of the lines, in minor units; None when the lines include them."""
        return None if self.taxes_included else sum(tax.tax for tax in self.taxes)

    @property
    def change(self) -> int | None:
        """What the customer got back, in minor units: tendered less the cash payments; None if negative."""
        if self.tendered is None:
            return None
        cash = [payment.amount for payment in self.payments if payment.method == "cash"]
        change = self.tendered - (sum(cash) if cash else self.total)
        return change if change >= 0 else None


class Lateness(StrEnum):
    """How long after its issue a sale reached the system."""

    IN_TIME = "in-time"
    LATE = "late"  # As of a till that was offline for a while.
    TOO_LATE = "too-late"  # Later than tills are allowed to be offline.


def lateness_of(
    issued_at: str, received_at: str, allowed_hours: int, due_at: Callable[[datetime], datetime]
) -> Lateness:
    """From the two RFC 3339 times of a record alone; a till's clock that is ahead makes nothing late.

    `due_at` knows of the declared outages that make the hours longer, and is asked only where they can matter.
    """
    issued, received = datetime.fromisoformat(issued_at), datetime.fromisoformat(received_at)
    if received - issued <= LATE_AFTER:
        return Lateness.IN_TIME
    is_allowed = received - issued <= timedelta(hours=allowed_hours) or received <= due_at(issued)
    return Lateness.LATE if is_allowed else Lateness.TOO_LATE


def till_key_of(signature: dict[str, Any] | None) -> str | None:
    """The fingerprint of the key that signed a record's sale, as the till prints it; None where nothing is signed."""
    return None if signature is None else fingerprint(base64.b64decode(signature["public_key"]))


class Names(NamedTuple):
    """Who sold, as the registry has it today."""

    retailer: str
    store: str
    address: str


class LedgerPlace(NamedTuple):
    """Where the record is: its shard, its number within the epoch, the block and position that seal it."""

    shard: int
    epoch: int
    number: int
    block: int
    position: int


class Receipt(NamedTuple):
    """A recorded sale for the public; `received_at` is RFC 3339 in UTC, when the system took it.

    `till_key` is the fingerprint of the key that the till signed it with, if it did.
    """

    code: str
    received_at: str
    names: Names
    place: LedgerPlace
    sale: PublicSale
    lateness: Lateness
    till_key: str | None = None


def public_sale(sale: dict[str, Any]) -> PublicSale:
    """The public part of a recorded sale. Raises msgspec.ValidationError when it is none of format 1."""
    read = msgspec.convert(sale, PublicSale)
    if read.refers_to is None:
        return read
    return msgspec.structs.replace(read, refers_to=written_code(read.refers_to))


def written_code(text: str) -> str:
    """A code as it is printed, `XXXX-XXXX-XXXX-XXXX`, from what was typed or from a pasted link to its page.

    Raises CodeLengthError or CodeSymbolError; whether the code is right is not looked at.
    """
    symbols = normalise(text.rpartition("/")[2])
    return "-".join(symbols[at : at + GROUP_LENGTH] for at in range(0, CODE_LENGTH, GROUP_LENGTH))
