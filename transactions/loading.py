"""Puts what the registry says of terminals into the capture store, which takes sales by its own copy of it.

A change marks its terminals as not loaded and loads them behind its commit; where the store could not be reached just
then, `load_pending` (a task, every few seconds) does it again.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from possys.redis import Command, call_all
from transactions.life import effective
from transactions.models import Life, Terminal, TerminalKey
from transactions.service import stores
from transactions.stream import (
    CONFIGURE,
    PUBLIC_KEY,
    STATIC,
    Status,
    call_scripts,
    keys_key,
    shard_of,
    terminals_key,
)

# Keys of a terminal that the store has: the one in use, and the one before during an overlap.
KEYS_LOADED = 2
# Terminals a script call: under Lua's limit of values, and some 100 kB.
CONFIGURE_CHUNK = 2000
# Numbers the advisory lock under which terminals are sent to the store.
LOAD_LOCK = 7_204_003
# Terminals in one round of sending again; the next round takes the rest.
PENDING_MAX = 20_000
STATUSES = {
    Life.ACTIVE: Status.ACTIVE,
    Life.SUSPENDED: Status.SUSPENDED,
    Life.LOST: Status.LOST,
    Life.RETIRED: Status.RETIRED,
    Life.ENROLLED: Status.ENROLLED,
    Life.TESTING: Status.TESTING,
}


def load_terminals(terminals: Iterable[Terminal], *, new: bool = False) -> int:
    """Puts what the registry says of the terminals into the capture store; answers how many.

    `new` says that they have never sent anything; otherwise a state that the store lacks is made as one whose past is
    unknown, so that their first sales are compared with the ledger. Raises RedisError when the store cannot be reached.
    """
    with transaction.atomic():
        # Read and write under one lock: of two changes the later must not be overwritten by the earlier one's load. The
        # mark is set before reading: a change that comes between takes it away again; a fault rolls it back.
        _lock(LOAD_LOCK)
        numbers = list(_rows(terminals).values_list("number", flat=True))
        Terminal.objects.filter(number__in=numbers, is_loaded=False).update(is_loaded=True)
        _send_keys(numbers)
        return _send_to_store(_static_rows(numbers), new=new)


def load_pending() -> int:
    """Loads every terminal whose latest change the store does not know; answers how many. Raises RedisError."""
    pending = Terminal.objects.filter(is_loaded=False)
    numbers = list(pending.values_list("number", flat=True)[:PENDING_MAX])
    return load_terminals(Terminal.objects.filter(number__in=numbers)) if numbers else 0


def _send_to_store(rows: Iterable[tuple[Any, ...]], *, new: bool) -> int:
    by_shard: dict[int, list[str | bytes | int]] = defaultdict(list)
    count = 0
    for number, retailer, store, lives, versions, overlaps, signing_key in rows:
        status = STATUSES[effective(*lives)]
        packed = STATIC.pack(retailer, store, status, *versions, *map(_seconds, overlaps), signing_key)
        packed += bytes([0 if new else 1])
        by_shard[shard_of(number)].extend((number, packed))
        count += 1
    commands: dict[int, list[Command]] = defaultdict(list)
    for shard, pairs in by_shard.items():
        for at in range(0, len(pairs), 2 * CONFIGURE_CHUNK):
            command = CONFIGURE.command([terminals_key(shard)], pairs[at : at + 2 * CONFIGURE_CHUNK])
            commands[stores().index(shard)].append(command)
    for index, calls in commands.items():
        for reply in call_scripts(stores().clients[index], CONFIGURE, calls):
            if isinstance(reply, Exception):
                raise reply
    return count


def _send_keys(numbers: Sequence[int]) -> None:
    """The public keys go first: a state must never demand a signature under a key that the store lacks."""
    found: dict[int, list[bytes]] = defaultdict(list)
    keys = TerminalKey.objects.filter(terminal__in=numbers).order_by("terminal", "-number")
    for terminal, number, public_key in keys.values_list("terminal", "number", "public_key").iterator():
        if len(found[terminal]) < KEYS_LOADED:
            found[terminal].append(PUBLIC_KEY.pack(number, bytes(public_key)))
    by_shard: dict[int, list[int | bytes]] = defaultdict(list)
    for terminal, packed in found.items():
        by_shard[shard_of(terminal)].extend((terminal, b"".join(packed)))
    for shard, pairs in by_shard.items():
        commands: list[Command] = [
            ("HSET", keys_key(shard), *pairs[at : at + 2 * CONFIGURE_CHUNK])
            for at in range(0, len(pairs), 2 * CONFIGURE_CHUNK)
        ]
        for reply in call_all(stores().store_for(shard), commands):
            if isinstance(reply, Exception):
                raise reply


def _seconds(moment: datetime | None) -> int:
    return 0 if moment is None else int(moment.timestamp())


def load_shard(shard: int) -> int:
    """Makes the states of a shard's terminals anew from the registry; answers how many there are."""
    for reply in call_all(stores().store_for(shard), [("DEL", terminals_key(shard), keys_key(shard))]):
        if isinstance(reply, Exception):
            raise reply
    return load_terminals(Terminal.objects.filter(store__shard=shard))


def _rows(terminals: Iterable[Terminal]) -> QuerySet[Terminal]:
    """The terminals as a query, so that what is read is what the registry says now."""
    if isinstance(terminals, QuerySet):
        return terminals
    return Terminal.objects.filter(number__in=[terminal.number for terminal in terminals])


def _static_rows(numbers: Sequence[int]) -> Iterable[tuple[Any, ...]]:
    """Per terminal: number, retailer, store, 3 lives, 2 versions, 2 overlaps, signing key; one query for all."""
    rows = Terminal.objects.filter(number__in=numbers).values_list(
        "number",
        "store__retailer_id",
        "store_id",
        "status",
        "store__status",
        "store__retailer__status",
        "key_version",
        "store__retailer__gateway_version",
        "overlap_until",
        "store__retailer__gateway_overlap_until",
        "signing_key",
    )
    for row in rows.iterator():
        number, retailer, store, *rest = row
        yield number, retailer, store, rest[0:3], rest[3:5], rest[5:7], rest[7]


def _lock(number: int) -> None:
    """Waits for the advisory lock and keeps it to the end of the DB transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
