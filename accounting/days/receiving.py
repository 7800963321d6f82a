"""Takes what tills counted themselves: once each, from whoever may send the terminal's sales."""

import hashlib
from datetime import datetime

from accounting.days.models import TillTotals
from accounting.days.till_totals import Totals, TotalsRefused
from transactions.models import Terminal
from transactions.sale import Fault
from transactions.stream import Credential, CredentialKind


class CredentialReplacedError(ValueError):
    """The token was right once."""


def keep_totals(credential: Credential, totals: Totals, now: datetime) -> bool:
    """Whether they are new; the same again are known. Raises TotalsRefused and CredentialReplacedError.

    The registry decides, not the capture store: nothing here is in a hurry.
    """
    _check_sender(credential, totals.terminal)
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


def _check_sender(credential: Credential, number: int) -> None:
    """As capture judges who sends a sale (transactions/capture.py)."""
    is_terminal = credential.kind == CredentialKind.TERMINAL
    terminal = Terminal.objects.select_related("store__retailer").filter(pk=number).first()
    if terminal is None:
        raise TotalsRefused([Fault("/terminal", "is not enrolled")])
    if credential.id != (number if is_terminal else terminal.store.retailer_id):
        whose = "the token's terminal" if is_terminal else "one of the token's retailer"
        raise TotalsRefused([Fault("/terminal", f"is not {whose}")])
    if credential.version != (terminal.key_version if is_terminal else terminal.store.retailer.gateway_version):
        raise CredentialReplacedError
    if terminal.status == Terminal.Status.SUSPENDED:
        raise TotalsRefused([Fault("/terminal", "is suspended")])
