"""Reads what the ledger's soundness is judged by: a handful of queries, none over the ledger's days.

What grows is read from behind: checkpoints before the log, the log before the heads. What comes meanwhile then looks
new, and never as if something had gone away.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from django.conf import settings
from django.db import connections
from django.db.models import OuterRef, QuerySet, Subquery

from ledger.blocks import read_header
from ledger.facts import Facts, Run, Signed, WitnessFact
from ledger.log.blocks import LOOK_BACK, last_included
from ledger.log.leaves import LeafKind, read_leaf
from ledger.log.models import ArchiveMove, Checkpoint, LogEntry, LogHead, VerificationRun, WitnessContact
from ledger.log.notes import NoteError, Verifier
from ledger.models import Head, block_key
from ledger.shards import ALL_SHARDS, LOG_DATABASE, by_database, databases
from ledger.soundness import Soundness, judge
from ledger.witness.client import LogContradicted
from ledger.witness.configured import read_witness
from possys import clock

# What verify_ledger calls its runs.
FULL_SCOPE = "everything"
SAMPLE_PREFIX = "sample"
RUN_COLUMNS = ("id", "scope", "ended_at", "fault_count", "records")


class Witnesses(NamedTuple):
    """The configured witnesses' keys, and how many entries of the setting cannot be read."""

    verifiers: list[Verifier]
    unreadable: int


class Runs(NamedTuple):
    """The last full and sampled runs, and the last that found faults: `mended` once everything was found well since."""

    full: Run | None
    sample: Run | None
    damaged: Run | None
    mended: Run | None


def soundness() -> Soundness:
    """The verdict right now. Raises DatabaseError."""
    return judge(read_facts())


def configured_witnesses() -> Witnesses:
    """The witnesses of the settings ("vkey url" each)."""
    found, unreadable = [], 0
    for entry in settings.WITNESSES:
        try:
            found.append(read_witness(entry).verifier)
        except NoteError:
            unreadable += 1
    return Witnesses(found, unreadable)


def read_facts() -> Facts:
    """All that is known: about twelve queries."""
    configured = configured_witnesses()
    checkpoints = Checkpoint.objects.using(LOG_DATABASE)
    first = _signed(checkpoints.order_by("size"))
    witnesses = _witness_facts([one.name for one in configured.verifiers], first)
    newest = _signed(checkpoints.order_by("-size"))
    log = LogHead.objects.using(LOG_DATABASE).filter(id=1).first() or LogHead()
    logged = {shard: block for shard, (block, _) in last_included().items()}
    heads = {head.shard: head for head in _heads()}
    sealed = {shard: heads[shard].block if shard in heads else 0 for shard in ALL_SHARDS}
    lacking = {shard: sealed[shard] - logged.get(shard, 0) for shard in ALL_SHARDS}
    runs = _runs()
    return Facts(
        now=clock.utc(clock.now_ms()),
        records=sum(head.records for head in heads.values()),
        blocks=sum(sealed.values()),
        log_size=log.size,
        unlogged=sum(max(0, count) for count in lacking.values()),
        shards_cut=tuple(shard for shard, count in lacking.items() if count < 0),
        shards_stopped=tuple(sorted(shard for shard, head in heads.items() if head.stopped_reason)),
        waiting_since=_waiting_since(
            newest.size if newest else 0,
            log.size,
            {shard: logged.get(shard, 0) + 1 for shard, count in lacking.items() if count > 0},
        ),
        first_signed_at=first.signed_at if first else None,
        checkpoint=newest,
        checkpointer_fault=log.fault,
        checkpointer_fault_at=log.fault_at,
        witnesses=tuple(witnesses),
        witnesses_unreadable=configured.unreadable,
        quorum=settings.WITNESS_QUORUM,
        confirmed=_confirmed(witnesses, newest),
        last_full=runs.full,
        last_sample=runs.sample,
        damaged=runs.damaged,
        mended=runs.mended,
        archived_days=_archived_days(),
    )


def _heads() -> list[Head]:
    columns = ("shard", "block", "records", "stopped_reason")
    return [head for alias in databases() for head in Head.objects.using(alias).only(*columns)]


def _signed(checkpoints: QuerySet[Checkpoint]) -> Signed | None:
    row = checkpoints.values_list("size", "signed_at").first()
    return None if row is None else Signed(*row)


def _witness_facts(names: Sequence[str], first: Signed | None) -> list[WitnessFact]:
    """The configured witnesses in the settings' order; one of which nothing was heard lacks everything."""
    lacking = Checkpoint.objects.using(LOG_DATABASE).filter(size__gt=OuterRef("size")).order_by("size")
    contacts = {
        contact.name: contact
        for contact in WitnessContact.objects.using(LOG_DATABASE)
        .filter(name__in=names)
        .annotate(behind_since=Subquery(lacking.values("signed_at")[:1]))
    }
    unheard = first.signed_at if first else None
    return [
        WitnessFact(
            name=name,
            size=contacts[name].size,
            cosigned_at=contacts[name].cosigned_at,
            behind_since=contacts[name].behind_since,
            fault=contacts[name].fault,
            fault_at=contacts[name].fault_at,
            contradicts=contacts[name].fault.startswith(LogContradicted.head),
        )
        if name in contacts
        else WitnessFact(name=name, behind_since=unheard)
        for name in names
    ]


def _confirmed(witnesses: Sequence[WitnessFact], newest: Signed | None) -> Signed | None:
    """The newest checkpoint up to which enough witnesses (one at least) have confirmed the log."""
    sizes = sorted((one.size for one in witnesses), reverse=True)
    enough = max(1, settings.WITNESS_QUORUM)
    if len(sizes) < enough or newest is None:
        return None
    if sizes[enough - 1] >= newest.size:
        return newest
    return _signed(Checkpoint.objects.using(LOG_DATABASE).filter(size__lte=sizes[enough - 1]).order_by("-size"))


def _waiting_since(signed: int, log_size: int, first_lacking: dict[int, int]) -> datetime | None:
    """When the oldest block was sealed that no checkpoint covers; None when all are covered."""
    moments = []
    if log_size > signed:
        moments += _leaf_times(signed)
    moments += _sealed_times(first_lacking)
    return min(moments, default=None)


def _leaf_times(index: int) -> list[datetime]:
    """When what stands in a leaf was written; nothing for a leaf that is gone or cannot be read."""
    entry = LogEntry.objects.using(LOG_DATABASE).filter(index=index).first()
    try:
        return [] if entry is None else [datetime.fromisoformat(leaf_time(entry))]
    except ValueError:
        return []


def leaf_time(entry: LogEntry) -> str:
    """When what the leaf says was written, as the leaf itself has it; empty when it cannot be read."""
    raw = bytes(entry.leaf)
    try:
        return read_header(raw).sealed_at if entry.kind == LeafKind.BLOCK else read_leaf(raw).at
    except msgspec.DecodeError:
        return ""


def _sealed_times(first_lacking: dict[int, int]) -> list[datetime]:
    """When the shards' first blocks that the log lacks were sealed; those of older days count as old as that."""
    found: list[datetime] = []
    since = clock.utc(clock.now_ms()) - LOOK_BACK
    for alias, shards in by_database(first_lacking).items():
        keys = [block_key(shard, first_lacking[shard]) for shard in shards]
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT sealed_at FROM ledger_block WHERE id = ANY(%s) AND sealed_on BETWEEN %s AND %s",
                [keys, since.date(), since.date() + 2 * LOOK_BACK + timedelta(days=1)],
            )
            times = [row[0] for row in cursor.fetchall()]
        found += times if len(times) == len(keys) else [*times, since]
    return found


def _runs() -> Runs:
    runs = VerificationRun.objects.using(LOG_DATABASE).order_by("-id")
    full = runs.filter(scope=FULL_SCOPE)
    well = full.filter(fault_count=0).values_list("started_at", flat=True).first()
    damaged = _run(runs.filter(fault_count__gt=0))
    # A run is kept when it ends, so that the last one is also the one that ended last.
    is_mended = damaged is not None and well is not None and damaged.ended_at <= well
    sample = _run(runs.filter(scope__startswith=SAMPLE_PREFIX))
    return Runs(_run(full), sample, None if is_mended else damaged, damaged if is_mended else None)


def _run(runs: QuerySet[VerificationRun]) -> Run | None:
    row = runs.values_list(*RUN_COLUMNS).first()
    return None if row is None else Run(*row)


def _archived_days() -> int:
    """Days whose latest move was into the archive."""
    latest = ArchiveMove.objects.using(LOG_DATABASE).order_by("day", "-id").distinct("day")
    return sum(not is_restored for is_restored in latest.values_list("is_restored", flat=True))
