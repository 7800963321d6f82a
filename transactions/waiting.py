"""How long the oldest sale has waited in the capture store for the ledger: one small answer a shard, no sale."""

import struct
from collections.abc import Mapping

import redis

from transactions.stream import Script, ShardHead, call_scripts, stream_key

OLDEST = Script("oldest.lua")
RECEIVED_AT = struct.Struct(">Q")


def oldest_received_ms(client: redis.Redis, heads: Mapping[int, ShardHead]) -> dict[int, int]:
    """When the first waiting sale was received, of those shards of one server in which something waits: one call.

    A shard whose sales the flush took meanwhile is left out. Raises RedisError.
    """
    waiting = {shard: head for shard, head in heads.items() if head.epoch and head.waiting}
    commands = [
        OLDEST.command([stream_key(shard)], [f"({head.epoch}-{head.flushed}"]) for shard, head in waiting.items()
    ]
    found = {}
    for shard, reply in zip(waiting, call_scripts(client, OLDEST, commands), strict=True):
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, bytes) and len(reply) == RECEIVED_AT.size:
            found[shard] = RECEIVED_AT.unpack(reply)[0]
    return found
