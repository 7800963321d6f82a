"""The queue of reports in the admin: who sees it, who may work on it, how it is found, the photo, who did what when."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from possys import receipt_keys
from possys.accounts.models import User
from possys.clock import now_ms, utc
from possys.codes import Environment
from receipts.cases.models import TEXT_MAX, Case, Event, State
from receipts.cases.numbers import new_number
from receipts.cases.operations import add_message
from receipts.cases.tests.conftest import picture
from tests.people import Cast, make_cast, make_person, signed_in

Reported = Callable[..., tuple[Case, str]]
LIST = "/admin/receipts/case/"
# Session, person and rows; the person's rights come with a superuser.
LIST_QUERIES = 3
# Once more for the audit log.
PAGE_QUERIES = 6


@pytest.fixture
def cast(limits: None) -> Cast:
    return make_cast()


@pytest.fixture
def clerk(limits: None) -> Client:
    """Staff who may look at cases and work on them."""
    return signed_in(make_person("clerk", "view_case", "change_case"))


def page_of(case: Case) -> str:
    return f"{LIST}{case.pk}/change/"


def photo_of(case: Case) -> str:
    return reverse("admin:receipts_case_photo", args=[case.pk])


def work(case: Case, **changes: Any) -> dict[str, Any]:
    """The form as it is sent from the page as it is now."""
    seen = Event.objects.filter(case=case).count()
    return {"seen": seen, "state": Case.objects.get(pk=case.pk).state, "answer": "", "note": "", **changes}


def a_code() -> str:
    return receipt_keys.table().encode(Environment.PRODUCTION, utc(now_ms()).date(), 64, 7)


def numbers(page: Any) -> list[str]:
    """The cases of a list, in its order."""
    return [case.number for case in page.context["cl"].result_list]


def test_only_those_with_the_right_see_reports_and_photos(cast: Cast, reported: Reported) -> None:
    case, _address = reported(photo=picture())
    for path in (LIST, page_of(case), photo_of(case)):
        assert cast.superuser.get(path).status_code == 200
        assert cast.viewer.get(path).status_code == 200
        assert cast.without_rights.get(path).status_code == 403
        assert cast.anonymous.get(path).headers["Location"].startswith("/admin/login/")


def test_the_photo_is_a_jpeg_and_nothing_else(cast: Cast, reported: Reported) -> None:
    case, _address = reported(photo=picture("PNG"))
    answer = cast.superuser.get(photo_of(case))
    assert answer["Content-Type"] == "image/jpeg"
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Security-Policy"] == "default-src 'none'"
    assert photo_of(case) in cast.superuser.get(page_of(case)).content.decode()
    without, _address = reported()
    assert cast.superuser.get(photo_of(without)).status_code == 404
    assert photo_of(without) not in cast.superuser.get(page_of(without)).content.decode()


def test_who_may_only_look_changes_nothing(cast: Cast, reported: Reported) -> None:
    case, _address = reported()
    assert "Work on it" not in cast.viewer.get(page_of(case)).content.decode()
    for client, status in ((cast.viewer, 403), (cast.without_rights, 403), (cast.anonymous, 302)):
        assert client.post(page_of(case), work(case, state="closed", answer="No.")).status_code == status
    case.refresh_from_db()
    assert case.state == State.RECEIVED
    assert Event.objects.count() == 0


def test_nobody_adds_or_deletes_a_report(cast: Cast, reported: Reported) -> None:
    case, _address = reported()
    assert cast.superuser.get(f"{LIST}add/").status_code == 403
    assert cast.superuser.post(f"{LIST}{case.pk}/delete/", {"post": "yes"}).status_code == 403
    bulk = {"action": "delete_selected", "_selected_action": [case.pk], "post": "yes"}
    cast.superuser.post(LIST, bulk)
    assert Case.objects.count() == 1


def test_what_the_customer_wrote_is_not_changed_by_posting_it(clerk: Client, reported: Reported) -> None:
    case, _address = reported()
    clerk.post(page_of(case), work(case, note="x", what="All is well.", code="x", place="x", contact="x@example.com"))
    after = Case.objects.get()
    assert (after.what, after.code, after.place, after.contact) == (case.what, case.code, case.place, case.contact)


def test_the_queue_shows_the_oldest_open_report_first_in_as_many_queries_for_many(
    cast: Cast, reported: Reported, django_assert_num_queries: Any
) -> None:
    def make(age: timedelta, **changes: Any) -> str:
        now = utc(now_ms())
        fields = {"secret_hash": bytes(32), "kind": "none", "what": "x", "created_at": now - age, **changes}
        return Case.objects.create(number=new_number(), **fields).number

    young = make(timedelta(minutes=5))
    closed = make(timedelta(days=9), state="closed", closed_at=utc(now_ms()))
    old = make(timedelta(hours=50), source="system", secret_hash=None, code=a_code())
    with django_assert_num_queries(LIST_QUERIES):
        page = cast.superuser.get(LIST)
    assert numbers(page) == [old, young, closed]
    text = page.content.decode()
    assert "2 days" in text
    assert "5 min" in text
    for _ in range(20):
        make(timedelta(minutes=1), assigned_to=User.objects.get(username="viewer"))
    with django_assert_num_queries(LIST_QUERIES):
        cast.superuser.get(LIST)


def test_the_queue_is_filtered_and_searched(cast: Cast, reported: Reported) -> None:
    none, _address = reported()
    amount, _address = reported(kind="amount", code=a_code())
    wanted = {
        "state__exact=closed": [],
        "state__exact=received": [none.number, amount.number],
        "kind__exact=amount": [amount.number],
        "source__exact=system": [],
        f"q={none.number.lower()}": [none.number],
        f"q={none.number.replace('-', '')}": [none.number],
        f"q={a_code()}": [amount.number],
        "q=corner": [],
    }
    for query, found in wanted.items():
        page = cast.viewer.get(f"{LIST}?{query}")
        assert page.status_code == 200, query
        assert numbers(page) == found, query
    assert "this is neither" in cast.viewer.get(f"{LIST}?q=corner").content.decode()


def test_the_page_of_a_report_shows_all_of_it(cast: Cast, reported: Reported, django_assert_num_queries: Any) -> None:
    case, _address = reported(code=a_code(), contact="jana@example.com", what="<script>alert(1)</script>")
    add_message(case, "And the bread.")
    with django_assert_num_queries(PAGE_QUERIES):
        page = cast.superuser.get(page_of(case))
    text = page.content.decode()
    for shown in (
        case.number, a_code(), "jana@example.com", "Corner Shop, 1 High Street", "129,90 Kč", "17:40", "And the bread.",
        f"/admin/ledger/entry/?code={a_code()}", f"/r/{a_code()}", "&lt;script&gt;alert(1)",
    ):  # fmt: skip
        assert shown in text, shown
    assert "<script>alert(1)" not in text
    assert "no-store" in page["Cache-Control"]


def test_everything_that_staff_do_says_who_and_when(clerk: Client, reported: Reported) -> None:
    case, address = reported()
    assert clerk.post(page_of(case), work(case, state="looked-at", is_mine="on")).status_code == 302
    assert clerk.post(page_of(case), work(case, answer="The shop\r\nwas asked.", note="Rude.")).status_code == 302
    assert clerk.post(page_of(case), work(case, state="closed")).status_code == 302
    case.refresh_from_db()
    assert case.state == State.CLOSED
    assert case.closed_at is not None
    assert str(case.assigned_to) == "clerk"
    events = list(Event.objects.filter(case=case))
    assert [(event.sort, event.state, event.text) for event in events] == [
        ("state", "looked-at", ""),
        ("answer", "", "The shop\nwas asked."),
        ("note", "", "Rude."),
        ("state", "answered", ""),
        ("state", "closed", ""),
    ]
    assert {str(event.by) for event in events} == {"clerk"}
    assert all(utc(now_ms()) - event.at < timedelta(minutes=1) for event in events)
    assert "Rude." in clerk.get(page_of(case)).content.decode()
    assert "Rude." not in Client().get(address).content.decode()
    assert LogEntry.objects.count() == 3


def test_a_closed_report_is_opened_again(clerk: Client, reported: Reported) -> None:
    case, _address = reported()
    clerk.post(page_of(case), work(case, state="closed"))
    clerk.post(page_of(case), work(case, state="looked-at"))
    case.refresh_from_db()
    assert (case.state, case.closed_at) == (State.LOOKED_AT, None)


def test_an_answer_to_a_report_that_moved_on_is_not_sent_and_not_lost(clerk: Client, reported: Reported) -> None:
    case, _address = reported()
    sent = work(case, answer="Nothing is known of it.")
    add_message(case, "I have found the receipt.")
    page = clerk.post(page_of(case), sent)
    assert page.status_code == 400
    text = page.content.decode()
    assert "Nothing was done" in text
    assert "Nothing is known of it." in text
    assert "I have found the receipt." in text
    assert Event.objects.count() == 1
    # Sent once more, from what is shown now.
    assert clerk.post(page_of(case), {**sent, "seen": 1}).status_code == 302
    assert 'name="seen" value="1"' in text


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({"answer": "x" * (TEXT_MAX + 1)}, f"at most {TEXT_MAX}"),
        ({"note": "x" * (TEXT_MAX + 1)}, f"at most {TEXT_MAX}"),
        ({"state": "lost"}, "Select a valid choice"),
        ({"seen": ""}, "This field is required"),
    ],
)
def test_work_with_a_fault_is_not_kept(clerk: Client, reported: Reported, sent: dict[str, str], fault: str) -> None:
    case, _address = reported()
    page = clerk.post(page_of(case), work(case, **{"note": "x", **sent}))
    assert page.status_code == 400
    if "seen" not in sent:
        assert fault in page.content.decode()
    assert Event.objects.count() == 0


def test_a_system_s_case_stands_in_the_same_queue(cast: Cast) -> None:
    Case.objects.create(
        number=new_number(), source="system", kind="missing", what="Not recorded.", code=a_code(),
        created_at=utc(now_ms()),
    )  # fmt: skip
    case = Case.objects.get()
    assert numbers(cast.viewer.get(LIST)) == [case.number]
    assert "by the system" in cast.viewer.get(page_of(case)).content.decode()


def test_the_sidebar_shows_reports_to_those_who_may_see_them(cast: Cast, rf: Any) -> None:
    from possys.accounts.admin import navigation

    def titles(name: str) -> set[str]:
        request = rf.get("/admin/")
        request.user = User.objects.get(username=name)
        return {str(item["title"]) for group in navigation(request) for item in group["items"]}

    assert "Reports" in titles("viewer")
    assert "Reports" not in titles("without-rights")
