"""Services' notices against the log: each row with an index has that very leaf, each notice's leaf has its row."""

from ledger.log.leaves import LeafKind, leaf_bytes
from ledger.log.models import LogEntry, LogHead, Notice
from ledger.log.notices import leaf_of
from ledger.shards import LOG_DATABASE
from ledger.verification.faults import Fault, FaultKind
from ledger.verification.tally import Tally

# Kilobytes each; services publish a few a day.
ROWS_AT_ONCE = 500


def check_notices(first: int, end: int) -> Tally:
    """The notices of the leaves from `first` on, `end` excluded; those that still wait are not looked at."""
    tally = Tally()
    entries = LogEntry.objects.using(LOG_DATABASE).filter(kind=LeafKind.NOTICE, index__gte=first, index__lt=end)
    known: dict[int | None, memoryview | bytes] = dict(entries.values_list("index", "leaf"))
    rows = Notice.objects.using(LOG_DATABASE).filter(index__gte=first, index__lt=end).order_by("index")
    for notice in rows.iterator(chunk_size=ROWS_AT_ONCE):
        kept = known.pop(notice.index, None)
        if kept is None:
            text = f"notice {notice.pk} of {notice.service} says it is this leaf, which is no notice"
            tally.note(Fault(FaultKind.NOTICE_UNKNOWN, text, index=notice.index))
        elif bytes(kept) != leaf_bytes(leaf_of(notice)):
            text = f"notice {notice.pk} of {notice.service} says something else than the leaf"
            tally.note(Fault(FaultKind.NOTICE_CHANGED, text, index=notice.index))
    for index in known:
        tally.note(Fault(FaultKind.NOTICE_MISSING, "the leaf's notice is missing from its table", index=index))
    # The log may have grown meanwhile, never by less than what its notices say.
    beyond = list(Notice.objects.using(LOG_DATABASE).filter(index__gte=end).order_by("index")[:ROWS_AT_ONCE])
    size = LogHead.objects.using(LOG_DATABASE).filter(id=1).values_list("size", flat=True).first() or 0
    for notice in beyond:
        if notice.index is not None and notice.index >= size:
            text = f"notice {notice.pk} of {notice.service} says it is this leaf, the log has {size}"
            tally.note(Fault(FaultKind.NOTICE_UNKNOWN, text, index=notice.index))
    return tally
