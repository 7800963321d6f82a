"""Which tills take back too much, or oddly, now: reads their window and says it of each.

How refunds are made costs the entries of the window, so only the READ_MAX tills of a call that are the most above what
is expected are looked at for that; counts and amounts are judged of all.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from findings import receipts_reading, refunds
from findings.chances import once_in
from findings.evidence import Evidence, RefundsEvidence
from findings.models import Finding
from findings.refunds import Judged, Odd, Reason
from findings.scoring import score, sure_of, weight_of
from findings.silent import WEEK_DAYS
from findings.verdicts import Verdict
from findings.windows import WINDOW_DAYS
from findings.windows_reading import Compared, Window, compare, looked_at, window_of

READ_MAX = 20
# Who is not even so many times above what is expected is not looked at closer.
CLOSER_TIMES = 1.5
AT_LEAST = f"sum(d.refunds + d.voids) >= {refunds.COUNT_MIN}"


class Looked(NamedTuple):
    """A till as it was judged; `entries` of its window when it was looked at closer."""

    compared: Compared
    judged: Judged
    odd: Odd | None
    entries: list[receipts_reading.Entry]

    @property
    def chances(self) -> dict[Reason, float]:
        """Of all reasons."""
        return {**self.judged.chances, **(self.odd.chances if self.odd else {})}


def judge(terminals: Sequence[int], now: datetime) -> list[Verdict]:
    """What is said of these tills."""
    window = window_of(timezone.localtime(now))
    compared = compare(terminals, window, AT_LEAST)
    if not compared:
        return []
    many = looked_at()
    known = _known([one.terminal for one in compared])
    judged = [(one, refunds.judge_counts(one.till)) for one in compared]
    closer = sorted(judged, key=lambda pair: _above(*pair), reverse=True)[:READ_MAX]
    read = {one.terminal for one, own in closer if _above(one, own) >= CLOSER_TIMES}
    found = []
    for one, own in judged:
        before = known.get(one.terminal)
        if before is not None and _is_same(before.evidence, one, window):
            found.append(before)
            continue
        opens = bool(refunds.opened(own.chances, many)[0])
        looked = _look_closer(one, own, window) if opens or one.terminal in read else Looked(one, own, None, [])
        reasons, chance = refunds.opened(looked.chances, many)
        if reasons:
            found.append(_verdict(looked, reasons, chance, window, many))
    return found


def _known(terminals: Sequence[int]) -> dict[int, Verdict]:
    """What is said of these tills now."""
    found = Finding.objects.filter(kind=Finding.Kind.REFUNDS, terminal__in=terminals, gone_at=None)
    return {
        one.terminal: Verdict(
            one.kind, one.retailer, one.store, one.terminal, one.subject, one.began_at, one.score,
            RefundsEvidence.read(one.evidence),
        )
        for one in found
    }  # fmt: skip


def _is_same(before: Evidence, one: Compared, window: Window) -> bool:
    """Whether nothing was taken back since it was said, today: then no record is read again."""
    assert isinstance(before, RefundsEvidence)
    own = one.till.own
    said = (before.until, before.currency, before.refunds, before.voids, before.refunded, before.voided)
    return said == (str(window.until), one.currency, own.refunds, own.voids, -own.refunded, -own.voided)


def _above(one: Compared, judged: Judged) -> float:
    """How many times what is expected."""
    return one.till.own.taken_back / max(judged.expected_refunds + judged.expected_voids, 0.1)


def _look_closer(one: Compared, judged: Judged, window: Window) -> Looked:
    entries = receipts_reading.entries_of(one.terminal, window.since, window.until)
    receipts = [refunds.Receipt(timezone.localtime(entry.issued_at), entry.kind, entry.total) for entry in entries]
    return Looked(one, judged, refunds.judge_receipts(receipts), entries)


def _verdict(looked: Looked, reasons: list[Reason], chance: float, window: Window, many: int) -> Verdict:
    one, judged, odd = looked.compared, looked.judged, looked.odd
    own, till = one.till.own, one.till
    back = [entry for entry in looked.entries if entry.kind]
    week = own.gross * WEEK_DAYS / WINDOW_DAYS
    taken = own.refunded + own.voided
    evidence = RefundsEvidence(
        extent=own.taken_back,
        since=str(window.since),
        until=str(window.until),
        reasons=[str(reason) for reason in reasons],
        sales=own.sales,
        refunds=own.refunds,
        voids=own.voids,
        currency=one.currency,
        gross=own.gross,
        refunded=-own.refunded,
        voided=-own.voided,
        expected_refunds=round(judged.expected_refunds, 1),
        expected_voids=round(judged.expected_voids, 1),
        usual_share=round(till.past.share_back, 5),
        store_share=round(till.store.share_back, 5),
        others_share=round(till.others.share_back, 5),
        probability=chance,
        once_in=once_in(chance),
        looked_at=many,
        round_amounts=odd.round_amounts if odd else 0,
        in_series=odd.in_series if odd else 0,
        before_close=odd.before_close if odd else 0,
        quick_voids=odd.quick_voids if odd else 0,
        operators=receipts_reading.operators(one.terminal, back),
        receipts=receipts_reading.named(one.terminal, back),
    )
    began_at = min((entry.issued_at for entry in back), default=one.last_issued_at)
    made = score(sure_of(chance), weight_of(max(0.0, taken - judged.expected_amount), week))
    return Verdict(Finding.Kind.REFUNDS, one.retailer, one.store, one.terminal, "", began_at, made, evidence)
