"""What a person does about a consumer."""

from ledger.feeding.models import Cursor


def try_again(name: str) -> int:
    """Has the next step try every shard in which the consumer is stopped; answers how many."""
    return Cursor.objects.filter(consumer=name).exclude(stopped_reason="").update(tried_at=None)
