"""Copies of a receipt that tills print: each is counted once, so that the paper can say which copy it is.

A copy changes nothing of the sale and is no sale: it has no sequence and no record, only a row that stays.
"""

from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Max
from msgspec import Struct, inspect
from redis.exceptions import RedisError

from possys.codes import SEQUENCE_BITS, CodeError, CodePlace, Environment, day_number
from possys.receipt_keys import table
from transactions.admission import CredentialReplacedError, SenderRefused, admitted, check_life
from transactions.capture import PastAwayError, ask_past
from transactions.enrolment.requests import RequestText
from transactions.faults import Members, misfits
from transactions.models import COPIES_MAX, Life, ReceiptCopy, Retailer, Terminal
from transactions.sale import Fault
from transactions.service import stores
from transactions.states import read_state
from transactions.stream import Credential, CredentialKind, shard_of

# A body is a request of at most 64 characters.
COPY_BYTES_MAX = 1024
# Tills that count a copy of the same receipt at the same moment.
COUNT_ATTEMPTS_MAX = 10


class CopyBody(Struct, forbid_unknown_fields=True):
    """A copy that was or is about to be printed."""

    request: RequestText


class CopyAnswer(Struct):
    """Which copy of the receipt it is: the first one printed after the receipt itself is 1."""

    copies: int


class Counted(NamedTuple):
    """Which copy it is, and whether the same request was counted before."""

    number: int
    is_repeated: bool


class CopyRefused(ValueError):
    """Nothing is counted, because the till must change what it asks; `errors` name what by JSON pointer."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.pointer or 'the body'} {fault.detail}" for fault in faults))
        self.faults = faults


class NoSuchReceiptError(LookupError):
    """Nothing is counted, because there is no such receipt of the sender's retailer; the message says it."""


class CopyNotKnownError(Exception):
    """Nothing is counted, because it cannot be said now whether there is such a receipt."""


_BODY_TYPE = inspect.type_info(CopyBody)


def read_request(raw: bytes) -> str:
    """The request in a body's bytes. Raises CopyRefused with all that is wrong."""
    value, faults = misfits(raw, _BODY_TYPE)
    if faults or not isinstance(value, Members):
        raise CopyRefused(faults)
    request = str(dict(value)["request"])
    if not (request.isascii() and request.isprintable() and " " not in request):
        raise CopyRefused([Fault("/request", "must be printable ASCII characters without blanks")])
    return request


def count_copy(code: str, request: str, credential: Credential, now: datetime) -> Counted:
    """Counts a printed copy, once a request.

    Raises SenderRefused, CredentialReplacedError, NoSuchReceiptError, CopyNotKnownError and CopyRefused.
    """
    retailer = _retailer_of(credential, now)
    place = _place_of(code)
    owner = Terminal.objects.filter(number=place.terminal).values_list("store__retailer", flat=True).first()
    if owner != retailer or not _is_taken(place, code):
        raise NoSuchReceiptError("No receipt of your retailer has this code.")
    identity = place.terminal << SEQUENCE_BITS | place.sequence
    own = ReceiptCopy.objects.filter(original=identity, issued_on=place.day)
    terminal = credential.id if credential.kind == CredentialKind.TERMINAL else None
    for _ in range(COUNT_ATTEMPTS_MAX):
        if (known := own.filter(request=request).first()) is not None:
            return Counted(known.number, True)
        number = (own.aggregate(last=Max("number"))["last"] or 0) + 1
        if number > COPIES_MAX:
            raise CopyRefused([Fault("/request", f"is one copy too many: {COPIES_MAX} of this receipt were counted")])
        try:
            with transaction.atomic():
                ReceiptCopy.objects.create(
                    original=identity, issued_on=place.day, number=number, request=request, terminal=terminal, at=now
                )
        except IntegrityError:
            # Another till was quicker; the next number is this one's, or the same request came twice.
            continue
        return Counted(number, False)
    raise CopyNotKnownError


def _retailer_of(credential: Credential, now: datetime) -> int:
    """Whose till or gateway it is. Raises SenderRefused and CredentialReplacedError."""
    if credential.kind == CredentialKind.TERMINAL:
        terminal = admitted(credential, credential.id, now)
        check_life(terminal)
        return terminal.store.retailer_id
    retailer = Retailer.objects.filter(pk=credential.id).first()
    if retailer is None or retailer.status != Life.ACTIVE:
        raise SenderRefused("'s retailer is not active")
    overlap = retailer.gateway_overlap_until
    before_is_good = overlap is not None and now < overlap
    present = retailer.gateway_version
    if credential.version != present and not (before_is_good and credential.version == present - 1):
        raise CredentialReplacedError
    return retailer.pk


def _place_of(code: str) -> CodePlace:
    try:
        place = table().decode(code)
    except CodeError as fault:
        raise NoSuchReceiptError(f"The code is not right: it {fault}.") from fault
    if place.environment != Environment.PRODUCTION:
        raise NoSuchReceiptError("It is the code of a training sale, of which nothing is kept.")
    return place


def _is_taken(place: CodePlace, code: str) -> bool:
    """Whether there is such a sale, in the ledger or on its way. Raises CopyNotKnownError."""
    try:
        state = read_state(stores().store_for(shard_of(place.terminal)), place.terminal)
        seen = state.seen.get(place.sequence) if state else None
        if seen is not None:
            return seen.day == day_number(place.day)
        known = ask_past(place.terminal, place.sequence, day_number(place.day))
    except (RedisError, OSError, PastAwayError) as fault:
        raise CopyNotKnownError from fault
    if known is not None:
        return table().decode(known.code).day == place.day
    if state is not None and state.has_seen(place.sequence):
        raise CopyNotKnownError
    return False
