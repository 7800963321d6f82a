"""What capture's store and registry can be asked, apart from taking sales."""

from datetime import date
from enum import Enum

from redis.exceptions import RedisError

from possys import clock
from possys.codes import SEQUENCE_BITS, CodeError, Environment, day_number
from transactions import answers
from transactions.answers import Accepted, Answer, Problem
from transactions.capture import PastAwayError, ask_past
from transactions.models import ReceiptCopy, Retailer, Store
from transactions.service import capture, stores
from transactions.states import read_state
from transactions.stream import Credential, CredentialKind, read_heads, shard_of


def not_taken(terminal: int, sequence: int) -> Problem:
    """404: neither the store nor the ledger has the sale on that day."""
    return Problem(
        f"{answers.PROBLEM_TYPE}not-taken",
        "No such sale",
        404,
        f"Sequence {sequence} of terminal {terminal} was not taken on that day. Send it; it cannot be counted twice.",
    )


def find_lost_answer(credential: Credential, terminal: int, sequence: int, issued_on: date) -> Answer:
    """The answer to a sale that was taken, from the store or, when it has forgotten, from the ledger."""
    try:
        day = day_number(issued_on)
    except ValueError:
        return not_taken(terminal, sequence)
    try:
        client = stores().store_for(shard_of(terminal))
        state = read_state(client, terminal)
        if read_heads(client, [shard_of(terminal)])[0].epoch == 0:
            return _send_again("The capture store is being rebuilt.")
    except (RedisError, OSError):
        return _send_again("What became of this sale is not known.")
    is_terminal = credential.kind == CredentialKind.TERMINAL
    if state is None or credential.id != (terminal if is_terminal else state.retailer):
        return not_taken(terminal, sequence)
    if not state.takes(credential, clock.now_ms() // 1000):
        return answers.credential_replaced()
    seen = state.seen.get(sequence)
    if seen is not None and seen.day == day:
        code = capture().keys.encode(Environment.PRODUCTION, issued_on, terminal, sequence)
        return Accepted(code, capture().links.of(code), clock.iso_utc(seen.received_at_ms), True)
    try:
        known = ask_past(terminal, sequence, day)
    except PastAwayError:
        return _send_again("The ledger cannot be asked just now.")
    if known is None or capture().keys.decode(known.code).day != issued_on:
        if seen is None and state.has_seen(sequence):
            return _send_again("This sale is still being recorded.")
        return not_taken(terminal, sequence)
    return Accepted(known.code, capture().links.of(known.code), clock.iso_utc(known.received_at_ms), True)


def _send_again(detail: str) -> Problem:
    return answers.send_again(detail, retry_after_s=answers.RETRY_SOON_S, offline=capture().offline)


def copies_of(code: str) -> int:
    """How many copies of a receipt were counted, by index; 0 for what is no code of ours."""
    try:
        place = capture().keys.decode(code)
    except CodeError:
        return 0
    original = place.terminal << SEQUENCE_BITS | place.sequence
    return ReceiptCopy.objects.filter(original=original, issued_on=place.day).count()


class Standing(Enum):
    """What the store knows of a sale that the ledger does not have."""

    WAITING = "waiting"  # Taken and safe; the ledger has it soon.
    POSSIBLE = "possible"  # Nothing speaks against its having been taken, yet it is not here.
    IMPOSSIBLE = "impossible"  # No terminal of ours can have been given a code for it.


# A store that was lost may have acknowledged sales above the last sequence that it remembers: so many at most.
SEQUENCES_AHEAD = 1000


def standing_of(terminal: int, sequence: int, day: int) -> Standing:
    """How a sale stands with the store; the caller has looked into the ledger. Raises RedisError."""
    client = stores().store_for(shard_of(terminal))
    state = read_state(client, terminal)
    if state is None:
        return Standing.IMPOSSIBLE
    seen = state.seen.get(sequence)
    if seen is not None and seen.day != day:
        return Standing.IMPOSSIBLE
    if state.has_seen(sequence) and read_heads(client, [shard_of(terminal)])[0].waiting > 0:
        return Standing.WAITING
    # A terminal that has sent nothing in this epoch is not known to have sent little before it.
    if state.last and sequence > max(state.last, state.floor) + SEQUENCES_AHEAD:
        return Standing.IMPOSSIBLE
    return Standing.POSSIBLE


def is_waiting(terminal: int, sequence: int, day: int) -> bool:
    """Whether the store has taken the sale and the ledger may not have it yet. Raises RedisError."""
    return standing_of(terminal, sequence, day) is Standing.WAITING


def names_of(retailer: int, store: int) -> tuple[str, str, str]:
    """The names of a record's retailer and store and the store's address, one query; numbers where unknown."""
    row = Store.objects.filter(id=store).values_list("retailer_id", "retailer__name", "name", "address").first()
    if row is None or row[0] != retailer:
        name = Retailer.objects.filter(id=retailer).values_list("name", flat=True).first()
        return name or f"Retailer {retailer}", f"Store {store}", ""
    return row[1], row[2], row[3]
