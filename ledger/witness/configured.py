"""The witnesses of the settings: WITNESSES, each "vkey url"."""

import logging
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

from ledger.log.notes import WITNESS_KEY, NoteError, Verifier, read_vkey

logger = logging.getLogger(__name__)


class Witness(NamedTuple):
    """A witness that this log asks: its pinned key, and the address before /add-checkpoint."""

    verifier: Verifier
    url: str


def read_witness(entry: str) -> Witness:
    """Takes one entry apart. Raises NoteError."""
    vkey, _, url = entry.strip().partition(" ")
    verifier = read_vkey(vkey)
    if verifier.kind != WITNESS_KEY:
        raise NoteError(f"{vkey} is a log's key, not a witness's")
    try:
        parts = urlsplit(url.strip())
        is_usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and not parts.query
    except ValueError:
        is_usable = False
    if not is_usable:
        raise NoteError(f"{url.strip()!r} is no address of a witness: http:// or https:// and a host are expected")
    return Witness(verifier, url.strip().rstrip("/"))


def configured() -> list[Witness]:
    """All that can be read. The system checks refuse the others; a server that runs all the same goes on without them,
    because neither signing nor serving may stop for a witness.
    """
    return list(_read(tuple(settings.WITNESSES)))


@lru_cache(maxsize=1)
def _read(entries: tuple[str, ...]) -> tuple[Witness, ...]:
    found = []
    for entry in entries:
        try:
            found.append(read_witness(entry))
        except NoteError as fault:
            logger.error("ALARM an entry of WITNESSES is passed over: %s", fault)
    return tuple(found)
