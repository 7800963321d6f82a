"""Puts back into a restored log what was signed and went away with the database, so that it is one log and no fork.

the database is restored     the log has fewer leaves than LOG_STATE_FILE says were signed
the flush                    seals the missing blocks again out of the store, as they were (ledger/intake.py)
here                         once all of them are there, their leaves come back out of the tail (ledger/log/tail.py),
                             in the order in which they were signed, if they have the root that was signed
"""

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.db import connections, transaction

from ledger import merkle
from ledger.blocks import read_header
from ledger.log.appending import NewLeaf, append
from ledger.log.leaves import LeafKind, NoticeLeaf, leaf_bytes, read_leaf
from ledger.log.models import LogHead, Notice
from ledger.log.notices import leaf_of
from ledger.log.signing import RefusedError
from ledger.log.state import Signed, read_state
from ledger.log.tail import TailLeaf, read_leaves
from ledger.models import Head, block_key
from ledger.shards import LOG_DATABASE, by_database

logger = logging.getLogger(__name__)

SEE = "See docs/backup.md, The log after a restore"


def bring_back() -> int:
    """Appends what was signed and is missing; answers how many leaves, 0 when none is missing.

    Raises RefusedError while it cannot, or never can, and StateError.
    """
    signed = read_state()
    head = LogHead.objects.using(LOG_DATABASE).get(id=1)
    if signed is None or head.size >= signed.size:
        return 0
    tail = read_leaves(head.size, signed.size)
    said = f"the log has {head.size} leaves, {signed.size} were signed: the database was cut, or restored"
    if len(tail) < signed.size - head.size:
        end = head.size + len(tail)
        raise RefusedError(f"{said}, and the log's tail does not have leaf {end}. {SEE}")
    _check_blocks(said, [one for one in tail if one.leaf.kind == LeafKind.BLOCK])
    _append(signed, tail)
    logger.error("ALARM %s; what went away is back, %d leaves, and the log is the one that was signed", said, len(tail))
    return len(tail)


def _check_blocks(said: str, wanted: Sequence[TailLeaf]) -> None:
    """Raises RefusedError unless the ledger has each of these blocks, and none in its place."""
    found: dict[int, bytes] = {}
    ends: dict[int, int] = {}
    for alias, shards in by_database({one.leaf.shard for one in wanted if one.leaf.shard is not None}).items():
        own = [one for one in wanted if one.leaf.shard in shards]
        keys = [_key(one) for one in own]
        days = list({_sealed_on(one) for one in own})
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT id, header_hash FROM ledger_block WHERE id = ANY(%s) AND sealed_on = ANY(%s)", [keys, days]
            )
            found.update({key: bytes(kept) for key, kept in cursor.fetchall()})
        ends.update(Head.objects.using(alias).filter(shard__in=shards).values_list("shard", "block"))
    missing = [
        one for one in wanted if _key(one) not in found or ends.get(one.leaf.shard or 0, 0) < (one.leaf.block or 0)
    ]
    for one in wanted:
        if _key(one) in found and found[_key(one)] != merkle.leaf_hash(one.leaf.leaf):
            raise RefusedError(
                f"{said}, and block {one.leaf.block} of shard {one.leaf.shard} was sealed anew: it is not the one that "
                f"was signed as leaf {one.place}. {SEE}"
            )
    if missing:
        first = missing[0].leaf
        raise RefusedError(
            f"{said}; {len(missing)} blocks that were signed are not in the ledger yet, as block {first.block} of "
            f"shard {first.shard}: the flush fills them up out of the capture store. {SEE}"
        )


def _append(signed: Signed, tail: Sequence[TailLeaf]) -> None:
    with transaction.atomic(using=LOG_DATABASE):
        head = append([one.leaf for one in tail])
        if (head.size, bytes(head.root)) != (signed.size, signed.root):
            raise RefusedError(
                f"the log's tail does not lead to what was signed: with it the {head.size} leaves have root "
                f"{bytes(head.root).hex()[:16]}…, signed was {signed.root.hex()[:16]}…. {SEE}"
            )
        for one in tail:
            if one.leaf.kind == LeafKind.NOTICE:
                _bring_back_notice(one.place, one.leaf)


def _bring_back_notice(index: int, leaf: NewLeaf) -> None:
    """Gives the notice's row its index again; makes the row where the restored database does not have it."""
    said = read_leaf(leaf.leaf)
    if not isinstance(said, NoticeLeaf):
        raise RefusedError(f"leaf {index} of the log's tail is no notice")
    rows = Notice.objects.using(LOG_DATABASE)
    waiting = rows.select_for_update().filter(
        index__isnull=True, service=said.service, subject=said.subject, statement=said.statement
    )
    notice = next((one for one in waiting.order_by("id") if leaf_bytes(leaf_of(one)) == leaf.leaf), None)
    if notice is None:
        notice = rows.create(
            service=said.service,
            subject=said.subject,
            statement=said.statement,
            written_at=datetime.fromisoformat(said.at),
        )
    rows.filter(pk=notice.pk).update(index=index)


def _key(one: TailLeaf) -> int:
    return block_key(one.leaf.shard or 0, one.leaf.block or 0)


def _sealed_on(one: TailLeaf) -> date:
    return datetime.fromisoformat(read_header(one.leaf.leaf).sealed_at).astimezone(UTC).date()
