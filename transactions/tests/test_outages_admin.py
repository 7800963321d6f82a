"""Outages in the admin: who may declare and end them, what is said of a fault, and that nobody deletes one."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from possys import clock
from tests.people import Cast, make_cast, make_person, signed_in
from transactions.outages import Outage, declare

ADD = reverse("admin:transactions_outage_add")
LIST = reverse("admin:transactions_outage_changelist")
H = timedelta(hours=1)


@pytest.fixture
def cast(ledger: Any) -> Cast:
    return make_cast()


@pytest.fixture
def outage(ledger: Any) -> Outage:
    now = clock.utc(clock.now_ms())
    return declare(kind=Outage.Kind.OUTAGE, began_at=now - 2 * H, reason="Power cut", by="staff anna", now=now)


def times(name: str, hours_ago: float | None) -> dict[str, str]:
    """The two fields of a moment in a form."""
    if hours_ago is None:
        return {f"{name}_0": "", f"{name}_1": ""}
    at = clock.utc(clock.now_ms()) - hours_ago * H
    return {f"{name}_0": f"{at:%Y-%m-%d}", f"{name}_1": f"{at:%H:%M:%S}"}


def declared(client: Client, **changes: Any) -> Any:
    said = {"kind": "outage", "reason": "Power cut", **times("began_at", 1), **times("ended_at", None)}
    return client.post(ADD, {**said, **changes})


def end_page(outage: Outage) -> str:
    return reverse("admin:transactions_outage_end_outage", args=[outage.pk])


def test_an_outage_is_declared_and_ended_and_each_step_can_be_read(cast: Cast) -> None:
    assert declared(cast.superuser).status_code == 302
    outage = Outage.objects.get()
    assert (outage.declared_by, outage.ended_at) == ("staff superuser", None)
    answer = cast.superuser.post(end_page(outage), {**times("ended_at", 0.5), "reason": "Power is back"})
    assert answer.status_code == 302
    page = cast.superuser.get(reverse("admin:transactions_outage_change", args=[outage.pk])).content.decode()
    assert [
        said for said in ("Power cut", "Power is back", "staff superuser", "declared", "ended") if said not in page
    ] == []
    assert LogEntry.objects.filter(object_id=str(outage.pk)).count() == 2


def test_every_fault_of_a_declaration_is_said_and_nothing_is_declared(cast: Cast) -> None:
    page = declared(cast.superuser, **times("began_at", -1), **times("ended_at", 1)).content.decode()
    assert [said for said in ("begin later than now", "end before it began") if said not in page] == []
    assert "31 days" in declared(cast.superuser, **times("began_at", 32 * 24)).content.decode()
    assert not Outage.objects.exists()


def test_a_second_open_one_of_a_kind_is_refused(cast: Cast, outage: Outage) -> None:
    assert declared(cast.superuser).status_code == 200
    assert Outage.objects.count() == 1


def test_an_end_that_cannot_be_is_refused_with_why(cast: Cast, outage: Outage) -> None:
    answer = cast.superuser.post(end_page(outage), {**times("ended_at", 9), "reason": "Mistake"})
    assert (answer.status_code, b"end before it began" in answer.content) == (400, True)
    assert Outage.objects.get().ended_at is None


def test_only_those_who_may_declare_or_end(cast: Cast, outage: Outage) -> None:
    keeper = signed_in(make_person("keeper", "view_outage", "change_outage"))
    for person in (cast.viewer, cast.without_rights, cast.anonymous):
        assert declared(person, kind="degraded").status_code in {302, 403}
        answer = person.post(end_page(outage), {**times("ended_at", 0), "reason": "No"})
        assert answer.status_code in {302, 403}
    assert Outage.objects.get().ended_at is None
    assert keeper.get(end_page(outage)).status_code == 200
    assert keeper.post(end_page(outage), {**times("ended_at", 0), "reason": "Mended"}).status_code == 302
    assert Outage.objects.get().ended_at is not None


def test_nobody_deletes_or_edits_one(cast: Cast, outage: Outage) -> None:
    change = reverse("admin:transactions_outage_change", args=[outage.pk])
    assert (
        cast.superuser.post(reverse("admin:transactions_outage_delete", args=[outage.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert cast.superuser.post(change, {"reason": "Another"}).status_code == 403
    assert Outage.objects.get().reason == "Power cut"


def test_the_list_takes_as_many_queries_for_many_as_for_one(cast: Cast, outage: Outage) -> None:
    with CaptureQueriesContext(connection) as of_one:
        assert cast.superuser.get(LIST).status_code == 200
    now = clock.utc(clock.now_ms())
    for hours in range(1, 9):
        at = now - 10 * hours * H
        declare(kind=Outage.Kind.OUTAGE, began_at=at, ended_at=at + H, reason="One", by="staff anna", now=now)
    with CaptureQueriesContext(connection) as of_many:
        page = cast.superuser.get(LIST).content.decode()
    assert len(of_many) == len(of_one)
    assert "goes on" in page
