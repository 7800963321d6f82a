"""Tells the processes that answer tills of the newest checkpoint, through the capture stores that they watch anyway."""

import logging

from redis.exceptions import RedisError

from ledger.log.checkpoint import encoded
from ledger.log.models import Checkpoint
from transactions.service import stores
from transactions.stream import CHECKPOINT_KEY

logger = logging.getLogger(__name__)


def publish_to_tills(checkpoint: Checkpoint) -> None:
    """Names the checkpoint in every answer to a till, about a second later. Never raises for a store that is away:
    then the tills hear of the next one. Waits two seconds at most for each such store.
    """
    said = f"{checkpoint.size} {encoded(bytes(checkpoint.root))}"
    for number, client in enumerate(stores().clients):
        try:
            client.set(CHECKPOINT_KEY, said)
        except (RedisError, OSError) as fault:
            logger.warning("the tills of store %d do not hear of the checkpoint: %s", number, fault)
