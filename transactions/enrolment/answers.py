"""What a till is told of itself: who it is, what it may do, until when."""

from datetime import UTC
from typing import Any

from django.conf import settings
from msgspec import Struct
from redis.exceptions import RedisError

from transactions.authentication import mint_terminal_token
from transactions.enrolment.codes import site_in_capitals
from transactions.life import effective
from transactions.models import Terminal, TerminalKey
from transactions.service import stores
from transactions.signatures import fingerprint
from transactions.states import read_state
from transactions.stream import shard_of


class RetailerAnswer(Struct, frozen=True):
    """The taxpayer, as receipts name it."""

    name: str
    tax_id: str


class StoreAnswer(Struct, frozen=True):
    """The premises, as receipts name them."""

    name: str
    address: str


class TerminalAnswer(Struct, frozen=True):
    """A terminal: its number, its life, its key and its credential's last day.

    `key` and `fingerprint` are null without a signing key; `overlap_until` says until when the credential before this
    one is taken, too; `receipts` begins the addresses that are printed as QR codes. `last_sequence` is the highest
    number that came from this terminal, so that a till that takes its place goes on behind it; null when it is not
    known now.
    """

    terminal: int
    status: str
    expires_on: str | None
    overlap_until: str | None
    key: int | None
    fingerprint: str | None
    retailer: RetailerAnswer
    store: StoreAnswer
    last_sequence: int | None
    offline_allowed_hours: int
    receipts: str


class CredentialAnswer(TerminalAnswer, frozen=True):
    """A terminal with its newest token."""

    token: str


def terminal_answer(terminal: Terminal) -> TerminalAnswer:
    """What the registry says; `terminal` with its store and retailer, to spare queries."""
    return TerminalAnswer(**_facts(terminal))


def credential_answer(terminal: Terminal) -> CredentialAnswer:
    """The same, with the token: it follows from number, version and last day, so it can be said again."""
    token = mint_terminal_token(terminal.number, terminal.key_version, terminal.expires_on)
    return CredentialAnswer(**_facts(terminal), token=token)


def _facts(terminal: Terminal) -> dict[str, Any]:
    store, retailer = terminal.store, terminal.store.retailer
    key = None
    if terminal.signing_key:
        key = TerminalKey.objects.get(terminal=terminal, number=terminal.signing_key)
    overlap = terminal.overlap_until
    return {
        "terminal": terminal.number,
        "status": effective(retailer.status, store.status, terminal.status).value,
        "expires_on": terminal.expires_on.isoformat() if terminal.expires_on else None,
        "overlap_until": overlap.astimezone(UTC).isoformat(timespec="seconds") if overlap else None,
        "key": key.number if key else None,
        "fingerprint": fingerprint(bytes(key.public_key)) if key else None,
        "retailer": RetailerAnswer(retailer.name, retailer.tax_id),
        "store": StoreAnswer(store.name, ", ".join(part for part in (store.address, store.place) if part)),
        "last_sequence": _last_sequence(terminal.number),
        "offline_allowed_hours": settings.OFFLINE_ALLOWED_HOURS,
        "receipts": site_in_capitals(settings.SITE_URL),
    }


def _last_sequence(number: int) -> int | None:
    """As the capture store knows it; after a rebuild only what came since then, and before that nothing."""
    try:
        state = read_state(stores().store_for(shard_of(number)), number)
    except (RedisError, OSError):
        return None
    return None if state is None or (state.is_past_unknown and not state.last) else state.last
