"""The capture store's keys and scripts: where an acknowledged sale waits until the ledger has it.

Glossary of keys, for each shard N (the braces are a hash tag, so that all keys of a shard share a node):

    {sN}:head        hash: epoch, number (of the last record taken), started (s since 1970; 0 for the very first epoch),
                     flushed (ID of the last entry in the ledger). No epoch field: the shard takes nothing.
    {sN}:stream      stream: entries `<epoch>-<number of the entry's last record>`; field d: the packed records of a
                     call, field m: for each the mark, retailer and store that the script gave it.
                     The last flushed entry stays as an anchor that the next flush compares with the ledger's head;
                     with STREAM_KEPT_S, so does what was flushed in so many seconds.
    {sN}:kept        list: of each block that was flushed lately when, the ID of its last entry, its header (layout in
                     scripts/trim.lua). Out of it and the stream a database that was restored is filled up again with
                     the very same blocks. Empty without STREAM_KEPT_S.
    {sN}:terminals   hash: terminal number -> its state (layout in scripts/append.lua). Made from the registry.
    {sN}:keys        hash: terminal number -> the public keys that it signs with (PUBLIC_KEY each), the newest first.
    {sN}:left:<identity>  hash: what refunds and voids on their way hold of that sale (glossary in reservations.py).

And two keys of every server:

    log:checkpoint   string: `<size> <root in base64>` of the newest checkpoint of the log, for the answers to tills.
                     Written by ledger/log/announcing.py; without it the answers name none, and nothing else changes.
    outage:open      string: `<kind> <began at>` of the newest outage that is declared and open, for the same answers;
                     no key when there is none. Written by transactions/outages.py.

A sale is lost only if this store loses what it has fsynced; see docs/architecture.md, "Where data waits".
"""

import hashlib
import re
import struct
from collections.abc import Sequence
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import Any, NamedTuple

import redis

from possys.redis import Command, call_all

# Fixed for the ledger's life: a terminal's shard is its number modulo this.
SHARD_COUNT = 64

CHECKPOINT_KEY = "log:checkpoint"
# Goes into a header as it is, so nothing but a size and the base64 of 32 bytes may pass.
CHECKPOINT = re.compile(rb"[0-9]{1,19} [A-Za-z0-9+/]{43}=")
OUTAGE_KEY = "outage:open"
OUTAGE = re.compile(rb"[a-z]{1,9} [0-9T:.-]{19,23}Z")

# The head of one record as the script gets it: terminal, sequence, day, issued at (s), received at (ms, 2 + 4 bytes),
# flags, digest, number of the key that signed it (0: not signed), length of the payload.
HEAD = struct.Struct(">IIHIHIB8sHI")
OUTCOME = struct.Struct(">BBHI")
CALL = struct.Struct(">BIHII")
# One record in a stream entry, field d: length of the sale, received at (ms), terminal, sequence, day, type, issued at
# (ms), total, code, 1 if it is signed; then, if so, its SIGNATURE; then the sale's bytes. Field m: mark, retailer,
# store.
PAYLOAD = struct.Struct(">IQIIHBqq19sB")
# Number of the key, its public half, the signature.
SIGNATURE = struct.Struct(">H32s64s")
MARK_ROW = struct.Struct(">BII")
# What the registry says of a terminal: retailer, store, status, key version, gateway version, until when (s) the
# versions before are taken too, the terminal's and the gateway's, and the number of the key that signs.
STATIC = struct.Struct(">IIBHHIIH")
PUBLIC_KEY = struct.Struct(">H32s")
DIGEST_BYTES = 8
# The last day of a credential that does not end.
NEVER = 2**31
# A till's clock may be off; what it issued until this long after a store's rebuild may have been taken before it.
CHECK_MARGIN_S = 120

# How long a replica may take to fsync before the answer is "not known".
REPLICA_TIMEOUT_MS = 1000

SALE_TYPES = ("sale", "refund", "void")


class Outcome(IntEnum):
    """What the script decided of one record."""

    ACCEPTED = 1
    REPLAYED = 2
    CONFLICT = 3
    CONFLICT_COUNTED = 4
    PAST = 5
    UNKNOWN = 6
    FOREIGN = 7
    SUSPENDED = 8
    RATE = 9
    REPLACED = 10
    LOST = 11
    RETIRED = 12
    NOT_ENROLLED = 13
    TESTING = 14
    UNSIGNED = 15
    WRONG_KEY = 16


class Warned(IntFlag):
    """What the script noticed of a record that it took."""

    GAP = 1
    OUT_OF_ORDER = 2


class Mark(IntEnum):
    """How a record stands in the stream: new, to be looked up by the flush, or a conflict."""

    RECORD = 0
    CHECK = 1
    CONFLICT = 2


class Flag(IntEnum):
    """What the caller knows of a record."""

    NONE = 0
    TRAINING = 1
    CONFLICT = 2
    CHECK = 4


class Status(IntEnum):
    """A terminal's status as the store knows it."""

    ACTIVE = 0
    SUSPENDED = 1
    LOST = 2
    RETIRED = 3
    ENROLLED = 4
    TESTING = 5


class CredentialKind(IntEnum):
    """Whose token it is; SYSTEM is this system itself, capturing again what an old store held."""

    SYSTEM = 0
    TERMINAL = 1
    GATEWAY = 2


class Credential(NamedTuple):
    """Who sends: a terminal (its number) or a gateway (its retailer's id), the version of its key, and its last day.

    `expires` counts days since 1970, in UTC.
    """

    kind: CredentialKind
    id: int
    version: int
    expires: int = NEVER


class Judged(NamedTuple):
    """The script's word on one record; `received_at_ms` is the first one's for a replay."""

    outcome: int
    warned: int
    received_at_ms: int


class Item(NamedTuple):
    """One record on its way into a shard: the head the script judges by, and the parts of what it keeps."""

    head: bytes
    meta: bytes
    signature: bytes
    sale: bytes


class Signature(NamedTuple):
    """A terminal's signature over a sale: the number of its key, the key's public half, the 64 bytes."""

    key: int
    public_key: bytes
    value: bytes


class StreamRecord(NamedTuple):
    """One record as it lies in the stream; `day` counts from 2020-01-01, `code` is ASCII with hyphens."""

    length: int
    received_at_ms: int
    terminal: int
    sequence: int
    day: int
    type: int
    issued_at_ms: int
    total: int
    code: bytes
    is_signed: int
    mark: int
    retailer: int
    store: int
    signature: Signature | None


NOT_SIGNED = (None,)


class Script:
    """A Lua script that is called by its hash; sent whole only to a server that does not have it yet."""

    def __init__(self, name: str) -> None:
        self.source = (Path(__file__).parent / "scripts" / name).read_bytes()
        self.sha = hashlib.sha1(self.source, usedforsecurity=False).hexdigest()

    def command(self, keys: Sequence[str], arguments: Sequence[bytes | str | int]) -> Command:
        """The call by hash."""
        return ("EVALSHA", self.sha, len(keys), *keys, *arguments)


APPEND = Script("append.lua")
TRIM = Script("trim.lua")
CONFIGURE = Script("configure.lua")


def shard_of(terminal: int) -> int:
    """The shard of a terminal, for the ledger's life."""
    return terminal % SHARD_COUNT


def head_key(shard: int) -> str:
    """The key of a shard's epoch and numbers."""
    return f"{{s{shard}}}:head"


def stream_key(shard: int) -> str:
    """The key of a shard's stream."""
    return f"{{s{shard}}}:stream"


def kept_key(shard: int) -> str:
    """The key of the headers of a shard's blocks that were flushed lately."""
    return f"{{s{shard}}}:kept"


def terminals_key(shard: int) -> str:
    """The key of a shard's terminal states."""
    return f"{{s{shard}}}:terminals"


def keys_key(shard: int) -> str:
    """The key of the public keys of a shard's terminals."""
    return f"{{s{shard}}}:keys"


def pack_item(
    *,
    head: tuple[int, int, int, int, int, bytes],
    received_at_ms: int,
    rest: tuple[int, int, bytes],
    sale: bytes,
    signature: Signature | None = None,
) -> Item:
    """Packs one record: head (terminal, sequence, day, issued_at_ms, flags, digest), rest (type, total, code)."""
    signed = b"" if signature is None else SIGNATURE.pack(*signature)
    terminal, sequence, day, issued_at_ms, flags, digest = head
    kind, total, code = rest
    return Item(
        HEAD.pack(
            terminal,
            sequence,
            day,
            issued_at_ms // 1000,
            received_at_ms >> 32,
            received_at_ms & 0xFFFFFFFF,
            flags,
            digest,
            0 if signature is None else signature.key,
            PAYLOAD.size + len(signed) + len(sale),
        ),
        PAYLOAD.pack(
            len(sale), received_at_ms, terminal, sequence, day, kind, issued_at_ms, total, code, len(signed) > 0
        ),
        signed,
        sale,
    )


def append_command(shard: int, credential: Credential, per_minute: int, items: Sequence[Item]) -> Command:
    """The one call that takes all items of a shard."""
    call = CALL.pack(credential.kind, credential.id, credential.version, per_minute, CHECK_MARGIN_S)
    heads = b"".join([item.head for item in items])
    keys = (head_key(shard), stream_key(shard), terminals_key(shard))
    payloads = b"".join([part for _, *parts in items for part in parts])
    return APPEND.command(keys, (call, heads, payloads))


def trim_command(
    shard: int, flushed: str, header: bytes, *, now_ms: int, keep_ms: int, is_committed: bool = True
) -> Command:
    """The call behind a commit: the ledger has everything up to the entry `flushed`, which ends the header's block.

    Before the commit it only notes the header: were it rolled back, the next flush makes that very block.
    """
    keys = (head_key(shard), stream_key(shard), kept_key(shard))
    return TRIM.command(keys, (flushed, now_ms, keep_ms, header, 0 if is_committed else 1))


class KeptBlock(NamedTuple):
    """A block that was flushed lately: when it came into the ledger, the ID of its last entry, its header's bytes."""

    flushed_ms: int
    entry_id: str
    header: bytes


def read_kept(element: bytes) -> KeptBlock:
    """One element of the list. Damaged: ValueError."""
    moment, entry_id, header = element.split(b" ", 2)
    return KeptBlock(int(moment), entry_id.decode(), header)


class NotDurableError(redis.exceptions.RedisError):
    """Too few replicas have fsynced what was taken, so its fate is not known."""


def call_scripts(client: redis.Redis, script: Script, commands: Sequence[Command], *, replicas: int = 0) -> list[Any]:
    """The replies in order, exceptions in place; each stands on the disk of that many replicas too.

    A server that lacks the script gets it, and only those calls again. WAITAOF goes behind the calls in the same go.
    """
    tail: list[Command] = [("WAITAOF", 1, replicas, REPLICA_TIMEOUT_MS)] if replicas else []
    replies = _durable(call_all(client, [*commands, *tail]), replicas)
    missing = [place for place, reply in enumerate(replies) if isinstance(reply, redis.exceptions.NoScriptError)]
    if missing:
        again = call_all(client, [("SCRIPT", "LOAD", script.source), *[commands[place] for place in missing], *tail])
        for place, reply in zip(missing, _durable(again[1:], replicas), strict=True):
            replies[place] = reply
    return replies


def _durable(replies: list[Any], replicas: int) -> list[Any]:
    """The scripts' own replies; all of them failed when too few replicas answered the WAITAOF behind them."""
    if not replicas:
        return replies
    *own, waited = replies
    if isinstance(waited, Exception):
        return [reply if isinstance(reply, Exception) else waited for reply in own]
    if waited[1] < replicas:
        late = NotDurableError(f"{waited[1]} of {replicas} replicas have fsynced")
        return [reply if isinstance(reply, Exception) else late for reply in own]
    return own


def read_judged(reply: bytes) -> list[Judged]:
    """The outcomes that the append script answered, in the order of its items."""
    return [Judged(outcome, warned, high << 32 | low) for outcome, warned, high, low in OUTCOME.iter_unpack(reply)]


def read_entry(fields: dict[bytes, bytes]) -> list[tuple[StreamRecord, bytes]]:
    """The records of one stream entry with their sales' bytes. Damaged: struct.error, KeyError or ValueError."""
    blob = fields[b"d"]
    records = []
    at, end = 0, len(blob)
    for mark in MARK_ROW.iter_unpack(fields[b"m"]):
        fields_of_one = PAYLOAD.unpack_from(blob, at)
        at += PAYLOAD.size
        if fields_of_one[-1]:
            signed: tuple[Signature | None] = (Signature._make(SIGNATURE.unpack_from(blob, at)),)
            at += SIGNATURE.size
        else:
            signed = NOT_SIGNED
        record = StreamRecord._make(fields_of_one + mark + signed)
        at += record.length
        if at > end:
            raise ValueError("the entry ends inside a record")
        records.append((record, blob[at - record.length : at]))
    if at != end:
        raise ValueError("the entry has more records than marks")
    return records


def entry_sha256(fields: dict[bytes, bytes]) -> bytes:
    """What the ledger remembers of the last entry that it took."""
    return hashlib.sha256(fields[b"m"] + fields[b"d"]).digest()


class ShardHead(NamedTuple):
    """How far a shard is in the store; epoch 0 means that it takes nothing."""

    epoch: int
    number: int
    started_s: int
    flushed: int

    @property
    def waiting(self) -> int:
        """Records that the ledger does not have yet."""
        return max(0, self.number - self.flushed)


def read_heads(client: redis.Redis, shards: Sequence[int]) -> list[ShardHead]:
    """The heads of several shards of one server in one call. Raises RedisError."""
    return _heads(call_all(client, _head_commands(shards)))


class Look(NamedTuple):
    """What capture looks at every second: the heads, and what the server was told of the log and of an outage."""

    heads: list[ShardHead]
    checkpoint: str | None
    outage: str | None


def look_at(client: redis.Redis, shards: Sequence[int]) -> Look:
    """The same call, and what the server knows of checkpoint and outage. Raises RedisError for the heads only."""
    *heads, checkpoint, outage = call_all(
        client, [*_head_commands(shards), ("GET", CHECKPOINT_KEY), ("GET", OUTAGE_KEY)]
    )
    return Look(_heads(heads), _fitting(CHECKPOINT, checkpoint), _fitting(OUTAGE, outage))


def _fitting(pattern: re.Pattern[bytes], reply: Any) -> str | None:
    return reply.decode() if isinstance(reply, bytes) and pattern.fullmatch(reply) else None


def _head_commands(shards: Sequence[int]) -> list[Command]:
    return [("HMGET", head_key(shard), "epoch", "number", "started", "flushed") for shard in shards]


def _heads(replies: Sequence[Any]) -> list[ShardHead]:
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply
    return [_head(*reply) for reply in replies]


def _head(epoch: bytes | None, number: bytes | None, started: bytes | None, flushed: bytes | None) -> ShardHead:
    """A flushed entry of an earlier epoch says nothing about this one."""
    of_epoch, _, last = (flushed or b"").partition(b"-")
    return ShardHead(int(epoch or 0), int(number or 0), int(started or 0), int(last) if of_epoch == epoch else 0)
