"""The system's own cases, at most one a code; and what is forgotten, when."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.db import IntegrityError, connection

from possys import receipt_keys
from possys.celery import app
from possys.clock import now_ms, utc
from possys.codes import Environment
from receipts.cases import operations
from receipts.cases.models import Case, Event, Photo, State
from receipts.cases.operations import CASE_KEPT, PHOTO_KEPT, Work, open_system_case, purge, work_on
from receipts.cases.tasks import purge_cases
from receipts.cases.tests.conftest import picture
from receipts.limits import Limit
from tests.factories import make_terminals
from tests.people import make_person
from transactions.models import Terminal

Reported = Callable[..., tuple[Case, str]]
NOTE = "The code is genuine and no sale is recorded."


@pytest.fixture
def terminal(limits: None) -> Terminal:
    return make_terminals()[0]


def a_code(
    terminal: int, *, days: int = 0, environment: Environment = Environment.PRODUCTION, sequence: int = 9
) -> str:
    return receipt_keys.table().encode(environment, utc(now_ms()).date() + timedelta(days=days), terminal, sequence)


def closed(case: Case, at: datetime) -> None:
    work_on(case, make_person(f"clerk-{case.pk}"), Work(seen=0, state=State.CLOSED, note="Done."))
    Case.objects.filter(pk=case.pk).update(closed_at=at)


def test_a_genuine_code_without_a_sale_opens_one_case(terminal: Terminal) -> None:
    code = a_code(terminal.number)
    for written in (code, code.lower().replace("-", ""), code):
        open_system_case(written, NOTE)
    case = Case.objects.get()
    assert (case.source, case.kind, case.state, case.code, case.what) == ("system", "missing", "received", code, NOTE)
    open_system_case(a_code(terminal.number, sequence=10), NOTE)
    assert Case.objects.count() == 2


def test_once_closed_another_is_opened(terminal: Terminal) -> None:
    code = a_code(terminal.number)
    open_system_case(code, NOTE)
    closed(Case.objects.get(), utc(now_ms()))
    open_system_case(code, NOTE)
    assert Case.objects.filter(state=State.RECEIVED).count() == 1
    # Opened again by hand, it would be a second one.
    with pytest.raises(IntegrityError):
        Case.objects.update(state=State.RECEIVED, closed_at=None)


def test_what_is_no_code_of_ours_opens_nothing(terminal: Terminal) -> None:
    wrong = [
        "nonsense",
        a_code(terminal.number)[:-1] + "?",
        a_code(terminal.number, environment=Environment.TEST),
        a_code(terminal.number, days=2),
        a_code(terminal.number + 1),
    ]
    for code in wrong:
        open_system_case(code, NOTE)
    assert Case.objects.count() == 0


def test_codes_tried_by_the_thousand_do_not_fill_the_queue(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "SYSTEM_CASES", Limit("system-cases", 3, 3600, guards=True))
    for sequence in range(1, 9):
        open_system_case(a_code(terminal.number, sequence=sequence), NOTE)
    assert Case.objects.count() == 3


@pytest.fixture
def threads(transactional_db: None) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8, initializer=lambda: None) as pool:
        yield pool


def test_many_pages_at_once_open_one_case(threads: ThreadPoolExecutor, store: redis.Redis) -> None:
    code = a_code(make_terminals()[0].number)
    at_once = Barrier(8)

    def ask(_number: int) -> None:
        at_once.wait()
        try:
            open_system_case(code, NOTE)
        finally:
            connection.close()

    list(threads.map(ask, range(8)))
    assert Case.objects.count() == 1


def test_photo_and_contact_are_forgotten_and_later_the_case(reported: Reported) -> None:
    now = utc(now_ms())
    ages = {
        "open": None,
        "fresh": PHOTO_KEPT - timedelta(minutes=1),
        "stripped": PHOTO_KEPT + timedelta(minutes=1),
        "kept": CASE_KEPT - timedelta(minutes=1),
        "gone": CASE_KEPT + timedelta(minutes=1),
    }
    for what, age in ages.items():
        case, _address = reported(what=what, contact="jana@example.com", photo=picture())
        if age is not None:
            closed(case, now - age)
    assert purge(now) == (6, 1)
    assert set(Case.objects.values_list("what", flat=True)) == set(ages) - {"gone"}
    assert set(Photo.objects.values_list("case__what", flat=True)) == {"open", "fresh"}
    assert set(Case.objects.exclude(contact="").values_list("what", flat=True)) == {"open", "fresh"}
    # What was said stays with the case, and goes with it.
    assert Event.objects.filter(case__what="kept").count() == 2
    assert Event.objects.count() == 6
    assert purge(now) == (0, 0)


def test_more_than_are_deleted_at_once_all_go(reported: Reported, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "PURGED_AT_ONCE", 2)
    for _ in range(5):
        closed(reported()[0], utc(now_ms()) - CASE_KEPT - timedelta(days=1))
    purge_cases()
    assert Case.objects.count() == 0


def test_the_purge_runs_every_day(db: None) -> None:
    scheduled: Any = django_settings.CELERY_BEAT_SCHEDULE["purge-cases"]
    app.loader.import_default_modules()
    assert scheduled["task"] in app.tasks
    assert "receipts.cases.tasks.mail_address" in app.tasks
    assert scheduled["schedule"] == timedelta(days=1)
