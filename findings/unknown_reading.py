"""Which tills hide what they sell behind unknown lines: reads their window and says it of each."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from findings import receipts_reading, unknown
from findings.chances import corrected, once_in
from findings.evidence import UnknownProductsEvidence
from findings.models import Finding
from findings.scoring import score, sure_of, weight_of
from findings.silent import WEEK_DAYS
from findings.unknown import Judged
from findings.verdicts import Verdict
from findings.windows import WINDOW_DAYS
from findings.windows_reading import Compared, Window, compare, looked_at, window_of

AT_LEAST = f"sum(d.unknown_lines) >= {unknown.LINES_MIN}"
# Names that evidence tells.
NAMES_MAX = 10


def judge(terminals: Sequence[int], now: datetime) -> list[Verdict]:
    """What is said of these tills."""
    window = window_of(timezone.localtime(now))
    compared = compare(terminals, window, AT_LEAST)
    if not compared:
        return []
    many = looked_at()
    judged = [(one, unknown.judge_lines(one.till)) for one in compared]
    return [_verdict(one, own, window, many) for one, own in judged if unknown.opens(own, many)]


def _verdict(one: Compared, judged: Judged, window: Window, many: int) -> Verdict:
    own = one.till.own
    chance = corrected(judged.chance, many)
    names, receipts = _told(one, window)
    evidence = UnknownProductsEvidence(
        extent=own.unknown_lines,
        since=str(window.since),
        until=str(window.until),
        lines=own.lines,
        unknown_lines=own.unknown_lines,
        unknown_amount=own.unknown_amount,
        currency=one.currency,
        expected_lines=round(judged.expected, 1),
        usual_share=round(one.till.past.share_unknown, 5),
        store_share=round(one.till.store.share_unknown, 5),
        others_share=round(one.till.others.share_unknown, 5),
        probability=chance,
        once_in=once_in(chance),
        looked_at=many,
        names=names,
        receipts=receipts,
    )
    excess = own.unknown_amount * max(0.0, 1 - judged.expected / own.unknown_lines)
    made = score(sure_of(chance), weight_of(excess, own.gross * WEEK_DAYS / WINDOW_DAYS))
    began_at = timezone.make_aware(datetime.combine(window.since, datetime.min.time()))
    return Verdict(Finding.Kind.UNKNOWN_PRODUCTS, one.retailer, one.store, one.terminal, "", began_at, made, evidence)


def _told(one: Compared, window: Window) -> tuple[list[tuple[str, int]], list[Any]]:
    """What such lines are called on the newest receipts, and the receipts that have some."""
    entries = receipts_reading.entries_of(one.terminal, window.since, window.until)
    newest = entries[-receipts_reading.READ_MAX :]
    said = receipts_reading.read(one.terminal, newest)
    names = Counter[str]()
    having = []
    for entry in newest:
        lines = [line["name"] for line in said.get(entry.sequence, {}).get("lines", ()) if is_unknown(line)]
        names.update(lines)
        if lines:
            having.append(entry)
    return names.most_common(NAMES_MAX), receipts_reading.named(one.terminal, having)


def is_unknown(line: dict[str, Any]) -> bool:
    """Whether a line of a sale says nothing of its product."""
    return line["kind"] == "item" and not line["sku"] and not line["gtin"]
