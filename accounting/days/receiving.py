"""Takes what tills counted themselves: once each, from whoever may send the terminal's sales."""

import hashlib
from datetime import datetime

from accounting.days.models import TillTotals
from accounting.days.till_totals import Totals, TotalsRefused
from transactions.admission import SenderRefused, admitted, check_life
from transactions.stream import Credential


def keep_totals(credential: Credential, totals: Totals, now: datetime) -> bool:
    """Whether they are new; the same again are known. Raises TotalsRefused and CredentialReplacedError.

    The registry decides, not the capture store: nothing here is in a hurry.
    """
    try:
        check_life(admitted(credential, totals.terminal, now))
    except SenderRefused as refused:
        raise TotalsRefused(refused.faults) from refused
    row = TillTotals(
        terminal=totals.terminal,
        day=totals.day,
        currency=totals.currency,
        sales=totals.sales,
        refunds=totals.refunds,
        voids=totals.voids,
        total=totals.total,
        payments=totals.payments,
        digest=hashlib.sha256(totals.canonical()).hexdigest(),
        sent_at=now,
    )
    known = {"terminal": row.terminal, "day": row.day, "currency": row.currency, "digest": row.digest}
    if TillTotals.objects.filter(**known).exists():
        return False
    # Two at once: one of them is told that it is new.
    TillTotals.objects.bulk_create([row], ignore_conflicts=True)
    return True
