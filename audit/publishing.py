"""Publishes acts in the ledger's log: a notice for each run of at most a hundred, root and fingerprints, nothing else.

The notice is its own record of what was published: there is no table beside it that would have to be believed.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec
from django.db import connections, transaction

from audit.content import COLUMNS, Content
from audit.models import Act
from ledger import merkle, notices
from ledger.log.models import Notice
from ledger.shards import LOG_DATABASE

SERVICE, SUBJECT = "audit", "acts"
# What a notice's statement has room for.
ACTS_MAX = 100
# Enough to name the act that was changed; that it was is proven by the root.
FINGERPRINT_BYTES = 8
# Of one run of the task; the next goes on.
NOTICES_A_RUN_MAX = 50
PUBLISHING_LOCK = 7_204_702

logger = logging.getLogger(__name__)

Hex = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{2})*$")]


class Statement(msgspec.Struct, frozen=True):
    """What the log says of the acts from `first` to `last`: their Merkle root, and the beginning of each one's hash."""

    v: int
    first: int
    last: int
    root: Hex
    acts: Hex

    @property
    def count(self) -> int:
        """How many acts they are."""
        return self.last - self.first + 1

    def fingerprint(self, number: int) -> bytes:
        """The beginning of that act's hash."""
        at = (number - self.first) * FINGERPRINT_BYTES
        return bytes.fromhex(self.acts)[at : at + FINGERPRINT_BYTES]


class Published(NamedTuple):
    """What one run published: how many acts, in how many notices."""

    acts: int
    notices: int


def content_of(act: Act) -> Content:
    """Everything that the row says."""
    return Content(*(getattr(act, name) for name in COLUMNS))


def statement_of(first: int, hashes: Sequence[bytes]) -> Statement:
    """What is published of acts with these hashes, `first` being the number of the first."""
    return Statement(
        v=1,
        first=first,
        last=first + len(hashes) - 1,
        root=merkle.root(hashes).hex(),
        acts=b"".join(one[:FINGERPRINT_BYTES] for one in hashes).hex(),
    )


def read_statement(text: str) -> Statement:
    """Raises msgspec.ValidationError for what is none of ours."""
    return msgspec.json.decode(text.encode(), type=Statement)


def last_published() -> int:
    """The number of the last act that was published; 0 before the first."""
    newest = Notice.objects.using(LOG_DATABASE).filter(service=SERVICE, subject=SUBJECT).order_by("-id").first()
    return read_statement(newest.statement).last if newest else 0


class Vouched(NamedTuple):
    """What vouches for an act: the run it was published in, when, and the log's leaf; None while that waits."""

    first: int
    last: int
    at: datetime
    leaf: int | None


def publication_of(number: int) -> Vouched | None:
    """The notice that published an act; None while none has. Runs follow each other, so the notices are searched by
    halves."""
    rows = Notice.objects.using(LOG_DATABASE).filter(service=SERVICE, subject=SUBJECT)
    low = rows.order_by("id").values_list("id", flat=True).first()
    high = rows.order_by("-id").values_list("id", flat=True).first()
    while low is not None and high is not None and low <= high:
        found = rows.filter(id__gte=(low + high) // 2).order_by("id").first()
        if found is None or found.id > high:
            high = (low + high) // 2 - 1
            continue
        said = read_statement(found.statement)
        if said.first <= number <= said.last:
            return Vouched(said.first, said.last, found.written_at, found.index)
        if number > said.last:
            low = found.id + 1
        else:
            high = (low + high) // 2 - 1
    return None


def publish_acts(now: datetime) -> Published:
    """Publishes what was added since the last time; a second worker finds nothing to do."""
    acts = notices_made = 0
    while notices_made < NOTICES_A_RUN_MAX:
        count = _publish_some(now)
        if not count:
            break
        acts, notices_made = acts + count, notices_made + 1
    return Published(acts, notices_made)


def _publish_some(now: datetime) -> int:
    with transaction.atomic(using=LOG_DATABASE), connections[LOG_DATABASE].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [PUBLISHING_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        last = last_published()
        run = list(_unbroken(Act.objects.filter(number__gt=last).order_by("number")[:ACTS_MAX]))
        if not run:
            _alarm_if_shorter(last)
            return 0
        if run[0].number != last + 1:
            logger.error(
                "ALARM the audit log's acts %d to %d are missing: see verify_audit", last + 1, run[0].number - 1
            )
        statement = statement_of(run[0].number, [content_of(act).hash for act in run])
        notices.publish(SERVICE, SUBJECT, msgspec.json.encode(statement).decode(), now=now)
    return len(run)


def _unbroken(acts: Iterable[Act]) -> Iterator[Act]:
    """The acts up to the first gap; a notice is of neighbours."""
    expected = None
    for act in acts:
        if expected is not None and act.number != expected:
            return
        yield act
        expected = act.number + 1


def _alarm_if_shorter(published: int) -> None:
    newest = Act.objects.order_by("-number").values_list("number", flat=True).first() or 0
    if newest < published:
        logger.error("ALARM the audit log ends at act %d, %d were published: see verify_audit", newest, published)
