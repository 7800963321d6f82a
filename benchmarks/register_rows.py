"""A country's registers as rows, made by PostgreSQL itself: retailers, stores, terminals, steps, findings, marks.

One retailer is a chain with an eighth of all stores, at most 20,000, and the last store has up to 10,000 terminals
besides: what holds for most must hold for them, too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from psycopg import sql

from ledger.blocks import MarkKind
from portal.models import Membership
from portal.rights import Role
from possys.accounts.models import User
from transactions.models import Retailer, Store, Terminal
from transactions.stream import SHARD_COUNT

# The fleet: 156,250 stores of 16.
TILLS_A_STORE = 16
STORES_A_RETAILER = 6
CHAIN_SHARE, CHAIN_STORES_MAX = 8, 20_000
BIG_SHARE, BIG_TILLS_MAX = 100, 10_000
PEOPLE_A_BATCH = 5_000

FILLED = (
    "transactions_retailer",
    "transactions_store",
    "transactions_terminal",
    "transactions_registrystep",
    "findings_finding",
    "ledger_markedrecord",
)
RETAILERS = """
INSERT INTO transactions_retailer (id, name, tax_id, status, gateway_version, created_at)
SELECT {retailer} + i,
    (ARRAY['Corner','Station','Market','River','Old Town','Green','Northern','Golden'])[1 + i % 8] || ' '
    || (ARRAY['Bakery','Grocery','Pharmacy','Butcher','Books','Fuel','Garden'])[1 + i / 8 % 7] || ' ' || i,
    'REG-' || i, CASE WHEN i % 200 = 7 THEN 'suspended' WHEN i % 100 = 9 THEN 'retired' ELSE 'active' END, 1,
    now() - i * interval '1 minute'
FROM generate_series(1, {retailers}) AS i
"""
STORES = """
INSERT INTO transactions_store (id, retailer_id, reference, name, address, place, kind, status, shard, created_at)
SELECT {store} + 1 + i, {retailer} + CASE WHEN i < {chain} THEN 1 ELSE 2 + i % ({retailers} - 1) END, 'S' || i,
    (ARRAY['Main Street','Square','Harbour','Airport','Mill','Castle'])[1 + i % 6] || ' store ' || i,
    i % 900 || ' ' || (ARRAY['Oak','Elm','Linden','Maple'])[1 + i / 6 % 4] || ' Road',
    (ARRAY['Fairview','Springfield','Riverton','Lakeside','Hilltop'])[1 + i / 24 % 5] || ' ' || i % 311,
    CASE WHEN i % 50 = 3 THEN 'online'
        WHEN i % 400 = 5 THEN 'vending' WHEN i % 90 = 7 THEN 'mobile' ELSE 'fixed' END,
    CASE WHEN i % 300 = 7 THEN 'suspended' WHEN i % 70 = 9 THEN 'retired' ELSE 'active' END, i % {shards},
    now() - i * interval '10 seconds'
FROM generate_series(0, {stores} - 1) AS i
"""
TILLS = """
INSERT INTO transactions_terminal
    (number, store_id, label, status, key_version, signing_key, enrolled_at, is_loaded, expires_on)
SELECT {shards} * (CASE WHEN t < {each} THEN {block} + i / {shards} * {each} + t ELSE {beyond} + t END) + i % {shards},
    {store} + 1 + i, (ARRAY['SN-','Checkout ','till '])[1 + i % 3] || i || '-' || t,
    CASE (i + t) % 1000 WHEN 1 THEN 'lost' WHEN 2 THEN 'testing' WHEN 3 THEN 'enrolled' ELSE
        CASE (i + t) % 100 WHEN 4 THEN 'suspended' WHEN 5 THEN 'retired' ELSE 'active' END END,
    1, 0, now() - (i + t) * interval '3 seconds', true, current_date + 400
FROM generate_series(0, {stores} - 1) AS i,
    generate_series(0, {each} - 1 + CASE WHEN i = {stores} - 1 THEN {big} ELSE 0 END) AS t
"""
STEPS = """
INSERT INTO transactions_registrystep (at, retailer, store, terminal, kind, before, after, reason, by)
SELECT t.enrolled_at, s.retailer_id, s.id, t.number, 'created', '', 'active', '', 'import 1'
FROM transactions_terminal t JOIN transactions_store s ON s.id = t.store_id WHERE s.id > {store}
UNION ALL
SELECT now(), s.retailer_id, s.id, t.number, 'status', 'active', t.status, 'Reported by the shop', 'staff anna'
FROM transactions_terminal t JOIN transactions_store s ON s.id = t.store_id
WHERE s.id > {store} AND t.status <> 'active'
UNION ALL
SELECT created_at, retailer_id, id, NULL, 'created', '', 'active', '', 'import 1'
FROM transactions_store WHERE id > {store}
"""
FINDINGS = """
INSERT INTO findings_finding (kind, retailer, store, terminal, subject, began_at, opened_at, updated_at, score,
    evidence, state, closed_at, assignee_id)
SELECT CASE WHEN n % 7 = 0 THEN 'clock' ELSE 'gap' END, retailer_id, store_id, number, n::text,
    now() - n % 60000 * interval '1 minute', now() - n % 60000 * interval '1 minute', now(), n * 7919 % 101,
    CASE WHEN n % 7 = 0 THEN {clock}::jsonb ELSE {gap}::jsonb END,
    CASE n % 20 WHEN 0 THEN 'open' WHEN 1 THEN 'open' WHEN 2 THEN 'open' WHEN 3 THEN 'answered' WHEN 4 THEN 'accepted'
        WHEN 5 THEN 'dismissed' ELSE 'resolved' END,
    CASE WHEN n % 20 < 4 THEN NULL ELSE now() END, CASE WHEN n % 400 = 1 THEN {person} END
FROM (
    SELECT row_number() OVER () AS n, t.number, t.store_id, s.retailer_id
    FROM transactions_terminal t JOIN transactions_store s ON s.id = t.store_id
    WHERE s.id > {store} ORDER BY t.number % 9973, t.number LIMIT {findings}
) AS found
"""
MARKS = """
INSERT INTO ledger_markedrecord (shard, block, position, sealed_on, kind, identity, issued_on)
SELECT i % {shards}, 1000000 + i, 0, current_date - i / 500,
    CASE WHEN i % 97 = 0 THEN {conflict} ELSE {duplicate} END,
    ({block}::bigint * {shards} + i % {shards}) << 29 | i, current_date - i / 500
FROM generate_series(1, {findings}) AS i
"""
GAP = """{"extent": 3, "ranges": [[88121, 88123]], "missing": 3, "seen_at": "2026-11-20T10:00:00Z",
"issued_after": "2026-11-20T09:58:00Z", "issued_before": "2026-11-20T10:00:00Z", "due_at": "2026-11-22T10:00:00Z",
"is_overdue": true, "is_more": false}"""
CLOCK = """{"extent": 900, "ahead_sales": 12, "ahead_worst_s": 900, "behind_sales": 0, "behind_worst_s": 0,
"backwards_sales": 0, "backwards_worst_s": 0, "first_at": "2026-11-20T10:00:00Z", "last_at": "2026-11-20T11:00:00Z",
"first_sequence": 10, "last_sequence": 22, "offset_s": -900}"""


@dataclass(frozen=True, slots=True)
class Made:
    """Keys of what was made; each range begins behind its first."""

    retailer: int
    store: int
    retailers: int
    stores: int
    # The store with many terminals, and the retailer with many stores.
    big_store: int
    chain: int


def fill(tills: int, findings: int, people: int, staff: User) -> Made:
    """All of it, with statistics at the end, as a database at work has them."""
    tops = [model.objects.aggregate(top=Max("pk"))["top"] or 0 for model in (Retailer, Store, Terminal)]
    retailer, store, number = tops
    stores = max(SHARD_COUNT, tills // TILLS_A_STORE)
    retailers = max(2, stores // STORES_A_RETAILER)
    block = number // SHARD_COUNT + 1
    words: dict[str, Any] = {
        "retailer": retailer,
        "store": store,
        "stores": stores,
        "retailers": retailers,
        "chain": min(CHAIN_STORES_MAX, stores // CHAIN_SHARE),
        "shards": SHARD_COUNT,
        "each": TILLS_A_STORE,
        "big": min(BIG_TILLS_MAX, tills // BIG_SHARE),
        "block": block,
        # Behind all others of the store's shard.
        "beyond": block + (stores // SHARD_COUNT + 1) * TILLS_A_STORE,
        "findings": findings,
        "person": staff.pk,
        "gap": GAP,
        "clock": CLOCK,
        "duplicate": int(MarkKind.DUPLICATE),
        "conflict": int(MarkKind.CONFLICT),
    }
    literals = {name: sql.Literal(value) for name, value in words.items()}
    with transaction.atomic(), connection.cursor() as cursor, _without_indexes(cursor):
        # What is joined below exists: no key of another table is looked up for each row.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in (RETAILERS, STORES, TILLS, STEPS, FINDINGS, MARKS):
            cursor.execute(sql.SQL(statement).format(**literals))
    with connection.cursor() as cursor:
        for table in ("transactions_retailer", "transactions_store"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
    _people(people, retailer, retailers)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    return Made(retailer, store, retailers, stores, store + stores, retailer + 1)


@contextmanager
def _without_indexes(cursor: Any) -> Iterator[None]:
    """Takes all indexes of the filled tables away but those of constraints, and makes them again at the end."""
    cursor.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
        "WHERE i.indrelid = ANY(%s::regclass[]) "
        "AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
        [list(FILLED)],
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for _, definition in found:
        cursor.execute(definition)


def _people(count: int, retailer: int, retailers: int) -> None:
    people = User.objects.bulk_create(
        [User(username=f"clerk-{n}", email=f"clerk-{n}@shops.example", password="!") for n in range(count)],
        batch_size=PEOPLE_A_BATCH,
    )
    Membership.objects.bulk_create(
        [
            Membership(user=one, retailer_id=retailer + 1 + n % retailers, role=Role.ACCOUNTANT)
            for n, one in enumerate(people)
        ],
        batch_size=PEOPLE_A_BATCH,
    )
