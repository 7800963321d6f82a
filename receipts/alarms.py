"""What operators must hear of from the customers' pages: a genuine code under which no sale is recorded."""

import logging

from django.db import DatabaseError

from receipts.cases.operations import open_system_case
from receipts.queries import Finding, State

logger = logging.getLogger(__name__)

# Whoever asks for more codes than this in one process's life is noticed all the same.
ALARMED_MAX = 1000
_alarmed: set[str] = set()

NOTE = (
    "Somebody looked this code up. A terminal of ours can have been given it, and neither the capture store nor the "
    "ledger has its sale. See docs/operations.md, “A genuine code without a sale”."
)


def alarm_if_missing(finding: Finding) -> None:
    """Has staff look at a missing sale: an ALARM in the log, and a case in the queue; once for a code."""
    code = finding.code
    if finding.state is not State.MISSING or code in _alarmed or len(_alarmed) >= ALARMED_MAX:
        return
    _alarmed.add(code)
    logger.error("ALARM receipt code %s is genuine, and no such sale is in the store or the ledger", code)
    try:
        open_system_case(code, NOTE)
    except DatabaseError:
        logger.exception("no case could be opened for receipt code %s", code)
