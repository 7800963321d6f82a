"""The terminals that send: 12 retailers, their stores, 20 tills each, enrolled in bulk."""

import mmap
from dataclasses import dataclass

from django.db import connection

from benchmarks.sizes import TILLS
from transactions.authentication import mint_gateway_token, mint_terminal_token
from transactions.loading import load_terminals
from transactions.models import Retailer, Store, Terminal
from transactions.stream import SHARD_COUNT

RETAILERS = 12
BATCH_ROWS = 5000
# The textbook endpoint gets fewer tills: smaller tables can only help it, and users take long to make.
TEXTBOOK_TILLS_MAX = 10_000
SEQUENCE_BYTES = 4


@dataclass(frozen=True, slots=True)
class Fleet:
    """Terminal numbers by store (store s is in shard s mod 64, runs of 64 stores belong to one retailer)."""

    stores: list[list[int]]
    gateway_tokens: list[bytes]
    terminal_tokens: list[bytes]
    textbook_tokens: list[bytes]

    @property
    def terminals(self) -> int:
        """How many there are; terminal t of store s has place s * TILLS + t in the lists of tokens and sequences."""
        return len(self.stores) * TILLS


def sequences(fleet: Fleet) -> memoryview:
    """Every terminal's last sequence, shared by the processes forked later."""
    return memoryview(mmap.mmap(-1, fleet.terminals * SEQUENCE_BYTES)).cast("I")


def enrol(store_count: int) -> Fleet:
    """Enrols the fleet in an empty registry and puts it into the capture store."""
    # Only installed with benchmarks/settings.py.
    from benchmarks.textbook import enrolment

    retailers = Retailer.objects.bulk_create(
        [Retailer(name=f"Retailer {place}", tax_id=f"BENCH-{place}") for place in range(RETAILERS)]
    )
    owners = [retailers[place // SHARD_COUNT % RETAILERS] for place in range(store_count)]
    stores = Store.objects.bulk_create(
        [
            Store(retailer=owner, name=f"Store {place}", address="", shard=place % SHARD_COUNT)
            for place, owner in enumerate(owners)
        ],
        batch_size=BATCH_ROWS,
    )
    numbers = [_numbers(place) for place in range(store_count)]
    Terminal.objects.bulk_create(
        [Terminal(number=number, store=store) for store, own in zip(stores, numbers, strict=True) for number in own],
        batch_size=BATCH_ROWS,
    )
    load_terminals(Terminal.objects.all(), new=True)
    every = [number for own in numbers for number in own]
    textbook = enrolment.enrol(every[:TEXTBOOK_TILLS_MAX])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    gateways = {retailer.pk: mint_gateway_token(retailer.pk, 1).encode() for retailer in retailers}
    return Fleet(
        stores=numbers,
        gateway_tokens=[gateways[owner.pk] for owner in owners],
        terminal_tokens=[mint_terminal_token(number, 1).encode() for number in every],
        textbook_tokens=[token.encode() for token in textbook],
    )


def _numbers(store: int) -> list[int]:
    """The numbers of a store's tills as enrolment would give them: all with the same remainder."""
    shard, earlier = store % SHARD_COUNT, store // SHARD_COUNT
    first = (1 + earlier * TILLS) * SHARD_COUNT + shard
    return list(range(first, first + TILLS * SHARD_COUNT, SHARD_COUNT))
