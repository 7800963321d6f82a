"""Which checkpoint is shown to outsiders, with its signature lines."""

from ledger.log.models import Checkpoint
from ledger.shards import LOG_DATABASE


def published_checkpoint(*, covering: int = -1) -> Checkpoint | None:
    """The newest checkpoint, if it covers that leaf; None when there is none yet."""
    return Checkpoint.objects.using(LOG_DATABASE).filter(size__gt=covering).order_by("-size").first()


def note_of(checkpoint: Checkpoint) -> str:
    """The signed note."""
    return checkpoint.note


def checkpoint_of_size(size: int) -> Checkpoint | None:
    """The checkpoint of so many leaves; None when none was signed."""
    return Checkpoint.objects.using(LOG_DATABASE).filter(size=size).first()
