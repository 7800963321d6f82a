"""The checkpointer: brings every new block of every shard into the log and signs what it has become."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import DatabaseError, close_old_connections

from ledger.log.announcing import publish_to_tills
from ledger.log.appending import LogMovedError, append
from ledger.log.blocks import new_blocks
from ledger.log.keys import NoLogKeyError
from ledger.log.models import Checkpoint, LogHead
from ledger.log.notices import append_notices
from ledger.log.refilling import bring_back
from ledger.log.signing import RefusedError, name_first_key, sign_newest
from ledger.log.state import StateError
from ledger.log.tree import LogDamagedError
from ledger.shards import LOG_DATABASE
from ledger.witness.collecting import Collector
from possys.clock import now_ms, utc
from possys.failpoints import reach

logger = logging.getLogger(__name__)

# A block is signed within about this long after it was sealed; five seconds are promised. More often would mean more
# signatures to keep and to check for ever: one a second is 31 million a year.
ROUND_S = 1.0
# One task's length, as the flush's.
TICK_S = 30.0
# After a fault.
PAUSE_S = 2.0

Refusal = (LogDamagedError, RefusedError, StateError, NoLogKeyError)


@dataclass
class Round:
    """What one round did; `faults` are in plain words and stand in the admin until a round is well."""

    appended: int = 0
    checkpoint: Checkpoint | None = None
    faults: list[str] = field(default_factory=list)


def checkpoint_round() -> Round:
    """Appends what is new, a bounded number of blocks, and signs. Raises DatabaseError; then nothing is half done."""
    done = Round()
    try:
        # Before anything new: what was signed before the database was restored has its place in the log.
        done.appended = bring_back()
        name_first_key()
        new = new_blocks()
        done.faults += [f"shard {shard}: {fault}" for shard, fault in new.faults.items()]
        if new.leaves:
            append(new.leaves)
            reach("log.after-append")
            done.appended += len(new.leaves)
        done.appended += append_notices()
        done.checkpoint = sign_newest()
    except LogMovedError as moved:
        # Another checkpointer was quicker: the next round goes on from where it is.
        logger.warning("%s", moved)
    except Refusal as refusal:
        done.faults.append(str(refusal))
    _show_faults(done.faults)
    return done


def catch_up() -> Round:
    """Rounds until the log has every block."""
    total = Round()
    while True:
        done = checkpoint_round()
        total.appended += done.appended
        total.checkpoint = done.checkpoint or total.checkpoint
        total.faults = done.faults
        if not done.appended:
            return total


def run(*, hold: Callable[[], bool], tick_s: float = TICK_S) -> Round:
    """Rounds for one tick's length, or until `hold` says that another task has it. Faults are waited out.

    What is signed goes on to the witnesses, who are not waited for, and to the tills' stores.
    """
    collector = Collector()
    try:
        return _run(collector, hold, tick_s)
    finally:
        collector.close()


def _run(collector: Collector, hold: Callable[[], bool], tick_s: float) -> Round:
    total = Round()
    until_s = time.monotonic() + tick_s
    is_first = True
    while time.monotonic() < until_s and hold():
        begun_s = time.monotonic()
        try:
            done = checkpoint_round()
            # At the beginning the newest one again: witnesses may have missed it, and a store may be a new one.
            if newest := done.checkpoint or (_newest() if is_first else None):
                collector.submit(newest)
                publish_to_tills(newest)
            is_first = False
            total.appended += done.appended
            pause_s = PAUSE_S if done.faults else ROUND_S
        except DatabaseError as fault:
            logger.warning("the checkpointer waits: %s", fault)
            close_old_connections()
            pause_s = PAUSE_S
        time.sleep(max(0.0, pause_s - (time.monotonic() - begun_s)))
    return total


def _newest() -> Checkpoint | None:
    return Checkpoint.objects.using(LOG_DATABASE).order_by("-size").first()


def _show_faults(faults: list[str]) -> None:
    """Alarms once for each new fault, and shows it to whoever looks; a round without faults clears it."""
    text = "; ".join(faults)
    heads = LogHead.objects.using(LOG_DATABASE).filter(id=1).exclude(fault=text)
    if heads.update(fault=text, fault_at=utc(now_ms()) if text else None) and text:
        logger.error("ALARM the checkpointer: %s", text)
