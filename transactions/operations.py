"""What changes the registry: enrolment, tokens, suspension.

A change marks its terminals as not loaded and sends them to the capture store behind its commit. When the store cannot
be reached just then, the operation raises RedisError although the registry is changed, and `load_pending` (a task,
every few seconds) sends them again.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from possys import receipt_keys
from possys.codes import TERMINAL_MAX, CodeKey, Environment, parse_keys
from possys.redis import Command, call_all
from transactions.models import KEY_VERSION_MAX, CodeKeyRecord, Deployment, Retailer, Store, Terminal
from transactions.service import stores
from transactions.stream import (
    CONFIGURE,
    SHARD_COUNT,
    STATIC,
    Status,
    call_scripts,
    shard_of,
    terminals_key,
)

# One enrolment call; a chain with more tills enrols store by store.
ENROL_MAX = 1000
# Terminals a script call: under Lua's limit of values, and some 100 kB.
CONFIGURE_CHUNK = 2000
# Numbers the advisory lock under which terminal numbers are given out.
ENROL_LOCK = 7_204_001
# And the one under which terminals are sent to the store.
LOAD_LOCK = 7_204_003
# Terminals in one round of sending again; the next round takes the rest.
PENDING_MAX = 20_000


class EnrolmentError(ValueError):
    """The registry cannot do what was asked; the message says why."""


class DeploymentError(RuntimeError):
    """The settings do not fit the data that is already there."""


def create_retailer(*, name: str, tax_id: str) -> Retailer:
    """A new retailer. Raises IntegrityError when the tax id is known."""
    return Retailer.objects.create(name=name, tax_id=tax_id)


def create_store(*, retailer: Retailer, name: str, address: str = "") -> Store:
    """A new store, in the shard that has the fewest."""
    with transaction.atomic():
        _lock(ENROL_LOCK)
        counts = dict.fromkeys(range(SHARD_COUNT), 0)
        for shard in Store.objects.values_list("shard", flat=True):
            counts[shard] += 1
        return Store.objects.create(
            retailer=retailer, name=name, address=address, shard=min(counts, key=lambda shard: counts[shard])
        )


def enrol_terminals(*, store: Store, count: int) -> list[Terminal]:
    """New active terminals of a store, numbered so that all fall into its shard. Raises EnrolmentError."""
    if not 1 <= count <= ENROL_MAX:
        raise EnrolmentError(f"from 1 to {ENROL_MAX} terminals can be enrolled at once, not {count}")
    with transaction.atomic():
        _lock(ENROL_LOCK)
        in_shard = Terminal.objects.filter(store__shard=store.shard)
        last = in_shard.aggregate(last=Max("number"))["last"]
        first = (store.shard or SHARD_COUNT) if last is None else last + SHARD_COUNT
        numbers = range(first, first + count * SHARD_COUNT, SHARD_COUNT)
        if numbers[-1] > TERMINAL_MAX:
            raise EnrolmentError(f"shard {store.shard} has no terminal numbers left")
        terminals = Terminal.objects.bulk_create([Terminal(number=number, store=store) for number in numbers])
        transaction.on_commit(lambda: load_terminals(terminals, new=True))
    return terminals


def rotate_terminal_token(terminal: Terminal) -> int:
    """Makes the terminal's older tokens void; answers the new key version."""
    with transaction.atomic():
        locked = Terminal.objects.select_for_update().get(pk=terminal.pk)
        locked.key_version = _next_version(locked.key_version)
        locked.is_loaded = False
        locked.save(update_fields=["key_version", "is_loaded"])
        transaction.on_commit(lambda: load_terminals([locked]))
    return locked.key_version


def rotate_gateway_token(retailer: Retailer) -> int:
    """Makes the retailer's older gateway tokens void; answers the new key version."""
    with transaction.atomic():
        locked = Retailer.objects.select_for_update().get(pk=retailer.pk)
        locked.gateway_version = _next_version(locked.gateway_version)
        locked.save(update_fields=["gateway_version"])
        Terminal.objects.filter(store__retailer=locked).update(is_loaded=False)
        transaction.on_commit(lambda: load_terminals(Terminal.objects.filter(store__retailer=locked)))
    return locked.gateway_version


def set_status(terminal: Terminal, status: Terminal.Status) -> None:
    """Suspends a terminal, or makes it active again."""
    with transaction.atomic():
        locked = Terminal.objects.select_for_update().get(pk=terminal.pk)
        locked.status = status
        locked.is_loaded = False
        locked.save(update_fields=["status", "is_loaded"])
        transaction.on_commit(lambda: load_terminals([locked]))


def load_terminals(terminals: Iterable[Terminal], *, new: bool = False) -> int:
    """Puts what the registry says of the terminals into the capture store; answers how many.

    `new` says that they have never sent anything; otherwise a state that the store lacks is made as one whose past is
    unknown, so that their first sales are compared with the ledger. Raises RedisError when the store cannot be reached.
    """
    with transaction.atomic():
        # Read and write under one lock: of two changes the later must not be overwritten by the earlier one's load. The
        # mark is set before reading: a change that comes between takes it away again; a fault rolls it back.
        _lock(LOAD_LOCK)
        numbers = list(_rows(terminals).values_list("number", flat=True))
        Terminal.objects.filter(number__in=numbers, is_loaded=False).update(is_loaded=True)
        return _send_to_store(_static_rows(numbers), new=new)


def load_pending() -> int:
    """Loads every terminal whose latest change the store does not know; answers how many. Raises RedisError."""
    pending = Terminal.objects.filter(is_loaded=False)
    numbers = list(pending.values_list("number", flat=True)[:PENDING_MAX])
    return load_terminals(Terminal.objects.filter(number__in=numbers)) if numbers else 0


def _send_to_store(rows: Iterable[tuple[Any, ...]], *, new: bool) -> int:
    by_shard: dict[int, list[str | bytes | int]] = defaultdict(list)
    count = 0
    for number, retailer, store, status, key_version, gateway_version in rows:
        flag = Status.SUSPENDED if status == Terminal.Status.SUSPENDED else Status.ACTIVE
        packed = STATIC.pack(retailer, store, flag, key_version, gateway_version) + bytes([0 if new else 1])
        by_shard[shard_of(number)].extend((number, packed))
        count += 1
    commands: dict[int, list[Command]] = defaultdict(list)
    for shard, pairs in by_shard.items():
        for at in range(0, len(pairs), 2 * CONFIGURE_CHUNK):
            command = CONFIGURE.command([terminals_key(shard)], pairs[at : at + 2 * CONFIGURE_CHUNK])
            commands[stores().index(shard)].append(command)
    for index, calls in commands.items():
        for reply in call_scripts(stores().clients[index], CONFIGURE, calls):
            if isinstance(reply, Exception):
                raise reply
    return count


def load_shard(shard: int) -> int:
    """Makes the states of a shard's terminals anew from the registry; answers how many there are."""
    for reply in call_all(stores().store_for(shard), [("DEL", terminals_key(shard))]):
        if isinstance(reply, Exception):
            raise reply
    return load_terminals(Terminal.objects.filter(store__shard=shard))


def fix_deployment() -> None:
    """Records what must never change, and compares it with the settings. Raises DeploymentError."""
    deployment, _ = Deployment.objects.get_or_create(id=1, defaults={"shard_count": SHARD_COUNT})
    if deployment.shard_count != SHARD_COUNT:
        raise DeploymentError(f"this ledger has {deployment.shard_count} shards, this code {SHARD_COUNT}")
    receipt_keys.table()
    keys = [
        *parse_keys(settings.CODE_KEYS, Environment.PRODUCTION),
        *parse_keys(settings.TEST_CODE_KEYS, Environment.TEST),
    ]
    known = {(row.environment, row.version): row for row in CodeKeyRecord.objects.all()}
    for key in keys:
        _fix_key(
            key, known.pop((key.environment, key.version), None), anything_known=bool(CodeKeyRecord.objects.exists())
        )
    for row in known.values():
        raise DeploymentError(
            f"receipt-code key {row.version} from {row.first_day} is in use and is missing in the settings"
        )


def _fix_key(key: CodeKey, row: CodeKeyRecord | None, *, anything_known: bool) -> None:
    fingerprint = hashlib.sha256(b"receipt-code key" + key.key).hexdigest()
    if row is None:
        latest = timezone.now().date() + timedelta(days=settings.CAPTURE_FUTURE_DAYS)
        used = CodeKeyRecord.objects.filter(environment=key.environment).exists()
        if anything_known and used and key.first_day <= latest:
            raise DeploymentError(
                f"the new receipt-code key {key.version} begins on {key.first_day}, but sales up to {latest} may "
                "already have codes; let it begin on a later day"
            )
        CodeKeyRecord.objects.create(
            environment=key.environment, version=key.version, first_day=key.first_day, fingerprint=fingerprint
        )
    elif (row.first_day, row.fingerprint) != (key.first_day, fingerprint):
        raise DeploymentError(
            f"receipt-code key {key.version} differs from the one already in use; it must never change"
        )


def _rows(terminals: Iterable[Terminal]) -> QuerySet[Terminal]:
    """The terminals as a query, so that what is read is what the registry says now."""
    if isinstance(terminals, QuerySet):
        return terminals
    return Terminal.objects.filter(number__in=[terminal.number for terminal in terminals])


def _static_rows(numbers: Sequence[int]) -> Iterable[tuple[Any, ...]]:
    """Per terminal: number, retailer, store, status, key version, gateway version; one query for any number of them."""
    return (
        Terminal.objects.filter(number__in=numbers)
        .values_list(
            "number", "store__retailer_id", "store_id", "status", "key_version", "store__retailer__gateway_version"
        )
        .iterator()
    )


def _next_version(version: int) -> int:
    return version % KEY_VERSION_MAX + 1


def _lock(number: int) -> None:
    """Waits for the advisory lock and keeps it to the end of the DB transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
