"""Which checkpoint enough witnesses have cosigned, and how it is published with their lines."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings

from ledger.log.models import Checkpoint, Cosignature
from ledger.log.notes import read_signature
from ledger.shards import LOG_DATABASE
from ledger.witness.configured import configured

# A checkpoint without its quorum yields to an older one that has it for so long; then freshness counts for more.
QUORUM_PATIENCE_S = 10
# A checkpoint a second, and some.
CHECKPOINTS_MAX = 64


def published_checkpoint(*, covering: int = -1) -> Checkpoint | None:
    """The newest checkpoint that covers that leaf and that a quorum cosigned; the newest one when there is none such,
    or only one that is more than QUORUM_PATIENCE_S older. None when no checkpoint covers the leaf yet.
    """
    newest_first = Checkpoint.objects.using(LOG_DATABASE).filter(size__gt=covering).order_by("-size")
    if not settings.WITNESS_QUORUM:
        return newest_first.first()
    candidates = list(newest_first[:CHECKPOINTS_MAX])
    if not candidates:
        return None
    newest = candidates[0]
    oldest_at = newest.signed_at - timedelta(seconds=QUORUM_PATIENCE_S)
    fresh = [one for one in candidates if one.signed_at >= oldest_at]
    lines = cosignature_lines(one.size for one in fresh)
    return next((one for one in fresh if len(lines[one.size]) >= settings.WITNESS_QUORUM), newest)


def checkpoint_of_size(size: int) -> Checkpoint | None:
    """The checkpoint of so many leaves; None when none was signed."""
    return Checkpoint.objects.using(LOG_DATABASE).filter(size=size).first()


def note_with_cosignatures(checkpoint: Checkpoint) -> str:
    """The whole note: the log's own lines, then those of the configured witnesses that have cosigned it."""
    lines = cosignature_lines([checkpoint.size])[checkpoint.size]
    return checkpoint.note + "".join(f"{line}\n" for line in lines)


def cosignature_lines(sizes: Iterable[int]) -> dict[int, list[str]]:
    """The lines below the checkpoints of these sizes, by witnesses and keys that are configured now."""
    known = {(one.verifier.name, one.verifier.key_id) for one in configured()}
    found: dict[int, list[str]] = defaultdict(list)
    if not known:
        return found
    for row in Cosignature.objects.using(LOG_DATABASE).filter(checkpoint_size__in=list(sizes)).order_by("witness"):
        line = read_signature(row.line)
        if (line.name, line.key_id) in known:
            found[row.checkpoint_size].append(row.line)
    return found
