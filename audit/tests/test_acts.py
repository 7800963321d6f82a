"""The table itself: numbered by the database without gaps, and never changed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.db import IntegrityError, ProgrammingError, connection, transaction

from audit.models import Act, Kind
from audit.recording import Thing, Who, record
from audit.tests.factories import ANNA, make_acts


def numbers() -> list[int]:
    return list(Act.objects.order_by("number").values_list("number", flat=True))


@pytest.mark.django_db
def test_the_database_numbers_and_dates_acts_whatever_a_row_brings() -> None:
    make_acts(2)
    Act(number=77, at="1999-01-01T00:00Z", salt=b"", kind=Kind.COMMAND, person="x").save(force_insert=True)
    assert numbers() == [1, 2, 3]
    times = list(Act.objects.order_by("number").values_list("at", flat=True))
    assert times == sorted(times)
    assert times[-1].year > 1999


@pytest.mark.django_db
def test_what_is_rolled_back_leaves_no_gap() -> None:
    make_acts(1)
    with transaction.atomic():
        make_acts(3)
        transaction.set_rollback(True)
    make_acts(1)
    assert numbers() == [1, 2]


def test_two_at_once_wait_for_each_other(ledger: redis.Redis) -> None:
    def work(_: int) -> None:
        try:
            for _ in range(5):
                with transaction.atomic():
                    make_acts(2)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert numbers() == list(range(1, 41))


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["UPDATE audit_act SET person = 'x'", "DELETE FROM audit_act", "TRUNCATE audit_act"])
def test_an_act_stays_as_it_is(change: str) -> None:
    make_acts(1)
    with pytest.raises(ProgrammingError, match="only added to"), connection.cursor() as cursor:
        cursor.execute(change)


@pytest.mark.django_db
def test_a_kind_that_nobody_knows_is_refused() -> None:
    with pytest.raises(IntegrityError, match="act_is_of_a_known_kind"):
        Act(salt=b"", kind="dreamt", person="x").save(force_insert=True)


@pytest.mark.django_db
def test_whatever_text_comes_is_kept_in_a_form_that_the_database_takes() -> None:
    nasty = "a\0b\ud800c" + "x" * 9000
    record(
        Kind.SENT,
        Who(1, nasty, nasty, nasty, nasty),
        Thing(nasty, nasty, nasty),
        fields={nasty: {"sent": nasty}, **{f"field {at}": {"sent": "1"} for at in range(200)}},
        said=nasty,
        reason=nasty,
    )
    act = Act.objects.get()
    assert act.said.startswith("a\N{REPLACEMENT CHARACTER}b?c")
    assert act.said.endswith("…")
    assert len(act.fields) == 101
    assert act.fields["…"] == {"sent": "101 more fields"}


@pytest.mark.django_db
def test_an_address_with_a_password_is_kept_without_it() -> None:
    record(Kind.COMMAND, ANNA, said="manage.py recover_store redis://:hunter2@10.0.0.1:6379/0")
    assert Act.objects.get().said == "manage.py recover_store redis://(hidden)@10.0.0.1:6379/0"
