"""What services publish in the ledger's log: short statements that nobody can take back or change afterwards.

A service calls `publish` in its own DB transaction; the checkpointer brings the statement into the log within seconds.
Statements are public for ever: hashes, counts and dates, never personal data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from ledger.log import tree
from ledger.log.checkpoint import LogProof, proof_text
from ledger.log.leaves import leaf_bytes, read_leaf
from ledger.log.models import Checkpoint, LogEntry, Notice
from ledger.log.notices import leaf_of
from ledger.shards import LOG_DATABASE
from ledger.witness.quorum import note_with_cosignatures


class NoticeRefusedError(ValueError):
    """A notice that the log does not take; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class NoticeProof:
    """What shows an outsider that a notice is in the log: its leaf, and the leaf's way to a signed checkpoint."""

    leaf: bytes
    index: int
    path: Sequence[bytes]
    # The signed note with the witnesses' lines, and its number of leaves.
    checkpoint: str
    size: int

    @property
    def text(self) -> str:
        """The path and the checkpoint as a C2SP tlog-proof."""
        return proof_text(LogProof(self.index, tuple(self.path), self.checkpoint))


def publish(service: str, subject: str, statement: str, *, now: datetime) -> Notice:
    """Has the log say it for ever, when the caller's DB transaction is committed. Raises NoticeRefusedError."""
    if now.tzinfo is None:
        raise NoticeRefusedError("a notice's time needs a time zone")
    # The leaf has milliseconds.
    written_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    notice = Notice(service=service, subject=subject, statement=statement, written_at=written_at)
    try:
        read_leaf(leaf_bytes(leaf_of(notice)))
    except msgspec.ValidationError as fault:
        raise NoticeRefusedError(
            f"the log does not take this notice ({fault}): the service is a slug, subject and statement are one line "
            "of printable ASCII"
        ) from None
    notice.save(using=LOG_DATABASE, force_insert=True)
    return notice


def notices_of(service: str, subject: str) -> list[Notice]:
    """What a service has published of a subject, the oldest first; `index` is null while it is not in the log."""
    return list(Notice.objects.using(LOG_DATABASE).filter(service=service, subject=subject).order_by("id"))


def first_checkpoint_with(index: int) -> Checkpoint | None:
    """The smallest signed checkpoint that covers a leaf; None while there is none."""
    return Checkpoint.objects.using(LOG_DATABASE).filter(size__gt=index).order_by("size").first()


def proof_of(notice: Notice) -> NoticeProof | None:
    """The proof under the first checkpoint that covers the notice; None while there is none, for seconds.

    Raises LogDamagedError when the log does not say what the notice says.
    """
    checkpoint = None if notice.index is None else first_checkpoint_with(notice.index)
    if notice.index is None or checkpoint is None:
        return None
    kept = LogEntry.objects.using(LOG_DATABASE).filter(index=notice.index).values_list("leaf", flat=True).first()
    leaf = leaf_bytes(leaf_of(notice))
    if kept is None or bytes(kept) != leaf:
        raise tree.LogDamagedError(f"leaf {notice.index} of the log is not the notice {notice.pk}")
    path = tree.inclusion(notice.index, checkpoint.size)
    return NoticeProof(leaf, notice.index, path, note_with_cosignatures(checkpoint), checkpoint.size)
