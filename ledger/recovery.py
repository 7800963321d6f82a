"""Captures again what an old stream still holds and the ledger does not have, with its first time of receipt."""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import redis

from ledger.queries import find_past
from transactions.service import stores
from transactions.stream import (
    APPEND,
    DIGEST_BYTES,
    Credential,
    CredentialKind,
    Flag,
    Item,
    Mark,
    Outcome,
    StreamRecord,
    append_command,
    call_scripts,
    pack_item,
    read_entry,
    read_judged,
)

# No terminal's limit applies to what was acknowledged already.
UNLIMITED = 2**31
SYSTEM = Credential(CredentialKind.SYSTEM, 0, 0)


@dataclass
class Recovered:
    """What became of an old stream's records."""

    known: int = 0
    captured: int = 0
    damaged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def add(self, other: "Recovered") -> None:
        """Adds another stream's figures."""
        self.known += other.known
        self.captured += other.captured
        self.damaged.extend(other.damaged)
        self.refused.extend(other.refused)


def recover_stream(source: redis.Redis, name: str, shard: int, *, after: str = "-") -> Recovered:
    """Reads the stream `name` of `source` from `after` on and captures what is missing into the shard's present store.

    A record that the ledger or the present store has already is only counted. Raises RedisError; then run it again.
    """
    done = Recovered()
    while True:
        found: Any = source.xrange(name, after, "+", count=1)
        if not found:
            return done
        raw_id, fields = found[0]
        after = "(" + raw_id.decode()
        try:
            entry = read_entry(fields)
        except (ValueError, struct.error, KeyError) as fault:
            done.damaged.append(f"{name} {raw_id.decode()}: {fault}")
            continue
        _recover_entry(shard, entry, done)


def _recover_entry(shard: int, entry: Sequence[tuple[StreamRecord, bytes]], done: Recovered) -> None:
    missing = []
    for record, sale in entry:
        past = find_past(record.terminal, record.sequence, record.day)
        if past is not None and past.sha256 in (None, hashlib.sha256(sale).digest()):
            done.known += 1
        else:
            missing.append((record, sale))
    if not missing:
        return
    items = [_item(record, sale) for record, sale in missing]
    reply = call_scripts(stores().store_for(shard), APPEND, [append_command(shard, SYSTEM, UNLIMITED, items)])[0]
    if isinstance(reply, Exception):
        raise reply
    for (record, _), judged in zip(missing, read_judged(reply), strict=True):
        if judged.outcome in {Outcome.ACCEPTED, Outcome.CONFLICT, Outcome.CONFLICT_COUNTED}:
            done.captured += 1
        elif judged.outcome == Outcome.REPLAYED:
            done.known += 1
        else:
            outcome = Outcome(judged.outcome).name.lower()
            done.refused.append(f"terminal {record.terminal}, sequence {record.sequence}: {outcome}")


def _item(record: StreamRecord, sale: bytes) -> Item:
    flag = Flag.CONFLICT if record.mark == Mark.CONFLICT else Flag.CHECK
    digest = hashlib.sha256(sale).digest()[:DIGEST_BYTES]
    return pack_item(
        head=(record.terminal, record.sequence, record.day, record.issued_at_ms, flag, digest),
        received_at_ms=record.received_at_ms,
        rest=(record.type, record.total, record.code),
        sale=sale,
        signature=record.signature,
    )
