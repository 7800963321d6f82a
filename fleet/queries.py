"""What pages ask the registry about a retailer's tills and stores; nothing of stores that are not in the scope."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Q
from redis.exceptions import RedisError

from possys.clock import utc
from possys.redis import Command, call_all
from transactions.life import effective
from transactions.models import Life, RegistryStep, Retailer, Store, Terminal
from transactions.service import stores as capture_stores
from transactions.signatures import fingerprint
from transactions.states import TerminalState
from transactions.stream import shard_of, terminals_key

# The page's own rows are cut out first: what stands beside a till is looked up for these alone.
TILLS = """
    SELECT page.*, key.public_key, step.at
    FROM (
        SELECT terminal.number, terminal.label, terminal.status, store.id, store.name AS store_name,
               store.status AS store_status, terminal.signing_key, terminal.expires_on, terminal.enrolled_at
        FROM transactions_terminal AS terminal JOIN transactions_store AS store ON store.id = terminal.store_id
        WHERE store.id = ANY(%(stores)s)
          AND (%(status)s = '' OR terminal.status = %(status)s)
          AND (%(number)s IS NULL OR terminal.number = %(number)s OR strpos(lower(terminal.label), %(search)s) > 0)
          AND (%(search)s = '' OR %(number)s IS NOT NULL OR strpos(lower(terminal.label), %(search)s) > 0)
          AND (%(after)s = 0 OR (store.name, terminal.number) > (%(after_name)s, %(after)s))
        ORDER BY store.name, terminal.number LIMIT %(limit)s
    ) AS page
    LEFT JOIN transactions_terminalkey AS key ON key.terminal_id = page.number AND key.number = page.signing_key
    LEFT JOIN LATERAL (
        SELECT at FROM transactions_registrystep WHERE terminal = page.number ORDER BY id DESC LIMIT 1
    ) AS step ON true
    ORDER BY page.store_name, page.number
"""
STEPS_MAX = 200


class Till(NamedTuple):
    """One till as lists show it; `fingerprint` is "" without a key, `changed_at` None where no step is known."""

    number: int
    label: str
    status: str
    store: int
    store_name: str
    store_status: str
    fingerprint: str
    expires_on: date | None
    enrolled_at: datetime
    changed_at: datetime | None

    @property
    def name(self) -> str:
        """What people call it."""
        return self.label or str(self.number)


class Wanted(NamedTuple):
    """Which tills: of these stores, in a state, by a text, behind a place."""

    stores: Sequence[int]
    status: str = ""
    search: str = ""
    after: str = ""


def tills(wanted: Wanted, limit: int) -> list[Till]:
    """Tills by the names of their stores: one query."""
    number, _, name = wanted.after.partition(":")
    search = wanted.search.strip().lower()
    values: dict[str, Any] = {
        "stores": list(wanted.stores), "status": wanted.status, "search": search, "limit": limit,
        "number": int(search) if search.isascii() and search.isdigit() and len(search) < 10 else None,
        "after": int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0, "after_name": name,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(TILLS, values)
        return [_till(*row) for row in cursor.fetchall()]


def place_of(till: Till) -> str:
    """Where a list goes on behind this till."""
    return f"{till.number}:{till.store_name}"


def till_of(store_ids: Collection[int], number: int) -> Terminal | None:
    """One till of these stores, with its store and retailer."""
    found = Terminal.objects.filter(pk=number, store__in=store_ids).select_related("store__retailer")
    return found.first()


def store_of(store_ids: Collection[int], number: int) -> Store | None:
    """One of these stores, with its retailer."""
    return Store.objects.select_related("retailer").filter(pk=number, pk__in=store_ids).first()


def counts(store_ids: Collection[int]) -> dict[str, int]:
    """How many tills there are in each state."""
    rows = Terminal.objects.filter(store__in=store_ids).order_by().values_list("status").annotate(Count("pk"))
    return dict(rows)


def expiring(store_ids: Collection[int], until: date) -> int:
    """Tills whose token ends by that day and that could still sell."""
    alive = Q(status__in=(Life.ACTIVE, Life.TESTING), expires_on__lte=until)
    return Terminal.objects.filter(alive, store__in=store_ids).count()


def stores_with_counts(store_ids: Collection[int]) -> list[tuple[Store, int, int]]:
    """Stores by name, with their tills that are not retired, and with those that sell: one query."""
    found = Store.objects.filter(pk__in=store_ids).order_by("name", "pk")
    found = found.annotate(
        there=Count("terminals", filter=~Q(terminals__status=Life.RETIRED)),
        selling=Count("terminals", filter=Q(terminals__status=Life.ACTIVE)),
    )
    return [(store, store.there, store.selling) for store in found]


def steps_of_till(terminal: Terminal) -> list[RegistryStep]:
    """A till's life, the newest first."""
    return list(RegistryStep.objects.filter(terminal=terminal.number).order_by("-id")[:STEPS_MAX])


def steps_of_store(store: Store) -> list[RegistryStep]:
    """A store's own life, without its tills', the newest first."""
    return list(RegistryStep.objects.filter(terminal=None, store=store.pk).order_by("-id")[:STEPS_MAX])


def status_told(till: str, store: str = Life.ACTIVE, retailer: str = Life.ACTIVE) -> str:
    """A till's state, and what else stops it."""
    whole = effective(retailer, store, till)
    if whole == till:
        return str(till)
    whose = "store" if effective(store, till) == whole else "retailer"
    return f"{till}, but the {whose} is {whole}"


def retailer_status(retailer_id: int) -> str:
    """A retailer's own state."""
    return str(Retailer.objects.values_list("status", flat=True).get(pk=retailer_id))


def last_sales(numbers: Iterable[int]) -> dict[int, datetime]:
    """When tills were last heard of, as far as the capture store remembers; nothing when it cannot be asked."""
    by_client: dict[int, list[int]] = {}
    for number in numbers:
        by_client.setdefault(capture_stores().index(shard_of(number)), []).append(number)
    found: dict[int, datetime] = {}
    for index, own in by_client.items():
        commands: list[Command] = [("HGET", terminals_key(shard_of(number)), str(number)) for number in own]
        try:
            replies = call_all(capture_stores().clients[index], commands)
        except (RedisError, OSError):
            continue
        for number, reply in zip(own, replies, strict=True):
            if isinstance(reply, bytes) and (moments := _moments(reply)):
                found[number] = utc(max(moments))
    return found


def _moments(raw: bytes) -> list[int]:
    return [one.received_at_ms for one in TerminalState.unpack(raw).seen.values()]


def _till(  # noqa: PLR0913 - a row's own columns
    number: int,
    label: str,
    status: str,
    store: int,
    store_name: str,
    store_status: str,
    signing_key: int,
    expires_on: date | None,
    enrolled_at: datetime,
    public_key: Any,
    changed_at: datetime | None,
) -> Till:
    shown = fingerprint(bytes(public_key)) if signing_key and public_key is not None else ""
    return Till(number, label, status, store, store_name, store_status, shown, expires_on, enrolled_at, changed_at)
