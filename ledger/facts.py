"""What is known of the ledger at a moment, as the verdict on it is judged by. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# A witness is asked with each checkpoint and answers within a second.
WITNESS_LATE = timedelta(seconds=60)
# Between signing and cosigning there are always some milliseconds, and a witness is given up after this long: who lacks
# only what was signed since then is up to date.
CONFIRM_DELAY = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Run:
    """A verification as it ended."""

    id: int
    scope: str
    ended_at: datetime
    fault_count: int
    records: int


@dataclass(frozen=True, slots=True)
class Signed:
    """The newest signed checkpoint."""

    size: int
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessFact:
    """A configured witness: how many leaves it confirmed last, and since when it lacks what was signed."""

    name: str
    size: int = 0
    cosigned_at: datetime | None = None
    behind_since: datetime | None = None
    fault: str = ""
    fault_at: datetime | None = None
    # What it saw before is not the beginning of this log.
    contradicts: bool = False

    def confirms(self, newest: Signed, now: datetime) -> bool:
        """Whether it confirmed all that was signed, the last CONFIRM_DELAY left out, and stands by it."""
        if not self.size or self.contradicts:
            return False
        return self.size >= newest.size or (self.behind_since is not None and now - self.behind_since <= CONFIRM_DELAY)

    def is_late(self, now: datetime) -> bool:
        """Whether it has lacked for too long what was signed, or has failed for that long."""
        since = min((moment for moment in (self.behind_since, self.fault_at) if moment is not None), default=now)
        return now - since > WITNESS_LATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the ledger at a moment. Sizes are in leaves of the log."""

    now: datetime
    records: int = 0
    blocks: int = 0
    log_size: int = 0
    # Sealed blocks that the log lacks, and the shards of which the log has more blocks than the ledger.
    unlogged: int = 0
    shards_cut: tuple[int, ...] = ()
    shards_stopped: tuple[int, ...] = ()
    # When the oldest block that no checkpoint covers was sealed.
    waiting_since: datetime | None = None
    first_signed_at: datetime | None = None
    checkpoint: Signed | None = None
    checkpointer_fault: str = ""
    checkpointer_fault_at: datetime | None = None
    witnesses: tuple[WitnessFact, ...] = ()
    witnesses_unreadable: int = 0
    quorum: int = 0
    confirmed: Signed | None = None
    last_full: Run | None = None
    last_sample: Run | None = None
    # The last run that found faults since everything was last read and found well.
    damaged: Run | None = None
    # The last run that found faults, when everything was read again after it and found well.
    mended: Run | None = None
    archived_days: int = 0

    @property
    def unsigned(self) -> int:
        """Leaves behind the newest checkpoint."""
        return self.log_size - (self.checkpoint.size if self.checkpoint else 0)

    @property
    def uncovered(self) -> int:
        """Blocks (and other leaves) that no checkpoint covers."""
        return self.unlogged + max(0, self.unsigned)

    @property
    def waiting_s(self) -> float:
        """How long the oldest block has waited for a checkpoint; 0 when all are covered."""
        return 0.0 if self.waiting_since is None else max(0.0, (self.now - self.waiting_since).total_seconds())

    @property
    def last_well(self) -> Run | None:
        """The last check, of everything or of a sample, that found nothing."""
        runs = [run for run in (self.last_full, self.last_sample) if run is not None and not run.fault_count]
        return max(runs, key=lambda run: run.ended_at, default=None)

    @property
    def confirming(self) -> int:
        """How many configured witnesses are up to date with the newest checkpoint."""
        newest = self.checkpoint
        return 0 if newest is None else sum(one.confirms(newest, self.now) for one in self.witnesses)

    @property
    def is_confirmed(self) -> bool:
        """Enough witnesses (one at least) are up to date."""
        return self.confirming >= max(1, self.quorum)
