"""Files of tills in the admin: who may upload them, and what their pages show."""

from html import unescape

import pytest
import redis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from fleet.models import Import
from fleet.tests.files import csv_of, kept, through, till
from tests.people import Cast, make_cast, make_person, signed_in
from transactions.models import Terminal

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(store: redis.Redis) -> Cast:
    return make_cast()


def test_staff_check_a_file_of_many_retailers_and_enrol_it(cast: Cast) -> None:
    content = csv_of([till(), till(owner=("CZ2", "Rival Foods")), till(label="")])
    fields = {"file": SimpleUploadedFile("all.csv", content), "status": "enrolled", "is_dry_run": "on"}
    answer = cast.superuser.post(reverse("admin:fleet_import_add"), fields)
    tried = through(Import.objects.get())
    assert (tried.by, tried.retailer) == ("staff superuser", None)
    assert answer["Location"] == reverse("admin:fleet_import_change", args=[tried.pk])
    shown = unescape(cast.superuser.get(answer["Location"]).content.decode())
    assert "2 tills would be, 1 row is faulty" in shown
    act = reverse("admin:fleet_import_act", args=[tried.pk])
    through(Import.objects.get(pk=int(cast.superuser.post(act, {"do": "enrol"})["Location"].split("/")[-3])))
    assert Terminal.objects.count() == 2
    run = Import.objects.latest("pk")
    codes = cast.superuser.post(reverse("admin:fleet_import_act", args=[run.pk]), {"do": "codes"})
    assert codes.getvalue().count(b"\r\n") == 3
    assert "all.csv" in cast.superuser.get(reverse("admin:fleet_import_changelist")).content.decode()
    faults = cast.superuser.get(reverse("admin:fleet_import_file", args=[tried.pk, "faults"])).getvalue()
    assert b",4,label," in faults


def test_a_faulty_file_is_refused_beside_its_field(cast: Cast) -> None:
    fields = {"file": SimpleUploadedFile("all.csv", b"shop\n"), "status": "enrolled"}
    answer = cast.superuser.post(reverse("admin:fleet_import_add"), fields)
    assert answer.status_code == 200
    assert "There is no column “shop”" in unescape(answer.content.decode())
    assert not Import.objects.exists()


def test_only_whoever_may_enrol_uploads_and_whoever_may_look_looks(cast: Cast) -> None:
    run = through(kept(csv_of([till()])))
    half = signed_in(make_person("half", "add_import", "view_import"))
    add, act = reverse("admin:fleet_import_add"), reverse("admin:fleet_import_act", args=[run.pk])
    pages = [
        reverse("admin:fleet_import_change", args=[run.pk]), reverse("admin:fleet_import_part", args=[run.pk]),
        reverse("admin:fleet_import_file", args=[run.pk, "tills"]),
    ]  # fmt: skip
    for who in (cast.viewer, half):
        assert who.get(add).status_code == 403
        assert who.post(act, {"do": "codes"}).status_code == 403
        assert [who.get(page).status_code for page in pages] == [200, 200, 200]
    for page in (add, *pages):
        assert cast.without_rights.get(page).status_code == 403
        assert cast.anonymous.get(page).status_code == 302
    assert b"One-time codes" not in cast.viewer.get(pages[0]).content
