"""Puts what the registry says of terminals into the capture store, which takes sales by its own copy of it.

A change marks its terminals as not loaded and loads them behind its commit; where the store could not be reached just
then, `load_pending` (a task, every few seconds) does it again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet

from possys.redis import Command, call_all
from transactions.life import effective
from transactions.models import Life, Terminal
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
# Numbers go as one array: a shard's forty thousand placeholders take Django and the driver longer than the rest.
MARK = "UPDATE transactions_terminal SET is_loaded = true WHERE number = ANY(%s::bigint[]) AND NOT is_loaded"
TERMINALS = """
    SELECT number, store_id, status, key_version, overlap_until, signing_key
    FROM transactions_terminal WHERE number = ANY(%s::bigint[])
"""
PREMISES = """
    SELECT store.id, retailer.id, store.status, retailer.status, retailer.gateway_version,
           retailer.gateway_overlap_until
    FROM transactions_store AS store JOIN transactions_retailer AS retailer ON retailer.id = store.retailer_id
    WHERE store.id = ANY(%s::bigint[])
"""
KEYS = """
    SELECT terminal_id, number, public_key FROM transactions_terminalkey
    WHERE terminal_id = ANY(%s::bigint[]) ORDER BY terminal_id, number DESC
"""
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
    return load_numbers(_numbers(terminals), new=new)


def load_numbers(numbers: Sequence[int], *, new: bool = False) -> int:
    """The same for terminals by their numbers."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Read and write under one lock: of two changes the later must not be overwritten by the earlier one's load. The
        # mark is set before reading: a change that comes between takes it away again; a fault rolls it back.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOAD_LOCK])
        wanted = list(numbers)
        cursor.execute(MARK, [wanted])
        cursor.execute(TERMINALS, [wanted])
        rows = cursor.fetchall()
        # The public keys go first: a state must never demand a signature under a key that the store lacks.
        _send_keys(cursor, [number for number, *_, signing_key in rows if signing_key])
        cursor.execute(PREMISES, [list({row[1] for row in rows})])
        _send_states(rows, {store: rest for store, *rest in cursor.fetchall()}, new=new)
        return len(rows)


def load_pending() -> int:
    """Loads every terminal whose latest change the store does not know; answers how many. Raises RedisError."""
    pending = Terminal.objects.filter(is_loaded=False)
    numbers = list(pending.values_list("number", flat=True)[:PENDING_MAX])
    return load_numbers(numbers) if numbers else 0


def _send_states(rows: Sequence[Any], premises: Mapping[int, Sequence[Any]], *, new: bool) -> None:
    """Rows of TERMINALS with their stores' of PREMISES, as the states' static bytes."""
    by_shard: dict[int, list[str | bytes | int]] = defaultdict(list)
    end = bytes([0 if new else 1])
    for number, store, life, version, overlap, signing_key in rows:
        retailer, of_store, of_retailer, gateway, gateway_overlap = premises[store]
        status = _status(of_retailer, of_store, life)
        packed = STATIC.pack(
            retailer, store, status, version, gateway, _seconds(overlap), _seconds(gateway_overlap), signing_key
        )
        by_shard[shard_of(number)] += (number, packed + end)
    commands: dict[int, list[Command]] = defaultdict(list)
    for shard, pairs in by_shard.items():
        for at in range(0, len(pairs), 2 * CONFIGURE_CHUNK):
            command = CONFIGURE.command([terminals_key(shard)], pairs[at : at + 2 * CONFIGURE_CHUNK])
            commands[stores().index(shard)].append(command)
    for index, calls in commands.items():
        for reply in call_scripts(stores().clients[index], CONFIGURE, calls):
            if isinstance(reply, Exception):
                raise reply


def _send_keys(cursor: CursorWrapper, numbers: Sequence[int]) -> None:
    """The keys of terminals that sign, each terminal's newest first."""
    if not numbers:
        return
    found: dict[int, list[bytes]] = defaultdict(list)
    cursor.execute(KEYS, [list(numbers)])
    for terminal, number, public_key in cursor.fetchall():
        if len(found[terminal]) < KEYS_LOADED:
            found[terminal].append(PUBLIC_KEY.pack(number, bytes(public_key)))
    by_shard: dict[int, list[int | bytes]] = defaultdict(list)
    for terminal, packed in found.items():
        by_shard[shard_of(terminal)] += (terminal, b"".join(packed))
    for shard, pairs in by_shard.items():
        commands: list[Command] = [
            ("HSET", keys_key(shard), *pairs[at : at + 2 * CONFIGURE_CHUNK])
            for at in range(0, len(pairs), 2 * CONFIGURE_CHUNK)
        ]
        for reply in call_all(stores().store_for(shard), commands):
            if isinstance(reply, Exception):
                raise reply


@lru_cache(maxsize=len(Life) ** 3)
def _status(*lives: str) -> Status:
    return STATUSES[effective(*lives)]


def _seconds(moment: datetime | None) -> int:
    return 0 if moment is None else int(moment.timestamp())


def load_shard(shard: int) -> int:
    """Makes the states of a shard's terminals anew from the registry; answers how many there are."""
    for reply in call_all(stores().store_for(shard), [("DEL", terminals_key(shard), keys_key(shard))]):
        if isinstance(reply, Exception):
            raise reply
    return load_terminals(Terminal.objects.filter(store__shard=shard))


def _numbers(terminals: Iterable[Terminal]) -> list[int]:
    """Only the numbers: what is read is what the registry says now."""
    if isinstance(terminals, QuerySet):
        return list(terminals.values_list("number", flat=True))
    return [terminal.number for terminal in terminals]
