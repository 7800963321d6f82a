"""Which checkpoint is shown to outsiders, with its signature lines."""

from ledger.log.models import Checkpoint
from ledger.shards import LOG_DATABASE
from ledger.witness.quorum import note_with_cosignatures as note_of
from ledger.witness.quorum import published_checkpoint

__all__ = ["checkpoint_of_size", "note_of", "published_checkpoint"]


def checkpoint_of_size(size: int) -> Checkpoint | None:
    """The checkpoint of so many leaves; None when none was signed."""
    return Checkpoint.objects.using(LOG_DATABASE).filter(size=size).first()
