"""Enrolling many tills at once: what is known of them is looked up, what is new is written by COPY, all under one lock.

A store's tills get numbers with its shard's remainder, as one by one (transactions.operations.enrol_terminals), so they
stay in its shard. The lock is the one under which all numbers are given out; whoever holds it is done within tenths of
a second.
"""

import heapq
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from fleet.copying import constants, copy_rows, escaped
from fleet.planning import RETIRED, Known, Outcome, Plan, Registry, StoreKey, plan, store_key
from fleet.rows import Row
from possys.codes import TERMINAL_MAX
from transactions.models import Life, RegistryStep, Retailer, Store, Terminal
from transactions.operations import ENROL_LOCK, EnrolmentError
from transactions.steps import record_steps, step_of
from transactions.stream import SHARD_COUNT

STORES = """
    SELECT store.retailer_id, store.reference, store.id, store.name, store.status
    FROM transactions_store AS store
    JOIN unnest(%s::bigint[], %s::text[]) AS wanted (retailer, reference)
      ON store.retailer_id = wanted.retailer AND store.reference = wanted.reference
"""
# A label that stands twice in a store, from before there were files, means the till with the lowest number that can
# still sell.
TILLS = """
    SELECT terminal.store_id, terminal.label, min(terminal.number)
    FROM transactions_terminal AS terminal
    JOIN unnest(%s::bigint[], %s::text[]) AS wanted (store, label)
      ON terminal.store_id = wanted.store AND terminal.label = wanted.label
    WHERE terminal.status <> %s
    GROUP BY 1, 2
"""
TILL_COLUMNS = ("number", "store_id", "label")
STEP_COLUMNS = ("retailer", "store", "terminal")
LAST_NUMBERS = """
    SELECT shard, (SELECT number FROM transactions_terminal WHERE MOD(number, %s) = shard ORDER BY number DESC LIMIT 1)
    FROM unnest(%s::integer[]) AS shard
"""


class Beginning(NamedTuple):
    """How new tills begin, and who says so; `retailer` is whose the rows are, None where they name their own."""

    status: Life
    by: str
    reason: str
    retailer: Retailer | None = None


class Enrolled(NamedTuple):
    """What became of rows, in their order; the numbers of new tills, and how much else was made."""

    outcomes: list[Outcome]
    numbers: list[int]
    stores: int
    retailers: int


def bulk_enrol(rows: Sequence[Row], beginning: Beginning, now: datetime) -> Enrolled:
    """Enrols what is new of these rows in one DB transaction; the caller loads the numbers into the capture store.

    Raises EnrolmentError where there are no numbers left, and then nothing is enrolled.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ENROL_LOCK])
        registry = known_of(rows, beginning.retailer)
        made = plan(rows, registry, is_one_retailers=beginning.retailer is not None)
        _make_retailers(made, registry, beginning)
        shards = _make_stores(made, registry, beginning)
        numbers = _make_tills(cursor, made, registry, shards, beginning, now)
    return Enrolled(made.outcomes, numbers, len(made.stores), len(made.retailers))


def known_of(rows: Sequence[Row], retailer: Retailer | None) -> Registry:
    """What the registry has of the retailers, stores and tills that rows name: three queries."""
    found = Registry()
    if retailer is not None:
        found.retailers[""] = Known(retailer.pk, retailer.name, retailer.status)
    else:
        wanted = list({row.tax_id for row in rows})
        for number, tax_id, name, status in Retailer.objects.filter(tax_id__in=wanted).values_list(
            "id", "tax_id", "name", "status"
        ):
            found.retailers[tax_id] = Known(number, name, status)
    tax_ids = {known.id: tax_id for tax_id, known in found.retailers.items()}
    keys = [
        (found.retailers[tax_id].id, reference)
        for tax_id, reference in {store_key(row) for row in rows}
        if tax_id in found.retailers
    ]
    places: dict[int, StoreKey] = {}
    with connection.cursor() as cursor:
        cursor.execute(STORES, [[key[0] for key in keys], [key[1] for key in keys]])
        for retailer_id, reference, number, name, status in cursor.fetchall():
            key = (tax_ids[retailer_id], reference)
            found.stores[key] = Known(number, name, status)
            places[number] = key
        labels = {
            (store.id, row.label)
            for row in rows
            if (store := found.stores.get(store_key(row))) is not None and row.label
        }
        cursor.execute(TILLS, [[store for store, _ in labels], [label for _, label in labels], RETIRED])
        for store, label, number in cursor.fetchall():
            found.tills[*places[store], label] = number
    return found


def _make_retailers(made: Plan, registry: Registry, beginning: Beginning) -> None:
    new = Retailer.objects.bulk_create([Retailer(name=name, tax_id=tax_id) for tax_id, name in made.retailers.items()])
    for one in new:
        registry.retailers[one.tax_id] = Known(one.pk, one.name)
    record_steps([_created(one, beginning) for one in new])


def _make_stores(made: Plan, registry: Registry, beginning: Beginning) -> dict[int, int]:
    """New stores, each in the shard that has the fewest; the shard of every store that gets tills."""
    if made.stores:
        counts = _stores_by_shard()
        new = []
        for (tax_id, reference), row in made.stores.items():
            count, shard = heapq.heappop(counts)
            heapq.heappush(counts, (count + 1, shard))
            new.append(
                Store(
                    retailer_id=_made(registry.retailers[tax_id]),
                    reference=reference,
                    name=row.store,
                    address=row.address,
                    place=row.place,
                    kind=row.kind.lower() or Store.Kind.FIXED,
                    shard=shard,
                )
            )
        new = Store.objects.bulk_create(new)
        for key, one in zip(made.stores, new, strict=True):
            registry.stores[key] = Known(one.pk, one.name)
        record_steps([_created(one, beginning) for one in new])
    wanted = {_made(registry.stores[key[:2]]) for key in made.tills}
    return dict(Store.objects.filter(pk__in=wanted).values_list("id", "shard"))


def _stores_by_shard() -> list[tuple[int, int]]:
    counts = dict.fromkeys(range(SHARD_COUNT), 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT shard, count(*) FROM transactions_store GROUP BY shard")
        counts.update(cursor.fetchall())
    heap = [(count, shard) for shard, count in counts.items()]
    heapq.heapify(heap)
    return heap


def _make_tills(
    cursor: CursorWrapper,
    made: Plan,
    registry: Registry,
    shards: dict[int, int],
    beginning: Beginning,
    now: datetime,
) -> list[int]:
    """Numbers for the new tills, and their rows."""
    next_numbers = _next_numbers(cursor, set(shards.values()))
    tills, steps, numbers = [], [], []
    at = f"{now:%Y-%m-%d %H:%M:%S.%f%z}"
    till_end = constants(Terminal, TILL_COLUMNS, {"status": beginning.status, "enrolled_at": at})
    step_end = constants(
        RegistryStep,
        STEP_COLUMNS,
        {
            "at": at, "kind": RegistryStep.Kind.CREATED, "after": beginning.status, "reason": beginning.reason,
            "by": beginning.by,
        },
    )  # fmt: skip
    for key, place in made.tills.items():
        store, retailer = _made(registry.stores[key[:2]]), _made(registry.retailers[key[0]])
        shard = shards[store]
        number = next_numbers[shard]
        next_numbers[shard] = number + SHARD_COUNT
        made.outcomes[place] = made.outcomes[place]._replace(number=number)
        numbers.append(number)
        tills.append(f"{number}\t{store}\t{escaped(key[2])}{till_end}")
        steps.append(f"{retailer}\t{store}\t{number}{step_end}")
    if numbers and max(numbers) > TERMINAL_MAX:
        raise EnrolmentError("there are no terminal numbers left in a store's shard")
    copy_rows(cursor, Terminal, TILL_COLUMNS, tills)
    copy_rows(cursor, RegistryStep, STEP_COLUMNS, steps)
    _number_the_rest(made)
    return numbers


def _number_the_rest(made: Plan) -> None:
    """Rows that repeat a till of the same file get its number."""
    by_key = {key: made.outcomes[place].number for key, place in made.tills.items()}
    for place, outcome in enumerate(made.outcomes):
        if outcome.is_there and outcome.number is None:
            number = by_key[outcome.row.tax_id, outcome.row.store_reference, outcome.row.label]
            made.outcomes[place] = outcome._replace(number=number)


def _next_numbers(cursor: CursorWrapper, shards: Iterable[int]) -> dict[int, int]:
    cursor.execute(LAST_NUMBERS, [SHARD_COUNT, list(shards)])
    return {shard: (shard or SHARD_COUNT) if last is None else last + SHARD_COUNT for shard, last in cursor.fetchall()}


def _made(known: Known) -> int:
    """Its number, which all have by now."""
    assert known.id is not None
    return known.id


def _created(thing: Retailer | Store, beginning: Beginning) -> RegistryStep:
    return step_of(thing, RegistryStep.Kind.CREATED, after=thing.status, reason=beginning.reason, by=beginning.by)
