"""Findings of every kind with evidence as the judges keep it, for tests of pages."""

from datetime import datetime, timedelta
from typing import Any

from findings import evidence as shapes
from findings.models import ClockDay, Finding, TillDay
from possys.clock import iso_utc, now_ms, utc
from possys.codes import Environment
from possys.receipt_keys import table
from transactions.models import Terminal
from transactions.stream import shard_of

KINDS = tuple(str(kind) for kind in Finding.Kind)
# Weeks' sales by hour of a small shop, Monday to Saturday.
OPEN_HOURS = range(7, 19)


def code(terminal: int, sequence: int, at: datetime) -> str:
    """A genuine receipt code."""
    return table().encode(Environment.PRODUCTION, at.date(), terminal, sequence)


def rfc(at: datetime) -> str:
    """As evidence has moments."""
    return iso_utc(round(at.timestamp() * 1000))


def receipts(terminal: int, now: datetime, kind: str, count: int, amount: int) -> list[shapes.Receipt]:
    """So many receipts of one kind, an hour apart."""
    return [
        shapes.Receipt(
            code=code(terminal, 400 + number, now - timedelta(hours=number)),
            kind=kind,
            issued_at=f"{now - timedelta(hours=number):%Y-%m-%dT%H:%M:%S}+01:00",
            total=amount * (number + 1),
            operator="7" if number % 2 else "3",
            refers_to=code(terminal, 200 + number, now - timedelta(days=1)) if kind != "sale" else None,
        )
        for number in range(count)
    ]


def gap(terminal: int, now: datetime) -> shapes.Evidence:
    return shapes.GapEvidence(
        extent=3, ranges=[(88121, 88123)], missing=3, seen_at=rfc(now - timedelta(days=2)),
        issued_after=rfc(now - timedelta(days=2, minutes=8)), issued_before=rfc(now - timedelta(days=2)),
        due_at=rfc(now - timedelta(hours=1)), is_overdue=True,
    )  # fmt: skip


def conflict(terminal: int, now: datetime) -> shapes.Evidence:
    """Of records that are nowhere."""
    spots = [shapes.Spot(f"{now:%Y-%m-%d}", 999_990 + number, 0) for number in range(2)]
    return shapes.ConflictEvidence(
        extent=1, sequence=88130, shard=shard_of(terminal), first=spots[0], others=spots[1:], sealed_at=rfc(now),
        fields=["/total", "/lines/0/amount"], total=10300, other_total=9800, currency="CZK",
    )  # fmt: skip


def silent(terminal: int, now: datetime) -> shapes.Evidence:
    last = now - timedelta(days=2, hours=3)
    hours = [
        (day, hour, 1.5 + 6.0 * (hour in {8, 12, 17}) + 2.0 * (day == 4))
        for day in range(6)
        for hour in OPEN_HOURS
        if day < 5 or hour < 13
    ]
    return shapes.SilentEvidence(
        extent=51, scope="till", last_received_at=rfc(last), last_issued_at=rfc(last), judged_until=rfc(now),
        expected_sales=142.4, due_days=2.1, probability=3e-7, once_in=3_300_000, weeks=12, usual_week=396.0,
        other_tills=2, others_sold=318, hours=hours,
    )  # fmt: skip


def clock(terminal: int, now: datetime) -> shapes.Evidence:
    for back, minutes in ((9, 4), (8, 31), (5, 62), (3, 58), (1, 61)):
        day = now - timedelta(days=back)
        ClockDay.objects.create(
            terminal=terminal, day=day.date(), kind=ClockDay.Kind.BEHIND, sales=12 + back, first_at=day,
            first_sequence=88000 - 20 * back, worst_s=minutes * 60, last_at=day, last_sequence=88012 - 20 * back,
        )  # fmt: skip
    return shapes.ClockEvidence(
        extent=3720, ahead_sales=0, ahead_worst_s=0, behind_sales=74, behind_worst_s=3720, backwards_sales=2,
        backwards_worst_s=30, first_at=rfc(now - timedelta(days=9)), last_at=rfc(now - timedelta(days=1)),
        first_sequence=87820, last_sequence=87992, offset_s=3660,
    )  # fmt: skip


def refunds(terminal: int, now: datetime) -> shapes.Evidence:
    for back in range(1, 22):
        day = now - timedelta(days=back)
        TillDay.objects.create(
            terminal=terminal, day=day.date(), currency="CZK", sales=70 + back, refunds=back % 4, voids=back % 3,
            gross=900_000, refunded=-21_500 * (back % 4), voided=-9_900 * (back % 3), offline=0, late=0, lines=300,
            unknown_lines=4, unknown_amount=9_000, first_issued_at=day, last_issued_at=day, last_received_at=day,
        )  # fmt: skip
    return shapes.RefundsEvidence(
        extent=53, since=f"{now - timedelta(days=27):%Y-%m-%d}", until=f"{now:%Y-%m-%d}", reasons=["refunds", "round"],
        sales=1_820, refunds=32, voids=21, currency="CZK", gross=18_900_000, refunded=-688_000, voided=-207_900,
        expected_refunds=9.2, expected_voids=8.4, usual_share=0.012, store_share=0.009, others_share=0.011,
        probability=1e-8, once_in=100_000_000, looked_at=41_000, round_amounts=19, in_series=6, before_close=11,
        quick_voids=4, operators=[shapes.OperatorPart("7", 28, 15, -802_000), shapes.OperatorPart("3", 4, 6, -93_900)],
        receipts=receipts(terminal, now, "refund", 14, -20_000),
    )  # fmt: skip


def after_close(terminal: int, now: datetime) -> shapes.Evidence:
    days = [
        shapes.LateDay(f"{day:%Y-%m-%d}", "19:00", "20:14", f"21:{10 + back}", back, 41_000 * back)
        for back in (9, 7, 6, 3, 2)
        for day in [now - timedelta(days=back)]
    ]  # fmt: skip
    return shapes.AfterCloseEvidence(
        extent=27, since=f"{now - timedelta(days=27):%Y-%m-%d}", until=f"{now:%Y-%m-%d}", sales=27, amount=1_107_000,
        currency="CZK", share=0.061, days=days, backdated=3, probability=1e-6, once_in=1_000_000, looked_at=41_000,
        receipts=receipts(terminal, now, "sale", 8, 13_700),
    )  # fmt: skip


def unknown_products(terminal: int, now: datetime) -> shapes.Evidence:
    return shapes.UnknownProductsEvidence(
        extent=412, since=f"{now - timedelta(days=27):%Y-%m-%d}", until=f"{now:%Y-%m-%d}", lines=5_980,
        unknown_lines=412, unknown_amount=3_815_000, currency="CZK", expected_lines=31.0, usual_share=0.005,
        store_share=0.004, others_share=0.012, probability=1e-9, once_in=1_000_000_000, looked_at=41_000,
        names=[("Fruit and vegetables", 231), ("Various", 96), ("Bread", 52), ("Service", 33)],
        receipts=receipts(terminal, now, "sale", 6, 9_400),
    )  # fmt: skip


EVIDENCE = {
    "gap": gap,
    "conflict": conflict,
    "silent": silent,
    "clock": clock,
    "refunds": refunds,
    "after-close": after_close,
    "unknown-products": unknown_products,
}
SCORES = dict(zip(KINDS, (64, 81, 88, 33, 76, 41, 12), strict=True))


def make_finding(kind: str, terminal: Terminal, **changes: Any) -> Finding:
    """A finding of this terminal; `changes` replace fields, `evidence` an Evidence or what is kept of it."""
    now = utc(now_ms())
    found: Any = changes.pop("evidence", None) or EVIDENCE[kind](terminal.number, now)
    fields = {
        "kind": kind,
        "retailer": terminal.store.retailer_id,
        "store": terminal.store_id,
        "terminal": terminal.number,
        "subject": kind,
        "began_at": now - timedelta(days=2, hours=3),
        "opened_at": now - timedelta(days=2),
        "updated_at": now - timedelta(minutes=20),
        "score": SCORES[kind],
        "evidence": found.as_json() if isinstance(found, shapes.Evidence) else found,
        **changes,
    }
    return Finding.objects.create(**fields)
