"""What refunds and voids on their way into the ledger hold of a sale, so that two tills cannot take back the same.

Glossary of keys, for each original of shard N that something is taken back of:

    {sN}:left:<identity>   hash: v (version, one more with each change); for each refund or void that was let through
                           `<its identity>.<digest of its bytes>` -> attempts, time, and what it takes back.
                           Lives HELD_S after the last one. Lost with the store: refunds then count from the ledger on.

The version lets the rules stay in Python (transactions/corrections.py): whoever wants to reserve has judged by what was
held at one version, and the script reserves only at that version. Two tills at once: the second one judges again.
"""

import struct
from typing import Any, NamedTuple

import msgspec
from redis.exceptions import RedisError

from possys.codes import SEQUENCE_BITS, CodePlace
from possys.redis import Stores
from transactions.corrections import Sums, TakenBack
from transactions.stream import Script, call_scripts, head_key, shard_of

# Far above any backlog: ten minutes of it make capture refuse (transactions/pressure.py), so only a shard that stands
# stopped for hours, with an alarm, could outlast it. Not longer, because each takes about 300 bytes.
HELD_S = 6 * 3600
# A call is answered or given up after two seconds; an attempt this old is not on its way any more.
SETTLED_MS = 60_000
WHATEVER_IS_HELD = -1
NOTHING_HELD = 0
VALUE = struct.Struct(">H6s")
VERSION = b"v"

RESERVE = Script("reserve.lua")
RELEASE = Script("release.lua")


class Hold(NamedTuple):
    """One field of an original's hash: whose, and which bytes'."""

    original: CodePlace
    identity: int
    digest: bytes

    @property
    def field(self) -> str:
        """Its name in the hash."""
        return f"{self.identity}.{self.digest.hex()}"


class Held(NamedTuple):
    """What is held of an original at one version; `fields` are the names of all."""

    version: int
    fields: frozenset[str]
    taken_back: tuple[tuple[int, TakenBack], ...]

    def of(self, retailer: int) -> list[TakenBack]:
        """Those of one retailer: a rival's refund, made while it could not be compared, holds nothing of ours."""
        return [one for owner, one in self.taken_back if owner == retailer]


def held_key(original: CodePlace) -> str:
    """The key of what is held of a sale."""
    identity = original.terminal << SEQUENCE_BITS | original.sequence
    return f"{{s{shard_of(original.terminal)}}}:left:{identity}"


class Reservations:
    """The stores, as far as refunds and voids reserve in them; thread-safe."""

    def __init__(self, stores: Stores, *, replicas_min: int) -> None:
        self.stores = stores
        self.replicas_min = replicas_min

    def reserve(self, hold: Hold, *, version: int, retailer: int, sums: Sums, now_ms: int) -> Held | None:
        """None when it is reserved, durably; else what is held at another version. Raises RedisError and OSError."""
        shard = shard_of(hold.original.terminal)
        parts = {key: value for key, value in (sums.parts or {}).items() if value != (0, 0)}
        content = msgspec.msgpack.encode((retailer, sums.total, sums.unrounded, parts))
        command = RESERVE.command(
            (head_key(shard), held_key(hold.original)),
            (version, hold.field, now_ms, SETTLED_MS, HELD_S, content),
        )
        reply = self._call(shard, RESERVE, command)
        return None if reply == 1 else _read(dict(zip(reply[::2], reply[1::2], strict=True)))

    def held_of(self, original: CodePlace) -> Held:
        """What is held of a sale. Raises RedisError and OSError."""
        found: Any = self.stores.store_for(shard_of(original.terminal)).hgetall(held_key(original))
        return _read(found)

    def release(self, hold: Hold) -> None:
        """Gives back what a definitely refused one held; a fault leaves it to its time."""
        shard = shard_of(hold.original.terminal)
        try:
            self._call(shard, RELEASE, RELEASE.command((held_key(hold.original),), (hold.field,)))
        except (RedisError, OSError):
            return

    def _call(self, shard: int, script: Script, command: Any) -> Any:
        client = self.stores.store_for(shard)
        reply = call_scripts(client, script, [command], replicas=self.replicas_min)[0]
        if isinstance(reply, Exception):
            raise reply
        return reply


_Content = tuple[int, int, int, dict[bytes, tuple[int, int]]]
_decoder = msgspec.msgpack.Decoder(_Content)


def _read(values: dict[bytes, bytes]) -> Held:
    """What a hash holds, by its names."""
    version = int(values.pop(VERSION, NOTHING_HELD))
    found = []
    for name, value in values.items():
        retailer, total, unrounded, parts = _decoder.decode(value[VALUE.size :])
        identity = int(name.partition(b".")[0])
        found.append((retailer, TakenBack(identity, Sums(total, unrounded, parts))))
    return Held(version, frozenset(name.decode() for name in values), tuple(found))
