"""What changes the registry: retailers, stores, terminals, their lives and tokens; each change is kept as a step.

A change marks its terminals as not loaded and sends them to the capture store behind its commit (`loading.py`). When
the store cannot be reached just then, the operation raises RedisError although the registry is changed.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, Max, QuerySet
from django.db.models.functions import Mod
from django.utils import timezone

from possys import receipt_keys
from possys.codes import TERMINAL_MAX, CodeKey, Environment, parse_keys
from transactions.life import may_follow
from transactions.loading import load_terminals
from transactions.models import (
    KEY_VERSION_MAX,
    CodeKeyRecord,
    Deployment,
    Life,
    RegistryStep,
    Retailer,
    Store,
    Terminal,
)
from transactions.steps import record_steps, step_of
from transactions.stream import SHARD_COUNT

# One enrolment call; a chain with more tills enrols store by store.
ENROL_MAX = 1000
# Numbers the advisory lock under which terminal numbers are given out.
ENROL_LOCK = 7_204_001
PREMISES_STEPS = frozenset({Life.ACTIVE, Life.SUSPENDED, Life.RETIRED})
# Whoever changes something without saying who: commands and tests on this machine.
COMMAND = "command"
REASON_MAX = 240


class EnrolmentError(ValueError):
    """The registry cannot do what was asked; the message says why."""


class StepRefused(ValueError):
    """This step cannot follow in the life of the retailer, store or terminal; the message says what can."""


class DeploymentError(RuntimeError):
    """The settings do not fit the data that is already there."""


@dataclass(frozen=True, slots=True)
class Premises:
    """What a store is, apart from its name: see the model's fields."""

    address: str = ""
    place: str = ""
    kind: str = Store.Kind.FIXED
    reference: str = ""


def create_retailer(*, name: str, tax_id: str, by: str = COMMAND) -> Retailer:
    """A new retailer. Raises IntegrityError when the tax id is known."""
    with transaction.atomic():
        retailer = Retailer.objects.create(name=name, tax_id=tax_id)
        record_steps([step_of(retailer, RegistryStep.Kind.CREATED, after=retailer.status, by=by)])
    return retailer


def create_store(
    *, retailer: Retailer, name: str, address: str = "", premises: Premises | None = None, by: str = COMMAND
) -> Store:
    """A new store, in the shard that has the fewest. Raises IntegrityError when its reference is known."""
    premises = premises or Premises(address=address)
    with transaction.atomic():
        _lock(ENROL_LOCK)
        counts = dict.fromkeys(range(SHARD_COUNT), 0)
        counts.update(Store.objects.order_by().values_list("shard").annotate(Count("pk")))
        store = Store.objects.create(
            retailer=retailer,
            name=name,
            address=premises.address,
            place=premises.place,
            kind=premises.kind,
            reference=premises.reference,
            shard=min(counts, key=lambda shard: counts[shard]),
        )
        record_steps([step_of(store, RegistryStep.Kind.CREATED, after=store.status, by=by)])
    return store


def enrol_terminals(
    *,
    store: Store,
    count: int,
    status: Life = Life.ACTIVE,
    labels: Sequence[str] | None = None,
    by: str = COMMAND,
) -> list[Terminal]:
    """New terminals of a store, numbered so that all fall into its shard; `labels` are `count` names.

    Active ones can be given a token at once; enrolled ones take nothing before they have exchanged an enrolment code.
    Raises EnrolmentError.
    """
    if not 1 <= count <= ENROL_MAX:
        raise EnrolmentError(f"from 1 to {ENROL_MAX} terminals can be enrolled at once, not {count}")
    if Life.RETIRED in (store.status, store.retailer.status):
        raise EnrolmentError("a retired store or retailer gets no terminals")
    with transaction.atomic():
        _lock(ENROL_LOCK)
        # By the index on it: joined to their stores, a shard's tens of thousands of terminals would all be read.
        in_shard = Terminal.objects.alias(shard=Mod(F("number"), SHARD_COUNT)).filter(shard=store.shard)
        last = in_shard.aggregate(last=Max("number"))["last"]
        first = (store.shard or SHARD_COUNT) if last is None else last + SHARD_COUNT
        numbers = range(first, first + count * SHARD_COUNT, SHARD_COUNT)
        if numbers[-1] > TERMINAL_MAX:
            raise EnrolmentError(f"shard {store.shard} has no terminal numbers left")
        terminals = Terminal.objects.bulk_create(
            [
                Terminal(number=number, store=store, status=status, label=label)
                for number, label in zip(numbers, labels or [""] * count, strict=True)
            ]
        )
        record_steps([step_of(one, RegistryStep.Kind.CREATED, after=one.status, by=by) for one in terminals])
        transaction.on_commit(lambda: load_terminals(terminals, new=True))
    return terminals


def rotate_terminal_token(terminal: Terminal, *, overlap: timedelta = timedelta(), by: str = COMMAND) -> int:
    """Gives the terminal's token a new version, and answers it; the one before works for `overlap` more.

    Older ones are void. Without an overlap a key of before is not taken any more either. Raises StepRefused for an
    overlap of a terminal that signs: its key needs the next number, too (`enrolment.operations.renew`), or what came
    before its key, sales without a signature, would be taken again.
    """
    with transaction.atomic():
        locked = Terminal.objects.select_for_update().select_related("store").get(pk=terminal.pk)
        if overlap and locked.signing_key:
            raise StepRefused(f"terminal {locked.pk} signs its sales, and renews its token and key by itself")
        rotate_locked(locked, overlap=overlap)
        locked.save(update_fields=["key_version", "overlap_until", "expires_on", "is_loaded"])
        record_steps(
            [step_of(locked, RegistryStep.Kind.CREDENTIAL, after=f"token version {locked.key_version}", by=by)]
        )
        transaction.on_commit(lambda: load_terminals([locked]))
    return locked.key_version


def rotate_locked(terminal: Terminal, *, overlap: timedelta = timedelta()) -> None:
    """Sets the next version of a terminal's token in memory, for whoever has locked its row and saves it."""
    terminal.key_version = _next_version(terminal.key_version)
    terminal.overlap_until = timezone.now() + overlap if overlap else None
    terminal.expires_on = timezone.now().date() + timedelta(days=settings.CREDENTIAL_DAYS)
    terminal.is_loaded = False


def rotate_gateway_token(retailer: Retailer, *, overlap: timedelta = timedelta(), by: str = COMMAND) -> int:
    """Gives the retailer's gateway token a new version, and answers it; the one before works for `overlap` more."""
    with transaction.atomic():
        locked = Retailer.objects.select_for_update().get(pk=retailer.pk)
        locked.gateway_version = _next_version(locked.gateway_version)
        locked.gateway_overlap_until = timezone.now() + overlap if overlap else None
        locked.save(update_fields=["gateway_version", "gateway_overlap_until"])
        record_steps(
            [step_of(locked, RegistryStep.Kind.CREDENTIAL, after=f"gateway token {locked.gateway_version}", by=by)]
        )
        Terminal.objects.filter(store__retailer=locked).update(is_loaded=False)
        transaction.on_commit(lambda: load_terminals(Terminal.objects.filter(store__retailer=locked)))
    return locked.gateway_version


def change_status(thing: Retailer | Store | Terminal, status: Life, *, reason: str, by: str = COMMAND) -> None:
    """The next step in a life; of a retailer or a store it holds for all their terminals, from the next sale on.

    A lost terminal's credential is void for ever. Raises StepRefused.
    """
    reason = reason.strip()
    if len(reason) > REASON_MAX:
        raise StepRefused(f"the reason has {len(reason)} characters, at most {REASON_MAX} are kept")
    with transaction.atomic():
        locked = type(thing)._default_manager.select_for_update().get(pk=thing.pk)
        before = locked.status
        allowed = PREMISES_STEPS if not isinstance(locked, Terminal) else frozenset(Life)
        if status not in allowed or not may_follow(before, status):
            raise StepRefused(f"{_called(locked)} is {before} and cannot become {status}")
        locked.status = status
        terminals = _terminals_of(locked)
        if isinstance(locked, Terminal):
            if status == Life.LOST:
                rotate_locked(locked)
            locked.is_loaded = False
            locked.save(update_fields=["status", "key_version", "overlap_until", "expires_on", "is_loaded"])
        else:
            locked.save(update_fields=["status"])
            terminals.update(is_loaded=False)
        record_steps([step_of(locked, RegistryStep.Kind.STATUS, before=before, after=status, reason=reason, by=by)])
        transaction.on_commit(lambda: load_terminals(terminals))


def _terminals_of(thing: Retailer | Store | Terminal) -> QuerySet[Terminal]:
    if isinstance(thing, Terminal):
        return Terminal.objects.filter(pk=thing.pk)
    if isinstance(thing, Store):
        return Terminal.objects.filter(store=thing)
    return Terminal.objects.filter(store__retailer=thing)


def _called(thing: Retailer | Store | Terminal) -> str:
    """As it stands in a sentence."""
    return f"terminal {thing.pk}" if isinstance(thing, Terminal) else f"{thing._meta.verbose_name} {thing}"


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


def _next_version(version: int) -> int:
    return version % KEY_VERSION_MAX + 1


def _lock(number: int) -> None:
    """Waits for the advisory lock and keeps it to the end of the DB transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
