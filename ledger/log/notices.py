"""Brings services' waiting notices into the log, each once.

publish (ledger/notices.py)   a row without an index, in the service's own DB transaction
the checkpointer's round      the leaf and the row's index, in one DB transaction: both are there, or neither
"""

from django.db import transaction

from ledger.log.appending import append, new_leaf
from ledger.log.leaves import FORMAT_VERSION, NoticeLeaf
from ledger.log.models import Notice
from ledger.shards import LOG_DATABASE
from possys.clock import MS_PER_S, iso_utc
from possys.failpoints import reach

# Services say little; this bounds a round's transaction when one of them says too much.
NOTICES_MAX = 500


def leaf_of(notice: Notice) -> NoticeLeaf:
    """The leaf that a notice is or becomes: wholly out of its row, so that it can be compared for ever."""
    written = notice.written_at
    at = iso_utc(int(written.replace(microsecond=0).timestamp()) * MS_PER_S + written.microsecond // 1000)
    return NoticeLeaf(FORMAT_VERSION, notice.service, notice.subject, notice.statement, at)


def append_notices() -> int:
    """Appends the notices that wait, a bounded number in order of their ids; answers how many.

    A second checkpointer waits for the rows' locks and then finds them no more. Raises as `append` does.
    """
    with transaction.atomic(using=LOG_DATABASE):
        rows = Notice.objects.using(LOG_DATABASE).select_for_update().filter(index__isnull=True).order_by("id")
        notices = list(rows[:NOTICES_MAX])
        if not notices:
            return 0
        size = append([new_leaf(leaf_of(notice)) for notice in notices]).size
        reach("log.notices-appended")
        for index, notice in enumerate(notices, size - len(notices)):
            notice.index = index
        Notice.objects.using(LOG_DATABASE).bulk_update(notices, ["index"])
        reach("log.notices-before-commit")
    return len(notices)
