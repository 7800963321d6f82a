"""Declared outages: what they do to the deadline, who may declare them, that they stay, and that tills are told."""

from datetime import UTC, datetime, timedelta

import pytest
import redis
from django.db import DatabaseError, connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from possys import clock
from tests.throttles import allow
from tests.tills import Till
from transactions import service
from transactions.outages import (
    DECLARED_BACK_MAX,
    NEVER,
    REASON_LENGTH,
    Outage,
    OutageRefused,
    OutageStep,
    deadline,
    declare,
    due_at,
    end,
)
from transactions.stream import OUTAGE_KEY
from transactions.tasks import announce_outage
from transactions.throttling import CaptureThrottle

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
H = timedelta(hours=1)


def after(hours: float) -> datetime:
    return NOON + hours * H


@pytest.mark.parametrize(
    ("outages", "due"),
    [
        ([], 48),
        ([(10, 13)], 51),
        ([(-5, -1)], 48),  # Over before.
        ([(-5, 2)], 50),  # Only what the time ran into.
        ([(48, 60)], 48),  # The time was over.
        ([(47, 57)], 58),
        ([(47, 57), (57.5, 60)], 60.5),  # The second begins in the time that the first gave.
        ([(47, 57), (58, 60)], 58),
        ([(10, 14), (12, 16)], 54),  # An hour counts once.
        ([(10, 20), (12, 16)], 58),
        ([(12, 16), (10, 20)], 58),
        ([(10, 10)], 48),  # Ended at its beginning: it never was.
    ],
)
def test_the_time_of_outages_does_not_count(outages: list[tuple[float, float]], due: float) -> None:
    assert deadline(NOON, 48, [(after(begin), after(end)) for begin, end in outages]) == after(due)


def test_an_open_outage_stops_the_time_that_was_left() -> None:
    assert deadline(NOON, 48, [(after(10), None)]) == NEVER
    assert deadline(NOON, 48, [(after(48), None)]) == after(48)
    assert deadline(NOON, 48, [(after(40), after(50)), (after(57), None)]) == NEVER


@given(
    st.lists(st.tuples(st.integers(-100, 200), st.integers(0, 100)), max_size=6),
    st.integers(-50, 50),
    st.integers(0, 72),
)
def test_the_deadline_is_where_that_many_hours_have_counted(
    outages: list[tuple[int, int]], issued: int, allowed: int
) -> None:
    periods = [(after(begin), after(begin + length)) for begin, length in outages]
    due = deadline(after(issued), allowed, periods)
    hours = range(issued, issued + round((due - after(issued)) / H))
    counted = [hour for hour in hours if not any(begin <= hour < begin + length for begin, length in outages)]
    assert len(counted) == allowed
    # Never later than needed: the last hour counts.
    assert not counted or counted[-1] == hours[-1]


def test_whoever_issues_later_is_never_due_earlier() -> None:
    outages = [(after(3), after(9)), (after(50), after(53))]
    dues = [deadline(after(hour), 48, outages) for hour in range(-10, 60)]
    assert dues == sorted(dues)


# --- Declared, ended, kept ---------------------------------------------------------------------------------------


def declared(**changes: object) -> Outage:
    now = clock.utc(clock.now_ms())
    said = {"kind": Outage.Kind.OUTAGE, "began_at": now - 2 * H, "reason": "Power cut", "by": "staff anna", "now": now}
    return declare(**{**said, **changes})  # type: ignore[arg-type]


@pytest.mark.usefixtures("ledger")
def test_each_step_of_an_outage_is_kept_with_who_and_why() -> None:
    now = clock.utc(clock.now_ms())
    outage = declared()
    ended = end(outage, ended_at=now - H, reason="Power is back", by="staff ben", now=now)
    moved = end(ended, ended_at=now, reason="Not for all", by="staff ben", now=now)
    steps = OutageStep.objects.filter(outage=outage).values_list("kind", "ended_at", "reason", "by")
    assert list(steps) == [
        ("declared", None, "Power cut", "staff anna"),
        ("ended", now - H, "Power is back", "staff ben"),
        ("moved", now, "Not for all", "staff ben"),
    ]
    assert Outage.objects.get() == moved
    assert due_at(now - 3 * H) == now + 47 * H


@pytest.mark.django_db
def test_what_cannot_be_declared_is_refused_with_every_fault_and_nothing_is_stored() -> None:
    now = clock.utc(clock.now_ms())
    with pytest.raises(OutageRefused) as refused:
        declared(began_at=now + H, ended_at=now + timedelta(minutes=30), reason=" ")
    for said in ("begin later than now", "end later than now", "end before it began", "The reason needs"):
        assert said in str(refused.value)
    with pytest.raises(OutageRefused, match="31 days"):
        declared(began_at=now - DECLARED_BACK_MAX - H)
    with pytest.raises(OutageRefused, match="reason"):
        declared(reason="x" * (REASON_LENGTH + 1))
    assert not Outage.objects.exists()
    assert not OutageStep.objects.exists()


@pytest.mark.usefixtures("ledger")
def test_a_second_open_outage_of_a_kind_is_refused() -> None:
    outage = declared()
    with pytest.raises(OutageRefused, match="open already"):
        declared()
    declared(kind=Outage.Kind.DEGRADED)
    now = clock.utc(clock.now_ms())
    with pytest.raises(OutageRefused, match="before it began"):
        end(outage, ended_at=outage.began_at - H, reason="No", by="staff anna", now=now)
    assert Outage.objects.filter(ended_at=None).count() == 2


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM transactions_outage",
        "UPDATE transactions_outage SET began_at = now()",
        "UPDATE transactions_outage SET reason = 'none'",
        "UPDATE transactions_outage SET ended_at = NULL",
        "UPDATE transactions_outagestep SET by = 'nobody'",
        "DELETE FROM transactions_outagestep",
        "TRUNCATE transactions_outage CASCADE",
    ],
)
def test_the_database_keeps_what_was_declared(statement: str) -> None:
    declared(ended_at=clock.utc(clock.now_ms()))
    with (
        pytest.raises(DatabaseError, match="what was declared of outages stays"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


# --- Told to tills -----------------------------------------------------------------------------------------------


def look_again() -> None:
    service.capture().pressure.watched[0].looked_s = float("-inf")


def test_who_must_wait_is_told_how_long_offline_is_allowed_and_of_the_outage(till: Till, ledger: redis.Redis) -> None:
    outage = declared(kind=Outage.Kind.DEGRADED)
    began = f"{outage.began_at:%Y-%m-%dT%H:%M:%S}"
    ledger.config_set("appendfsync", "everysec")
    with CaptureQueriesContext(connection) as queries:
        answer = till.send()
    assert len(queries) == 0
    assert answer.status == 503
    said = answer.json()
    assert (said["offline_allowed_hours"], said["outage"]["kind"]) == (48, "degraded")
    assert said["outage"]["began_at"].startswith(began)
    assert [item["outage"]["kind"] for item in till.send_batch([till.sale(), till.sale()]).json()["results"]] == [
        "degraded"
    ] * 2
    ledger.config_set("appendfsync", "always")
    now = clock.utc(clock.now_ms())
    end(outage, ended_at=now, reason="Mended", by="staff anna", now=now)
    assert not ledger.exists(OUTAGE_KEY)
    service.capture().pressure.watched[0].settings_looked_s = float("-inf")
    look_again()
    assert till.send().status == 201


@override_settings(TERMINAL_RATE_PER_MINUTE=1)
def test_a_till_that_sends_too_much_is_told_the_same(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    declared()
    service.capture.cache_clear()
    kept, waits = till.send_batch([till.sale(), till.sale()]).json()["results"]
    assert (kept["status"], waits["status"]) == (201, 429)
    assert (waits["offline_allowed_hours"], waits["outage"]["kind"]) == (48, "outage")
    allow(monkeypatch, CaptureThrottle, 0)
    answer = till.send()
    assert (answer.status, answer.json()["type"]) == (429, "urn:possys:problem:throttled")
    assert (answer.json()["offline_allowed_hours"], answer.json()["outage"]["kind"]) == (48, "outage")
    assert answer.headers["Retry-After"] == str(answer.json()["retry_after_s"])


def test_without_an_outage_only_the_hours_are_told(till: Till, ledger: redis.Redis) -> None:
    ledger.config_set("appendfsync", "everysec")
    said = till.send().json()
    assert said["offline_allowed_hours"] == 48
    assert "outage" not in said


@pytest.mark.parametrize("value", ["", "outage", "outage yesterday", "Outage 2026-11-23T10:00:00.000Z", "x" * 4000])
def test_a_notice_that_is_none_is_not_told(till: Till, ledger: redis.Redis, value: str) -> None:
    ledger.set(OUTAGE_KEY, value)
    ledger.config_set("appendfsync", "everysec")
    assert "outage" not in till.send().json()


def test_a_store_that_was_away_hears_of_it_later(till: Till, ledger: redis.Redis) -> None:
    declared()
    ledger.delete(OUTAGE_KEY)
    announce_outage()
    assert str(ledger.get(OUTAGE_KEY)).startswith("b'outage 2")
