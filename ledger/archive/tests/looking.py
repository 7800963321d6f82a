"""What the tests of archive and removal look at: rows, leaves, proofs, and what the commands say."""

import json
from datetime import date
from io import StringIO
from typing import Any

import redis
from django.core.management import call_command
from django.db import connection
from django.test import Client

from ledger.blocks import Kind, header_hash, leaf_of, read_header, repack, unpack_body
from ledger.log.leaves import LeafKind, RemovalLeaf, read_leaf
from ledger.log.models import LogEntry
from ledger.merkle import root
from ledger.models import Block
from ledger.queries import Recorded, find_recorded
from possys import clock
from tests.links import full_address
from tests.tills import Till
from transactions.stream import STATIC, shard_of, terminals_key

REASON = "court order 17 C 5/2026"


def rows_of(day: date) -> list[tuple[Any, ...]]:
    """The day's rows in PostgreSQL, whole."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_block WHERE sealed_on = %s ORDER BY id", [day])
        return list(cursor.fetchall())


def leaves_of(kind: LeafKind) -> list[Any]:
    return [read_leaf(bytes(entry.leaf)) for entry in LogEntry.objects.filter(kind=kind)]


def proof_of(code: str) -> Any:
    answer = Client().get(f"/api/v1/receipts{full_address(code)}/proof")
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def command(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def today() -> date:
    return clock.utc(clock.now_ms()).date()


def removed(code: str, reason: str = REASON) -> str:
    """What the command says."""
    out = StringIO()
    call_command("remove_record", code, "--reason", reason, "--yes", stdout=out)
    return out.getvalue()


def removal_leaves() -> list[RemovalLeaf]:
    found = [read_leaf(bytes(entry.leaf)) for entry in LogEntry.objects.filter(kind=LeafKind.REMOVAL)]
    return [leaf for leaf in found if isinstance(leaf, RemovalLeaf)]


def sale_of(till: Till, sequence: int) -> dict[str, Any]:
    found = find_recorded(till.number, sequence, today())
    assert isinstance(found, Recorded)
    sale: dict[str, Any] = json.loads(found.raw)["sale"]
    return sale


def forget(store: redis.Redis, till: Till) -> None:
    """Makes the capture store forget all that the till has sent."""
    key = terminals_key(shard_of(till.number))
    state = store.hget(key, str(till.number))
    assert isinstance(state, bytes)
    store.hset(key, str(till.number), state[: STATIC.size] + bytes(20))


def check_block(block: Block, removed_at: set[int]) -> None:
    """The block proves what it did, and only these positions lost their records."""
    positions = unpack_body(bytes(block.body))
    header = read_header(bytes(block.header))
    assert root([leaf_of(*one) for one in positions]).hex() == header.root
    assert len(positions) == header.count == block.count
    assert header_hash(bytes(block.header)) == bytes(block.header_hash)
    assert {at for at, (kind, _) in enumerate(positions) if kind == Kind.REMOVED} == removed_at
    assert block.raw_bytes == repack(positions).raw_bytes
