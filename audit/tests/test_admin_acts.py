"""What people do in the admin is in the log: with what they saw, sent and changed, and without secrets."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, RequestFactory

from audit import pages
from audit.models import Act, Kind
from possys.accounts.models import User
from possys.clock import now_ms, utc
from receipts.cases.models import Case, Photo
from receipts.cases.numbers import new_number
from receipts.cases.tests.conftest import picture
from tests.factories import make_retailer
from tests.people import Cast, make_person, signed_in
from transactions.models import Retailer

PASSWORD = "correct-horse-battery-staple"
RETAILERS = "/admin/transactions/retailer/"


def acts() -> list[Act]:
    """All but the sign-ins of the cast's browsers."""
    return list(Act.objects.exclude(kind=Kind.SIGNED_IN).order_by("number"))


def told() -> list[tuple[str, str, str]]:
    return [(act.person, act.kind, f"{act.model} {act.key}".strip()) for act in acts()]


def test_a_page_of_one_object_is_recorded_with_who_what_and_from_where(cast: Cast) -> None:
    retailer = make_retailer("Corner Shops")
    cast.viewer.get(f"{RETAILERS}{retailer.pk}/change/", REMOTE_ADDR="192.0.2.9")
    (act,) = acts()
    assert (act.kind, act.person, act.person_id) == (Kind.LOOKED_AT, "viewer", User.objects.get(username="viewer").pk)
    assert (act.client, act.path) == ("192.0.2.9", f"{RETAILERS}{retailer.pk}/change/")
    assert (act.model, act.key, act.text) == ("transactions.retailer", str(retailer.pk), str(retailer))
    assert act.request


def test_a_search_is_recorded_with_what_was_searched_and_a_list_is_not(cast: Cast) -> None:
    cast.viewer.get("/admin/")
    cast.viewer.get(RETAILERS)
    cast.viewer.get(f"{RETAILERS}?p=1&o=1")
    assert not acts()
    cast.viewer.get(f"{RETAILERS}?q=corner&status__exact=active&p=1")
    (act,) = acts()
    assert (act.kind, act.model, act.said) == (
        Kind.SEARCHED, "transactions.retailer", "q=corner; status__exact=active",
    )  # fmt: skip


def test_a_change_tells_before_and_after(cast: Cast) -> None:
    retailer = make_retailer("Corner Shops")
    cast.superuser.post(f"{RETAILERS}{retailer.pk}/change/", {"name": "Corner & Sons", "tax_id": retailer.tax_id})
    assert Retailer.objects.get(pk=retailer.pk).name == "Corner & Sons"
    sent, changed = acts()
    assert (sent.kind, sent.fields["name"]) == (Kind.SENT, {"sent": "Corner & Sons"})
    assert (changed.kind, changed.fields) == (
        Kind.CHANGED, {"name": {"before": "Corner Shops", "after": "Corner & Sons"}},
    )  # fmt: skip
    assert sent.request == changed.request


def test_what_is_added_and_deleted_is_told_of(cast: Cast) -> None:
    cast.superuser.post(f"{RETAILERS}add/", {"name": "Short Lived", "tax_id": "00-1"})
    retailer = Retailer.objects.get()
    cast.superuser.post(f"{RETAILERS}{retailer.pk}/delete/", {"post": "yes"})
    assert not Retailer.objects.exists()
    assert [act.kind for act in acts()] == [Kind.SENT, Kind.ADDED, Kind.SENT, Kind.DELETED]
    added, deleted = acts()[1], acts()[3]
    assert added.fields["name"] == {"before": "", "after": "Short Lived"}
    assert deleted.fields["name"] == {"before": "Short Lived"}
    assert deleted.key == str(retailer.pk)


def test_a_form_that_is_not_taken_is_told_of_with_the_answer(cast: Cast) -> None:
    cast.superuser.post(f"{RETAILERS}add/", {"name": "", "tax_id": ""})
    assert [(act.kind, act.said) for act in acts()] == [(Kind.SENT, ""), (Kind.ANSWERED, "200")]


def test_a_step_is_told_of_with_its_reason(cast: Cast) -> None:
    retailer = make_retailer("Corner Shops")
    page = f"{RETAILERS}{retailer.pk}/suspend/"
    shown = cast.superuser.get(page)
    seen = shown.context["form"].initial["seen"]
    cast.superuser.post(page, {"seen": seen, "reason": "does not pay"})
    assert Retailer.objects.get().status == "suspended"
    looked, sent, changed = acts()
    assert (looked.kind, looked.text) == (Kind.LOOKED_AT, str(retailer))
    assert (sent.kind, sent.reason, sent.key) == (Kind.SENT, "does not pay", str(retailer.pk))
    assert (changed.kind, changed.reason) == (Kind.CHANGED, "does not pay")
    assert "does not pay" in changed.said


def test_secrets_are_never_kept(cast: Cast) -> None:
    person = make_person("novak")
    sent = {"reason": "new here", "password": PASSWORD, "password1": PASSWORD}
    cast.superuser.post(f"/admin/accounts/user/{person.pk}/password-link/", sent)
    group = Group.objects.create(name="helpers")
    cast.superuser.post(
        f"/admin/accounts/user/{person.pk}/change/",
        {"username": "novak", "groups": group.pk, "is_active": "on", "date_joined_0": "2026-01-01",
         "date_joined_1": "10:00:00"},
    )  # fmt: skip
    kept = repr([(act.fields, act.said) for act in acts()])
    assert PASSWORD not in kept
    assert "(hidden)" in kept
    changed = acts()[-1]
    assert changed.fields["groups"] == {"before": "", "after": f"{group.pk} (helpers)"}
    assert changed.fields["is_staff"] == {"before": "True", "after": "False"}


def test_whoever_ends_anothers_sessions_is_kept_with_the_reason(settings: Any, cast: Cast) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    boss, person = make_person("boss", is_superuser=True, password=PASSWORD), make_person("novak")
    theirs = signed_in(person)
    sent = {"reason": "his laptop is stolen", "password": PASSWORD}
    assert signed_in(boss).post(f"/admin/accounts/user/{person.pk}/sessions/end/", sent).status_code == 302
    assert theirs.get("/admin/")["Location"].startswith("/admin/login/")
    asked, changed = acts()[-2:]
    assert (asked.kind, asked.reason, asked.key) == (Kind.SENT, "his laptop is stolen", str(person.pk))
    assert (changed.kind, changed.person, changed.said) == (
        Kind.CHANGED, "boss", "Ended all sessions (1): his laptop is stolen",
    )  # fmt: skip
    assert PASSWORD not in repr([act.fields for act in acts()])


def test_files_are_named_not_kept() -> None:
    request = RequestFactory().post("/admin/", {"file": SimpleUploadedFile("tills.csv", b"a,b\n"), "note": "x"})
    assert pages.sent_fields(request) == {"file": {"sent": "tills.csv (4 bytes)"}, "note": {"sent": "x"}}


def test_a_refusal_is_recorded_and_so_is_a_stranger_at_the_door(cast: Cast) -> None:
    retailer = make_retailer()
    assert cast.without_rights.get(f"{RETAILERS}{retailer.pk}/change/").status_code == 403
    assert cast.viewer.post(f"{RETAILERS}add/", {"name": "x"}).status_code == 403
    stranger = Client()
    stranger.force_login(User.objects.create_user("stranger"))
    assert stranger.get(RETAILERS).status_code == 302
    assert told() == [
        ("without-rights", Kind.REFUSED, f"transactions.retailer {retailer.pk}"),
        ("viewer", Kind.SENT, "transactions.retailer"),
        ("viewer", Kind.REFUSED, "transactions.retailer"),
        ("stranger", Kind.REFUSED, "transactions.retailer"),
    ]
    assert Client().get(RETAILERS).status_code == 302
    assert len(acts()) == 4


def test_a_form_without_its_csrf_token_is_recorded_as_refused(cast: Cast) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.get(username="superuser"))
    assert browser.post(f"{RETAILERS}add/", {"name": "x"}).status_code == 403
    assert told() == [("superuser", Kind.REFUSED, "")]


@pytest.mark.django_db(transaction=True)
def test_a_change_whose_act_cannot_be_written_is_taken_back() -> None:
    """Whatever was sent is in the log already; then the change and what tells of it are one DB transaction."""
    client, retailer = make_cast_superuser(), make_retailer("Corner Shops")
    client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_act ADD CONSTRAINT broken CHECK (kind <> 'changed') NOT VALID")
    try:
        answer = client.post(f"{RETAILERS}{retailer.pk}/change/", {"name": "Other", "tax_id": retailer.tax_id})
        assert answer.status_code == 500
        assert Retailer.objects.get().name == "Corner Shops"
        assert [(act.kind, act.said) for act in acts()] == [(Kind.SENT, ""), (Kind.ANSWERED, "500")]
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_act DROP CONSTRAINT broken")
            cursor.execute("ALTER TABLE audit_act ADD CONSTRAINT broken CHECK (false) NOT VALID")
        # Nor is anything shown, or done, that cannot be written at all.
        assert client.get(f"{RETAILERS}{retailer.pk}/change/").status_code == 500
        assert client.post(f"{RETAILERS}{retailer.pk}/suspend/", {"reason": "x"}).status_code == 500
        assert client.get(RETAILERS).status_code == 200
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_act DROP CONSTRAINT broken")


def make_cast_superuser() -> Client:
    client = Client()
    client.force_login(make_person("superuser", is_superuser=True))
    return client


def test_a_photo_is_recorded(cast: Cast) -> None:
    case = Case.objects.create(
        number=new_number(), kind="amount", what="x", created_at=utc(now_ms()), secret_hash=b"x" * 32
    )
    Photo.objects.create(case=case, content=picture().read(), width=1, height=1)
    assert cast.viewer.get(f"/admin/receipts/case/{case.pk}/photo").status_code == 200
    assert told() == [("viewer", Kind.LOOKED_AT, f"receipts.case {case.pk}")]


def test_staff_come_fail_and_go(db: None) -> None:
    make_person("anna", password=PASSWORD)
    User.objects.create_user("shopkeeper", "shop@example.org", PASSWORD)
    browser = Client()
    browser.post("/admin/login/", {"username": "nobody\0", "password": "wrong"})
    browser.post("/admin/login/", {"username": "anna", "password": "wrong"})
    browser.post("/portal/login/", {"username": "anna", "password": "wrong"})
    browser.post("/portal/login/", {"username": "shopkeeper", "password": "wrong"})
    browser.post("/portal/login/", {"username": "shopkeeper", "password": PASSWORD})
    browser.post("/admin/login/", {"username": "anna", "password": PASSWORD})
    browser.post("/admin/logout/")
    found = [(act.person, act.kind, act.path) for act in Act.objects.order_by("number")]
    assert found == [
        ("anna", Kind.SIGN_IN_FAILED, "/admin/login/"),
        ("anna", Kind.SIGN_IN_FAILED, "/portal/login/"),
        ("anna", Kind.SIGNED_IN, "/admin/login/"),
        ("anna", Kind.SIGNED_OUT, "/admin/logout/"),
    ]
    assert PASSWORD not in repr(list(Act.objects.values_list("fields", "said")))


def test_a_name_that_nobody_has_is_recorded_at_the_admins_door(db: None) -> None:
    Client().post("/admin/login/", {"username": "root", "password": "wrong"})
    act = Act.objects.get()
    assert (act.person, act.person_id, act.kind) == ("root", None, Kind.SIGN_IN_FAILED)
