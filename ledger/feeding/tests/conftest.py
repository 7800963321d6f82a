"""A consumer that keeps what it is fed in a table of its own, and fails when it is told to."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import redis
from django.db import connection

from ledger.consumers import Consumer, consumer, consumer_named, forget
from ledger.feed import FedBlock
from ledger.feeding.running import Fed, feed_all
from ledger.shards import ALL_SHARDS
from possys.clock import now_ms, utc

Row = tuple[int, int, str]


@dataclass
class Keeper:
    """`fails_at` holds (shard, block) at which it raises once its rows are written."""

    name: str
    fails_at: set[tuple[int, int]] = field(default_factory=set)

    def handle(self, block: FedBlock) -> None:
        with connection.cursor() as cursor:
            for one in block.sales:
                cursor.execute(
                    f'INSERT INTO "{self.name}" (shard, block, code) VALUES (%s, %s, %s)',
                    [block.shard, block.number, one.code],
                )
        if (block.shard, block.number) in self.fails_at:
            raise ValueError("told to fail")

    @property
    def consumer(self) -> Consumer:
        return consumer_named(self.name)

    def feed(self) -> Fed:
        return feed_all(ALL_SHARDS, utc(now_ms()), [self.consumer])

    def rows(self) -> list[Row]:
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT shard, block, code FROM "{self.name}" ORDER BY id')
            return [tuple(row) for row in cursor.fetchall()]


def _keeper(name: str) -> Iterator[Keeper]:
    made = Keeper(name)
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE TABLE "{name}" (id serial, shard int, block bigint, code text)')
    consumer(name, tables=[])(made.handle)
    yield made
    forget(name)
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TABLE "{name}"')


@pytest.fixture
def keeper(ledger: redis.Redis) -> Iterator[Keeper]:
    yield from _keeper("keeper")


@pytest.fixture
def neighbour(ledger: redis.Redis) -> Iterator[Keeper]:
    yield from _keeper("neighbour")
