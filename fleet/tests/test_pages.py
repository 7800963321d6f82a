"""The portal's pages of tills: what they show, to whom, in how many queries, and what their forms change."""

import json
import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
import redis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fleet.models import Import
from fleet.tasks import run_import
from fleet.tests.files import csv_of, now, through, till
from portal.keys.operations import make_key
from portal.models import Membership
from portal.rights import Role
from tests.cast import RetailCast, make_retail_cast
from tests.factories import make_retailer, make_terminals
from transactions.enrolment.codes import digest, read_code
from transactions.models import EnrolmentCode, Life, RegistryStep, Store, Terminal
from transactions.service import stores
from transactions.states import read_state
from transactions.stream import Status

pytestmark = pytest.mark.django_db
# Session, user, scope and frame take seven.
QUERIES = {"tills": 11, "stores": 8, "imports": 8}


@pytest.fixture
def cast(store: redis.Redis) -> RetailCast:
    return make_retail_cast()


@pytest.fixture
def tills(cast: RetailCast) -> list[Terminal]:
    """Two at the first store, one at the third, which the store manager does not keep."""
    found = [*make_terminals(cast.stores[0], 2), *make_terminals(cast.stores[2], 1)]
    for number, one in enumerate(found):
        one.label = f"till {number}"
        one.save()
    return found


def url(cast: RetailCast, place: str, **query: Any) -> str:
    asked = f"?{urlencode(query)}" if query else ""
    return f"/portal/{cast.retailer.pk}/tills/{place}{asked}"


def page_of(cast: RetailCast, place: str, who: Client | None = None, **query: Any) -> str:
    response = (who or cast.owner).get(url(cast, f"{place}/", **query))
    assert response.status_code == 200, response.content.decode()[:2000]
    return unescape(response.content.decode())


def post(cast: RetailCast, form: str, who: Client | None = None, *, fine: bool = True, **fields: Any) -> str:
    response = (who or cast.owner).post(url(cast, f"{form}/"), fields, follow=True)
    assert response.status_code == (200 if fine else 400), response.content.decode()[:3000]
    return unescape(response.content.decode())


@pytest.mark.parametrize("page", QUERIES)
def test_lists_take_as_many_queries_for_many_tills_as_for_one(
    cast: RetailCast, tills: list[Terminal], page: str, django_assert_max_num_queries: Any
) -> None:
    page_of(cast, page)
    with django_assert_max_num_queries(QUERIES[page]):
        page_of(cast, page)
    make_terminals(cast.stores[1], 30)
    with django_assert_max_num_queries(QUERIES[page]):
        page_of(cast, page)


def test_a_till_is_shown_with_its_life(cast: RetailCast, tills: list[Terminal]) -> None:
    number = tills[0].number
    post(cast, "till-status", tills=number, status="suspended", reason="the printer is broken")
    shown = page_of(cast, "till", till=number)
    assert "<h1>till 0</h1>" in shown
    assert "Its sales are refused until it is made active again" in shown
    for text in ("the printer is broken", "corner-owner@example.org", "suspended"):
        assert text in shown


def test_suspending_a_till_is_known_to_the_capture_store(
    cast: RetailCast, tills: list[Terminal], store: redis.Redis, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        post(cast, "till-status", tills=f"{tills[0].number}, {tills[1].number}", status="suspended", reason="theft")
    for one in tills[:2]:
        state = read_state(store, one.number)
        assert state is not None
        assert state.status == Status.SUSPENDED


@pytest.mark.django_db(transaction=True)
def test_a_change_is_kept_and_said_when_the_capture_store_is_away(
    cast: RetailCast, tills: list[Terminal], settings: Any
) -> None:
    key = make_key(Membership.objects.get(user__username="corner-owner"), name="chain", now=now())
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    stores.cache_clear()
    try:
        fields: dict[str, Any] = {"status": "suspended", "reason": "theft"}
        said = post(cast, "till-status", tills=tills[0].number, **fields)
        answer = Client().post(
            f"/api/v1/retailers/{cast.retailer.pk}/tills/till-status",
            json.dumps({"tills": str(tills[1].number), **fields}),
            content_type="application/json", headers={"Authorization": f"Bearer {key}"},
        )  # fmt: skip
    finally:
        stores.cache_clear()
    assert "cannot be reached just now" in said
    assert (answer.status_code, answer.json()["id"]) == (201, None)
    assert "cannot be reached just now" in answer.json()["message"]
    for one in tills[:2]:
        one.refresh_from_db()
        assert (one.status, one.is_loaded) == (Life.SUSPENDED, False)


def test_the_tills_that_cannot_take_a_step_are_all_named_and_none_takes_it(
    cast: RetailCast, tills: list[Terminal]
) -> None:
    one, other, third = tills
    post(cast, "till-status", tills=other.number, status="retired", reason="old")
    numbers = f"{one.number},{other.number},{third.number}"
    said = post(cast, "till-status", fine=False, tills=numbers, status="suspended", reason="theft")
    assert f"terminal {other.number} is retired" in said
    one.refresh_from_db()
    assert one.status == Life.ACTIVE
    assert "no number of a till" in post(cast, "till-status", fine=False, tills="1,x", status="lost", reason="theft")
    assert "no till 999936 of yours" in post(
        cast, "till-status", fine=False, tills="999936", status="lost", reason="theft"
    )


def test_a_store_is_added_changed_suspended_and_all_is_kept(cast: RetailCast) -> None:
    values: dict[str, Any] = {
        "name": "Station",
        "reference": "S-1",
        "address": "1 Station Road",
        "place": "Brno",
        "kind": "vending",
    }
    assert "Station is added" in post(cast, "add-store", **values)
    station = Store.objects.get(name="Station")
    assert (station.reference, station.place, station.kind, station.retailer) == (
        "S-1",
        "Brno",
        "vending",
        cast.retailer,
    )
    again = post(cast, "add-store", fine=False, **values)
    assert "Another store has this reference." in again
    assert "Another store is called so" in again
    post(cast, "change-store", store=station.pk, **{**values, "place": "Ostrava"})
    post(cast, "store-status", store=station.pk, status="suspended", reason="rebuilding")
    shown = page_of(cast, "store", store=station.pk)
    for text in ("Ostrava", "rebuilding", "none of its tills takes a sale", "corner-owner@example.org"):
        assert text in shown
    kinds = RegistryStep.objects.filter(store=station.pk, terminal=None).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["created", "changed", "status"]


def test_tills_are_added_and_lead_on_to_their_codes(cast: RetailCast) -> None:
    fields: dict[str, Any] = {
        "store": cast.stores[0].pk,
        "status": "enrolled",
        "rows-0-label": "left",
        "rows-1-label": "right",
    }
    form = post(cast, "add-tills", **fields)
    made = list(Terminal.objects.filter(label__in=("left", "right")).order_by("number"))
    assert [one.status for one in made] == ["enrolled", "enrolled"]
    assert ",".join(str(one.number) for one in made) in form
    said = post(cast, "add-tills", fine=False, **fields)
    assert f"has a till left already, number {made[0].number}" in said
    assert Terminal.objects.count() == 2


def test_codes_are_shown_once_with_their_qr_codes(cast: RetailCast, tills: list[Terminal]) -> None:
    shown = post(cast, "codes", tills=f"{tills[0].number} {tills[2].number}", activates="no")
    codes = re.findall(r'code-text">([0-9A-Z-]{19})<', shown)
    assert len(codes) == 2
    assert shown.count('class="qr"') == 2
    kept = EnrolmentCode.objects.get(sha256=digest(read_code(codes[0])))
    assert (kept.activates, kept.made_by) == (
        False, f"member {Membership.objects.get(user__username='corner-owner').pk} of retailer {cast.retailer.pk}",
    )  # fmt: skip
    assert codes[0] not in page_of(cast, "codes")


def test_a_file_is_checked_then_enrolled_and_its_codes_are_downloaded(cast: RetailCast) -> None:
    content = csv_of([till(owner=(), label="1"), till(owner=(), label="")], is_one_retailers=True)
    file = SimpleUploadedFile("our tills.csv", content)
    response = cast.owner.post(url(cast, "import/new/"), {"file": file, "status": "enrolled", "is_dry_run": "on"})
    assert response.status_code == 302
    tried = through(Import.objects.get())
    shown = unescape(cast.owner.get(response["Location"]).content.decode())
    assert "Only checked, nothing was enrolled: 1 till would be, 1 row is faulty." in shown
    assert "Enrol 1 till now" in shown
    assert not Terminal.objects.exists()
    faults = cast.owner.get(url(cast, "import/faults.csv", id=tried.pk))
    assert b"label: Is empty." in faults.getvalue()
    cast.owner.post(url(cast, "import/act/", id=tried.pk), {"id": tried.pk, "do": "enrol"})
    run_import(Import.objects.order_by("pk").last().pk)  # type: ignore[union-attr]
    run = Import.objects.latest("pk")
    assert (run.state, run.rows_enrolled) == ("done", 1)
    codes = cast.owner.post(url(cast, "import/act/"), {"id": run.pk, "do": "codes"})
    assert codes["Content-Disposition"] == 'attachment; filename="our-tills-codes.csv"'
    assert codes["Cache-Control"] == "private, no-store"
    assert re.search(rb"12,1,\d+,[0-9A-Z-]{19},", codes.getvalue())
    run.refresh_from_db()
    assert run.codes_at is not None


def test_a_file_that_cannot_be_taken_is_said_beside_its_field(cast: RetailCast) -> None:
    response = cast.owner.post(
        url(cast, "import/new/"), {"file": SimpleUploadedFile("x.csv", b"tax_id,label\n1,1\n"), "status": "active"}
    )
    assert response.status_code == 400
    said = unescape(response.content.decode())
    assert "There is no column “tax_id”." in said
    assert "The column “store_reference” is missing." in said
    assert not Import.objects.exists()


def test_a_running_file_shows_how_far_it_is_and_can_be_stopped(cast: RetailCast) -> None:
    content = csv_of([till(owner=())], is_one_retailers=True)
    cast.owner.post(url(cast, "import/new/"), {"file": SimpleUploadedFile("x.csv", content), "status": "active"})
    run = Import.objects.get()
    assert "Waits for its turn" in page_of(cast, "import", id=run.pk)
    part = cast.owner.get(url(cast, "import/", id=run.pk, part=1)).content.decode()
    assert "<html" not in part
    assert 'data-over=""' in part
    cast.owner.post(url(cast, "import/act/"), {"id": run.pk, "do": "stop"})
    assert "Was stopped" in page_of(cast, "import", id=run.pk)
    cast.owner.post(url(cast, "import/act/"), {"id": run.pk, "do": "go-on"})
    run.refresh_from_db()
    assert run.state in {"waiting", "done"}


def test_nobody_else_learns_of_a_file(cast: RetailCast) -> None:
    content = csv_of([till(owner=())], is_one_retailers=True)
    cast.owner.post(url(cast, "import/new/"), {"file": SimpleUploadedFile("x.csv", content), "status": "active"})
    run = Import.objects.get()
    mine = f"/portal/{cast.rival_retailer.pk}/tills"
    for place in (f"import/?id={run.pk}", f"import/faults.csv?id={run.pk}", f"import/tills.csv?id={run.pk}"):
        assert cast.rival.get(f"{mine}/{place}").status_code == 404
        for outsider in cast.outsiders.values():
            assert outsider.get(url(cast, place)).status_code == 404
        # Whoever keeps chosen stores only would see the others' tills in it.
        assert cast.store_manager.get(url(cast, place)).status_code == 404
        assert cast.viewer.get(url(cast, place)).status_code == 200
    assert cast.rival.post(f"{mine}/import/act/", {"id": run.pk, "do": "stop"}).status_code == 404
    assert cast.viewer.post(url(cast, "import/act/"), {"id": run.pk, "do": "stop"}).status_code == 403
    assert cast.store_manager.get(url(cast, "import/new/")).status_code == 403
    assert cast.owner.post(url(cast, "import/act/"), {"id": run.pk, "do": "x"}).status_code == 404
    assert cast.owner.get(url(cast, "import/", id="x")).status_code == 404


def test_a_rival_changes_nothing_and_learns_nothing(cast: RetailCast, tills: list[Terminal]) -> None:
    number, mine = tills[0].number, f"/portal/{cast.rival_retailer.pk}/tills"
    assert cast.rival.get(f"{mine}/till/?till={number}").status_code == 404
    assert cast.rival.get(f"{mine}/store/?store={cast.stores[0].pk}").status_code == 404
    status = {"tills": number, "status": "suspended", "reason": "spite"}
    for form, fields in {
        "till-status": status,
        "codes": {"tills": number, "activates": "yes"},
        "rename": {"till": number, "label": "x"},
        "store-status": {"store": cast.stores[0].pk, "status": "retired", "reason": "spite"},
        "change-store": {"store": cast.stores[0].pk, "name": "x", "kind": "fixed"},
        "add-tills": {"store": cast.stores[0].pk, "status": "active", "rows-0-label": "x"},
    }.items():
        assert cast.rival.post(f"{mine}/{form}/", fields).status_code == 400, form
        assert cast.rival.post(url(cast, f"{form}/"), fields).status_code == 404, form
    tills[0].refresh_from_db()
    assert (tills[0].status, tills[0].label) == (Life.ACTIVE, "till 0")
    assert not EnrolmentCode.objects.exists()


def test_a_store_manager_keeps_the_tills_of_their_stores_only(cast: RetailCast, tills: list[Terminal]) -> None:
    shown = page_of(cast, "tills", cast.store_manager)
    assert "till 0" in shown
    assert "till 2" not in shown
    assert cast.store_manager.get(url(cast, "till/", till=tills[2].number)).status_code == 404
    fields: dict[str, Any] = {"status": "suspended", "reason": "theft"}
    post(cast, "till-status", cast.store_manager, tills=tills[0].number, **fields)
    post(cast, "till-status", cast.store_manager, fine=False, tills=tills[2].number, **fields)
    assert "ask an owner" in post(cast, "add-store", cast.store_manager, fine=False, name="x", kind="fixed")


def test_lists_say_what_to_do_first(cast: RetailCast) -> None:
    assert "Your stores have no tills yet" in page_of(cast, "tills")
    assert "Owners and store managers add them" in page_of(cast, "tills", cast.viewer)
    assert "Upload a file" in page_of(cast, "imports")
    assert "Upload a file" not in page_of(cast, "imports", cast.viewer)
    Store.objects.filter(retailer=cast.retailer).delete()
    assert "Begin with your stores" in page_of(cast, "tills")
    assert "Add your first store" in page_of(cast, "stores")


def test_tills_are_found_by_number_label_state_and_store(cast: RetailCast, tills: list[Terminal]) -> None:
    def names(**query: Any) -> set[str]:
        return set(re.findall(r">(till \d)<", page_of(cast, "tills", **query)))

    assert names() == {"till 0", "till 1", "till 2"}
    assert names(search="TILL 1") == {"till 1"}
    assert names(search=tills[2].number) == {"till 2"}
    assert names(store=cast.stores[2].pk) == {"till 2"}
    assert names(status="retired") == set()


def test_a_list_goes_on_where_its_page_ended(cast: RetailCast) -> None:
    made = [*make_terminals(cast.stores[0], 40), *make_terminals(cast.stores[1], 40)]
    first = page_of(cast, "tills")
    after = re.search(r'href="(\?[^"]*after=[^"]*)"', first)
    assert after is not None
    second = unescape(cast.owner.get(url(cast, "tills/") + after[1]).content.decode())
    shown = [re.findall(r"till/\?till=(\d+)", page) for page in (first, second)]
    assert sorted(int(number) for page in shown for number in page) == sorted(one.number for one in made)


def test_a_program_adds_stores_and_tills_and_gets_their_codes(cast: RetailCast) -> None:
    key = make_key(Membership.objects.get(user__username="corner-owner"), name="chain", now=now())
    rival_key = make_key(Membership.objects.get(user__username="rival"), name="rival", now=now())
    program = Client()

    def send(place: str, body: Any, token: str = key) -> Any:
        return program.post(
            f"/api/v1/retailers/{cast.retailer.pk}/tills/{place}", json.dumps(body),
            content_type="application/json", headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip

    made = send("add-store", {"name": "Station", "reference": "S-1", "kind": "fixed"})
    assert made.status_code == 201, made.json()
    rows = [{"label": "left"}, {"label": "right"}]
    assert send("add-tills", {"store": made.json()["id"], "status": "enrolled", "rows": rows}).status_code == 201
    numbers = list(Terminal.objects.order_by("number").values_list("number", flat=True))
    answer = send("codes", {"tills": numbers})
    assert answer.status_code == 201, answer.json()
    assert [one["terminal"] for one in answer.json()["codes"]] == numbers
    assert {one["label"] for one in answer.json()["codes"]} == {"left", "right"}
    wrong = send("codes", {"tills": [numbers[0], 999936], "x": 1, "activates": "no"}).json()
    assert [one["pointer"] for one in wrong["errors"]] == ["/x", "/activates"]
    missing = send("codes", {"tills": [999936]})
    assert (missing.status_code, missing.json()["errors"][0]["pointer"]) == (422, "/tills")
    assert send("codes", {"tills": numbers}, rival_key).status_code == 404
    assert send("codes", []).status_code == 400


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.VIEWER])
def test_whoever_may_only_look_makes_no_codes(cast: RetailCast, tills: list[Terminal], role: Role) -> None:
    fields = {"tills": tills[0].number, "activates": "yes"}
    assert cast.members[role].post(url(cast, "codes/"), fields).status_code == 403
    assert "Enrolment codes" not in page_of(cast, "tills", cast.members[role])


def test_a_suspended_retailer_is_told(cast: RetailCast, tills: list[Terminal]) -> None:
    cast.retailer.status = Life.SUSPENDED
    cast.retailer.save()
    assert "active, but the retailer is suspended" in page_of(cast, "tills")
    assert make_retailer().status == Life.ACTIVE
